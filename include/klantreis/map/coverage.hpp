// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/log.hpp"
#include "klantreis/map/model.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// What map and log do not know of each other, one row each: `kind, item, events, customers, detail, suggestion`.
///
/// | kind | what |
/// |---|---|
/// | `unmatched event` | an event that no touchpoint takes; the suggestion is a rule that would take it |
/// | `column not in the log` | named by a rule; its conditions never hold |
/// | `touchpoint never seen` | designed, never measured |
/// | `phase never seen`, `phase without touchpoints` | `detail` says where the design has it as not measured |
/// | `channel never seen`, `channel not measured` | the latter by design, such as radio |
/// | `channel not on the map` | of events |
/// | `need not served` | by no touchpoint |
/// | `claim without evidence`, `claim on assumption` | needs and expected emotions without research, or by assumption
/// only |
///
/// Rows stand in this order of kinds, unmatched events by number of events, others in the order of the map.
/// \throws input_error when the log has no map.
[[nodiscard]] table map_coverage(const event_log& log);

/// What of `map_coverage` needs no log: phases without touchpoints, needs, claims, channels that are not measured.
[[nodiscard]] table map_gaps(const journey_map& map);

/// One row for each touchpoint of the map: `touchpoint, name, phase, channel, stage, owner, events, customers,
/// first_seen, last_seen, status`.
///
/// Several channels stand separated by commas; times are texts, empty where never seen or without time. The status is
/// `measured` or `designed, never measured`.
/// \throws input_error when the log has no map.
[[nodiscard]] table map_inventory(const event_log& log);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/map/coverage.ipp"
#endif
