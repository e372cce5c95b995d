# SPDX-License-Identifier: MIT
# The commands of the project. Each is a short script in tools/, where the how and why stand.
PYTHON ?= python3
export PYTHON

SOURCES := CMakeLists.txt pyproject.toml $(shell find cmake include src python -type f ! -name '*.pyc')

.PHONY: help demo test wheel style format stubs sanitize tsan clang consumers docs bench coverage fuzz clean

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: .venv/klantreis.installed ## Install into .venv, analyse the example data, write a report
	.venv/bin/klantreis demo

.venv/klantreis.installed: $(SOURCES)
	tools/demo.sh
	@touch $@

test: ## C++ tests, then the Python tests on the installed wheel
	tools/test.sh

wheel: ## Build the wheel from the source distribution into build/dist
	tools/wheel.sh

style: wheel ## Formatting, types, and whether the committed stub is that of the module
	tools/style.sh check

format: ## Let the formatters mend what they can
	tools/style.sh fix

stubs: wheel ## Write python/klantreis/_core.pyi from the compiled module
	build/venv/bin/python tools/stubs.py python/klantreis

sanitize: ## C++ tests under the address and undefined behaviour sanitizers
	tools/preset.sh dev

tsan: ## C++ tests under the thread sanitizer; TESTS='log|journeys' only those
	tools/preset.sh tsan

clang: ## C++ tests built by clang 16, under the address and undefined behaviour sanitizers
	tools/preset.sh clang

consumers: ## Projects that use the library, installed or as a subfolder
	tools/consumers.sh

docs: wheel ## Build the site of the documentation into build/docs/html, and look at it
	tools/docs.sh

bench: wheel ## Benchmarks, and a comparison with DuckDB, Polars and ClickHouse on EVENTS events (1000000)
	tools/bench.sh

coverage: ## How often intervals hold the truth in REPLICATES (5000) samples; takes some minutes
	tools/coverage.sh

fuzz: ## Run each fuzzer for FUZZ_SECONDS (60)
	tools/fuzz.sh

clean: ## Remove what the commands made, but for .venv
	rm -rf build
