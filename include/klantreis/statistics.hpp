// SPDX-License-Identifier: MIT
#pragma once

// Intervals whose independent units are customers. `influence.hpp` and `tests.hpp` need the headers of Boost.Math; the
// others stand on the standard library alone.

#include "klantreis/statistics/influence.hpp"
#include "klantreis/statistics/intervals.hpp"
#include "klantreis/statistics/multiple_tests.hpp"
#include "klantreis/statistics/odds.hpp"
#include "klantreis/statistics/quantiles.hpp"
#include "klantreis/statistics/tests.hpp"
