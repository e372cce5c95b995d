// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/measure/design.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// The phase is the state of a customer: that of the last event seen.

/// The phase of a customer at an instant, that instant included; nothing before the first event of a phase.
/// \throws input_error when the log has no such customer or no time.
[[nodiscard]] std::optional<std::string> phase_at(const journey_set& journeys, const journey_design& design,
                                                  std::string_view customer, instant at);

/// The phases of each customer in time: `customer, journey, phase, from, to, seconds, events, current`.
///
/// `to` is when the next phase begins, and the end of the observation where none follows (`current`). Sorted by
/// customer and time; `customers` limits it to some.
[[nodiscard]] table phase_history(const journey_set& journeys, const journey_design& design,
                                  const std::vector<std::string>& customers = {}, unsigned threads = 0);

/// The events of one customer in time: `time, since_start, phase, touchpoint, journey`.
[[nodiscard]] table timeline(const journey_set& journeys, const journey_design& design, std::string_view customer);

/// How many customers are in each phase at each instant: `time, phase, customers, share`.
///
/// `share` is of the customers seen by then. With `silence`, a customer without an event for longer than that has gone
/// and counts under `(gone)`. Instants must rise.
[[nodiscard]] table occupancy(const journey_set& journeys, const journey_design& design, const std::vector<instant>& at,
                              std::optional<duration> silence = std::nullopt, unsigned threads = 0);

/// Lengths of calendar periods in UTC; weeks begin on Monday.
enum class calendar_period : std::uint8_t { day, week, month };

/// The first instant of the period that holds `at`.
[[nodiscard]] instant period_start(instant at, calendar_period period) noexcept;
/// The first instant after the period that begins at `start`.
[[nodiscard]] instant period_end(instant start, calendar_period period) noexcept;

struct relationship_options {
  std::vector<std::string> ambassador = {};         ///< touchpoints by which a customer recommends the company
  std::vector<instant> at = {};                     ///< instants; none: the end of the observation
  calendar_period period = calendar_period::month;  ///< of the moves
  unsigned threads = 0;
};

struct relationship_tables {
  /// `time, level, customers, share, ambassadors`: customers at each level, and how many of them recommended.
  table levels;
  /// `period, from, to, customers`: those who moved to a level in a period.
  table moves;
};

/// The relationship of customers with the company over time.
///
/// A customer is `unknown` before the first event, then `prospect`, `buyer` from the first conversion and
/// `repeat_buyer` from the second. Whoever recommends is an ambassador besides; the move is from the level at that
/// moment to `ambassador`.
[[nodiscard]] relationship_tables relationship(const journey_set& journeys, const relationship_options& options = {});

struct cohort_options {
  calendar_period period = calendar_period::week;
  /// Only what a customer did within this time of the first event, of customers who were observed that long.
  std::optional<duration> within = std::nullopt;
  bool current = false;  ///< the phase of the last event instead of the furthest phase
  interval_options intervals{};
  unsigned threads = 0;
};

/// How far customers got, by the period of their first event: `cohort, phase, size, customers, share, lower, upper,
/// marks`. Each customer stands in one phase, so a cohort's rows add up to its size; those of no phase are in `(none)`.
[[nodiscard]] table phase_cohorts(const journey_set& journeys, const journey_design& design,
                                  const cohort_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/measure/states.ipp"
#endif
