// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

namespace detail {
struct part_fields;
}  // namespace detail

struct cohort_rate_options {
  std::vector<duration> within = {std::chrono::days{30}};  ///< the horizons H
  std::string segment = {};  ///< an attribute (or other label): its value at the first event of the journey
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// Journeys that are old enough to have shown whether they convert within a horizon, and those that did; merges by `+=`
/// over logs that share no customer.
class cohort_rate_counts {
 public:
  cohort_rate_counts& operator+=(const cohort_rate_counts& other);

 private:
  friend struct detail::part_fields;
  friend cohort_rate_counts count_cohort_rate(const journey_set&, const cohort_rate_options&);
  friend table cohort_rate(const cohort_rate_counts&, const interval_options&);

  struct cell {
    visit_moments journeys;
    event_moments conversions;
    std::uint64_t too_recent = 0;

    cell& operator+=(const cell& other) noexcept {
      journeys += other.journeys;
      conversions += other.conversions;
      too_recent += other.too_recent;
      return *this;
    }
  };

  std::string segment_;
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<duration> within_;
  std::map<std::string, std::vector<cell>> cells_;  // by the name of the segment, one for each horizon
};

/// Counts the journeys that start at T − H, or at T − I − H where an inactivity I ends journeys, or before; T is the
/// end of the observation. \throws input_error when the log has no time, a horizon is not positive, there is none, or
/// the journeys go on after
///         their conversion.
[[nodiscard]] cohort_rate_counts count_cohort_rate(const journey_set& journeys,
                                                   const cohort_rate_options& options = {});

/// P(conversion within H of the start of the journey), which growth and the length of the log do not bias.
///
/// Columns: the segment where asked for, `within` in seconds, `journeys`, `n`, `conversions`, `rate`, `lower`, `upper`,
/// `too_recent` (journeys that started too late to count), `marks`. The interval takes customers as independent.
[[nodiscard]] table cohort_rate(const cohort_rate_counts& counts, const interval_options& intervals = {});
[[nodiscard]] table cohort_rate(const journey_set& journeys, const cohort_rate_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/timing/cohort_rate.ipp"
#endif
