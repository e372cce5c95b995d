// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "klantreis/statistics/tests.hpp"

namespace klantreis {
namespace detail {

using test_precision = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

inline void check_degrees(double df) {
  if (!(df > 0.0)) {
    throw input_error("the degrees of freedom are " + std::to_string(df) + "; they must be more than 0");
  }
}

/// The counts of one group: rows of customers, each with its destinations, and the totals.
class group_counts {
 public:
  group_counts(std::span<const destination_count> counts, std::map<std::uint32_t, std::size_t>& columns) {
    for (const destination_count& one : counts) {
      if (!(one.count >= 0.0) || std::isinf(one.count)) {
        throw input_error("the count of a customer is " + std::to_string(one.count) +
                          "; it must be a number of 0 or more");
      }
      if (one.count > 0.0) {
        sorted_.push_back(one);
        columns.emplace(one.destination, 0);
      }
    }
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [](const destination_count& a, const destination_count& b) { return a.customer < b.customer; });
  }

  void finish(const std::map<std::uint32_t, std::size_t>& columns) {
    shares.assign(columns.size(), 0.0);
    for (destination_count& one : sorted_) {
      one.destination = static_cast<std::uint32_t>(columns.at(one.destination));
      shares[one.destination] += one.count;
      visits += one.count;
    }
    for (double& share : shares) {
      share /= visits;
    }
    customers = 0.0;
    for (std::size_t at = 0; at < sorted_.size(); at = end_of(at)) {
      customers += 1.0;
    }
  }

  /// False where the customers are too few, or too much alike, to tell how customers vary.
  [[nodiscard]] bool shows_variance() const {
    if (customers < least_customers_of_variance) {
      return false;
    }
    double squares = 0.0;
    double sum = 0.0;
    for (const double share : shares) {
      squares += share * share;
    }
    for (std::size_t at = 0; at < sorted_.size();) {
      const std::size_t end = end_of(at);
      double own = 0.0;
      double count = 0.0;
      for (const destination_count& one : entries(at, end)) {
        count += one.count;
      }
      for (const destination_count& one : entries(at, end)) {
        own += one.count * (one.count - 2.0 * count * shares[one.destination]);
      }
      sum += own + count * count * squares;
      at = end;
    }
    return sum > 1e-9 * visits;
  }

  [[nodiscard]] bool empty() const noexcept { return sorted_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return sorted_.size(); }
  [[nodiscard]] std::uint32_t customer(std::size_t at) const noexcept {
    return at < sorted_.size() ? sorted_[at].customer : (std::numeric_limits<std::uint32_t>::max)();
  }
  [[nodiscard]] std::size_t end_of(std::size_t at) const noexcept {
    std::size_t end = at;
    while (end < sorted_.size() && sorted_[end].customer == sorted_[at].customer) {
      ++end;
    }
    return end;
  }
  [[nodiscard]] std::span<const destination_count> entries(std::size_t begin, std::size_t end) const noexcept {
    return std::span{sorted_}.subspan(begin, end - begin);
  }

  std::vector<double> shares;
  double visits = 0.0;
  double customers = 0.0;

 private:
  std::vector<destination_count> sorted_;
};

/// Σ ψψᵀ over customers, where ψ = s + α p₁ + β p₂ with s sparse: the sums that it takes apart into.
class spread_sum {
 public:
  explicit spread_sum(std::size_t size) : size_(size), ss_(size * size), as_(size), bs_(size) {}

  void add(std::span<const std::pair<std::size_t, double>> sparse, double alpha, double beta) {
    for (const auto& [j, x] : sparse) {
      for (const auto& [l, y] : sparse) {
        ss_[j * size_ + l] += x * y;
      }
      as_[j] += alpha * x;
      bs_[j] += beta * x;
    }
    aa_ += alpha * alpha;
    ab_ += alpha * beta;
    bb_ += beta * beta;
  }

  /// Adds `factor` times the sum to `total`.
  void add_to(std::vector<double>& total, double factor, const std::vector<double>& first,
              const std::vector<double>& second) const {
    for (std::size_t j = 0; j < size_; ++j) {
      for (std::size_t l = 0; l < size_; ++l) {
        total[j * size_ + l] +=
            factor * (ss_[j * size_ + l] + as_[j] * first[l] + as_[l] * first[j] + bs_[j] * second[l] +
                      bs_[l] * second[j] + aa_ * first[j] * first[l] + bb_ * second[j] * second[l] +
                      ab_ * (first[j] * second[l] + first[l] * second[j]));
      }
    }
  }

 private:
  std::size_t size_;
  std::vector<double> ss_;
  std::vector<double> as_;
  std::vector<double> bs_;
  double aa_ = 0.0;
  double ab_ = 0.0;
  double bb_ = 0.0;
};

inline double small_sample(double customers) { return customers > 1.0 ? customers / (customers - 1.0) : 1.0; }

/// The part of one group in W: of separate customers, from their own counts.
inline void add_own_covariance(const group_counts& group, std::vector<double>& total) {
  spread_sum sum(group.shares.size());
  std::vector<std::pair<std::size_t, double>> sparse;
  for (std::size_t at = 0; at < group.size();) {
    const std::size_t end = group.end_of(at);
    double visits = 0.0;
    sparse.clear();
    for (const destination_count& one : group.entries(at, end)) {
      sparse.emplace_back(one.destination, one.count / group.visits);
      visits += one.count;
    }
    sum.add(sparse, -visits / group.visits, 0.0);
    at = end;
  }
  sum.add_to(total, small_sample(group.customers), group.shares, group.shares);
}

/// The same of a group that does not show how customers vary: as if all visits of a customer went to one destination,
/// drawn from the shares of both groups.
inline void add_supposed_covariance(const group_counts& group, const std::vector<double>& pooled,
                                    std::vector<double>& total) {
  double squares = 0.0;
  for (std::size_t at = 0; at < group.size();) {
    const std::size_t end = group.end_of(at);
    double visits = 0.0;
    for (const destination_count& one : group.entries(at, end)) {
      visits += one.count;
    }
    squares += visits * visits;
    at = end;
  }
  const double each = squares / (group.visits * group.visits);
  for (std::size_t j = 0; j < pooled.size(); ++j) {
    for (std::size_t l = 0; l < pooled.size(); ++l) {
      total[j * pooled.size() + l] += each * ((j == l ? pooled[j] : 0.0) - pooled[j] * pooled[l]);
    }
  }
}

/// W of two groups in which equal customer numbers are the same customer; the customers behind it in `customers`.
inline std::vector<double> matched_covariance(const group_counts& first, const group_counts& second,
                                              double& customers) {
  const std::size_t size = first.shares.size();
  std::vector<double> total(size * size);
  std::vector<std::pair<std::size_t, double>> sparse;
  spread_sum sum(size);
  customers = 0.0;
  for (std::size_t a = 0, b = 0; a < first.size() || b < second.size();) {
    const std::uint32_t customer = (std::min)(first.customer(a), second.customer(b));
    double alpha = 0.0;
    double beta = 0.0;
    sparse.clear();
    if (first.customer(a) == customer && a < first.size()) {
      const std::size_t end = first.end_of(a);
      for (const destination_count& one : first.entries(a, end)) {
        sparse.emplace_back(one.destination, -one.count / first.visits);
        alpha += one.count / first.visits;
      }
      a = end;
    }
    if (second.customer(b) == customer && b < second.size()) {
      const std::size_t end = second.end_of(b);
      for (const destination_count& one : second.entries(b, end)) {
        sparse.emplace_back(one.destination, one.count / second.visits);
        beta -= one.count / second.visits;
      }
      b = end;
    }
    sum.add(sparse, alpha, beta);
    customers += 1.0;
  }
  sum.add_to(total, small_sample(customers), first.shares, second.shares);
  return total;
}

inline double likelihood_ratio(const std::vector<double>& first, double n_first, const std::vector<double>& second,
                               double n_second) {
  double g2 = 0.0;
  for (std::size_t j = 0; j < first.size(); ++j) {
    const double pooled = (first[j] * n_first + second[j] * n_second) / (n_first + n_second);
    g2 += first[j] > 0.0 ? n_first * first[j] * std::log(first[j] / pooled) : 0.0;
    g2 += second[j] > 0.0 ? n_second * second[j] * std::log(second[j] / pooled) : 0.0;
  }
  return (std::max)(0.0, 2.0 * g2);
}

/// ν of a test of two groups; `either`: the customers in either group where they are matched, else null. Not positive
/// where there is no test.
inline double degrees_of_test(double first, double second, double either) {
  const double fewer = (std::min)(first, second);
  return fewer < least_customers_of_variance ? fewer - 1.0 : std::isnan(either) ? first + second - 2.0 : either - 1.0;
}

}  // namespace detail

KLANTREIS_INLINE double chi_squared_tail(double x, double df) {
  detail::check_degrees(df);
  if (!(x > 0.0)) {
    return std::isnan(x) ? x : 1.0;
  }
  using distribution = boost::math::chi_squared_distribution<double, detail::test_precision>;
  return boost::math::cdf(boost::math::complement(distribution(df), x));
}

KLANTREIS_INLINE double f_tail(double x, double df1, double df2) {
  detail::check_degrees(df1);
  detail::check_degrees(df2);
  if (!(x > 0.0)) {
    return std::isnan(x) ? x : 1.0;
  }
  using distribution = boost::math::fisher_f_distribution<double, detail::test_precision>;
  return boost::math::cdf(boost::math::complement(distribution(df1, df2), x));
}

KLANTREIS_INLINE double t_two_sided(double t, double df) {
  detail::check_degrees(df);
  if (std::isnan(t)) {
    return t;
  }
  using distribution = boost::math::students_t_distribution<double, detail::test_precision>;
  return (std::min)(1.0, 2.0 * boost::math::cdf(boost::math::complement(distribution(df), std::abs(t))));
}

KLANTREIS_INLINE two_shares two_proportion_test(double x1, double n1, double x2, double n2) {
  detail::check_share(x1, n1);
  detail::check_share(x2, n2);
  const double pooled = (x1 + x2) / (n1 + n2);
  const double variance = pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2);
  if (!(variance > 0.0) || std::isinf(variance)) {
    return {};
  }
  const double z = (x1 / n1 - x2 / n2) / std::sqrt(variance);
  return {z, std::erfc(std::fabs(z) / std::sqrt(2.0))};
}

KLANTREIS_INLINE homogeneity homogeneity_test(std::span<const destination_count> first,
                                              std::span<const destination_count> second, bool matched) {
  std::map<std::uint32_t, std::size_t> columns;
  detail::group_counts a(first, columns);
  detail::group_counts b(second, columns);
  if (a.empty() || b.empty()) {
    return {};
  }
  std::size_t next = 0;
  for (auto& [destination, column] : columns) {
    column = next++;
  }
  a.finish(columns);
  b.finish(columns);
  const std::size_t size = columns.size();
  homogeneity result{.g2 = detail::likelihood_ratio(a.shares, a.visits, b.shares, b.visits),
                     .df = static_cast<double>(size) - 1.0};
  if (size == 1) {
    result.p = 1.0;
    return result;
  }
  std::vector<double> pooled(size);
  for (std::size_t j = 0; j < size; ++j) {
    pooled[j] = (a.shares[j] * a.visits + b.shares[j] * b.visits) / (a.visits + b.visits);
  }
  double customers = null_value;
  std::vector<double> w(size * size);
  if (matched && a.shows_variance() && b.shows_variance()) {
    w = detail::matched_covariance(a, b, customers);
  } else {
    for (const detail::group_counts* group : {&a, &b}) {
      if (group->shows_variance()) {
        detail::add_own_covariance(*group, w);
      } else {
        detail::add_supposed_covariance(*group, pooled, w);
      }
    }
  }
  const double harmonic = a.visits * b.visits / (a.visits + b.visits);
  double trace = 0.0;
  double trace_of_square = 0.0;
  for (std::size_t j = 0; j < size; ++j) {
    trace += harmonic * w[j * size + j] / pooled[j];
    for (std::size_t l = 0; l < size; ++l) {
      trace_of_square += harmonic * harmonic * w[j * size + l] * w[l * size + j] / (pooled[j] * pooled[l]);
    }
  }
  if (!(trace > 1e-12)) {
    result.p = 1.0;  // everybody is alike in both groups
    return result;
  }
  result.delta = trace / result.df;
  result.a2 = (std::max)(0.0, result.df * trace_of_square / (trace * trace) - 1.0);
  result.f = result.g2 / (result.delta * result.df);
  result.df1 = result.df / (1.0 + result.a2);
  const double nu = detail::degrees_of_test(a.customers, b.customers, customers);
  if (nu > 0.0) {
    result.df2 = nu * result.df1;
    result.p = f_tail(result.f, result.df1, result.df2);
  }
  return result;
}

KLANTREIS_INLINE double rate_difference_p(const rate_moments& first, const rate_moments& second,
                                          double variance_of_change, double customers) {
  const auto& [v1, e1] = first;
  const auto& [v2, e2] = second;
  if (!(v1.v > 0.0 && v2.v > 0.0)) {
    return null_value;
  }
  const double pooled = (e1.e + e2.e) / (v1.v + v2.v);
  if (pooled == 0.0 || pooled == 1.0) {
    return 1.0;
  }
  bool shows = true;
  double separate = 0.0;
  for (const rate_moments* group : {&first, &second}) {
    const influence_sum own = rate_influence(group->visits, group->events);
    const bool shows_own = own.customers() >= least_customers_of_variance && own.sum2() > 0.0;
    shows = shows && shows_own;
    const visit_moments& v = group->visits;
    separate += shows_own ? own.variance() : pooled * (1.0 - pooled) * v.v2 / (v.v * v.v);
  }
  const bool matched = shows && !std::isnan(variance_of_change);
  const double variance = matched ? variance_of_change : separate;
  const double nu = detail::degrees_of_test(v1.customers, v2.customers, matched ? customers : null_value);
  if (!(nu > 0.0)) {
    return null_value;
  }
  const double delta = v1.v * v2.v / (v1.v + v2.v) * variance / (pooled * (1.0 - pooled));
  const double g2 =
      detail::likelihood_ratio({e1.e / v1.v, 1.0 - e1.e / v1.v}, v1.v, {e2.e / v2.v, 1.0 - e2.e / v2.v}, v2.v);
  return delta > 1e-12 ? f_tail(g2 / delta, 1.0, nu) : 1.0;
}

KLANTREIS_INLINE estimate mantel_haenszel(std::span<const stratum_count> counts, const interval_options& options) {
  struct pair_of_rates {
    double visits[2] = {0.0, 0.0};
    double events[2] = {0.0, 0.0};
    [[nodiscard]] double weight() const {
      const double both = visits[0] + visits[1];
      return both > 0.0 ? visits[0] * visits[1] / both : 0.0;
    }
    [[nodiscard]] double rate(int group) const { return events[group] / visits[group]; }
  };
  std::map<std::uint32_t, pair_of_rates> strata;
  for (const stratum_count& one : counts) {
    strata[one.stratum].visits[one.second ? 1 : 0] += one.visits;
    strata[one.stratum].events[one.second ? 1 : 0] += one.events;
  }
  double weights = 0.0;
  double sum = 0.0;
  for (const auto& [stratum, rates] : strata) {
    if (rates.weight() > 0.0) {
      weights += rates.weight();
      sum += rates.weight() * (rates.rate(1) - rates.rate(0));
    }
  }
  if (!(weights > 0.0)) {
    return influence_sum{}.plain_interval(null_value, options);
  }
  std::map<std::uint32_t, double> psi;
  for (const stratum_count& one : counts) {
    const pair_of_rates& rates = strata.at(one.stratum);
    if (rates.weight() > 0.0 && one.visits > 0.0) {
      const int group = one.second ? 1 : 0;
      psi[one.customer] += (one.second ? 1.0 : -1.0) * rates.weight() / weights *
                           (one.events - rates.rate(group) * one.visits) / rates.visits[group];
    }
  }
  influence_sum influence;
  for (const auto& [customer, value] : psi) {
    influence.add(value);
  }
  return influence.plain_interval(sum / weights, options);
}

}  // namespace klantreis
