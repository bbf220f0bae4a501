-- An entry is out of date from now on. One that is gone does not come back.
-- KEYS: entry. ARGV: the moment, as text. Returns 1: it was there.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'purged_at', ARGV[1])
return 1
