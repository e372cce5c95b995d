# SPDX-License-Identifier: MIT
# Sourced by the scripts beside it: the root of the project as the working folder, the tools, how much may run at once.
set -eu

cd "$(dirname "$0")/.."
root=$PWD
PYTHON=${PYTHON:-python3}
venv=$root/build/venv

say() {
  printf '\n== %s\n' "$*"
}

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Stops with the remedy when the machine lacks what no Python package can bring.
check_machine() {
  missing=
  "${CXX:-c++}" --version >/dev/null 2>&1 || missing="$missing build-essential"
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
  "$PYTHON" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null ||
    missing="$missing python3-dev"
  [ -z "$missing" ] || die "klantreis needs, by the names of Debian:$missing"
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "klantreis needs Python 3.10 or later; set PYTHON, for example: make PYTHON=python3.12"
}

# Compilers at once: one for each core, but no more than memory holds at 1.5 GB each.
parallel_jobs() {
  {
    nproc
    awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo 2>/dev/null
    limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null) && [ "$limit" != max ] && echo "$((limit / 1610612736))"
  } | sort -n | head -n 1 | awk '{ print ($1 < 1 ? 1 : $1) }'
}

# Puts dependency groups of pyproject.toml into build/venv, and its programs on PATH.
use_tools() {
  check_machine
  [ -x "$venv/bin/python" ] || "$PYTHON" -m venv "$venv"
  PATH=$venv/bin:$PATH
  export PATH VIRTUAL_ENV="$venv"
  for group; do
    if ! cmp -s pyproject.toml "$venv/$group.installed"; then
      say "Installing the tools: $group"
      # The pip of older Pythons does not know dependency groups.
      python -m pip install -q --upgrade 'pip>=25.1'
      python -m pip install -q --group "$group" || die "The tools cannot be installed: $group"
      cp pyproject.toml "$venv/$group.installed"
    fi
  done
  CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
  CMAKE_PREFIX_PATH=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}
  export CMAKE_GENERATOR CMAKE_PREFIX_PATH
}

jobs=${JOBS:-$(parallel_jobs)}
export CMAKE_BUILD_PARALLEL_LEVEL="$jobs"

# build_preset NAME [TARGET]: configures and builds one preset of CMakePresets.json.
build_preset() {
  say "Building: $*"
  cmake --preset "$1" -DKLANTREIS_TESTS="${TESTS:-}" >"build/$1.log" 2>&1 || { cat "build/$1.log" >&2; exit 1; }
  # All errors at once rather than the first.
  case $CMAKE_GENERATOR in
    Ninja) cmake --build --preset "$1" ${2:+--target "$2"} -- -k 0 ;;
    *) cmake --build --preset "$1" ${2:+--target "$2"} -- -k ;;
  esac
}
