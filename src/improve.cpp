// SPDX-License-Identifier: MIT
#include "klantreis/detail/improve.ipp"
