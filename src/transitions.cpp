// SPDX-License-Identifier: MIT
#include "klantreis/detail/transitions.ipp"
