// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/path_simulation.ipp"
