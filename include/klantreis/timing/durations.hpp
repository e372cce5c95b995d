// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// What is timed.
enum class timed : std::uint8_t {
  journeys,     ///< first to last event of settled journeys, those that converted and the others apart
  conversions,  ///< first event to conversion of settled journeys
  visits,       ///< from coming to an item until the next one or the conversion
  transitions,  ///< from one event to the next, of merged runs between their first events
};

struct duration_options {
  timed of = timed::conversions;
  std::string by = "touchpoint";  ///< of visits and transitions
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  std::string segment = {};       ///< an attribute (or other label): its value at the first event of the journey
  std::vector<double> quantiles = {0.25, 0.5, 0.75, 0.9};
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// Mean and quantiles of times, in seconds.
///
/// Columns: the segment where asked for; `outcome` of journeys, the item of visits, `from` and `to` of transitions;
/// `measure` (`mean`, `p25`, `median`, …), `time`, `lower`, `upper`, `count`, `n`, `marks`. Groups with most times
/// first, then by name. Quantiles are of type 7 with Woodruff's interval by customers, that of the mean is log-normal
/// by customers. Times of settled journeys only: what has not ended yet is not in them, see `survival`.
/// \throws input_error when the log has no time, lacks a label that was asked for, a quantile lies outside 0 … 1, or
///         the journeys go on after their conversion and conversions are timed.
[[nodiscard]] table durations(const journey_set& journeys, const duration_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/timing/durations.ipp"
#endif
