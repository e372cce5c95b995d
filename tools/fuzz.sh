#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs each libFuzzer program for FUZZ_SECONDS. What it finds is kept in build/fuzz/found; what it learns, in
# build/fuzz/corpus. An input worth keeping belongs into tests/fuzz/corpus/<name>.
. "$(dirname "$0")/common.sh"
use_tools build
command -v clang++-16 >/dev/null || die "make fuzz needs clang 16; by the names of Debian: clang-16 libclang-rt-16-dev"
build_preset clang fuzzers
mkdir -p build/fuzz/found
count=0
for program in build/clang/tests/fuzz/*_fuzz; do
  [ -x "$program" ] || continue
  name=$(basename "$program")
  count=$((count + 1))
  seeds=tests/fuzz/corpus/$name
  [ -d "$seeds" ] || seeds=
  mkdir -p "build/fuzz/corpus/$name"
  say "$name for ${FUZZ_SECONDS:=60} s"
  "$program" -max_total_time="$FUZZ_SECONDS" -print_final_stats=1 -verbosity=0 -artifact_prefix=build/fuzz/found/ \
    "build/fuzz/corpus/$name" ${seeds:+"$seeds"}
done
[ "$count" -gt 0 ] || die "there is no fuzzer in tests/fuzz"
say "$count fuzzers found nothing"
