// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/funnel/count.hpp"

// sequenceMatch, sequenceCount and retention as ClickHouse 26.9 defines them.

namespace klantreis {

/// An event as a pattern sees it.
struct sequence_event {
  std::int64_t time = 0;         ///< in ticks
  std::uint64_t conditions = 0;  ///< bit k: condition k + 1 holds
};

/// A pattern of events: `(?1).*(?t<=3600)(?2)`.
///
/// `(?N)` is an event for which condition N holds, `.` any event, `.*` any number of events. `(?t>1800)` between two of
/// them asks for that many seconds between the events; others may stand between. The signs are `<  <=  >  >=  ==`.
/// Events for which no condition holds are not seen at all.
class sequence_pattern {
 public:
  /// \throws input_error for a text that is no pattern, with the place, and for a condition beyond `conditions`.
  sequence_pattern(std::string_view text, std::size_t conditions, std::int64_t ticks_per_second);

  [[nodiscard]] bool matches(std::span<const sequence_event> events) const;
  /// The number of matches that do not overlap, each begun as early as possible.
  [[nodiscard]] std::size_t count(std::span<const sequence_event> events) const;
  /// The events of the longest beginning of the pattern that is met: where each `(?N)` was found.
  [[nodiscard]] std::vector<std::size_t> matched_events(std::span<const sequence_event> events) const;

 private:
  enum class kind : std::uint8_t { condition, any, star, less, at_most, greater, at_least, equal };
  struct part {
    kind what;
    std::uint64_t number;  // of the condition, counted from 0, or ticks
  };

  /// Searches from `event` on; where the match ends, or nothing.
  [[nodiscard]] std::optional<std::size_t> search(std::span<const sequence_event> events, std::size_t event,
                                                  std::vector<std::size_t>* longest) const;

  std::vector<part> parts_;
  bool is_timed_ = false;
};

struct sequence_options {
  std::string by = "touchpoint";
  bool require_known = false;
  funnel_unit unit = funnel_unit::customer;
  interval_options intervals{};
  unsigned threads = 0;
};

/// Of each customer: `customer, matched, count, prefix`. `count` is the number of matches that do not overlap, `prefix`
/// how many of the pattern's conditions the longest beginning meets. How many match, with interval, stands in the
/// options.
/// \throws input_error for a bad pattern, without conditions, and for more than 32 of them.
[[nodiscard]] table sequence_matches(const event_log& log, std::string_view pattern,
                                     const std::vector<funnel_step>& conditions, const sequence_options& options = {});
[[nodiscard]] table sequence_matches(const journey_set& journeys, std::string_view pattern,
                                     const std::vector<funnel_step>& conditions, const sequence_options& options = {});

/// Who met the first condition, and who of them the others, in whatever order: `condition, label, count, n, rate,
/// lower, upper, marks`. \throws input_error without conditions and for more than 32 of them.
[[nodiscard]] table retention(const event_log& log, const std::vector<funnel_step>& conditions,
                              const sequence_options& options = {});
[[nodiscard]] table retention(const journey_set& journeys, const std::vector<funnel_step>& conditions,
                              const sequence_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/funnel/sequences.ipp"
#endif
