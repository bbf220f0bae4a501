-- A call that upstream does not count (its word on the budget): only the
-- target is taken. KEYS: fill. ARGV: id, lease ms. Returns as reserve.lua, and now.
local held = redis.call('PTTL', KEYS[1])
if held > 0 then return {2, 0, held, now_ms()} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, 0, 0, now_ms()}
