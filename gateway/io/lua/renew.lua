-- The call still runs. Should Redis have lost its data, that is known again.
-- KEYS: fill, calls. ARGV: id, lease ms, client, hold ms (0: it is not counted).
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then
	redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
if ARGV[4] ~= '0' then
	redis.call('ZADD', KEYS[2], 'NX', now_ms() + tonumber(ARGV[4]),
		'?' .. ARGV[3] .. ':' .. ARGV[1])
end
return 1
