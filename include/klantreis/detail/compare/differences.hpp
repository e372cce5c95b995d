// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
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

/// Events among visits of a group, and the customers who visited.
struct rate_counts {
  double events = 0.0;
  double visits = 0.0;
  double customers = 0.0;
};

/// The test of homogeneity of a row with two destinations, from the variance of the difference of the rates; ν are the
/// degrees of freedom of that variance. Null where the variance is.
[[nodiscard]] inline double two_rates_p(const rate_counts& a, const rate_counts& b, double variance, double nu) {
  const double pooled = (a.events + b.events) / (a.visits + b.visits);
  if (std::isnan(pooled) || std::isnan(variance) || !(nu > 0.0)) {
    return null_value;
  }
  const auto g2 = [](double x1, double n1, double x2, double n2) {
    double sum = 0.0;
    const double all = n1 + n2;
    const auto term = [&](double x, double n, double total) {
      return x > 0.0 ? x * std::log(x * all / (n * total)) : 0.0;
    };
    sum += term(x1, n1, x1 + x2) + term(n1 - x1, n1, all - x1 - x2);
    sum += term(x2, n2, x1 + x2) + term(n2 - x2, n2, all - x1 - x2);
    return (std::max)(0.0, 2.0 * sum);
  };
  if (pooled == 0.0 || pooled == 1.0) {
    return 1.0;
  }
  const double likelihood = g2(a.events, a.visits, b.events, b.visits);
  const double delta = a.visits * b.visits / (a.visits + b.visits) * variance / (pooled * (1.0 - pooled));
  if (delta > 1e-12) {
    return f_tail(likelihood / delta, 1.0, nu);
  }
  // Every customer is like the group: what is left to chance is which customers there are.
  return chi_squared_tail(
      g2(a.events / a.visits * a.customers, a.customers, b.events / b.visits * b.customers, b.customers), 1.0);
}

/// The difference of the rates of separate customers.
inline void separate_change(compared_rate& row, const influence_sum& first, const rate_counts& a,
                            const influence_sum& second, const rate_counts& b) {
  row.change = difference(row.second, row.first);
  row.p = two_rates_p(a, b, first.variance() + second.variance(), a.customers + b.customers - 2.0);
}

/// The difference of the rates of customers of whom some are in both groups, from ψ of the second less that of the
/// first.
inline void matched_change(compared_rate& row, const influence_sum& psi, const rate_counts& a, const rate_counts& b,
                           const interval_options& options) {
  row.change = psi.plain_interval(row.second.value - row.first.value, options);
  row.change.marks |= row.first.marks | row.second.marks;
  row.p = two_rates_p(a, b, psi.variance(), psi.customers() - 1.0);
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
[[nodiscard]] std::vector<double> number_column(const Rows& rows, Number&& number) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const auto& row : rows) {
    values.push_back(number(row));
  }
  return values;
}

template <typename Rows, typename Count>
[[nodiscard]] std::vector<std::int64_t> count_of_rows(const Rows& rows, Count&& count) {
  std::vector<std::int64_t> values;
  values.reserve(rows.size());
  for (const auto& row : rows) {
    values.push_back(static_cast<std::int64_t>(std::llround(count(row))));
  }
  return values;
}

template <typename Rows, typename Text>
[[nodiscard]] std::vector<std::string> text_column(const Rows& rows, Text&& text) {
  std::vector<std::string> values;
  values.reserve(rows.size());
  for (const auto& row : rows) {
    values.push_back(std::string{text(row)});
  }
  return values;
}

/// `first …, second …, difference, lower, upper, p, p_adjusted, n_first, n_second, marks`, adjusted over all rows.
inline void add_differences(table& result, const std::vector<compared_rate>& rows) {
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
  const std::vector<double> p = number_column(rows, [](const compared_rate& row) { return row.p; });
  result.add("p", p);
  result.add("p_adjusted", holm(p));
  result.add("n_first", count_of_rows(rows, [](const compared_rate& row) { return row.first.n; }), quantity::count);
  result.add("n_second", count_of_rows(rows, [](const compared_rate& row) { return row.second.n; }), quantity::count);
  result.add("marks", text_column(rows, [](const compared_rate& row) { return to_text(row.change.marks); }));
}

/// Small p first, nulls last.
[[nodiscard]] inline bool before_by_p(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

}  // namespace klantreis::detail
