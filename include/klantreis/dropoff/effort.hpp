// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct effort_options {
  std::string by = "touchpoint";          ///< `touchpoint`, `channel`, `phase` or an attribute
  std::vector<std::string> hurdles = {};  ///< items that cost the customer something: a form, an account, a payment
  std::vector<double> quantiles = {0.25, 0.5, 0.75, 0.9};
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

struct effort_tables {
  /// `effort, measure, value, lower, upper, count, n, marks`: mean and quantiles of the `steps` before the conversion,
  /// of the `distinct` items among them and, where named, of the distinct `hurdles`; settled journeys that converted.
  table measures;
  /// `hurdles` (`distinct` where none are named)`, journeys, n, conversions, rate, lower, upper, marks`: the conversion
  /// rate of settled journeys by how many they met. Journeys that go further meet more: no statement about effect.
  table rates;
};

/// How much customers must do until they convert.
/// \throws input_error when the log lacks the label, no event is a hurdle named, or journeys go on after conversions.
[[nodiscard]] effort_tables effort(const journey_set& journeys, const effort_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/dropoff/effort.ipp"
#endif
