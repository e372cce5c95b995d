// SPDX-License-Identifier: MIT
#include "klantreis/detail/summary.ipp"
