-- What wrk runs: asks for targets in the order of a list of draws, and tells the result as JSON.
--
--   wrk ... -- TARGETS DRAWS CODING SECONDS
--
-- TARGETS has a target on each line; DRAWS the numbers of lines, over and over ("": only the first).
-- CODING is sent as Accept-Encoding. After SECONDS (0: never) nothing is sent any more, so that all
-- that was begun is over when wrk stops: then `requests` is how many were sent, exactly.

local requests, draws, at = {}, {}, 0

local function lines(path)
	local found = {}
	for line in io.lines(path) do
		found[#found + 1] = line
	end
	return found
end

function init(args)
	wrk.headers["Accept-Encoding"] = args[3]
	for i, target in ipairs(lines(args[1])) do
		requests[i] = wrk.format("GET", target)
	end
	if args[2] == "" then
		-- Without request() wrk sends the same bytes each time, and that costs it least.
		wrk.path = lines(args[1])[1]
		request = nil
	else
		for i, number in ipairs(lines(args[2])) do
			draws[i] = tonumber(number)
		end
	end
	local stop = tonumber(args[4])
	if stop > 0 then
		local ends = os.time() + stop
		delay = function()
			return os.time() < ends and 0 or 3600 * 1000
		end
	end
end

function request()
	at = at % #draws + 1
	return requests[draws[at]]
end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format(
		'{"requests": %d, "seconds": %f, "bytes": %d, "failed": %d, "p50": %f, "p99": %f}\n',
		summary.requests, summary.duration / 1e6, summary.bytes,
		e.connect + e.read + e.write + e.status + e.timeout,
		latency:percentile(50) / 1e6, latency:percentile(99) / 1e6))
end
