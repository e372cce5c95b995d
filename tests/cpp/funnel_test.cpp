// SPDX-License-Identifier: MIT
#include "klantreis/funnel.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "cpp/support/small_log.hpp"
#include "klantreis/detail/funnel/scan.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::event;

namespace {

using counts = std::vector<std::uint64_t>;

bool matches(const funnel_step& step, const std::string& name) {
  return std::find(step.names.begin(), step.names.end(), name) != step.names.end();
}

/// Tries every choice of rows: the deepest step that rows after `last` can reach when `filled` steps are filled.
std::size_t deepest(const std::vector<event>& rows, const std::vector<funnel_step>& steps,
                    const std::optional<std::int64_t>& window, std::size_t filled, std::size_t next,
                    std::int64_t start) {
  std::size_t best = filled;
  if (filled == steps.size()) {
    return best;
  }
  for (std::size_t row = next; row < rows.size(); ++row) {
    const std::int64_t began = filled == 0 ? rows[row].seconds : start;
    if (matches(steps[filled], rows[row].touchpoint) && (!window || rows[row].seconds - began <= *window)) {
      best = std::max(best, deepest(rows, steps, window, filled + 1, row + 1, began));
    }
  }
  return best;
}

std::map<std::string, std::vector<event>> by_customer(const std::vector<event>& events) {
  std::map<std::string, std::vector<event>> groups;
  for (const event& row : events) {
    groups[row.customer].push_back(row);
  }
  for (auto& [customer, rows] : groups) {
    std::stable_sort(rows.begin(), rows.end(), [](const event& a, const event& b) { return a.seconds < b.seconds; });
  }
  return groups;
}

counts reached_by_search(const std::vector<event>& events, const std::vector<funnel_step>& steps,
                         const std::optional<std::int64_t>& window) {
  counts reached(steps.size(), 0);
  for (const auto& [customer, rows] : by_customer(events)) {
    const std::size_t level = deepest(rows, steps, window, 0, 0, 0);
    for (std::size_t k = 0; k < level; ++k) {
      ++reached[k];
    }
  }
  return reached;
}

std::string print(const std::vector<event>& events) {
  std::string text;
  for (const event& row : events) {
    text += row.customer + "@" + std::to_string(row.seconds) + " " + row.touchpoint + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("the funnel equals the search over all choices of rows", "[funnel]") {
  std::mt19937 random{20240301};
  const std::vector<std::vector<funnel_step>> funnels{{"a"},
                                                      {"a", "b"},
                                                      {"a", "b", "c"},
                                                      {"a", "a"},
                                                      {"a", "a", "b"},
                                                      {"a", "b", "a"},
                                                      {{"a", "b"}, "b", {"b", "c"}},
                                                      {"b", {"a", "c"}, "a", "b"}};
  for (int round = 0; round < 1500; ++round) {
    const std::vector<event> events = test::random_events(random, 14, {"a", "b", "c"});
    const auto& steps = funnels[random() % funnels.size()];
    const std::optional<std::int64_t> window =
        random() % 4 == 0 ? std::nullopt : std::optional<std::int64_t>{1 + static_cast<std::int64_t>(random() % 11)};
    funnel_options options;
    if (window) {
      options.window = std::chrono::seconds{*window};
    }
    INFO(print(events) << "window " << (window ? *window : -1) << ", steps " << steps.size());
    const event_log log = test::log_of(events);
    CHECK(count_funnel(log, steps, options).reached() == reached_by_search(events, steps, window));
    if (!window) {
      CHECK(count_funnel(test::ordered_log_of(events), steps).reached() == reached_by_search(
                                                                               [&] {
                                                                                 std::vector<event> flat = events;
                                                                                 for (event& row : flat) {
                                                                                   row.seconds = 0;
                                                                                 }
                                                                                 return flat;
                                                                               }(),
                                                                               steps, window));
    }
  }
}

TEST_CASE("the scan for labels of one step each finds the levels and chains of the scan for all", "[funnel]") {
  std::mt19937 random{11};
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t steps = 1 + random() % 6;
    std::vector<std::uint64_t> bits(7, 0);
    for (std::uint64_t& one : bits) {
      one = random() % 4 == 0 ? 0 : std::uint64_t{1} << (random() % steps);
    }
    const std::size_t size = random() % 24;
    std::vector<std::uint32_t> codes;
    std::vector<std::int64_t> times;
    std::int64_t now = round % 2 == 0 ? 0 : std::numeric_limits<std::int64_t>::min();
    for (std::size_t event = 0; event < size; ++event) {
      now += static_cast<std::int64_t>(random() % 4);
      codes.push_back(static_cast<std::uint32_t>(random() % bits.size()));
      times.push_back(now);
    }
    if (round % 7 == 0 && size != 0) {
      times.back() = std::numeric_limits<std::int64_t>::max();
    }
    const bool timed = round % 5 != 0;
    const std::uint64_t window = timed && round % 3 != 0 ? random() % 12 : detail::no_limit;
    detail::funnel_scan general{bits, steps, window};
    detail::distinct_scan special{bits, steps, window};
    REQUIRE(detail::distinct_scan::is_possible(bits));
    // A scan keeps nothing of the customer before.
    for (const std::size_t begin : {std::size_t{0}, size / 2}) {
      const std::span<const std::int64_t> known =
          timed ? std::span<const std::int64_t>{times} : std::span<const std::int64_t>{};
      REQUIRE(special.level(codes, known, begin, size) == general.level(codes, known, begin, size));
      REQUIRE(std::ranges::equal(special.chain(), general.chain()));
    }
  }
}

TEST_CASE("a window is inclusive and is measured from the first step", "[funnel]") {
  const event_log log = test::log_of({{"u", 0, "view"}, {"u", 5, "cart"}, {"u", 10, "order"}});
  CHECK(count_funnel(log, {"view", "cart", "order"}, {.window = 10s}).reached() == counts{1, 1, 1});
  CHECK(count_funnel(log, {"view", "cart", "order"}, {.window = 9s}).reached() == counts{1, 1, 0});
  CHECK(count_funnel(log, {"view", "cart", "order"}, {.window = 4s}).reached() == counts{1, 0, 0});
}

TEST_CASE("one event fills one step, and a second one of the same name the next", "[funnel]") {
  CHECK(count_funnel(test::log_of({{"u", 0, "view"}}), {"view", "view"}).reached() == counts{1, 0});
  CHECK(count_funnel(test::log_of({{"u", 0, "view"}, {"u", 0, "view"}}), {"view", "view"}).reached() == counts{1, 1});
  CHECK(count_funnel(test::log_of({{"u", 0, "view"}}), {{"view", "cart"}, {"view", "order"}}).reached() ==
        counts{1, 0});
}

TEST_CASE("events of one instant keep the order of the input", "[funnel]") {
  CHECK(count_funnel(test::log_of({{"u", 3, "cart"}, {"u", 3, "view"}}), {"view", "cart"}).reached() == counts{1, 0});
  CHECK(count_funnel(test::log_of({{"u", 3, "view"}, {"u", 3, "cart"}}), {"view", "cart"}).reached() == counts{1, 1});
}

TEST_CASE("a later start is taken when the first one is out of the window", "[funnel]") {
  // The chain from 0 ends at the cart; the chain from 8 reaches the order.
  const event_log log = test::log_of(
      {{"u", 0, "view"}, {"u", 1, "cart"}, {"u", 8, "view"}, {"u", 9, "cart"}, {"u", 12, "cart"}, {"u", 13, "order"}});
  const funnel_counts found = count_funnel(log, {"view", "cart", "order"}, {.window = 5s});
  CHECK(found.reached() == counts{1, 1, 1});
  // Its steps are the earliest after the start: cart at 9, order at 13.
  REQUIRE(found.seconds(1).size() == 1);
  CHECK(found.seconds(1)[0] == 1.0);
  CHECK(found.seconds(2)[0] == 4.0);
  CHECK(found.seconds_from_first(2)[0] == 5.0);
}

TEST_CASE("times belong to the chain that first reached the deepest step", "[funnel]") {
  // Level 2 is first reached at 4, on the view at 3, the latest start; the quicker pair at 20 and 20 comes later.
  const event_log log =
      test::log_of({{"u", 0, "view"}, {"u", 3, "view"}, {"u", 4, "cart"}, {"u", 20, "view"}, {"u", 20, "cart"}});
  const funnel_counts found = count_funnel(log, {"view", "cart", "order"});
  REQUIRE(found.seconds(1).size() == 1);
  CHECK(found.seconds(1)[0] == 1.0);
  CHECK(found.seconds(2).empty());
}

TEST_CASE("rates are of the step before, of all customers at step 1, with Wilson bounds", "[funnel]") {
  std::vector<event> events;
  for (int u = 0; u < 40; ++u) {
    const std::string id = "u" + std::to_string(u);
    events.push_back({id, 0, u < 20 ? "view" : "other"});
    if (u < 10) {
      events.push_back({id, 60 * (u + 1), "cart"});
    }
  }
  const table result = funnel(test::log_of(events), {"view", "cart", "order"});
  CHECK(result.integers("step") == std::vector<std::int64_t>{1, 2, 3});
  CHECK(result.texts("label") == std::vector<std::string>{"view", "cart", "order"});
  CHECK(result.integers("count") == std::vector<std::int64_t>{20, 10, 0});
  CHECK(result.integers("n") == std::vector<std::int64_t>{40, 20, 10});
  CHECK(result.numbers("rate") == std::vector<double>{0.5, 0.5, 0.0});
  CHECK(result.numbers("rate_from_first") == std::vector<double>{1.0, 0.5, 0.0});
  CHECK(result.numbers("rate_lower")[0] == Catch::Approx(wilson(20, 40).lower).epsilon(1e-14));
  CHECK(result.numbers("rate_upper")[1] == Catch::Approx(wilson(10, 20).upper).epsilon(1e-14));
  CHECK(result.numbers("rate_from_first_lower")[1] == Catch::Approx(wilson(10, 20).lower).epsilon(1e-14));
  CHECK(result.texts("marks") == std::vector<std::string>{"", "few_customers", "few_customers,boundary"});
  // 60, 120 … 600 seconds: type 7.
  CHECK(std::isnan(result.numbers("median_time")[0]));
  CHECK(result.numbers("median_time")[1] == Catch::Approx(330.0));
  CHECK(result.numbers("p25_time")[1] == Catch::Approx(195.0));
  CHECK(result.numbers("p75_time")[1] == Catch::Approx(465.0));
  CHECK(result.numbers("p90_time")[1] == Catch::Approx(546.0));
  CHECK(result.numbers("median_time_from_first")[1] == Catch::Approx(330.0));
}

TEST_CASE("a funnel that nobody enters has null rates, an empty log too", "[funnel]") {
  const table nobody = funnel(test::log_of({{"u", 0, "view"}}), {"cart", "order"});
  CHECK(nobody.integers("count") == std::vector<std::int64_t>{0, 0});
  CHECK(nobody.numbers("rate")[0] == 0.0);
  CHECK(std::isnan(nobody.numbers("rate")[1]));
  CHECK(std::isnan(nobody.numbers("rate_from_first")[0]));
  const table empty = funnel(event_log{}, {"cart"});
  CHECK(empty.integers("n") == std::vector<std::int64_t>{0});
  CHECK(std::isnan(empty.numbers("rate")[0]));
}

TEST_CASE("journeys give the funnel over all their events until the end of the observation", "[funnel]") {
  const event_log log = test::log_of({{"u", 0, "view"}, {"u", 1, "order"}, {"u", 2, "review"}, {"v", 90, "view"}});
  const std::vector<funnel_step> steps{"view", "review"};
  const journey_set cut = make_journeys(log, {.conversion = {"order"}, .after = after_conversion::stop});
  CHECK(count_funnel(cut, steps).reached() == counts{2, 1});
  const journey_set early = make_journeys(log, {.observed_until = instant{50s}});
  const funnel_counts found = count_funnel(early, steps);
  CHECK(found.customers() == 1);
  CHECK(found.reached() == counts{1, 1});
  CHECK(count_funnel(make_journeys(log, {.observed_until = instant{1s}}), steps).reached() == counts{1, 0});
}

TEST_CASE("shards merge to the whole, whatever the names they hold", "[funnel]") {
  std::mt19937 random{7};
  const std::vector<funnel_step> steps{"a", {"b", "c"}, "d"};
  for (int round = 0; round < 50; ++round) {
    std::vector<event> all;
    funnel_counts merged;
    for (int shard = 0; shard < 3; ++shard) {
      std::vector<event> part = test::random_events(random, 20, {"a", "b", "c", "d"});
      for (event& row : part) {
        row.customer += "/" + std::to_string(shard);
      }
      all.insert(all.end(), part.begin(), part.end());
      merged += count_funnel(test::log_of(part), steps, {.window = 6s});
    }
    const table whole = funnel(count_funnel(test::log_of(all), steps, {.window = 6s}));
    const table parts = funnel(merged);
    CHECK(parts.integers("count") == whole.integers("count"));
    CHECK(parts.integers("n") == whole.integers("n"));
    for (std::size_t step = 0; step < steps.size(); ++step) {
      const double expected = whole.numbers("median_time")[step];
      const double found = parts.numbers("median_time")[step];
      CHECK((std::isnan(expected) ? std::isnan(found) : found == expected));
    }
  }
  funnel_counts one = count_funnel(test::log_of({{"u", 0, "a"}}), {"a"});
  CHECK_THROWS_WITH(one += count_funnel(test::log_of({{"v", 0, "a"}}), {"b"}), ContainsSubstring("different steps"));
  CHECK_THROWS_WITH(one += count_funnel(test::log_of({{"v", 0, "a"}}), {"a"}, {.window = 1s}),
                    ContainsSubstring("window is none in one and 1s in the other"));
}

TEST_CASE("the number of threads changes nothing", "[funnel]") {
  std::mt19937 random{11};
  std::vector<event> events;
  for (int u = 0; u < 20'000; ++u) {
    for (int i = 0; i < 5; ++i) {
      events.push_back({std::to_string(u), static_cast<std::int64_t>(random() % 1000),
                        std::string(1, static_cast<char>('a' + random() % 4))});
    }
  }
  const event_log log = test::log_of(events);
  const std::vector<funnel_step> steps{"a", "b", "c"};
  const table one = funnel(log, steps, {.window = 300s, .threads = 1});
  const table four = funnel(log, steps, {.window = 300s, .threads = 4});
  CHECK(one.integers("count") == four.integers("count"));
  CHECK(one.numbers("median_time")[2] == four.numbers("median_time")[2]);
  CHECK(one.numbers("p90_time")[1] == four.numbers("p90_time")[1]);
}

TEST_CASE("bad funnels are refused with the remedy", "[funnel]") {
  const event_log log = test::log_of({{"u", 0, "purchase"}});
  CHECK_THROWS_AS(funnel(log, std::vector<funnel_step>{}), input_error);
  CHECK_THROWS_WITH(funnel(log, {"purchase", std::vector<std::string>{}}), ContainsSubstring("step 2"));
  CHECK_THROWS_AS(funnel(log, std::vector<funnel_step>(65, "purchase")), limit_error);
  CHECK(count_funnel(log, std::vector<funnel_step>(64, "purchase")).reached()[0] == 1);
  CHECK_THROWS_WITH(funnel(log, {"purchase", "prchase"}, {.require_known = true}),
                    ContainsSubstring("step 2") && ContainsSubstring("did you mean 'purchase'?"));
  CHECK(count_funnel(log, {"purchase", "prchase"}).reached() == counts{1, 0});
  CHECK_THROWS_WITH(funnel(test::ordered_log_of({{"u", 0, "a"}}), {"a"}, {.window = 1s}),
                    ContainsSubstring("leave the window out"));
  CHECK_THROWS_AS(funnel(log, {"purchase"}, {.window = 0s}), input_error);
  CHECK_THROWS_AS(funnel(log, {"purchase"}, {.by = "channel"}), input_error);
}

TEST_CASE("sixty-four steps can all be reached", "[funnel]") {
  std::vector<event> events;
  for (int i = 0; i < 64; ++i) {
    events.push_back({"u", i, "page"});
  }
  const funnel_counts found = count_funnel(test::log_of(events), std::vector<funnel_step>(64, "page"), {.window = 63s});
  CHECK(found.reached().back() == 1);
  CHECK(found.seconds_from_first(63)[0] == 63.0);
}
