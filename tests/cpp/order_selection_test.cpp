// SPDX-License-Identifier: MIT
#include "klantreis/markov/order_selection.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "klantreis/markov/path_simulation.hpp"

using namespace klantreis;
using Catch::Matchers::WithinAbs;

namespace {

path_table letters(const std::vector<std::string>& sequences) {
  path_table paths;
  for (const std::string& sequence : sequences) {
    std::vector<std::string_view> items;
    for (std::size_t i = 0; i < sequence.size(); ++i) {
      items.push_back(std::string_view{sequence}.substr(i, 1));
    }
    paths.add(items, 1, 0);
  }
  return paths;
}

}  // namespace

// Singer and others 2014; the figures were computed by an independent program.
TEST_CASE("criteria of an order are those of the sequences at places with a whole context", "[markov]") {
  const auto found = order_criteria(letters({"AABBAABBAABB", "ABABABAB", "AAAABBBB", "BBAABBAA", "ABBAABBA"}), 3);
  const std::vector<double> expected{-19.945818, -19.924563, -16.682441, -4.089662};
  for (std::size_t k = 0; k < expected.size(); ++k) {
    CHECK_THAT(found.numbers("log_likelihood")[k], WithinAbs(expected[k], 1e-6));
  }
  CHECK(found.numbers("parameters") == std::vector<double>{1, 2, 4, 8});
  CHECK_THAT(found.numbers("lr_p")[3], WithinAbs(4.617e-5, 1e-8));
  CHECK_THROWS_AS(order_criteria(letters({"AB"}), 3), input_error);
}

TEST_CASE("the recommended order has the smallest loss of journeys held out", "[markov]") {
  path_table paths;
  for (const auto& [first, won, lost] : {std::tuple{"a", 80, 5}, std::tuple{"c", 5, 80}}) {
    const std::vector<std::string_view> items{first, "b"};
    paths.add(items, won, lost);
  }
  const auto found = select_order(paths, {.max_order = 3});
  const auto& loss = found.numbers("loss");
  const auto best = static_cast<std::size_t>(std::min_element(loss.begin(), loss.end()) - loss.begin());
  CHECK(best >= 2);
  CHECK(std::get<std::vector<bool>>(found.at("recommended").data)[best]);
  CHECK(found.numbers("difference")[best] == 0.0);
  CHECK(found.numbers("auc")[2] > 0.9);
  CHECK_THROWS_AS(select_order(paths, {.folds = 1}), input_error);
  CHECK_THROWS_AS(select_order(path_table{}), input_error);
  CHECK_THROWS_AS(select_order(paths, {.max_order = 21}), limit_error);
}

TEST_CASE("drawn journeys are paths of the chain with its rate of conversion", "[markov]") {
  path_table paths;
  const std::vector<std::string_view> long_path{"a", "a", "b"};
  const std::vector<std::string_view> short_path{"b"};
  paths.add(long_path, 3, 1, 60.0);
  paths.add(short_path, 1, 3, 5.0);
  const auto drawn = simulate_paths(make_order_chain(paths, {.order = 3}), {.journeys = 4000, .seed = 9});
  CHECK(drawn.size() == 2);
  CHECK_THAT(drawn.total_conversions() / 4000.0, WithinAbs(0.5, 0.04));
  CHECK_THAT(drawn.total_value() / drawn.total_conversions(), WithinAbs(65.0 / 4.0, 1.0));
  CHECK_THROWS_AS(simulate_paths(make_order_chain(path_table{})), input_error);
}
