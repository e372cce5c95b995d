// SPDX-License-Identifier: MIT
#include "klantreis/detail/dropoff.ipp"
