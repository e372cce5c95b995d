// SPDX-License-Identifier: MIT
#include "klantreis/detail/match/funnel.ipp"
#include "klantreis/detail/match/funnel_steps.ipp"
#include "klantreis/detail/match/pattern.ipp"
#include "klantreis/detail/match/search.ipp"
#include "klantreis/detail/match/tables.ipp"
