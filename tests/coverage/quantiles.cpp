// SPDX-License-Identifier: MIT
// Woodruff's interval of quantiles where customers have several values that resemble each other.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "coverage/study.hpp"
#include "cpp/support/json.hpp"
#include "klantreis/statistics.hpp"

namespace {

using namespace klantreis;

struct sample {
  std::vector<double> values;
  std::vector<std::uint32_t> customers;
};

/// Log-normal times; one customer in five has many of them, and longer ones.
sample draw_times(coverage::random& draw, std::size_t customers, bool whole_days) {
  sample result;
  for (std::size_t customer = 0; customer < customers; ++customer) {
    const unsigned times = 1 + draw.poisson(draw.chance(0.2) ? 6.0 : 0.5);
    const double level = 1.5 + 0.8 * draw.normal() + (times > 4 ? 0.25 : 0.0);
    for (unsigned i = 0; i < times; ++i) {
      const double time = std::exp(level + 0.8 * draw.normal());
      result.values.push_back(whole_days ? std::floor(time) : time);
      result.customers.push_back(static_cast<std::uint32_t>(customer));
    }
  }
  return result;
}

constexpr std::array<double, 2> levels{0.5, 0.9};

const std::array<double, 2>& truth(bool whole_days) {
  static const auto all = [] {
    std::array<std::array<double, 2>, 2> result{};
    for (const bool whole : {false, true}) {
      coverage::random draw{9};
      sample large = draw_times(draw, 2'000'000, whole);
      for (std::size_t i = 0; i < levels.size(); ++i) {
        result[whole ? 1 : 0][i] = quantile(large.values, levels[i]);
      }
    }
    return result;
  }();
  return all[whole_days ? 1 : 0];
}

void judge_quantiles(coverage::random& draw, coverage::sheet& sheet, std::size_t customers, bool whole_days) {
  static const test::json file = test::json::file("statistics/quantiles.json");
  const test::json& expected =
      file["coverage"]
          [(whole_days ? "whole days (ties), customers " : "continuous, customers ") + std::to_string(customers)];
  const sample found = draw_times(draw, customers, whole_days);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const test::json& row = expected[i == 0 ? "q0.5" : "q0.9"];
    sheet.judge(i == 0 ? "median" : "p90", truth(whole_days)[i],
                quantile_interval(found.values, found.customers, levels[i]).bounds(), row["customers"].number());
  }
}

const bool added = [] {
  for (const std::size_t customers : {30U, 100U, 300U}) {
    for (const bool whole : {false, true}) {
      coverage::add(
          {std::string("quantiles, ") + (whole ? "whole days, " : "") + std::to_string(customers) + " customers",
           [=](coverage::random& draw, coverage::sheet& sheet) { judge_quantiles(draw, sheet, customers, whole); }});
    }
  }
  return true;
}();

}  // namespace
