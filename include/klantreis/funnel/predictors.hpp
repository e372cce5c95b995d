// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "klantreis/funnel/count.hpp"

namespace klantreis {

struct predictor_options {
  std::size_t from_step = 1;                 ///< who reached this step …
  std::size_t to_step = 0;                   ///< … and succeeded by reaching this one; 0: the last
  bool events = true;                        ///< events between the two steps
  bool previous = true;                      ///< the event right before the first of them
  std::vector<std::string> attributes = {};  ///< label columns, at the event that filled the first of them
};

/// What goes with dropping off between two steps, and what with going on.
///
/// `kind, name, converted_with, lost_with, converted_without, lost_without, conversion_with, conversion_without,
/// odds_ratio, lower, upper, p, p_holm, p_bh, n, marks`, smallest p first. `kind` is `event`, `previous` or the name of
/// an attribute.
///
/// The population is customers who reached `from_step`; those who reached `to_step` succeeded. An event counts when it
/// fills no step of the funnel and lies after the one step and before the other, for those who were lost within the
/// window (PostHog's correlation). The odds ratio is that of PostHog, each cell raised by one: below 1 an event goes
/// with dropping off. p is Fisher's two-sided exact test, adjusted over all rows of the table by Holm and by Benjamini
/// and Hochberg. Rows of small cells are marked, not hidden. Association is not effect. \throws input_error as
/// `count_funnel`, by journey (journeys of a customer are not independent), for an order without
///         steps to lie between, and for steps or attributes that there are not.
[[nodiscard]] table predictors(const event_log& log, const std::vector<funnel_step>& steps,
                               const predictor_options& asked = {}, const funnel_options& options = {});
[[nodiscard]] table predictors(const journey_set& journeys, const std::vector<funnel_step>& steps,
                               const predictor_options& asked = {}, const funnel_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/funnel/predictors.ipp"
#endif
