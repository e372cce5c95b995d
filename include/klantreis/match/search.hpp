// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/match/pattern.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis {

/// Which match is meant where several end at the same event.
enum class match_entry : std::uint8_t {
  earliest,  ///< the one that begins first, its parts as early as possible
  latest,    ///< the one that begins last, its parts as late as possible
};

/// In what the pattern is sought.
enum class match_unit : std::uint8_t {
  journey,   ///< each journey by itself, its conversion included
  customer,  ///< all events of a customer up to `observed_until`, also beyond the cuts of journeys
};

struct path_search_options {
  std::string by = "touchpoint";  ///< what names in the pattern are: `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats into one event (phases always do)
  match_unit unit = match_unit::journey;
  match_entry entry = match_entry::earliest;
  bool require_known = false;  ///< a name that no event carries is an error
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// A stretch of a journey that meets a pattern; places are events of the log.
struct path_match {
  static constexpr std::uint64_t absent = static_cast<std::uint64_t>(-1);

  struct part {
    std::uint64_t first = absent;  ///< the first event of the part; absent where the part took none
    std::uint64_t last = absent;   ///< and the last one
    friend bool operator==(const part&, const part&) = default;
  };

  std::uint64_t begin = 0;
  std::uint64_t end = 0;  ///< behind the last event
  std::vector<part> parts = {};
};

/// Seeks a pattern in the journeys of one log.
///
/// Matches do not overlap: each is the one that ends first after the match before it, so their number is the largest
/// possible. Time and memory are linear in the events, whatever the pattern. With limits by `within` inside a pattern,
/// or with parts that may be empty, places of parts are those of one of the possible assignments.
/// A copy shares what was compiled and may be used by another thread.
class path_search {
 public:
  /// \throws input_error when the log lacks a column or the times that the pattern asks for, when `require_known` and a
  ///         name is not known, and where the end of journeys is asked of customers.
  path_search(const event_log& log, const path_pattern& pattern, const path_search_options& options = {});
  path_search(const path_search& other);
  path_search(path_search&&) noexcept;
  path_search& operator=(path_search&&) noexcept;
  path_search& operator=(const path_search&) = delete;
  ~path_search();

  /// True when `piece` has a match.
  [[nodiscard]] bool matches(const journey& piece);
  /// The matches in `piece`, at most `most` of them.
  [[nodiscard]] std::vector<path_match> find(const journey& piece, std::size_t most = static_cast<std::size_t>(-1));

  /// Names of the pattern that no event carries, each with the place and the names that come near.
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept;

  /// Steps that the automata took so far: a measure of the work that does not depend on the machine.
  [[nodiscard]] std::uint64_t work() const noexcept;

 private:
  struct compiled;
  struct scratch;
  std::shared_ptr<const compiled> compiled_;
  std::unique_ptr<scratch> scratch_;
};

namespace detail {
/// What a unit of `customer` spans: its journey itself, or all its events as one journey.
void for_each_unit(const journey_set& journeys, match_unit unit, std::size_t customer, auto&& use) {
  const event_log& log = journeys.log();
  if (unit == match_unit::journey) {
    for (auto j = journeys.customer_offsets()[customer]; j < journeys.customer_offsets()[customer + 1]; ++j) {
      use(journeys[static_cast<std::size_t>(j)], static_cast<std::size_t>(j));
    }
    return;
  }
  const std::uint64_t begin = log.offsets()[customer];
  std::uint64_t end = log.offsets()[customer + 1];
  const bool cut = journeys.options().observed_until && log.has_times();
  while (cut && end > begin && log.times()[end - 1] > journeys.observed_until_ticks()) {
    --end;
  }
  if (begin != end) {
    use(journey{.begin = begin, .path_end = end, .end = end}, customer);
  }
}
}  // namespace detail

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/match/search.ipp"
#endif
