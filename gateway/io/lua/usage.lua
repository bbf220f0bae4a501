-- How much of a budget is used; takes nothing.
-- KEYS: calls, state. ARGV: limit, window ms. Returns {limit, window ms, used, ms to wait for a
-- call, ms until the oldest one that counts is free again (0: none counts), ms of a cool-down}.
local now = now_ms()
local told = redis.call('HMGET', KEYS[2], 'limit', 'window_ms', 'cool_until')
local limit, window = tonumber(told[1] or ARGV[1]), tonumber(told[2] or ARGV[2])
local log = redis.call('ZRANGEBYSCORE', KEYS[1], now - window + 1, '+inf', 'WITHSCORES')
local used = #log / 2
local cool = math.max(tonumber(told[3] or '0') - now, 0)
local wait = cool
local free = 0
if used > 0 then
	free = math.max(math.min(tonumber(log[2]), now) + window - now, 1)
end
if used >= limit then
	local at = math.min(tonumber(log[2 * (used - limit) + 2]), now)
	wait = math.max(wait, at + window - now, 1)
end
return {limit, window, used, wait, free, cool}
