// SPDX-License-Identifier: MIT
#include "klantreis/detail/graph_measures.ipp"
