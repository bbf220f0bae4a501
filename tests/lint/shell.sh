#!/bin/sh
# Shell scripts do what they seem to do.
set -eu

shellcheck -x conf/*.sh tests/lint/*.sh tests/newcomer/run tests/newcomer/*.sh .ci/run
