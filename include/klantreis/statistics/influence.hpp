// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "klantreis/statistics/intervals.hpp"

// Customers are the independent units. An estimate θ is linearised in its customers: ψ_u says how much θ moves per
// unit of weight of customer u, and Σψ_u = 0. Everything an interval needs are sums of powers of ψ_u, which merge
// by addition.

namespace klantreis {

/// What intervals and their marks depend on.
struct interval_options {
  double level = 0.95;   ///< coverage aimed at
  double min_n = 30.0;   ///< rows of fewer customers are marked `few_customers`
  double min_df = 10.0;  ///< rows of fewer degrees of freedom are marked `few_effective`
};

/// The quantile of the standard normal distribution. \throws input_error unless 0 < p < 1.
[[nodiscard]] double normal_quantile(double p);

/// The two-sided critical value of the normal distribution: 1.96 for 0.95. \throws input_error unless 0 < level < 1.
[[nodiscard]] double normal_critical(double level);

/// The two-sided critical value of Student's t distribution with any real `df` of 1 or more.
///
/// At level 0.95 it is read from a Chebyshev series (relative error below 1e-13), since every transition asks for it.
/// \throws input_error unless 0 < level < 1 and df >= 1.
[[nodiscard]] double t_critical(double level, double df);

/// What replaces an amount's interval when the sample shows no variation.
///
/// The amount is `scale` times a share, and `n` customers stand behind that share: an amount of 0 has the bounds
/// [0, scale · z²/(n + z²)]. Without a scale there is no interval.
struct amount_fallback {
  double n = null_value;
  double scale = null_value;
};

/// Sums of powers of the influence values of customers; merges by `+=`.
///
///     influence_sum sum;
///     for (const double psi : influence_values) sum.add(psi);   // each contributing customer, ψ = 0 included
///     const estimate result = sum.prob_interval(0.25, customers);
///
/// With k customers: V = k/(k−1) Σψ², and Satterthwaite's degrees of freedom from the kurtosis of ψ,
/// max(1, min(k−1, 2(Σψ²)²/(Σψ⁴ − (Σψ²)²/k))): where a few customers carry the number they are few, and the interval
/// is honestly wide (Satterthwaite 1946, doi:10.2307/3002019).
class influence_sum {
 public:
  influence_sum() = default;
  influence_sum(double customers, double sum, double sum2, double sum4) noexcept
      : customers_(customers), sum_(sum), sum2_(sum2), sum4_(sum4) {}

  /// Adds the influence value of one contributing customer. Whether a customer contributes is decided by counts
  /// (visits of the row, settled journeys), never by `psi` being zero.
  void add(double psi) noexcept {
    const double square = psi * psi;
    customers_ += 1.0;
    sum_ += psi;
    sum2_ += square;
    sum4_ += square * square;
  }

  influence_sum& operator+=(const influence_sum& other) noexcept {
    customers_ += other.customers_;
    sum_ += other.sum_;
    sum2_ += other.sum2_;
    sum4_ += other.sum4_;
    return *this;
  }

  /// Contributing customers, k.
  [[nodiscard]] double customers() const noexcept { return customers_; }
  /// Σψ, which is 0 but for rounding when the influence values are right.
  [[nodiscard]] double sum() const noexcept { return sum_; }
  [[nodiscard]] double sum2() const noexcept { return sum2_; }
  [[nodiscard]] double sum4() const noexcept { return sum4_; }

  /// V. Null below two customers.
  [[nodiscard]] double variance() const noexcept;
  /// √V. Null below two customers.
  [[nodiscard]] double standard_error() const noexcept;
  /// At least 1.
  [[nodiscard]] double degrees_of_freedom() const noexcept;

  /// The interval of a number between 0 and 1: Wilson's with n_eff = θ(1−θ)/V and a t quantile.
  ///
  /// With one customer, without variation, and where `theta` is exactly 0 or 1 it is Wilson's with `fallback_n`
  /// customers and a normal quantile, marked `boundary`. Whether theta is 0 or 1 is a matter of integer counts or of
  /// reachability in the graph: the caller passes exactly 0 or 1 then. A theta that can leave 0 … 1 (a removal effect
  /// on value where values may be negative) and does so gets the plain form. Null when theta is.
  [[nodiscard]] estimate prob_interval(double theta, double fallback_n, const interval_options& options = {}) const;

  /// The interval of a positive amount: θ·exp(±t·se/θ).
  ///
  /// With one customer, without variation or at 0 it is what `fallback` says, marked `boundary`. A negative amount
  /// gets the plain form.
  [[nodiscard]] estimate log_interval(double theta, const amount_fallback& fallback = {},
                                      const interval_options& options = {}) const;

  /// The interval of a signed number: θ ± t·se. Without variation there is none, and the row is marked `boundary`.
  [[nodiscard]] estimate plain_interval(double theta, const interval_options& options = {}) const;

 private:
  [[nodiscard]] bool varies(double theta) const noexcept;
  [[nodiscard]] estimate begin(double theta, const interval_options& options) const noexcept;

  double customers_ = 0.0;
  double sum_ = 0.0;
  double sum2_ = 0.0;
  double sum4_ = 0.0;
};

/// What the visits v_u of customers to one row add up to; merges by `+=`.
struct visit_moments {
  double customers = 0.0;
  double v = 0.0;
  double v2 = 0.0;
  double v4 = 0.0;

  /// Adds a customer who visits the row `visits` times, at least once.
  void add(double visits) noexcept {
    const double square = visits * visits;
    customers += 1.0;
    v += visits;
    v2 += square;
    v4 += square * square;
  }

  visit_moments& operator+=(const visit_moments& other) noexcept {
    customers += other.customers;
    v += other.v;
    v2 += other.v2;
    v4 += other.v4;
    return *this;
  }
  friend bool operator==(const visit_moments&, const visit_moments&) = default;
};

/// What the events e_u among those visits (exits, moves to one state) add up to; merges by `+=`.
///
/// All are sums of whole numbers: exact, whatever the order, up to 2⁵³.
struct event_moments {
  double e = 0.0;
  double e2 = 0.0;
  double ev = 0.0;
  double e4 = 0.0;
  double e3v = 0.0;
  double e2v2 = 0.0;
  double ev3 = 0.0;

  /// Adds a customer with `events` in `visits` visits. A customer without events changes nothing and need not be added.
  void add(double events, double visits) noexcept {
    const double ee = events * events;
    const double product = events * visits;
    e += events;
    e2 += ee;
    ev += product;
    e4 += ee * ee;
    e3v += ee * product;
    e2v2 += product * product;
    ev3 += product * visits * visits;
  }

  event_moments& operator+=(const event_moments& other) noexcept {
    e += other.e;
    e2 += other.e2;
    ev += other.ev;
    e4 += other.e4;
    e3v += other.e3v;
    e2v2 += other.e2v2;
    ev3 += other.ev3;
    return *this;
  }
  friend bool operator==(const event_moments&, const event_moments&) = default;
};

/// The powers of ψ_u = (e_u − p·v_u)/Σv of the rate p = Σe/Σv, without a second pass over the customers.
[[nodiscard]] influence_sum rate_influence(const visit_moments& row, const event_moments& cell) noexcept;

/// The rate Σe/Σv (an exit rate, a transition probability) with its interval by customers.
/// Null when the row was never visited.
[[nodiscard]] estimate rate_interval(const visit_moments& row, const event_moments& cell,
                                     const interval_options& options = {});

/// The quantile `q` of `values` with Woodruff's interval, where `customers[i]` is the customer of `values[i]`.
///
/// The share of values below the quantile gets an interval by customers, which is read back on the ordered values
/// (Woodruff 1952, doi:10.1080/01621459.1952.10483443). `estimate::n` counts customers. Null values are left out.
/// Outside the middle 60 % an interval holds from about a hundred customers only (measured: .88 at 30 for q = .9), so
/// fewer than a hundred are marked there. The smallest and the largest value (q = 0 and 1) have no interval.
/// \throws input_error when the lengths differ or `q` lies outside 0 … 1.
[[nodiscard]] estimate quantile_interval(std::span<const double> values, std::span<const std::uint32_t> customers,
                                         double q, const interval_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/statistics/influence.ipp"
#endif
