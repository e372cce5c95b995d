// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "cpp/support/small_log.hpp"
#include "klantreis/improve.hpp"

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

using kind = journey_edit::kind;

/// ad > cart converts 20 of 40 times, ad alone never in 60.
path_table shop() {
  path_table paths;
  const std::vector<std::string_view> both{"ad", "cart"};
  const std::vector<std::string_view> one{"ad"};
  paths.add(both, 20.0, 20.0, 400.0);
  paths.add(one, 0.0, 60.0);
  return paths;
}

double last(const table& result, std::string_view column) { return result.numbers(column).back(); }

}  // namespace

TEST_CASE("changes of a shop of two steps are those worked by hand", "[improve]") {
  const scenario now(shop());
  CHECK_THAT(now.conversion_rate(), WithinRel(.2, 1e-12));
  // 40 % go on to the cart, where half convert.
  CHECK_THAT(now.then({.what = kind::move, .item = "ad", .to = "cart", .amount = .1}).conversion_rate(),
             WithinRel(.25, 1e-12));
  CHECK_THAT(
      now.then({.what = kind::strengthen, .item = "cart", .to = "(conversion)", .amount = .25}).conversion_rate(),
      WithinRel(.3, 1e-12));
  CHECK_THAT(now.then({.what = kind::attract, .item = "cart", .amount = .5}).conversion_rate(), WithinRel(.3, 1e-12));
  CHECK_THAT(now.then({.what = kind::clear, .item = "cart"}).conversion_rate(), WithinRel(.4, 1e-12));
  CHECK(now.then({.what = kind::remove, .item = "cart"}).conversion_rate() == 0.0);
  // A reminder for 10 of the 60 that leave, of which a fifth come back to the cart.
  const table mailed =
      now.then({.what = kind::insert, .item = "ad", .to = "cart", .amount = .1, .name = "mail", .success = .2})
          .result();
  CHECK_THAT(last(mailed, "conversion_rate"), WithinRel(.21, 1e-12));
  CHECK_THAT(last(mailed, "steps"), WithinRel(1.4 + .1 + .02, 1e-12));
  const table more = now.then({.what = kind::volume, .item = "ad", .amount = .5}).result();
  CHECK_THAT(last(more, "conversion_rate"), WithinRel(.2, 1e-12));
  CHECK_THAT(last(more, "journeys"), WithinRel(150.0, 1e-12));
  CHECK_THAT(last(more, "conversions"), WithinRel(30.0, 1e-12));
  CHECK_THAT(last(more, "value"), WithinRel(600.0, 1e-12));
}

TEST_CASE("a scenario is a value: then and undo leave it as it is", "[improve]") {
  const scenario now(shop());
  const scenario cleared = now.then({.what = kind::clear, .item = "cart"});
  const scenario both = cleared.then({.what = kind::volume, .item = "ad", .amount = 1.0});
  CHECK(now.edits().empty());
  CHECK(cleared.edits().size() == 1);
  CHECK(both.undo().conversion_rate() == cleared.conversion_rate());
  CHECK(both.undo().undo().conversion_rate() == now.conversion_rate());
  CHECK(both.result().numbers("conversions") == what_if(shop(), both.edits()).numbers("conversions"));
  CHECK_THROWS_WITH(now.undo(), ContainsSubstring("no change to undo"));
  CHECK_THROWS_WITH(now.then({.what = kind::clear, .item = "crat"}), ContainsSubstring("did you mean 'cart'"));
}

TEST_CASE("times of visits add up to the mean length of a journey", "[improve]") {
  const auto events = test::webshop_events();
  const journey_set journeys =
      make_journeys(test::log_of(events), {.conversion = {"order"},
                                           .after = after_conversion::stop,
                                           .inactivity = std::chrono::days{30},
                                           .observed_until = std::chrono::sys_days{std::chrono::year{2024} / 4 / 30}});
  double seconds = 0.0;
  double settled = 0.0;
  for (std::size_t index = 0; index < journeys.size(); ++index) {
    if (journeys[index].settled) {
      seconds += journeys.seconds(index);
      settled += 1.0;
    }
  }
  const table found = what_if(journeys, {});
  CHECK_THAT(found.numbers("time")[0], WithinRel(seconds / settled, 1e-10));
  CHECK_THAT(found.numbers("conversion_rate")[0], WithinRel(.5, 1e-12));
}

TEST_CASE("the best set within a budget strengthens one way rather than two", "[improve]") {
  // Two steps of one way together gain more than their gains alone; the other way is cheap and poor.
  path_table paths;
  const std::vector<std::string_view> first{"a"};
  const std::vector<std::string_view> second{"a", "b"};
  const std::vector<std::string_view> other{"c"};
  paths.add(first, 0.0, 80.0);
  paths.add(second, 5.0, 15.0);
  paths.add(other, 10.0, 90.0);
  const std::vector<priced_change> offers{{.from = "a", .to = "b", .amount = .4, .cost = 2.0},
                                          {.from = "b", .to = "(conversion)", .amount = .5, .cost = 2.0},
                                          {.from = "c", .to = "(conversion)", .amount = .1, .cost = 2.0}};
  const table found = best_changes(paths, offers, 4.0);
  CHECK(found.texts("from") == std::vector<std::string>{"b", "a"});
  // Half of the journeys begin at a: .5 · (.6 · .75 − .2 · .25).
  CHECK_THAT(found.numbers("gain").back(), WithinRel(.2, 1e-12));
  CHECK_THAT(found.numbers("gain_alone")[0] + found.numbers("gain_alone")[1], WithinAbs(.05 + .05, 1e-12));
  const table greedy = best_changes(paths, offers, 4.0, {.exact_up_to = 0});
  const auto option = [](const table& result, std::string_view name) {
    for (const auto& [key, value] : result.options()) {
      if (key == name) {
        return value;
      }
    }
    return std::string{};
  };
  CHECK(option(found, "method") == "exact");
  CHECK(option(greedy, "method") == "greedy");
  CHECK(std::stod(option(greedy, "bound")) >= .2 - 1e-12);
  CHECK_THROWS_WITH(best_changes(paths, {}, 4.0), ContainsSubstring("offer some"));
}
