-- A call is over; whoever waits for it on any host is told.
--
-- KEYS  calls, fill
-- ARGV  1 id  2 client  3 counted: 1 upstream has counted it, now at the latest; 0 it never
--       got there; ? nobody knows, so that it counts from its latest moment
--       4 channel  5 news  6 hold ms (0: it is not counted at all)
local calls, fill = KEYS[1], KEYS[2]
local name, counted, hold = ARGV[2] .. ':' .. ARGV[1], ARGV[3], tonumber(ARGV[6])

-- First what a Redis that is full, or has become a replica, may still do: an error ends the script.
redis.call('PUBLISH', ARGV[4], ARGV[5])
if redis.call('GET', fill) == ARGV[1] then redis.call('DEL', fill) end

if hold > 0 then
	-- Redis may have lost it meanwhile; upstream has not.
	local latest = redis.call('ZSCORE', calls, '?' .. name)
	if counted == '?' then
		redis.call('ZADD', calls, latest or now_ms() + hold, '?' .. name)
	else
		redis.call('ZREM', calls, '?' .. name)
	end
	if counted == '1' then
		redis.call('ZADD', calls, now_ms(), name .. '@' .. (latest and latest - hold or 0))
	end
end
return 1
