// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// A call to action: an item, and what customers are called to do next. Any of several `goals` counts; `(conversion)`
/// stands for any conversion.
struct call_to_action {
  std::string item;
  std::vector<std::string> goals;
};

struct click_through_options {
  std::string by = "touchpoint";                  ///< what items and goals name
  std::optional<duration> within = std::nullopt;  ///< the goal must follow so soon; default: whenever it is next
  interval_options intervals{};
};

/// How many visits of a call to action are followed by what it calls for.
///
/// Columns: `<by>, goal, visits, n, clicks, click_rate, click_rate_lower, click_rate_upper, exits, exit_rate,
/// exit_rate_lower, exit_rate_upper, elsewhere, marks`, in the order given; settled journeys, intervals by customers.
/// An exit is a visit after which a journey without conversion ended; the other visits went elsewhere. \throws
/// input_error when the log lacks the label, no event carries a name, a call has no goal, or a time is asked of
///         a log without.
[[nodiscard]] table click_through(const journey_set& journeys, const std::vector<call_to_action>& calls,
                                  const click_through_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/dropoff/click_through.ipp"
#endif
