// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct loss_reason_options {
  std::string reason = "reason";  ///< the attribute that names why a journey was left
  std::string by = "phase";       ///< where: `touchpoint`, `channel`, `phase` or an attribute
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

struct loss_reason_tables {
  /// `<reason>, <by>, count, share, share_of_item`; most frequent first. `share` is of all exits, `share_of_item` of
  /// those there.
  table places;
  /// `<reason>, count, n, share, lower, upper, share_of_known, share_of_known_lower, share_of_known_upper, marks`.
  table reasons;
};

/// Why settled journeys were left, where a column says so.
///
/// The reason of a journey is the last one given at one of its events; where none is, it is `(none)` and stays in the
/// tables. A journey is left at the last item of its path.
/// \throws input_error when the log lacks a label.
[[nodiscard]] loss_reason_tables loss_reasons(const journey_set& journeys, const loss_reason_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/dropoff/loss_reasons.ipp"
#endif
