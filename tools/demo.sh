#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the project into .venv, as `pip install klantreis` would.
. "$(dirname "$0")/common.sh"
check_machine
[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
say "Installing klantreis into .venv (compiles the core, some minutes)"
.venv/bin/python -m pip install -q --disable-pip-version-check .
