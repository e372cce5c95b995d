// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cpp/support/chains.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/probable_paths.hpp"
#include "klantreis/markov/sensitivity.hpp"

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using namespace klantreis;
using test::random_chain;
using test::webshop_chain;

namespace {

// The chain with some probability moved within row i.
absorbing_chain edited(const absorbing_chain& chain, std::uint32_t i, std::uint32_t to, std::uint32_t from,
                       double amount) {
  std::vector<std::string> transient;
  std::vector<std::string> absorbing;
  for (std::uint32_t s = 0; s < chain.size(); ++s) {
    (chain.is_absorbing(s) ? absorbing : transient).emplace_back(chain.name(s));
  }
  std::vector<absorbing_chain::transition> steps;
  for (const chain_edge& e : edges_of(chain)) {
    double p = chain.probability(e.from, e.to);
    if (e.from == i && e.to == from) {
      p -= amount;
    }
    if (p > 0.0) {
      steps.push_back({e.from, e.to, p});
    }
  }
  steps.push_back({i, to, amount});
  return absorbing_chain::from_probabilities(transient, absorbing, steps);
}

std::string text_of(const absorbing_chain& chain, const probable_path& path) {
  std::string text;
  for (const auto state : path.states) {
    text += chain.name(state).substr(0, 2);
    text += ' ';
  }
  return text;
}

}  // namespace

TEST_CASE("the sensitivities of the webshop are those of the worked example", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const transient_solver solver(chain);
  const chain_sensitivity slope = sensitivity_of_absorption(solver, 0, chain.find("purchase"));
  const double expected[4][5] = {{.056651, .127464, .417799, .876315, 1.192193},
                                 {.034676, .078021, .255735, .536392, .729741},
                                 {.008064, .018144, .059473, .124742, .169707},
                                 {.003226, .007258, .023789, .049897, .067883}};
  for (std::uint32_t i = 0; i < 4; ++i) {
    for (std::uint32_t j = 0; j < 5; ++j) {
      CHECK_THAT(slope(i, j), WithinAbs(expected[i][j], 5e-7));
    }
    CHECK(slope(i, chain.find("exit")) == 0.0);
  }
  const chain_sensitivity steps = sensitivity_of_steps(solver, 0);
  CHECK_THAT(steps(1, 2), WithinAbs(.729741 * 2.176496, 1e-6));
  CHECK(steps(1, 4) == 0.0);
}

TEST_CASE("the multinomial delta method gives the figures of the worked example", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const transient_solver solver(chain);
  const std::vector<double> visits{1000, 800, 300, 150};
  const auto parts =
      multinomial_variance_parts(chain, sensitivity_of_absorption(solver, 0, chain.find("purchase")), visits);
  const double variance = parts[0] + parts[1] + parts[2] + parts[3];
  CHECK_THAT(std::sqrt(variance), WithinAbs(.00551580, 5e-9));
  const double shares[] = {.1187, .3673, .3404, .1737};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK_THAT(parts[i] / variance, WithinAbs(shares[i], 5e-5));
  }
  double steps = 0.0;
  for (const double part : multinomial_variance_parts(chain, sensitivity_of_steps(solver, 0), visits)) {
    steps += part;
  }
  CHECK_THAT(std::sqrt(steps), WithinAbs(.053179, 5e-7));
  const std::vector<double> unseen{1000, 0, 300, 150};
  CHECK(std::isnan(multinomial_variance_parts(chain, sensitivity_of_steps(solver, 0), unseen)[1]));
  CHECK_THROWS_AS(multinomial_variance_parts(chain, sensitivity_of_steps(solver, 0), std::vector<double>{1}),
                  input_error);
}

TEST_CASE("visits as expected give the binomial variance of an absorption probability", "[markov]") {
  // One journey each: Σ_i N_0i²/(n N_0i) Σ_j p_ij (val_j − b_i)² = b (1 − b)/n, whatever the chain.
  std::mt19937 random{17};
  for (std::size_t round = 0; round < 50; ++round) {
    const absorbing_chain chain = round == 0 ? webshop_chain() : random_chain(random, 2 + round % 20, 0.3, 0.3);
    const transient_solver solver(chain);
    const auto goal = static_cast<absorbing_chain::state>(chain.transient_size());
    const chain_sensitivity slope = sensitivity_of_absorption(solver, 0, goal);
    constexpr double journeys = 1234.0;
    std::vector<double> visits = expected_visits(solver, 0);
    for (double& number : visits) {
      number *= journeys;
    }
    double variance = 0.0;
    for (const double part : multinomial_variance_parts(chain, slope, visits)) {
      variance += part;
    }
    const double b = slope.values[0];
    CHECK_THAT(variance, WithinAbs(b * (1.0 - b) / journeys, 1e-14));
  }
}

TEST_CASE("proportional effects and elasticities are those of the worked example", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const transient_solver solver(chain);
  std::map<std::pair<std::string, std::string>, std::pair<double, double>> found;
  for (const auto& effect : proportional_effects(solver, 0, chain.find("purchase"))) {
    found[{std::string(chain.name(effect.from)), std::string(chain.name(effect.to))}] = {effect.derivative,
                                                                                         effect.elasticity};
  }
  const struct {
    const char* from;
    const char* to;
    double derivative, elasticity;
  } rows[] = {{"awareness", "consideration", .118022, .993495},
              {"awareness", "exit", -.113301, -1.192193},
              {"consideration", "awareness", -.048161, -.101353},
              {"consideration", "cart", .222142, .934981},
              {"consideration", "exit", -.130034, -1.094612},
              {"cart", "consideration", -.051661, -.217437},
              {"cart", "checkout", .108782, .915712},
              {"cart", "exit", -.084962, -.536396},
              {"checkout", "cart", -.029009, -.061047},
              {"checkout", "purchase", .059953, .883185},
              {"checkout", "exit", -.062371, -.262516}};
  for (const auto& row : rows) {
    INFO(row.from << " to " << row.to);
    CHECK_THAT((found.at({row.from, row.to}).first), WithinAbs(row.derivative, 1e-6));
    CHECK_THAT((found.at({row.from, row.to}).second), WithinAbs(row.elasticity, 1e-6));
  }
  const absorbing_chain certain =
      absorbing_chain::from_probabilities({"a"}, {"goal"}, std::vector<absorbing_chain::transition>{{0, 1, 1}});
  CHECK(std::isnan(proportional_effects(transient_solver(certain), 0, 1)[0].derivative));
}

TEST_CASE("points moved from the exit gain what the worked example says", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const transient_solver solver(chain);
  const auto purchase = chain.find("purchase");
  const auto exit = chain.find("exit");
  const std::vector<chain_edge> edges{{1, 2}, {0, 1}, {2, 3}, {3, purchase}};
  const auto small = gains_of_moving(solver, 0, purchase, exit, edges, 1e-7);
  const double linear[] = {.002557, .001275, .001247, .000679};
  const auto large = gains_of_moving(solver, 0, purchase, exit, edges, 0.1);
  const double exact[] = {.0741067, .0605013, .0601504, .0543063};
  const double base = absorption_probabilities(solver, purchase)[0];
  const chain_sensitivity slope = sensitivity_of_absorption(solver, 0, purchase);
  const double forecast[] = {.0730915, .0602644, .0599923, .0543063};
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK_THAT(small[k].gain * 1e5, WithinAbs(linear[k], 5e-7));
    CHECK_THAT(base + large[k].gain, WithinAbs(exact[k], 5e-8));
    CHECK_THAT(base + 0.1 * slope(edges[k].from, edges[k].to), WithinAbs(forecast[k], 5e-8));
    CHECK_FALSE(large[k].capped);
  }
}

TEST_CASE("gains equal those of the edited chain, whatever the method", "[markov]") {
  std::mt19937 random(31);
  for (int round = 0; round < 15; ++round) {
    const absorbing_chain chain = random_chain(random, 3 + random() % 25, 0.2, 0.2);
    const auto n = static_cast<std::uint32_t>(chain.transient_size());
    for (const auto method : {solver_method::dense, solver_method::bicgstab}) {
      const transient_solver solver(chain, {.method = method});
      const double base = absorption_probabilities(solver, n)[0];
      std::vector<chain_edge> edges;
      for (std::uint32_t i = 0; i < n; ++i) {
        for (const std::uint32_t to : {static_cast<std::uint32_t>(random() % n), i, n, n + 2}) {
          edges.push_back({i, to});
        }
      }
      std::shuffle(edges.begin(), edges.end(), random);
      const auto gains = gains_of_moving(solver, 0, n, n + 1, edges, 0.02);
      for (std::size_t k = 0; k < edges.size(); ++k) {
        const double available = chain.probability(edges[k].from, n + 1);
        REQUIRE(gains[k].capped == (available < 0.02));
        REQUIRE(gains[k].moved == std::min(available, 0.02));
        if (gains[k].moved == 0.0) {
          REQUIRE(gains[k].gain == 0.0);
          continue;
        }
        const absorbing_chain other = edited(chain, edges[k].from, edges[k].to, n + 1, gains[k].moved);
        const double after = absorption_probabilities(transient_solver(other), n)[0];
        REQUIRE_THAT(gains[k].gain, WithinAbs(after - base, 1e-12));
      }
    }
  }
}

TEST_CASE("moving the only exit into a loop has no defined gain", "[markov]") {
  const absorbing_chain chain = absorbing_chain::from_probabilities(
      {"a", "b"}, {"goal", "null"},
      std::vector<absorbing_chain::transition>{{0, 1, .5}, {0, 2, .5}, {1, 1, .4}, {1, 3, .6}});
  const transient_solver solver(chain);
  const auto gain = gains_of_moving(solver, 0, 2, 3, std::vector<chain_edge>{{1, 1}, {1, 0}}, 1.0);
  CHECK(std::isnan(gain[0].gain));
  CHECK(gain[0].capped);
  CHECK_THAT(gain[1].gain, WithinAbs(0.5, 1e-14));
  CHECK_THROWS_AS(gains_of_moving(solver, 0, 2, 3, std::vector<chain_edge>{{1, 3}}), input_error);
  CHECK_THROWS_AS(gains_of_moving(solver, 0, 2, 3, std::vector<chain_edge>{{1, 2}}, 0.0), input_error);
  CHECK_THROWS_AS(gains_of_moving(solver, 0, 2, 3, std::vector<chain_edge>{{1, 2}}, 1.5), input_error);
}

TEST_CASE("sensitivities are derivatives", "[markov]") {
  std::mt19937 random(37);
  const absorbing_chain chain = random_chain(random, 8, 0.4, 0.3);
  const transient_solver solver(chain);
  const chain_sensitivity slope = sensitivity_of_absorption(solver, 0, 8);
  const chain_sensitivity steps = sensitivity_of_steps(solver, 0);
  const double before = expected_steps(solver)[0];
  const double base = absorption_probabilities(solver, 8)[0];
  constexpr double h = 1e-6;
  for (std::uint32_t i = 0; i < 8; ++i) {
    if (chain.probability(i, 9) < h) {
      continue;
    }
    for (std::uint32_t j = 0; j < 9; ++j) {
      const absorbing_chain other = edited(chain, i, j, 9, h);
      const transient_solver moved(other);
      CHECK_THAT(slope(i, j) - slope(i, 9), WithinAbs((absorption_probabilities(moved, 8)[0] - base) / h, 1e-4));
      CHECK_THAT(steps(i, j) - steps(i, 9), WithinAbs((expected_steps(moved)[0] - before) / h, 1e-3));
    }
  }
}

TEST_CASE("the most probable paths of the webshop are those of the worked example", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const auto purchase = chain.find("purchase");
  const auto paths = most_probable_paths(chain, 0, purchase, 6);
  REQUIRE(paths.size() == 6);
  const struct {
    const char* text;
    double probability, share;
  } expected[] = {{"aw co ca ch ", .0224, .4714},           {"aw co co ca ch ", .00672, .14142},
                  {"aw aw co ca ch ", .00224, .04714},      {"aw co ca ca ch ", .00224, .04714},
                  {"aw co co co ca ch ", .002016, .042426}, {"aw co aw co ca ch ", .000896, .018856}};
  const double goal = absorption_probabilities(transient_solver(chain), purchase)[0];
  for (std::size_t k = 0; k < 6; ++k) {
    CHECK(text_of(chain, paths[k]) == expected[k].text);
    CHECK_THAT(paths[k].probability, WithinRel(expected[k].probability, 1e-12));
    CHECK_THAT(paths[k].probability / goal, WithinAbs(expected[k].share, 5e-5));
  }
  // The tie stands in the order of the names, also when only its first member is asked for.
  CHECK(text_of(chain, most_probable_paths(chain, 0, purchase, 3)[2]) == "aw aw co ca ch ");
}

TEST_CASE("many ties are cut in the order of names without listing them all", "[markov]") {
  // Forty layers of two equal states: 2⁴⁰ ways of the same probability.
  std::vector<std::string> names{"start"};
  std::vector<absorbing_chain::transition> steps;
  constexpr std::uint32_t layers = 40;
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    names.push_back("b" + std::to_string(layer));
    names.push_back("a" + std::to_string(layer));
  }
  for (std::uint32_t s = 0; s < names.size(); ++s) {
    const std::uint32_t layer = (s + 1) / 2;
    if (layer < layers) {
      steps.push_back({s, 2 * layer + 1, 1});
      steps.push_back({s, 2 * layer + 2, 1});
    } else {
      steps.push_back({s, static_cast<std::uint32_t>(names.size()), 1});
    }
  }
  const absorbing_chain chain = absorbing_chain::from_counts(names, {"goal"}, steps);
  const auto paths = most_probable_paths(chain, 0, chain.find("goal"), 5);
  REQUIRE(paths.size() == 5);
  for (std::size_t i = 1; i <= layers; ++i) {
    CHECK(chain.name(paths[0].states[i])[0] == 'a');
    CHECK(chain.name(paths[1].states[i])[0] == (i == layers ? 'b' : 'a'));
  }
  for (std::size_t k = 1; k < 5; ++k) {
    CHECK_THAT(paths[k].probability, WithinRel(std::pow(0.5, 40), 1e-12));
  }
}

TEST_CASE("the most probable paths are those of an exhaustive search", "[markov]") {
  std::mt19937 random(41);
  for (int round = 0; round < 25; ++round) {
    const absorbing_chain chain = random_chain(random, 2 + random() % 4, 0.5, 0.5);
    const auto n = static_cast<std::uint32_t>(chain.transient_size());
    // All ways of at least this probability, depth first.
    constexpr double least = 1e-5;
    std::vector<probable_path> all;
    std::vector<std::uint32_t> way{0};
    const auto walk = [&](const auto& self, double p) -> void {
      const double ends = p * chain.probability(way.back(), n);
      if (ends >= least) {
        all.push_back({way, ends});
      }
      for (std::uint32_t next = 0; next < n; ++next) {
        const double q = p * chain.probability(way.back(), next);
        if (q >= least) {
          way.push_back(next);
          self(self, q);
          way.pop_back();
        }
      }
    };
    walk(walk, 1.0);
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.probability > b.probability; });
    const std::size_t count = std::min<std::size_t>(all.size(), 50);
    const auto found = most_probable_paths(chain, 0, n, count);
    REQUIRE(found.size() == count);
    double total = 0.0;
    for (std::size_t k = 0; k < count; ++k) {
      REQUIRE_THAT(found[k].probability, WithinRel(all[k].probability, 1e-10));
      total += found[k].probability;
      for (std::size_t other = 0; other < k; ++other) {
        REQUIRE(found[other].states != found[k].states);
      }
    }
    REQUIRE(total <= absorption_probabilities(transient_solver(chain), n)[0] * (1.0 + 1e-12));
  }
}

TEST_CASE("a chain has no more paths than it has", "[markov]") {
  const absorbing_chain chain = absorbing_chain::from_counts(
      {"a", "b", "c"}, {"goal", "null"},
      std::vector<absorbing_chain::transition>{{0, 1, 1}, {0, 2, 1}, {1, 3, 1}, {2, 4, 1}});
  CHECK(most_probable_paths(chain, 0, 3, 10).size() == 1);
  CHECK(most_probable_paths(chain, 2, 3, 10).empty());
  CHECK(most_probable_paths(chain, 0, 3, 0).empty());
  CHECK_THROWS_AS(most_probable_paths(chain, 3, 3, 1), input_error);
  CHECK_THROWS_AS(most_probable_paths(webshop_chain(), 0, 4, 1000, 50), limit_error);
}
