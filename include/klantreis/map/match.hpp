// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "klantreis/log.hpp"
#include "klantreis/map/model.hpp"

namespace klantreis {

struct match_options {
  /// What becomes of events that no touchpoint takes. Default: `events.unmatched` of the map.
  std::optional<map_events::unmatched_type> unmatched = std::nullopt;
};

/// The log with the labels of the map.
///
/// Each event gets the first touchpoint of the file whose rule it meets and whose `when` holds at that point of the
/// customer's journey. `labels` of the result are then
///
///     touchpoint     id of the touchpoint, or `(unmatched)`
///     channel        the event's own channel, or else the only channel of its touchpoint, or `(none)`
///     phase          id of the touchpoint's phase, or `(none)` where unmatched
///     p6, p5, …      the phase at each level of the map
///     event          what was the touchpoint before: the name of the event in the data
///
/// and the attributes that were there. Names stand in the order of the map, and only those that occur. Under `drop`,
/// unmatched events that are no outcome are left out; events that `exclude` names, and repeats by `dedupe`, always are.
/// All are counted in `log.health()`. Columns that rules name and the log has not are null for every event. A log that
/// nobody else holds gives its columns on; of others they are copied.
/// \throws input_error under `error` when an event is unmatched, naming the most frequent ones with rules that would
///         take them; also when a rule does not fit the type of its column, or the log was matched before.
[[nodiscard]] event_log apply_map(event_log log, const journey_map& map, const match_options& options = {});

/// True when the log has a map in which `name` is an outcome with a rule for events.
[[nodiscard]] bool is_outcome_with_events(const event_log& log, std::string_view name) noexcept;

/// The columns of the data that a map names or its rules ask for, as `read_log` and `append_stream` take them.
///
/// Attributes and numbers are those of `events.columns`, of the rules, of scores and issues, and of the measures of
/// KPIs. A column is read as numbers when a rule compares it by number (and none asks for a part of a text), or when it
/// is a score or what a KPI sums or averages; else as text. What the map does not name keeps the default of
/// `log_columns`. Not every column need be in the data: leave out of the result what is not.
[[nodiscard]] log_columns map_log_columns(const journey_map& map);

/// For each event of a mapped log whether it is this outcome (by its rule; outcomes by inactivity have no events).
/// \throws input_error when the log has no map or its map no such outcome.
[[nodiscard]] std::vector<bool> outcome_events(const event_log& log, std::string_view outcome);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/map/match.ipp"
#endif
