// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct ways_options {
  std::size_t steps = 1;          ///< the longest way, in items and states
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  /// Ways that begin with one of these items are not shown, such as entries by the home page; shares stay of all.
  std::vector<std::string> without = {};
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// The longest ways that can be asked for.
inline constexpr std::size_t max_way_steps = 64;

/// What stands right before each visit of `to` in settled journeys.
///
/// `path, count, share, n, conversions, conversion_rate, lower, upper, marks`, most frequent first, then by path. A
/// path has `steps` items, fewer where the journey begins, and then starts with `(start)`:
///
///     a > b > c > (conversion)     ways into c, 2 steps: a > b          ways into a: (start)
///
/// `to` may also be `(conversion)`, `(null)` or `(end)`. `count` is visits; `conversions` of these were in journeys
/// that converted, and the rate of the two has its interval by customers, of whom there are `n`. \throws input_error
/// when nothing carries the name `to`, or steps is 0; limit_error beyond `max_way_steps`.
[[nodiscard]] table ways_in(const journey_set& journeys, std::string_view to, const ways_options& options = {});

/// What follows each visit of `from` in settled journeys; columns and errors as of `ways_in`.
///
/// `from` may also be `(start)`. A path ends with `(conversion)`, `(null)` or `(end)` where the journey does.
[[nodiscard]] table ways_out(const journey_set& journeys, std::string_view from, const ways_options& options = {});

/// How journeys begin: the ways out of `(start)`, open journeys too.
///
/// Columns as of `ways_in`, with `open` after `count`: of the journeys counted, those whose end is not yet known. The
/// conversion rate is of the settled ones.
[[nodiscard]] table entries(const journey_set& journeys, const ways_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/ways.ipp"
#endif
