// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/order_selection.ipp"
