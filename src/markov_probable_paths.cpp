// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/probable_paths.ipp"
