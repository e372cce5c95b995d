// SPDX-License-Identifier: MIT
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/attribution.hpp"

using namespace klantreis;
using Catch::Matchers::WithinAbs;

namespace {

path_table sample() {
  path_table paths;
  const auto add = [&paths](const std::vector<std::string_view>& path, double conversions, double nulls) {
    paths.add(path, conversions, nulls, 10.0 * conversions);
  };
  add({"a", "b"}, 10, 30);
  add({"a"}, 5, 60);
  add({"b", "a", "b"}, 6, 8);
  add({"c", "b"}, 3, 9);
  add({"c"}, 1, 25);
  return paths;
}

std::map<std::string, double> sums(const table& rows, std::string_view by, std::string_view column) {
  std::map<std::string, double> result;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    result[rows.texts(by)[row]] += rows.numbers(column)[row];
  }
  return result;
}

}  // namespace

TEST_CASE("allocated credit adds up to the items, normalised credit to the paths", "[attribution]") {
  const path_table paths = sample();
  const table credit = attribute(paths);
  const auto by_item = sums(credit, "touchpoint", "credit");
  for (const auto& [item, sum] : sums(credit_rows(paths), "touchpoint", "credit")) {
    CHECK_THAT(sum, WithinAbs(by_item.at(item), 1e-12));
  }
  const auto by_path = sums(credit_rows(paths, markov_model{}, row_credit::normalised), "path", "credit_value");
  CHECK_THAT(by_path.at("a > b"), WithinAbs(100.0, 1e-12));
  CHECK_THAT(by_path.at("b > a > b"), WithinAbs(60.0, 1e-12));
  CHECK_THROWS_AS(credit_rows(paths, time_decay{}), input_error);
  CHECK_THROWS_AS(to_row_credit("both"), input_error);
}

TEST_CASE("a function of one's own splits by place", "[attribution]") {
  const custom_weights first_only{.weights = [](std::size_t touches) {
    std::vector<double> weights(touches, 0.0);
    weights.front() = 1.0;
    return weights;
  }};
  const path_table paths = sample();
  CHECK(attribute(paths, first_only).numbers("credit") == attribute(paths, first_touch{}).numbers("credit"));
}

TEST_CASE("customers are drawn by their key, the same everywhere", "[attribution]") {
  CHECK(bootstrap_weight(customer_key("u1"), 0, 0) == 2);
  CHECK(bootstrap_weight(customer_key("u1"), 0, 199) == 0);
  CHECK(bootstrap_weight(customer_key("k01"), 0, 0) == 3);
  CHECK(bootstrap_weight(customer_key("klant-\xC3\xA9"), 0, 1) == 2);
  CHECK(bootstrap_weight(customer_key("u1"), 1, 1) == 2);
}

TEST_CASE("drawn path tables have the same number of journeys", "[attribution]") {
  const path_table paths = sample();
  const path_table drawn = resample_paths(paths, 3, 7);
  const double journeys = paths.total_conversions() + paths.total_nulls();
  CHECK_THAT(drawn.total_conversions() + drawn.total_nulls(), WithinAbs(journeys, 1e-9));
  CHECK(drawn.total_conversions() != paths.total_conversions());
  const table one = attribute_by_bootstrap(paths, markov_model{}, {.threads = 1}, {.replicates = 60});
  const table other = attribute_by_bootstrap(paths, markov_model{}, {.threads = 4}, {.replicates = 60});
  CHECK(one.numbers("credit_lower") == other.numbers("credit_lower"));
  CHECK(one.numbers("rank")[0] == 1.0);
  CHECK_THROWS_AS(attribute_by_bootstrap(paths, markov_model{}, {}, {.replicates = 1}), input_error);
}

TEST_CASE("what a model learned shares out other conversions", "[attribution]") {
  path_table other;
  const std::vector<std::string_view> path{"b", "new"};
  other.add(path, 4, 0);
  const table found = apply_model(sample(), other, markov_model{});
  CHECK(found.texts("touchpoint") == std::vector<std::string>{"b", "new"});
  CHECK(found.numbers("credit") == std::vector<double>{4.0, 0.0});
  const table scores = score_paths(sample(), other, markov_model{});
  CHECK(scores.numbers("conversion_later")[0] > 0.0);
}

TEST_CASE("models that know the cause have more skill", "[attribution]") {
  path_table paths;
  const std::vector<std::string_view> won{"a", "b"};
  const std::vector<std::string_view> lost{"b", "a"};
  paths.add(won, 90, 10);
  paths.add(lost, 10, 90);
  const std::vector<named_model> models{{"by the last item", markov_model{}}, {"by the set", logistic{}}};
  const table skill = model_skill(paths, models);
  CHECK(skill.numbers("skill")[0] > 0.4);
  CHECK(skill.numbers("skill")[1] < 0.02);
  CHECK(skill.numbers("difference")[0] == 0.0);
  CHECK(skill.numbers("difference_upper")[1] < 0.0);
  CHECK(skill.texts("predictor") == std::vector<std::string>{"own", "own"});
  CHECK_THROWS_AS(model_skill(paths, {}), input_error);
}
