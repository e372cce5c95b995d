// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct edge_options {
  std::vector<double> quantiles = {0.5, 0.95};  ///< of the time that a move takes
  std::string by = "touchpoint";                ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;                        ///< merge immediate repeats (phases always do)
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// The moves of settled journeys with every weight that graphs of them are drawn with.
///
/// `from, to, count, journeys, n, share, per_journey, probability, lower, upper, probability_in, mean_time, sd_time,
/// min_time, max_time, total_time, <quantiles>, marks`; most frequent first, then by name. `journeys` made the move at
/// least once; `share` is of all moves, `probability` of those that leave `from` (with its interval by customers, of
/// whom `n` were there), `probability_in` of those that enter `to`. Times are seconds from event to event and null at
/// states, which are no events; the standard deviation is that of a sample. Quantiles are columns `median_time`,
/// `p95_time`, interpolated as in `quantile`. \throws input_error when a quantile lies outside 0 … 1 or the log has no
/// labels `by`.
[[nodiscard]] table edge_weights(const journey_set& journeys, const edge_options& options = {});

/// Moves from one label to another, such as from agent to agent, with the columns of `edge_weights`.
///
/// Events without a label are skipped, repeats are one stay, and states are left out: `share` is of all hand-offs,
/// `probability` of the hand-offs from `from`. Options of the result: `journeys`, and `journeys_with_hand_off`.
[[nodiscard]] table hand_offs(const journey_set& journeys, const edge_options& options = {});

/// What comes later in a settled journey, not only next: `from, to, count, journeys, n, confidence, lower, upper,
/// marks`.
///
/// `count` is all pairs of visits in this order, `journeys` those with such a pair. `confidence` is their share of the
/// journeys with `from`, with an interval by customers, of whom `n` have `from`. Most pairs first, then by name.
[[nodiscard]] table eventually_follows(const journey_set& journeys, const edge_options& options = {});

/// What journeys do again: `<by>, visits, journeys, reworked, rework_rate, lower, upper, repeats, loops, returns,
/// min_distance, median_return_time, n, marks`; most reworked first, then by name.
///
/// `reworked` counts the settled journeys that visit the item more than once, and the rate is of those that visit it.
/// `repeats` are visits after the first: `loops` right after one another, `returns` after something else. The least
/// distance is the fewest visits that lie between two of them (null without a repeat); the time is from visit to visit.
[[nodiscard]] table rework(const journey_set& journeys, const edge_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/edges.ipp"
#include "klantreis/detail/patterns/follows.ipp"
#endif
