// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "klantreis/statistics/multiple_tests.hpp"

namespace klantreis {
namespace detail {

/// The places of the p values that are not null, smallest first.
inline std::vector<std::size_t> places_by_p(std::span<const double> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!std::isnan(p[i])) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  return order;
}

}  // namespace detail

KLANTREIS_INLINE std::vector<double> holm(std::span<const double> p) {
  const auto order = detail::places_by_p(p);
  std::vector<double> adjusted(p.size(), null_value);
  double most = 0.0;
  for (std::size_t r = 0; r < order.size(); ++r) {
    most = (std::max)(most, (std::min)(1.0, static_cast<double>(order.size() - r) * p[order[r]]));
    adjusted[order[r]] = most;
  }
  return adjusted;
}

KLANTREIS_INLINE std::vector<double> benjamini_hochberg(std::span<const double> p) {
  const auto order = detail::places_by_p(p);
  std::vector<double> adjusted(p.size(), null_value);
  double least = 1.0;
  for (std::size_t r = order.size(); r > 0; --r) {
    least = (std::min)(least, static_cast<double>(order.size()) / static_cast<double>(r) * p[order[r - 1]]);
    adjusted[order[r - 1]] = least;
  }
  return adjusted;
}

}  // namespace klantreis
