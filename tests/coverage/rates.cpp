// SPDX-License-Identifier: MIT
// Exit rates, transition probabilities, conversion rates and differences of rates, by customers; and what taking visits
// as independent would give.
#include <string>

#include "coverage/scenarios.hpp"
#include "coverage/study.hpp"
#include "cpp/support/json.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/summary.hpp"
#include "klantreis/transitions.hpp"

namespace {

using namespace klantreis;

const test::json& results_of(const std::string& scenario, std::size_t customers) {
  static const test::json file = test::json::file("statistics/coverage_recommended_forms.json");
  for (const test::json& run : file.items()) {
    if (run["scenario"].text() == scenario && run["customers"].number() == static_cast<double>(customers)) {
      return run["results"];
    }
  }
  throw std::runtime_error("no such run");
}

transition_counts counts_of(const journey_set& journeys) {
  return count_transitions(journeys, {.times = false, .threads = 1});
}

/// The rate of one transition; a state that is there but never leaves this way has the rate 0.
estimate rate_of(const transition_counts& counts, const std::string& from, const std::string& to) {
  const auto here = counts.states().find(from);
  if (!here) {
    return {};
  }
  event_moments moved;
  if (const auto there = counts.states().find(to)) {
    for (std::size_t at = counts.row(*here).begin; at < counts.row(*here).end; ++at) {
      if (counts.target(at) == *there) {
        moved = counts.moments(at);
      }
    }
  }
  return rate_interval(counts.visits(*here), moved);
}

void judge_rates(coverage::random& draw, coverage::sheet& sheet, const std::string& scenario, std::size_t customers) {
  const test::json& results = results_of(scenario, customers);
  const journey_set journeys = coverage::draw_journeys(draw, scenario, customers);
  const transition_counts counts = counts_of(journeys);
  const auto judge = [&](const std::string& name, const interval& bounds) {
    sheet.judge(name, results[name]["truth"].number(), bounds, results[name]["coverage"].number());
  };
  for (const char* state : {"A", "B", "C", "D"}) {
    judge(std::string("exit_") + state, rate_of(counts, state, "(null)").bounds());
  }
  judge("p_A>B", rate_of(counts, "A", "B").bounds());
  judge("p_C>D", rate_of(counts, "C", "D").bounds());
  judge("p_B>conv", rate_of(counts, "B", "(conversion)").bounds());
  const table summary = journey_summary(journeys);
  judge("b0", {summary.numbers("lower")[0], summary.numbers("upper")[0]});
  judge("value_per_journey",
        {summary.numbers("value_per_journey_lower")[0], summary.numbers("value_per_journey_upper")[0]});

  // Wilson on visits, as if what a customer does on one visit said nothing about the next one.
  if (scenario == "S2" && customers == 300) {
    const std::map<std::string, double> found{{"A", .9148}, {"B", .8520}, {"C", .8974}};
    for (const auto& [state, reference] : found) {
      const auto code = counts.states().find(state);
      const double visits = counts.visits(*code).v;
      const estimate rate = rate_of(counts, state, "(null)");
      sheet.judge("exit_" + state + ", Wilson on visits", results["exit_" + state]["truth"].number(),
                  wilson(rate.value * visits, visits), reference);
    }
  }
}

void judge_difference(coverage::random& draw, coverage::sheet& sheet, std::size_t customers) {
  static const test::json file = test::json::file("statistics/rate_differences.json");
  const estimate first = rate_of(counts_of(coverage::draw_journeys(draw, "S2", customers)), "B", "(null)");
  const estimate second = rate_of(counts_of(coverage::draw_journeys(draw, "S2", customers)), "B", "(null)");
  sheet.judge("exit_B, two independent groups", 0.0, difference(first, second).bounds(),
              file["coverage"][std::to_string(customers)]["independent groups: MOVER"].number());
}

const bool added = [] {
  for (const std::size_t customers : {30U, 50U, 100U, 300U}) {
    for (const std::string scenario : {"S1", "S2"}) {
      coverage::add(
          {"rates, " + scenario + ", " + std::to_string(customers) + " customers",
           [=](coverage::random& draw, coverage::sheet& sheet) { judge_rates(draw, sheet, scenario, customers); }});
    }
    coverage::add({"differences of rates, S2, " + std::to_string(customers) + " customers in each group",
                   [=](coverage::random& draw, coverage::sheet& sheet) { judge_difference(draw, sheet, customers); }});
  }
  return true;
}();

}  // namespace
