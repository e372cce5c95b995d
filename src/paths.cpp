// SPDX-License-Identifier: MIT
#include "klantreis/detail/paths.ipp"
