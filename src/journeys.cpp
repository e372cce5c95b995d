// SPDX-License-Identifier: MIT
#include "klantreis/detail/journeys.ipp"
