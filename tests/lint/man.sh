#!/bin/sh
# Manual pages that say nothing unknown to mandoc, and that man can show without a warning.
set -eu

for page in conf/man/*.[1-8]; do
	# STYLE: that Debian has no page for a program mentioned is not the page's fault.
	mandoc -T lint -W warning "$page"
	warnings=$(man --warnings=w -E UTF-8 -l -Tutf8 "$page" 2>&1 >/dev/null)
	[ -z "$warnings" ] || { echo "$page: $warnings"; exit 1; }
done
