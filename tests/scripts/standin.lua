-- A Redis of one process for the scripts in gateway/io/lua/, with a clock that
-- is moved by hand: the commands that they use, as Redis answers them.
--
--     lua5.1 standin.lua FOLDER
--
-- reads a request per line, fields separated by tabs, and answers each with a
-- line of its own: the fields of the reply, or `error` and what it is.
--
--     run NAME n KEY... ARG...     a script
--     call COMMAND ARG...          a command
--     move MS                      time passes
--     restart                      another process has the same data

local folder = arg[1]
local now = 1795468800123 -- ms
local process = 1
local values, kinds, expires, published = {}, {}, {}, {}
local order = {} -- of sorted sets: as ranked() has found it, until they change

-- ---- keys --------------------------------------------------------------------

local function drop(key) values[key], kinds[key], expires[key], order[key] = nil, nil, nil, nil end

-- What is at the key, of that kind; made where `make` says so.
local function at(key, kind, make)
	if expires[key] and expires[key] <= now then drop(key) end
	if values[key] == nil and make then values[key], kinds[key] = {}, kind end
	if values[key] ~= nil and kinds[key] ~= kind then error('WRONGTYPE', 0) end
	return values[key]
end

local function drop_if_empty(key) if next(values[key]) == nil then drop(key) end end

local function number(text)
	local n = tonumber(text)
	if not n then error('ERR value is not a valid number: ' .. tostring(text), 0) end
	return n
end

local function integer(text)
	if not tostring(text):match('^-?%d+$') then
		error('ERR value is not an integer or out of range: ' .. tostring(text), 0)
	end
	return tonumber(text)
end

local function written(n) return string.format('%.17g', n) end

-- {member, score} in the order of a sorted set.
local function ranked(key)
	local set, list = at(key, 'zset'), {}
	if set and order[key] then return order[key] end
	for member, score in pairs(set or {}) do list[#list + 1] = { member, score } end
	table.sort(list, function(a, b)
		if a[2] ~= b[2] then return a[2] < b[2] end
		return a[1] < b[1]
	end)
	order[key] = set and list
	return list
end

local function flat(list, from, to, with_scores)
	local reply = {}
	for i = from, to do
		reply[#reply + 1] = list[i][1]
		if with_scores then reply[#reply + 1] = written(list[i][2]) end
	end
	return reply
end

-- A bound of a range by score: its number, and whether it is left out.
local function bound(text)
	if text == '-inf' then return -math.huge, false end
	if text == '+inf' then return math.huge, false end
	if text:sub(1, 1) == '(' then return number(text:sub(2)), true end
	return number(text), false
end

-- Those of a sorted set between two bounds.
local function within(key, from, to)
	local least, without_least = bound(from)
	local most, without_most = bound(to)
	local found = {}
	for _, one in ipairs(ranked(key)) do
		local score = one[2]
		if (score > least or score == least and not without_least) and
			(score < most or score == most and not without_most) then found[#found + 1] = one end
	end
	return found
end

-- ---- commands ----------------------------------------------------------------

local commands = {}

function commands.TIME()
	return { tostring(math.floor(now / 1000)), tostring(now % 1000 * 1000) }
end

function commands.INFO(section)
	if section ~= 'server' then error('ERR syntax error', 0) end
	return string.format('# Server\r\nrun_id:%040x\r\ntcp_port:0\r\n', process)
end

function commands.ZADD(key, ...)
	local words, only_new = { ... }, false
	if words[1] == 'NX' then only_new = table.remove(words, 1) and true end
	if #words == 0 or #words % 2 ~= 0 then error('ERR syntax error', 0) end
	local set, added = at(key, 'zset', true), 0
	order[key] = nil
	for i = 1, #words, 2 do
		local score, member = number(words[i]), words[i + 1]
		if set[member] == nil then added = added + 1 end
		if set[member] == nil or not only_new then set[member] = score end
	end
	return added
end

function commands.ZREM(key, ...)
	local set, removed = at(key, 'zset'), 0
	if not set then return 0 end
	order[key] = nil
	for _, member in ipairs({ ... }) do
		if set[member] ~= nil then removed, set[member] = removed + 1, nil end
	end
	drop_if_empty(key)
	return removed
end

function commands.ZCARD(key) return #ranked(key) end

function commands.ZSCORE(key, member)
	local set = at(key, 'zset')
	return set and set[member] and written(set[member]) or false
end

function commands.ZRANGE(key, from, to, with_scores)
	if with_scores and with_scores:upper() ~= 'WITHSCORES' then error('ERR syntax error', 0) end
	local list = ranked(key)
	from, to = integer(from), integer(to)
	if from < 0 then from = math.max(#list + from, 0) end
	if to < 0 then to = #list + to end
	return flat(list, from + 1, math.min(to + 1, #list), with_scores)
end

function commands.ZRANGEBYSCORE(key, from, to, with_scores)
	local found = within(key, from, to)
	return flat(found, 1, #found, with_scores)
end

function commands.ZREMRANGEBYSCORE(key, from, to)
	local removed = 0
	for _, one in ipairs(within(key, from, to)) do removed = removed + commands.ZREM(key, one[1]) end
	return removed
end

function commands.HSET(key, ...)
	local words, added = { ... }, 0
	if #words == 0 or #words % 2 ~= 0 then error('ERR wrong number of arguments', 0) end
	local hash = at(key, 'hash', true)
	for i = 1, #words, 2 do
		if hash[words[i]] == nil then added = added + 1 end
		hash[words[i]] = words[i + 1]
	end
	return added
end

function commands.HSETNX(key, field, value)
	if commands.HGET(key, field) then return 0 end
	return commands.HSET(key, field, value)
end

function commands.HGET(key, field) return (at(key, 'hash') or {})[field] or false end

function commands.HMGET(key, ...)
	local reply = {}
	for i, field in ipairs({ ... }) do reply[i] = commands.HGET(key, field) end
	return reply
end

function commands.HDEL(key, ...)
	local hash, removed = at(key, 'hash'), 0
	if not hash then return 0 end
	for _, field in ipairs({ ... }) do
		if hash[field] ~= nil then removed, hash[field] = removed + 1, nil end
	end
	drop_if_empty(key)
	return removed
end

function commands.GET(key) return at(key, 'string') or false end

function commands.SET(key, value, ...)
	local words = { ... }
	local expiry
	if #words == 2 and words[1]:upper() == 'PX' then expiry = integer(words[2])
	elseif #words > 0 then error('ERR syntax error', 0) end
	if expiry and expiry <= 0 then error("ERR invalid expire time in 'set' command", 0) end
	drop(key)
	values[key], kinds[key], expires[key] = value, 'string', expiry and now + expiry
	return { ok = 'OK' }
end

function commands.PTTL(key)
	if expires[key] and expires[key] <= now then drop(key) end
	if values[key] == nil then return -2 end
	return expires[key] and expires[key] - now or -1
end

function commands.PEXPIRE(key, ms)
	if commands.PTTL(key) == -2 then return 0 end
	expires[key] = now + integer(ms)
	return 1
end

function commands.DEL(...)
	local removed = 0
	for _, key in ipairs({ ... }) do
		if commands.PTTL(key) ~= -2 then removed = removed + 1 end
		drop(key)
	end
	return removed
end

function commands.PUBLISH(channel, text)
	published[#published + 1] = channel .. ' ' .. text
	return 0
end

function commands.FLUSHALL()
	values, kinds, expires, order = {}, {}, {}, {}
	return { ok = 'OK' }
end

-- ---- scripts -----------------------------------------------------------------

local redis = {}

-- Redis takes texts and numbers, and writes those with all their digits.
function redis.call(name, ...)
	local words = { ... }
	for i = 1, select('#', ...) do
		if type(words[i]) == 'number' then words[i] = written(words[i])
		elseif type(words[i]) ~= 'string' then
			error('ERR Lua redis lib command arguments must be strings or integers', 0)
		end
	end
	if not commands[name] then error('ERR unknown command ' .. name, 0) end
	return commands[name](unpack(words))
end

local function read(name)
	local file = assert(io.open(folder .. '/' .. name .. '.lua'))
	local text = file:read('*a')
	file:close()
	return text
end

local scripts = {}

-- As Redis runs it: with clock.lua before it, and without globals of its own.
local function run(name, keys, args)
	scripts[name] = scripts[name] or assert(loadstring(
		read('clock'):gsub('^#![^\n]*', '') .. read(name), '=' .. name))
	local globals = { redis = redis, KEYS = keys, ARGV = args, tonumber = tonumber,
		tostring = tostring, type = type, ipairs = ipairs, pairs = pairs, math = math,
		string = string, table = table, unpack = unpack, select = select }
	setfenv(scripts[name], setmetatable({}, {
		__index = function(_, global)
			if globals[global] == nil then
				error('Script attempted to access nonexistent global variable ' .. global, 0)
			end
			return globals[global]
		end,
		__newindex = function(_, global)
			error('Script attempted to create global variable ' .. global, 0)
		end,
	}))
	return scripts[name]()
end

-- ---- requests ----------------------------------------------------------------

-- As Redis turns what Lua returns into a reply: fractions are cut off, lists end at a nil.
local function answer(value)
	if type(value) == 'number' then
		return string.format('%.0f', value < 0 and math.ceil(value) or math.floor(value))
	end
	if type(value) == 'table' and value.ok then return value.ok end
	if type(value) ~= 'table' then return value and tostring(value) or '' end
	local fields = {}
	for i, one in ipairs(value) do fields[i] = answer(one) end
	return table.concat(fields, '\t')
end

local requests = {}

function requests.run(name, n, ...)
	local keys, args = {}, {}
	for i, word in ipairs({ ... }) do
		if i <= tonumber(n) then keys[#keys + 1] = word else args[#args + 1] = word end
	end
	return run(name, keys, args)
end

function requests.call(...) return redis.call(...) end

function requests.move(ms) now = now + integer(ms) return 1 end

function requests.restart() process = process + 1 return 1 end

function requests.news()
	local told = published
	published = {}
	return told
end

local function split(line)
	local words = {}
	for word in (line .. '\t'):gmatch('([^\t]*)\t') do words[#words + 1] = word end
	return words
end

for line in io.lines() do
	local words = split(line)
	local good, reply = pcall(requests[table.remove(words, 1)], unpack(words))
	io.write(good and answer(reply) or 'error\t' .. tostring(reply):gsub('[\t\n]', ' '), '\n')
	io.flush()
end
