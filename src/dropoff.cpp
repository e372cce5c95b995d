// SPDX-License-Identifier: MIT
#include "klantreis/detail/dropoff.ipp"
#include "klantreis/detail/dropoff/carts.ipp"
#include "klantreis/detail/dropoff/click_through.ipp"
#include "klantreis/detail/dropoff/effort.ipp"
#include "klantreis/detail/dropoff/friction.ipp"
#include "klantreis/detail/dropoff/loss_reasons.ipp"
