-- What was purged lately, and when?
-- KEYS: purges, or told. Returns now, then lines, after each its moment, by the same clock.
local answer = {now_ms()}
local purges = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #purges, 2 do
	answer[i + 1], answer[i + 2] = purges[i], tonumber(purges[i + 1])
end
return answer
