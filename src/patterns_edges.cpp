// SPDX-License-Identifier: MIT
#include "klantreis/detail/patterns/edges.ipp"
#include "klantreis/detail/patterns/follows.ipp"
