// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

// Differences of two rates with their test, and columns to put them in.

namespace klantreis::detail {

/// One quantity in two groups: `second − first` in `change`.
struct compared_rate {
  std::string rate = {};
  std::string from = {};
  std::string to = {};
  estimate first = {};
  estimate second = {};
  estimate change = {};
  double p = null_value;
  influence_sum second_sum = {};  ///< what the interval of `second` was made of
};

/// Customers of whom some did something, each counted once.
[[nodiscard]] inline rate_moments share_moments(double came, double all) {
  return {.visits = {all, all, all, all}, .events = {came, came, came, came, came, came, came}};
}

/// The difference of the rates of separate customers.
inline void separate_change(compared_rate& row, const rate_moments& first, const rate_moments& second) {
  row.change = difference(row.second, row.first);
  row.p = rate_difference_p(first, second);
}

/// The difference of the rates of customers of whom some are in both groups, from ψ of the second less that of the
/// first. A group that does not show how its customers vary is compared as if they were others.
inline void matched_change(compared_rate& row, const influence_sum& psi, const rate_moments& first,
                           const rate_moments& second, const interval_options& options) {
  const bool few = (std::min)(first.visits.customers, second.visits.customers) < least_customers_of_variance;
  if (few || has(row.first.marks | row.second.marks, mark::boundary)) {
    row.change = difference(row.second, row.first);
    row.change.n = psi.customers();
  } else {
    row.change = psi.plain_interval(row.second.value - row.first.value, options);
    row.change.marks |= row.first.marks | row.second.marks;
  }
  row.p = rate_difference_p(first, second, psi.variance(), psi.customers());
}

/// Plain interval and t test of a difference whose variance and degrees of freedom are known.
inline void plain_change(compared_rate& row, double value, double variance, const influence_sum& pooled,
                         const interval_options& options) {
  row.change = pooled.plain_interval(value, options);
  if (!row.change.bounds().is_null()) {
    const double df = pooled.degrees_of_freedom();
    const double half = t_critical(options.level, df) * std::sqrt(variance);
    row.change.lower = value - half;
    row.change.upper = value + half;
    row.p = t_two_sided(value / std::sqrt(variance), df);
  } else if (value == 0.0) {
    row.p = 1.0;
  }
}

/// The columns of an estimate under a name: `first, first_lower, first_upper`.
inline void add_estimates(table& result, const std::string& name, const std::vector<estimate>& rows,
                          quantity what = quantity::share, bool plain_bounds = false) {
  std::vector<double> value;
  std::vector<double> lower;
  std::vector<double> upper;
  for (const estimate& row : rows) {
    value.push_back(row.value);
    lower.push_back(row.lower);
    upper.push_back(row.upper);
  }
  result.add(name, std::move(value), what);
  result.add(plain_bounds ? "lower" : name + "_lower", std::move(lower), what);
  result.add(plain_bounds ? "upper" : name + "_upper", std::move(upper), what);
}

/// The column of numbers that `number(row)` gives.
template <typename Rows, typename Number>
[[nodiscard]] std::vector<double> column_of_numbers(const Rows& rows, Number&& number) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const auto& row : rows) {
    values.push_back(number(row));
  }
  return values;
}

template <typename Rows, typename Count>
[[nodiscard]] std::vector<std::int64_t> column_of_counts(const Rows& rows, Count&& count) {
  std::vector<std::int64_t> values;
  values.reserve(rows.size());
  for (const auto& row : rows) {
    values.push_back(static_cast<std::int64_t>(std::llround(count(row))));
  }
  return values;
}

template <typename Rows, typename Text>
[[nodiscard]] std::vector<std::string> column_of_texts(const Rows& rows, Text&& text) {
  std::vector<std::string> values;
  values.reserve(rows.size());
  for (const auto& row : rows) {
    values.push_back(std::string{text(row)});
  }
  return values;
}

/// `first …, second …, difference, lower, upper, p, p_adjusted, n_first, n_second, marks`, adjusted over all rows.
inline void add_differences(table& result, const std::vector<compared_rate>& rows,
                            std::vector<double> (*adjust)(std::span<const double>) = holm) {
  std::vector<estimate> first;
  std::vector<estimate> second;
  std::vector<estimate> change;
  for (const compared_rate& row : rows) {
    first.push_back(row.first);
    second.push_back(row.second);
    change.push_back(row.change);
  }
  add_estimates(result, "first", first);
  add_estimates(result, "second", second);
  add_estimates(result, "difference", change, quantity::share, true);
  const std::vector<double> p = column_of_numbers(rows, [](const compared_rate& row) { return row.p; });
  result.add("p", p);
  result.add("p_adjusted", adjust(p));
  result.add("n_first", column_of_counts(rows, [](const compared_rate& row) { return row.first.n; }), quantity::count);
  result.add("n_second", column_of_counts(rows, [](const compared_rate& row) { return row.second.n; }),
             quantity::count);
  result.add("marks", column_of_texts(rows, [](const compared_rate& row) { return to_text(row.change.marks); }));
}

/// Small p first, nulls last.
[[nodiscard]] inline bool before_by_p(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

}  // namespace klantreis::detail
