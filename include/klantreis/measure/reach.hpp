// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/measure/design.hpp"
#include "klantreis/measure/states.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct reach_options {
  std::string by = "channel";  ///< `channel`, `touchpoint` or an attribute
  std::string phase = {};      ///< only this phase; empty: each
  interval_options intervals{};
  unsigned threads = 0;
};

/// How customers are reached in each phase: `phase, <by>, events, customers, frequency, n, share, lower, upper, marks`.
///
/// `share` is of the `n` customers who were in the phase, so shares of one phase may add up to more than 1; `frequency`
/// is events per customer.
[[nodiscard]] table phase_reach(const journey_set& journeys, const journey_design& design,
                                const reach_options& options = {});

/// Customers reached in each period: `period, <by>, events, customers, frequency`. Rows with an empty label are of all
/// labels together.
[[nodiscard]] table period_reach(const journey_set& journeys, const journey_design& design,
                                 calendar_period period = calendar_period::month, const reach_options& options = {});

/// How many customers two labels share: `first, second, customers, share_of_first, share_of_second`, each pair once,
/// most customers first.
[[nodiscard]] table reach_overlap(const journey_set& journeys, const journey_design& design,
                                  const reach_options& options = {});

/// Where in a journey labels occur: `<by>, part, events, share, journeys, conversions, conversion_rate, lower, upper,
/// n, marks`.
///
/// The events of a settled journey before its first conversion are cut into three parts, `begin`, `middle` and `end`:
/// the k-th of m (from 0) is in part ⌊3k/m⌋, so that a single event is in `begin`. `share` is of the label's events;
/// `journeys` counts those with the label in the part and the rate how many of them convert, by `n` customers.
[[nodiscard]] table label_positions(const journey_set& journeys, const reach_options& options = {});

/// Every touchpoint of design and log: `touchpoint, phase, stage, owner, designed, events, customers, first_seen,
/// last_seen, status`.
///
/// `status` is `measured`, `never seen` (designed, no event), `not designed` or `not measured` (its phase leaves none).
[[nodiscard]] table inventory(const journey_set& journeys, const journey_design& design, unsigned threads = 0);

/// Phases of the design without a touchpoint: names in order.
[[nodiscard]] std::vector<std::string> phases_without_touchpoints(const journey_design& design);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/measure/reach.ipp"
#endif
