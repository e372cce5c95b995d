// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "klantreis/statistics/intervals.hpp"

namespace klantreis {

/// The quantile `q` of `values`, interpolated between neighbours: type 7 of Hyndman and Fan 1996
/// (doi:10.1080/00031305.1996.10473566), the default of numpy, pandas and R.
///
/// NaN counts as null and is left out; null when nothing is left. The order of `values` changes; linear time.
/// \throws input_error when `q` lies outside 0 … 1.
[[nodiscard]] double quantile(std::span<double> values, double q);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/statistics/quantiles.ipp"
#endif
