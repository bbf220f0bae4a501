-- An office that one worker of all hosts holds at a time: takes it if it is
-- free, and holds on to it if it is its own. KEYS: office. ARGV: id, ms.
-- Returns {1}: it holds it now.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {0} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1}
