// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "klantreis/core.hpp"

namespace klantreis {

/// The null of a `double` column.
inline constexpr double null_value = std::numeric_limits<double>::quiet_NaN();

/// The .975 quantile of the normal distribution: what turns a standard error into a 95 % interval.
inline constexpr double z_95 = 1.959963984540054;

/// Why the interval of a row deserves care. A set: `mark::few_customers | mark::boundary`.
enum class mark : std::uint8_t {
  none = 0,
  few_customers = 1,  ///< fewer customers than `min_n`
  few_effective = 2,  ///< a few customers carry the number: fewer than ten degrees of freedom
  boundary = 4,       ///< the sample shows no variation (a rate of 0 or 1, for example); the interval is Wilson's
  capped = 8,         ///< a change was asked for that is larger than the row can give
};

[[nodiscard]] constexpr mark operator|(mark a, mark b) noexcept {
  return static_cast<mark>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
[[nodiscard]] constexpr mark operator&(mark a, mark b) noexcept {
  return static_cast<mark>(static_cast<std::uint8_t>(a) & static_cast<std::uint8_t>(b));
}
constexpr mark& operator|=(mark& a, mark b) noexcept { return a = a | b; }

/// True when `set` contains `one`.
[[nodiscard]] constexpr bool has(mark set, mark one) noexcept { return (set & one) == one; }

/// The marks as the column `marks` shows them: `few_customers,boundary`; empty when there is none.
[[nodiscard]] std::string to_text(mark set);

/// Lower and upper bound; both NaN when there is no interval.
struct interval {
  double lower = null_value;
  double upper = null_value;

  [[nodiscard]] bool is_null() const noexcept { return std::isnan(lower) || std::isnan(upper); }
  friend bool operator==(const interval&, const interval&) = default;
};

/// A number with its interval, the customers behind it and what to mind.
struct estimate {
  double value = null_value;
  double lower = null_value;
  double upper = null_value;
  double n = 0.0;
  mark marks = mark::none;

  [[nodiscard]] interval bounds() const noexcept { return {lower, upper}; }
  [[nodiscard]] bool is_null() const noexcept { return std::isnan(value); }
};

/// Wilson's score interval for a share.
///
/// Of n customers `successes` did something. The bounds stay within 0 and 1 and touch them only at 0 and n
/// successes. Null when n is 0.
/// Source: Wilson 1927, doi:10.1080/01621459.1927.10502953. Its exact coverage at n = 20 is .92 or more for
/// shares between .05 and .95.
/// \throws input_error when n is negative or `successes` lies outside 0 … n.
[[nodiscard]] interval wilson(double successes, double n, double z = z_95);

/// Wilson's interval for a share that is known to be worth `n_effective` independent observations.
///
/// `t` is the normal quantile, or the t quantile where the variance behind `n_effective` was itself estimated.
/// Null when `share` is null or `n_effective` is not positive.
[[nodiscard]] interval wilson_share(double share, double n_effective, double t = z_95) noexcept;

/// The interval of `first − second` for two independent shares or rates, from the interval of each.
///
/// Square-and-add: the distance from the difference to its lower bound is
/// √((first − lower1)² + (upper2 − second)²), and so on. Null when an input is null.
/// Source: Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, method 10; for any two
/// intervals Zou and Donner 2008, doi:10.1002/sim.3095.
[[nodiscard]] interval square_and_add(double first, interval first_bounds, double second,
                                      interval second_bounds) noexcept;

/// The interval of x1/n1 − x2/n2 for two independent groups of customers, by square-and-add of Wilson intervals.
/// \throws input_error as `wilson`.
[[nodiscard]] interval newcombe(double x1, double n1, double x2, double n2, double z = z_95);

/// `first − second` of independent groups, with its interval, the customers of both and the marks of both.
[[nodiscard]] estimate difference(const estimate& first, const estimate& second) noexcept;

/// The interval of the change of a share among the same customers: the share after minus the share before.
///
/// The customers are counted by when they belong: `both` before and after, `only_before`, `only_after`, `neither`.
///
/// Source: Newcombe 1998, doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C, method 10.
/// Null when there are no customers.
/// \throws input_error when a count is negative.
[[nodiscard]] interval newcombe_paired(double both, double only_before, double only_after, double neither,
                                       double z = z_95);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/statistics/intervals.ipp"
#endif
