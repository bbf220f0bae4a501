-- A call that upstream does not count (its word on the budget): only the
-- target is taken. KEYS: fill, state. ARGV: id, lease ms. Returns as reserve.lua.
local held, now = redis.call('PTTL', KEYS[1]), now_ms()
if held > 0 then return {2, 0, held, now} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
-- What was asked before Redis lost its data, or its last calls with another Redis, is no comparison
-- with what it has now.
local run = run_id()
if redis.call('HGET', KEYS[2], 'run') ~= run then
	redis.call('HSET', KEYS[2], 'run', run, 'born', now)
	redis.call('HDEL', KEYS[2], 'calibrated_at')
end
return {1, 0, 0, now}
