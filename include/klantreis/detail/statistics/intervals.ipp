// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "klantreis/statistics/intervals.hpp"

namespace klantreis {

KLANTREIS_INLINE std::string to_text(mark set) {
  constexpr std::array<std::pair<mark, const char*>, 4> names{{{mark::few_customers, "few_customers"},
                                                               {mark::few_effective, "few_effective"},
                                                               {mark::boundary, "boundary"},
                                                               {mark::capped, "capped"}}};
  std::string text;
  for (const auto& [one, name] : names) {
    if (has(set, one)) {
      text += text.empty() ? "" : ",";
      text += name;
    }
  }
  return text;
}

namespace detail {

// Not `a >= 0`: a NaN must fail the test too.
inline void check_count(const char* name, double value) {
  if (!(value >= 0.0) || std::isinf(value)) {
    throw input_error(std::string(name) + " is " + std::to_string(value) + "; it must be a number of 0 or more");
  }
}

inline void check_share(double successes, double n) {
  check_count("n", n);
  check_count("successes", successes);
  if (successes > n) {
    throw input_error("successes is " + std::to_string(successes) + ", more than n = " + std::to_string(n) +
                      "; pass the part first and the whole second");
  }
}

}  // namespace detail

KLANTREIS_INLINE interval wilson_share(double share, double n_effective, double t) noexcept {
  if (!(n_effective > 0.0) || std::isnan(share) || std::isnan(t)) {
    return {};
  }
  const double ratio = t * t / n_effective;
  const double scale = 1.0 + ratio;
  const double centre = (share + 0.5 * ratio) / scale;
  const double half = std::sqrt(ratio * share * (1.0 - share) + 0.25 * ratio * ratio) / scale;
  // At 0 and 1 centre and half-width cancel in theory; rounding must not leave a bound of 1e-17.
  return {share <= 0.0 ? 0.0 : (std::max)(0.0, centre - half), share >= 1.0 ? 1.0 : (std::min)(1.0, centre + half)};
}

KLANTREIS_INLINE interval wilson(double successes, double n, double z) {
  detail::check_share(successes, n);
  return n > 0.0 ? wilson_share(successes / n, n, z) : interval{};
}

KLANTREIS_INLINE interval square_and_add(double first, interval first_bounds, double second,
                                         interval second_bounds) noexcept {
  const double value = first - second;
  return {value - std::hypot(first - first_bounds.lower, second_bounds.upper - second),
          value + std::hypot(first_bounds.upper - first, second - second_bounds.lower)};
}

KLANTREIS_INLINE interval newcombe(double x1, double n1, double x2, double n2, double z) {
  const interval first = wilson(x1, n1, z);
  const interval second = wilson(x2, n2, z);
  if (first.is_null() || second.is_null()) {
    return {};
  }
  return square_and_add(x1 / n1, first, x2 / n2, second);
}

KLANTREIS_INLINE estimate difference(const estimate& first, const estimate& second) noexcept {
  const interval bounds = square_and_add(first.value, first.bounds(), second.value, second.bounds());
  return {first.value - second.value, bounds.lower, bounds.upper, first.n + second.n, first.marks | second.marks};
}

KLANTREIS_INLINE interval newcombe_paired(double both, double only_before, double only_after, double neither,
                                          double z) {
  detail::check_count("both", both);
  detail::check_count("only_before", only_before);
  detail::check_count("only_after", only_after);
  detail::check_count("neither", neither);
  const double n = both + only_before + only_after + neither;
  if (!(n > 0.0)) {
    return {};
  }
  const double after = (both + only_after) / n;
  const double before = (both + only_before) / n;
  const interval w_after = wilson_share(after, n, z);
  const interval w_before = wilson_share(before, n, z);
  const double product = (both + only_before) * (only_after + neither) * (both + only_after) * (only_before + neither);
  const double determinant = both * neither - only_before * only_after;
  // A positive association is shrunk by n/2 (continuity correction), a negative one is taken as it is.
  const double corrected = determinant > 0.5 * n ? determinant - 0.5 * n : (std::min)(determinant, 0.0);
  const double phi = product > 0.0 ? corrected / std::sqrt(product) : 0.0;
  const auto distance = [phi](double a, double b) {
    return std::sqrt((std::max)(0.0, a * a - 2.0 * phi * a * b + b * b));
  };
  const double value = (only_after - only_before) / n;
  return {value - distance(after - w_after.lower, w_before.upper - before),
          value + distance(w_after.upper - after, before - w_before.lower)};
}

}  // namespace klantreis
