// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/match/search.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

namespace detail {
struct part_fields;
}  // namespace detail

/// How often a pattern is met; merges by `+=` over logs that share no customer.
class match_counts {
 public:
  /// \throws input_error when the two were counted with different patterns or options.
  match_counts& operator+=(const match_counts& other);

  [[nodiscard]] std::uint64_t units() const noexcept { return units_; }      ///< journeys or customers
  [[nodiscard]] std::uint64_t matched() const noexcept { return matched_; }  ///< of them with a match
  [[nodiscard]] std::uint64_t matches() const noexcept { return matches_; }  ///< without overlap
  [[nodiscard]] std::uint64_t customers() const noexcept { return customers_; }
  /// Names of the pattern that no event carries.
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }

 private:
  friend struct detail::part_fields;
  friend match_counts count_matches(const journey_set&, const path_pattern&, const path_search_options&);
  friend table match_summary(const match_counts&, const interval_options&);
  friend table match_times(const match_counts&, const interval_options&);

  /// Times from one part to the next, each with the customer it belongs to.
  struct gap_times {
    std::vector<double> seconds;
    std::vector<std::uint32_t> customers;
  };

  void add(const match_counts& part);

  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<std::string> parts_;
  std::vector<std::string> notes_;
  bool by_journeys_ = false;
  bool has_times_ = false;
  std::uint64_t units_ = 0;
  std::uint64_t matched_ = 0;
  std::uint64_t matches_ = 0;
  std::uint64_t customers_ = 0;
  std::uint64_t matched_customers_ = 0;
  visit_moments at_;
  event_moments with_match_;
  std::vector<gap_times> gaps_;  ///< from each part to the next one; the last: from the first event to the last one
};

/// Counts units with a match, matches, and the times between parts. Open journeys count too.
/// \throws input_error as the constructor of `path_search`.
[[nodiscard]] match_counts count_matches(const journey_set& journeys, const path_pattern& pattern,
                                         const path_search_options& options = {});

/// One row: `pattern, units, matched, matches, customers, matched_customers, n, share, lower, upper, marks`.
///
/// `share` is matched / units; of customers with Wilson's interval, of journeys with one by customers.
[[nodiscard]] table match_summary(const match_counts& counts, const interval_options& intervals = {});

/// `from, to, count, n, median_time, lower, upper, p25_time, p75_time, p90_time, marks`: the times from the last event
/// of each part to the first event of the next, over all matches; the last row is from the first event of the match to
/// its last one. Seconds; Woodruff's interval by customers. Empty without time.
[[nodiscard]] table match_times(const match_counts& counts, const interval_options& intervals = {});

/// One row per match, by customer: `customer, journey, match, position, events, begins, ends, seconds`.
///
/// `journey` and `match` count from 1 within the customer and the journey; `position` is the place of the first event
/// in its journey. Without time the last three are absent.
[[nodiscard]] table match_list(const journey_set& journeys, const path_pattern& pattern,
                               const path_search_options& options = {});

/// One row per match and part: `customer, journey, match, part, label, position, events, begins, ends`.
[[nodiscard]] table match_parts(const journey_set& journeys, const path_pattern& pattern,
                                const path_search_options& options = {});

/// How far units come in the pattern: step k is reached by those with a match of its first k parts.
///
/// Columns as of `funnel`. Times are of the first match, from the part before and from the first part.
[[nodiscard]] table match_funnel(const journey_set& journeys, const path_pattern& pattern,
                                 const path_search_options& options = {});

/// The number of matches in each journey (by the index of the journey) or of each customer.
[[nodiscard]] std::vector<std::uint32_t> matches_of_units(const journey_set& journeys, const path_pattern& pattern,
                                                          const path_search_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/match/funnel.ipp"
#include "klantreis/detail/match/tables.ipp"
#endif
