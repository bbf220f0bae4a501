-- Upstream has told how many calls it has counted; those that are not in the
-- log are somebody else's, or ours from before Redis lost its data.
--
-- KEYS  calls, state
-- ARGV  1 limit  2 window ms  3 used  4 ms until upstream would take a call
local calls, state = KEYS[1], KEYS[2]
local limit, window, used = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = now_ms()

local log = redis.call('ZRANGE', calls, 0, -1, 'WITHSCORES')
local known, others = 0, {}
for i = 1, #log, 2 do
	local name, at = log[i], tonumber(log[i + 1])
	if name:sub(1, 6) == 'other:' then
		others[#others + 1] = name
	elseif name:sub(1, 1) ~= '?' and at <= now and at > now - window + 3 * margin_ms(window) then
		-- (Of our oldest, upstream may have forgotten some a moment before us.)
		known = known + 1
	end
end
-- The oldest are gone first. When new ones were made nobody knows: now is the safe side, until
-- upstream is asked again.
local wanted = math.max(used - known, 0)
for i = 1, #others - wanted do redis.call('ZREM', calls, others[i]) end
for i = #others + 1, wanted do redis.call('ZADD', calls, now, 'other:' .. now .. ':' .. i) end

redis.call('HSET', state, 'limit', limit, 'window_ms', window, 'calibrated_at', now,
	'others', wanted)
local wait = tonumber(ARGV[4])
if redis.call('HGET', state, 'cool_guessed') and wait > 0 then
	redis.call('HSET', state, 'cool_until', now + wait)
	redis.call('HDEL', state, 'cool_guessed')
end
return 1
