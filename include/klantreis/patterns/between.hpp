// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "klantreis/journeys.hpp"
#include "klantreis/patterns/around.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct between_options {
  /// Of several visits of the first item before the second one, the `first` or the `last` begins the crossing.
  occurrence which = occurrence::first;
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// The ways from one item to another: `path, steps, count, share, n, conversions, conversion_rate, lower, upper,
/// median_time, marks`, most frequent first, then by path.
///
/// A crossing goes from a visit of `from` to the next visit of `to` in a settled journey; the next crossing begins
/// after it. `path` is what lies between, `(direct)` where nothing does, and `steps` how many items that are. `from`
/// may be
/// `(start)`, and `to` the state in which journeys end. Conversions are of crossings whose journey converted.
/// \throws input_error when nothing carries a name, or `which` is every.
[[nodiscard]] table detours(const journey_set& journeys, std::string_view from, std::string_view to,
                            const between_options& options = {});

/// What happens in those crossings, item by item: `<by>, crossings, share, lower, upper, count, n, median_time,
/// median_time_without, marks`, most crossings first, then by name.
///
/// `crossings` have the item between, and `share` is of all crossings, with an interval by customers, of whom there are
/// `n`. `count` is visits. The times are medians of the seconds from `from` to `to` of the crossings with and without
/// the item. Options of the result: `crossings`, and `unfinished`, the journeys with a visit of `from` after which `to`
/// never came.
[[nodiscard]] table between(const journey_set& journeys, std::string_view from, std::string_view to,
                            const between_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/between.ipp"
#endif
