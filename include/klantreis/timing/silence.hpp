// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct silence_options {
  duration step = std::chrono::days{1};
  std::size_t steps = 30;          ///< rows
  std::size_t horizon = 30;        ///< "comes back" means within so many steps
  bool after_conversions = false;  ///< count silences after a conversion too
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// Whether customers who are silent come back, against the length of the silence.
///
/// A silence begins at every event and ends at the customer's next one, in whatever journey; it is cut off at the end
/// of the observation. Row d holds the silences that lasted d steps and were observed for one more:
///
///     hazard             those that ended in that step / all of them
///     still_silent       share of silences that last at least d steps
///     returns            P(an event within `horizon` steps | silent for d steps), from the hazards
///
/// Columns: `silence` in seconds, `at_risk`, `n`, `ended`, `hazard`, `hazard_lower`, `hazard_upper`, `still_silent`,
/// `returns`, `returns_lower`, `returns_upper`, `marks`. Intervals by customers. `returns` is null where a step of its
/// horizon was observed by nobody.
/// \throws input_error when the log has no time or an option is not positive.
[[nodiscard]] table silence(const journey_set& journeys, const silence_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/timing/silence.ipp"
#endif
