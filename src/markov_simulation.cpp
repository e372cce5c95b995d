// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/simulation.ipp"
