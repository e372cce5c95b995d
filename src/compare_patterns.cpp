// SPDX-License-Identifier: MIT
#include "klantreis/detail/compare/patterns.ipp"
