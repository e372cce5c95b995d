// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct attribution_options {
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute; a path table has its own
  std::optional<duration> lookback = std::nullopt;  ///< touches older than this before the conversion earn nothing
  std::size_t lookback_touches = 0;                 ///< only so many of the last touches earn; 0: all
  std::vector<std::string> exclude = {};  ///< touches of these items are left out: what they had falls to the others
  bool reuse_touches = false;  ///< a journey also credits the customer's earlier touches; else each touch counts once
  bool intervals = true;       ///< without them the bounds are null, and the pass over the customers is saved
  double min_n = 30.0;         ///< rows of fewer customers are marked `few_customers`
  double level = 0.95;         ///< coverage of the intervals
  unsigned threads = 0;        ///< 0: one for each core
};

/// Shares out the conversions, and their value, over the items of the journeys.
///
/// One row for each item of a settled journey, most credit first, then by name; at the end a row `(unattributed)` when
/// conversions came without any touch. Columns: the item, `model, removal_effect, share, credit` and, where values
/// exist, `removal_effect_value, credit_value`, each with `_lower` and `_upper`; then `n` and `marks`. The removal
/// effects belong to `markov_model` alone. Credits add up to the conversions, shares to 1, value credits to the value.
///
/// Intervals take customers as independent: influence values summed per customer. A removal effect of 1 (every way to
/// the conversion passes the item) or 0 (no way from the item to the conversion), decided on the graph, has Wilson's
/// bounds with the converting customers, and the mark `boundary`. `n` counts customers with a settled journey.
/// The two games of rates of `shapley` have no bounds and no value credits; those of `exact_set` may be negative.
/// \throws input_error when the journeys go on after their conversion, when none is settled, when a parameter of the
///         model is out of range, or when the model needs times and there are none.
[[nodiscard]] table attribute(const journey_set& journeys, const attribution_model& model = markov_model{},
                              const attribution_options& options = {});

/// What the model says each item of a path table, and of journeys, is credited from: the paths that `options` leave.
[[nodiscard]] path_table credited_paths(const journey_set& journeys, const attribution_options& options = {});

/// The same from a path table. Without customers in it, each conversion and each null counts as a customer of its own.
/// \throws input_error for `time_decay` (a path has no times), for a lookback, and as above.
[[nodiscard]] table attribute(const path_table& paths, const attribution_model& model = markov_model{},
                              const attribution_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/attribute.ipp"
#endif
