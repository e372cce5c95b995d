// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "klantreis/detail/statistics/quantiles.ipp"
#include "klantreis/statistics/influence.hpp"

namespace klantreis {
namespace detail {

using plain_double = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

inline void check_level(double level) {
  if (!(level > 0.0 && level < 1.0)) {
    throw input_error("level is " + std::to_string(level) + "; it must lie between 0 and 1, for example 0.95");
  }
}

inline double t_quantile(double p, double df) {
  return boost::math::quantile(boost::math::students_t_distribution<double, plain_double>(df), p);
}

// ln t as a function of 1/df is smooth on the whole of [0, 1], the normal distribution included: 32 terms give 1e-14.
class t_series {
 public:
  explicit t_series(double level) {
    const double p = 0.5 + 0.5 * level;
    std::array<double, terms> values{};
    for (std::size_t k = 0; k < terms; ++k) {
      values[k] = std::log(t_quantile(p, 2.0 / (1.0 + std::cos(angle(k)))));
    }
    for (std::size_t j = 0; j < terms; ++j) {
      double sum = 0.0;
      for (std::size_t k = 0; k < terms; ++k) {
        sum += values[k] * std::cos(static_cast<double>(j) * angle(k));
      }
      coefficients_[j] = 2.0 * sum / static_cast<double>(terms);
    }
  }

  [[nodiscard]] double operator()(double df) const noexcept {
    const double x = 2.0 / df - 1.0;
    double next = 0.0;
    double after = 0.0;
    for (std::size_t j = terms - 1; j > 0; --j) {
      const double current = 2.0 * x * next - after + coefficients_[j];
      after = next;
      next = current;
    }
    return std::exp(x * next - after + 0.5 * coefficients_[0]);
  }

 private:
  static constexpr std::size_t terms = 32;

  static double angle(std::size_t k) {
    return std::numbers::pi * (static_cast<double>(k) + 0.5) / static_cast<double>(terms);
  }

  std::array<double, terms> coefficients_{};
};

// Smaller relative standard errors than this are rounding: 1e24 customers would be needed to reach it.
inline constexpr double no_variation = 1e-12;

}  // namespace detail

KLANTREIS_INLINE double normal_quantile(double p) {
  detail::check_level(p);
  return boost::math::quantile(boost::math::normal_distribution<double, detail::plain_double>(), p);
}

KLANTREIS_INLINE double normal_critical(double level) {
  detail::check_level(level);
  return level == 0.95 ? z_95 : normal_quantile(0.5 + 0.5 * level);
}

KLANTREIS_INLINE double t_critical(double level, double df) {
  detail::check_level(level);
  if (!(df >= 1.0)) {
    throw input_error("the degrees of freedom are " + std::to_string(df) + "; at least 1 are needed");
  }
  if (level == 0.95) {
    static const detail::t_series series(0.95);
    return series(df);
  }
  return std::isinf(df) ? normal_critical(level) : detail::t_quantile(0.5 + 0.5 * level, df);
}

KLANTREIS_INLINE double influence_sum::variance() const noexcept {
  return customers_ > 1.0 ? sum2_ * customers_ / (customers_ - 1.0) : null_value;
}

KLANTREIS_INLINE double influence_sum::standard_error() const noexcept { return std::sqrt(variance()); }

KLANTREIS_INLINE double influence_sum::degrees_of_freedom() const noexcept {
  const double most = (std::max)(1.0, customers_ - 1.0);
  const double spread = sum4_ - sum2_ * sum2_ / customers_;
  if (!(spread > 0.0)) {
    return most;
  }
  return (std::max)(1.0, (std::min)(most, 2.0 * sum2_ * sum2_ / spread));
}

KLANTREIS_INLINE bool influence_sum::varies(double theta) const noexcept {
  const double least = detail::no_variation * std::abs(theta);
  return customers_ > 1.0 && sum2_ > 0.0 && sum2_ > least * least;
}

KLANTREIS_INLINE estimate influence_sum::begin(double theta, const interval_options& options) const noexcept {
  estimate result{.value = theta, .n = customers_};
  if (customers_ < options.min_n) {
    result.marks |= mark::few_customers;
  }
  return result;
}

KLANTREIS_INLINE estimate influence_sum::prob_interval(double theta, double fallback_n,
                                                       const interval_options& options) const {
  if (theta < -detail::no_variation || theta > 1.0 + detail::no_variation) {
    return plain_interval(theta, options);
  }
  estimate result = begin(std::isnan(theta) ? theta : std::clamp(theta, 0.0, 1.0), options);
  theta = result.value;
  if (std::isnan(theta)) {
    return result;
  }
  interval bounds;
  if (theta == 0.0 || theta == 1.0 || !varies(theta)) {
    bounds = wilson_share(theta, fallback_n, normal_critical(options.level));
    result.marks |= mark::boundary;
  } else {
    const double df = degrees_of_freedom();
    bounds = wilson_share(theta, theta * (1.0 - theta) / variance(), t_critical(options.level, df));
    if (df < options.min_df) {
      result.marks |= mark::few_effective;
    }
  }
  result.lower = bounds.lower;
  result.upper = bounds.upper;
  return result;
}

KLANTREIS_INLINE estimate influence_sum::log_interval(double theta, const amount_fallback& fallback,
                                                      const interval_options& options) const {
  if (theta < 0.0) {
    return plain_interval(theta, options);
  }
  estimate result = begin(theta, options);
  if (std::isnan(theta)) {
    return result;
  }
  if (theta == 0.0 || !varies(theta)) {
    const double share = fallback.scale > 0.0 ? (std::min)(1.0, theta / fallback.scale) : null_value;
    const interval bounds = wilson_share(share, fallback.n, normal_critical(options.level));
    result.lower = fallback.scale * bounds.lower;
    result.upper = fallback.scale * bounds.upper;
    result.marks |= mark::boundary;
    return result;
  }
  const double df = degrees_of_freedom();
  const double factor = std::exp(t_critical(options.level, df) * standard_error() / theta);
  result.lower = theta / factor;
  result.upper = theta * factor;
  if (df < options.min_df) {
    result.marks |= mark::few_effective;
  }
  return result;
}

KLANTREIS_INLINE estimate influence_sum::plain_interval(double theta, const interval_options& options) const {
  estimate result = begin(theta, options);
  if (std::isnan(theta)) {
    return result;
  }
  if (!varies(theta)) {
    result.marks |= mark::boundary;
    return result;
  }
  const double df = degrees_of_freedom();
  const double half = t_critical(options.level, df) * standard_error();
  result.lower = theta - half;
  result.upper = theta + half;
  if (df < options.min_df) {
    result.marks |= mark::few_effective;
  }
  return result;
}

namespace detail {

// The visits that are no events, in whole numbers and so without rounding.
inline event_moments complement(const visit_moments& row, const event_moments& cell) noexcept {
  event_moments rest;
  rest.e = row.v - cell.e;
  rest.e2 = row.v2 - 2.0 * cell.ev + cell.e2;
  rest.ev = row.v2 - cell.ev;
  rest.e4 = row.v4 - 4.0 * cell.ev3 + 6.0 * cell.e2v2 - 4.0 * cell.e3v + cell.e4;
  rest.e3v = row.v4 - 3.0 * cell.ev3 + 3.0 * cell.e2v2 - cell.e3v;
  rest.e2v2 = row.v4 - 2.0 * cell.ev3 + cell.e2v2;
  rest.ev3 = row.v4 - cell.ev3;
  return rest;
}

}  // namespace detail

KLANTREIS_INLINE influence_sum rate_influence(const visit_moments& row, const event_moments& cell) noexcept {
  // Events in proportion to visits leave no variation at all. By Cauchy and Schwarz that is (Σev)² = Σe²·Σv², decided
  // without rounding: fma gives the part of each product that does not fit.
  const double square = cell.ev * cell.ev;
  const double product = cell.e2 * row.v2;
  if (square == product && std::fma(cell.ev, cell.ev, -square) == std::fma(cell.e2, row.v2, -product)) {
    return {row.customers, 0.0, 0.0, 0.0};
  }
  if (2.0 * cell.e > row.v) {
    // ψ only changes its sign, and the sums below lose no digits when the rate is small.
    return rate_influence(row, detail::complement(row, cell));
  }
  const double p = cell.e / row.v;
  const double v2 = row.v * row.v;
  const double sum2 = (cell.e2 - p * (2.0 * cell.ev - p * row.v2)) / v2;
  const double sum4 =
      (cell.e4 - p * (4.0 * cell.e3v - p * (6.0 * cell.e2v2 - p * (4.0 * cell.ev3 - p * row.v4)))) / (v2 * v2);
  return {row.customers, 0.0, (std::max)(0.0, sum2), (std::max)(0.0, sum4)};
}

KLANTREIS_INLINE estimate rate_interval(const visit_moments& row, const event_moments& cell,
                                        const interval_options& options) {
  const double rate = row.v > 0.0 ? cell.e / row.v : null_value;
  return rate_influence(row, cell).prob_interval(rate, row.customers, options);
}

KLANTREIS_INLINE estimate quantile_interval(std::span<const double> values, std::span<const std::uint32_t> customers,
                                            double q, const interval_options& options) {
  detail::check_quantile(q);
  if (values.size() != customers.size()) {
    throw input_error("there are " + std::to_string(values.size()) + " values but " + std::to_string(customers.size()) +
                      " customers; give each value its customer");
  }
  std::vector<std::size_t> order;
  order.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) {
      order.push_back(i);
    }
  }
  if (order.empty()) {
    return {.marks = mark::few_customers};
  }
  const auto by_customer = [&](std::size_t a, std::size_t b) { return customers[a] < customers[b]; };
  if (!std::is_sorted(order.begin(), order.end(), by_customer)) {
    std::stable_sort(order.begin(), order.end(), by_customer);
  }
  std::vector<double> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order) {
    sorted.push_back(values[i]);
  }
  const double theta = quantile(sorted, q);

  // Half of the values that equal the quantile count as below it.
  const auto below = [theta](double value) { return value < theta ? 1.0 : value == theta ? 0.5 : 0.0; };
  const auto size = static_cast<double>(order.size());
  double mean = 0.0;
  for (const double value : sorted) {
    mean += below(value) / size;
  }
  influence_sum sum;
  for (std::size_t i = 0; i < order.size();) {
    const std::uint32_t customer = customers[order[i]];
    double psi = 0.0;
    for (; i < order.size() && customers[order[i]] == customer; ++i) {
      psi += below(values[order[i]]) - mean;
    }
    sum.add(psi / size);
  }

  interval_options marks = options;
  if (q < 0.2 || q > 0.8) {
    marks.min_n = (std::max)(marks.min_n, 100.0);
  }
  // The share is `q` by definition; its spread is that of the share below the quantile, and never less than that of
  // independent values.
  estimate result{.value = theta, .n = sum.customers()};
  interval share;
  if (q == 0.0 || q == 1.0) {
    result.marks |= mark::boundary;
  } else if (sum.customers() > 1.0 && sum.sum2() > detail::no_variation * detail::no_variation) {
    const double df = sum.degrees_of_freedom();
    share = wilson_share(q, (std::min)(q * (1.0 - q) / sum.variance(), size), t_critical(options.level, df));
    result.marks |= df < options.min_df ? mark::few_effective : mark::none;
  } else {
    share = wilson_share(q, sum.customers(), normal_critical(options.level));
    result.marks |= mark::boundary;
  }
  result.marks |= sum.customers() < marks.min_n ? mark::few_customers : mark::none;

  if (share.is_null()) {
    return result;
  }
  // The tolerance keeps a share that is a whole number of values, but for rounding, on that value.
  const auto order_statistic = [&](double rank) {
    const auto index = static_cast<std::size_t>(std::clamp(rank, 0.0, size - 1.0));
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(index);
    std::nth_element(sorted.begin(), at, sorted.end());
    return *at;
  };
  result.lower = order_statistic(std::ceil(share.lower * size - 1e-9) - 1.0);
  result.upper = order_statistic(std::floor(share.upper * size + 1e-9));
  return result;
}

}  // namespace klantreis
