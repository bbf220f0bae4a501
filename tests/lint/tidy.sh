#!/bin/sh
# Static analysis of a second kind: .clang-tidy says which checks and why not
# others. With `paths` also those that follow each way through a function: they
# take a hundred times as long as all others, and belong to `make soak`.
# A file that is found good is remembered by a hash of all that was looked at:
# what the preprocessor makes of it, the checks, the program. One file at a time:
# told of several, clang-tidy 14 takes the second va_start it sees for none.
set -eu

memory=${BUILD:-build}/tidy/${1:-quick}
checks='-clang-analyzer-*'
[ "${1:-}" != paths ] || checks=
program=$(clang-tidy --version; cat .clang-tidy)
flags='-std=gnu17 -D_GNU_SOURCE -Igateway'
# Headers of nginx (make module), which only its module includes.
for folder in core event event/modules os/unix http http/modules http/v2; do
	flags="$flags -isystem ${NGINX_SRC:-/usr/share/nginx/src}/src/$folder"
done
flags="$flags -isystem build/nginx/build"
export memory program checks flags

# shellcheck disable=SC2016  # the dollars are those of the inner shell
find gateway nginx -name '*.c' -print0 | xargs -0r -P 2 -n 1 sh -c '
	set -eu
	# With comments (-C): some of them are for clang-tidy.
	seen=$({ echo "$program"; ${CC:-cc} -E -C $flags "$1"; } | sha256sum)
	known=$memory/$1.seen
	[ "$seen" != "$(cat "$known" 2>/dev/null)" ] || exit 0
	clang-tidy --quiet --checks="$checks" "$1" -- $flags 2>/dev/null
	mkdir -p "${known%/*}"
	echo "$seen" >"$known"' sh
