// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis::detail {

/// What a model found for one item; the removal effects stay null for models without them.
struct item_credit {
  std::string name;
  estimate removal_effect;
  estimate share;
  estimate credit;
  estimate removal_effect_value;
  estimate credit_value;
  double sampling_error = null_value;  ///< of the credit, where it is an average over draws
};

struct credit_result {
  std::vector<item_credit> items;
  std::optional<item_credit> unattributed;
  bool has_removal_effects = false;
  bool has_values = false;
  bool has_intervals = true;
  bool has_sampling_errors = false;
  double customers = 0.0;
  double error_bound = 0.0;  ///< certified, of each P(conversion) behind a removal effect
};

/// What a customer, or a unit that stands for one, brought.
struct outcome_sums {
  double journeys = 0.0;
  double conversions = 0.0;
  double touched_conversions = 0.0;  ///< those with at least one touch: what items can earn
  double value = 0.0;
  double touched_value = 0.0;

  void add_conversion(bool touched, double worth) noexcept {
    conversions += 1.0;
    value += worth;
    if (touched) {
      touched_conversions += 1.0;
      touched_value += worth;
    }
  }

  void add_journey(bool touched, bool converted, double worth) noexcept {
    journeys += 1.0;
    if (converted) {
      add_conversion(touched, worth);
    } else {
      value += worth;
      touched_value += touched ? worth : 0.0;
    }
  }

  void add(const outcome_sums& other, double times) noexcept {
    journeys += times * other.journeys;
    conversions += times * other.conversions;
    touched_conversions += times * other.touched_conversions;
    value += times * other.value;
    touched_value += times * other.touched_value;
  }

  outcome_sums& operator+=(const outcome_sums& other) noexcept {
    add(other, 1.0);
    return *this;
  }
};

/// Totals of all customers.
struct outcome_totals {
  outcome_sums sums;
  double customers = 0.0;             ///< with at least one settled journey
  double converting_customers = 0.0;  ///< with at least one conversion

  void add(const outcome_sums& customer, double times) noexcept {
    sums.add(customer, times);
    customers += times;
    if (customer.conversions > 0.0) {
      converting_customers += times;
    }
  }

  outcome_totals& operator+=(const outcome_totals& other) noexcept {
    sums += other.sums;
    customers += other.customers;
    converting_customers += other.converting_customers;
    return *this;
  }

  [[nodiscard]] double unattributed_conversions() const noexcept { return sums.conversions - sums.touched_conversions; }
  [[nodiscard]] double unattributed_value() const noexcept { return sums.value - sums.touched_value; }
};

/// Adds influence values of `times` equal units.
inline void add_times(influence_sum& sum, double psi, double times) noexcept {
  const double square = psi * psi;
  sum += influence_sum{times, times * psi, times * square, times * square * square};
}

/// Counts `[0, size)` in pieces that do not depend on the number of threads, so that floating-point sums do not either.
///
/// `count(index_range) -> Partial`, merged by `+=` in the order of the pieces. `weight` is the size of a Partial in
/// bytes: large ones allow fewer pieces.
template <typename Count>
auto sum_in_pieces(std::size_t size, unsigned threads, std::size_t weight, Count&& count) {
  constexpr std::size_t smallest = 4096;
  constexpr std::size_t memory = std::size_t{256} << 20U;
  const std::size_t most = std::clamp<std::size_t>(memory / std::max<std::size_t>(1, weight), 1, 64);
  const auto pieces = static_cast<unsigned>(std::clamp<std::size_t>(size / smallest, 1, most));
  const unsigned workers = (std::min)(worker_count(threads), pieces);
  using partial = decltype(count(index_range{}));
  std::vector<partial> parts(pieces);
  begin_stage("counting", size);
  run_parallel(workers, [&](unsigned worker) {
    for (unsigned piece = worker; piece < pieces; piece += workers) {
      parts[piece] = count(slice(size, piece, pieces));
    }
  });
  for (unsigned piece = 1; piece < pieces; ++piece) {
    parts[0] += parts[piece];
  }
  return std::move(parts[0]);
}

/// Influence values of the row for conversions that came without a touch.
struct unattributed_moments {
  influence_sum credit;
  influence_sum share;
  influence_sum value;

  void add(const outcome_sums& own, const outcome_totals& totals, double times) noexcept {
    const double missing = own.conversions - own.touched_conversions;
    add_times(credit, missing - totals.unattributed_conversions() / totals.customers, times);
    add_times(value, own.value - own.touched_value - totals.unattributed_value() / totals.customers, times);
    if (totals.sums.conversions > 0.0) {
      const double share_of_all = totals.unattributed_conversions() / totals.sums.conversions;
      add_times(share, (missing - share_of_all * own.conversions) / totals.sums.conversions, times);
    }
  }

  unattributed_moments& operator+=(const unattributed_moments& other) noexcept {
    credit += other.credit;
    share += other.share;
    value += other.value;
    return *this;
  }
};

/// Turns influence values into intervals, with what replaces them at 0 and 1.
struct interval_maker {
  interval_options options;
  bool wanted = true;
  outcome_totals totals;

  [[nodiscard]] estimate prob(double theta, const influence_sum& sum) const {
    return wanted ? sum.prob_interval(theta, totals.converting_customers, options) : plain(theta);
  }
  [[nodiscard]] estimate conversions(double theta, const influence_sum& sum) const {
    return amount(theta, sum, totals.sums.conversions);
  }
  [[nodiscard]] estimate value(double theta, const influence_sum& sum) const {
    return amount(theta, sum, totals.sums.value);
  }
  [[nodiscard]] estimate plain(double theta) const {
    return {.value = theta,
            .n = totals.customers,
            .marks = totals.customers < options.min_n ? mark::few_customers : mark::none};
  }

 private:
  [[nodiscard]] estimate amount(double theta, const influence_sum& sum, double scale) const {
    return wanted ? sum.log_interval(theta, {.n = totals.converting_customers, .scale = scale}, options) : plain(theta);
  }
};

/// The row `(unattributed)`, when there is something for it.
[[nodiscard]] inline std::optional<item_credit> unattributed_credit(const unattributed_moments& moments,
                                                                    const interval_maker& make) {
  const double missing = make.totals.unattributed_conversions();
  const double missing_value = make.totals.unattributed_value();
  if (missing == 0.0 && missing_value == 0.0) {
    return std::nullopt;
  }
  item_credit row;
  row.name = unattributed_row;
  const double conversions = make.totals.sums.conversions;
  row.credit = make.conversions(missing, moments.credit);
  row.share = make.prob(conversions > 0.0 ? missing / conversions : null_value, moments.share);
  row.credit_value = make.value(missing_value, moments.value);
  return row;
}

}  // namespace klantreis::detail
