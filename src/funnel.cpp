// SPDX-License-Identifier: MIT
#include "klantreis/detail/funnel/count.ipp"
#include "klantreis/detail/funnel/dialects.ipp"
#include "klantreis/detail/funnel/steps.ipp"
