// SPDX-License-Identifier: MIT
#include "klantreis/detail/attribution/attribute.ipp"
#include "klantreis/detail/attribution/models.ipp"
#include "klantreis/detail/attribution/removal_effects.ipp"
#include "klantreis/detail/attribution/shapley.ipp"
