// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"
#include "klantreis/timing/spells.hpp"

namespace klantreis {

/// The share of spells that go on, and the share that ended in each way, against time.
///
/// S is the Kaplan-Meier estimate of "not ended yet", F_k the Aalen-Johansen estimate of "ended by cause k"; at every
/// time S + ΣF_k = 1. One minus a Kaplan-Meier curve that takes the other causes for censoring is no such share: it
/// says what would be if nobody could end otherwise.
///
///     times   1 2 2 3 4 5 6 7 8 9      causes  2 1 2 0 1 2 0 1 2 0
///     at 7:   S = .311111   F_1 = .372222   F_2 = .316667
///
/// Variances are by customers: the influence values of a customer's spells are added before they are squared. Where
/// every customer has one spell, that of S is Greenwood's. Sources: Kaplan and Meier 1958, doi:10.2307/2281868; Aalen
/// and Johansen 1978; Andersen, Borgan, Gill and Keiding 1993, doi:10.1007/978-1-4612-4348-9, section IV.4.
class survival_curve {
 public:
  /// Fits the curve in the order of time: ended spells before censored ones of the same time.
  /// \throws input_error when a time is negative or not finite, or a cause exceeds `causes`.
  survival_curve(std::span<const spell> spells, std::size_t causes);

  /// The distinct times at which a spell ended, ascending.
  [[nodiscard]] const std::vector<double>& times() const noexcept { return times_; }
  [[nodiscard]] std::size_t size() const noexcept { return times_.size(); }
  [[nodiscard]] std::size_t causes() const noexcept { return causes_; }
  [[nodiscard]] std::size_t spells() const noexcept { return ends_.size(); }
  [[nodiscard]] double customers() const noexcept { return customers_; }

  /// Spells, and customers with a spell, that were still observed just before step `step`.
  [[nodiscard]] double at_risk(std::size_t step) const noexcept { return at_risk_[step]; }
  [[nodiscard]] double customers_at_risk(std::size_t step) const noexcept { return customers_at_risk_[step]; }
  /// The same at any time, spells that end at it included.
  [[nodiscard]] double at_risk_at(double time) const noexcept;
  [[nodiscard]] double customers_at_risk_at(double time) const noexcept;

  /// Spells that ended at step `step` by `cause`, which counts from 1.
  [[nodiscard]] double events(std::size_t step, std::size_t cause) const noexcept {
    return events_[step * causes_ + cause - 1];
  }
  [[nodiscard]] double survival(std::size_t step) const noexcept { return survival_[step]; }
  [[nodiscard]] double survival_error(std::size_t step) const noexcept { return survival_error_[step]; }
  [[nodiscard]] double incidence(std::size_t step, std::size_t cause) const noexcept {
    return incidence_[step * causes_ + cause - 1];
  }
  [[nodiscard]] double incidence_error(std::size_t step, std::size_t cause) const noexcept {
    return incidence_error_[step * causes_ + cause - 1];
  }

  /// The last step at `time` or before; `size()` when there is none yet.
  [[nodiscard]] std::size_t step_at(double time) const noexcept;

  /// Whether S and F are known at a time: until the last spell, and after it when none was still going on.
  [[nodiscard]] bool is_known_at(double time) const noexcept;

  /// S and F_cause with their log-log intervals. Before the first step they are 1 and 0, and null where they are not
  /// known. `n` counts the customers at risk. At 0 and 1 there is no interval, and the row is marked `boundary`.
  [[nodiscard]] estimate survival_at(double time, const interval_options& options = {}) const;
  [[nodiscard]] estimate incidence_at(double time, std::size_t cause, const interval_options& options = {}) const;

  /// The first time at which S has fallen to 1 − q, with the times at which the bounds of S do so (Brookmeyer and
  /// Crowley 1982, doi:10.2307/2530286). Null where it never does. `n` counts all customers.
  [[nodiscard]] estimate survival_quantile(double q, const interval_options& options = {}) const;
  /// The same for F_cause rising to q.
  [[nodiscard]] estimate incidence_quantile(double q, std::size_t cause, const interval_options& options = {}) const;

 private:
  [[nodiscard]] estimate point(double value, double error, double n, const interval_options& options) const;

  std::size_t causes_;
  double customers_ = 0.0;
  std::vector<double> times_;
  std::vector<double> at_risk_;
  std::vector<double> customers_at_risk_;
  std::vector<double> events_;  // by step and cause, as those of the incidence
  std::vector<double> survival_;
  std::vector<double> survival_error_;
  std::vector<double> incidence_;
  std::vector<double> incidence_error_;
  std::vector<double> ends_;           // of all spells, ascending
  std::vector<double> customer_ends_;  // the last of each customer, ascending
};

/// The interval p^exp(±z·se/(p ln p)) of a share that is estimated as a product: it stays within 0 and 1.
/// Null at 0 and 1 and without a positive standard error.
[[nodiscard]] interval log_log_interval(double share, double standard_error, double z = z_95) noexcept;

/// Survival of each group at the times of its events, or at the given ones.
///
/// Columns: the segment and the item where asked for, `time` in seconds, `at_risk`, `n` (customers at risk),
/// `conversions`, `exits` and, until leaving, `moves` (since the row before of the group), `survival`, `converted`,
/// `left` and `moved` with their bounds, `marks`.
[[nodiscard]] table survival(const spell_set& spells, std::span<const double> at = {},
                             const interval_options& intervals = {});

/// The time by which given shares of a group have ended, by any cause (`ended`), by conversion, exit or moving on.
///
/// Columns: the segment and the item where asked for, `outcome`, `share`, `time`, `lower`, `upper`, `n`, `marks`. Null
/// where so many never do within the observation.
[[nodiscard]] table survival_quantiles(const spell_set& spells, std::span<const double> shares,
                                       const interval_options& intervals = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/timing/survival.ipp"
#endif
