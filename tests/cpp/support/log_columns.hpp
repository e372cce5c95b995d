// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "klantreis/log.hpp"

namespace klantreis {

inline constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

/// A log as columns, and the obvious way to group it.
struct columns {
  std::vector<std::int64_t> customers, times, orders;
  std::vector<std::uint32_t> touchpoints;
  std::vector<double> values;
  std::vector<std::string> names;

  using event = std::tuple<std::int64_t, std::int64_t, std::string, std::uint64_t>;  ///< time, order, name, value bits

  [[nodiscard]] std::size_t size() const { return customers.size(); }

  [[nodiscard]] std::map<std::string, std::vector<event>> obvious() const {
    std::map<std::int64_t, std::vector<event>> groups;
    for (std::size_t i = 0; i < size(); ++i) {
      groups[customers[i]].emplace_back(times[i], orders.empty() ? 0 : orders[i], names[touchpoints[i]],
                                        bits(values.empty() ? 0.0 : values[i]));
    }
    std::map<std::string, std::vector<event>> result;
    for (auto& [customer, events] : groups) {
      std::stable_sort(events.begin(), events.end(), [](const event& a, const event& b) {
        return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
      });
      for (event& one : events) {
        std::get<1>(one) = 0;
      }
      result[std::to_string(customer)] = std::move(events);
    }
    return result;
  }

  [[nodiscard]] static std::uint64_t bits(double number) {
    return std::isnan(number) ? 1 : std::bit_cast<std::uint64_t>(number);
  }

  [[nodiscard]] static std::map<std::string, std::vector<event>> of(const event_log& log) {
    std::map<std::string, std::vector<event>> result;
    const auto values = log.values();
    for (std::size_t c = 0; c < log.customers(); ++c) {
      auto& events = result[log.customer_id(c)];
      for (auto i = log.offsets()[c]; i < log.offsets()[c + 1]; ++i) {
        events.emplace_back(log.times()[i], 0, log.touchpoint_names()[log.touchpoints()[i]],
                            bits(values.empty() ? 0.0 : values[i]));
      }
    }
    return result;
  }

  [[nodiscard]] event_batch batch(std::size_t begin, std::size_t end) const {
    const std::size_t count = end - begin;
    event_batch result;
    result.customer = column_view{std::span{customers}.subspan(begin, count)};
    result.time = column_view::timestamps(std::span{times}.subspan(begin, count), 1'000'000'000);
    result.touchpoint = column_view::dictionary(std::span{touchpoints}.subspan(begin, count), names);
    if (!orders.empty()) {
      result.order = column_view{std::span{orders}.subspan(begin, count)};
    }
    if (!values.empty()) {
      result.value = column_view{std::span{values}.subspan(begin, count)};
    }
    return result;
  }

  [[nodiscard]] event_log log(const log_options& options, bool in_place, std::size_t pieces) const {
    log_builder builder{options};
    const auto owner = std::make_shared<int>(0);
    for (std::size_t p = 0; p < pieces; ++p) {
      const auto given = batch(size() * p / pieces, size() * (p + 1) / pieces);
      in_place ? builder.append(given, owner) : builder.append(given);
    }
    CHECK((!in_place || size() == 0 || owner.use_count() > 1));
    auto result = builder.finish();
    CHECK(owner.use_count() == 1);
    return result;
  }
};

inline columns random_columns(std::size_t size, std::uint64_t customers, std::uint64_t moments,
                              std::uint32_t touchpoints, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  columns result;
  for (std::uint32_t i = 0; i < touchpoints; ++i) {
    result.names.push_back("t" + std::to_string(i));
  }
  for (std::size_t i = 0; i < size; ++i) {
    result.customers.push_back(static_cast<std::int64_t>(random() % customers * 0x9E3779B97F4A7C15ULL >> 3U));
    result.times.push_back(static_cast<std::int64_t>(random() % moments));
    result.touchpoints.push_back(static_cast<std::uint32_t>(random() % touchpoints));
  }
  return result;
}

}  // namespace klantreis
