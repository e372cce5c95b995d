#!/bin/sh
# SPDX-License-Identifier: MIT
# Benchmarks of the parts (benchmarks/*.cpp, google/benchmark; figures also in build/benchmarks/*.json), then the
# comparison with DuckDB, Polars, ClickHouse, ChannelAttribution (if it is installed) and the yardstick on EVENTS events
# (1000000; several numbers for several sizes), then path analysis of real page sequences, where they are there
# (KLANTREIS_SHARED), beside the Python packages that are installed. BENCH adds options of benchmarks/compare.py, such as
# --everything, which makes the tables of docs/performance.md that are about events.
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
say "Comparison with DuckDB, Polars, ClickHouse and the yardstick"
# shellcheck disable=SC2086 # several sizes
python benchmarks/compare.py --programs build/benchmarks --events ${EVENTS:-1000000} ${BENCH:-} | tee build/benchmarks/compare.md
say "Path analysis beside other Python packages"
python benchmarks/paths.py | tee build/benchmarks/paths.md
