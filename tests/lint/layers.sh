#!/bin/sh
# The folders of gateway/ are layers: a file includes headers of its own folder
# and of those before it, never of a later one. main.c stands above them all.
set -eu
cd "${1:-gateway}"

# shellcheck disable=SC2016  # the dollars are those of awk
find . -name '*.[ch]' | sort | xargs -r awk -v order='base http api policy io app cli' '
	BEGIN {
		n = split(order, layer, " ")
		for (i = 1; i <= n; i++) rank[layer[i]] = i
		rank["main.c"] = n + 1
	}
	function complain(what) {
		printf "%s:%d: %s\n", substr(FILENAME, 3), FNR, what
		bad = 1
	}
	FNR == 1 {
		split(FILENAME, part, "/")
		mine = part[2]
		if (!(mine in rank)) complain("not in one of: " order)
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, quoted, "\"")
		slash = index(quoted[2], "/")
		theirs = substr(quoted[2], 1, slash - 1)
		if (!(theirs in rank))
			complain("include \"" quoted[2] "\": say which folder, as in \"base/str.h\"")
		else if (rank[theirs] > rank[mine])
			complain(mine "/ may not include " quoted[2] ", which lies above it")
	}
	END { exit bad }
'
