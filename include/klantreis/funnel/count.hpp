// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/funnel/dialects.hpp"
#include "klantreis/funnel/steps.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/log.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// In which order the project's own funnel wants the steps.
enum class funnel_order : std::uint8_t {
  ordered,  ///< one after the other; other events may stand between
  strict,   ///< one directly after the other
  any,      ///< in whatever order, within the window; step k then means: k steps done
  open,     ///< each step by itself
};

/// Whether one event may fill several steps of the project's own funnel.
enum class step_repeats : std::uint8_t { distinct, reuse };

/// Of which of the chains that reach the deepest step the times are.
enum class funnel_entry : std::uint8_t {
  latest,    ///< of the chain that reaches it first; of several, the one that starts last
  earliest,  ///< of the chain that starts first
};

/// What is counted.
enum class funnel_unit : std::uint8_t {
  customer,  ///< all events of a customer, also beyond the cuts of journeys
  journey,   ///< each journey by itself, its conversion included
};

struct funnel_options {
  /// Longest time from the first step to the last one, inclusive. Without it there is no limit.
  std::optional<duration> window = std::nullopt;
  std::string by = "touchpoint";  ///< what the steps name: `touchpoint`, `channel`, `phase` or an attribute
  bool require_known = false;     ///< a name that no event carries is an error, not a step that nobody reaches
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core

  funnel_order order = funnel_order::ordered;
  /// Longest time from a step to the next, inclusive: one for all, or one for each step but the first.
  std::vector<std::optional<duration>> step_windows = {};
  std::vector<funnel_exclusion> exclude = {};
  std::vector<std::size_t> optional_steps = {};  ///< steps, counted from 1, that may be passed over
  step_repeats repeats = step_repeats::distinct;
  funnel_unit unit = funnel_unit::customer;
  funnel_entry entry = funnel_entry::latest;  ///< of an ordered funnel of the project's own without further options
  funnel_dialect dialect = {};                ///< another tool's definition instead of `order` and `repeats`
};

namespace detail {
struct funnel_plan;
struct funnel_partial;
struct part_fields;
}  // namespace detail

/// How far customers (or journeys) came in a funnel; merges by `+=` over logs that share no customer.
///
/// In the default definition the level of a customer is the largest k with distinct rows r1 < … < rk in log order that
/// match steps 1 … k and t(rk) − t(r1) ≤ window. It looks at all events of the customer, also beyond the cuts of
/// journeys:
///
///     steps    view > cart > order, window 2 days
///     events   view(1)  cart(2)  view(9)  order(10)  cart(10)      the day in brackets
///     chains   view(1) > cart(2)    and    view(9) > cart(10)      level 2: no order follows a cart within 2 days
class funnel_counts {
 public:
  funnel_counts() = default;

  [[nodiscard]] const std::vector<funnel_step>& steps() const noexcept { return steps_; }
  /// Customers with an event.
  [[nodiscard]] std::uint64_t customers() const noexcept { return customers_; }
  /// Customers or journeys: what `reached` counts, without those that an exclusion leaves out.
  [[nodiscard]] std::uint64_t units() const noexcept { return units_ - excluded_; }
  /// Units that an exclusion leaves out of every step (PostHog).
  [[nodiscard]] std::uint64_t excluded() const noexcept { return excluded_; }
  /// Units that reached step 1, 2, ….
  [[nodiscard]] std::vector<std::uint64_t> reached() const { return reached_; }
  /// Units that reached step 1, 2, … but not the next step that is not optional.
  [[nodiscard]] std::vector<std::uint64_t> lost() const { return lost_; }
  /// Seconds from the step before to step `index` (counted from 0), one for each unit that reached it; in no order.
  [[nodiscard]] std::span<const double> seconds(std::size_t index) const { return from_previous_.at(index); }
  /// Seconds from the first step to step `index` of the same units.
  [[nodiscard]] std::span<const double> seconds_from_first(std::size_t index) const { return from_first_.at(index); }

  /// What stands in the column `label` of step `index`.
  [[nodiscard]] const std::string& label(std::size_t index) const { return labels_.at(index); }
  /// The share of those at step 1 who reached step `index` too, with its interval.
  [[nodiscard]] estimate rate_from_first(std::size_t index, const interval_options& intervals = {}) const;

  /// Adds the customers of another log.
  /// \throws input_error when the two were counted with different steps or options.
  funnel_counts& operator+=(const funnel_counts& other);

 private:
  friend funnel_counts count_funnel(const event_log&, const std::vector<funnel_step>&, const funnel_options&);
  friend funnel_counts count_funnel(const journey_set&, const std::vector<funnel_step>&, const funnel_options&);
  friend table funnel(const funnel_counts&, const interval_options&);
  friend struct detail::funnel_partial;
  friend struct detail::part_fields;

  static funnel_counts of(const detail::funnel_plan& plan);
  void add(const funnel_counts& other);
  void finish(const detail::funnel_plan& plan);
  [[nodiscard]] estimate rate(std::size_t index, const interval_options& intervals) const;

  std::vector<funnel_step> steps_;
  std::vector<std::string> labels_;
  std::vector<std::pair<std::string, std::string>> options_;  // as the result shows them; equal in what is merged
  std::string definition_;
  std::vector<std::size_t> base_;  // the step whose count is the denominator of a step's rate; 0: all units
  bool by_journeys_ = false;
  std::uint64_t customers_ = 0;
  std::uint64_t units_ = 0;
  std::uint64_t excluded_ = 0;
  std::vector<std::uint64_t> reached_;
  std::vector<std::uint64_t> lost_;
  std::vector<std::uint64_t> with_base_;   // units that reached both the step and its base
  std::vector<std::uint64_t> with_entry_;  // units that reached both the step and step 1
  std::vector<std::vector<double>> from_previous_;
  std::vector<std::vector<double>> from_first_;
  // Of journeys: what customers add up to, since they are the independent units. [0]: all journeys, [k]: at step k.
  std::vector<visit_moments> at_;
  std::vector<event_moments> from_base_;
  std::vector<event_moments> from_entry_;
};

/// Counts how far each customer came.
///
/// Linear in the events: per step the latest start of a chain that reached it is enough, because a later start leaves
/// more of the window. Steps are visited from the last to the first, so that one event fills one step.
/// \throws input_error without steps, for a step without names, a window on a log without time, an option that the
///         dialect does not know, or (`require_known`) an unknown name; limit_error beyond `max_funnel_steps`.
[[nodiscard]] funnel_counts count_funnel(const event_log& log, const std::vector<funnel_step>& steps,
                                         const funnel_options& options = {});

/// The same over all events of the log behind `journeys` up to their `observed_until`, or over each journey.
[[nodiscard]] funnel_counts count_funnel(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                         const funnel_options& options = {});

/// How many customers reach each step, and how long they take.
///
/// `step, label, count, n, lost, rate, rate_from_first` with bounds, `median_time, p25_time, p75_time, p90_time,
/// median_time_from_first, marks`. `rate` is `count` by the count of the step before (of the nearest one that is not
/// optional), at step 1 by all units; `n` is the customers behind it; `rate_from_first` is the share of those at step
/// 1; `lost` are those who reached the step and not the next one. Shares of customers have Wilson's interval, shares of
/// journeys one by customers. Times are seconds from the step before, on the chain that first reached the deepest step
/// (of several, the one that starts last); quantiles of type 7.
[[nodiscard]] table funnel(const funnel_counts& counts, const interval_options& intervals = {});

[[nodiscard]] table funnel(const event_log& log, const std::vector<funnel_step>& steps,
                           const funnel_options& options = {});
[[nodiscard]] table funnel(const journey_set& journeys, const std::vector<funnel_step>& steps,
                           const funnel_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/funnel/count.ipp"
#endif
