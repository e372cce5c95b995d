// SPDX-License-Identifier: MIT
#pragma once

// Intervals whose independent units are customers. `influence.hpp` needs the headers of Boost.Math; the others stand on
// the standard library alone.

#include "klantreis/statistics/influence.hpp"
#include "klantreis/statistics/intervals.hpp"
#include "klantreis/statistics/quantiles.hpp"
