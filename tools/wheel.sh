#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the source distribution, from it the wheel, and installs that into build/venv: what users get is what is tested.
. "$(dirname "$0")/common.sh"
use_tools build test

say "Building the wheel from the source distribution"
rm -rf build/dist
python -m build -q --sdist --no-isolation --outdir build/dist .
python tools/unpack_sdist.py build/dist/*.tar.gz build/sdist
# Without isolation and with a build folder that stays, only what changed is compiled again.
python -m pip wheel -q --no-deps --no-build-isolation --wheel-dir build/dist \
  --config-settings=build-dir="$root/build/wheel" \
  --config-settings=cmake.define.KLANTREIS_WERROR=ON \
  build/sdist
python -m pip install -q --no-deps --force-reinstall build/dist/*.whl
python -m pip install -q build/dist/*.whl
