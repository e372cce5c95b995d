// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/detail/measure/answers.ipp"
#include "klantreis/detail/measure/counting.ipp"
#include "klantreis/detail/measure/tables.ipp"
