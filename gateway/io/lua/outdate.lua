-- An entry is out of date from now on. What is gone, or is none, does not become one.
-- KEYS: entry. ARGV: the moment, as text. Returns 1: it was there.
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return 0 end
redis.call('HSET', KEYS[1], 'purged_at', ARGV[1])
return 1
