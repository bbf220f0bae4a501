-- May this worker make one call? One step, so that of all workers on all hosts
-- only one gets the last call, and only one fetches a target.
--
-- KEYS  1 calls   sorted set, a sliding log as DRF keeps it: each call by the moment it counts
--                 from. One in flight has its latest moment, which lies ahead of now.
--       2 state   hash, all optional: cool_until, limit and window_ms as upstream told them,
--                 calibrated_at (when it was asked), others (calls that it told of), free_at (when
--                 it would take one), paced_until, born (when it was first asked), run (which
--                 process of Redis that was: in another one the comparison is not good)
--       3 fill    the id of the call that fetches the target now; a lease
--       4 askers  sorted set: clients by when they last needed a call
-- ARGV  1 limit  2 window ms   unless upstream has told others
--       3 hold ms              the longest that the call may take
--       4 id
--       5 reserve              calls of the limit that background leaves alone
--       6 client               who needs it; empty: nobody waits, background
--       7 client share         percent of the limit for one client while others ask
--       8 lease ms             of the target; it is renewed while the call runs
--       9 calibrated           1: only if the budget has been compared with upstream's own count
--      10 ms that the comparison may be old: 0 it has to be made anew, -1 any age will do
--      11 spare                1: a background call that can wait for one that cannot
--
-- Calls are named `client:id@begun`, or `?client:id` until their end is known, or `other:n` where
-- they are somebody else's that upstream has told of.
--
-- Returns {verdict, calls left, ms to wait, now}. Elsewhere: the target is being
-- fetched, for so long at least. Refused: until one is free. Uncalibrated: not
-- before calibrate.lua was run.
local REFUSED, GRANTED, ELSEWHERE, UNCALIBRATED = 0, 1, 2, 3
local calls, state, fill, askers = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now = now_ms()
local told = redis.call('HMGET', state, 'limit', 'window_ms', 'cool_until', 'calibrated_at',
	'paced_until', 'others', 'free_at', 'run')
local limit = tonumber(told[1] or ARGV[1])
local window = tonumber(told[2] or ARGV[2])
window = window + margin_ms(window)
local hold, id, reserve = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local client, share = ARGV[6], tonumber(ARGV[7])
local background = client == ''

-- How long until so many of these calls, given by age, are as old as the window.
local function until_free(log, n)
	local at = tonumber(log[2 * n])
	-- For one in flight its earliest moment is the better guess.
	if at > now then at = at - hold end
	return math.max(at + window - now, 1)
end

local held = redis.call('PTTL', fill)
if held > 0 then return {ELSEWHERE, 0, held, now} end

local counted, may_be_old = ARGV[9] == '1', tonumber(ARGV[10])
if counted and told[8] ~= run_id() then told[4] = false end
if counted and (may_be_old == 0 or not told[4]) then return {UNCALIBRATED, 0, 0, now} end

redis.call('ZREMRANGEBYSCORE', calls, '-inf', now - window)
local used = redis.call('ZCARD', calls)
local wait = math.max(tonumber(told[3] or '0') - now, 0)
local mine, paced = limit, nil

if background then
	mine = limit - reserve
	if mine < 1 then return {REFUSED, 0, math.max(wait, window), now} end
	-- Not all at once, or what gets old first takes everything and the rest of the window has
	-- nothing: a quarter of the share may come together, the rest evenly. What can wait leaves
	-- that quarter to what cannot.
	local pace = window / mine
	local together = ARGV[11] == '1' and 1 or math.ceil(mine / 4)
	paced = math.max(tonumber(told[5] or '0'), now)
	wait = math.max(wait, paced - now - (together - 1) * pace)
	paced = paced + pace
else
	redis.call('ZREMRANGEBYSCORE', askers, '-inf', now - window)
	if redis.call('ZCARD', askers) < 1000 then redis.call('ZADD', askers, now, client) end
	redis.call('PEXPIRE', askers, window)
	local most = math.ceil(limit * share / 100)
	if used >= most and redis.call('ZCARD', askers) > 1 then
		local log, own = redis.call('ZRANGE', calls, 0, -1, 'WITHSCORES'), {}
		for i = 1, #log, 2 do
			local call = log[i]:gsub('^%?', '')
			if call:sub(1, #client + 1) == client .. ':' then
				own[#own + 1], own[#own + 2] = log[i], log[i + 1]
			end
		end
		if #own / 2 >= most then
			wait = math.max(wait, until_free(own, #own / 2 - most + 1))
		end
	end
end

if used >= mine then
	local log = redis.call('ZRANGE', calls, 0, used - mine, 'WITHSCORES')
	local free = until_free(log, used - mine + 1)
	if counted and tonumber(told[6] or '0') > 0 then
		-- What upstream told of others' calls gets out of date: not more than so often.
		local again = tonumber(told[4]) + window / 60
		if now > again then return {UNCALIBRATED, 0, 0, now} end
		free = math.min(free, math.max(again, tonumber(told[7] or '0')) - now + 1)
	end
	wait = math.max(wait, free)
end
if wait > 0 then return {REFUSED, 0, math.ceil(wait), now} end

-- It may be made, unless somebody else has used up the quota since.
if counted and may_be_old > 0 and now - told[4] > may_be_old then
	return {UNCALIBRATED, 0, 0, now}
end

if paced then redis.call('HSET', state, 'paced_until', string.format('%.0f', paced)) end
redis.call('ZADD', calls, now + hold, '?' .. client .. ':' .. id)
redis.call('SET', fill, id, 'PX', ARGV[8])
return {GRANTED, mine - used - 1, 0, now}
