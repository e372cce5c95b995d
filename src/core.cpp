// SPDX-License-Identifier: MIT
#include "klantreis/detail/core.ipp"
