// SPDX-License-Identifier: MIT
#include "klantreis/detail/patterns/sequences.ipp"
