#!/bin/sh
# The C sources are as clang-format writes them; `make fmt` makes them so.
set -eu

find gateway nginx tests -name '*.[ch]' -print0 | xargs -0r clang-format --dry-run -Werror
