#!/bin/sh
# Calls that cannot be made safe (no bound), that hide errors (atoi), or that
# share a buffer between threads (gmtime, strerror, strtok). Each has a better
# one: the buf of base/, str_to_i64, gmtime_r, strerror_r, a str view.
set -eu

words='strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atoll|atof|gmtime|localtime|ctime|asctime|strerror|alloca|gets'
files=$(find gateway -name '*.[ch]')
[ -n "$files" ] || exit 0

# Not in comments: lines that begin with one are about calls, not calls.
# shellcheck disable=SC2086  # the names of our own files have no blanks
if grep -nE "(^|[^A-Za-z0-9_])($words)[[:space:]]*\(" /dev/null $files |
	grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/\*|\*|//)'; then
	echo "banned calls; tests/lint/banned.sh says why"
	exit 1
fi
