// SPDX-License-Identifier: MIT
#include "klantreis/detail/statistics/influence.ipp"
#include "klantreis/detail/statistics/intervals.ipp"
#include "klantreis/detail/statistics/multiple_tests.ipp"
#include "klantreis/detail/statistics/odds.ipp"
#include "klantreis/detail/statistics/quantiles.ipp"
#include "klantreis/detail/statistics/tests.ipp"
