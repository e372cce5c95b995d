// SPDX-License-Identifier: MIT
#pragma once

// What the fuzzers make of their bytes: small numbers, small logs, and a stop that says what differed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "cpp/support/small_log.hpp"

namespace fuzz {

/// Bytes taken from the front one after the other; zeros when they are used up.
class source {
 public:
  source(const std::uint8_t* data, std::size_t size) : rest_{data, size} {}

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }

  std::uint8_t byte() {
    if (rest_.empty()) {
      return 0;
    }
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }

  /// A number from 0 to `bound - 1`.
  std::size_t below(std::size_t bound) { return byte() % bound; }

 private:
  std::span<const std::uint8_t> rest_;
};

/// One event for each byte: of one of four customers, at or soon after the time of the one before, one of four names.
inline std::vector<test::event> events_of(source& bytes, std::size_t most) {
  static const std::vector<std::string> names{"a", "b", "c", "d"};
  std::vector<test::event> events;
  std::int64_t seconds = 0;
  while (!bytes.empty() && events.size() < most) {
    const std::uint8_t byte = bytes.byte();
    seconds += byte >> 4U & 7U;
    const std::int64_t at = byte >= 128 ? seconds / 2 : seconds;
    events.push_back({"u" + std::to_string(byte & 3U), at, names[byte >> 2U & 3U]});
  }
  return events;
}

inline void print(const std::vector<test::event>& events) {
  for (const test::event& row : events) {
    std::cerr << row.customer << " @" << row.seconds << ' ' << row.touchpoint << '\n';
  }
}

/// Stops the program as libFuzzer expects it of a finding.
inline void require(bool holds, const char* what, const std::vector<test::event>& events = {}) {
  if (!holds) {
    std::cerr << "does not hold: " << what << '\n';
    print(events);
    std::abort();
  }
}

}  // namespace fuzz
