// SPDX-License-Identifier: MIT
#include "klantreis/journeys.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <random>
#include <string>
#include <tuple>
#include <vector>

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

struct event {
  std::int64_t customer;
  std::int64_t seconds;
  std::string touchpoint;
  double value = 0.0;
};

event_log log_of(const std::vector<event>& events) {
  std::vector<std::int64_t> customers, times;
  std::vector<std::string> names;
  std::vector<double> values;
  for (const auto& e : events) {
    customers.push_back(e.customer);
    times.push_back(e.seconds * 1'000'000);
    names.push_back(e.touchpoint);
    values.push_back(e.value);
  }
  return event_log::from_columns(std::span<const std::int64_t>{customers}, std::span<const std::int64_t>{times},
                                 std::span<const std::string>{names}, std::span<const double>{values});
}

/// customer, path, converted, settled
using cut = std::tuple<std::string, std::string, bool, bool>;

std::vector<cut> cuts(const journey_set& journeys) {
  std::vector<cut> result;
  const auto& log = journeys.log();
  for (std::size_t c = 0; c < journeys.customers(); ++c) {
    for (auto j = journeys.customer_offsets()[c]; j < journeys.customer_offsets()[c + 1]; ++j) {
      const auto item = journeys[j];
      result.emplace_back(
          log.customer_id(c),
          join_path(log.touchpoint_names(), log.touchpoints().subspan(item.begin, item.path_end - item.begin)),
          item.converted, item.settled);
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

const std::vector<event> two_orders{{1, 0, "a"},         {1, 10, "order", 5}, {1, 20, "b"},
                                    {1, 30, "order", 7}, {1, 40, "c"},        {2, 5, "a"}};

constexpr instant at(std::int64_t seconds) { return instant{std::chrono::seconds{seconds}}; }

}  // namespace

TEST_CASE("a conversion ends the journey and the next event begins another", "[journeys]") {
  const auto journeys = make_journeys(log_of(two_orders), {.conversion = {"order"}});
  CHECK(cuts(journeys) ==
        std::vector<cut>{
            {"1", "a", true, true}, {"1", "b", true, true}, {"1", "c", false, true}, {"2", "a", false, true}});
  CHECK(journeys.conversions() == 2);
  CHECK(journeys.nulls() == 2);
  CHECK(journeys.open() == 0);
}

TEST_CASE("stop keeps the first conversion only", "[journeys]") {
  const auto journeys = make_journeys(log_of(two_orders), {.conversion = {"order"}, .after = after_conversion::stop});
  CHECK(cuts(journeys) == std::vector<cut>{{"1", "a", true, true}, {"2", "a", false, true}});
}

TEST_CASE("go_on keeps all events in one journey that ends in (end)", "[journeys]") {
  const auto journeys = make_journeys(log_of(two_orders), {.conversion = {"order"}}).recut(after_conversion::go_on);
  CHECK(cuts(journeys) == std::vector<cut>{{"1", "a > order > b > order > c", true, true}, {"2", "a", false, true}});
  CHECK(journeys.end_state_of(journeys[0]) == end_state);
  double value = 0.0;
  for (std::size_t j = 0; j < journeys.size(); ++j) {
    value += journeys.value(j);
  }
  CHECK(value == 12.0);
  CHECK_THROWS_WITH(require_cut(journeys, "attribution"),
                    ContainsSubstring("attribution") && ContainsSubstring("recut"));
}

TEST_CASE("journeys that nothing ends are those that a gap of years would leave", "[journeys]") {
  std::mt19937_64 random{5};
  std::vector<event> events;
  for (int i = 0; i < 200'000; ++i) {
    events.push_back({static_cast<std::int64_t>(random() % 150'000), static_cast<std::int64_t>(random() % 1'000), "a"});
  }
  const auto log = log_of(events);
  const auto cut = make_journeys(log, {.gap = std::chrono::hours{24 * 3650}, .threads = 2});
  for (const unsigned threads : {1U, 2U, 5U}) {
    const auto whole = make_journeys(log, {.conversion = {"never"}, .threads = threads});
    CHECK(cuts(whole) == cuts(cut));
    CHECK(whole.nulls() == cut.nulls());
    CHECK(whole.conversions() + whole.open() == 0);
    CHECK(whole.settled_customers() == cut.settled_customers());
    CHECK(std::equal(whole.customer_offsets().begin(), whole.customer_offsets().end(), cut.customer_offsets().begin(),
                     cut.customer_offsets().end()));
  }
}

TEST_CASE("a silence longer than the gap cuts, one of exactly the gap does not", "[journeys]") {
  const auto log = log_of({{1, 0, "a"}, {1, 30, "b"}, {1, 61, "c"}});
  CHECK(cuts(make_journeys(log, {.gap = 30s})) ==
        std::vector<cut>{{"1", "a > b", false, true}, {"1", "c", false, true}});
  CHECK(make_journeys(log, {.gap = 31s}).size() == 1);
}

TEST_CASE("a journey is settled when it has been silent for the inactivity, whether or not it converted",
          "[journeys]") {
  // observed until 100, inactivity 30: settled when the last event is at 70 or before
  const auto log = log_of({{1, 70, "a"}, {2, 71, "a"}, {3, 60, "a"}, {3, 70, "order"}, {4, 60, "a"}, {4, 71, "order"}});
  const journey_options options{.conversion = {"order"}, .inactivity = 30s, .observed_until = at(100)};
  CHECK(cuts(make_journeys(log, options)) ==
        std::vector<cut>{
            {"1", "a", false, true}, {"2", "a", false, false}, {"3", "a", true, true}, {"4", "a", true, false}});
  // Where journeys go on, one that converted is judged by its first conversion.
  auto on = options;
  on.after = after_conversion::go_on;
  const auto active = log_of({{1, 60, "order"}, {1, 80, "b"}, {2, 75, "b"}});
  CHECK(cuts(make_journeys(active, on)) == std::vector<cut>{{"1", "order > b", true, true}, {"2", "b", false, false}});
}

TEST_CASE("events after the end of the observation are left out", "[journeys]") {
  const auto journeys = make_journeys(log_of(two_orders), {.conversion = {"order"}, .observed_until = at(4)});
  CHECK(cuts(journeys) == std::vector<cut>{{"1", "a", false, true}});
  CHECK(journeys.customers() == 2);
}

TEST_CASE("lengths that make no sense are refused by name", "[journeys]") {
  const auto log = log_of(two_orders);
  CHECK_THROWS_WITH(make_journeys(log, {.gap = 0s}), ContainsSubstring("gap"));
  CHECK_THROWS_WITH(make_journeys(log, {.gap = 60s, .inactivity = 30s}), ContainsSubstring("inactivity"));
  const std::vector<std::int64_t> customers{1}, orders{1};
  const std::vector<std::string> names{"a"};
  event_batch batch;
  batch.customer = column_view{std::span<const std::int64_t>{customers}};
  batch.touchpoint = column_view{std::span<const std::string>{names}};
  batch.order = column_view{std::span<const std::int64_t>{orders}};
  log_builder builder;
  builder.append(batch);
  const auto untimed = builder.finish();
  CHECK(make_journeys(untimed).size() == 1);
  CHECK_THROWS_WITH(make_journeys(untimed, {.inactivity = 30s}), ContainsSubstring("time"));
}

TEST_CASE("a conversion that never occurs and a log shorter than its inactivity are noted", "[journeys]") {
  const auto log = log_of(two_orders);
  const auto missing = make_journeys(log, {.conversion = {"ordr"}}).notes();
  REQUIRE(missing.size() == 1);
  CHECK_THAT(missing.front(), ContainsSubstring("did you mean 'order'"));
  const auto open = make_journeys(log, {.conversion = {"order"}, .inactivity = 24h});
  CHECK(open.settled_customers() == 0);
  REQUIRE(open.notes().size() == 1);
  CHECK_THAT(open.notes().front(), ContainsSubstring("no journey is settled"));
}

TEST_CASE("cutting does not depend on the number of threads", "[journeys]") {
  std::mt19937_64 random{3};
  std::vector<event> events;
  for (int i = 0; i < 60'000; ++i) {
    events.push_back({static_cast<std::int64_t>(random() % 15'000), static_cast<std::int64_t>(random() % 1000),
                      random() % 9 == 0 ? "order" : "t" + std::to_string(random() % 5), 1.0});
  }
  const auto log = log_of(events);
  for (const auto after : {after_conversion::start_new, after_conversion::stop, after_conversion::go_on}) {
    journey_options options{.conversion = {"order"}, .after = after, .gap = 100s, .inactivity = 200s, .threads = 1};
    const auto one = cuts(make_journeys(log, options));
    for (const unsigned threads : {2U, 7U}) {
      options.threads = threads;
      CHECK(cuts(make_journeys(log, options)) == one);
    }
  }
}
