// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct friction_options {
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  /// The order in which items are meant to come, for back-steps; items that are not listed have none. Empty: the order
  /// in which the journey first came to them.
  std::vector<std::string> order = {};
  std::size_t rage_times = 3;                       ///< the same item so many times in a row …
  duration rage_within = std::chrono::seconds{10};  ///< … within so long is rage
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

struct friction_tables {
  /// `<by>, kind, visits, n, count, rate, lower, upper, marks`; most counts first, rows without a count left out.
  table items;
  /// `from, to, count, share`: the back-steps; `share` is of all of them.
  table back_steps;
};

/// Where customers get stuck: what they do over and over, and where they turn back.
///
///     repeat     the item right after itself               a > a
///     loop       back at an item after others              a > b > a: a loop of a
///     back_step  from an item to an earlier one            a > b > a: a back-step from b
///     rage       an item `rage_times` times in a row within `rage_within`; a longer burst counts once
///
/// Visits are events (of phases: runs of them) in all journeys, open ones too; rate = count / visits, by customers.
/// Rage needs times: in logs without, there are no such rows.
/// \throws input_error when the log lacks the label, an item of the order does not occur, or `rage_times` is below 2.
[[nodiscard]] friction_tables friction(const journey_set& journeys, const friction_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/dropoff/friction.ipp"
#endif
