// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "klantreis/statistics/quantiles.hpp"

namespace klantreis {
namespace detail {

inline void check_quantile(double q) {
  if (!(q >= 0.0 && q <= 1.0)) {
    throw input_error("the quantile is " + std::to_string(q) + "; it must lie between 0 and 1 (0.5 is the median)");
  }
}

}  // namespace detail

KLANTREIS_INLINE double quantile(std::span<double> values, double q) {
  detail::check_quantile(q);
  const auto end = std::partition(values.begin(), values.end(), [](double value) { return !std::isnan(value); });
  const auto count = end - values.begin();
  if (count == 0) {
    return null_value;
  }
  const double position = static_cast<double>(count - 1) * q;
  const auto below = static_cast<std::ptrdiff_t>(position);
  const auto middle = values.begin() + below;
  std::nth_element(values.begin(), middle, end);
  const double part = position - static_cast<double>(below);
  if (part == 0.0) {
    return *middle;
  }
  const double next = *std::min_element(middle + 1, end);
  // Two equal infinities have no difference.
  return next == *middle ? next : *middle + part * (next - *middle);
}

}  // namespace klantreis
