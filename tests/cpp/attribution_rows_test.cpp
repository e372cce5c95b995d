// SPDX-License-Identifier: MIT
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "cpp/support/small_log.hpp"
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

TEST_CASE("each touch earns what a plain loop over the journeys gives it, on any number of threads", "[attribution]") {
  std::mt19937 random{17};
  std::vector<test::event> events;
  for (std::size_t customer = 0; customer < 20'000; ++customer) {
    std::int64_t now = 0;
    for (std::size_t i = 0, size = 1 + random() % 6; i < size; ++i) {
      now += static_cast<std::int64_t>(random() % 5);
      events.push_back({std::to_string(customer), now, std::string(1, static_cast<char>('a' + random() % 4))});
    }
  }
  const std::vector<attribution_model> models{first_touch{}, linear{},
                                              time_decay{.half_life = std::chrono::seconds{3}}};
  for (const std::int64_t lookback : {0, 2, 6}) {
    const journey_set journeys =
        make_journeys(test::log_of(events), {.conversion = {"a"}, .inactivity = std::chrono::seconds{7}});
    attribution_options options{.threads = 1};
    if (lookback != 0) {
      options.lookback = std::chrono::seconds{lookback};
    }
    const touch_credit_rows found = touch_credits(journeys, models, options);
    std::size_t row = 0;
    const auto times = journeys.log().times();
    for (std::size_t j = 0; j < journeys.size(); ++j) {
      const journey piece = journeys[j];
      std::vector<std::uint64_t> touches;
      for (std::uint64_t event = piece.begin; piece.is_conversion() && event < piece.path_end; ++event) {
        if (lookback == 0 || times[piece.end - 1] - times[event] <= lookback * 1'000'000) {
          touches.push_back(event);
        }
      }
      double decay = 0.0;
      const auto weight = [&](std::uint64_t event) {
        return std::exp2(-static_cast<double>(times[touches.back()] - times[event]) / 3e6);
      };
      for (const std::uint64_t event : touches) {
        decay += weight(event);
      }
      for (const std::uint64_t event : touches) {
        REQUIRE(row < found.events.size());
        REQUIRE((found.journeys[row] == j && found.events[row] == event));
        CHECK(found.parts[0][row] == (event == touches.front() ? 1.0 : 0.0));
        CHECK(found.parts[1][row] == 1.0 / static_cast<double>(touches.size()));
        CHECK_THAT(found.parts[2][row], WithinAbs(weight(event) / decay, 1e-14));
        ++row;
      }
    }
    CHECK(row == found.events.size());
    CHECK(row > 5000);
    CHECK(found.worth.empty());
    options.threads = 3;
    const touch_credit_rows parallel = touch_credits(journeys, models, options);
    CHECK((parallel.journeys == found.journeys && parallel.events == found.events && parallel.parts == found.parts));
    // A limit that no journey reaches changes nothing, but the touches are read one by one.
    options.lookback_touches = 100;
    const touch_credit_rows read = touch_credits(journeys, models, options);
    CHECK((read.journeys == found.journeys && read.events == found.events && read.parts == found.parts));
  }
}
