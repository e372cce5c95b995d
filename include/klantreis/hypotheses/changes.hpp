// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct change_options {
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  /// Periods begin and end at multiples of this, counted from the midnight (UTC) before the first event.
  duration every = std::chrono::hours{7 * 24};
  std::size_t periods = 3;  ///< at most so many for each item
  interval_options intervals{};
  unsigned threads = 0;
};

/// The periods in which customers went on from an item in another way than at other times, smallest p first:
/// `from, begin, end, to, during, during_lower, during_upper, otherwise, otherwise_lower, otherwise_upper, difference,
/// lower, upper, visits_during, visits_otherwise, g2, p, p_adjusted, n, marks`.
///
/// Of each item the period with the largest G² between the visits inside and outside it is tested by customers
/// (`homogeneity_test`), and p is multiplied by the number of periods that were looked at and by that of the items
/// (Bonferroni). Where that leaves p below 1 − level, further periods are sought in what remains. `to` is the
/// destination that changed most for its size (largest part of Pearson's χ²); its interval takes period and destination
/// as given. A visit belongs to the time of its event, `(start)` to that of the first event.
/// \throws input_error when the log has no time or `every` is not positive; limit_error when there are more than
///         `most_change_bins` stretches of `every`.
[[nodiscard]] table changes(const journey_set& journeys, const change_options& options = {});
inline constexpr std::size_t most_change_bins = 400;

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/hypotheses/changes.ipp"
#endif
