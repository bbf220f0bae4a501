-- Something is about to be purged: whatever was asked for before is not fresh when it comes.
-- KEYS: purges. ARGV: what, as a line; ms for which it is remembered. Returns Redis' clock.
local now = now_ms()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return now
