// SPDX-License-Identifier: MIT
#include "klantreis/attribution.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "cpp/support/json.hpp"
#include "klantreis/statistics.hpp"

using namespace klantreis;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

using names = std::vector<std::string_view>;

void add(path_table& paths, const names& path, double conversions, double nulls, double value = 0.0) {
  paths.add(path, conversions, nulls, value);
}

// The numbers of one column by the label in the first.
std::map<std::string, double> by_name(const table& result, std::string_view column) {
  std::map<std::string, double> values;
  const auto& labels = std::get<std::vector<std::string>>(result.columns().front().data);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    values[labels[row]] = result.numbers(column)[row];
  }
  return values;
}

double total(const table& result, std::string_view column) {
  const auto& numbers = result.numbers(column);
  return std::accumulate(numbers.begin(), numbers.end(), 0.0);
}

// Parameters under which every model can be made; `search` and `b` are items of the tests that ask for all models.
model_parameters all_parameters() {
  return {.paid = {"b", "search", "A"}, .weights = [](std::size_t size) { return std::vector<double>(size, 2.0); }};
}

// A model with all it needs; `milestone` is an item that occurs.
attribution_model made(const model_entry& entry, const std::string& milestone) {
  model_parameters parameters = all_parameters();
  parameters.milestones.assign(entry.name == "full_path" ? 2 : 1, milestone);
  return entry.make(parameters);
}

bool needs_times(const model_entry& entry) { return entry.name == "time_decay" || entry.name == "additive_hazard"; }

constexpr std::int64_t day = 86'400'000'000;

// Journeys of the worked example of influence values; what does not convert ends by 50 days of silence.
struct example_log {
  std::vector<std::string> customers;
  std::vector<std::int64_t> times;
  std::vector<std::string> touchpoints;
  std::vector<double> values;

  void add(const std::string& customer, std::int64_t time, const std::string& touchpoint, double value = 0.0) {
    customers.push_back(customer);
    times.push_back(time);
    touchpoints.push_back(touchpoint);
    values.push_back(value);
  }

  event_log log() const {
    return event_log::from_columns(std::span<const std::string>{customers}, std::span<const std::int64_t>{times},
                                   std::span<const std::string>{touchpoints}, std::span<const double>{values});
  }
};

journey_set tiny_journeys(const test::json& oracle) {
  example_log events;
  for (const auto& [customer, journeys] : oracle["customers"].members()) {
    std::int64_t now = 0;
    for (const auto& item : journeys.items()) {
      now += 100 * day;
      for (const auto& touch : item["path"].items()) {
        events.add(customer, now += 60'000'000, touch.text());
      }
      if (item["converted"].number() != 0.0) {
        events.add(customer, now += 60'000'000, "order", item.contains("value") ? item["value"].number() : 0.0);
      }
    }
  }
  return make_journeys(events.log(), {.conversion = {"order"}, .gap = std::chrono::days{50}});
}

}  // namespace

TEST_CASE("the registry names every model and makes each of them", "[attribution]") {
  const auto models = attribution_models();
  REQUIRE(models.size() == std::variant_size_v<attribution_model>);
  for (std::size_t i = 0; i < models.size(); ++i) {
    const auto made = make_attribution_model(models[i].name);
    CHECK(made.index() == i);
    CHECK(entry_of(made).name == models[i].name);
    CHECK(!models[i].definition.empty());
    CHECK(!models[i].source.empty());
  }
  CHECK(model_table().rows() == models.size());
  CHECK_THROWS_AS(make_attribution_model("magic"), input_error);
  CHECK(std::get<markov_model>(make_attribution_model("markov", {.order = 3})).order == 3);
}

TEST_CASE("published examples of removal effects", "[attribution]") {
  SECTION("analyzecore.com 2016") {
    path_table paths;
    add(paths, {"C1", "C2", "C3"}, 1, 0);
    add(paths, {"C1"}, 0, 1);
    add(paths, {"C2", "C3"}, 0, 1);
    const auto result = attribute(paths);
    CHECK(result.texts("touchpoint") == std::vector<std::string>{"C2", "C3", "C1"});
    const auto removal = by_name(result, "removal_effect");
    CHECK_THAT(removal.at("C1"), WithinAbs(0.5, 1e-14));
    CHECK(removal.at("C2") == 1.0);
    CHECK(removal.at("C3") == 1.0);
    CHECK_THAT(by_name(result, "credit").at("C1"), WithinAbs(0.2, 1e-14));
    CHECK_THAT(by_name(result, "credit").at("C2"), WithinAbs(0.4, 1e-14));
    CHECK(result.texts("marks")[0] == "few_customers,few_effective,boundary");
  }
  SECTION("serhiipuzyrov.com 2019") {
    path_table paths;
    add(paths, {"google ads"}, 2, 1);
    add(paths, {"mailing"}, 1, 0);
    add(paths, {"google ads", "mailing"}, 1, 0);
    const auto result = attribute(paths);
    CHECK_THAT(by_name(result, "removal_effect").at("google ads"), WithinAbs(0.75, 1e-14));
    CHECK_THAT(by_name(result, "removal_effect").at("mailing"), WithinAbs(0.5, 1e-14));
    CHECK_THAT(by_name(result, "credit").at("google ads"), WithinAbs(2.4, 1e-14));
    CHECK_THAT(by_name(result, "credit").at("mailing"), WithinAbs(1.6, 1e-14));
  }
  SECTION("white paper of ChannelAttribution 2016, orders 1 and 2") {
    path_table paths;
    add(paths, {"A", "B", "A", "B", "B", "A"}, 1, 0);
    add(paths, {"A", "B", "B", "A", "A"}, 1, 0);
    add(paths, {"A", "A"}, 1, 0);
    CHECK_THAT(by_name(attribute(paths), "credit").at("B"), WithinAbs(1.0, 1e-14));
    const auto second = attribute(paths, markov_model{.order = 2});
    CHECK(by_name(second, "removal_effect").at("A") == 1.0);
    CHECK_THAT(by_name(second, "removal_effect").at("B"), WithinAbs(2.0 / 3.0, 1e-14));
    CHECK_THAT(by_name(second, "credit").at("A"), WithinAbs(1.8, 1e-14));
  }
  SECTION("an item that leads nowhere") {
    // P = 7/19; removal effects 1/2, 269/329, 67/112, 0.
    path_table paths;
    add(paths, {"A"}, 1, 1);
    add(paths, {"D"}, 0, 1);
    const auto result = attribute(paths);
    CHECK(by_name(result, "removal_effect").at("D") == 0.0);
    CHECK(by_name(result, "credit").at("D") == 0.0);
    CHECK(by_name(result, "credit").at("A") == 1.0);
    CHECK(by_name(result, "share").at("A") == 1.0);
    // One converting customer: Wilson's [0, z²/(1 + z²)].
    CHECK_THAT(by_name(result, "removal_effect_upper").at("D"), WithinAbs(z_95 * z_95 / (1.0 + z_95 * z_95), 1e-12));
    CHECK(by_name(result, "removal_effect_lower").at("D") == 0.0);
    CHECK(by_name(result, "removal_effect_upper").at("A") == 1.0);
    CHECK(by_name(result, "credit_lower").at("D") == 0.0);
    CHECK_THAT(by_name(result, "credit_upper").at("D"), WithinAbs(z_95 * z_95 / (1.0 + z_95 * z_95), 1e-12));
  }
}

TEST_CASE("heuristics split a conversion as their definitions say", "[attribution]") {
  path_table paths;
  add(paths, {"a", "b", "direct", "a", "direct"}, 1, 0, 10.0);
  const auto credit = [&](const attribution_model& model) { return by_name(attribute(paths, model), "credit"); };
  using credits = std::map<std::string, double>;
  CHECK(credit(first_touch{}) == credits{{"a", 1}, {"b", 0}, {"direct", 0}});
  CHECK(credit(last_touch{}) == credits{{"a", 0}, {"b", 0}, {"direct", 1}});
  CHECK(credit(last_non_direct{}) == credits{{"a", 1}, {"b", 0}, {"direct", 0}});
  CHECK(credit(last_non_direct{.direct = {"direct", "a"}}) == credits{{"a", 0}, {"b", 1}, {"direct", 0}});
  CHECK(credit(last_non_direct{.direct = {"direct", "a", "b"}}) == credits{{"a", 0}, {"b", 0}, {"direct", 1}});
  CHECK_THAT(credit(linear{}).at("a"), WithinAbs(0.4, 1e-15));
  CHECK_THAT(credit(position_based{}).at("direct"), WithinAbs(0.4 + 0.2 / 3.0, 1e-15));
  CHECK_THAT(credit(position_based{.first = 0.7, .last = 0.1}).at("b"), WithinAbs(0.2 / 3.0, 1e-15));
  CHECK_THAT(by_name(attribute(paths, linear{}), "credit_value").at("a"), WithinAbs(4.0, 1e-14));

  path_table short_paths;
  add(short_paths, {"a", "b"}, 1, 0);
  CHECK_THAT(by_name(attribute(short_paths, position_based{.first = 0.5, .last = 0.1}), "credit").at("a"),
             WithinAbs(0.7, 1e-15));
  path_table single;
  add(single, {"a"}, 3, 0);
  CHECK(by_name(attribute(single, position_based{}), "credit").at("a") == 3.0);
}

TEST_CASE("time decay halves with each half-life before the last touch", "[attribution]") {
  // Touches 0, 7, 14 and 21 days, conversion at 28 (stementorai.com); journey of five touches worth 12,000.
  example_log events;
  for (int i = 0; i < 4; ++i) {
    events.add("u", 7 * i * day, std::string{"t"} + std::to_string(i));
  }
  events.add("u", 28 * day, "order", 0.0);
  const auto journeys = make_journeys(events.log(), {.conversion = {"order"}});
  const auto credit = by_name(attribute(journeys, time_decay{}), "credit");
  for (int i = 0; i < 4; ++i) {
    CHECK_THAT(credit.at("t" + std::to_string(i)), WithinAbs(std::exp2(i) / 15.0, 1e-14));
  }

  const auto oracle = test::json::file("worked_examples.json");
  example_log deal;
  const int days[] = {0, 5, 12, 30, 38};
  for (int i = 0; i < 5; ++i) {
    deal.add("u", days[i] * day, std::string{"t"} + std::to_string(i));
  }
  deal.add("u", 38 * day + 1, "order", 12'000.0);
  const auto worth = make_journeys(deal.log(), {.conversion = {"order"}});
  const auto value = by_name(attribute(worth, time_decay{}), "credit_value");
  const auto u_shaped = by_name(attribute(worth, position_based{}), "credit_value");
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK_THAT(value.at("t" + std::to_string(i)),
               WithinRel(oracle["b2b_12000"]["exact_time_decay"][i].number(), 1e-12));
    CHECK_THAT(u_shaped.at("t" + std::to_string(i)), WithinRel(oracle["b2b_12000"]["u"][i].number(), 1e-12));
  }
}

TEST_CASE("intervals equal the worked example of influence values", "[attribution]") {
  const auto oracle = test::json::file("influence_tiny.json");
  const auto journeys = tiny_journeys(oracle);
  REQUIRE(journeys.settled_customers() == 8);
  const auto result = attribute(journeys);
  for (const std::string item : {"A", "B", "C"}) {
    const auto check = [&](const std::string& key, const std::string& column) {
      CAPTURE(item, column);
      const auto& expected = oracle["results"][key + "_" + item];
      CHECK_THAT(by_name(result, column).at(item), WithinAbs(expected["estimate"].number(), 1e-9));
      CHECK_THAT(by_name(result, column + "_lower").at(item), WithinAbs(expected["lower"].number(), 1e-9));
      CHECK_THAT(by_name(result, column + "_upper").at(item), WithinAbs(expected["upper"].number(), 1e-9));
    };
    check("RE", "removal_effect");
    check("share", "share");
    check("credit", "credit");
    check("REv", "removal_effect_value");
  }
  CHECK(result.integers("n") == std::vector<std::int64_t>{8, 8, 8});

  const auto second = test::json::file("influence_tiny_order2.json");
  const auto order2 = attribute(journeys, markov_model{.order = 2});
  for (const std::string item : {"A", "B", "C"}) {
    CHECK_THAT(by_name(order2, "removal_effect").at(item), WithinAbs(second["RE"][item].number(), 1e-9));
    influence_sum removal;
    for (const double psi : second["psi_RE"][item].numbers()) {
      removal.add(psi);
    }
    const auto expected = removal.prob_interval(second["RE"][item].number(), 4);
    CHECK_THAT(by_name(order2, "removal_effect_lower").at(item), WithinAbs(expected.lower, 1e-9));
    CHECK_THAT(by_name(order2, "removal_effect_upper").at(item), WithinAbs(expected.upper, 1e-9));
    CHECK_THAT(by_name(order2, "credit").at(item), WithinAbs(second["credit"][item].number(), 1e-9));
    // The bounds of a credit are credit · exp(±t·se/credit); t lies between the quantiles of 7 and of 1 degrees.
    const double ratio = by_name(order2, "credit_upper").at(item) / by_name(order2, "credit").at(item);
    const double relative = second["se_credit"][item].number() / second["credit"][item].number();
    CHECK(std::log(ratio) >= t_critical(0.95, 7.0) * relative - 1e-9);
    CHECK(std::log(ratio) <= t_critical(0.95, 1.0) * relative);
  }
}

TEST_CASE("self transitions change no removal effect and no interval", "[attribution]") {
  const auto journeys = tiny_journeys(test::json::file("influence_tiny_order2.json")["self_loops"]);
  for (const unsigned order : {1U, 2U, 3U}) {
    const auto merged = attribute(journeys, markov_model{.order = order});
    const auto kept = attribute(journeys, markov_model{.order = order, .self_transitions = true});
    for (const std::string column :
         {"removal_effect", "removal_effect_lower", "removal_effect_upper", "credit_upper"}) {
      const auto first = by_name(merged, column);
      const auto second = by_name(kept, column);
      for (const auto& [item, value] : first) {
        CAPTURE(order, column, item);
        CHECK_THAT(second.at(item), WithinAbs(value, 1e-12));
      }
    }
  }
}

TEST_CASE("an order as long as the longest path gives the share of conversions with the item", "[attribution]") {
  path_table paths;
  add(paths, {"a", "b", "a"}, 3, 1);
  add(paths, {"b"}, 2, 5);
  add(paths, {"c", "b"}, 1, 0);
  add(paths, {}, 2, 1);
  const auto removal = by_name(attribute(paths, markov_model{.order = 3}), "removal_effect");
  CHECK_THAT(removal.at("a"), WithinAbs(3.0 / 8.0, 1e-14));
  CHECK_THAT(removal.at("b"), WithinAbs(6.0 / 8.0, 1e-14));
  CHECK_THAT(removal.at("c"), WithinAbs(1.0 / 8.0, 1e-14));
}

TEST_CASE("credits add up to the conversions, and what no touch earned is unattributed", "[attribution]") {
  path_table paths;
  add(paths, {"a", "b"}, 3, 1, 30.0);
  add(paths, {"b"}, 2, 5, 5.0);
  add(paths, {"lost"}, 0, 4);
  add(paths, {}, 2, 1, 7.0);
  for (const auto& entry : attribution_models()) {
    if (needs_times(entry)) {
      continue;
    }
    CAPTURE(entry.name);
    const auto result = attribute(paths, made(entry, "b"));
    CHECK(result.texts("touchpoint").back() == "(unattributed)");
    CHECK(result.rows() == 4);
    CHECK_THAT(total(result, "credit"), WithinAbs(7.0, 1e-12));
    CHECK_THAT(total(result, "share"), WithinAbs(1.0, 1e-12));
    CHECK_THAT(total(result, "credit_value"), WithinAbs(42.0, 1e-12));
    CHECK(by_name(result, "credit").at("(unattributed)") == 2.0);
    CHECK(by_name(result, "credit_value").at("(unattributed)") == 7.0);
    CHECK(by_name(result, "credit").at("lost") == 0.0);
    const bool learned = entry.name == "leave_one_out" || entry.name == "shao_li" || entry.name == "logistic";
    CHECK((learned || by_name(result, "credit_lower").at("(unattributed)") > 0.0));
    CHECK((learned || by_name(result, "credit_upper").at("(unattributed)") > 2.0));
  }
}

TEST_CASE("nothing to attribute has a defined result", "[attribution]") {
  SECTION("no conversion") {
    path_table paths;
    add(paths, {"a"}, 0, 3);
    for (const attribution_model& model : {attribution_model{markov_model{}}, attribution_model{linear{}}}) {
      const auto result = attribute(paths, model);
      REQUIRE(result.rows() == 1);
      CHECK(result.numbers("credit")[0] == 0.0);
      CHECK(std::isnan(result.numbers("share")[0]));
    }
    CHECK(std::isnan(attribute(paths).numbers("removal_effect")[0]));
  }
  SECTION("conversions without touches only") {
    path_table paths;
    add(paths, {}, 2, 1);
    add(paths, {"a"}, 0, 3);
    const auto result = attribute(paths);
    CHECK(by_name(result, "removal_effect").at("a") == 0.0);
    CHECK(std::isnan(by_name(result, "share").at("a")));
    CHECK(by_name(result, "credit").at("(unattributed)") == 2.0);
    CHECK(by_name(result, "share").at("(unattributed)") == 1.0);
  }
  SECTION("no paths at all") {
    const auto result = attribute(path_table{});
    CHECK(result.rows() == 0);
    CHECK(result.contains("removal_effect_upper"));
    CHECK(attribute(path_table{}, linear{}).rows() == 0);
    CHECK(attribute(journey_set{}).rows() == 0);
    CHECK(attribute(journey_set{}, time_decay{}).rows() == 0);
  }
}

TEST_CASE("values that cancel out still add up", "[attribution]") {
  path_table paths;
  add(paths, {"a"}, 1, 0, 5.0);
  add(paths, {"b"}, 1, 0, -5.0);
  const auto none = attribute(paths);
  CHECK(std::isnan(by_name(none, "removal_effect_value").at("a")));
  CHECK_THAT(total(none, "credit_value"), WithinAbs(0.0, 1e-12));
  add(paths, {"a", "b"}, 1, 2, 1.0);
  CHECK_THAT(total(attribute(paths), "credit_value"), WithinAbs(1.0, 1e-12));
}

TEST_CASE("touches outside the lookback earn nothing", "[attribution]") {
  example_log events;
  events.add("u", 0, "ad");
  events.add("u", 10 * day, "search");
  events.add("u", 20 * day, "order", 50.0);
  events.add("v", 0, "ad");
  events.add("v", 20 * day, "order", 10.0);
  const auto journeys = make_journeys(events.log(), {.conversion = {"order"}});
  for (const auto& entry : attribution_models()) {
    CAPTURE(entry.name);
    const auto result = attribute(journeys, made(entry, "search"), {.lookback = std::chrono::days{10}});
    CHECK(by_name(result, "credit") == std::map<std::string, double>{{"search", 1.0}, {"(unattributed)", 1.0}});
    CHECK(by_name(result, "credit_value") == std::map<std::string, double>{{"search", 50.0}, {"(unattributed)", 10.0}});
  }
}

TEST_CASE("what cannot be answered is refused with the remedy", "[attribution]") {
  path_table paths;
  add(paths, {"a"}, 1, 0);
  CHECK_THROWS_AS(attribute(paths, time_decay{}), input_error);
  CHECK_THROWS_AS(attribute(paths, linear{}, {.lookback = std::chrono::days{1}}), input_error);
  CHECK_THROWS_AS(attribute(paths, markov_model{.order = 0}), input_error);
  CHECK_THROWS_AS(attribute(paths, position_based{.first = 0.8, .last = 0.4}), input_error);
  CHECK_THROWS_AS(attribute(paths, position_based{.first = std::nan(""), .last = 0.4}), input_error);
  const auto journeys = tiny_journeys(test::json::file("influence_tiny.json"));
  CHECK_THROWS_AS(attribute(journeys, time_decay{.half_life = duration{0}}), input_error);
  CHECK_THROWS_AS(attribute(journeys.recut(after_conversion::go_on)), input_error);
  CHECK_THROWS_AS(attribute(journeys, linear{}, {.by = "channel"}), input_error);
  CHECK_THROWS_AS(attribute(journeys, linear{}, {.lookback = duration{0}}), input_error);
  const auto unsettled =
      make_journeys(journeys.log(), {.conversion = {"order"}, .inactivity = std::chrono::days{9999}});
  CHECK_THROWS_AS(attribute(unsettled), input_error);
}

TEST_CASE("journeys and their paths give the same", "[attribution]") {
  const auto journeys = tiny_journeys(test::json::file("influence_tiny.json"));
  const auto paths = make_paths(journeys);
  for (const auto& entry : attribution_models()) {
    if (needs_times(entry)) {
      continue;
    }
    const auto first = attribute(journeys, made(entry, "B"));
    const auto second = attribute(paths, made(entry, "B"));
    CAPTURE(entry.name);
    CHECK(first.texts("touchpoint") == second.texts("touchpoint"));
    for (const std::string column : {"credit", "credit_lower", "credit_upper", "share_lower", "credit_value_upper"}) {
      for (std::size_t row = 0; row < first.rows(); ++row) {
        const double other = second.numbers(column)[row];
        if (std::isnan(other)) {
          CHECK(std::isnan(first.numbers(column)[row]));
        } else {
          CHECK_THAT(first.numbers(column)[row], WithinAbs(other, 1e-12));
        }
      }
    }
  }
}

TEST_CASE("without intervals the bounds are null and the estimates stay", "[attribution]") {
  const auto journeys = tiny_journeys(test::json::file("influence_tiny.json"));
  for (const auto& entry : attribution_models()) {
    const auto with = attribute(journeys, made(entry, "B"));
    const auto without = attribute(journeys, made(entry, "B"), {.intervals = false});
    CHECK(with.numbers("credit") == without.numbers("credit"));
    CHECK(std::isnan(without.numbers("credit_lower")[0]));
    CHECK(without.columns().size() == with.columns().size());
    CHECK(without.texts("marks")[0] == "few_customers");
  }
}

TEST_CASE("removal effects of very many items are refused before the work, rules are not", "[attribution]") {
  path_table paths;
  for (int i = 0; i < 80'000; ++i) {
    const std::string name = "page " + std::to_string(i);
    paths.add(std::vector<std::string_view>{name}, i % 2, 1);
  }
  CHECK_THROWS_AS(attribute(paths), limit_error);
  CHECK_THROWS_AS(removal_effects(paths), limit_error);
  const auto result = attribute(paths, linear{});
  CHECK(result.rows() == 80'000);
  CHECK_THAT(total(result, "credit"), WithinAbs(40'000.0, 1e-6));
}

TEST_CASE("removal effects stand by themselves too", "[attribution]") {
  path_table paths;
  add(paths, {"a", "b"}, 2, 1, 8.0);
  add(paths, {"b"}, 1, 3, 1.0);
  const auto credits = attribute(paths);
  const auto effects = removal_effects(paths);
  CHECK(effects.texts("touchpoint") == std::vector<std::string>{"b", "a"});
  CHECK(by_name(effects, "removal_effect") == by_name(credits, "removal_effect"));
  CHECK(by_name(effects, "removal_effect_value") == by_name(credits, "removal_effect_value"));
  const auto result = removal_effects(make_order_chain(paths));
  CHECK_THAT(result.conversion, WithinAbs(3.0 / 7.0, 1e-15));
  CHECK_THAT(result.value, WithinAbs(9.0 / 7.0, 1e-15));
  CHECK(result.error_bound < 1e-12);
}
