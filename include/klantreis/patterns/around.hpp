// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// Which visits of an item in a journey are meant.
enum class occurrence : std::uint8_t {
  first,
  last,
  every,
};

struct around_options {
  std::string at{start_state};  ///< an item, `(start)`, or a state in which journeys end
  std::size_t before = 5;       ///< steps to show before it
  std::size_t after = 5;        ///< steps to show after it
  occurrence which = occurrence::first;
  /// Items that are neither targets nor reach this share at any step are shown together as `(other)`.
  double threshold = 0.0;
  std::vector<std::string> targets = {};  ///< items to show at every step, also where nobody is
  std::string by = "touchpoint";          ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;                  ///< merge immediate repeats (phases always do)
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// The most steps that can be shown on each side.
inline constexpr std::size_t max_steps_around = 1000;

/// Where journeys stand so many steps before and after a visit of an item.
///
/// `step, label, count, share, lower, upper, reached, n, marks`, by step, most first within a step. A window is a visit
/// of `at` with what lies around it; a journey without one has none:
///
///     a > b > c, converted; at b     step −2 (start)   −1 a   0 b   1 c   2 (conversion)   3 (conversion)
///
/// What has not begun stands at `(start)`, what has ended stays at its end, what is open at `(open)`; the shares of a
/// step add up to 1. `share` is of windows, with an interval by customers, of whom there are `n`. `reached` is the
/// share of windows that were at the label at this step or nearer to the visit, on the same side of it.
/// \throws input_error when nothing carries the name `at` or a target, the threshold lies outside 0 … 1, or no step is
///         to be shown; limit_error beyond `max_steps_around`.
[[nodiscard]] table steps_around(const journey_set& journeys, const around_options& options = {});

/// How journeys move through those steps: `step, from, to, count, share, probability, lower, upper, n, marks`.
///
/// The move of `step` goes from the label there to the label at `step` + 1. `share` is of windows, with its interval;
/// `probability` of the windows that are at `from` then. Journeys that have not begun or have ended do not move.
[[nodiscard]] table flow_around(const journey_set& journeys, const around_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/around.ipp"
#endif
