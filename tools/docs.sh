#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the site of the documentation with the installed package, and looks at it. A warning is an error.
. "$(dirname "$0")/common.sh"
use_tools build test docs

say "Laying out the pages"
python tools/docs.py build/docs/source build/notebooks

say "Building the site"
rm -rf build/docs/html
sphinx-build -q -W --keep-going -j "$jobs" -d build/docs/doctrees -b html build/docs/source build/docs/html

say "Looking at it"
python -m pytest -q tests/docs
