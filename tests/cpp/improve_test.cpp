// SPDX-License-Identifier: MIT
#include "klantreis/improve.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cpp/support/chains.hpp"
#include "cpp/support/small_log.hpp"
#include "klantreis/statistics.hpp"

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

using texts = std::vector<std::string>;
using edge = std::pair<std::string, std::string>;

struct route {
  texts items;
  double conversions = 0.0;
  double nulls = 0.0;
  double value = 0.0;
};

path_table table_of(const std::vector<route>& routes) {
  path_table paths;
  for (const route& one : routes) {
    const std::vector<std::string_view> items(one.items.begin(), one.items.end());
    paths.add(items, one.conversions, one.nulls, one.value);
  }
  return paths;
}

std::map<edge, double> by_edge(const table& result, std::string_view column) {
  std::map<edge, double> values;
  for (std::size_t row = 0; row < result.rows(); ++row) {
    values[{result.texts("from")[row], result.texts("to")[row]}] = result.numbers(column)[row];
  }
  return values;
}

std::map<std::string, double> by_item(const table& result, std::string_view column) {
  std::map<std::string, double> values;
  for (std::size_t row = 0; row < result.rows(); ++row) {
    values[result.texts("touchpoint")[row]] = result.numbers(column)[row];
  }
  return values;
}

/// Routes with exactly the probabilities of a chain in tenths, which is entered at its first state.
///
/// Expected visits are multiples of 1 / det, so 1 / det entries, in units of 10⁻⁴, make every count whole; a walk over
/// the counts as edges, cut where it comes back to the start, takes each of them once.
path_table routes_of_chain(const texts& names, std::vector<std::array<int, 6>> tenths) {
  const std::size_t n = names.size();
  std::vector<std::vector<double>> a(n, std::vector<double>(n + 1, 0.0));
  double determinant = 1.0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      a[i][j] = (i == j ? 10.0 : 0.0) - tenths[j][i];
    }
    a[i][n] = i == 0 ? 10.0 : 0.0;
  }
  for (std::size_t k = 0; k < n; ++k) {
    determinant *= a[k][k];
    for (std::size_t i = 0; i < n; ++i) {
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; i != k && j <= n; ++j) {
        a[i][j] -= factor * a[k][j];
      }
    }
  }
  const long journeys = std::lround(determinant);
  std::vector<std::vector<std::size_t>> left(n + 3);  // states, purchase, exit, start
  for (std::size_t i = 0; i < n; ++i) {
    const double visits = a[i][n] / a[i][i] * static_cast<double>(journeys);
    for (std::size_t j = 0; j < n + 2; ++j) {
      const long count = std::lround(visits * tenths[i][j] / 10.0);
      CHECK_THAT(static_cast<double>(count), WithinAbs(visits * tenths[i][j] / 10.0, 1e-6));
      left[i].insert(left[i].end(), static_cast<std::size_t>(count), j);
      if (j >= n) {
        left[j].insert(left[j].end(), static_cast<std::size_t>(count), n + 2);
      }
    }
  }
  left[n + 2].assign(static_cast<std::size_t>(journeys), 0);
  std::vector<std::size_t> stack{n + 2};
  std::vector<std::size_t> circuit;
  while (!stack.empty()) {
    auto& next = left[stack.back()];
    if (next.empty()) {
      circuit.push_back(stack.back());
      stack.pop_back();
    } else {
      stack.push_back(next.back());
      next.pop_back();
    }
  }
  std::vector<route> routes;
  for (std::size_t at = circuit.size() - 1; at-- > 0;) {
    const std::size_t state = circuit[at];
    if (circuit[at + 1] == n + 2) {
      routes.emplace_back();
    }
    if (state < n) {
      routes.back().items.push_back(names[state]);
    } else if (state != n + 2) {
      (state == n ? routes.back().conversions : routes.back().nulls) = 1.0;
    }
  }
  return table_of(routes);
}

path_table webshop_chain_paths() {
  return routes_of_chain({"awareness", "consideration", "cart", "checkout"},
                         {{1, 4, 0, 0, 0, 5}, {1, 3, 2, 0, 0, 4}, {0, 2, 1, 4, 0, 3}, {0, 0, 1, 0, 7, 2}});
}

journey_set webshop(after_conversion after = after_conversion::stop) {
  return make_journeys(test::log_of(test::webshop_events()),
                       {.conversion = {"order"},
                        .after = after,
                        .inactivity = std::chrono::days{30},
                        .observed_until = instant{std::chrono::sys_days{std::chrono::year{2024} / 4 / 30}}});
}

/// Random routes; every item converts now and then, so that the chain has no dead end.
std::vector<route> random_routes(std::mt19937& random, std::size_t items) {
  std::vector<route> routes;
  for (std::size_t i = 0; i < 12 + items; ++i) {
    route one;
    const std::size_t length = random() % 6;
    for (std::size_t k = 0; k < length; ++k) {
      one.items.push_back("t" + std::to_string(random() % items));
    }
    one.conversions = static_cast<double>(random() % 3);
    one.nulls = static_cast<double>(1 + random() % 3);
    one.value = one.conversions * static_cast<double>(random() % 50);
    routes.push_back(std::move(one));
  }
  routes.push_back({{"t0"}, 1.0, 1.0, 10.0});
  return routes;
}

}  // namespace

TEST_CASE("gains, sensitivities and elasticities of the webshop are those of the worked example", "[improve]") {
  const path_table paths = webshop_chain_paths();
  const table large = improve(paths, {.amount = 0.1, .intervals = false});
  const table small = improve(paths, {.intervals = false});
  const double base = what_if(paths, {}).numbers("conversion_rate")[0];
  CHECK_THAT(base, WithinAbs(.047518, 5e-7));
  const struct {
    const char* from;
    const char* to;
    double sensitivity, elasticity, after;
  } rows[] = {{"consideration", "cart", .255735, .934981, .0741067},
              {"awareness", "consideration", .127464, .993495, .0605013},
              {"cart", "checkout", .124742, .915712, .0601504},
              {"checkout", "(conversion)", .067883, .883185, .0543063}};
  for (std::size_t k = 0; k < 4; ++k) {
    INFO(rows[k].from);
    const edge at{rows[k].from, rows[k].to};
    if (k < 3) {
      CHECK(edge{large.texts("from")[k], large.texts("to")[k]} == at);
    }
    CHECK_THAT(base + by_edge(large, "gain").at(at), WithinAbs(rows[k].after, 5e-8));
    CHECK_THAT(by_edge(small, "sensitivity").at(at), WithinAbs(rows[k].sensitivity, 1e-6));
    CHECK_THAT(by_edge(small, "elasticity").at(at), WithinAbs(rows[k].elasticity, 1e-6));
  }
  CHECK(large.texts("marks")[0].empty());
  CHECK_THAT(by_edge(small, "elasticity").at({"cart", "consideration"}), WithinAbs(-.217437, 1e-6));
  CHECK_THAT(by_edge(small, "sensitivity").at({"cart", "cart"}), WithinAbs(.059473, 1e-6));
  // All transitions are there but those to (null), the start among them, where nobody leaves.
  CHECK(large.rows() == 11);
  CHECK(large.texts("from").back() == "(start)");
  CHECK(large.texts("marks").back() == "capped");
  CHECK(large.numbers("gain").back() == 0.0);
}

TEST_CASE("the log of the webshop gains where the worked example says", "[improve]") {
  const table found = improve(webshop());
  const struct {
    const char* from;
    const char* to;
    double per_point;
  } rows[] = {{"checkout_start", "(conversion)", .005833},
              {"product_view", "add_to_cart", .005631},
              {"add_to_cart", "checkout_start", .005405},
              {"product_view", "review_view", .004223}};
  const auto gain = by_edge(found, "gain");
  const auto sensitivity = by_edge(found, "sensitivity");
  for (const auto& row : rows) {
    INFO(row.from << " to " << row.to);
    const edge at{row.from, row.to};
    CHECK_THAT(0.01 * sensitivity.at(at), WithinAbs(row.per_point, 5e-7));
    // A whole point brings a little more where those who are kept can come back.
    const auto moved = what_if(webshop(), {{.item = row.from, .to = row.to}});
    CHECK_THAT(gain.at(at), WithinAbs(moved.numbers("change")[1], 1e-14));
    CHECK(gain.at(at) >= 0.01 * sensitivity.at(at) * (1 - 1e-12));
  }
  CHECK_THAT(by_edge(found, "conversions").at({"checkout_start", "(conversion)"}), WithinAbs(12 * .0058333333, 1e-8));
  CHECK(found.texts("from")[0] == "checkout_start");
  CHECK(std::is_sorted(found.numbers("gain").rbegin(), found.numbers("gain").rend()));
  for (std::size_t row = 0; row < found.rows(); ++row) {
    CHECK(found.numbers("lower")[row] <= found.numbers("gain")[row]);
    CHECK(found.numbers("gain")[row] <= found.numbers("upper")[row]);
    CHECK(found.numbers("reach")[row] == static_cast<double>(found.integers("n")[row]) / 12.0);
    CHECK_THAT(found.texts("marks")[row], ContainsSubstring("few_customers"));
  }
}

TEST_CASE("gains are those of the changed chain", "[improve]") {
  std::mt19937 random(5);
  for (int round = 0; round < 10; ++round) {
    const path_table paths = table_of(random_routes(random, 2 + random() % 6));
    for (const double amount : {1e-6, 0.05, 1.0}) {
      const table found = improve(paths, {.amount = amount, .intervals = false});
      for (std::size_t row = 0; row < found.rows(); ++row) {
        const journey_edit edit{.item = found.texts("from")[row], .to = found.texts("to")[row], .amount = amount};
        const bool capped = found.texts("marks")[row].find("capped") != std::string::npos;
        if (std::isnan(found.numbers("gain")[row])) {
          CHECK_THROWS_AS(what_if(paths, {edit}), input_error);
          continue;
        }
        const table after = what_if(paths, {edit});
        REQUIRE_THAT(after.numbers("change")[1], WithinAbs(found.numbers("gain")[row], 1e-12));
        REQUIRE(after.texts("marks")[1] == (capped ? "capped" : ""));
        if (!capped && amount < 1e-5) {
          REQUIRE_THAT(found.numbers("gain")[row] / amount, WithinAbs(found.numbers("sensitivity")[row], 1e-4));
        }
      }
    }
  }
}

TEST_CASE("intervals of gains and removal effects are those of numerical derivatives by journeys", "[improve]") {
  std::mt19937 random(11);
  for (int round = 0; round < 6; ++round) {
    std::vector<route> routes = random_routes(random, 2 + random() % 4);
    for (const double amount : {0.02, 0.4}) {
      const auto numbers = [&](const std::vector<route>& changed) {
        const path_table paths = table_of(changed);
        auto values = by_edge(improve(paths, {.amount = amount, .intervals = false}), "gain");
        for (const auto& [item, effect] : by_item(make_or_break(paths, {.intervals = false}), "removal_effect")) {
          values[{item, ""}] = effect;
        }
        return values;
      };
      std::map<edge, influence_sum> sums;
      double journeys = 0.0;
      for (route& one : routes) {
        for (double route::*kind : {&route::conversions, &route::nulls}) {
          const double times = one.*kind;
          if (times == 0.0) {
            continue;
          }
          journeys += times;
          constexpr double h = 1e-4;
          one.*kind = times + h;
          const auto above = numbers(routes);
          one.*kind = times - h;
          const auto below = numbers(routes);
          one.*kind = times;
          for (const auto& [at, value] : above) {
            const double psi = (value - below.at(at)) / (2 * h);
            sums[at] += influence_sum{times, times * psi, times * psi * psi, times * std::pow(psi, 4)};
          }
        }
      }
      const path_table paths = table_of(routes);
      const table gains = improve(paths, {.amount = amount});
      for (std::size_t row = 0; row < gains.rows(); ++row) {
        const double gain = gains.numbers("gain")[row];
        const influence_sum& sum = sums.at({gains.texts("from")[row], gains.texts("to")[row]});
        INFO(gains.texts("from")[row] << " to " << gains.texts("to")[row] << ' ' << gains.texts("marks")[row]);
        if (gain > 0.0 && gains.texts("marks")[row].find("boundary") == std::string::npos) {
          const estimate expected = sum.log_interval(gain);
          CHECK_THAT(gains.numbers("lower")[row], WithinRel(expected.lower, 1e-5));
          CHECK_THAT(gains.numbers("upper")[row], WithinRel(expected.upper, 1e-5));
        }
      }
      const table removal = make_or_break(paths);
      for (std::size_t row = 0; row < removal.rows(); ++row) {
        const double effect = removal.numbers("removal_effect")[row];
        if (effect > 0.0 && effect < 1.0) {
          const estimate expected = sums.at({removal.texts("touchpoint")[row], ""}).prob_interval(effect, journeys);
          CHECK_THAT(removal.numbers("lower")[row], WithinAbs(expected.lower, 1e-6));
          CHECK_THAT(removal.numbers("upper")[row], WithinAbs(expected.upper, 1e-6));
        }
      }
    }
  }
}

TEST_CASE("the number of threads changes nothing", "[improve]") {
  const journey_set journeys = webshop();
  const table one = improve(journeys, {.threads = 1});
  const table three = improve(journeys, {.threads = 3});
  CHECK(one.numbers("lower") == three.numbers("lower"));
  CHECK(make_or_break(journeys, {.threads = 1}).numbers("upper") ==
        make_or_break(journeys, {.threads = 3}).numbers("upper"));
}

TEST_CASE("dominators make or break a conversion", "[improve]") {
  const table loops = make_or_break(webshop_chain_paths());
  const auto& dominator = std::get<std::vector<bool>>(loops.at("is_dominator").data);
  CHECK(loops.rows() == 4);
  // Journeys start at awareness, so that all pass it too.
  CHECK(std::count(dominator.begin(), dominator.end(), true) == 4);
  CHECK_THAT(by_item(loops, "conversion_probability").at("checkout"), WithinAbs(.735045, 5e-7));

  const table found = make_or_break(webshop());
  CHECK(found.rows() == 12);
  const auto& none = std::get<std::vector<bool>>(found.at("is_dominator").data);
  CHECK(std::count(none.begin(), none.end(), true) == 0);
  const auto effect = by_item(found, "removal_effect");
  CHECK_THAT(effect.at("checkout_start"), WithinAbs(.833333, 5e-7));
  CHECK_THAT(effect.at("search_click"), WithinAbs(.450450, 5e-7));
  CHECK_THAT(effect.at("store_visit"), WithinAbs(.166667, 5e-7));
  CHECK(effect.at("faq_view") == 0.0);
  const auto probability = by_item(found, "conversion_probability");
  CHECK_THAT(probability.at("add_to_cart"), WithinAbs(.675676, 5e-7));
  CHECK_THAT(probability.at("review_view"), WithinAbs(.506757, 5e-7));
  CHECK(found.texts("next_best")[0] == "(conversion)");
}

TEST_CASE("changes add up, and a hurdle can be taken away", "[improve]") {
  using kind = journey_edit::kind;
  const path_table paths = webshop_chain_paths();
  const auto rate = [&](const std::vector<journey_edit>& edits) {
    return what_if(paths, edits).numbers("conversion_rate").back();
  };
  CHECK_THAT(rate({{.item = "consideration", .to = "cart", .amount = 0.1}}), WithinAbs(.0741067, 5e-8));

  // The chain without checkout: cart → purchase .4 · .7, cart → cart .1 + .4 · .1, cart → exit .3 + .4 · .2.
  const auto recomputed =
      absorbing_chain::from_probabilities({"awareness", "consideration", "cart"}, {"purchase", "exit"},
                                          std::vector<absorbing_chain::transition>{{0, 0, .1},
                                                                                   {0, 1, .4},
                                                                                   {0, 4, .5},
                                                                                   {1, 0, .1},
                                                                                   {1, 1, .3},
                                                                                   {1, 2, .2},
                                                                                   {1, 4, .4},
                                                                                   {2, 1, .2},
                                                                                   {2, 2, .14},
                                                                                   {2, 3, .28},
                                                                                   {2, 4, .38}});
  const table around = what_if(paths, {{.what = kind::bypass, .item = "checkout"}});
  CHECK_THAT(around.numbers("change")[1], WithinAbs(0.0, 1e-14));
  CHECK_THAT(around.numbers("steps")[0], WithinAbs(2.159525, 1e-6));
  CHECK_THAT(around.numbers("steps")[0] - around.numbers("steps")[1], WithinAbs(.067883, 1e-6));
  CHECK_THAT(around.numbers("conversion_rate")[1], WithinAbs(test::reach_by_elimination(recomputed, 3)[0], 1e-14));

  // Cleared first, all who would have come to checkout go on as those who did: .7 / .8 and .1 / .8.
  const double b_cart = .4 * .875 / (1 - .1 - .4 * .125 - .2 * .2 / (.7 - .1 * .4 / .9));
  const table hurdle =
      what_if(paths, {{.what = kind::clear, .item = "checkout"}, {.what = kind::bypass, .item = "checkout"}});
  const double expected = .4 / .9 * .2 / (.7 - .1 * .4 / .9) * b_cart;
  CHECK_THAT(hurdle.numbers("conversion_rate")[1], WithinAbs(expected, 1e-12));
  CHECK_THAT(hurdle.numbers("conversion_rate")[2], WithinAbs(expected, 1e-12));
  CHECK(hurdle.numbers("steps")[2] < hurdle.numbers("steps")[1]);

  CHECK(rate({{.what = kind::remove, .item = "cart"}}) == 0.0);
  const table capped = what_if(paths, {{.item = "checkout", .to = "(conversion)", .amount = 0.5}});
  CHECK(capped.texts("marks")[1] == "capped");
  CHECK_THAT(capped.numbers("change")[1], WithinAbs(.067883 * .2, 1e-7));
}

TEST_CASE("what cannot be changed says so", "[improve]") {
  using kind = journey_edit::kind;
  const path_table paths = table_of({{{"ad", "cart"}, 1.0, 0.0}, {{"ad"}, 0.0, 1.0}, {{"faq"}, 0.0, 2.0}});
  CHECK_THROWS_WITH(what_if(paths, {{.what = kind::remove, .item = "crat"}}), ContainsSubstring("cart"));
  CHECK_THROWS_WITH(what_if(paths, {{.what = kind::clear, .item = "faq"}}), ContainsSubstring("nobody goes on"));
  CHECK_THROWS_AS(what_if(paths, {{.what = kind::bypass, .item = "(start)"}}), input_error);
  CHECK_THROWS_AS(what_if(paths, {{.item = "ad", .to = "(null)"}}), input_error);
  CHECK_THROWS_AS(what_if(paths, {{.item = "ad", .to = "cart", .amount = 0.0}}), input_error);
  CHECK_THROWS_AS(what_if(paths, {{.item = "faq", .to = "faq", .amount = 1.0}}), input_error);
  CHECK_THROWS_AS(improve(paths, {.amount = 1.5}), input_error);
  CHECK_THROWS_AS(improve(path_table{}), input_error);
  CHECK_THROWS_WITH(improve(webshop(after_conversion::go_on)), ContainsSubstring("recut"));
}

TEST_CASE("what would take hours is refused", "[improve]") {
  std::vector<route> routes;
  for (int item = 0; item < 60'000; ++item) {
    routes.push_back({{"t" + std::to_string(item)}, 1.0, 1.0});
  }
  const path_table paths = table_of(routes);
  CHECK_THROWS_WITH(improve(paths, {.intervals = false}), ContainsSubstring("coarser"));
  CHECK_THROWS_AS(make_or_break(paths), limit_error);
}

TEST_CASE("without conversions nothing is gained, and bounds say what could be", "[improve]") {
  const path_table paths = table_of({{{"ad", "cart"}, 0.0, 6.0}, {{"ad"}, 0.0, 4.0}});
  const table found = improve(paths);
  const auto upper = by_edge(found, "upper");
  const double z2 = z_95 * z_95;
  CHECK(by_edge(found, "gain").at({"ad", "cart"}) == 0.0);
  CHECK_THAT(upper.at({"ad", "cart"}), WithinRel(0.01 * z2 / (6 + z2), 1e-9));
  CHECK(std::isnan(by_edge(found, "elasticity").at({"ad", "cart"})));
  const table removal = make_or_break(paths);
  CHECK(std::isnan(removal.numbers("removal_effect")[0]));
  CHECK(removal.texts("next_best")[0].empty());
  CHECK_FALSE(std::get<std::vector<bool>>(removal.at("is_dominator").data)[0]);
}
