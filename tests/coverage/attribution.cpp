// SPDX-License-Identifier: MIT
// Removal effects, shares and credits of the Markov models of order 1 and 2, for conversions and for value, by
// customers.
#include <array>
#include <string>

#include "coverage/scenarios.hpp"
#include "coverage/study.hpp"
#include "cpp/support/json.hpp"
#include "klantreis/attribution.hpp"

namespace {

using namespace klantreis;

constexpr std::array<const char*, 4> items{"A", "B", "C", "D"};

const test::json& run_of(const test::json& file, const std::string& scenario, std::size_t customers) {
  for (const test::json& run : file.items()) {
    if (run["scenario"].text() == scenario && run["customers"].number() == static_cast<double>(customers)) {
      return run;
    }
  }
  throw std::runtime_error("no such run");
}

/// The bounds of a column in the row of an item; none when nobody touched the item.
interval bounds_of(const table& credit, const std::string& item, const std::string& column) {
  const auto& names = credit.texts("touchpoint");
  for (std::size_t row = 0; row < names.size(); ++row) {
    if (names[row] == item) {
      return {credit.numbers(column + "_lower")[row], credit.numbers(column + "_upper")[row]};
    }
  }
  return {};
}

void judge_order_1(coverage::random& draw, coverage::sheet& sheet, const std::string& scenario, std::size_t customers) {
  static const test::json file = test::json::file("statistics/coverage_recommended_forms.json");
  const test::json& results = run_of(file, scenario, customers)["results"];
  const table credit = attribute(coverage::draw_journeys(draw, scenario, customers), markov_model{}, {.threads = 1});
  const std::array<std::array<const char*, 2>, 4> columns{
      {{"RE_", "removal_effect"}, {"REv_", "removal_effect_value"}, {"share_", "share"}, {"credit_", "credit"}}};
  for (const char* item : items) {
    for (const auto& [short_name, column] : columns) {
      const test::json& expected = results[std::string(short_name) + item];
      // In samples in which nobody touched the rare item the library has no row, where the study had an interval from
      // 0; and the study's credits had no interval at 0.
      const bool comparable = *item != 'D' || customers >= 300;
      sheet.judge(std::string(short_name) + item, expected["truth"].number(), bounds_of(credit, item, column),
                  comparable ? expected["coverage"].number() : coverage::no_reference);
    }
  }
}

void judge_order_2(coverage::random& draw, coverage::sheet& sheet, const std::string& scenario, std::size_t customers) {
  static const test::json file = test::json::file("statistics/coverage_order2.json");
  const test::json& run = run_of(file, scenario, customers);
  const table credit =
      attribute(coverage::draw_journeys(draw, scenario, customers), markov_model{.order = 2}, {.threads = 1});
  for (std::size_t i = 0; i < items.size(); ++i) {
    sheet.judge(std::string("RE_") + items[i], run["truth_RE"].items()[i].number(),
                bounds_of(credit, items[i], "removal_effect"), run["coverage_RE_A..D"].items()[i].number());
  }
}

const bool added = [] {
  for (const std::string scenario : {"S1", "S2"}) {
    for (const std::size_t customers : {30U, 50U, 100U, 300U}) {
      coverage::add(
          {"attribution, order 1, " + scenario + ", " + std::to_string(customers) + " customers",
           [=](coverage::random& draw, coverage::sheet& sheet) { judge_order_1(draw, sheet, scenario, customers); }});
    }
    for (const std::size_t customers : {100U, 300U}) {
      coverage::add(
          {"attribution, order 2, " + scenario + ", " + std::to_string(customers) + " customers",
           [=](coverage::random& draw, coverage::sheet& sheet) { judge_order_2(draw, sheet, scenario, customers); }});
    }
  }
  return true;
}();

}  // namespace
