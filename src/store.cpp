// SPDX-License-Identifier: MIT
#include "klantreis/detail/store.ipp"
