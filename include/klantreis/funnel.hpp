// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/log.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// One step of a funnel: a touchpoint (or channel, phase, attribute value), or several of which any counts.
///
///     funnel(log, {"view", "cart", {"order", "order_by_phone"}}, {.window = std::chrono::days{7}});
struct funnel_step {
  std::vector<std::string> names;

  funnel_step(const char* name) : names{name} {}                        // NOLINT(google-explicit-constructor)
  funnel_step(std::string name) : names{std::move(name)} {}             // NOLINT(google-explicit-constructor)
  funnel_step(std::vector<std::string> any) : names(std::move(any)) {}  // NOLINT(google-explicit-constructor)
  funnel_step(std::initializer_list<std::string_view> any) : names(any.begin(), any.end()) {}

  /// The names joined by ` | `.
  [[nodiscard]] std::string label() const;

  friend bool operator==(const funnel_step&, const funnel_step&) = default;
};

struct funnel_options {
  /// Longest time from the first step to the last one, inclusive. Without it there is no limit.
  std::optional<duration> window = std::nullopt;
  std::string by = "touchpoint";  ///< what the steps name: `touchpoint`, `channel`, `phase` or an attribute
  bool require_known = false;     ///< a name that no event carries is an error, not a step that nobody reaches
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// The most steps a funnel may have.
inline constexpr std::size_t max_funnel_steps = 64;

/// How far customers came in a funnel; merges by `+=` over logs that share no customer.
///
/// The level of a customer is the largest k with distinct rows r1 < … < rk in log order that match steps 1 … k and
/// t(rk) − t(r1) ≤ window. It looks at all events of the customer, also beyond the cuts of journeys:
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
  /// Customers who reached step 1, 2, … or a later one.
  [[nodiscard]] std::vector<std::uint64_t> reached() const;
  /// Seconds from the step before to step `index` (counted from 0), one for each customer who reached it; in no order.
  [[nodiscard]] std::span<const double> seconds(std::size_t index) const { return from_previous_.at(index); }
  /// Seconds from the first step to step `index` of the same customers.
  [[nodiscard]] std::span<const double> seconds_from_first(std::size_t index) const { return from_first_.at(index); }

  /// Adds the customers of another log.
  /// \throws input_error when the two were counted with different steps or options.
  funnel_counts& operator+=(const funnel_counts& other);

 private:
  friend funnel_counts count_funnel(const event_log&, const std::vector<funnel_step>&, const funnel_options&);
  friend funnel_counts count_funnel(const journey_set&, const std::vector<funnel_step>&, const funnel_options&);
  friend table funnel(const funnel_counts&, const interval_options&);

  static funnel_counts of(const event_log& log, const std::vector<funnel_step>& steps, const funnel_options& options,
                          const journey_set* observed);

  std::vector<funnel_step> steps_;
  std::vector<std::pair<std::string, std::string>> options_;  // as the result shows them; equal in what is merged
  std::uint64_t customers_ = 0;
  std::vector<std::uint64_t> stopped_at_;  // customers whose level is exactly k, k = 0 … steps
  std::vector<std::vector<double>> from_previous_;
  std::vector<std::vector<double>> from_first_;
};

/// Counts how far each customer came.
///
/// Linear in the events: per step the latest start of a chain that reached it is enough, because a later start leaves
/// more of the window. Steps are visited from the last to the first, so that one event fills one step.
/// \throws input_error without steps, for a step without names, a window on a log without time, or (`require_known`) an
///         unknown name; limit_error beyond `max_funnel_steps`.
[[nodiscard]] funnel_counts count_funnel(const event_log& log, const std::vector<funnel_step>& steps,
                                         const funnel_options& options = {});

/// The same over all events of the log behind `journeys` up to their `observed_until`.
[[nodiscard]] funnel_counts count_funnel(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                         const funnel_options& options = {});

/// How many customers reach each step, and how long they take.
///
/// `step, label, count, n, rate, rate_from_first` with Wilson bounds, `median_time, p25_time, p75_time, p90_time,
/// median_time_from_first, marks`. `rate` is `count / n`, where `n` is the count of the step before, at step 1 the
/// number of customers; `rate_from_first` is the share of those at step 1. Times are seconds from the step before, on
/// the chain that first reached the customer's deepest step (of several, the one that starts last); quantiles of
/// type 7.
[[nodiscard]] table funnel(const funnel_counts& counts, const interval_options& intervals = {});

[[nodiscard]] table funnel(const event_log& log, const std::vector<funnel_step>& steps,
                           const funnel_options& options = {});
[[nodiscard]] table funnel(const journey_set& journeys, const std::vector<funnel_step>& steps,
                           const funnel_options& options = {});

namespace detail {

/// Follows the chains of one customer at a time.
class funnel_scan {
 public:
  /// `masks[code]` has bit k set when the label matches step k; `window` in units of `times`; at most 64 steps.
  funnel_scan(std::span<const std::uint64_t> masks, std::size_t steps, std::optional<std::int64_t> window);

  /// The level reached in events `[begin, end)`. Without `times` the order alone counts.
  [[nodiscard]] std::size_t level(std::span<const std::uint32_t> codes, std::span<const std::int64_t> times,
                                  std::size_t begin, std::size_t end);

  /// The times of the steps of the chain that first reached the level last returned.
  [[nodiscard]] std::span<const std::int64_t> chain() const noexcept { return {chain_.data(), level_}; }

 private:
  template <bool Timed>
  std::size_t scan(std::span<const std::uint32_t> codes, std::span<const std::int64_t> times, std::size_t begin,
                   std::size_t end);

  std::span<const std::uint64_t> masks_;
  std::size_t steps_;
  std::uint64_t window_;
  std::size_t level_ = 0;
  std::vector<std::int64_t> times_;  // row k: the times of the chain of length k + 1 that starts last
  std::vector<std::int64_t> chain_;
};

}  // namespace detail

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/funnel.ipp"
#endif
