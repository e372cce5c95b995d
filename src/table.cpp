// SPDX-License-Identifier: MIT
#include "klantreis/detail/table.ipp"
