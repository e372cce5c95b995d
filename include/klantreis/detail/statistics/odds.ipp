// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "klantreis/statistics/odds.hpp"

namespace klantreis {
namespace detail {

/// ln n! without the global state of std::lgamma.
[[nodiscard]] inline double log_factorial(double n) {
  // Stirling's series, exact to double precision from 16 on; below by multiplication.
  if (n < 16) {
    double product = 1.0;
    for (double k = 2; k <= n; ++k) {
      product *= k;
    }
    return std::log(product);
  }
  constexpr double half_log_two_pi = 0.918938533204672741780329736406;
  const double x = n + 1;
  const double y = 1 / (x * x);
  const double series = (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y / 1188)))) / x;
  return (x - 0.5) * std::log(x) - x + half_log_two_pi + series;
}

}  // namespace detail

KLANTREIS_INLINE estimate odds_ratio(const fourfold& counts, const interval_options& options) {
  estimate result;
  const std::uint64_t with = counts.succeeded_with + counts.failed_with;
  const std::uint64_t without = counts.succeeded_without + counts.failed_without;
  result.n = static_cast<double>(with);
  if (static_cast<double>((std::min)(with, without)) < options.min_n) {
    result.marks |= mark::few_customers;
  }
  if (with == 0 || without == 0) {
    return result;
  }
  const double a = static_cast<double>(counts.succeeded_with) + 1;
  const double b = static_cast<double>(counts.failed_with) + 1;
  const double c = static_cast<double>(counts.succeeded_without) + 1;
  const double d = static_cast<double>(counts.failed_without) + 1;
  if ((std::min)((std::min)(a, b), (std::min)(c, d)) == 1.0) {
    result.marks |= mark::boundary;
  }
  const double spread = normal_critical(options.level) * std::sqrt(1 / a + 1 / b + 1 / c + 1 / d);
  result.value = a * d / (b * c);
  result.lower = result.value * std::exp(-spread);
  result.upper = result.value * std::exp(spread);
  return result;
}

KLANTREIS_INLINE double fisher_exact(const fourfold& counts) {
  const auto a = static_cast<double>(counts.succeeded_with);
  const auto b = static_cast<double>(counts.failed_with);
  const auto c = static_cast<double>(counts.succeeded_without);
  const auto d = static_cast<double>(counts.failed_without);
  const double with = a + b;
  const double successes = a + c;
  const double all = a + b + c + d;
  const double least = (std::max)(0.0, with + successes - all);
  const double most = (std::min)(with, successes);
  if (least == most) {
    return 1.0;
  }
  const auto log_probability = [&](double x) {
    return detail::log_factorial(with) + detail::log_factorial(all - with) + detail::log_factorial(successes) +
           detail::log_factorial(all - successes) - detail::log_factorial(all) - detail::log_factorial(x) -
           detail::log_factorial(with - x) - detail::log_factorial(successes - x) -
           detail::log_factorial(all - with - successes + x);
  };
  // Tables that are equally probable count, whatever rounding says.
  const double here = log_probability(a);
  const double limit = here + 1e-7;
  const double mode = std::floor((with + 1) * (successes + 1) / (all + 2));
  // The sum of one tail, from its table nearest to the mode outwards; the terms fall at least geometrically.
  const auto tail = [&](double x, double step) {
    if (x < least || x > most) {
      return 0.0;
    }
    double term = std::exp(log_probability(x));
    double sum = 0.0;
    while (x >= least && x <= most && term > sum * 1e-17) {
      sum += term;
      const double up = (with - x) * (successes - x) / ((x + 1) * (all - with - successes + x + 1));
      const double down = x * (all - with - successes + x) / ((with - x + 1) * (successes - x + 1));
      term *= step > 0 ? up : down;
      x += step;
    }
    return sum;
  };
  // The table nearest to the mode, on each side of it, that is no more probable than this one.
  double low = least - 1;
  double high = mode + 1;
  while (high - low > 1) {
    const double middle = std::floor((low + high) / 2);
    (log_probability(middle) <= limit ? low : high) = middle;
  }
  const double left = low;
  low = mode;
  high = most + 1;
  while (high - low > 1) {
    const double middle = std::floor((low + high) / 2);
    (log_probability(middle) <= limit ? high : low) = middle;
  }
  if (left >= mode) {
    return 1.0;
  }
  return (std::min)(1.0, tail(left, -1) + tail(high, 1));
}

}  // namespace klantreis
