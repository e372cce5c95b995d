// SPDX-License-Identifier: MIT
#include "klantreis/parts.hpp"

#include "klantreis/detail/parts.ipp"
