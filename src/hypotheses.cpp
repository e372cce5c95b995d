// SPDX-License-Identifier: MIT
#include "klantreis/detail/hypotheses/changes.ipp"
#include "klantreis/detail/hypotheses/evidence.ipp"
