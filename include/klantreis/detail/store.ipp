// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/detail/store/bytes.ipp"
#include "klantreis/detail/store/spill.ipp"
#include "klantreis/detail/store/update.ipp"
