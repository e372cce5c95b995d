// SPDX-License-Identifier: MIT
#include "klantreis/dropoff.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "cpp/support/small_log.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::event;

namespace {

using pairs = std::map<std::pair<std::string, std::string>, std::int64_t>;

pairs pairs_of(const table& result, const char* second) {
  pairs found;
  for (std::size_t row = 0; row < result.rows(); ++row) {
    found[{result.texts("touchpoint")[row], result.texts(second)[row]}] = result.integers("count")[row];
  }
  return found;
}

std::size_t row_of(const table& result, const std::string& label) {
  const auto& labels = result.texts("touchpoint");
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == label) {
      return row;
    }
  }
  FAIL("no row " << label);
  return 0;
}

/// Every figure that can be counted, by one plain walk over the journeys.
struct plain_counts {
  std::map<std::string, std::tuple<std::int64_t, std::int64_t, std::int64_t>> items;  // visits, customers, exits
  pairs before;
  pairs next;

  explicit plain_counts(const journey_set& journeys) {
    const event_log& log = journeys.log();
    std::set<std::pair<std::string, std::size_t>> seen;
    for (std::size_t customer = 0; customer < journeys.customers(); ++customer) {
      for (auto j = journeys.customer_offsets()[customer]; j < journeys.customer_offsets()[customer + 1]; ++j) {
        const journey piece = journeys[j];
        if (!piece.settled) {
          continue;
        }
        std::vector<std::string> route{"(start)"};
        for (auto at = piece.begin; at < piece.path_end; ++at) {
          route.emplace_back(log.touchpoint_names()[log.touchpoints()[at]]);
        }
        route.emplace_back(journeys.end_state_of(piece));
        for (std::size_t at = 1; at + 1 < route.size(); ++at) {
          auto& [visits, customers, exits] = items[route[at]];
          ++visits;
          customers += seen.insert({route[at], customer}).second ? 1 : 0;
          if (at + 2 == route.size() && !piece.converted) {
            ++exits;
            ++before[{route[at], route[at - 1]}];
          } else {
            ++next[{route[at], route[at + 1]}];
          }
        }
      }
    }
  }
};

}  // namespace

TEST_CASE("drop-off equals one plain walk over the journeys", "[dropoff]") {
  std::mt19937 random{1};
  for (int round = 0; round < 400; ++round) {
    const auto events = test::random_events(random, 25, {"a", "b", "c", "buy"});
    const auto after = static_cast<after_conversion>(random() % 3);
    journey_options options{.conversion = {"buy"}, .after = after};
    if (random() % 2 == 0) {
      options.inactivity = 3s;
    }
    const journey_set journeys = make_journeys(test::log_of(events), options);
    const plain_counts expected{journeys};
    const drop_off_tables found = drop_off(journeys);
    REQUIRE(found.items.rows() == expected.items.size());
    std::int64_t exits = 0;
    for (const auto& [label, figures] : expected.items) {
      exits += std::get<2>(figures);
    }
    for (const auto& [label, figures] : expected.items) {
      const std::size_t row = row_of(found.items, label);
      CHECK(std::tuple(found.items.integers("visits")[row], found.items.integers("n")[row],
                       found.items.integers("exits")[row]) == figures);
      const auto visits = static_cast<double>(std::get<0>(figures));
      CHECK(found.items.numbers("exit_rate")[row] == static_cast<double>(std::get<2>(figures)) / visits);
      const double share = found.items.numbers("share_of_exits")[row];
      CHECK((exits == 0 ? std::isnan(share)
                        : share == static_cast<double>(std::get<2>(figures)) / static_cast<double>(exits)));
    }
    CHECK(pairs_of(found.before, "before") == expected.before);
    CHECK(pairs_of(found.next, "next") == expected.next);
  }
}

TEST_CASE("where the twelve customers of the webshop leave", "[dropoff]") {
  const journey_set journeys =
      make_journeys(test::log_of(test::webshop_events()),
                    {.conversion = {"order"},
                     .after = after_conversion::stop,
                     .inactivity = std::chrono::days{30},
                     .observed_until = instant{std::chrono::sys_days{std::chrono::year{2024} / 4 / 30}}});
  const drop_off_tables found = drop_off(journeys);
  const table& items = found.items;
  // Six journeys end without an order, each at another touchpoint; equal exits come by name.
  CHECK(items.head(6).texts("touchpoint") == std::vector<std::string>{"ad_impression", "add_to_cart", "checkout_start",
                                                                      "faq_view", "product_view", "review_view"});
  CHECK(items.head(7).integers("exits") == std::vector<std::int64_t>{1, 1, 1, 1, 1, 1, 0});
  const std::size_t checkout = row_of(items, "checkout_start");
  CHECK(items.integers("visits")[checkout] == 7);
  CHECK(items.numbers("exit_rate")[checkout] == Catch::Approx(1.0 / 7));
  CHECK(items.numbers("share_of_exits")[checkout] == Catch::Approx(1.0 / 6));
  const auto next = pairs_of(found.next, "next");
  CHECK(next.at({"checkout_start", "(conversion)"}) == 5);
  CHECK(next.at({"checkout_start", "email_click"}) == 1);
}

TEST_CASE("the interval of an exit rate takes customers as units", "[dropoff]") {
  // Visits 3 1 4 2 and exits 1 0 2 2 of four customers: .5 [.165491, .834509] (worked example).
  std::vector<event> events;
  const std::vector<std::pair<int, int>> customers{{3, 1}, {1, 0}, {4, 2}, {2, 2}};
  std::int64_t day = 0;
  for (std::size_t u = 0; u < customers.size(); ++u) {
    for (int visit = 0; visit < customers[u].first; ++visit) {
      day += 10;
      events.push_back({"u" + std::to_string(u), day * 86'400, "a"});
      if (visit >= customers[u].second) {
        events.push_back({"u" + std::to_string(u), day * 86'400 + 1, "buy"});
      }
    }
  }
  const drop_off_tables found = drop_off(make_journeys(test::log_of(events), {.conversion = {"buy"}, .gap = 24h}));
  REQUIRE(found.items.rows() == 1);
  CHECK(found.items.integers("visits")[0] == 10);
  CHECK(found.items.integers("n")[0] == 4);
  CHECK(found.items.numbers("exit_rate")[0] == 0.5);
  CHECK(found.items.numbers("lower")[0] == Catch::Approx(0.165491).margin(5e-7));
  CHECK(found.items.numbers("upper")[0] == Catch::Approx(0.834509).margin(5e-7));
  CHECK(found.items.texts("marks")[0] == "few_customers,few_effective");
}

TEST_CASE("open journeys do not count, and merged repeats are one visit", "[dropoff]") {
  const event_log log = test::log_of({{"u", 0, "a"}, {"u", 1, "a"}, {"u", 2, "b"}, {"v", 100, "a"}});
  const journey_set journeys = make_journeys(log, {.inactivity = 10s});
  const drop_off_tables found = drop_off(journeys, {.collapse = true});
  CHECK(found.items.texts("touchpoint") == std::vector<std::string>{"b", "a"});
  CHECK(found.items.integers("visits") == std::vector<std::int64_t>{1, 1});
  CHECK(pairs_of(found.before, "before") == pairs{{{"b", "a"}, 1}});
  CHECK(pairs_of(found.next, "next") == pairs{{{"a", "b"}, 1}});
}

TEST_CASE("shards of a log merge, whatever the names they hold", "[dropoff]") {
  std::mt19937 random{5};
  for (int round = 0; round < 50; ++round) {
    std::vector<event> all;
    drop_off_counts merged;
    const std::vector<std::vector<std::string>> names{{"a", "b", "buy"}, {"c", "a"}, {"buy", "d", "c"}};
    for (std::size_t shard = 0; shard < names.size(); ++shard) {
      std::vector<event> part = test::random_events(random, 30, names[shard]);
      for (event& row : part) {
        row.customer += "/" + std::to_string(shard);
      }
      all.insert(all.end(), part.begin(), part.end());
      merged += count_drop_off(make_journeys(test::log_of(part), {.conversion = {"buy"}}));
    }
    const drop_off_tables parts = drop_off(merged);
    const drop_off_tables whole = drop_off(make_journeys(test::log_of(all), {.conversion = {"buy"}}));
    for (const char* name : {"visits", "n", "exits"}) {
      CHECK(parts.items.integers(name) == whole.items.integers(name));
    }
    CHECK(parts.items.texts("touchpoint") == whole.items.texts("touchpoint"));
    CHECK(parts.items.numbers("lower") == whole.items.numbers("lower"));
    CHECK(pairs_of(parts.before, "before") == pairs_of(whole.before, "before"));
    CHECK(pairs_of(parts.next, "next") == pairs_of(whole.next, "next"));
  }
  drop_off_counts one = count_drop_off(make_journeys(test::log_of({{"u", 0, "a"}}), {.conversion = {"b"}}));
  CHECK_THROWS_WITH(one += count_drop_off(make_journeys(test::log_of({{"v", 0, "a"}}))),
                    ContainsSubstring("conversion is b in one and none in the other"));
}

TEST_CASE("thousands of touchpoints and any number of threads give the same drop-off", "[dropoff]") {
  std::mt19937 random{9};
  std::vector<event> events;
  for (int u = 0; u < 12'000; ++u) {
    for (int i = 0; i < 4; ++i) {
      events.push_back({std::to_string(u), i, "page" + std::to_string(random() % 3000)});
    }
  }
  const journey_set journeys = make_journeys(test::log_of(events));
  const drop_off_tables one = drop_off(journeys, {.threads = 1});
  const drop_off_tables three = drop_off(journeys, {.threads = 3});
  CHECK(one.items.texts("touchpoint") == three.items.texts("touchpoint"));
  CHECK(one.items.integers("exits") == three.items.integers("exits"));
  CHECK(one.items.numbers("upper") == three.items.numbers("upper"));
  CHECK(one.next.texts("next") == three.next.texts("next"));
  const plain_counts expected{journeys};
  CHECK(pairs_of(one.next, "next") == expected.next);
  CHECK(pairs_of(three.before, "before") == expected.before);
}

TEST_CASE("an empty log has no rows, and unknown labels are refused", "[dropoff]") {
  const drop_off_tables empty = drop_off(make_journeys(event_log{}));
  CHECK(empty.items.rows() == 0);
  CHECK(empty.items.contains("marks"));
  CHECK(empty.before.rows() == 0);
  CHECK(drop_off(drop_off_counts{}).next.rows() == 0);
  CHECK_THROWS_AS(drop_off(make_journeys(test::log_of({{"u", 0, "a"}})), {.by = "channel"}), input_error);
}
