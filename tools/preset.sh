#!/bin/sh
# SPDX-License-Identifier: MIT
# preset.sh NAME: builds a preset of CMakePresets.json and runs its tests; TESTS='log|journeys' only those.
. "$(dirname "$0")/common.sh"
use_tools build
build_preset "$1"
say "C++ tests: $1"
ctest --preset "$1" --parallel "$jobs"
