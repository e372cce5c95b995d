// SPDX-License-Identifier: MIT
#include "klantreis/detail/graph.ipp"
