// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/detail/pair_counts.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

namespace detail {
struct part_fields;
}  // namespace detail

struct return_cohort_options {
  /// The length of a period. Periods of whole weeks begin on a Monday, others count from 1970-01-01 UTC.
  duration period = std::chrono::weeks{1};
  std::optional<std::size_t> periods = 12;  ///< how many after the first are shown; none: all
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// Customers by the period of their first event and by the periods in which they have events; merges by `+=` over logs
/// that share no customer.
class return_cohort_counts {
 public:
  /// Adds the customers of another log.
  /// \throws input_error when the two were counted under different options.
  return_cohort_counts& operator+=(const return_cohort_counts& other);

 private:
  friend struct detail::part_fields;
  friend return_cohort_counts count_return_cohorts(const journey_set&, const return_cohort_options&);
  friend table return_cohorts(const return_cohort_counts&, const return_cohort_options&);

  std::vector<std::pair<std::string, std::string>> options_;
  duration period_{0};
  instant until_{};
  std::int64_t first_ = 0;      // the number of the first period; later ones count from it
  detail::pair_counts active_;  // (period of the first event, periods since)
};

/// Counts the events of all journeys, open ones too; one pass over the times.
/// \throws input_error when the log has no time or the period is not positive.
[[nodiscard]] return_cohort_counts count_return_cohorts(const journey_set& journeys,
                                                        const return_cohort_options& options = {});

/// `cohort` (the beginning of its period), `period` (0 for the first), `customers` (of the cohort), `returned`
/// (customers of the cohort with an event in the period), `share` with Wilson's `lower` and `upper`, `complete` (the
/// period ends before the observation does) and `marks`. A cohort is listed to the last period that has begun.
/// Cohorts of the first period of a log may hold customers who came before it.
[[nodiscard]] table return_cohorts(const return_cohort_counts& counts, const return_cohort_options& options = {});
[[nodiscard]] table return_cohorts(const journey_set& journeys, const return_cohort_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/timing/return_cohorts.ipp"
#endif
