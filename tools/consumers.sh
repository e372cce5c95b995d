#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds tests/consumer as other projects would: against the installed library, moved after installation, and with the
# source tree as a subfolder. Then compiles each public header on its own.
. "$(dirname "$0")/common.sh"
use_tools build

say "Installing the library"
build_preset release klantreis_compiled
rm -rf build/consumer
cmake --install build/release --component cpp --prefix build/consumer/first >/dev/null
if grep -rlF "$root" build/consumer/first --include='*.cmake'; then
  die "the installed files above name the folder in which klantreis was built"
fi
mv build/consumer/first build/consumer/prefix

consume() {
  name=$1
  shift
  say "Consumer: $name"
  cmake -S tests/consumer -B "build/consumer/$name" "$@" >"build/consumer/$name.log" 2>&1 ||
    { cat "build/consumer/$name.log" >&2; exit 1; }
  cmake --build "build/consumer/$name"
  ctest --test-dir "build/consumer/$name" --output-on-failure
}
consume find_package -Dklantreis_ROOT="$root/build/consumer/prefix"
consume add_subdirectory -DKLANTREIS_SOURCE="$root"

say "Each public header on its own"
configure_headers() {
  folder=$1
  shift
  cmake -S . -B "$folder" -DKLANTREIS_SYNTAX_ONLY=ON "$@" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
}
configure_headers build/headers -DCMAKE_CXX_FLAGS=-DKLANTREIS_COMPILED
cmake --build build/headers --target all_verify_interface_header_sets

# With their bodies, headers take ten times as long: only the one of each module.
say "Each module on its own, header-only"
configure_headers build/header-only
checks=CMakeFiles/klantreis_verify_interface_header_sets.dir/klantreis_verify_interface_header_sets
# shellcheck disable=SC2046 # a list of files
ninja -C build/header-only $(cd include && printf "$checks/%s.cxx.o " klantreis/*.hpp)
