// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "klantreis/engine.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/measure/design.hpp"

namespace klantreis::detail {

/// A visit of a journey to a phase or touchpoint.
struct measured_visit {
  std::uint32_t item = 0;
  std::uint32_t phase = no_phase;
  std::uint64_t event = 0;  ///< the first one
};

/// Journeys that go on to their last event, cut anew where they do not.
[[nodiscard]] inline journey_set whole_journeys(const journey_set& journeys) {
  return journeys.options().after == after_conversion::go_on ? journeys : journeys.recut(after_conversion::go_on);
}

/// The visits of a journey to phases: maximal runs; events of no phase do not end one.
inline void phase_visits(const journey& piece, const phase_codes& phases, std::vector<measured_visit>& visits) {
  visits.clear();
  for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
    const std::uint32_t phase = phases[event];
    if (phase != no_phase && (visits.empty() || visits.back().phase != phase)) {
      visits.push_back({phase, phase, event});
    }
  }
}

/// The visits of a journey to touchpoints: each event that customers see.
inline void touchpoint_visits(const journey& piece, const phase_codes& phases, std::span<const std::uint32_t> codes,
                              std::vector<measured_visit>& visits) {
  visits.clear();
  for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
    if (!phases.is_offstage(event)) {
      visits.push_back({codes[event], phases[event], event});
    }
  }
}

/// How many measured phases of a design stand before each place.
[[nodiscard]] inline std::vector<std::uint32_t> measured_before(const journey_design& design) {
  std::vector<std::uint32_t> before(design.phases.size() + 1, 0);
  for (std::size_t place = 0; place < design.phases.size(); ++place) {
    before[place + 1] = before[place] + (design.phases[place].measured ? 1U : 0U);
  }
  return before;
}

/// The phases of a design in one text, to tell whether two counts are of the same.
[[nodiscard]] inline std::string phases_option(const journey_design& design) {
  std::string text;
  for (const designed_phase& phase : design.phases) {
    text += (text.empty() ? "" : ", ") + phase.name;
  }
  return text;
}

/// The last tick at or before an instant.
inline std::int64_t tick_at(instant at, std::int64_t ticks_per_second) {
  const std::int64_t micros = at.time_since_epoch().count();
  if (ticks_per_second > 1'000'000) {
    const std::int64_t factor = ticks_per_second / 1'000'000;
    constexpr auto most = (std::numeric_limits<std::int64_t>::max)();
    // The last tick of a microsecond is the one before the next.
    return micros >= most / factor - 1 ? most : micros <= -(most / factor) ? -most : (micros + 1) * factor - 1;
  }
  const std::int64_t size = 1'000'000 / ticks_per_second;
  return micros / size - (micros % size < 0 ? 1 : 0);
}

inline void require_times(const event_log& log, const char* analysis) {
  if (!log.has_times() && log.events() != 0) {
    throw input_error(std::string{analysis} + " needs the time of the events, and the log has none; read it with a " +
                      "time column");
  }
}

/// The events of a customer up to the end of the observation.
inline index_range events_of(const journey_set& journeys, std::size_t customer) {
  const auto offsets = journeys.customer_offsets();
  if (offsets[customer] == offsets[customer + 1]) {
    return {};
  }
  return {journeys[offsets[customer]].begin, journeys[offsets[customer + 1] - 1].end};
}

}  // namespace klantreis::detail
