// SPDX-License-Identifier: MIT
#include "klantreis/transitions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "support/json.hpp"
#include "support/small_log.hpp"

using Catch::Approx;
using klantreis::journey_set;
using klantreis::transition_counts;

namespace {

constexpr std::int64_t day = 86'400;

std::size_t row_of(const klantreis::table& result, std::string_view from, std::string_view to) {
  for (std::size_t row = 0; row < result.rows(); ++row) {
    if (result.texts("from")[row] == from && result.texts("to")[row] == to) {
      return row;
    }
  }
  FAIL("no transition from " << from << " to " << to);
  return 0;
}

// The journeys of the eight customers of the influence-value example; a null ends by a long silence.
std::vector<test::event> tiny_events() {
  const std::vector<std::pair<std::string, std::vector<std::string>>> journeys{
      {"u1", {"A", "B", "buy"}},      {"u1", {"B"}},      {"u2", {"A"}},
      {"u3", {"A", "B", "A", "buy"}}, {"u4", {"B", "C"}}, {"u4", {"C"}},
      {"u5", {"A", "C", "B", "buy"}}, {"u6", {"C", "A"}}, {"u7", {"C", "B", "buy"}},
      {"u7", {"A", "buy"}},           {"u8", {"B", "A"}}};
  std::vector<test::event> events;
  std::int64_t now = 0;
  for (const auto& [customer, names] : journeys) {
    now += 100 * day;
    for (const auto& name : names) {
      now += 60;
      events.push_back({customer, now, name});
    }
  }
  return events;
}

journey_set tiny_journeys() {
  return make_journeys(test::log_of(tiny_events()), {.conversion = {"buy"}, .gap = std::chrono::days{30}});
}

journey_set webshop_journeys() {
  using namespace std::chrono;
  return make_journeys(test::log_of(test::webshop_events()), {.conversion = {"order"},
                                                              .after = klantreis::after_conversion::stop,
                                                              .inactivity = days{30},
                                                              .observed_until = sys_days{year{2024} / 4 / 30}});
}

using edge_key = std::pair<std::string, std::string>;

struct slow_edge {
  double weight = 0.0;
  std::map<std::size_t, std::pair<double, double>> events_and_visits;  // by customer
  std::vector<std::int64_t> times;
};

// One loop over the journeys, everything in maps.
std::map<edge_key, slow_edge> slow_transitions(const journey_set& journeys, bool collapse) {
  std::map<edge_key, slow_edge> edges;
  std::map<std::string, std::map<std::size_t, double>> visits;
  const auto& log = journeys.log();
  for (std::size_t customer = 0; customer < journeys.customers(); ++customer) {
    for (auto j = journeys.customer_offsets()[customer]; j < journeys.customer_offsets()[customer + 1]; ++j) {
      const auto piece = journeys[j];
      if (!piece.settled) {
        continue;
      }
      std::vector<std::pair<std::string, std::int64_t>> states{{"(start)", -1}};
      for (auto event = piece.begin; event < piece.path_end; ++event) {
        const std::string name{log.touchpoint_names()[log.touchpoints()[event]]};
        if (!collapse || name != states.back().first) {
          states.emplace_back(name, log.has_times() ? log.times()[event] : -1);
        }
      }
      states.emplace_back(journeys.end_state_of(piece), -1);
      for (std::size_t i = 0; i + 1 < states.size(); ++i) {
        slow_edge& edge = edges[{states[i].first, states[i + 1].first}];
        edge.weight += 1.0;
        edge.events_and_visits[customer].first += 1.0;
        visits[states[i].first][customer] += 1.0;
        if (states[i].second >= 0 && states[i + 1].second >= 0) {
          edge.times.push_back(states[i + 1].second - states[i].second);
        }
      }
    }
  }
  for (auto& [key, edge] : edges) {
    for (const auto& [customer, count] : visits[key.first]) {
      edge.events_and_visits[customer].second = count;
    }
  }
  return edges;
}

void check_against_loop(const journey_set& journeys, const transition_counts& counts, bool collapse) {
  const auto slow = slow_transitions(journeys, collapse);
  const auto result = transitions(counts);
  REQUIRE(result.rows() == slow.size());
  REQUIRE(counts.size() == slow.size());
  for (const auto& [key, edge] : slow) {
    INFO(key.first << " > " << key.second);
    const auto row = row_of(result, key.first, key.second);
    double visits = 0.0;
    for (const auto& [customer, pair] : edge.events_and_visits) {
      visits += pair.second;
    }
    const double rate = edge.weight / visits;
    klantreis::influence_sum psi;
    for (const auto& [customer, pair] : edge.events_and_visits) {
      psi.add((pair.first - rate * pair.second) / visits);
    }
    const auto expected = psi.prob_interval(rate, psi.customers());
    CHECK(result.integers("weight")[row] == static_cast<std::int64_t>(edge.weight));
    CHECK(result.integers("n")[row] == static_cast<std::int64_t>(psi.customers()));
    CHECK(result.numbers("probability")[row] == Approx(rate).epsilon(1e-14));
    CHECK(result.numbers("lower")[row] == Approx(expected.lower).epsilon(1e-7).margin(1e-9));
    CHECK(result.numbers("upper")[row] == Approx(expected.upper).epsilon(1e-7));
    auto times = edge.times;
    if (times.empty()) {
      CHECK(std::isnan(result.numbers("median_time")[row]));
    } else {
      std::sort(times.begin(), times.end());
      const std::size_t half = times.size() / 2;
      const double median = times.size() % 2 == 1 ? static_cast<double>(times[half])
                                                  : static_cast<double>(times[half - 1] + times[half]) / 2.0;
      CHECK(result.numbers("median_time")[row] ==
            Approx(median / static_cast<double>(journeys.log().ticks_per_second())).margin(1e-12));
    }
  }
}

bool equal_tables(const klantreis::table& a, const klantreis::table& b) {
  if (a.columns().size() != b.columns().size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.columns().size(); ++i) {
    const auto* x = std::get_if<std::vector<double>>(&a.columns()[i].data);
    const auto* y = std::get_if<std::vector<double>>(&b.columns()[i].data);
    if (x == nullptr || y == nullptr) {
      if (a.columns()[i].data != b.columns()[i].data) {
        return false;
      }
    } else if (!std::equal(x->begin(), x->end(), y->begin(), y->end(),
                           [](double p, double q) { return p == q || (std::isnan(p) && std::isnan(q)); })) {
      return false;
    }
  }
  return true;
}

std::vector<test::event> many_events(std::size_t customers, std::size_t names, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<test::event> events;
  for (std::size_t customer = 0; customer < customers; ++customer) {
    std::int64_t now = static_cast<std::int64_t>(random() % 1000);
    for (std::size_t i = 0, length = 1 + random() % 12; i < length; ++i) {
      now += static_cast<std::int64_t>(random() % 5000);
      events.push_back({"u" + std::to_string(customer), now, "t" + std::to_string(random() % names)});
    }
  }
  return events;
}

// Many events of customers with a few and with hundreds of them, some of whom take one transition over and over.
std::vector<test::event> repeating_events(std::size_t names, std::size_t longest) {
  std::mt19937 random{static_cast<unsigned>(names)};
  std::vector<test::event> events;
  for (std::size_t customer = 0; events.size() < 140'000; ++customer) {
    const std::size_t length = customer == 7 ? longest : customer % 50 == 0 ? 240 + random() % 40 : 1 + random() % 30;
    const std::size_t used = customer == 7 || random() % 4 == 0 ? 1 : names;
    auto now = static_cast<std::int64_t>(random() % 100'000);
    for (std::size_t i = 0; i < length; ++i) {
      now += static_cast<std::int64_t>(random() % 5000);
      events.push_back({"u" + std::to_string(customer), now, "t" + std::to_string(random() % used)});
    }
  }
  return events;
}

}  // namespace

TEST_CASE("the tiny example has the published counts and intervals", "[transitions]") {
  const auto counts = count_transitions(tiny_journeys());
  const auto result = transitions(counts);
  CHECK(counts.journeys() == 11.0);
  CHECK(counts.customers() == 8.0);

  const auto ab = row_of(result, "A", "B");
  CHECK(result.integers("weight")[ab] == 2);
  CHECK(result.integers("n")[ab] == 7);
  CHECK(result.numbers("probability")[ab] == 0.25);
  CHECK(result.numbers("lower")[ab] == Approx(0.059129).margin(1e-6));
  CHECK(result.numbers("upper")[ab] == Approx(0.638733).margin(1e-6));
  CHECK(result.texts("marks")[ab] == "few_customers,few_effective");
  CHECK(result.numbers("median_time")[ab] == 60.0);

  const auto exit_of_b = row_of(result, "B", "(null)");
  CHECK(result.integers("n")[exit_of_b] == 6);
  CHECK(result.numbers("probability")[exit_of_b] == Approx(1.0 / 7.0));
  CHECK(result.numbers("lower")[exit_of_b] == Approx(0.016348).margin(1e-6));
  CHECK(result.numbers("upper")[exit_of_b] == Approx(0.625665).margin(1e-6));
  CHECK(std::isnan(result.numbers("median_time")[exit_of_b]));
  CHECK(std::isnan(result.numbers("median_time")[row_of(result, "(start)", "A")]));

  const std::map<edge_key, std::int64_t> weights{
      {{"(start)", "A"}, 5}, {{"(start)", "B"}, 3},      {{"(start)", "C"}, 3}, {{"A", "B"}, 2},
      {{"A", "C"}, 1},       {{"A", "(conversion)"}, 2}, {{"A", "(null)"}, 3},  {{"B", "A"}, 2},
      {{"B", "C"}, 1},       {{"B", "(conversion)"}, 3}, {{"B", "(null)"}, 1},  {{"C", "A"}, 1},
      {{"C", "B"}, 2},       {{"C", "(null)"}, 2}};
  CHECK(result.rows() == weights.size());
  for (const auto& [key, weight] : weights) {
    CHECK(result.integers("weight")[row_of(result, key.first, key.second)] == weight);
  }
}

TEST_CASE("rows come with the start first, then by visits, then by weight, then by name", "[transitions]") {
  const auto result = transitions(count_transitions(tiny_journeys()));
  CHECK(result.texts("from") == std::vector<std::string>{"(start)", "(start)", "(start)", "A", "A", "A", "A", "B", "B",
                                                         "B", "B", "C", "C", "C"});
  CHECK(result.texts("to") == std::vector<std::string>{"A", "B", "C", "(null)", "(conversion)", "B", "C",
                                                       "(conversion)", "A", "(null)", "C", "(null)", "B", "A"});
}

TEST_CASE("visits of states count customers once", "[transitions]") {
  const auto result = state_visits(count_transitions(tiny_journeys()));
  CHECK(result.texts("state") == std::vector<std::string>{"(start)", "A", "B", "C", "(conversion)", "(null)"});
  CHECK(result.integers("visits") == std::vector<std::int64_t>{11, 8, 7, 5, 5, 6});
  CHECK(result.integers("n") == std::vector<std::int64_t>{8, 7, 6, 4, 4, 5});
  CHECK(result.numbers("share")[1] == 7.0 / 8.0);
}

TEST_CASE("twelve customers of a webshop make 29 transitions between 12 touchpoints", "[transitions]") {
  const auto journeys = webshop_journeys();
  const auto counts = count_transitions(journeys);
  const auto result = transitions(counts);
  CHECK(result.rows() == 29);
  CHECK(state_visits(counts).rows() == 12 + 3);
  CHECK(counts.journeys() == 12.0);
  std::int64_t starts = 0;
  for (std::size_t row = 0; row < result.rows(); ++row) {
    starts += result.texts("from")[row] == "(start)" ? result.integers("weight")[row] : 0;
  }
  CHECK(starts == 12);
  // Six of the twelve buy.
  CHECK(counts.visits(transition_counts::conversion).v == 6.0);
  CHECK(counts.visits(transition_counts::null).v == 6.0);
  check_against_loop(journeys, counts, false);
}

TEST_CASE("counts agree with one plain loop on random logs", "[transitions]") {
  std::mt19937 random{3};
  for (int round = 0; round < 200; ++round) {
    const auto events = test::random_events(random, 40, {"a", "b", "c", "d", "buy"});
    const bool collapse = round % 2 == 0;
    const auto after = static_cast<klantreis::after_conversion>(round % 3);
    const auto log = round % 5 == 0 ? test::ordered_log_of(events) : test::log_of(events);
    klantreis::journey_options cut{.conversion = {"buy"}, .after = after};
    if (log.has_times() && round % 4 != 0) {
      cut.inactivity = std::chrono::seconds{4};
    }
    const auto journeys = make_journeys(log, cut);
    check_against_loop(journeys, count_transitions(journeys, {.collapse = collapse}), collapse);
  }
}

TEST_CASE("long logs agree with one plain loop, whatever customers repeat", "[transitions]") {
  for (const std::size_t names : {2U, 25U, 60U}) {
    const bool collapse = names % 2 == 1;
    const auto after = static_cast<klantreis::after_conversion>(names % 3);
    const auto journeys =
        make_journeys(test::log_of(repeating_events(names, 700)),
                      {.conversion = {"t1"}, .after = after, .inactivity = std::chrono::seconds{40'000}});
    REQUIRE(journeys.open() > 0);
    check_against_loop(journeys, count_transitions(journeys, {.collapse = collapse, .threads = 2}), collapse);
  }
}

TEST_CASE("the powers of long logs are those of their path table", "[transitions]") {
  for (const std::size_t names : {2U, 60U, 61U, 125U, 252U, 253U, 508U, 509U, 1020U}) {
    const auto journeys = make_journeys(test::log_of(repeating_events(names, 70'000)), {.conversion = {"t1"}});
    const auto direct = count_transitions(journeys, {.times = false, .threads = 1});
    const auto by_paths = count_transitions(make_paths(journeys));
    REQUIRE(direct.states().to_vector() == by_paths.states().to_vector());
    REQUIRE(direct.size() == by_paths.size());
    // Up to 2^53 sums of whole numbers are exact.
    const auto same = [](double a, double b) { return a < 9e15 ? a == b : a == Approx(b).epsilon(1e-12); };
    for (transition_counts::state at = 0; at < direct.states().size(); ++at) {
      const auto& a = direct.visits(at);
      const auto& b = by_paths.visits(at);
      CHECK((a.customers == b.customers && a.v == b.v && same(a.v2, b.v2) && same(a.v4, b.v4)));
    }
    for (std::size_t i = 0; i < direct.size(); ++i) {
      const auto& a = direct.moments(i);
      const auto& b = by_paths.moments(i);
      CHECK((a.e == b.e && same(a.e2, b.e2) && same(a.ev, b.ev) && same(a.e4, b.e4) && same(a.e3v, b.e3v) &&
             same(a.e2v2, b.e2v2) && same(a.ev3, b.ev3)));
    }
  }
}

TEST_CASE("many touchpoints are counted as exactly as few", "[transitions]") {
  // Beyond 512 touchpoints transitions are found by hashing.
  for (const std::size_t names : {508U, 512U, 513U, 3000U}) {
    const auto journeys = make_journeys(test::log_of(many_events(2000, names, 5)), {.conversion = {"t1", "t2", "t3"}});
    const auto counts = count_transitions(journeys);
    const auto slow = slow_transitions(journeys, false);
    const auto result = transitions(counts);
    REQUIRE(result.rows() == slow.size());
    double sum = 0.0;
    for (std::size_t row = 0; row < result.rows(); ++row) {
      const auto& edge = slow.at({result.texts("from")[row], result.texts("to")[row]});
      REQUIRE(static_cast<double>(result.integers("weight")[row]) == edge.weight);
      sum += edge.weight;
    }
    CHECK(sum > 10'000.0);
  }
}

TEST_CASE("any number of threads gives the same table", "[transitions]") {
  for (const std::size_t names : {20U, 700U}) {
    const auto journeys = make_journeys(test::log_of(many_events(40'000, names, 9)), {.conversion = {"t1"}});
    REQUIRE(journeys.log().events() > 200'000);
    const auto one = transitions(count_transitions(journeys, {.threads = 1}), {}, 1);
    for (const unsigned threads : {2U, 3U, 4U}) {
      CHECK(equal_tables(one, transitions(count_transitions(journeys, {.threads = threads}), {}, threads)));
    }
  }
}

TEST_CASE("shards of customers add up to the whole, in any order", "[transitions]") {
  const auto events = many_events(600, 30, 4);
  const klantreis::journey_options cut{.conversion = {"t1"}};
  const auto whole = transitions(count_transitions(make_journeys(test::log_of(events), cut)));
  std::vector<transition_counts> parts;
  for (std::size_t part = 0; part < 3; ++part) {
    std::vector<test::event> some;
    for (const auto& event : events) {
      if (std::hash<std::string>{}(event.customer) % 3 == part) {
        some.push_back(event);
      }
    }
    parts.push_back(count_transitions(make_journeys(test::log_of(some), cut)));
  }
  transition_counts forward;
  transition_counts backward = parts[2];
  for (const auto& part : parts) {
    forward += part;
  }
  backward += parts[1];
  backward += parts[0];
  CHECK(equal_tables(whole, transitions(forward)));
  CHECK(equal_tables(whole, transitions(backward)));
  CHECK(forward.options() == backward.options());
  forward += transition_counts{};
  CHECK(equal_tables(whole, transitions(forward)));
}

TEST_CASE("counts under different options do not add up", "[transitions]") {
  const auto log = test::log_of(tiny_events());
  auto counts = count_transitions(make_journeys(log, {.conversion = {"buy"}}));
  const auto refuse = [&counts](const transition_counts& other, const std::string& word) {
    try {
      counts += other;
      FAIL("added");
    } catch (const klantreis::input_error& error) {
      CHECK(std::string{error.what()}.find(word) != std::string::npos);
    }
  };
  refuse(count_transitions(make_journeys(log, {.conversion = {"A"}})), "conversion");
  refuse(count_transitions(make_journeys(log, {.conversion = {"buy"}}), {.collapse = true}), "collapse");
  refuse(count_transitions(make_journeys(log, {.conversion = {"buy"}, .gap = std::chrono::days{1}})), "gap");
  refuse(count_transitions(make_journeys(log, {.conversion = {"buy"}}), {.times = false}), "times");

  // Two parts that end at different moments settle different journeys.
  const klantreis::journey_options cut{.conversion = {"buy"}, .inactivity = std::chrono::days{30}};
  auto early = tiny_events();
  early.resize(early.size() / 2);
  counts = count_transitions(make_journeys(log, cut));
  refuse(count_transitions(make_journeys(test::log_of(early), cut)), "observed_until");
}

TEST_CASE("shards with coarser ticks keep their medians", "[transitions]") {
  const std::vector<std::string> who{"a", "a"};
  const std::vector<std::string> what{"x", "y"};
  const auto count_of = [&](std::int64_t ticks_per_second, std::int64_t length, const std::string& customer) {
    const std::vector<std::string> customers{customer, customer};
    const std::vector<std::int64_t> times{0, length};
    klantreis::event_batch batch;
    batch.customer = klantreis::column_view{std::span<const std::string>{customers}};
    batch.touchpoint = klantreis::column_view{std::span<const std::string>{what}};
    batch.time = klantreis::column_view::timestamps(std::span<const std::int64_t>{times}, ticks_per_second);
    klantreis::log_builder builder;
    builder.append(batch);
    return count_transitions(make_journeys(builder.finish()));
  };
  auto counts = count_of(1, 10, "a");
  counts += count_of(1000, 20'500, "b");
  CHECK(counts.ticks_per_second() == 1000);
  const auto result = transitions(counts);
  CHECK(result.numbers("median_time")[row_of(result, "x", "y")] == 15.25);
  counts = count_of(1'000'000'000, 1, "a");
  CHECK_THROWS_AS(counts += count_of(1, 100'000'000'000, "b"), klantreis::limit_error);
}

TEST_CASE("a journey that begins with its conversion goes straight from start to conversion", "[transitions]") {
  const auto journeys =
      make_journeys(test::log_of({{"a", 0, "buy"}, {"a", 5, "x"}, {"a", 9, "buy"}}), {.conversion = {"buy"}});
  const auto result = transitions(count_transitions(journeys));
  CHECK(result.texts("from") == std::vector<std::string>{"(start)", "(start)", "x"});
  CHECK(result.texts("to") == std::vector<std::string>{"(conversion)", "x", "(conversion)"});
  // One customer is no sample of customers: Wilson's interval with one.
  CHECK(result.texts("marks")[0] == "few_customers,boundary");
}

TEST_CASE("journeys that go on end in (end)", "[transitions]") {
  const auto journeys = make_journeys(test::log_of({{"a", 0, "x"}, {"a", 5, "buy"}, {"a", 9, "review"}}),
                                      {.conversion = {"buy"}, .after = klantreis::after_conversion::go_on});
  const auto result = transitions(count_transitions(journeys));
  CHECK(result.rows() == 4);
  CHECK(result.numbers("median_time")[row_of(result, "buy", "review")] == 4.0);
  CHECK(result.integers("weight")[row_of(result, "review", "(end)")] == 1);
}

TEST_CASE("a path table gives the same transitions as its journeys", "[transitions]") {
  const auto journeys = tiny_journeys();
  const auto direct = transitions(count_transitions(journeys));
  const auto by_paths = transitions(count_transitions(make_paths(journeys)));
  for (const auto* name : {"from", "to", "marks"}) {
    CHECK(direct.texts(name) == by_paths.texts(name));
  }
  CHECK(direct.integers("weight") == by_paths.integers("weight"));
  CHECK(direct.integers("n") == by_paths.integers("n"));
  CHECK(direct.numbers("lower") == by_paths.numbers("lower"));
}

TEST_CASE("a path table without customers takes each conversion and null for a unit", "[transitions]") {
  klantreis::path_table paths;
  const std::vector<std::string_view> ab{"a", "b"};
  const std::vector<std::string_view> aa{"a", "a"};
  paths.add(ab, 3.0, 5.0);
  paths.add(aa, 2.0, 0.0);
  const auto result = transitions(count_transitions(paths));
  const auto row = row_of(result, "a", "b");
  // a was visited by ten units, twice by the last two: 12 visits.
  CHECK(result.integers("n")[row] == 10);
  CHECK(result.integers("weight")[row] == 8);
  CHECK(result.numbers("probability")[row] == Approx(8.0 / 12.0));
  klantreis::influence_sum psi;
  for (int unit = 0; unit < 8; ++unit) {
    psi.add((1.0 - 8.0 / 12.0) / 12.0);
  }
  psi.add((0.0 - 16.0 / 12.0) / 12.0);
  psi.add((0.0 - 16.0 / 12.0) / 12.0);
  CHECK(result.numbers("lower")[row] == Approx(psi.prob_interval(8.0 / 12.0, 10.0).lower).epsilon(1e-12));

  klantreis::path_table fractions;
  fractions.add(ab, 0.5, 1.0);
  const auto halves = transitions(count_transitions(fractions));
  CHECK(halves.numbers("weight")[row_of(halves, "b", "(conversion)")] == 0.5);
}

TEST_CASE("given edges are checked", "[transitions]") {
  const auto reject = [](const std::vector<klantreis::named_transition>& edges) {
    CHECK_THROWS_AS(transition_counts::from_edges(edges), klantreis::input_error);
  };
  reject({{"a", "b", -1.0}});
  reject({{"a", "b", std::numeric_limits<double>::quiet_NaN()}});
  reject({{"a", "(start)", 1.0}});
  reject({{"(conversion)", "a", 1.0}});
  const std::vector<klantreis::named_transition> edges{{"a", "b", 2.0}, {"a", "b", 1.0}, {"a", "c", 0.0}};
  const auto counts = transition_counts::from_edges(edges);
  CHECK(counts.size() == 1);
  CHECK(counts.weight(0) == 3.0);
}

TEST_CASE("no journeys and no settled journeys give an empty table", "[transitions]") {
  CHECK(transitions(count_transitions(journey_set{})).rows() == 0);
  const auto journeys =
      make_journeys(test::log_of({{"a", 0, "x"}, {"a", 60, "y"}}), {.inactivity = std::chrono::days{30}});
  CHECK(journeys.open() == 1);
  CHECK(transitions(count_transitions(journeys)).rows() == 0);
  CHECK_THROWS_AS(count_transitions(journeys, {.by = "nonsense"}), klantreis::input_error);
}

TEST_CASE("a customer with a million events is counted without overflow", "[transitions]") {
  std::vector<test::event> events;
  for (std::int64_t i = 0; i < 1'000'000; ++i) {
    events.push_back({"a", i, i % 2 == 0 ? "x" : "y"});
  }
  const auto result = transitions(count_transitions(make_journeys(test::log_of(events))));
  CHECK(result.integers("weight")[row_of(result, "x", "y")] == 500'000);
  CHECK(result.integers("weight")[row_of(result, "y", "x")] == 499'999);
  CHECK(result.numbers("median_time")[row_of(result, "x", "y")] == 1.0);
}
