// SPDX-License-Identifier: MIT
#include "klantreis/detail/patterns/complexity.ipp"
#include "klantreis/detail/patterns/predictability.ipp"
