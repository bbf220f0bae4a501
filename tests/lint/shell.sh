#!/bin/sh
# Shell scripts do what they seem to do.
set -eu

shellcheck conf/*.sh tests/lint/*.sh .ci/run
