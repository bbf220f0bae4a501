#!/bin/sh
# Static analysis of a first kind. What it remembers of unchanged files makes
# the second run quick.
set -eu

memory=${BUILD:-build}/cppcheck
mkdir -p "$memory"
find gateway -name '*.c' | grep -q . || exit 0
# System headers are not read; the loops that jansson defines have to be told.
cppcheck --quiet -j 2 --cppcheck-build-dir="$memory" --std=c11 --language=c \
	--enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	--suppress=missingIncludeSystem -D_GNU_SOURCE -Igateway \
	'-Djson_object_foreach(object,key,value)=while (next(object,&key,&value))' \
	'-Djson_array_foreach(array,index,value)=while (next(array,&index,&value))' \
	gateway nginx/module
