// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct expected_time_options {
  std::string by = "phase";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;     ///< merge immediate repeats (phases always do)
  interval_options intervals{};
};

/// Where the time of journeys goes: the semi-Markov chain of the settled journeys.
///
/// With N the fundamental matrix of the chain of order 1 and τ_i the mean time of a visit of state i (until the next
/// state or the conversion; a last visit lasts until its last event), a journey from state s takes Σ_i N_si τ_i on
/// average. From (start) that is exactly the mean duration of the journeys, and its parts are
/// N_0i τ_i = all time in i / journeys.
///
/// Columns: the item (`(start)` first, then by time spent), `visits` and `n`, `visits_per_journey`, `time_per_visit`,
/// `time` (per journey: `visits_per_journey · time_per_visit`, of `(start)` their sum) with `time_lower`, `time_upper`,
/// `time_to_end` (from a visit on) with `time_to_end_lower`, `time_to_end_upper`, `marks`. Seconds; intervals by
/// customers. Source: Howard 1971, Dynamic Probabilistic Systems II, chapter 10.
/// \throws input_error when the log has no time or lacks the label; limit_error above `max_dense_states` states.
[[nodiscard]] table expected_times(const journey_set& journeys, const expected_time_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/timing/expected_times.ipp"
#endif
