-- An entry is out of date from now on. What is gone, or is none, does not become one.
-- KEYS: entry. ARGV: when the purge began, as text. Returns 1: it was there, and has not been
-- purged by this one before.
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return 0 end
if redis.call('HGET', KEYS[1], 'purged_at') == ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'purged_at', ARGV[1])
return 1
