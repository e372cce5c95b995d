// SPDX-License-Identifier: MIT
#include "klantreis/detail/conformance/alignment.ipp"
#include "klantreis/detail/conformance/moves.ipp"
#include "klantreis/detail/conformance/replay.ipp"
