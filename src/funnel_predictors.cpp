// SPDX-License-Identifier: MIT
#include "klantreis/detail/funnel/predictors.ipp"
#include "klantreis/detail/funnel/sequences.ipp"
