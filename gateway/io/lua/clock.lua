-- Redis' clock, the one that all hosts share: milliseconds since 1970. This
-- file stands before every script.
local function now_ms()
	local t = redis.call('TIME')
	return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- A call that upstream counted a moment later than we did must not leave our
-- log first: so much longer than upstream's own is our window.
local function margin_ms(window)
	return math.min(math.floor(window / 100) + 50, 1000)
end
