-- Upstream has told how many calls it has counted; those that are not in the
-- log are somebody else's, or ours from before Redis lost its data.
--
-- KEYS  calls, state
-- ARGV  1 limit  2 window ms  3 used  4 ms until upstream would take a call
--       5 when it was asked (claim.lua's now): calls that ended later may not be among the used
local calls, state = KEYS[1], KEYS[2]
local limit, window, used = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local wait, asked = tonumber(ARGV[4]), tonumber(ARGV[5])
local now = now_ms()

-- An answer that was overtaken by a newer one, or by the loss of all that it was to be compared with.
local told = redis.call('HMGET', state, 'calibrated_at', 'born', 'run')
if asked < tonumber(told[1] or '0') or asked < tonumber(told[2] or now + 1) then return 1 end
if told[3] ~= run_id() then return 1 end

-- Ours that upstream has counted for sure, and not yet forgotten. Of what is doubtful a call too
-- many is in the log, until it is compared again.
local log = redis.call('ZRANGE', calls, 0, -1, 'WITHSCORES')
local known, others = 0, 0
for i = 1, #log, 2 do
	local begun = tonumber(log[i]:match('@(%d+)$') or '0')
	if log[i]:sub(1, 6) == 'other:' then
		others = others + 1
	elseif begun > now - window + margin_ms(window) and tonumber(log[i + 1]) <= asked then
		known = known + 1
	end
end
-- Nobody knows when they were made, nor whether they are the same as the last time: now is the
-- safe side, until upstream is asked again.
local wanted = math.max(used - known, 0)
for i = 1, wanted do redis.call('ZADD', calls, now, 'other:' .. i) end
for i = wanted + 1, others do redis.call('ZREM', calls, 'other:' .. i) end

redis.call('HSET', state, 'limit', limit, 'window_ms', window, 'calibrated_at', asked,
	'others', wanted, 'free_at', now + wait)
if wait > 0 and redis.call('HGET', state, 'cool_guessed') then
	redis.call('HSET', state, 'cool_until', now + wait)
	redis.call('HDEL', state, 'cool_guessed')
end
return 1
