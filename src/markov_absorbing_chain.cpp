// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/absorbing_chain.ipp"
