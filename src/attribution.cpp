// SPDX-License-Identifier: MIT
#include "klantreis/detail/attribution/attribute.ipp"
#include "klantreis/detail/attribution/bootstrap.ipp"
#include "klantreis/detail/attribution/models.ipp"
#include "klantreis/detail/attribution/removal_effects.ipp"
#include "klantreis/detail/attribution/rows.ipp"
#include "klantreis/detail/attribution/shapley.ipp"
#include "klantreis/detail/attribution/touch_costs.ipp"
#include "klantreis/detail/attribution/touch_credits.ipp"
