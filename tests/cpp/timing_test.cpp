// SPDX-License-Identifier: MIT
#include "klantreis/timing.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "cpp/support/json.hpp"
#include "cpp/support/small_log.hpp"
#include "klantreis/detail/instants.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using test::event;

namespace {

std::vector<spell> spells_of(const std::vector<double>& times, const std::vector<unsigned>& causes,
                             const std::vector<unsigned>& customers = {}) {
  std::vector<spell> result;
  for (std::size_t i = 0; i < times.size(); ++i) {
    result.push_back({times[i], causes[i], customers.empty() ? static_cast<unsigned>(i) : customers[i]});
  }
  return result;
}

// Freireich and others 1963: weeks of remission, 6-mercaptopurine against placebo.
const std::vector<double> treated{6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35};
const std::vector<unsigned> treated_ended{1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0};
const std::vector<double> placebo{1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23};

/// Figures of a curve by the definition: every influence value of every spell at every step.
struct plain_curve {
  std::vector<double> times, survival, survival_error;
  std::vector<std::vector<double>> incidence, incidence_error;  // by cause

  plain_curve(const std::vector<spell>& spells, std::size_t causes) : incidence(causes), incidence_error(causes) {
    for (const spell& one : spells) {
      if (one.cause != 0) {
        times.push_back(one.time);
      }
    }
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    std::vector<double> risk, before, all;
    std::vector<std::vector<double>> rate(causes);
    double s = 1.0;
    std::vector<double> f(causes, 0.0);
    for (const double t : times) {
      double y = 0;
      std::vector<double> d(causes, 0.0);
      for (const spell& one : spells) {
        y += one.time >= t ? 1 : 0;
        if (one.time == t && one.cause != 0) {
          d[one.cause - 1] += 1;
        }
      }
      risk.push_back(y);
      before.push_back(s);
      double sum = 0;
      for (std::size_t k = 0; k < causes; ++k) {
        rate[k].push_back(d[k] / y);
        f[k] += s * d[k] / y;
        incidence[k].push_back(f[k]);
        sum += d[k];
      }
      all.push_back(sum / y);
      s = sum == y ? 0.0 : s * (1 - sum / y);
      survival.push_back(s);
    }
    for (std::size_t step = 0; step < times.size(); ++step) {
      std::map<unsigned, double> of_survival;
      std::vector<std::map<unsigned, double>> of_incidence(causes);
      for (const spell& one : spells) {
        for (std::size_t r = 0; r <= step; ++r) {
          if (one.time < times[r]) {
            continue;
          }
          const bool now = one.time == times[r];
          const double dm = (now && one.cause != 0 ? 1.0 : 0.0) - all[r];
          const double h = all[r] < 1.0 ? 1.0 / (risk[r] * (1 - all[r])) : 0.0;
          of_survival[one.customer] -= survival[step] * dm * h;
          for (std::size_t k = 0; k < causes; ++k) {
            const double dk = (now && one.cause == k + 1 ? 1.0 : 0.0) - rate[k][r];
            of_incidence[k][one.customer] += before[r] * dk / risk[r] - (incidence[k][step] - incidence[k][r]) * dm * h;
          }
        }
      }
      const auto norm = [](const std::map<unsigned, double>& psi) {
        double sum = 0;
        for (const auto& [customer, value] : psi) {
          sum += value * value;
        }
        return std::sqrt(sum);
      };
      survival_error.push_back(norm(of_survival));
      for (std::size_t k = 0; k < causes; ++k) {
        incidence_error[k].push_back(norm(of_incidence[k]));
      }
    }
  }
};

journey_set spells_log() {
  // Observed until day 100, inactivity 30 days: u1 converts after 20 days, u2 leaves after 45, …
  const std::vector<std::tuple<std::string, int, int, bool>> rows{
      {"u1", 0, 20, true},   {"u2", 10, 55, false}, {"u3", 30, 65, true}, {"u4", 40, 95, true},
      {"u5", 50, 60, false}, {"u6", 55, 88, false}, {"u7", 75, 80, true}};
  std::vector<event> events;
  constexpr std::int64_t day = 86'400;
  for (const auto& [customer, start, last, converted] : rows) {
    for (int at = start; at < last; at += 25) {  // never silent for more than 30 days
      events.push_back({customer, at * day, "visit"});
    }
    events.push_back({customer, last * day, converted ? "order" : "visit"});
  }
  return make_journeys(test::log_of(events), {.conversion = {"order"},
                                              .inactivity = std::chrono::days{30},
                                              .observed_until = instant{std::chrono::days{100}}});
}

}  // namespace

TEST_CASE("the Kaplan-Meier curve of Freireich's patients is the published one", "[timing]") {
  const survival_curve curve{spells_of(treated, treated_ended), 1};
  const std::vector<std::array<double, 3>> published{
      {6, .857143, .076360},  {7, .806723, .086935},  {10, .752941, .096350}, {13, .690196, .106815},
      {16, .627451, .114054}, {22, .537815, .128234}, {23, .448179, .134591}};
  REQUIRE(curve.size() == published.size());
  for (std::size_t step = 0; step < curve.size(); ++step) {
    CHECK(curve.times()[step] == published[step][0]);
    CHECK_THAT(curve.survival(step), WithinAbs(published[step][1], 5e-7));
    CHECK_THAT(curve.survival_error(step), WithinAbs(published[step][2], 5e-7));
  }
  CHECK(curve.survival_quantile(0.5).value == 23.0);
  CHECK(std::isnan(curve.survival_quantile(0.9).value));
}

TEST_CASE("the log-rank test of Freireich's patients is the published one", "[timing]") {
  std::vector<spell> all = spells_of(treated, treated_ended);
  std::vector<std::uint32_t> groups(all.size(), 0);
  for (const double week : placebo) {
    all.push_back({week, 1, static_cast<std::uint32_t>(all.size())});
    groups.push_back(1);
  }
  const log_rank_result found = log_rank(all, groups);
  CHECK(found.variance == log_rank_variance::hypergeometric);
  CHECK(found.degrees_of_freedom == 1);
  CHECK_THAT(found.statistic, WithinAbs(16.792941, 5e-7));
  CHECK_THAT(found.p_value, WithinAbs(4.169e-5, 5e-9));
  CHECK(found.groups[0].events == 9);
  CHECK(found.groups[1].events == 21);
  CHECK_THAT(found.groups[0].expected + found.groups[1].expected, WithinAbs(30, 1e-12));

  const log_rank_result robust = log_rank(all, groups, 0, log_rank_variance::customers);
  // Each spell twice doubles what is seen, not what is known.
  std::vector<spell> twice = all;
  twice.insert(twice.end(), all.begin(), all.end());
  std::vector<std::uint32_t> groups_twice = groups;
  groups_twice.insert(groups_twice.end(), groups.begin(), groups.end());
  const log_rank_result doubled = log_rank(twice, groups_twice);
  CHECK(doubled.variance == log_rank_variance::customers);
  CHECK_THAT(doubled.statistic, WithinAbs(robust.statistic, 1e-9));
}

TEST_CASE("residuals of customers with one spell each give the textbook variance where groups do not differ",
          "[timing]") {
  std::mt19937 random{2};
  std::exponential_distribution<double> wait{1.0};
  std::vector<spell> spells;
  std::vector<std::uint32_t> groups;
  for (std::uint32_t u = 0; u < 20'000; ++u) {
    const double ends = wait(random);
    const double seen = 2.0 * wait(random);
    spells.push_back({std::min(ends, seen), ends <= seen ? 1U : 0U, u});
    groups.push_back(u % 3);
  }
  const log_rank_result textbook = log_rank(spells, groups);
  const log_rank_result robust = log_rank(spells, groups, 0, log_rank_variance::customers);
  CHECK(robust.statistic == Approx(textbook.statistic).epsilon(0.05));
  CHECK(robust.degrees_of_freedom == 2);
}

TEST_CASE("a third group and a group that is never at risk keep the test right", "[timing]") {
  // By hand: times 1 (group 0), 2 (group 1), 3 (group 2), all end. Variance at 1: Y = 3, at 2: Y = 2.
  // O − E: group 0: 1 − 1/3 = 2/3; group 1: 1 − 1/3 − 1/2 = 1/6; group 2: −5/6.
  const auto found = log_rank(spells_of({1, 2, 3}, {1, 1, 1}), std::vector<std::uint32_t>{0, 1, 2});
  CHECK(found.degrees_of_freedom == 2);
  // V = [2/9 −1/9; −1/9 2/9 + 1/4] of the first two: (O − E)ᵀ V⁻¹ (O − E) = 2.5.
  const double determinant = 2.0 / 9 * (2.0 / 9 + 0.25) - 1.0 / 81;
  const double expected =
      (4.0 / 9 * (2.0 / 9 + 0.25) + 2 * (2.0 / 3) * (1.0 / 6) / 9 + 1.0 / 36 * 2.0 / 9) / determinant;
  CHECK_THAT(found.statistic, WithinAbs(expected, 1e-12));
  const auto nobody = log_rank(spells_of({1, 2}, {0, 0}), std::vector<std::uint32_t>{0, 1});
  CHECK(std::isnan(nobody.statistic));
  CHECK(std::isnan(nobody.p_value));
  CHECK(std::isnan(log_rank(std::span<const spell>{}, {}).statistic));
}

TEST_CASE("competing ends add up, with the errors of an independent program", "[timing]") {
  const auto file = test::json::file("statistics/visits_survival.json")["tiny"];
  const std::vector<double> times = file["times"].numbers();
  std::vector<unsigned> causes;
  for (const double cause : file["cause(0 open,1 conversion,2 exit)"].numbers()) {
    causes.push_back(static_cast<unsigned>(cause));
  }
  std::vector<unsigned> clusters;
  for (const double cluster : file["clusters"].numbers()) {
    clusters.push_back(static_cast<unsigned>(cluster));
  }
  const auto check = [](const survival_curve& curve, const test::json& rows, bool competing) {
    REQUIRE(curve.size() == rows.size());
    for (std::size_t step = 0; step < rows.size(); ++step) {
      const test::json& row = rows[step];
      const double t = row["t"].number();
      CHECK(curve.times()[step] == t);
      CHECK(curve.at_risk(step) == row["at_risk"].number());
      CHECK(curve.events(step, 1) == row["conversions"].number());
      CHECK_THAT(curve.survival(step), WithinAbs(row["S"].number(), 1e-14));
      CHECK_THAT(curve.survival_error(step), WithinAbs(row["se_influence"].number(), 1e-14));
      CHECK_THAT(curve.incidence(step, 1), WithinAbs(row["F1"].number(), 1e-14));
      CHECK_THAT(curve.incidence_error(step, 1), WithinAbs(row["se_F1_influence"].number(), 1e-14));
      const estimate still = curve.survival_at(t);
      CHECK_THAT(still.lower, WithinAbs(row["S_loglog_influence"][0].number(), 1e-12));
      CHECK_THAT(still.upper, WithinAbs(row["S_loglog_influence"][1].number(), 1e-12));
      const estimate converted = curve.incidence_at(t, 1);
      if (row["F1"].number() > 0) {
        CHECK_THAT(converted.lower, WithinAbs(row["F1_loglog"][0].number(), 1e-12));
        CHECK_THAT(converted.upper, WithinAbs(row["F1_loglog"][1].number(), 1e-12));
      } else {
        CHECK(converted.bounds().is_null());
        CHECK(has(converted.marks, mark::boundary));
      }
      if (competing) {
        CHECK(curve.events(step, 2) == row["exits"].number());
        CHECK_THAT(curve.incidence(step, 2), WithinAbs(row["F2"].number(), 1e-14));
        CHECK_THAT(curve.survival(step) + curve.incidence(step, 1) + curve.incidence(step, 2), WithinAbs(1, 1e-14));
      }
    }
  };
  const survival_curve single{spells_of(times, causes), 2};
  check(single, file["table"], true);
  check(survival_curve{spells_of(times, causes, clusters), 2}, file["table_clustered"], true);
  // Greenwood's variance where every customer has one spell.
  for (std::size_t step = 0; step < single.size(); ++step) {
    CHECK_THAT(single.survival_error(step), WithinAbs(file["table"][step]["se_greenwood"].number(), 1e-14));
  }
  std::vector<unsigned> conversions_only = causes;
  std::replace(conversions_only.begin(), conversions_only.end(), 2U, 0U);
  const survival_curve naive{spells_of(times, conversions_only), 1};
  check(naive, file["kaplan_meier_conversion_only"], false);

  CHECK_THAT(single.incidence_at(9, 1).value, WithinAbs(.372222, 5e-7));
  CHECK_THAT(single.incidence_at(9, 2).value, WithinAbs(.472222, 5e-7));
  CHECK_THAT(single.survival_at(9).value, WithinAbs(.155556, 5e-7));
  // One minus the curve of conversions alone is no probability of converting.
  CHECK_THAT(1 - naive.survival_at(9).value, WithinAbs(.506173, 5e-7));
  CHECK(single.survival_at(0.5).value == 1);
  CHECK(single.at_risk_at(8) == 2);
  CHECK(single.customers_at_risk_at(8) == 2);
  // One was still open at 9: nobody knows what became of it.
  CHECK(single.is_known_at(9));
  CHECK(std::isnan(single.survival_at(9.5).value));
  CHECK(std::isnan(single.incidence_at(9.5, 1).value));
  CHECK((survival_curve{spells_of({1, 2}, {1, 2}), 2}).incidence_at(50, 1).value == 0.5);
}

TEST_CASE("curves equal their definition on random spells of few and many customers", "[timing]") {
  std::mt19937 random{7};
  for (int round = 0; round < 150; ++round) {
    const std::size_t size = 1 + random() % 40;
    const std::size_t customers = 1 + random() % 12;
    const std::size_t causes = 1 + random() % 3;
    std::vector<spell> spells;
    for (std::size_t i = 0; i < size; ++i) {
      spells.push_back({static_cast<double>(random() % 15) / 2, static_cast<std::uint32_t>(random() % (causes + 1)),
                        static_cast<std::uint32_t>(1'000'000 + random() % customers)});
    }
    const plain_curve expected{spells, causes};
    const survival_curve curve{spells, causes};
    REQUIRE(curve.times() == expected.times);
    for (std::size_t step = 0; step < curve.size(); ++step) {
      CHECK_THAT(curve.survival(step), WithinAbs(expected.survival[step], 1e-13));
      CHECK_THAT(curve.survival_error(step), WithinAbs(expected.survival_error[step], 1e-8));
      for (std::size_t k = 0; k < causes; ++k) {
        CHECK_THAT(curve.incidence(step, k + 1), WithinAbs(expected.incidence[k][step], 1e-13));
        CHECK_THAT(curve.incidence_error(step, k + 1), WithinAbs(expected.incidence_error[k][step], 1e-8));
      }
    }
    std::shuffle(spells.begin(), spells.end(), random);
    const survival_curve again{spells, causes};
    for (std::size_t step = 0; step < curve.size(); ++step) {
      CHECK(again.survival_error(step) == curve.survival_error(step));
    }
  }
}

TEST_CASE("impossible spells are refused", "[timing]") {
  CHECK_THROWS_WITH((survival_curve{spells_of({-1}, {1}), 1}), ContainsSubstring("spell 0"));
  CHECK_THROWS_WITH((survival_curve{spells_of({NAN}, {1}), 1}), ContainsSubstring("0 or more"));
  CHECK_THROWS_WITH((survival_curve{spells_of({1, 2}, {1, 3}), 2}), ContainsSubstring("cause 3"));
  CHECK_THROWS_WITH(log_rank(spells_of({1}, {1}), {}), ContainsSubstring("give each spell its group"));
  CHECK_THROWS_AS((survival_curve{spells_of({1}, {1}), 1}).survival_quantile(0.0), input_error);
  const survival_curve empty{{}, 2};
  CHECK(empty.size() == 0);
  CHECK(std::isnan(empty.survival_at(1).value));
}

TEST_CASE("journeys count while everything is known of them", "[timing]") {
  const journey_set journeys = spells_log();
  CHECK(journeys.conversions() == 2);
  CHECK(journeys.nulls() == 2);
  CHECK(journeys.open() == 3);
  const spell_set spells = collect_spells(journeys);
  REQUIRE(spells.groups().size() == 1);
  const auto oracle = test::json::file("statistics/aalen_johansen_rules.json")["tiny"];
  std::multimap<double, unsigned> expected;
  for (const test::json& row : oracle["journeys"].items()) {
    if (row["survival"].contains("time")) {
      expected.emplace(row["survival"]["time"].number() * 86'400,
                       static_cast<unsigned>(row["survival"]["cause"].number()));
    }
  }
  std::multimap<double, unsigned> found;
  for (const spell& one : spells.groups()[0].spells) {
    found.emplace(one.time, one.cause);
  }
  CHECK(found == expected);
  const survival_curve curve{spells.groups()[0].spells, 2};
  for (const auto& [day, share] : oracle["F1_at"].members()) {
    CHECK_THAT(curve.incidence_at(std::stod(day) * 86'400, 1).value, WithinAbs(share.number(), 1e-14));
  }
  const std::vector<double> at{20.0 * 86'400, 35.0 * 86'400};
  const table shown = survival(spells, at);
  CHECK_THAT(shown.numbers("converted")[1], WithinAbs(.520833, 5e-7));
  CHECK(shown.integers("conversions") == std::vector<std::int64_t>{1, 1});
  CHECK(shown.integers("exits") == std::vector<std::int64_t>{1, 0});
}

TEST_CASE("every journey began before an instant or not", "[timing]") {
  const journey_set journeys = spells_log();
  const auto number = [&](const spell_options& options) {
    std::size_t spells = 0;
    const spell_set found = collect_spells(journeys, options);
    for (const spell_set::group& group : found.groups()) {
      spells += group.spells.size();
    }
    return spells;
  };
  const event_log& log = journeys.log();
  std::size_t between = 0;
  for (std::uint64_t index = 0; index < journeys.size(); ++index) {
    const instant at = detail::to_instant(log.times()[journeys[index].begin], log.ticks_per_second());
    const std::size_t earlier = number({.before = at});
    CHECK(earlier + number({.from = at}) == number({}));
    between += earlier > 0 && earlier < number({}) ? 1U : 0U;
    CHECK(number({.from = at, .before = at}) == 0);
  }
  CHECK(between > 0);
  CHECK_THROWS_AS(collect_spells(journeys) += collect_spells(journeys, {.from = instant{}}), input_error);
}

TEST_CASE("spells in an item end by moving on, a conversion or for good", "[timing]") {
  const journey_set journeys = make_journeys(test::log_of({{"u", 0, "a"},
                                                           {"u", 5, "a"},
                                                           {"u", 10, "b"},
                                                           {"u", 30, "a"},
                                                           {"u", 100, "order"},
                                                           {"v", 0, "b"},
                                                           {"v", 7, "a"},
                                                           {"v", 9, "a"}}),
                                             {.conversion = {"order"}});
  const spell_set stays = collect_spells(journeys, {.by = "touchpoint", .until = wait_until::leaving});
  REQUIRE(stays.groups().size() == 2);
  const auto texts = [](const spell_set::group& group) {
    std::vector<std::string> result;
    for (const spell& one : group.spells) {
      result.push_back(std::to_string(static_cast<int>(one.time)) + "/" + std::to_string(one.cause));
    }
    std::sort(result.begin(), result.end());
    return result;
  };
  CHECK(stays.groups()[0].item == "a");
  CHECK(texts(stays.groups()[0]) == std::vector<std::string>{"10/3", "2/2", "70/1"});
  CHECK(texts(stays.groups()[1]) == std::vector<std::string>{"20/3", "7/3"});
  const spell_set reached = collect_spells(journeys, {.by = "touchpoint"});
  CHECK(texts(reached.groups()[0]) == std::vector<std::string>{"100/1", "2/2"});
  CHECK(texts(reached.groups()[1]) == std::vector<std::string>{"9/2", "90/1"});
  const table shown = survival(stays);
  CHECK(shown.contains("moved_lower"));
  CHECK_THROWS_WITH(collect_spells(journeys, {.until = wait_until::leaving}), ContainsSubstring("no item"));
  CHECK_THROWS_WITH(collect_spells(journeys.recut(after_conversion::go_on)), ContainsSubstring("recut"));
  CHECK_THROWS_WITH(collect_spells(make_journeys(test::ordered_log_of({{"u", 0, "a"}}))),
                    ContainsSubstring("time column"));
}

TEST_CASE("spells, cohort rates and tables of shards merge", "[timing]") {
  std::mt19937 random{3};
  for (int round = 0; round < 30; ++round) {
    std::vector<event> all;
    spell_set merged;
    cohort_rate_counts rates;
    journey_options cut{.conversion = {"buy"}, .inactivity = 3s, .observed_until = instant{12s}};
    const cohort_rate_options horizons{.within = {2s, 5s}};
    for (int shard = 0; shard < 3; ++shard) {
      std::vector<event> part = test::random_events(random, 30, {"a", "b", shard == 0 ? "c" : "buy"});
      for (event& row : part) {
        row.customer += "/" + std::to_string(shard);
      }
      all.insert(all.end(), part.begin(), part.end());
      const journey_set journeys = make_journeys(test::log_of(part), cut);
      merged += collect_spells(journeys, {.by = "touchpoint"});
      rates += count_cohort_rate(journeys, horizons);
    }
    const journey_set whole = make_journeys(test::log_of(all), cut);
    const table expected = survival(collect_spells(whole, {.by = "touchpoint"}));
    const table found = survival(merged);
    CHECK(found.texts("touchpoint") == expected.texts("touchpoint"));
    CHECK(found.numbers("time") == expected.numbers("time"));
    CHECK(found.integers("at_risk") == expected.integers("at_risk"));
    for (std::size_t row = 0; row < found.rows(); ++row) {
      for (const char* name : {"survival", "converted", "left", "left_lower"}) {
        const double value = expected.numbers(name)[row];
        CHECK((std::isnan(value) ? std::isnan(found.numbers(name)[row])
                                 : std::abs(found.numbers(name)[row] - value) < 1e-10));
      }
    }
    const table rate = cohort_rate(rates);
    const table rate_of_all = cohort_rate(whole, horizons);
    CHECK(rate.integers("journeys") == rate_of_all.integers("journeys"));
    CHECK(rate.integers("conversions") == rate_of_all.integers("conversions"));
    CHECK(rate.integers("too_recent") == rate_of_all.integers("too_recent"));
  }
}

TEST_CASE("cohort rates count the journeys that are old enough", "[timing]") {
  const journey_set journeys = spells_log();
  // Until day 100 − 30 − 20 = 50 start u1, u2, u3, u4, u5; u1 converts within 20 days, u3 within 35, u4 within 55.
  const table found = cohort_rate(journeys, {.within = {std::chrono::days{20}, std::chrono::days{35}}});
  CHECK(found.integers("journeys") == std::vector<std::int64_t>{5, 3});
  CHECK(found.integers("conversions") == std::vector<std::int64_t>{1, 2});
  CHECK(found.integers("too_recent") == std::vector<std::int64_t>{2, 4});
  CHECK(found.numbers("rate")[0] == 0.2);
  CHECK_THROWS_AS(cohort_rate(journeys, {.within = {}}), input_error);
  CHECK_THROWS_AS(cohort_rate(journeys, {.within = {0s}}), input_error);
}

TEST_CASE("times of the webshop are those that were counted by hand", "[timing]") {
  const journey_set journeys =
      make_journeys(test::log_of(test::webshop_events()), {.conversion = {"order"}, .after = after_conversion::stop});
  const table found = durations(journeys, {.quantiles = {0.0, 0.5, 1.0}});
  // Hours to the first order: .1833, .2333, .3333, .35, 34.25, 69.1667.
  CHECK(found.texts("measure") == std::vector<std::string>{"mean", "p0", "median", "p100"});
  CHECK(found.integers("count")[0] == 6);
  CHECK_THAT(found.numbers("time")[2] / 3600, WithinAbs(.3417, 5e-5));
  CHECK_THAT(found.numbers("time")[1] / 3600, WithinAbs(.1833, 5e-5));
  CHECK_THAT(found.numbers("time")[3] / 3600, WithinAbs(69.1667, 5e-5));
  const table visits = durations(journeys, {.of = timed::visits, .quantiles = {0.5}});
  for (std::size_t row = 0; row < visits.rows(); ++row) {
    if (visits.texts("touchpoint")[row] == "checkout_start" && visits.texts("measure")[row] == "median") {
      // To the order 3, 5, 3, 3 and 3 minutes, and once 2.9 days to the e-mail.
      CHECK(visits.numbers("time")[row] == 180.0);
      CHECK(visits.integers("count")[row] == 6);
    }
  }
  const table edges = durations(journeys, {.of = timed::transitions, .quantiles = {}});
  CHECK(edges.contains("from"));
  CHECK(edges.rows() > 10);
  CHECK_THROWS_AS(durations(journeys, {.quantiles = {1.5}}), input_error);
}

TEST_CASE("quantiles of times have the interval of the worked example", "[timing]") {
  const auto oracle = test::json::file("statistics/quantiles.json");
  const std::vector<double> data = oracle["data"].numbers();
  const std::vector<std::uint32_t> customers{0, 0, 1, 1, 2, 3, 3, 4, 5, 5};
  std::vector<event> events;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto start = static_cast<std::int64_t>(1000 * i);
    events.push_back({"u" + std::to_string(customers[i]), start, "a"});
    events.push_back({"u" + std::to_string(customers[i]), start + static_cast<std::int64_t>(data[i]), "order"});
  }
  const table found =
      durations(make_journeys(test::log_of(events), {.conversion = {"order"}}), {.quantiles = {.1, .25, .5, .75, .9}});
  const auto& expected = oracle["type7"];
  const std::array<const char*, 5> keys{"0.1", "0.25", "0.5", "0.75", "0.9"};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CHECK_THAT(found.numbers("time")[i + 1], WithinAbs(expected[keys[i]].number(), 1e-12));
  }
  CHECK(found.numbers("lower")[3] == oracle["median_interval"]["lower"].number());
  CHECK(found.numbers("upper")[3] == oracle["median_interval"]["upper"].number());
  CHECK(found.integers("n")[3] == 6);
}

TEST_CASE("expected times add up to the mean duration of the journeys", "[timing]") {
  std::mt19937 random{11};
  for (int round = 0; round < 100; ++round) {
    const auto events = test::random_events(random, 40, {"a", "b", "c", "buy"});
    journey_options cut{.conversion = {"buy"}, .after = static_cast<after_conversion>(random() % 3)};
    if (random() % 2 == 0) {
      cut.inactivity = 4s;
    }
    const journey_set journeys = make_journeys(test::log_of(events), cut);
    double duration = 0.0;
    double settled = 0.0;
    for (std::size_t j = 0; j < journeys.size(); ++j) {
      if (journeys[j].settled) {
        settled += 1.0;
        duration += journeys.seconds(j);
      }
    }
    const table found = expected_times(journeys, {.by = "touchpoint", .collapse = random() % 2 == 0});
    if (settled == 0.0) {
      CHECK(found.rows() == 0);
      continue;
    }
    CHECK(found.texts("touchpoint")[0] == "(start)");
    CHECK_THAT(found.numbers("time")[0], WithinAbs(duration / settled, 1e-10));
    double parts = 0.0;
    for (std::size_t row = 1; row < found.rows(); ++row) {
      parts += found.numbers("time")[row];
      CHECK_THAT(found.numbers("time")[row],
                 WithinAbs(found.numbers("visits_per_journey")[row] * found.numbers("time_per_visit")[row], 1e-10));
    }
    CHECK_THAT(parts, WithinAbs(duration / settled, 1e-10));
    // What a customer adds to the time from the start is the same by both formulas.
    if (!std::isnan(found.numbers("time_lower")[0])) {
      CHECK_THAT(found.numbers("time_lower")[0], WithinAbs(found.numbers("time_to_end_lower")[0], 1e-8));
    }
  }
}

TEST_CASE("the hazard of a silence counts whole steps that were observed", "[timing]") {
  // Steps of 10 s until second 100. u: silences of 5, 40 and (until the end) 55 s; v: 25 s, then 74 s are open.
  const journey_set journeys = make_journeys(
      test::log_of({{"u", 0, "a"}, {"u", 5, "a"}, {"u", 45, "a"}, {"v", 1, "a"}, {"v", 26, "a"}, {"w", 100, "a"}}));
  const table found = silence(journeys, {.step = 10s, .steps = 6, .horizon = 2});
  CHECK(found.integers("at_risk") == std::vector<std::int64_t>{5, 4, 4, 3, 3, 1});
  CHECK(found.integers("ended") == std::vector<std::int64_t>{1, 0, 1, 0, 1, 0});
  CHECK(found.integers("n") == std::vector<std::int64_t>{2, 2, 2, 2, 2, 1});
  CHECK(found.numbers("hazard")[4] == Approx(1.0 / 3));
  CHECK(found.numbers("still_silent")[3] == Approx(0.8 * 0.75));
  CHECK(found.numbers("returns")[0] == Approx(1 - 0.8));
  CHECK(found.numbers("returns")[1] == Approx(0.25));
  CHECK(found.numbers("returns")[3] == Approx(1.0 / 3));
  CHECK_THROWS_AS(silence(journeys, {.steps = 0}), input_error);
  CHECK_THROWS_AS(silence(journeys, {.steps = 100'000}), limit_error);
}

TEST_CASE("timing does not depend on the number of threads", "[timing]") {
  std::mt19937 random{5};
  std::vector<event> events;
  for (int u = 0; u < 13'000; ++u) {
    std::int64_t now = static_cast<std::int64_t>(random() % 500);
    for (int i = 0; i < 4; ++i) {
      events.push_back({std::to_string(u), now, std::array{"a", "b", "c", "order"}[random() % 4]});
      now += static_cast<std::int64_t>(random() % 90);
    }
  }
  const journey_set journeys = make_journeys(test::log_of(events), {.conversion = {"order"}, .inactivity = 60s});
  const auto equal = [](const table& one, const table& many) {
    REQUIRE(one.columns().size() == many.columns().size());
    for (std::size_t i = 0; i < one.columns().size(); ++i) {
      const auto* left = std::get_if<std::vector<double>>(&one.columns()[i].data);
      if (left == nullptr) {
        CHECK(one.columns()[i].data == many.columns()[i].data);
        continue;
      }
      const auto& right = std::get<std::vector<double>>(many.columns()[i].data);
      REQUIRE(left->size() == right.size());
      std::size_t differ = 0;
      for (std::size_t row = 0; row < right.size(); ++row) {
        differ += (*left)[row] == right[row] || (std::isnan((*left)[row]) && std::isnan(right[row])) ? 0U : 1U;
      }
      CHECK(differ == 0);
    }
  };
  for (const unsigned threads : {2U, 3U}) {
    equal(survival(collect_spells(journeys, {.by = "touchpoint", .threads = 1})),
          survival(collect_spells(journeys, {.by = "touchpoint", .threads = threads})));
    equal(durations(journeys, {.of = timed::transitions, .threads = 1}),
          durations(journeys, {.of = timed::transitions, .threads = threads}));
    equal(cohort_rate(journeys, {.within = {30s}, .threads = 1}),
          cohort_rate(journeys, {.within = {30s}, .threads = threads}));
    equal(silence(journeys, {.step = 10s, .steps = 5, .horizon = 5, .threads = 1}),
          silence(journeys, {.step = 10s, .steps = 5, .horizon = 5, .threads = threads}));
  }
}

TEST_CASE("an empty log has nothing to time", "[timing]") {
  const journey_set nothing;
  CHECK(collect_spells(nothing).groups().empty());
  CHECK(survival(collect_spells(nothing)).rows() == 0);
  CHECK(durations(nothing).rows() == 0);
  CHECK(expected_times(nothing, {.by = "touchpoint"}).rows() == 0);
  CHECK(silence(nothing).integers("at_risk")[0] == 0);
  CHECK(cohort_rate(nothing, {.within = {1s}}).rows() == 1);
  CHECK(std::isnan(log_rank(collect_spells(nothing)).test.numbers("p_value")[0]));
}

TEST_CASE("cohorts of first use equal a plain count of the weeks in which customers were there", "[timing][cohorts]") {
  constexpr std::int64_t week = 7 * 86'400;
  constexpr std::int64_t monday = 4 * 86'400;
  std::mt19937 random{12};
  for (int round = 0; round < 200; ++round) {
    std::vector<test::event> events;
    const int customers = 1 + static_cast<int>(random() % 12);
    for (int who = 0; who < customers; ++who) {
      const int count = 1 + static_cast<int>(random() % 6);
      for (int i = 0; i < count; ++i) {
        // Also before 1970, and just at the beginning of a week.
        const auto at = static_cast<std::int64_t>(random() % 9) * week + monday - 3 * week;
        events.push_back(
            {std::to_string(who), at + (random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % week)), "visit"});
      }
    }
    std::map<std::string, std::set<std::int64_t>> weeks;
    std::int64_t last = -100;
    for (const auto& one : events) {
      const std::int64_t since = one.seconds - monday + 1000 * week;
      weeks[one.customer].insert(since / week - 1000);
      last = (std::max)(last, since / week - 1000);
    }
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> expected;
    std::map<std::int64_t, std::int64_t> sizes;
    for (const auto& [who, own] : weeks) {
      ++sizes[*own.begin()];
      for (const std::int64_t one : own) {
        ++expected[{*own.begin(), one - *own.begin()}];
      }
    }
    const journey_set journeys = make_journeys(test::log_of(events));
    const unsigned threads = 1 + static_cast<unsigned>(random() % 3);
    const table found = return_cohorts(journeys, {.periods = std::nullopt, .threads = threads});
    std::size_t row = 0;
    for (const auto& [cohort, size] : sizes) {
      for (std::int64_t since = 0; since <= last - cohort; ++since, ++row) {
        REQUIRE(row < found.rows());
        CHECK(found.integers("period")[row] == since);
        CHECK(found.integers("customers")[row] == size);
        CHECK(found.integers("returned")[row] == expected[{cohort, since}]);
        const auto begin = std::chrono::sys_seconds{std::chrono::seconds{monday + cohort * week}};
        CHECK(found.texts("cohort")[row] == detail::instant_option(begin));
      }
    }
    CHECK(row == found.rows());
  }
}

TEST_CASE("cohorts of shards merge, whichever begins earlier", "[timing][cohorts]") {
  constexpr std::int64_t day = 86'400;
  const std::vector<test::event> early{{"a", 0, "x"}, {"a", 9 * day, "x"}, {"b", 20 * day, "x"}};
  const std::vector<test::event> late{{"c", 10 * day, "x"}, {"c", 40 * day, "x"}};
  std::vector<test::event> all = early;
  all.insert(all.end(), late.begin(), late.end());
  const auto count = [](const std::vector<test::event>& events) {
    return count_return_cohorts(
        make_journeys(test::log_of(events), {.observed_until = instant{std::chrono::days{60}}}));
  };
  for (const bool turned : {false, true}) {
    return_cohort_counts merged = count(turned ? late : early);
    merged += count(turned ? early : late);
    CHECK(return_cohorts(merged).integers("returned") == return_cohorts(count(all)).integers("returned"));
    CHECK(return_cohorts(merged).texts("cohort") == return_cohorts(count(all)).texts("cohort"));
  }
  CHECK_THROWS_AS(count_return_cohorts(make_journeys(test::ordered_log_of(early))), input_error);
  CHECK(return_cohorts(make_journeys(event_log{})).rows() == 0);
}

TEST_CASE("a period is complete when it ended before the observation", "[timing][cohorts]") {
  const auto monday = std::chrono::days{4};
  const auto log = test::log_of({{"a", 4 * 86'400, "x"}, {"a", 12 * 86'400, "x"}});
  const auto until = [&](duration end) {
    const table found = return_cohorts(make_journeys(log, {.observed_until = instant{end}}));
    return std::get<std::vector<bool>>(found.columns()[7].data);
  };
  using std::chrono::microseconds;
  CHECK((until(monday + std::chrono::weeks{2} - microseconds{1}) == std::vector<bool>{true, true}));
  CHECK((until(monday + std::chrono::weeks{2} - microseconds{2}) == std::vector<bool>{true, false}));
}
