// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/order_chain.ipp"
