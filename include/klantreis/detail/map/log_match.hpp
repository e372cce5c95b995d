// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace klantreis::detail {

/// What matching a log against a map found.
struct log_match {
  /// Events of one name that no touchpoint takes.
  struct unmatched_events {
    std::string event;
    std::uint64_t events = 0;
    std::uint64_t customers = 0;
    std::int64_t first = 0;  ///< in ticks, as `last`
    std::int64_t last = 0;
    std::string rule;  ///< a rule that would take the most frequent of them, as JSON
    std::string near;  ///< what rules ask for that is written alike; empty: nothing
  };

  std::vector<unmatched_events> unmatched;  ///< most events first
  std::vector<std::uint32_t> outcome_sets;  ///< by event: index into `outcomes_of_set`; empty: all the first
  std::vector<std::vector<std::uint32_t>> outcomes_of_set{{}};  ///< indices of outcomes; the first set is empty
  std::vector<std::string> absent_columns;                      ///< named by rules, not in the log
};

}  // namespace klantreis::detail
