-- An answer is put beside the entry that it is made of, if that is still the same one. All of
-- them together have so many bytes at most: some of the others have to go, any of them.
-- KEYS: entry. ARGV: its sum, the answer's URL, the answer, the bytes at most.
-- Returns 1: it is kept.
local key, url, answer = KEYS[1], ARGV[2], ARGV[3]
local most = tonumber(ARGV[4])

-- What Redis adds to a field, about.
local FIELD = 100
-- More than an entry has fields: so among as many there is an answer, if there is any.
local SOME = 24

if redis.call('TYPE', key).ok ~= 'hash' or redis.call('HGET', key, 'sum') ~= ARGV[1] then
    return 0
end
local new = FIELD + #url + #answer
if new > most then return 0 end
local used = tonumber(redis.call('HGET', key, 'answers_bytes')) or 0

local function drop(name)
    local n = redis.call('HSTRLEN', key, name)
    if n > 0 then
        redis.call('HDEL', key, name)
        used = used - FIELD - #name - n
    end
end

drop(url)
while used + new > most do
    local before = used
    for _, name in ipairs(redis.call('HRANDFIELD', key, SOME)) do
        if used + new <= most then break end
        if name:find('://', 1, true) then drop(name) end
    end
    -- There is none left: the number was wrong.
    if used == before then used = 0 end
end
redis.call('HSET', key, url, answer, 'answers_bytes', used + new)
return 1
