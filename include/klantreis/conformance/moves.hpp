// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/edge_counter.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/measure.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

namespace detail {
struct part_fields;

/// States of the moves: where journeys begin and end, then the phases.
inline constexpr std::uint32_t move_start = 0;
inline constexpr std::uint32_t move_end = 1;
inline constexpr std::uint32_t move_phase = 2;
}  // namespace detail

struct conformance_options {
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

struct conformance_tables {
  /// Every designed arrow: `from, to, kind, expected, weight, n, probability, lower, upper, marks, median_time,
  /// max_time, in_time, in_time_lower, in_time_upper, status`.
  table arrows;
  /// Moves that nobody designed: `from, to, direction, weight, n, probability, lower, upper, marks,
  /// median_time`; most frequent first.
  table deviations;
  /// All moves with (start) and (end): `from, to, weight, n, probability, lower, upper, marks, median_time, kind`.
  table moves;
  /// One row: `journeys, moves, conforming, conformity, lower, upper, n, marks, journeys_moving,
  /// journeys_conforming, arrows_taken, arrows_never_taken, deviations`.
  table summary;
};

/// The moves of settled journeys between the phases of a design; merges by `+=` over logs that share no customer.
///
/// A move goes from a visit of a phase to the next visit; it takes the time between their first events. It conforms
/// when the design has that arrow.
class conformance_counts {
 public:
  conformance_counts& operator+=(const conformance_counts& other);

 private:
  friend struct detail::part_fields;
  friend conformance_counts count_conformance(const journey_set&, const journey_design&, const conformance_options&);
  friend conformance_tables conformance(const conformance_counts&, const interval_options&);

  journey_design design_;
  std::vector<std::pair<std::string, std::string>> options_;
  detail::edge_counter edges_;                    // (start), (end), then phases
  detail::visit_rates conforming_;                // one row
  detail::visit_rates in_time_;                   // by designed move
  std::vector<std::vector<std::int64_t>> ticks_;  // by from · phases + to
  std::uint64_t journeys_ = 0;
  std::uint64_t journeys_conforming_ = 0;  // with a move, all of which are designed
  std::uint64_t journeys_moving_ = 0;
  std::int64_t ticks_per_second_ = 0;
};

/// Counts the moves of the settled journeys, which are cut anew with `go_on` unless they are cut so.
/// \throws input_error when the design is not sound or does not know a phase of the log.
[[nodiscard]] conformance_counts count_conformance(const journey_set& journeys, const journey_design& design,
                                                   const conformance_options& options = {});

/// The designed journey against the actual one.
///
/// `probability` is the weight over all visits of `from` in settled journeys, ends included, with an interval by
/// customers, of whom there are `n`; `in_time` is the share of the moves that took at most `max_time`. The `status` of
/// an arrow is `not measured` where nobody was in `from`, `never taken` without a move, `taken` where nothing is
/// expected, `too little data` below `min_n`, `ok` where the share is as high as expected (of `back`, `loop` and
/// `skip`: as low), else `off`, or `off, could be chance` where the interval holds the expected share.
[[nodiscard]] conformance_tables conformance(const conformance_counts& counts, const interval_options& intervals = {});
[[nodiscard]] conformance_tables conformance(const journey_set& journeys, const journey_design& design,
                                             const conformance_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/conformance/moves.ipp"
#endif
