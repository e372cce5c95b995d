// SPDX-License-Identifier: MIT
#include "klantreis/measure.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>
#include <random>

#include "cpp/support/small_log.hpp"
#include "klantreis/conformance.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A log in which every touchpoint is a phase of its own.
event_log phased(const std::vector<test::event>& events, const std::vector<std::string>& names,
                 const std::vector<double>& scores = {}) {
  std::vector<std::string> customers;
  std::vector<std::string> touchpoints;
  std::vector<std::int64_t> times;
  for (const auto& row : events) {
    customers.push_back(row.customer);
    times.push_back(row.seconds * 1'000'000);
    touchpoints.push_back(row.touchpoint);
  }
  log_options options;
  for (const auto& name : names) {
    options.phase_of_touchpoint.emplace_back(name, name);
  }
  log_builder builder{options};
  event_batch batch;
  batch.customer = column_view{std::span<const std::string>{customers}};
  batch.touchpoint = column_view{std::span<const std::string>{touchpoints}};
  batch.time = column_view::timestamps(std::span<const std::int64_t>{times}, 1'000'000);
  if (!scores.empty()) {
    batch.numbers.emplace_back("score", column_view{std::span<const double>{scores}});
  }
  builder.append(batch);
  return builder.finish();
}

journey_design linear(const std::vector<std::string>& names) {
  journey_design design;
  for (const auto& name : names) {
    design.phases.push_back({.name = name});
  }
  for (std::size_t at = 1; at < names.size(); ++at) {
    design.moves.push_back({.from = names[at - 1], .to = names[at]});
  }
  return design;
}

const std::vector<std::string> abc{"a", "b", "c"};

std::int64_t figure(const table& rows, const std::string& phase, const char* column) {
  const auto& names = rows.texts("phase");
  for (std::size_t row = 0; row < names.size(); ++row) {
    if (names[row] == phase) {
      return rows.integers(column)[row];
    }
  }
  FAIL("no row " << phase);
  return 0;
}

}  // namespace

TEST_CASE("a journey passes, skips, steps back and ends", "[measure]") {
  // u1: a a c b, not converted; u2: b c, where b converts.
  const auto log =
      phased({{"u1", 0, "a"}, {"u1", 1, "a"}, {"u1", 5, "c"}, {"u1", 9, "b"}, {"u2", 0, "b"}, {"u2", 4, "c"}}, abc);
  const auto journeys = make_journeys(log, {.conversion = {"b"}});
  const auto found = measured_items(count_measure(journeys, linear(abc)));
  CHECK(found.texts("phase") == abc);
  CHECK(found.integers("reach") == std::vector<std::int64_t>{1, 2, 2});
  CHECK(found.integers("entries") == std::vector<std::int64_t>{1, 1, 0});
  CHECK(found.integers("visits") == std::vector<std::int64_t>{1, 2, 2});
  CHECK(found.integers("passed") == std::vector<std::int64_t>{1, 1, 0});
  CHECK(found.integers("back") == std::vector<std::int64_t>{0, 0, 1});
  CHECK(found.integers("skips") == std::vector<std::int64_t>{1, 0, 0});
  CHECK(found.integers("at_rest") == std::vector<std::int64_t>{0, 1, 1});
  CHECK(found.numbers("median_time")[0] == 5.0);
}

TEST_CASE("journeys cut at a conversion are followed beyond it", "[measure]") {
  const auto log = phased({{"u1", 0, "a"}, {"u1", 1, "b"}, {"u1", 2, "c"}}, abc);
  for (const auto after : {after_conversion::start_new, after_conversion::stop, after_conversion::go_on}) {
    const auto found =
        measured_items(count_measure(make_journeys(log, {.conversion = {"b"}, .after = after}), linear(abc)));
    CHECK(figure(found, "c", "at_rest") == 1);
    CHECK(figure(found, "b", "passed") == 1);
  }
}

TEST_CASE("emotion is the mean of the answers on a scale from -2 to 2", "[measure]") {
  const auto log = phased({{"u1", 0, "a"}, {"u1", 1, "b"}, {"u2", 0, "b"}}, abc, {5.0, 10.0, 0.0});
  auto design = linear(abc);
  design.phases[1].emotion = 0.5;
  design.scores = {{.column = "score"}};
  const auto found = emotions(count_measure(make_journeys(log), design), {.min_n = 1});
  CHECK(found.numbers("measured")[1] == 0.0);
  CHECK(found.numbers("gap")[1] == -0.5);
  CHECK(found.integers("answers")[1] == 2);
  CHECK(found.texts("status")[1] == "off, could be chance");
  CHECK(found.texts("status")[0] == "no expectation");
  CHECK(found.texts("status")[2] == "not measured");
  design.scores[0].column = "mood";
  CHECK_THROWS_WITH(count_measure(make_journeys(log), design), ContainsSubstring("no column 'mood'"));
}

TEST_CASE("measured journeys of different customers add up in any order", "[measure]") {
  std::mt19937 random{7};
  for (int round = 0; round < 40; ++round) {
    auto events = test::random_events(random, 30, abc);
    std::vector<test::event> halves[2];
    for (const auto& row : events) {
      halves[row.customer.back() % 2].push_back(row);
    }
    const journey_options cut{.conversion = {"b"}, .observed_until = instant{10s}};
    const auto count = [&](const std::vector<test::event>& rows) {
      return count_measure(make_journeys(phased(rows, abc), cut), linear(abc));
    };
    const auto move = [&](const std::vector<test::event>& rows) {
      return count_conformance(make_journeys(phased(rows, abc), cut), linear(abc));
    };
    measure_counts sum;
    conformance_counts moved;
    for (const auto& half : {halves[1], halves[0]}) {
      if (!half.empty()) {
        sum += count(half);
        moved += move(half);
      }
    }
    const auto whole = measured_items(count(events));
    const auto added = measured_items(sum);
    for (const char* column : {"reach", "entries", "visits", "passed", "back", "skips", "left", "at_rest", "n"}) {
      CHECK(added.integers(column) == whole.integers(column));
    }
    CHECK(conformance(moved).summary.integers("conforming") ==
          conformance(move(events)).summary.integers("conforming"));
  }
}

TEST_CASE("what was counted of different designs does not add up", "[measure]") {
  const auto journeys = make_journeys(phased({{"u1", 0, "a"}}, abc));
  auto counts = count_measure(journeys, linear(abc));
  CHECK_THROWS_WITH(counts += count_measure(journeys, linear({"a", "c", "b"})), ContainsSubstring("phases is"));
}

TEST_CASE("a map gives its design at every level", "[measure]") {
  const auto map = load_map(std::string(KLANTREIS_TEST_DATA) + "/journey-example.json");
  const auto own = design_of(map);
  CHECK(own.phases.size() == 9);
  CHECK(own.moves.size() == 12);
  CHECK_FALSE(own.phases[0].measured);
  CHECK(own.scores.size() == 1);
  CHECK(own.scores[0].high == 10.0);
  CHECK(phases_without_touchpoints(own) == std::vector<std::string>{"latente_behoefte", "loyaliteit"});
  const auto six = design_of(map, "p6");
  CHECK(six.phases.size() == 6);
  CHECK(six.phases[0].labels == std::vector<std::string>{"latente_behoefte", "bewustwording"});
  CHECK(six.phases[0].measured);
  CHECK(six.phases[0].emotion == -1.0);
  CHECK(six.moves[0].expected == 0.8);
  CHECK_THROWS_WITH(design_of(map, "p7"), ContainsSubstring("p7"));
}

TEST_CASE("the phase of a customer at an instant is that of the last event by then", "[measure]") {
  const auto journeys = make_journeys(phased({{"u1", 10, "a"}, {"u1", 20, "b"}}, abc));
  CHECK_FALSE(phase_at(journeys, linear(abc), "u1", instant{9s}));
  CHECK(phase_at(journeys, linear(abc), "u1", instant{10s}) == "a");
  CHECK(phase_at(journeys, linear(abc), "u1", instant{20s}) == "b");
  CHECK_THROWS_WITH(phase_at(journeys, linear(abc), "u2", instant{20s}), ContainsSubstring("no customer 'u2'"));
}

TEST_CASE("periods begin where the calendar says", "[measure]") {
  using namespace std::chrono;
  const instant day = sys_days{2024y / February / 29} + 13h;
  CHECK(period_start(day, calendar_period::day) == sys_days{2024y / February / 29});
  CHECK(period_start(day, calendar_period::week) == sys_days{2024y / February / 26});
  CHECK(period_start(day, calendar_period::month) == sys_days{2024y / February / 1});
  CHECK(period_end(period_start(day, calendar_period::month), calendar_period::month) == sys_days{2024y / March / 1});
  CHECK(period_start(instant{-1us}, calendar_period::month) == sys_days{1969y / December / 1});
}

TEST_CASE("designs that are not sound are refused", "[measure]") {
  auto twice = linear({"a", "b"});
  twice.phases[0].labels = {"x"};
  twice.phases[1].labels = {"x"};
  CHECK_THROWS_WITH(twice.check(), ContainsSubstring("let it belong to one"));
  CHECK_THROWS_WITH(journey_design{}.check(), ContainsSubstring("no phases"));
  CHECK_THROWS_WITH(scale_ends("smile"), ContainsSubstring("use one of nps, csat"));
}
