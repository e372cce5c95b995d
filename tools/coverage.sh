#!/bin/sh
# SPDX-License-Identifier: MIT
# Coverage studies: how often intervals hold the truth in REPLICATES (5000) samples, beside what independent studies
# found; docs/statistics.md keeps the figures. ONLY runs those whose name contains it.
. "$(dirname "$0")/common.sh"
use_tools build
build_preset release coverage
say "Coverage in ${REPLICATES:-5000} samples"
nice build/release/tests/coverage/coverage --replicates "${REPLICATES:-5000}" --only "${ONLY:-}"
