// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/removal.ipp"
