// SPDX-License-Identifier: MIT
#include "klantreis/summary.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Approx;

TEST_CASE("the conversion rate counts settled journeys, with an interval by customers", "[summary]") {
  // Oracle: rate of visits with v = 3 1 4 2 and e = 1 0 2 2: 0.5 [0.165491, 0.834509] (four customers, df 3)
  std::vector<std::int64_t> ids, times;
  std::vector<std::string> names;
  std::vector<double> values;
  const auto put = [&](std::int64_t id, std::int64_t seconds, const char* name, double value) {
    ids.push_back(id);
    times.push_back(seconds * 1'000'000);
    names.emplace_back(name);
    values.push_back(value);
  };
  const std::vector<std::pair<int, int>> customers{{3, 1}, {1, 0}, {4, 2}, {2, 2}};
  std::int64_t customer = 0;
  for (const auto& [journeys_of_customer, conversions] : customers) {
    for (int j = 0; j < journeys_of_customer; ++j) {
      const std::int64_t time = 1000 * j;
      put(customer, time, "a", 0.0);
      if (j < conversions) {
        put(customer, time + 1, "order", 2.0);
      }
    }
    ++customer;
  }
  const auto log = event_log::from_columns(std::span<const std::int64_t>{ids}, std::span<const std::int64_t>{times},
                                           std::span<const std::string>{names}, std::span<const double>{values});
  const auto summary = journey_summary(make_journeys(log, {.conversion = {"order"}, .gap = 500s}));
  CHECK(summary.numbers("conversion_rate")[0] == Approx(0.5));
  CHECK(summary.numbers("lower")[0] == Approx(0.165491).margin(1e-6));
  CHECK(summary.numbers("upper")[0] == Approx(0.834509).margin(1e-6));
  CHECK(summary.integers("journeys")[0] == 10);
  CHECK(summary.numbers("value")[0] == 10.0);
  CHECK(summary.numbers("value_per_journey")[0] == Approx(1.0));
}

TEST_CASE("a log without journeys has a summary of nulls", "[summary]") {
  const auto summary = journey_summary(journey_set{});
  CHECK(summary.integers("journeys")[0] == 0);
  CHECK(std::isnan(summary.numbers("conversion_rate")[0]));
}
