// SPDX-License-Identifier: MIT
#include "klantreis/detail/interchange.ipp"
