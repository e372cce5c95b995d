// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "klantreis/compare/groups.hpp"
#include "klantreis/core.hpp"
#include "klantreis/funnel.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct compare_options {
  std::string by = "touchpoint";        ///< what the states are: `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;                ///< merge immediate repeats (phases always do)
  std::vector<funnel_step> steps = {};  ///< of a funnel to compare; none: no funnel
  std::optional<duration> window = std::nullopt;  ///< of the funnel
  /// A label column: the conversion rate is also compared within the journeys of each label (of their first events).
  std::string strata = {};
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// Two groups of journeys side by side. Differences are those of the second group less the first.
struct comparison {
  /// `rate, from, to, first, first_lower, first_upper, second, second_lower, second_upper, difference, lower, upper, p,
  /// p_adjusted, n_first, n_second, marks`. Rates: `conversion_rate`, `value_per_journey` (with values), `exit_rate` of
  /// each item, `transition` from one item to another, `reach` (the share of customers who visit an item); in this
  /// order, then by p, then by name.
  table rates;
  /// `from, part, lower, upper, share, visits_first, visits_second, p, p_adjusted, n, marks`, with values also
  /// `value_part` with its bounds, `value_p` and `value_p_adjusted`: the change of P(conversion), and that of the value
  /// of a journey, taken apart, exactly. `(start)` is the mix of entries; the last row, `(total)`, is the change
  /// itself. Largest part first.
  table parts;
  /// `from, to, first, second, part`: the parts within each row, where a destination as good as the row's average
  /// counts 0. The parts of a row add up to that of the row.
  table destinations;
  /// `from, g2, df, delta, f, p, p_adjusted, visits_first, visits_second, n_first, n_second, marks`: whether customers
  /// go on from an item as in the other group. Smallest p first.
  table rows;
  /// `step, label, n_first, n_second, count_first, count_second, first, second, difference, lower, upper, from_first_…,
  /// p, p_adjusted, marks`; empty without steps.
  table steps;
  /// `<strata>, first, second, difference, lower, upper, weight, n_first, n_second, marks`; the last row, `(all)`, is
  /// Mantel and Haenszel's difference. Empty without strata.
  table strata;
  /// Customers with journeys in both groups. With any, all intervals and tests match customers by id.
  std::uint64_t shared_customers = 0;
};

/// Compares two groups of journeys; the settled journeys count.
///
/// - Rates of separate customers differ by square-and-add of their intervals; where customers are in both groups, the
///   influence values of a customer are subtracted, and the interval is the plain one.
/// - The test of a rate is that of its row with two destinations: G² with the correction of Rao and Scott. `p_adjusted`
///   is Holm's over the rows of the table (1979, Scandinavian Journal of Statistics 6, 65-70), of `rates` too.
/// - Parts: D_i = ½ Σ_j Δ_ij (N^A_0i val^B_j + N^B_0i val^A_j) with Δ the difference of the transition probabilities, N
///   the expected visits and val_j = P(conversion | j). They add up to the change of P(conversion). A row that one
///   group never visits takes the other group's row, so its effect belongs to the rows that lead to it. It is
///   accounting, not cause: other customers show as changed rows. Only an experiment tells what a change brings.
/// - Parts of the value: the same with the expected value of a journey from each item in place of P(conversion | j),
/// and
///   what a visit pays more, m^B_i − m^A_i, in place of nothing.
/// - The funnel follows the events of a customer's journeys in the group, open ones too.
/// \throws input_error when a group has no settled journey, or journeys that go on after conversions; limit_error when
///         the intervals of the parts would take too long.
[[nodiscard]] comparison compare(const journey_group& first, const journey_group& second,
                                 const compare_options& options = {});
[[nodiscard]] comparison compare(const journey_set& first, const journey_set& second,
                                 const compare_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/compare/comparison.ipp"
#endif
