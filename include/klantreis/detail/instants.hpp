// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "klantreis/core.hpp"

namespace klantreis::detail {

/// The instant of a time in ticks since 1970; nanoseconds are rounded down.
[[nodiscard]] inline instant to_instant(std::int64_t ticks, std::int64_t ticks_per_second) noexcept {
  if (ticks_per_second <= 1'000'000) {
    return instant{duration{ticks * (1'000'000 / ticks_per_second)}};
  }
  const std::int64_t factor = ticks_per_second / 1'000'000;
  return instant{duration{ticks / factor - (ticks % factor < 0 ? 1 : 0)}};
}

/// An instant as ISO 8601: `2024-04-30T00:00:00Z`, with microseconds where they are not zero.
[[nodiscard]] inline std::string instant_option(instant moment) {
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{moment - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  std::string result{text.data()};
  if (clock.subseconds().count() != 0) {
    std::snprintf(text.data(), text.size(), ".%06d", static_cast<int>(clock.subseconds().count()));
    result += text.data();
  }
  return result + "Z";
}

}  // namespace klantreis::detail
