// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/funnel/count.hpp"

// A funnel seen from other sides: by attribute, by period, by time, customer by customer, and by every definition.
// All of them count with the matcher of the funnel itself, so their numbers are those of the funnel.

namespace klantreis {

/// Which value of an attribute a customer (or journey) is counted under.
enum class breakdown_by : std::uint8_t {
  first,  ///< of the first event that has a value
  last,   ///< of the last event that has a value
  all,    ///< of every event: the funnel is counted for each value on the events that carry it
  step,   ///< of the event that filled a step; `(none)` for those who did not reach it
};

struct breakdown_options {
  std::string attribute = {};  ///< a label column: channel, phase, an attribute
  breakdown_by attribution = breakdown_by::first;
  std::size_t step = 1;  ///< for `breakdown_by::step`, counted from 1
};

/// The funnel of each value of an attribute: `<attribute>, step, label, count, n, lost, rate, rate_from_first` with
/// bounds, `median_time, median_time_from_first, marks`; the value with most units first, then by name.
/// \throws input_error as `count_funnel`, and for an attribute that the log lacks.
[[nodiscard]] table funnel_breakdown(const event_log& log, const std::vector<funnel_step>& steps,
                                     const breakdown_options& breakdown, const funnel_options& options = {});
[[nodiscard]] table funnel_breakdown(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                     const breakdown_options& breakdown, const funnel_options& options = {});

/// The length of a period of `funnel_trend`, in UTC; weeks begin on Monday.
enum class period_length : std::uint8_t { hour, day, week, month };

/// The funnel of those who entered it in each period.
///
/// A unit counts in every period in which it does step 1, with the chains that begin there: `period, entered, step,
/// label, count, n, rate_from_first` with bounds, `complete, marks`. A period is complete when the window of its last
/// entry has passed before the observation ends; without a window, when the period has.
/// \throws input_error as `count_funnel`, and for a log without time.
[[nodiscard]] table funnel_trend(const event_log& log, const std::vector<funnel_step>& steps, period_length period,
                                 const funnel_options& options = {});
[[nodiscard]] table funnel_trend(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                 period_length period, const funnel_options& options = {});

struct conversion_time_options {
  std::size_t from_step = 1;
  std::size_t to_step = 0;                         ///< 0: the last
  std::optional<std::size_t> bins = std::nullopt;  ///< 1 … 90; without it the cube root of the units, at most 60
};

/// How long conversion takes: `from_seconds, to_seconds, count, share, cumulative`, one row for each bin.
///
/// Bins as PostHog makes them: ⌈(⌈max⌉ − ⌊min⌋) / bins⌉ seconds wide, a minute where all times are equal, the first
/// from ⌊min⌋. Median, quartiles and mean stand in the options of the table.
/// \throws input_error as `count_funnel`, for a log without time and for steps or bins that there are not.
[[nodiscard]] table funnel_times(const event_log& log, const std::vector<funnel_step>& steps,
                                 const conversion_time_options& times = {}, const funnel_options& options = {});
[[nodiscard]] table funnel_times(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                 const conversion_time_options& times = {}, const funnel_options& options = {});

/// How far each customer (or journey) came: `customer, level, left_out, entered`, sorted by the text of the id.
///
/// `entered` is the time of the first step as microseconds since 1970, where the log has times; `level` counts the
/// steps as the definition does, optional ones not among them.
[[nodiscard]] table funnel_levels(const event_log& log, const std::vector<funnel_step>& steps,
                                  const funnel_options& options = {});
[[nodiscard]] table funnel_levels(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                  const funnel_options& options = {});

/// The ids of the customers who reached `step` (counted from 1) and, with `lost`, not the next one; sorted as text.
/// By journey: of those with such a journey, each once.
[[nodiscard]] std::vector<std::string> funnel_customers(const event_log& log, const std::vector<funnel_step>& steps,
                                                        std::size_t step, bool lost = false,
                                                        const funnel_options& options = {});
[[nodiscard]] std::vector<std::string> funnel_customers(const journey_set& journeys,
                                                        const std::vector<funnel_step>& steps, std::size_t step,
                                                        bool lost = false, const funnel_options& options = {});

/// How far one customer came, and why no further.
struct funnel_explanation {
  std::size_t level = 0;
  bool is_left_out = false;  ///< an exclusion leaves the customer out of every step
  std::string reason;        ///< in words
  /// The events of the customer that match a step or are excluded: `time, touchpoint, matches, fills, note`.
  table events;
};

/// \throws input_error as `count_funnel`, and for a customer that the log does not know.
[[nodiscard]] funnel_explanation explain_funnel(const event_log& log, std::string_view customer,
                                                const std::vector<funnel_step>& steps,
                                                const funnel_options& options = {});
[[nodiscard]] funnel_explanation explain_funnel(const journey_set& journeys, std::string_view customer,
                                                const std::vector<funnel_step>& steps,
                                                const funnel_options& options = {});

/// The same steps by every definition: `definition, window, step, label, count, rate_from_first, lower, upper, marks`.
///
/// Definitions that take a window get that of the options; those that need journeys or times are left out where there
/// are none, and those with a limit of steps beyond it.
[[nodiscard]] table compare_definitions(const event_log& log, const std::vector<funnel_step>& steps,
                                        const funnel_options& options = {});
[[nodiscard]] table compare_definitions(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                        const funnel_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/funnel/views.ipp"
#endif
