#!/bin/sh
# SPDX-License-Identifier: MIT
# Benchmarks of the parts (benchmarks/*.cpp, google/benchmark; figures also in build/benchmarks/*.json), then the
# comparison with DuckDB and ClickHouse on EVENTS events (1000000).
. "$(dirname "$0")/common.sh"
use_tools build test
if ls benchmarks/*.cpp >/dev/null 2>&1; then
  build_preset benchmarks
  for program in build/benchmarks/benchmark_*; do
    { [ -x "$program" ] && [ ! -d "$program" ]; } || continue
    say "$(basename "$program")"
    "$program" --benchmark_out="$program.json" --benchmark_out_format=json
  done
fi
say "Comparison with DuckDB and ClickHouse"
python benchmarks/compare.py --events "${EVENTS:-1000000}"
