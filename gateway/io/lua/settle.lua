-- A call is over; whoever waits for it on any host is told.
--
-- KEYS  calls, fill
-- ARGV  1 id  2 client  3 counted: 1 upstream has counted it, now at the latest; 0 it never
--       got there; ? nobody knows, so that it counts from its latest moment
--       4 channel  5 news
local calls, fill = KEYS[1], KEYS[2]
local name = ARGV[2] .. ':' .. ARGV[1]
if ARGV[3] ~= '?' and redis.call('ZREM', calls, '?' .. name) == 1 and ARGV[3] == '1' then
	redis.call('ZADD', calls, now_ms(), name)
end
if redis.call('GET', fill) == ARGV[1] then redis.call('DEL', fill) end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
