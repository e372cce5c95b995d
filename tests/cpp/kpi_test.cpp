// SPDX-License-Identifier: MIT
#include "klantreis/kpi.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "cpp/support/small_log.hpp"

using namespace klantreis;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

kpi_expression random_tree(std::mt19937& random, int depth) {
  const auto below = [&random](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  static const std::vector<std::string> names{"order",        "add-to/cart", "7d", "12", "é",
                                              "a \"b\" \\ c", "x.y_z",       "",   "1e", "-"};
  const auto name = [&] { return names[below(static_cast<unsigned>(names.size()))]; };
  switch (depth <= 0 ? below(2) : below(6)) {
    case 0:
      return kpi_expression::of_number(static_cast<double>(below(2000)) / 8.0 - 100.0);
    case 1:
      return kpi_expression::of_text(name());
    case 2: {
      kpi_expression list = kpi_expression::of_list({});
      for (unsigned i = below(4); i > 0; --i) {
        list.items.push_back(random_tree(random, depth - 1));
      }
      return list;
    }
    case 3: {
      kpi_expression mapping = kpi_expression::of_mapping();
      for (const std::string& key : {std::string{"gt"}, name()}) {
        if (below(2) == 0 && mapping.find(key) == nullptr) {
          mapping.options.emplace_back(key, random_tree(random, depth - 1));
        }
      }
      return mapping;
    }
    case 4: {
      kpi_expression call = kpi_expression::of_call("sum");
      for (unsigned i = below(3); i > 0; --i) {
        call.items.push_back(random_tree(random, depth - 1));
      }
      if (below(2) == 0) {
        call.options.emplace_back("of", random_tree(random, depth - 1));
      }
      return call;
    }
    default: {
      const std::string sign(1, "+-*/"[below(4)]);
      return kpi_expression::of_call(sign, {random_tree(random, depth - 1), random_tree(random, depth - 1)});
    }
  }
}

/// The interval of a figure of weighted amounts from numerical derivatives by the weight of each customer.
estimate by_derivatives(const std::vector<double>& amounts,
                        const std::function<double(const std::vector<double>&)>& figure) {
  std::vector<double> weights(amounts.size(), 1.0);
  influence_sum influence;
  constexpr double step = 1e-5;
  for (double& weight : weights) {
    weight = 1.0 + step;
    const double above = figure(weights);
    weight = 1.0 - step;
    const double below = figure(weights);
    weight = 1.0;
    influence.add((above - below) / (2.0 * step));
  }
  return influence.prob_interval(figure(weights), static_cast<double>(amounts.size()));
}

}  // namespace

TEST_CASE("an expression reads back from its text as the same tree", "[kpi]") {
  std::mt19937 random{1};
  for (int i = 0; i < 3000; ++i) {
    const kpi_expression tree = random_tree(random, 4);
    CAPTURE(to_text(tree));
    CHECK(parse_expression(to_text(tree)) == tree);
  }
}

TEST_CASE("any text is an expression or an error that says where", "[kpi]") {
  std::mt19937 random{2};
  const std::string bytes = "abc(),[]{}:=\"\\+-*/ 1.5ed\n\xC3\xA9";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (auto size = random() % 24; size > 0; --size) {
      text += bytes[random() % bytes.size()];
    }
    try {
      const kpi_expression tree = parse_expression(text);
      CHECK(parse_expression(to_text(tree)) == tree);
    } catch (const input_error& error) {
      CHECK_THAT(error.what(), ContainsSubstring("expression"));
    }
  }
}

TEST_CASE("operators bind as in arithmetic", "[kpi]") {
  CHECK(to_text(parse_expression("a - b - c * -2 / (d + 1)")) == "a - b - c * (-2) / (d + 1)");
  CHECK(parse_expression("a - b - c") == parse_expression("(a - b) - c"));
  CHECK(parse_expression("a - (b - c)") != parse_expression("a - b - c"));
  CHECK(parse_expression("-3") == kpi_expression::of_number(-3.0));
  CHECK(parse_expression("1e-3").number == 0.001);
  CHECK(parse_expression("7d") == kpi_expression::of_text("7d"));
}

TEST_CASE("deep, long and huge expressions are refused before they cost much", "[kpi]") {
  CHECK_THROWS_AS(parse_expression(std::string(100'000, '(')), limit_error);
  CHECK_THROWS_AS(parse_expression(std::string(100'000, '-') + "1"), limit_error);
  CHECK_THROWS_AS(parse_expression(std::string(100'000, '[')), limit_error);
  std::string list = "[1";
  for (int i = 0; i < 20'000; ++i) {
    list += ",1";
  }
  CHECK_THROWS_AS(parse_expression(list + "]"), limit_error);
  std::string chain = "1";
  for (int i = 0; i < 100; ++i) {
    chain += " + 1";
  }
  CHECK_THROWS_AS(parse_expression(chain), limit_error);
}

TEST_CASE("measures of a map file become expressions", "[kpi]") {
  const auto text = [](const char* json) { return to_text(measure_from_json(parse_json(json))); };
  CHECK(text(R"({"sum": "cost", "of": ["search_click"]})") == "sum(cost, of=[search_click])");
  CHECK(text(R"({"ratio": [{"sum": "cost"}, {"count": ["a", "b"]}]})") == "ratio(sum(cost), count([a, b]))");
  CHECK(text(R"({"quantile": {"column": "wait_s", "q": 0.9, "of": ["contact"]}})") ==
        "quantile(column=wait_s, q=0.9, of=[contact])");
  CHECK(text(R"({"issues_with": {"contacts": {"gt": 1}}})") == "issues_with(contacts={gt: 1})");
  CHECK(text(R"j("sum(cost) / count(order)")j") == "sum(cost) / count(order)");
  CHECK(text(R"({"/": ["orders", "reach"]})") == "orders / reach");
  CHECK_THROWS_WITH(measure_from_json(parse_json(R"({"of": ["a"]})"), "kpis.x.measure"),
                    ContainsSubstring("kpis.x.measure has no measure, only 'of'"));
  CHECK_THROWS_WITH(check_measure(measure_from_json(parse_json(R"({"count": "a", "off": "b"})"))),
                    ContainsSubstring("count takes no 'off'"));
}

TEST_CASE("every formula of the library calls known measures", "[kpi]") {
  for (const kpi_definition& definition : kpi_library()) {
    CAPTURE(definition.id);
    CHECK_NOTHROW(check_measure(definition.measure));
    CHECK(parse_expression(to_text(definition.measure)) == definition.measure);
  }
  CHECK(kpi_library_table().rows() == kpi_library().size());
}

TEST_CASE("the concentration of amounts that textbooks give", "[kpi]") {
  CHECK(gini(std::vector<double>{1, 2, 3, 4, 5}).value == Approx(0.266667).margin(5e-7));
  std::vector<double> two(20, 400.0);
  two.resize(100, 25.0);
  CHECK(gini(two).value == Approx(0.6));
  CHECK(top_share(two, 0.2).value == Approx(0.8));
  const std::vector<double> ten{1200, 800, 300, 150, 120, 90, 80, 60, 50, 50};
  CHECK(top_share(ten, 0.2).value == Approx(0.689655).margin(5e-7));
  CHECK(gini(ten).value == Approx(0.587586).margin(5e-7));
  CHECK(fewest_for(ten, 0.8) == 4);
  CHECK(gini(std::vector<double>(7, 3.0)).value == 0.0);
  CHECK(std::isnan(gini(std::vector<double>{}).value));
  CHECK(std::isnan(top_share(std::vector<double>{0.0, 0.0}, 0.2).value));
  CHECK(fewest_for(std::vector<double>{}, 0.8) == 0);
  // A product that is whole but for rounding is whole: 0.07 · 100 is 7.000000000000001.
  CHECK(top_share(std::vector<double>(100, 1.0), 0.07).value == Approx(0.07));
}

TEST_CASE("intervals of concentration follow the derivative by each customer's weight", "[kpi]") {
  std::mt19937 random{5};
  std::lognormal_distribution<double> amount{3.0, 1.0};
  std::vector<double> amounts(40);
  std::generate(amounts.begin(), amounts.end(), [&] { return amount(random); });
  std::sort(amounts.begin(), amounts.end(), std::greater<>{});

  const estimate expected_gini = by_derivatives(amounts, [&](const std::vector<double>& weights) {
    double pairs = 0.0;
    double count = 0.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < amounts.size(); ++i) {
      count += weights[i];
      sum += weights[i] * amounts[i];
      for (std::size_t j = 0; j < amounts.size(); ++j) {
        pairs += weights[i] * weights[j] * std::abs(amounts[i] - amounts[j]);
      }
    }
    return pairs / (2.0 * count * sum);
  });
  const estimate found_gini = gini(amounts);
  CHECK(found_gini.value == Approx(expected_gini.value));
  CHECK(found_gini.lower == Approx(expected_gini.lower).epsilon(1e-6));
  CHECK(found_gini.upper == Approx(expected_gini.upper).epsilon(1e-6));

  // What the best 20 % of the weight has, the customer at the border in part.
  const estimate expected_top = by_derivatives(amounts, [&](const std::vector<double>& weights) {
    double count = 0.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < amounts.size(); ++i) {
      count += weights[i];
      sum += weights[i] * amounts[i];
    }
    double left = 0.2 * count;
    double top = 0.0;
    for (std::size_t i = 0; i < amounts.size() && left > 0.0; ++i) {
      top += (std::min)(left, weights[i]) * amounts[i];
      left -= weights[i];
    }
    return top / sum;
  });
  const estimate found_top = top_share(amounts, 0.2);
  CHECK(found_top.value == Approx(expected_top.value));
  // At the border the derivative has two sides; the limit lies between the two amounts there.
  CHECK(found_top.lower == Approx(expected_top.lower).epsilon(0.05));
  CHECK(found_top.upper == Approx(expected_top.upper).epsilon(0.05));
}

TEST_CASE("figures of the log of twelve customers", "[kpi]") {
  const journey_set journeys = make_journeys(test::log_of(test::webshop_events()), {.conversion = {"order"}});
  const table found = kpis(journeys, kpi_aggregates{}, {.select = {"conversion_rate", "cart_abandonment", "orders"}});
  CHECK(found.numbers("value")[0] == 0.5);
  CHECK(found.numbers("value")[1] == Approx(2.0 / 7.0));
  CHECK(found.numbers("lower")[1] == Approx(0.0822).margin(5e-5));
  CHECK(found.numbers("upper")[1] == Approx(0.6411).margin(5e-5));
  CHECK(found.numbers("value")[2] == 9.0);
  CHECK(found.integers("n")[2] == 6);
  CHECK_THROWS_WITH(kpis(journeys, kpi_aggregates{}, {.select = {"conversion"}}),
                    ContainsSubstring("no key figure 'conversion'"));
}

TEST_CASE("the figures of a map stand in the order of its phases, with their places and targets", "[kpi]") {
  const journey_map map = load_map(std::string(KLANTREIS_TEST_DATA) + "/journey-example.json");
  const std::vector<kpi_definition> found = kpi_definitions(map);
  const auto of = [&](const std::string& id) {
    const auto at = std::find_if(found.begin(), found.end(), [&](const auto& one) { return one.id == id; });
    REQUIRE(at != found.end());
    return *at;
  };
  CHECK(found.front().id == "impressions");
  CHECK(of("clicks").phase == "orientatie");
  CHECK(of("clicks").touchpoint == "search_click");
  CHECK(of("nps").target == 40.0);
  CHECK(of("impressions").from_aggregates);
  CHECK(of("aov").unit == "EUR");
  CHECK(of("cpc").direction == kpi_direction::down);
  CHECK(to_text(of("fcr").measure) == "fcr(touchpoint=contact, issue=issue_id, window=7d)");
}

TEST_CASE("a figure that nobody says how to measure is not measured", "[kpi]") {
  journey_map map = load_map(std::string(KLANTREIS_TEST_DATA) + "/journey-example.json");
  map.phases[1].kpis = {"happiness"};
  const std::vector<kpi_definition> found = kpi_definitions(map);
  REQUIRE(found.front().id == "happiness");
  const journey_set journeys = make_journeys(test::log_of(test::webshop_events()), {.conversion = {"order"}});
  const table figures = kpis(journeys, std::span{found.data(), 1});
  CHECK(figures.texts("status")[0] == "not measured");
  CHECK(figures.texts("note")[0] == "neither the map nor the library says how to measure it");
}
