// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "klantreis/attribution/attribute.hpp"
#include "klantreis/attribution/models.hpp"
#include "klantreis/journeys.hpp"

namespace klantreis {

/// What each touch of the converting journeys earned, one row for each, in the order of the log:
///
///     journeys     0      0      0      2          numbers of the journeys
///     events       0      1      2      7          numbers of the events in the log
///     parts[0]     1.0    0.0    0.0    1.0        of the conversion, by the first model
///     parts[1]     0.33   0.33   0.33   1.0        by the second
///     worth        20.0   20.0   20.0   5.0        value of the conversion; empty without values
///
/// The parts of a journey add up to 1, so part · worth adds up to its value.
struct touch_credit_rows {
  std::vector<std::uint64_t> journeys;
  std::vector<std::uint64_t> events;
  std::vector<std::vector<double>> parts;
  std::vector<double> worth;

  /// Appends the rows of later customers.
  touch_credit_rows& operator+=(const touch_credit_rows& other);
};

/// The credits of single touches by several rules in one pass: settled journeys that converted, and the touches that
/// `options` leave them. `options.intervals`, `level` and `min_n` play no part.
/// \throws input_error for models that credit items as a whole or learn from all journeys, which `explain_credit`
///         and `credit_rows` spread over touches, and as `attribute`.
[[nodiscard]] touch_credit_rows touch_credits(const journey_set& journeys, std::span<const attribution_model> models,
                                              const attribution_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/touch_credits.ipp"
#endif
