#!lua flags=allow-oom
-- Stands before every script. allow-oom: what they write is little and bounded, and must be written
-- also when memory is full and entries are refused: else calls could not be counted.

-- Redis' clock, the one that all hosts share: milliseconds since 1970.
local function now_ms()
	local t = redis.call('TIME')
	return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- A call that upstream counted a moment later than we did must not leave our
-- log first: so much longer than upstream's own is our window.
local function margin_ms(window)
	return math.min(math.floor(window / 100) + 50, 1000)
end

-- Which process of Redis this is. One that was started again, or has become master in place of
-- another, may lack the last calls.
local function run_id()
	return redis.call('INFO', 'server'):match('run_id:(%x+)')
end
