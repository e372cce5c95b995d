#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the project into .venv, as `pip install klantreis` would.
. "$(dirname "$0")/common.sh"
check_machine
[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
# A wheel that `make wheel` left need not be compiled again while no source is newer.
wheel=$(ls -t build/dist/*.whl 2>/dev/null | head -n 1)
if [ -n "$wheel" ] && [ -z "$(find CMakeLists.txt pyproject.toml cmake include src python -type f ! -name '*.pyc' \
  -newer "$wheel" | head -n 1)" ]; then
  say "Installing $wheel into .venv"
  .venv/bin/python -m pip install -q --disable-pip-version-check "$wheel"
else
  say "Installing klantreis into .venv (compiles the core, some minutes)"
  .venv/bin/python -m pip install -q --disable-pip-version-check .
fi
