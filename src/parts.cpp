// SPDX-License-Identifier: MIT
#include "klantreis/detail/parts.ipp"
