// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <random>

#include "cpp/support/small_log.hpp"
#include "klantreis/compare.hpp"
#include "klantreis/patterns.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using test::event;

namespace {

using texts = std::vector<std::string>;
using integers = std::vector<std::int64_t>;

journey_set random_journeys(unsigned seed, std::size_t customers) {
  std::mt19937 random{seed};
  std::vector<event> events;
  for (std::size_t customer = 0; customer < customers; ++customer) {
    std::int64_t now = 0;
    for (auto left = 1 + random() % 12; left > 0; --left) {
      now += static_cast<std::int64_t>(1 + random() % 100);
      events.push_back({"u" + std::to_string(customer), now, std::string(1, "aaabbcd!"[random() % 8])});
    }
  }
  return make_journeys(test::log_of(events), {.conversion = {"!"}});
}

}  // namespace

TEST_CASE("sequences without gaps are the n-grams that are counted one by one") {
  const journey_set journeys = random_journeys(1, 300);
  const table found = ngrams(journeys, {.min_support = 0.0, .min_length = 3, .max_length = 3});
  std::map<std::string, std::uint64_t> shown;
  for (std::size_t row = 0; row < found.rows(); ++row) {
    shown[found.texts("sequence")[row]] = static_cast<std::uint64_t>(found.integers("count")[row]);
  }
  const ngram_counts counts = count_ngrams(journeys, {.length = 3});
  REQUIRE(shown.size() == counts.size());
  for (std::size_t index = 0; index < counts.size(); ++index) {
    CHECK(shown.at(join_path(counts.names(), counts.items(index))) == counts.occurrences()[index]);
  }
}

TEST_CASE("a later match may keep within the time where the first does not") {
  const journey_set journeys =
      make_journeys(test::log_of({{"u", 0, "a"}, {"u", 100, "a"}, {"u", 101, "b"}, {"v", 0, "a"}, {"v", 100, "b"}}));
  const auto supports = [&](const mining_options& options) {
    const table found = frequent_sequences(journeys, options);
    const auto& names = found.texts("sequence");
    const auto place = std::find(names.begin(), names.end(), "a > b");
    return place == names.end() ? 0 : found.integers("journeys")[static_cast<std::size_t>(place - names.begin())];
  };
  CHECK(supports({.min_support = 0.0}) == 2);
  CHECK(supports({.min_support = 0.0, .within = 1s}) == 1);
  CHECK(supports({.min_support = 0.0, .max_gap_time = 1s}) == 1);
  CHECK(supports({.min_support = 0.0, .max_gap = 0}) == 2);
  CHECK_THROWS_WITH(supports({.min_length = 0}), ContainsSubstring("min_length is at least 1"));
}

TEST_CASE("the branches of a tree add up to their parents, pruned or not") {
  const journey_set journeys = random_journeys(2, 500);
  for (const double least : {0.0, 0.02, 0.5}) {
    const table tree = path_tree(journeys, {.at = "b", .before = 3, .after = 3, .min_share = least});
    const integers& parents = tree.integers("parent");
    const integers& steps = tree.integers("step");
    std::map<std::pair<std::int64_t, bool>, std::int64_t> sums;
    for (std::size_t row = 1; row < tree.rows(); ++row) {
      sums[{parents[row], steps[row] > 0}] += tree.integers("count")[row];
    }
    REQUIRE(!sums.empty());
    for (const auto& [node, sum] : sums) {
      CHECK(sum == tree.integers("count")[static_cast<std::size_t>(node.first)]);
    }
  }
}

TEST_CASE("equal groups of customers do not differ") {
  const journey_set journeys = random_journeys(3, 400);
  const journey_group all = select_journeys(journeys, "all");
  const table steps = compare_steps(all, all, {.before = 0, .after = 3});
  for (std::size_t row = 0; row < steps.rows(); ++row) {
    CHECK(steps.numbers("difference")[row] == 0.0);
    CHECK(steps.numbers("first")[row] == steps.numbers("second")[row]);
  }
  const table sequences = compare_sequences(all, all, {.max_length = 2});
  CHECK(sequences.rows() > 5);
  for (const double change : sequences.numbers("difference")) {
    CHECK(change == 0.0);
  }
}

TEST_CASE("what goes round in a circle has few new sequences and many steps back") {
  const journey_set journeys = make_journeys(
      test::log_of({{"u", 1, "a"}, {"u", 2, "b"}, {"u", 3, "a"}, {"u", 4, "b"}, {"u", 5, "a"}, {"v", 1, "a"}}));
  const table found = complexity(journeys, {.alphabet = 4});
  REQUIRE(found.texts("customer") == texts{"u", "v"});
  CHECK(found.integers("back_steps") == integers{3, 0});
  CHECK(std::exp2(found.numbers("log2_subsequences")[0]) == Approx(20));  // 1, 2, 4, 7, 12, 20
  CHECK(found.numbers("turbulence")[1] == 1.0);
}
