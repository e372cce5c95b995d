#!/bin/sh
# SPDX-License-Identifier: MIT
# The C++ tests, then the Python tests on the installed wheel. Both run even when one fails.
. "$(dirname "$0")/common.sh"
use_tools build test
# Without these the tests that need them are skipped, and say so.
(use_tools peers) || :
tools/axe.sh || :
failed=

tools/preset.sh release || failed="$failed C++"

if tools/wheel.sh; then
  say "Python tests"
  # Whole files go to one worker, because their fixtures are shared.
  python -m pytest -n "$jobs" --dist loadfile --doctest-modules --pyargs klantreis tests/python || failed="$failed Python"
else
  failed="$failed wheel"
fi

[ -z "$failed" ] || die "Failed:$failed"
