#!/bin/sh
# SPDX-License-Identifier: MIT
# style.sh check | fix: formatting and static checks of Python and C++.
. "$(dirname "$0")/common.sh"
use_tools build test style

cxx_files() {
  find include src python/bindings tests benchmarks examples -name '*.[chi]pp' -print0
}

case ${1:-check} in
  fix)
    ruff check --quiet --fix-only .
    ruff format --quiet .
    cxx_files | xargs -0 clang-format -i
    ;;
  check)
    failed=
    say "ruff"
    ruff check . || failed="$failed ruff-check"
    ruff format --check . || failed="$failed ruff-format"
    say "mypy"
    mypy || failed="$failed mypy"
    say "clang-format"
    cxx_files | xargs -0 clang-format --dry-run -Werror || failed="$failed clang-format"
    say "stub of the compiled module"
    python -m pytest -q tests/python/test_packaging.py -k stub || failed="$failed stub"
    [ -z "$failed" ] || die "Failed:$failed (make format mends what a formatter can)"
    ;;
  *) die "style.sh: say check or fix, not $1" ;;
esac
