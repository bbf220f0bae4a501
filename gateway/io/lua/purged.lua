-- What was purged lately?
-- KEYS: purges, or told. ARGV: for how many ms back. Returns lines.
return redis.call('ZRANGEBYSCORE', KEYS[1], now_ms() - ARGV[1], '+inf')
