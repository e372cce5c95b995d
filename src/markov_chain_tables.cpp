// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/chain_tables.ipp"
