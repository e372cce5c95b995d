#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds benchmarks/*.cpp and runs them one after the other; the figures also go to build/benchmarks/*.json.
. "$(dirname "$0")/common.sh"
use_tools build
build_preset benchmarks
for program in build/benchmarks/benchmark_*; do
  [ -x "$program" ] && [ ! -d "$program" ] || continue
  say "$(basename "$program")"
  "$program" --benchmark_out="$program.json" --benchmark_out_format=json "$@"
done
