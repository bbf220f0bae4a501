#!/bin/sh
# Modules (x.c and x.h together) include one another without going in circles:
# tsort can then put them in an order, in which they can be read.
set -eu
cd "${1:-gateway}"

# shellcheck disable=SC2016  # the dollars are those of awk
pairs=$(find . -name '*.[ch]' | sort | xargs -r awk '
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, quoted, "\"")
		from = substr(FILENAME, 3); sub(/\.[ch]$/, "", from)
		to = quoted[2]; sub(/\.h$/, "", to)
		if (from != to) print from, to
	}')
# tsort names the modules of a circle on standard error and fails.
printf '%s\n' "$pairs" | tsort >/dev/null
