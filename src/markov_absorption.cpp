// SPDX-License-Identifier: MIT
#include "klantreis/detail/markov/absorption.ipp"
