// SPDX-License-Identifier: MIT
#include "klantreis/detail/arrow.ipp"
