-- The workers are told what was purged. Redis keeps no news for who does not listen just now, so
-- it is also written down.
-- KEYS: told. ARGV: what, as a line; ms for which it is remembered; channel; news. Returns how many
-- heard it.
local now = now_ms()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('PUBLISH', ARGV[3], ARGV[4])
