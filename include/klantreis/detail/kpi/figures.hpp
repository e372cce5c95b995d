// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/kpi/frame.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/kpi/concentration.hpp"
#include "klantreis/statistics.hpp"

// From counted things to figures with intervals. A figure θ keeps the influence value of each customer, so that figures
// add, subtract, multiply and divide with the intervals of the result: ψ of a/b is (ψ_a − (a/b)·ψ_b)/b, and so on
// (the delta method, with customers as the independent units).

namespace klantreis::detail {

struct kpi_influence {
  std::uint32_t customer = 0;
  double psi = 0.0;
};

struct kpi_figure {
  estimate found = {};
  bool constant = false;   ///< a number of the expression itself
  bool aggregate = false;  ///< without customers
  bool linear = false;     ///< `influences` hold
  bool positive = true;    ///< cannot be negative
  int degree = 0;          ///< 1: grows with the number of customers (counts, sums); 0: does not (rates, means)
  std::vector<kpi_influence> influences = {};  ///< by customer, ascending
};

/// A measure in all rows of the result, or what the log lacks to measure it.
struct kpi_result {
  std::vector<kpi_figure> slots = {};
  std::string missing = {};
  quantity what = quantity::plain;
};

/// What one customer adds to one row.
struct customer_total {
  std::uint32_t customer = 0;
  double x = 0.0;
  double y = 0.0;
};

/// Units by slot: those of slot s are `units[begin[s], begin[s + 1])`, by customer.
struct slotted_units {
  std::vector<kpi_unit> units;
  std::vector<std::size_t> begin;

  slotted_units(std::vector<kpi_unit> found, std::size_t slots) : begin(slots + 1, 0) {
    for (const kpi_unit& unit : found) {
      ++begin[unit.slot + 1];
    }
    for (std::size_t slot = 0; slot < slots; ++slot) {
      begin[slot + 1] += begin[slot];
    }
    if (slots == 1) {
      units = std::move(found);
      return;
    }
    units.resize(found.size());
    std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
    for (const kpi_unit& unit : found) {
      units[next[unit.slot]++] = unit;
    }
  }

  [[nodiscard]] std::span<const kpi_unit> of(std::size_t slot) const noexcept {
    return std::span{units}.subspan(begin[slot], begin[slot + 1] - begin[slot]);
  }
};

[[nodiscard]] inline std::vector<customer_total> customer_totals(std::span<const kpi_unit> units) {
  std::vector<customer_total> totals;
  for (const kpi_unit& unit : units) {
    if (totals.empty() || totals.back().customer != unit.customer) {
      totals.push_back({unit.customer, 0.0, 0.0});
    }
    totals.back().x += unit.x;
    totals.back().y += unit.y;
  }
  return totals;
}

/// A count or a sum: exact, without interval.
[[nodiscard]] inline kpi_figure total_figure(std::span<const kpi_unit> units) {
  kpi_figure figure;
  figure.linear = true;
  figure.degree = 1;
  figure.found.value = 0.0;
  for (const customer_total& total : customer_totals(units)) {
    figure.found.value += total.x;
    figure.positive = figure.positive && total.x >= 0.0;
    figure.influences.push_back({total.customer, total.x});
  }
  figure.found.n = static_cast<double>(figure.influences.size());
  return figure;
}

/// Σx/Σy of customers' totals, `x` among `y` where it is a share.
[[nodiscard]] inline kpi_figure ratio_figure(std::span<const kpi_unit> units, bool share,
                                             const interval_options& options) {
  kpi_figure figure;
  figure.linear = true;
  const std::vector<customer_total> totals = customer_totals(units);
  double x = 0.0;
  double y = 0.0;
  bool single = true;
  visit_moments visits;
  event_moments events;
  for (const customer_total& total : totals) {
    x += total.x;
    y += total.y;
    single = single && total.y == 1.0 && (total.x == 0.0 || total.x == 1.0);
    figure.positive = figure.positive && total.x >= 0.0;
    visits.add(total.y);
    events.add(total.x, total.y);
  }
  figure.found.n = static_cast<double>(totals.size());
  if (!(y > 0.0)) {
    if (figure.found.n < options.min_n) {
      figure.found.marks |= mark::few_customers;
    }
    return figure;
  }
  const double ratio = x / y;
  influence_sum influence;
  for (const customer_total& total : totals) {
    const double psi = (total.x - ratio * total.y) / y;
    influence.add(psi);
    figure.influences.push_back({total.customer, psi});
  }
  if (share && single) {
    // Customers who count once each are shares of customers; nothing has to be estimated but the share.
    figure.found = share_of_customers(static_cast<std::uint64_t>(x), totals.size(), options);
  } else if (share) {
    figure.found = rate_interval(visits, events, options);
  } else {
    figure.found =
        figure.positive ? influence.log_interval(ratio, {}, options) : influence.plain_interval(ratio, options);
  }
  return figure;
}

/// 100 × (promoters − detractors) / answers; x is 1, 0 or −1 and y is 1 for each answer.
///
/// Where each customer answered once the variance is that of one draw from three classes, (p + d − (p − d)²)/n; where
/// all are alike, the bounds are those that Wilson's interval of the share of one class leaves.
[[nodiscard]] inline kpi_figure nps_figure(std::span<const kpi_unit> units, const interval_options& options) {
  kpi_figure figure = ratio_figure(units, false, options);
  const std::vector<customer_total> totals = customer_totals(units);
  figure.positive = false;
  for (kpi_influence& influence : figure.influences) {
    influence.psi *= 100.0;
  }
  estimate& found = figure.found;
  if (found.is_null()) {
    return figure;
  }
  const double score = std::accumulate(totals.begin(), totals.end(), 0.0,
                                       [](double sum, const customer_total& total) { return sum + total.x; }) /
                       std::accumulate(totals.begin(), totals.end(), 0.0,
                                       [](double sum, const customer_total& total) { return sum + total.y; });
  const bool single = std::all_of(totals.begin(), totals.end(), [](const auto& total) { return total.y == 1.0; });
  const bool alike = std::all_of(units.begin(), units.end(), [&](const auto& unit) { return unit.x == units[0].x; });
  const double n = found.n;
  const double z = normal_critical(options.level);
  double lower = 0.0;
  double upper = 0.0;
  mark marks = n < options.min_n ? mark::few_customers : mark::none;
  if (alike) {
    const double other = wilson(0.0, n, z).upper;
    lower = score > 0.0 ? 1.0 - 2.0 * other : score < 0.0 ? -1.0 : -other;
    upper = score > 0.0 ? 1.0 : score < 0.0 ? -1.0 + 2.0 * other : other;
    marks |= mark::boundary;
  } else if (single) {
    double taken = 0.0;
    for (const customer_total& total : totals) {
      taken += total.x * total.x;
    }
    const double error = std::sqrt((std::max)(0.0, taken / n - score * score) / n);
    lower = score - z * error;
    upper = score + z * error;
  } else {
    influence_sum influence;
    for (const kpi_influence& one : figure.influences) {
      influence.add(one.psi / 100.0);
    }
    const estimate plain = influence.plain_interval(score, options);
    lower = plain.lower;
    upper = plain.upper;
    marks = plain.marks;
  }
  found.value = 100.0 * score;
  found.lower = std::isnan(lower) ? lower : 100.0 * (std::max)(-1.0, lower);
  found.upper = std::isnan(upper) ? upper : 100.0 * (std::min)(1.0, upper);
  found.marks = marks;
  return figure;
}

/// The quantile of the units' x.
[[nodiscard]] inline kpi_figure quantile_figure(std::span<const kpi_unit> units, double q,
                                                const interval_options& options) {
  std::vector<double> values;
  std::vector<std::uint32_t> customers;
  values.reserve(units.size());
  customers.reserve(units.size());
  for (const kpi_unit& unit : units) {
    values.push_back(unit.x);
    customers.push_back(unit.customer);
  }
  kpi_figure figure;
  figure.found = quantile_interval(values, customers, q, options);
  figure.positive = std::all_of(values.begin(), values.end(), [](double value) { return value >= 0.0; });
  return figure;
}

/// A number of the expression, or of aggregates.
[[nodiscard]] inline kpi_figure constant_figure(double value) {
  kpi_figure figure;
  figure.constant = true;
  figure.linear = true;
  figure.positive = value >= 0.0;
  figure.found.value = value;
  return figure;
}

[[nodiscard]] inline double apply_operator(char operation, double a, double b) noexcept {
  switch (operation) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    default:
      return b == 0.0 ? null_value : a / b;
  }
}

/// A figure and a fixed number: the bounds move as the value does.
[[nodiscard]] inline kpi_figure with_number(char operation, const kpi_figure& a, const kpi_figure& b) {
  const bool left = !a.constant;
  kpi_figure result = left ? a : b;
  const double value = result.found.value;
  const double number = left ? b.found.value : a.found.value;
  const auto apply = [&](double x) {
    return left ? apply_operator(operation, x, number) : apply_operator(operation, number, x);
  };
  const double lower = apply(result.found.lower);
  const double upper = apply(result.found.upper);
  const bool split = !left && operation == '/' && result.found.lower <= 0.0 && result.found.upper >= 0.0;
  result.found.value = apply(value);
  result.found.lower = split ? null_value : (std::min)(lower, upper);
  result.found.upper = split ? null_value : (std::max)(lower, upper);
  if (std::isnan(lower) || std::isnan(upper)) {
    result.found.lower = null_value;
    result.found.upper = null_value;
  }
  double slope = 1.0;
  switch (operation) {
    case '+':
      break;
    case '-':
      slope = left ? 1.0 : -1.0;
      break;
    case '*':
      slope = number;
      break;
    default:
      slope = left ? 1.0 / number : -number / (value * value);
  }
  for (kpi_influence& influence : result.influences) {
    influence.psi *= slope;
  }
  result.positive = result.positive && number >= 0.0 && operation != '-';
  if (operation == '+' || operation == '-') {
    result.linear = result.linear && result.degree == 0;
  } else if (operation == '/' && !left) {
    result.degree = -result.degree;
  }
  return result;
}

/// Two figures with an operator between them.
[[nodiscard]] inline kpi_figure combined(char operation, const kpi_figure& a, const kpi_figure& b,
                                         const interval_options& options) {
  if (a.constant && b.constant) {
    kpi_figure result = constant_figure(apply_operator(operation, a.found.value, b.found.value));
    result.aggregate = a.aggregate || b.aggregate;
    return result;
  }
  if (a.constant != b.constant) {
    kpi_figure result = with_number(operation, a, b);
    // What happened without customers has chance of its own, which nobody knows.
    if (a.aggregate || b.aggregate) {
      result.found.lower = null_value;
      result.found.upper = null_value;
      result.linear = false;
      result.aggregate = true;
    }
    return result;
  }
  kpi_figure result;
  const double x = a.found.value;
  const double y = b.found.value;
  result.found.value = apply_operator(operation, x, y);
  result.aggregate = a.aggregate || b.aggregate;
  result.positive = a.positive && b.positive && operation != '-';
  const bool product = operation == '*' || operation == '/';
  result.degree = operation == '*' ? a.degree + b.degree : operation == '/' ? a.degree - b.degree : a.degree;
  result.linear = a.linear && b.linear && (product || a.degree == b.degree);
  double slope_a = 1.0;
  double slope_b = operation == '-' ? -1.0 : 1.0;
  if (operation == '*') {
    slope_a = y;
    slope_b = x;
  } else if (operation == '/') {
    slope_a = 1.0 / y;
    slope_b = -x / (y * y);
  }
  influence_sum influence;
  auto left = a.influences.begin();
  auto right = b.influences.begin();
  while (left != a.influences.end() || right != b.influences.end()) {
    const bool take_left =
        right == b.influences.end() || (left != a.influences.end() && left->customer <= right->customer);
    const bool take_right =
        left == a.influences.end() || (right != b.influences.end() && right->customer <= left->customer);
    kpi_influence one;
    one.customer = take_left ? left->customer : right->customer;
    one.psi = (take_left ? slope_a * left->psi : 0.0) + (take_right ? slope_b * right->psi : 0.0);
    left += take_left ? 1 : 0;
    right += take_right ? 1 : 0;
    influence.add(one.psi);
    result.influences.push_back(one);
  }
  const double n = (std::max)(static_cast<double>(result.influences.size()), (std::max)(a.found.n, b.found.n));
  if (result.linear && result.degree == 0 && !result.aggregate && !std::isnan(result.found.value)) {
    const double value = result.found.value;
    result.found =
        result.positive ? influence.log_interval(value, {}, options) : influence.plain_interval(value, options);
  }
  result.found.n = n;
  if (n < options.min_n && result.degree == 0) {
    result.found.marks |= mark::few_customers;
  }
  return result;
}

}  // namespace klantreis::detail
