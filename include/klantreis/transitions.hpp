// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct transition_options {
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  bool times = true;              ///< keep how long each transition took, for medians: 8 bytes each
  unsigned threads = 0;           ///< 0: one for each core
};

/// A transition given by names: `weight` times from one state to another.
struct named_transition {
  std::string_view from;
  std::string_view to;
  double weight = 1.0;
};

namespace detail {
class edge_counter;
struct part_fields;
}  // namespace detail

/// How often settled journeys went from one state to the next, with what an interval by customers needs.
///
/// A journey `visit > cart > visit` that ends in a null counts
///
///     (start) → visit    visit → cart    cart → visit    visit → (null)
///
/// States have codes: `start`, `conversion`, `null` and `end` first, then the items that occur. The transitions stand
/// in compressed sparse rows, ordered by the codes of `from` and `to`.
///
/// Rules: every weight is positive; a state's visits equal the weights that leave it (for an end state: that arrive);
/// nothing enters `start` and nothing leaves an end state. Counts merge with `+=` by the names of the states; a
/// customer must not be in both.
class transition_counts {
 public:
  using state = name_table::code;
  static constexpr state start = 0;
  static constexpr state conversion = 1;
  static constexpr state null = 2;
  static constexpr state end = 3;
  static constexpr state first_item = 4;

  transition_counts();

  /// Counts that come from elsewhere. Each transition is a unit of its own: intervals assume them independent.
  /// \throws input_error when a weight is negative, infinite or not a number, a transition enters `(start)` or leaves
  /// an
  ///         end state.
  [[nodiscard]] static transition_counts from_edges(std::span<const named_transition> edges);

  [[nodiscard]] const std::string& by() const noexcept { return by_; }
  /// What was counted and under which options, as text.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& options() const noexcept { return options_; }

  [[nodiscard]] const name_table& states() const noexcept { return states_; }
  /// Distinct transitions.
  [[nodiscard]] std::size_t size() const noexcept { return targets_.size(); }
  [[nodiscard]] bool empty() const noexcept { return targets_.empty(); }
  /// The transitions that leave `from`.
  [[nodiscard]] index_range row(state from) const noexcept { return {offsets_[from], offsets_[from + 1]}; }
  [[nodiscard]] state target(std::size_t transition) const noexcept { return targets_[transition]; }
  [[nodiscard]] double weight(std::size_t transition) const noexcept { return cells_[transition].e; }

  /// Visits of a state, and their powers by customer.
  [[nodiscard]] const visit_moments& visits(state at) const noexcept { return rows_[at]; }
  [[nodiscard]] const event_moments& moments(std::size_t transition) const noexcept { return cells_[transition]; }

  /// Settled journeys.
  [[nodiscard]] double journeys() const noexcept { return rows_[start].v; }
  /// Customers with a settled journey; without customers, the units.
  [[nodiscard]] double customers() const noexcept { return rows_[start].customers; }

  /// How long the transition took each time, in ticks; empty without time and where an end of it is no event.
  [[nodiscard]] std::span<const std::int64_t> times(std::size_t transition) const noexcept {
    return ticks_per_second_ == 0 ? std::span<const std::int64_t>{}
                                  : std::span{times_}.subspan(time_offsets_[transition], time_offsets_[transition + 1] -
                                                                                             time_offsets_[transition]);
  }
  /// 0 without time.
  [[nodiscard]] std::int64_t ticks_per_second() const noexcept { return ticks_per_second_; }

  /// Adds the counts of other customers.
  /// \throws input_error when the two were counted by different labels or options.
  transition_counts& operator+=(const transition_counts& other);

 private:
  friend struct detail::part_fields;
  friend transition_counts count_transitions(const journey_set& journeys, const transition_options& options);
  friend transition_counts count_transitions(const path_table& paths);
  void assign(std::span<const detail::edge_counter> workers, const name_table& items);

  std::string by_ = "touchpoint";
  std::vector<std::pair<std::string, std::string>> options_;
  name_table states_;
  std::vector<visit_moments> rows_;
  std::vector<std::size_t> offsets_;
  std::vector<state> targets_;
  std::vector<event_moments> cells_;
  std::int64_t ticks_per_second_ = 0;
  std::vector<std::size_t> time_offsets_;
  std::vector<std::int64_t> times_;
};

/// Counts the transitions of the settled journeys.
/// \throws input_error when the log has no labels `by`.
[[nodiscard]] transition_counts count_transitions(const journey_set& journeys, const transition_options& options = {});

/// Counts the transitions of the paths that converted or ended in a null.
///
/// Where the table knows its customers they are the units of the intervals; else each conversion and each null is one.
/// There are no times.
[[nodiscard]] transition_counts count_transitions(const path_table& paths);

/// The transitions with the probability of each: weight over visits of `from`, with an interval by customers.
///
/// Columns: `from, to, weight, n, probability, lower, upper, marks, median_time`. `n` counts the customers who visited
/// `from`. `median_time` is the median of the seconds from one event to the next (of merged runs: between their first
/// events); it is null at `(start)` and at end states, which are no events. Rows: `(start)` first, then `from` by
/// visits, within `from` by weight, most first; equal ones by name.
[[nodiscard]] table transitions(const transition_counts& counts, const interval_options& options = {},
                                unsigned threads = 0);

/// One row for each state that occurs: `state, visits, n, share`, in the order of `transitions`, end states last.
///
/// `n` counts the customers who visited the state and `share` is their share of the customers with a settled journey.
[[nodiscard]] table state_visits(const transition_counts& counts);

namespace detail {

/// A row of `transitions`.
struct transition_row {
  transition_counts::state from = 0;
  transition_counts::state to = 0;
  double weight = 0.0;
  estimate probability;
  double median_time = null_value;
};

/// The states that occur: `(start)`, items by visits, end states.
[[nodiscard]] std::vector<transition_counts::state> ordered_states(const transition_counts& counts);
[[nodiscard]] std::vector<transition_row> ordered_transitions(const transition_counts& counts,
                                                              const interval_options& options, unsigned threads);
[[nodiscard]] table transition_table(const transition_counts& counts, std::span<const transition_row> rows,
                                     const interval_options& options);

}  // namespace detail

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/transitions.ipp"
#endif
