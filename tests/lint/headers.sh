#!/bin/sh
# Each header compiles by itself, so that including it never depends on what
# was included before.
set -eu
cc=${CC:-gcc}

find gateway tests -name '*.h' -print0 | xargs -0r -P 2 -I{} \
	"$cc" -std=gnu17 -D_GNU_SOURCE -Igateway -Itests -Wall -Wextra -Werror \
	-fsyntax-only -include {} -x c /dev/null
