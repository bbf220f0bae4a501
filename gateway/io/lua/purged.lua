-- What was purged lately, and how long ago?
-- KEYS: purges, or told. Returns lines, after each the ms since then.
local now = now_ms()
local purges = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #purges, 2 do purges[i] = now - purges[i] end
return purges
