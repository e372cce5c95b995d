// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/solver.ipp"
