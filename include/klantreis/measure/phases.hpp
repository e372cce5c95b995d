// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/measure/design.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

namespace detail {
struct part_fields;
}  // namespace detail

struct measure_options {
  std::string by = "phase";     ///< `phase` or `touchpoint`
  std::string scope_from = {};  ///< the first phase that is measured; empty: the first of the design
  std::string scope_to = {};    ///< the last one; empty: the last of the design
  bool times = true;            ///< keep how long visits lasted, for medians: 8 bytes each
  unsigned threads = 0;         ///< 0: one for each core
};

/// What the journeys of a log make of the phases or touchpoints of a design; merges by `+=` over logs that share no
/// customer.
///
/// A journey with phases numbered in the order of the design
///
///     1  1  2  4  4  2  (open, left or at rest)
///
/// makes the visits 1, 2, 4, 2: it enters at 1, moves on from 1 and 2, skips 3 from 2 to 4, steps back from 4, and ends
/// in 2. Events of no phase are looked past. By touchpoint each event is a visit, and on, back and skip are those of
/// the phases the touchpoints stand in.
class measure_counts {
 public:
  struct item {
    std::string name;
    std::string phase;            ///< of a touchpoint, in the design
    bool designed = true;         ///< false: a touchpoint that the design does not name
    bool measured = true;         ///< false: customers leave no events here
    double emotion = null_value;  ///< expected
    std::uint64_t reach = 0;      ///< customers with a visit
    std::uint64_t entries = 0;    ///< journeys that begin here, or with a scope: that come into it here
    std::uint64_t visits = 0;
    std::uint64_t passed = 0;      ///< customers who were in a later phase afterwards, in the same journey
    std::uint64_t back = 0;        ///< visits followed by one of an earlier phase
    std::uint64_t skips = 0;       ///< visits followed by one beyond a measured phase between
    std::uint64_t skipped = 0;     ///< customers who were in a later phase without having been here
    std::uint64_t left = 0;        ///< settled journeys that end here without a conversion
    std::uint64_t at_rest = 0;     ///< settled journeys that end here after one
    std::uint64_t open = 0;        ///< journeys that are here, their end unknown
    std::uint64_t gone = 0;        ///< customers whose last journey ended here
    std::uint64_t waiting = 0;     ///< customers whose last journey is open here
    visit_moments settled_visits;  ///< visits of settled journeys by customer
    event_moments leavings;
    std::vector<std::int64_t> ticks;                  ///< from each visit to the next one
    std::vector<std::pair<double, double>> feelings;  ///< by customer: the sum of emotions and the number of answers
  };

  /// Adds the journeys of other customers.
  /// \throws input_error when the two were counted under different options or designs.
  measure_counts& operator+=(const measure_counts& other);

  [[nodiscard]] const std::string& by() const noexcept { return by_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& options() const noexcept { return options_; }
  /// In the order of the design; touchpoints that it does not name follow by name.
  [[nodiscard]] const std::vector<item>& items() const noexcept { return items_; }
  [[nodiscard]] std::uint64_t customers() const noexcept { return customers_; }  ///< with a visit in scope
  [[nodiscard]] std::uint64_t journeys() const noexcept { return journeys_; }
  [[nodiscard]] std::uint64_t open_journeys() const noexcept { return open_; }
  [[nodiscard]] std::uint64_t outside() const noexcept { return outside_; }  ///< events of no phase
  [[nodiscard]] std::int64_t ticks_per_second() const noexcept { return ticks_per_second_; }

 private:
  friend struct detail::part_fields;
  friend measure_counts count_measure(const journey_set&, const journey_design&, const measure_options&);

  std::string by_;
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<item> items_;
  std::uint64_t customers_ = 0;
  std::uint64_t journeys_ = 0;
  std::uint64_t open_ = 0;
  std::uint64_t outside_ = 0;
  std::int64_t ticks_per_second_ = 0;
};

/// Measures journeys in one pass; they are cut anew with `go_on` unless they are cut so.
/// \throws input_error when the design is not sound, does not know a phase of the log, or `by` is something else.
[[nodiscard]] measure_counts count_measure(const journey_set& journeys, const journey_design& design,
                                           const measure_options& options = {});

/// The measured phases or touchpoints, in the order of the design.
///
/// Columns: `<by>, reach, entries, visits, passed, back, skips, left, at_rest, exits, exit_rate, lower, upper,
/// median_time, emotion_expected, emotion_measured, n, marks, open, measured`; by touchpoint `phase` after the first.
/// `exits` is left + at_rest; `exit_rate` is left over the visits of settled journeys, with an interval by customers,
/// of whom there are `n`; `median_time` is the median of the seconds from the beginning of a visit to that of the next
/// one.
[[nodiscard]] table measured_items(const measure_counts& counts, const interval_options& intervals = {});

/// How customers become fewer: `<by>, reach, share, lower, upper, passed, skipped, gone, open, n, marks`.
///
/// `share` is of all customers, `gone` counts customers whose last journey ended here and `open` those whose last
/// journey is still there, so that these two add up to all customers over the phases of the whole journey.
[[nodiscard]] table attrition(const measure_counts& counts, const interval_options& intervals = {});

/// Expected and measured emotion: `<by>, expected, measured, lower, upper, gap, answers, n, status, marks`.
///
/// `measured` is the mean of all answers, with an interval by customers. `status` is `not measured` without answers,
/// `no expectation` without one, `too little data` below `min_n` customers, else `ok` where the mean reaches what is
/// expected, `off` where the whole interval lies below, and `off, could be chance` where it does not.
[[nodiscard]] table emotions(const measure_counts& counts, const interval_options& intervals = {});

/// The answers that lie below what the design expects of their touchpoint or else of their phase, lowest first:
/// `customer, time, touchpoint, phase, score, emotion, expected, gap, path`, `path` being the touchpoints of the visit
/// to the phase up to the answer.
[[nodiscard]] table low_answers(const journey_set& journeys, const journey_design& design, std::size_t limit = 100);

/// Whether customers come back after they said how they feel: `experience, customers, returned, rate, lower, upper,
/// marks`.
///
/// Each customer with an answer where the design expects something stands in one row by the mean of answer minus
/// expectation (of the touchpoint, or else of its phase): `below`, `met` or `above`, where up to `tolerance` either way
/// is met. Who converts after the first of these answers has returned. Association, not effect.
[[nodiscard]] table returns_by_experience(const journey_set& journeys, const journey_design& design,
                                          double tolerance = 0.0, const interval_options& intervals = {},
                                          unsigned threads = 0);

/// What calls to action lead to: `touchpoint, phase, visits, n, next, clicks, rate, lower, upper, exits, exit_rate,
/// exit_lower, exit_upper, marks`.
///
/// `clicks` counts the visits that are followed at once by a conversion or by a touchpoint of a phase to which the
/// design moves on from here; `next` names those phases. Where the design has no moves, any later phase will do. Of
/// settled journeys.
[[nodiscard]] table calls_to_action(const journey_set& journeys, const journey_design& design,
                                    const interval_options& intervals = {}, unsigned threads = 0);

/// A KPI as a phase score takes it.
struct kpi_status {
  std::string phase = {};
  std::string kpi = {};
  std::string status = {};  ///< `ok`; begins with `off`; anything else is not measured
};

/// A score from 0 to 100 for each phase: the share of its targets that are reached.
///
/// Columns: `phase, score, reached, targets, left_out`. Targets are KPIs with a status of `ok` or `off …`, and the
/// expected emotion where `emotions` judged it. What is not measured is left out and named. Null without targets.
[[nodiscard]] table design_scores(const journey_design& design, const std::vector<kpi_status>& kpis,
                                  const table* emotions = nullptr);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/measure/phases.ipp"
#endif
