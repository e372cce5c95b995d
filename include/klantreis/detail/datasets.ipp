// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/detail/datasets/parameters.ipp"
#include "klantreis/detail/datasets/simulate.ipp"
#include "klantreis/detail/datasets/truth.ipp"
