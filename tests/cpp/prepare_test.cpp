// SPDX-License-Identifier: MIT
#include "klantreis/prepare.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>

#include "cpp/support/small_log.hpp"
#include "klantreis/patterns.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string names_of(const event_log& log) {
  std::string result;
  for (const auto code : log.touchpoints()) {
    result += (result.empty() ? "" : " ") + std::string{log.touchpoint_names()[code]};
  }
  return result;
}

event_log visit() {
  return test::log_of({{"u", 0, "ad"}, {"u", 10, "view"}, {"u", 11, "view"}, {"u", 90, "view"}, {"u", 95, "order"}});
}

}  // namespace

TEST_CASE("addresses become names of pages", "[prepare]") {
  CHECK(clean_url("https://me@Shop.Example:8080/p/123//view/?q=1#top") == "/p/:id/view");
  CHECK(clean_url("https://Shop.Example/p?q=1#top", {.keep_host = true, .keep_query = true, .keep_fragment = true}) ==
        "shop.example/p?q=1#top");
  CHECK(clean_url("https://shop.example") == "/");
  CHECK(clean_url("/facade/decade") == "/facade/decade");
  CHECK(clean_url("/p/6f9619ff-8b86-d011-b42d-00cf4fc964ff") == "/p/:id");
  CHECK(clean_url("/p/12", {.id = ""}) == "/p/12");
  CHECK(clean_url("add to cart") == "add to cart");
  CHECK(clean_url("see /a?u=http://b") == "see /a?u=http://b");
  CHECK(clean_url("") == "");
}

TEST_CASE("each step gives a new log and leaves the first as it was", "[prepare]") {
  const event_log log = visit();
  CHECK(names_of(collapse_repeats(log)) == "ad view order");
  CHECK(names_of(collapse_repeats(log, {.within = 5s})) == "ad view view order");
  CHECK(names_of(collapse_repeats(log, {.only = {"ad"}})) == names_of(log));
  CHECK(names_of(select_events(log, path_pattern{"!view"})) == "ad order");
  CHECK(names_of(trim(log, {.from = path_pattern{"view -> view"}, .within = 30s})) == "view view");
  CHECK(names_of(rename_labels(log, {{.from = "^(ad|view)$", .to = "look", .is_regex = true}})) ==
        "look look look look order");
  CHECK(names_of(add_start_end(log)) == "path_start ad view view view order path_end");
  CHECK(names_of(log) == "ad view view view order");
  CHECK_THROWS_WITH(rename_labels(log, {{.from = "vew", .to = "x"}}), ContainsSubstring("'view'"));
}

TEST_CASE("journeys that are chosen stay settled or open as they were", "[prepare]") {
  const event_log log = test::log_of({{"u", 0, "a"}, {"u", 500, "b"}, {"v", 0, "b"}, {"v", 10, "a"}, {"w", 1000, "c"}});
  const journey_set whole = make_journeys(log, {.gap = 100s, .inactivity = 100s});
  REQUIRE(whole.size() == 4);
  const journey_set chosen = select_journeys(whole, path_pattern{"b"});
  CHECK(chosen.size() == 2);
  CHECK(chosen.nulls() == 2);
  CHECK(chosen.open() == 0);
  const journey_set others = select_journeys(whole, path_pattern{"b"}, false);
  CHECK(others.size() == 2);
  CHECK(others.open() == whole.open());
}

TEST_CASE("states by day follow the days since the customer was last there", "[prepare]") {
  constexpr std::int64_t day = 86'400;
  const event_log log =
      test::log_of({{"u", 0, "a"}, {"u", 2 * day, "a"}, {"u", 2 * day + 5, "b"}, {"v", 4 * day, "a"}});
  CHECK(names_of(daily_states(log)).find("new at_risk_wau current at_risk_wau at_risk_wau") != std::string::npos);
  CHECK(daily_states(log).events() == 6);
}

TEST_CASE("results say how their events were prepared", "[prepare]") {
  const event_log log = visit();
  const event_log merged = with_preparation(collapse_repeats(log), "merge repeats");
  CHECK(preparation_of(log).empty());
  CHECK(preparation_of(select_events(merged, path_pattern{"ad"}, false)) == "merge repeats");
  const journey_set journeys = make_journeys(merged, {.conversion = {"order"}});
  const auto option_of = [](const table& result) {
    for (const auto& [name, value] : result.options()) {
      if (name == "prepared") {
        return value;
      }
    }
    return std::string{"nothing"};
  };
  CHECK(option_of(step_matrix(journeys)) == "merge repeats");
  CHECK(option_of(step_matrix(select_journeys(journeys, path_pattern{"ad"}))) == "merge repeats; journeys with ad");
  CHECK(option_of(step_matrix(make_journeys(log))) == "nothing");
}
