// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/sensitivity.ipp"
