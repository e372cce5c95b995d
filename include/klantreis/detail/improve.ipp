// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/detail/improve/best_changes.ipp"
#include "klantreis/detail/improve/gains.ipp"
#include "klantreis/detail/improve/loops.ipp"
#include "klantreis/detail/improve/make_or_break.ipp"
#include "klantreis/detail/improve/what_if.ipp"
