// SPDX-License-Identifier: MIT
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "cpp/support/small_log.hpp"
#include "klantreis/dropoff.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

using texts = std::vector<std::string>;
using integers = std::vector<std::int64_t>;

journey_set webshop() {
  return make_journeys(test::log_of(test::webshop_events()),
                       {.conversion = {"order"},
                        .after = after_conversion::stop,
                        .inactivity = std::chrono::days{30},
                        .observed_until = instant{std::chrono::sys_days{std::chrono::year{2024} / 4 / 30}}});
}

}  // namespace

TEST_CASE("open journeys and returns stand beside the exits", "[dropoff]") {
  const journey_set journeys = make_journeys(
      test::log_of({{"u", 0, "a"}, {"u", 1, "b"}, {"u", 50, "c"}, {"v", 0, "b"}, {"w", 99, "a"}}), {.inactivity = 30s});
  const drop_off_tables found = drop_off(journeys);
  CHECK(found.returned.texts("touchpoint") == texts{"b", "b", "c"});
  CHECK(found.returned.texts("back") == texts{"(null)", "c", "(null)"});
  CHECK(found.returned.numbers("share") == std::vector<double>{0.5, 0.5, 1.0});
  CHECK(found.open.texts("touchpoint") == texts{"a"});
  CHECK(found.open.integers("count") == integers{1});
}

TEST_CASE("the carts of the webshop: four ordered, one recovered, two abandoned", "[dropoff]") {
  const cart_tables found = abandoned_carts(webshop());
  CHECK(found.carts.texts("status") == texts{"ordered", "recovered", "abandoned", "open"});
  CHECK(found.carts.integers("count") == integers{4, 1, 2, 0});
  CHECK(found.carts.numbers("share")[2] == Approx(2.0 / 7));
  CHECK(found.carts.numbers("lower")[2] == Approx(0.0822).margin(5e-5));
  CHECK(found.carts.numbers("upper")[2] == Approx(0.6411).margin(5e-5));
  CHECK(std::isnan(found.carts.numbers("share")[3]));
  CHECK(found.carts.numbers("median_time")[1] == 2.875 * 86'400);
  CHECK(found.recoveries.texts("touchpoint") == texts{"email_click"});
  CHECK_THROWS_WITH(abandoned_carts(webshop(), {.cart = {"basket"}}), ContainsSubstring("basket"));
  CHECK_THROWS_AS(abandoned_carts(webshop(), {.timeout = 0s}), input_error);
}

TEST_CASE("a cart that was left is recovered by a later journey too", "[dropoff]") {
  const journey_set journeys = make_journeys(
      test::log_of({{"u", 0, "cart"}, {"u", 500, "mail"}, {"u", 510, "order"}, {"v", 0, "cart"}, {"v", 5, "order"}}),
      {.conversion = {"order"}, .gap = 100s});
  const cart_tables found = abandoned_carts(journeys, {.cart = {"cart"}, .timeout = 60s});
  CHECK(found.carts.integers("count") == integers{1, 1, 0, 0});
  CHECK(found.recoveries.texts("touchpoint") == texts{"mail"});
}

TEST_CASE("repeats, loops, back-steps and rage by hand", "[dropoff]") {
  // a b a a c b: a comes back after b (loop), repeats; c to b turns back to what was met before c.
  const journey_set journeys = make_journeys(
      test::log_of({{"u", 0, "a"}, {"u", 1, "b"}, {"u", 2, "a"}, {"u", 3, "a"}, {"u", 4, "c"}, {"u", 50, "b"}}));
  const friction_tables found = friction(journeys, {.rage_times = 2, .rage_within = 1s});
  CHECK(found.items.texts("touchpoint") == texts{"a", "a", "a", "b", "b", "c"});
  CHECK(found.items.texts("kind") == texts{"repeat", "loop", "rage", "loop", "back_step", "back_step"});
  CHECK(found.items.integers("count") == integers{1, 1, 1, 1, 1, 1});
  CHECK(found.items.integers("visits") == integers{3, 3, 3, 2, 2, 1});
  CHECK(found.back_steps.texts("from") == texts{"b", "c"});
  CHECK(found.back_steps.texts("to") == texts{"a", "b"});
  const friction_tables designed = friction(journeys, {.order = {"c", "b", "a"}});
  CHECK(designed.back_steps.texts("from") == texts{"a", "a"});
  CHECK(designed.back_steps.texts("to") == texts{"b", "c"});
  CHECK_THROWS_WITH(friction(journeys, {.order = {"d"}}), ContainsSubstring("'d'"));
}

TEST_CASE("effort until the first order of the webshop", "[dropoff]") {
  const effort_tables found = effort(webshop(), {.hurdles = {"checkout_start"}, .quantiles = {0.5}});
  CHECK(found.measures.texts("effort") == texts{"steps", "steps", "distinct", "distinct", "hurdles", "hurdles"});
  CHECK(found.measures.numbers("value")[0] == 5.0);
  CHECK(found.measures.numbers("value")[1] == 6.0);
  CHECK(found.rates.integers("hurdles") == integers{0, 1});
  CHECK(found.rates.integers("conversions") == integers{1, 5});
}

TEST_CASE("the call to action of the webshop", "[dropoff]") {
  const table found = click_through(webshop(), {{"checkout_start", {"order"}}, {"product_view", {"add_to_cart"}}});
  CHECK(found.integers("visits")[0] == 7);
  CHECK(found.integers("clicks")[0] == 5);
  CHECK(found.integers("exits")[0] == 1);
  CHECK(found.integers("elsewhere")[0] == 1);
  CHECK(found.numbers("exit_rate")[0] == Approx(1.0 / 7));
  CHECK_THROWS_WITH(click_through(webshop(), {{"checkout_start", {}}}), ContainsSubstring("no goal"));
}

TEST_CASE("what surrounds exits is empty where there are none", "[dropoff]") {
  const journey_set nothing;
  CHECK(friction(nothing).items.rows() == 0);
  CHECK(effort(nothing).measures.rows() == 0);
  CHECK(drop_off(nothing).returned.rows() == 0);
  CHECK(loss_reasons(make_journeys(test::log_of({{"u", 0, "a"}})), {.reason = "touchpoint", .by = "touchpoint"})
            .places.texts("touchpoint") == texts{"a"});
}
