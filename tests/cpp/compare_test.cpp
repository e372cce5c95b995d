// SPDX-License-Identifier: MIT
#include "klantreis/compare.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "cpp/support/small_log.hpp"

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

constexpr std::int64_t day = 86'400;

journey_set weeks_of_a_shop(unsigned seed) {
  std::mt19937 random{seed};
  std::vector<test::event> events;
  for (int customer = 0; customer < 80; ++customer) {
    for (int visit = 0; visit < 3; ++visit) {
      std::int64_t now = static_cast<std::int64_t>(random() % 40) * day;
      const bool late = now >= 20 * day;
      for (const char* step : {"view", "cart", "pay", "order"}) {
        if (random() % 10 > (late && std::string_view{step} == "pay" ? 4U : 7U)) {
          break;
        }
        events.push_back({"u" + std::to_string(customer), now, step});
        now += 60;
      }
    }
  }
  return make_journeys(test::log_of(events), {.conversion = {"order"}, .gap = std::chrono::hours{1}});
}

comparison by_half(const journey_set& journeys, const compare_options& options = {}) {
  const instant middle{std::chrono::seconds{20 * day}};
  return compare(select_journeys(journeys, "early", {.until = middle}),
                 select_journeys(journeys, "late", {.from = middle}), options);
}

}  // namespace

TEST_CASE("parts of the change add up to it, whatever the number of threads", "[compare]") {
  const journey_set journeys = weeks_of_a_shop(1);
  const comparison one = by_half(journeys, {.threads = 1});
  const comparison four = by_half(journeys, {.threads = 4});
  const auto& parts = one.parts.numbers("part");
  double sum = 0.0;
  for (std::size_t row = 0; row + 1 < parts.size(); ++row) {
    sum += parts[row];
  }
  CHECK_THAT(sum, WithinAbs(parts.back(), 1e-14));
  CHECK_THAT(parts.back(), WithinAbs(one.rates.numbers("difference")[0], 1e-14));
  CHECK(parts == four.parts.numbers("part"));
  CHECK(to_text(one.parts, 100) == to_text(four.parts, 100));
  CHECK(to_text(one.rows, 100) == to_text(four.rows, 100));
  CHECK(one.shared_customers > 0);
}

TEST_CASE("what was made worse is found first", "[compare]") {
  const comparison found = by_half(weeks_of_a_shop(2), {.steps = {"view", "cart", "pay"}});
  CHECK(found.rows.texts("from")[0] == "cart");
  CHECK(found.rows.numbers("p_adjusted")[0] < .01);
  CHECK(found.parts.texts("from")[0] == "cart");
  CHECK(found.parts.numbers("upper")[0] < 0.0);
  CHECK(found.steps.numbers("p_adjusted")[2] < .01);
}

TEST_CASE("journeys of two logs are matched by the id of the customer", "[compare]") {
  const journey_set journeys = weeks_of_a_shop(3);
  const comparison together = by_half(journeys);
  std::vector<test::event> early;
  std::vector<test::event> late;
  for (std::size_t customer = 0; customer < journeys.customers(); ++customer) {
    for (auto index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
         ++index) {
      const journey piece = journeys[index];
      for (auto at = piece.begin; at < piece.end; ++at) {
        const auto& log = journeys.log();
        const auto seconds = log.times()[at] / log.ticks_per_second();
        auto& half = log.times()[piece.begin] / log.ticks_per_second() < 20 * day ? early : late;
        half.push_back(
            {log.customer_id(customer), seconds, std::string{log.touchpoint_names()[log.touchpoints()[at]]}});
      }
    }
  }
  const journey_options cut{.conversion = {"order"}, .gap = std::chrono::hours{1}};
  const comparison apart = compare(make_journeys(test::log_of(early), cut), make_journeys(test::log_of(late), cut));
  CHECK(apart.shared_customers == together.shared_customers);
  for (const char* column : {"difference", "lower", "upper", "p"}) {
    const auto& a = apart.rates.numbers(column);
    const auto& b = together.rates.numbers(column);
    REQUIRE(a.size() == b.size());
    for (std::size_t row = 0; row < a.size(); ++row) {
      if (!std::isnan(b[row])) {
        CHECK_THAT(a[row], WithinRel(b[row], 1e-9) || WithinAbs(b[row], 1e-12));
      }
    }
  }
}

TEST_CASE("a rule reads back from its text", "[compare]") {
  for (const char* text : {"exit_rate(checkout) > 0.2", "conversion_rate < 0.03", "transition(cart, *) falls by 0.05",
                           "exit_rate(*) rises", "reach(\"a, \"\"b\"\"\") changes", "value_per_journey < 12",
                           "transition((start), home) changes"}) {
    const alert_rule rule = to_alert_rule(text);
    CHECK(to_text(rule) == text);
    CHECK(to_text(to_alert_rule(to_text(rule))) == text);
  }
  CHECK(to_alert_rule("exit_rate( check out )>=20%").item == "check out");
  CHECK(to_alert_rule("exit_rate(a)>=20%").limit == .2);
  CHECK_THROWS_WITH(to_alert_rule("exit_rate(checkout) soars"), ContainsSubstring("rises, falls or changes"));
}

TEST_CASE("groups are named in errors", "[compare]") {
  const journey_set journeys = weeks_of_a_shop(4);
  const journey_group none = select_journeys(journeys, "nobody", {.until = instant{}});
  CHECK(none.members.empty());
  CHECK_THROWS_WITH(compare(none, select_journeys(journeys, "all")),
                    ContainsSubstring("'nobody' has no settled journey"));
  CHECK_THROWS_WITH(select_journeys(journeys, "x", {.where = {{"touchpoint", "crat"}}}), ContainsSubstring("'cart'"));
  CHECK_THROWS_WITH(alerts(journeys, {to_alert_rule("exit_rate(pay) rises")}), ContainsSubstring("baseline"));
}
