// SPDX-License-Identifier: MIT
#include "klantreis/detail/log.ipp"
