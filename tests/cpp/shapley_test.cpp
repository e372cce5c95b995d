// SPDX-License-Identifier: MIT
// Shapley values against the average over all orders of joining, counted one by one.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/attribution.hpp"

using namespace klantreis;
using Catch::Matchers::WithinAbs;

namespace {

using coalition = std::set<std::string>;
using path_type = std::vector<std::string>;

struct row {
  path_type path;
  double conversions = 0.0;
  double nulls = 0.0;
  double value = 0.0;
};

path_table table_of(const std::vector<row>& rows) {
  path_table paths;
  for (const auto& r : rows) {
    paths.add(std::vector<std::string_view>(r.path.begin(), r.path.end()), r.conversions, r.nulls, r.value);
  }
  return paths;
}

std::map<std::string, double> by_name(const table& result, std::string_view column) {
  std::map<std::string, double> values;
  for (std::size_t i = 0; i < result.rows(); ++i) {
    values[result.texts("touchpoint")[i]] += result.numbers(column)[i];
  }
  return values;
}

double total(const table& result, std::string_view column) {
  return std::accumulate(result.numbers(column).begin(), result.numbers(column).end(), 0.0);
}

/// What each player adds, averaged over all orders.
std::map<std::string, double> values_over_orders(const coalition& players,
                                                 const std::function<double(const coalition&)>& worth) {
  std::vector<std::string> order(players.begin(), players.end());
  std::map<std::string, double> values;
  double orders = 0.0;
  do {
    coalition joined;
    double before = 0.0;
    for (const auto& player : order) {
      joined.insert(player);
      const double after = worth(joined);
      values[player] += after - before;
      before = after;
    }
    orders += 1.0;
  } while (std::next_permutation(order.begin(), order.end()));
  for (auto& [player, value] : values) {
    value /= orders;
  }
  return values;
}

struct set_outcomes {
  std::map<coalition, double> conversions;
  std::map<coalition, double> journeys;

  explicit set_outcomes(const std::vector<row>& rows) {
    for (const auto& r : rows) {
      const coalition touched(r.path.begin(), r.path.end());
      if (!touched.empty()) {
        conversions[touched] += r.conversions;
        journeys[touched] += r.conversions + r.nulls;
      }
    }
  }
  double rate(const coalition& touched) const {
    const auto known = journeys.find(touched);
    return known == journeys.end() || known->second == 0.0 ? 0.0 : conversions.at(touched) / known->second;
  }
  double over_subsets(const coalition& whole, const std::function<double(const coalition&)>& number) const {
    double sum = 0.0;
    for (const auto& [touched, count] : conversions) {
      if (std::includes(whole.begin(), whole.end(), touched.begin(), touched.end())) {
        sum += number(touched);
      }
    }
    return sum;
  }
};

std::vector<row> random_rows(std::mt19937& random) {
  const std::vector<std::string> names{"a", "b", "c", "d", "e"};
  std::vector<row> rows;
  for (int i = 0; i < 30; ++i) {
    row r;
    for (std::size_t length = 1 + random() % 6; length > 0; --length) {
      r.path.push_back(names[random() % names.size()]);
    }
    r.conversions = static_cast<double>(random() % 4);
    r.nulls = static_cast<double>(random() % 5);
    r.value = r.conversions * 2.5;
    rows.push_back(std::move(r));
  }
  rows.push_back({{}, 2, 1, 7.0});
  return rows;
}

}  // namespace

TEST_CASE("Shapley values of published games", "[shapley]") {
  // v(A)=10, B=20, C=30, AB=60, AC=50, BC=70, ABC=100.
  const std::vector<double> three{0, 10, 20, 60, 30, 50, 70, 100};
  const auto values = shapley_values(three);
  REQUIRE(values.size() == 3);
  CHECK_THAT(values[0], WithinAbs(70.0 / 3.0, 1e-12));
  CHECK_THAT(values[1], WithinAbs(115.0 / 3.0, 1e-12));
  CHECK_THAT(values[2], WithinAbs(115.0 / 3.0, 1e-12));
  // towardsdatascience.com 1a28d2e613a0: F, O, L.
  const auto shares = shapley_values(std::vector<double>{0, 0.2, 0.1, 0.47, 0.17, 0.67, 0.27, 1.0});
  CHECK_THAT(shares[0], WithinAbs(0.455, 1e-15));
  CHECK_THAT(shares[1], WithinAbs(0.205, 1e-15));
  CHECK_THAT(shares[2], WithinAbs(0.34, 1e-15));
  CHECK(shapley_values(std::vector<double>{3.0}).empty());
  CHECK(shapley_values(std::vector<double>{1.0, 4.0}) == std::vector<double>{3.0});
}

TEST_CASE("a game that cannot be played is refused", "[shapley]") {
  CHECK_THROWS_AS(shapley_values({}), input_error);
  CHECK_THROWS_AS(shapley_values(std::vector<double>{0, 1, 2}), input_error);
  CHECK_THROWS_AS(shapley_values(std::vector<double>{0, std::nan("")}), input_error);
  // Zeros from calloc take no memory as long as nobody reads them.
  constexpr std::size_t coalitions = std::size_t{1} << 26U;
  const std::unique_ptr<void, decltype(&std::free)> zeros{std::calloc(coalitions, sizeof(double)), &std::free};
  REQUIRE(zeros != nullptr);
  CHECK_THROWS_AS(shapley_values({static_cast<const double*>(zeros.get()), coalitions}), limit_error);
}

TEST_CASE("the sum game shares a conversion equally over the items of its journey", "[shapley]") {
  const auto paths = table_of({{{"A"}, 6, 1, 12}, {{"B", "A", "B"}, 6, 0, 6}, {{"A", "B", "C"}, 3, 4, 9}});
  const auto result = attribute(paths, shapley{});
  CHECK(by_name(result, "credit") == std::map<std::string, double>{{"A", 10}, {"B", 4}, {"C", 1}});
  CHECK(by_name(result, "credit_value") == std::map<std::string, double>{{"A", 18}, {"B", 6}, {"C", 3}});
  CHECK(result.texts("model")[0] == "shapley_sum");
  CHECK(result.numbers("credit_lower")[0] < 10.0);
  CHECK(result.numbers("credit_upper")[0] > 10.0);
}

TEST_CASE("credits of the three games equal the average over all orders of joining", "[shapley]") {
  std::mt19937 random(7);
  const coalition everyone{"a", "b", "c", "d", "e"};
  for (int round = 0; round < 20; ++round) {
    const auto rows = random_rows(random);
    const set_outcomes outcomes(rows);
    const auto paths = table_of(rows);
    const double converted =
        outcomes.over_subsets(everyone, [&](const coalition& touched) { return outcomes.conversions.at(touched); });

    const auto sum = by_name(attribute(paths, shapley{}), "credit");
    for (const auto& [item, value] : values_over_orders(everyone, [&](const coalition& joined) {
           return outcomes.over_subsets(joined, [&](const coalition& t) { return outcomes.conversions.at(t); });
         })) {
      CHECK_THAT(sum.at(item), WithinAbs(value, 1e-10));
    }

    const auto subsets = by_name(attribute(paths, shapley{.game = shapley_game::subset_rate}), "credit");
    const auto rates = values_over_orders(everyone, [&](const coalition& joined) {
      return outcomes.over_subsets(joined, [&](const coalition& t) { return outcomes.rate(t); });
    });
    double worth = 0.0;
    for (const auto& [item, value] : rates) {
      worth += value;
    }
    for (const auto& [item, value] : rates) {
      CHECK_THAT(subsets.at(item), WithinAbs(value / worth * converted, 1e-10));
    }

    const auto exact = by_name(attribute(paths, shapley{.game = shapley_game::exact_set}), "credit");
    std::map<std::string, double> expected;
    for (const auto& [players, conversions] : outcomes.conversions) {
      if (conversions > 0.0) {
        for (const auto& [item, value] :
             values_over_orders(players, [&](const coalition& joined) { return outcomes.rate(joined); })) {
          expected[item] += value / outcomes.rate(players) * conversions;
        }
      }
    }
    for (const auto& [item, value] : expected) {
      CHECK_THAT(exact.at(item), WithinAbs(value, 1e-10));
    }
  }
}

TEST_CASE("the games of rates add up, have no bounds and no value", "[shapley]") {
  const auto paths = table_of({{{"a"}, 3, 1, 9}, {{"b", "a"}, 1, 9, 3}, {{"lost"}, 0, 4}, {{}, 2, 1, 5}});
  for (const shapley_game game : {shapley_game::exact_set, shapley_game::subset_rate}) {
    const auto result = attribute(paths, shapley{.game = game});
    CHECK_THAT(total(result, "credit"), WithinAbs(6.0, 1e-12));
    CHECK_THAT(total(result, "share"), WithinAbs(1.0, 1e-12));
    CHECK(by_name(result, "credit").at("(unattributed)") == 2.0);
    CHECK(by_name(result, "credit").at("lost") == 0.0);
    CHECK(std::isnan(result.numbers("credit_lower")[0]));
    CHECK(std::isnan(result.numbers("share_upper")[0]));
    CHECK(!result.contains("credit_value"));
    CHECK(result.definition().find("No intervals") != std::string::npos);
    CHECK(result.texts("model")[0] == "shapley_" + std::string(to_text(game)));
    CHECK(attribute(path_table{}, shapley{.game = game}).rows() == 0);
    const auto none = attribute(table_of({{{"a"}, 0, 3}}), shapley{.game = game});
    CHECK(none.numbers("credit")[0] == 0.0);
    CHECK(std::isnan(none.numbers("share")[0]));
  }
  // b only came where conversions were rarer than without it.
  CHECK(by_name(attribute(paths, shapley{.game = shapley_game::exact_set}), "credit").at("b") < 0.0);
}

TEST_CASE("more items than bits in a word", "[shapley]") {
  std::vector<row> rows;
  row everything{{}, 2, 2};
  for (int i = 0; i < 130; ++i) {
    rows.push_back({{"item " + std::to_string(i)}, 1, static_cast<double>(i % 3)});
    everything.path.push_back("item " + std::to_string(i));
  }
  rows.push_back(everything);
  for (const shapley_game game : {shapley_game::sum, shapley_game::exact_set, shapley_game::subset_rate}) {
    CHECK_THAT(total(attribute(table_of(rows), shapley{.game = game}), "credit"), WithinAbs(132.0, 1e-10));
  }
  // Of a journey with all items, those whose own rate is highest have most; equal rates have equal parts.
  const auto credit = by_name(attribute(table_of(rows), shapley{.game = shapley_game::exact_set}), "credit");
  CHECK_THAT(credit.at("item 0"), WithinAbs(credit.at("item 129"), 1e-10));
  CHECK(credit.at("item 0") > credit.at("item 2"));
}

TEST_CASE("results of the exact-set game do not depend on the number of threads", "[shapley]") {
  std::mt19937 random(3);
  std::vector<row> rows;
  for (int i = 0; i < 9000; ++i) {
    row r{{}, 1.0 + static_cast<double>(random() % 5), static_cast<double>(random() % 7)};
    for (int item = 0; item < 14; ++item) {
      if (random() % 2 == 0) {
        r.path.push_back("i" + std::to_string(item));
      }
    }
    rows.push_back(std::move(r));
  }
  const auto paths = table_of(rows);
  const shapley game{.game = shapley_game::exact_set};
  const auto one = attribute(paths, game, {.threads = 1});
  CHECK(one.numbers("credit") == attribute(paths, game, {.threads = 3}).numbers("credit"));
  CHECK_THAT(total(one, "credit"), WithinAbs(paths.total_conversions(), 1e-7));
}

TEST_CASE("positions share the credit of an item", "[shapley]") {
  const auto paths = table_of({{{"a", "b", "a"}, 4, 1, 8}, {{"b"}, 1, 0, 3}, {{"c"}, 0, 2}, {{}, 2, 0, 5}});
  const auto result = shapley_positions(paths);
  CHECK(result.texts("touchpoint") == std::vector<std::string>{"a", "b", "b", "a", "(unattributed)"});
  CHECK(std::get<std::vector<std::int64_t>>(result.columns()[1].data) == std::vector<std::int64_t>{1, 1, 2, 3, 0});
  CHECK(result.numbers("credit") == std::vector<double>{1, 1, 2, 1, 2});
  CHECK(result.numbers("credit_value") == std::vector<double>{2, 3, 4, 2, 5});
  auto sums = by_name(attribute(paths, shapley{}), "credit");
  sums.erase("c");
  CHECK(by_name(result, "credit") == sums);
}

TEST_CASE("games are called by their names", "[shapley]") {
  for (const std::string_view name : {"sum", "exact_set", "subset_rate"}) {
    CHECK(to_text(to_shapley_game(name)) == name);
  }
  CHECK_THROWS_AS(to_shapley_game("chess"), input_error);
}
