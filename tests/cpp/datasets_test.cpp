// SPDX-License-Identifier: MIT
#include "klantreis/datasets.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

#include "klantreis/journeys.hpp"

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;

TEST_CASE("the webshop's events depend on the seed and not on the threads", "[datasets]") {
  const auto shop = parse_webshop_parameters(webshop_parameters_json());
  const auto one = webshop_events(shop, {.customers = 6'000, .seed = 2, .threads = 1});
  const auto two = webshop_events(shop, {.customers = 6'000, .seed = 2, .threads = 3});
  CHECK(one.texts("customer_id") == two.texts("customer_id"));
  CHECK(one.texts("touchpoint") == two.texts("touchpoint"));
  CHECK(one.integers("timestamp") == two.integers("timestamp"));
  CHECK(one.texts("customer_id").back() == "k0006000");
  const auto other = webshop_events(shop, {.customers = 6'000, .seed = 3});
  CHECK(one.texts("touchpoint") != other.texts("touchpoint"));
}

TEST_CASE("the share of arrivals that order comes to the rate computed from the parameters", "[datasets]") {
  auto shop = parse_webshop_parameters(webshop_parameters_json());
  // One group for the whole year, and nobody comes back: a chain of order 1 throughout.
  shop.groups.resize(1);
  shop.groups[0].share = 1.0;
  shop.changes.clear();
  shop.after_order.return_content = shop.after_order.return_other = shop.after_order.no_order_return = 0.0;
  shop.after_order.share_brings = 0.0;
  const auto truth = webshop_truth(shop).conversion;
  REQUIRE(truth.texts("origin")[0] == "arrival");
  const double rate = truth.numbers("conversion_rate")[0];
  const auto log = webshop_log(shop, {.customers = 200'000, .seed = 5});
  const auto journeys = make_journeys(log, {.conversion = {"order"}, .after = after_conversion::stop});
  REQUIRE(journeys.size() == 200'000);
  const double seen = static_cast<double>(journeys.conversions()) / 200'000.0;
  // Six standard errors, and what the end of the year cuts off.
  CHECK_THAT(seen, WithinAbs(rate, 0.006));
}

TEST_CASE("a shop in which customers bring each other without end is refused", "[datasets]") {
  auto shop = parse_webshop_parameters(webshop_parameters_json());
  for (auto& [from, row] : shop.transitions) {
    row = {{"order", 1.0}};
  }
  shop.changes.clear();
  auto& after = shop.after_order;
  after.share_promoter = after.share_other = after.share_brings = 1.0;
  after.return_content = after.return_other = 1.0;
  after.return_least_days = after.return_days = after.delivery_least_days = after.delivery_days = 0.0;
  after.share_hours = after.nps_days = after.contact_days = 0.0;
  CHECK_THROWS_WITH(webshop_events(shop, {.customers = 10}), ContainsSubstring("without end"));
}

TEST_CASE("parameters are checked before anything is simulated", "[datasets]") {
  CHECK_THROWS_WITH(parse_webshop_parameters("{}"), ContainsSubstring("lacks 'start'"));
  CHECK_THROWS_WITH(parse_webshop_parameters("[]"), ContainsSubstring("must be an object"));
}
