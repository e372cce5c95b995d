// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/log/data.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

// Options as results show them and as counts compare them before they merge.

namespace klantreis::detail {

using option_list = std::vector<std::pair<std::string, std::string>>;

/// A length of time in the largest unit that keeps it whole: `30d`, `36h`, `90s`.
[[nodiscard]] inline std::string duration_option(duration length) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 6> units{
      {{86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "min"}, {1'000'000, "s"}, {1'000, "ms"}, {1, "us"}}};
  for (const auto& [size, name] : units) {
    if (length.count() % size == 0) {
      return std::to_string(length.count() / size) + std::string{name};
    }
  }
  return {};
}

/// How the events of a log were prepared, where they were.
inline void add_preparation(option_list& options, const event_log& log) {
  if (const std::string& text = log_access::data(log).preparation; !text.empty()) {
    options.emplace_back("prepared", text);
  }
}

/// The same for results that name no cut.
inline void set_preparation(table& result, const event_log& log) {
  option_list options;
  add_preparation(options, log);
  for (const auto& [name, value] : options) {
    result.set_option(name, value);
  }
}

/// How the journeys were cut, and their events prepared. Under an inactivity the end of the observation decides which
/// journeys are settled, so the parts of a log must agree on it, given or not.
[[nodiscard]] inline option_list cut_options(const journey_set& journeys) {
  const journey_options& options = journeys.options();
  std::string conversion;
  for (const std::string& name : options.conversion) {
    conversion += (conversion.empty() ? "" : ", ") + name;
  }
  const auto length = [](const std::optional<duration>& value) {
    return value ? duration_option(*value) : std::string{"none"};
  };
  std::string observed_until = "last event";
  if (options.observed_until) {
    observed_until = instant_option(*options.observed_until);
  } else if (options.inactivity) {
    observed_until = instant_option(to_instant(journeys.observed_until_ticks(), journeys.log().ticks_per_second()));
  }
  constexpr std::array<const char*, 3> after{"new", "stop", "continue"};
  option_list found{{"conversion", conversion.empty() ? "none" : conversion},
                    {"after_conversion", after[static_cast<std::size_t>(options.after)]},
                    {"gap", length(options.gap ? options.gap : options.inactivity)},
                    {"inactivity", length(options.inactivity)},
                    {"observed_until", observed_until}};
  add_preparation(found, journeys.log());
  return found;
}

/// \throws input_error when counts were made under different options, naming the first one that differs.
inline void require_equal_options(const option_list& first, const option_list& second, std::string_view what) {
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (!std::equal(first.begin(), first.end(), second.begin(), second.end(), same_name)) {
    throw input_error(std::string{what} + " that know different options do not add up; count both in the same way");
  }
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].second != second[i].second) {
      throw input_error(std::string{what} + " made under different options do not add up: " + first[i].first + " is " +
                        first[i].second + " in one and " + second[i].second +
                        " in the other; count both with the same options");
    }
  }
}

inline void set_interval_options(table& result, const interval_options& intervals) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", intervals.level);
  result.set_option("level", text.data());
  std::snprintf(text.data(), text.size(), "%g", intervals.min_n);
  result.set_option("min_n", text.data());
}

/// Says that no event carries `name`, and which names come near.
[[nodiscard]] inline std::string unknown_label_message(std::string_view name, std::string_view by,
                                                       const name_table& names) {
  std::string message = "no event of this log has the " + std::string{by} + " " + quoted(name);
  const std::vector<std::string> known = names.to_vector();
  const std::vector<std::string> near = similar_names(name, known);
  if (!near.empty()) {
    message += "; did you mean ";
    for (std::size_t i = 0; i < near.size(); ++i) {
      message += (i == 0 ? "" : i + 1 == near.size() ? " or " : ", ") + quoted(near[i]);
    }
    return message + "?";
  }
  if (known.empty()) {
    return message + "; the log has no events";
  }
  message += "; it has ";
  constexpr std::size_t shown = 10;
  for (std::size_t i = 0; i < known.size() && i < shown; ++i) {
    message += (i == 0 ? "" : ", ") + quoted(known[i]);
  }
  return message + (known.size() > shown ? ", …" : "");
}

/// The share of customers who did something, with Wilson's interval.
[[nodiscard]] inline estimate share_of_customers(std::uint64_t successes, std::uint64_t n,
                                                 const interval_options& intervals) {
  estimate result;
  result.n = static_cast<double>(n);
  if (result.n < intervals.min_n) {
    result.marks |= mark::few_customers;
  }
  if (n == 0) {
    return result;
  }
  const interval bounds = wilson(static_cast<double>(successes), result.n, normal_critical(intervals.level));
  result.value = static_cast<double>(successes) / result.n;
  result.lower = bounds.lower;
  result.upper = bounds.upper;
  if (successes == 0 || successes == n) {
    result.marks |= mark::boundary;
  }
  return result;
}

}  // namespace klantreis::detail
