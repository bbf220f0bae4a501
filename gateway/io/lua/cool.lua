-- Upstream has refused a call: nobody asks before. A shorter time never ends a
-- longer one. What we believed of the budget was wrong, so it is compared anew.
--
-- KEYS  state
-- ARGV  1 ms  2 guessed: 1 upstream did not say how long
local until_ms = now_ms() + tonumber(ARGV[1])
if until_ms > tonumber(redis.call('HGET', KEYS[1], 'cool_until') or '0') then
	redis.call('HSET', KEYS[1], 'cool_until', until_ms)
	if ARGV[2] == '1' then redis.call('HSET', KEYS[1], 'cool_guessed', 1)
	else redis.call('HDEL', KEYS[1], 'cool_guessed') end
end
redis.call('HDEL', KEYS[1], 'calibrated_at')
return 1
