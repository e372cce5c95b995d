// SPDX-License-Identifier: MIT
#include "klantreis/markov/absorbing_chain.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "cpp/support/chains.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/simulation.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using namespace klantreis;
using test::webshop_chain;

namespace {

void check_row(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK_THAT(found[i], WithinAbs(expected[i], tolerance));
  }
}

void check_matrix(const dense_matrix& found, const std::vector<double>& expected, double tolerance) {
  check_row(found.values, expected, tolerance);
}

// Corners 1, 2, 3 between the absorbing 0 and 4: Grinstead and Snell 1997, section 11.2.
absorbing_chain walk(double right) {
  const double left = 1.0 - right;
  return absorbing_chain::from_probabilities(
      {"1", "2", "3"}, {"0", "4"},
      std::vector<absorbing_chain::transition>{
          {0, 3, left}, {0, 1, right}, {1, 0, left}, {1, 2, right}, {2, 1, left}, {2, 4, right}});
}

}  // namespace

TEST_CASE("the drunkard's walk has the published matrices", "[markov]") {
  const absorbing_chain chain = walk(0.5);
  const transient_solver solver(chain);
  check_matrix(solver.fundamental_matrix(), {1.5, 1, .5, 1, 2, 1, .5, 1, 1.5}, 1e-15);
  check_row(expected_steps(solver), {3, 4, 3}, 1e-14);
  check_matrix(absorption_matrix(solver), {.75, .25, .5, .5, .25, .75}, 1e-15);
  check_matrix(variance_of_visits(solver), {.75, 2, .75, 1, 2, 1, .75, 2, .75}, 1e-14);
  check_row(variance_of_steps(solver), {8, 8, 8}, 1e-13);
  const double third = 1.0 / 3.0;
  check_matrix(reach_probabilities(solver), {third, .5, third, 2 * third, .5, 2 * third, third, .5, third}, 1e-15);
}

TEST_CASE("the leaning walk has the published figures", "[markov]") {
  const absorbing_chain chain = walk(2.0 / 3.0);
  const transient_solver solver(chain);
  check_matrix(solver.fundamental_matrix(), {1.4, 1.2, .8, .6, 1.8, 1.2, .2, .6, 1.4}, 1e-14);
  check_row(expected_steps(solver), {3.4, 3.6, 2.2}, 1e-14);
  check_matrix(absorption_matrix(solver), {.466667, .533333, .2, .8, .066667, .933333}, 5e-7);
  check_row(variance_of_steps(solver), {6.72, 5.76, 4.8}, 1e-13);
}

TEST_CASE("jumps to a larger number take the published number of steps", "[markov]") {
  std::vector<absorbing_chain::transition> jumps;
  for (std::uint32_t i = 0; i < 4; ++i) {
    for (std::uint32_t j = i + 1; j < 5; ++j) {
      jumps.push_back({i, j, 1.0 / (4.0 - i)});
    }
  }
  const absorbing_chain chain = absorbing_chain::from_probabilities({"1", "2", "3", "4"}, {"5"}, jumps);
  check_row(expected_steps(transient_solver(chain)), {25.0 / 12.0, 11.0 / 6.0, 1.5, 1.0}, 1e-14);
}

TEST_CASE("the webshop has the figures of the worked example", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const transient_solver solver(chain);
  const auto purchase = chain.find("purchase");
  const auto exit = chain.find("exit");
  check_row(expected_visits(solver, 0), {1.192193, .729741, .169707, .067883}, 5e-7);
  check_row(absorption_probabilities(solver, purchase), {.047518, .106916, .350445, .735045}, 5e-7);
  check_row(expected_steps(solver), {2.159525, 2.358931, 2.176496, 1.217650}, 5e-7);
  check_row(variance_of_steps(solver), {2.672938, 2.644913, 1.738454, .600187}, 5e-7);
  const absorbing_chain buyers = conditional_on(solver, purchase);
  check_row(expected_steps(transient_solver(buyers)), {5.135766, 4.024655, 2.423901, 1.115564}, 5e-7);
  check_row(expected_steps(transient_solver(conditional_on(solver, exit))), {2.011044, 2.159519, 2.043016, 1.500858},
            5e-7);
  const std::vector<double> leaving = leaving_probabilities(solver, 0, exit);
  check_row(leaving, {.596097, .291896, .050912, .013577}, 5e-7);
  CHECK_THAT(leaving[0] + leaving[1] + leaving[2] + leaving[3], WithinAbs(.952482, 5e-7));
}

TEST_CASE("time to the end adds up the stays", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const transient_solver solver(chain);
  const std::vector<double> stays{120, 300, 60, 180};
  check_row(expected_time(solver, stays), {384.386933, 564.871, 284.854, 208.485}, 5e-4);
  CHECK_THAT(expected_time(solver, stays)[0], WithinAbs(384.386933, 5e-7));
  const std::vector<double> visits = expected_visits(solver, 0);
  check_row({visits[0] * 120, visits[1] * 300, visits[2] * 60, visits[3] * 180}, {143.063, 218.922, 10.182, 12.219},
            5e-4);
  CHECK_THROWS_AS(expected_time(solver, std::vector<double>{1, 2}), input_error);
  CHECK_THROWS_MATCHES(expected_time(solver, std::vector<double>{1, -2, 0, 0}), input_error,
                       MessageMatches(ContainsSubstring("'consideration' is -2")));
}

TEST_CASE("counts give the chain of their shares and keep the visits", "[markov]") {
  const absorbing_chain chain = absorbing_chain::from_counts(
      {"(start)", "a"}, {"(conversion)", "(null)"},
      std::vector<absorbing_chain::transition>{{0, 1, 3}, {0, 3, 1}, {1, 2, 1}, {1, 3, 1}, {1, 2, 1}});
  CHECK(chain.probability(0, 1) == 0.75);
  CHECK(chain.probability(1, 2) == 2.0 / 3.0);
  CHECK(chain.probability(1, 0) == 0.0);
  CHECK(chain.row_weights() == std::vector<double>{4, 3});
  // The maximum-likelihood chain reproduces the observed rate: 2 of 4.
  CHECK_THAT(absorption_probabilities(transient_solver(chain), 2)[0], WithinAbs(0.5, 1e-15));
}

TEST_CASE("what is no absorbing chain is refused with the state's name", "[markov]") {
  using list = std::vector<absorbing_chain::transition>;
  const auto make = [](const list& transitions) {
    return absorbing_chain::from_probabilities({"a", "b"}, {"end"}, transitions);
  };
  CHECK_NOTHROW(make({{0, 1, .5}, {0, 2, .5}, {1, 2, 1}}));
  CHECK_THROWS_MATCHES(make({{0, 1, .5}, {0, 2, .4}, {1, 2, 1}}), input_error,
                       MessageMatches(ContainsSubstring("'a' sum to 0.9")));
  CHECK_THROWS_MATCHES(make({{0, 1, 1.5}, {0, 2, -.5}, {1, 2, 1}}), input_error,
                       MessageMatches(ContainsSubstring("'a' to 'end' is -0.5")));
  CHECK_THROWS_MATCHES(make({{0, 2, std::nan("")}, {1, 2, 1}}), input_error,
                       MessageMatches(ContainsSubstring("'a' to 'end' is nan")));
  CHECK_THROWS_MATCHES(make({{0, 2, 1}, {1, 1, 1}}), input_error, MessageMatches(ContainsSubstring("'b'")));
  CHECK_THROWS_MATCHES(make({{0, 2, 1}}), input_error, MessageMatches(ContainsSubstring("'b' sum to 0")));
  CHECK_THROWS_AS(make({{0, 3, 1}}), input_error);
  CHECK_THROWS_MATCHES(absorbing_chain::from_counts({"a"}, {"end"}, list{}), input_error,
                       MessageMatches(ContainsSubstring("'a' has no transitions")));
  CHECK_THROWS_AS(absorbing_chain::from_probabilities({}, {"end"}, list{}), input_error);
  CHECK_THROWS_AS(absorbing_chain::from_probabilities({"a"}, {}, list{}), input_error);
  CHECK_THROWS_MATCHES(absorbing_chain::from_probabilities({"a", "a"}, {"end"}, list{}), input_error,
                       MessageMatches(ContainsSubstring("'a' is named twice")));
  CHECK_THROWS_MATCHES(absorbing_chain::from_probabilities({"a"}, {"a"}, list{{0, 1, 1}}), input_error,
                       MessageMatches(ContainsSubstring("both transient and absorbing")));
  CHECK_THROWS_AS(absorbing_chain::from_probabilities({"a"}, {"end"}, dense_matrix(1, 1)), input_error);
  // A trap behind a state that can be left.
  CHECK_THROWS_MATCHES(
      absorbing_chain::from_probabilities({"a", "b", "c"}, {"end"}, list{{0, 1, .5}, {0, 3, .5}, {1, 2, 1}, {2, 1, 1}}),
      input_error, MessageMatches(ContainsSubstring("from the state 'b'")));
}

TEST_CASE("states are found by name", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  CHECK(chain.find("cart") == 2);
  CHECK(chain.name(chain.find("exit")) == "exit");
  CHECK_THROWS_MATCHES(chain.find("kart"), input_error, MessageMatches(ContainsSubstring("'cart'")));
  CHECK_THROWS_AS(chain.find_transient("exit"), input_error);
  CHECK_THROWS_AS(chain.find_absorbing("cart"), input_error);
}

TEST_CASE("a full matrix and its transitions make the same chain", "[markov]") {
  const absorbing_chain sparse = webshop_chain();
  dense_matrix full(4, 6);
  for (std::uint32_t i = 0; i < 4; ++i) {
    for (std::uint32_t j = 0; j < 6; ++j) {
      full(i, j) = sparse.probability(i, j);
    }
  }
  const absorbing_chain dense = absorbing_chain::from_probabilities({"awareness", "consideration", "cart", "checkout"},
                                                                    {"purchase", "exit"}, full);
  CHECK(dense.within().columns == sparse.within().columns);
  CHECK(dense.within().values == sparse.within().values);
  CHECK(dense.out().values == sparse.out().values);
}

TEST_CASE("identities of absorbing chains hold on random chains", "[markov]") {
  std::mt19937 random(11);
  for (int round = 0; round < 30; ++round) {
    const absorbing_chain chain = test::random_chain(random, 2 + random() % 40, 0.2, round % 2 == 0 ? 0.3 : 0.02);
    const transient_solver solver(chain);
    const auto n = chain.transient_size();
    const dense_matrix b = absorption_matrix(solver);
    const std::vector<double> slow = test::reach_by_elimination(chain, static_cast<absorbing_chain::state>(n));
    const std::vector<double> steps = expected_steps(solver);
    const std::vector<double> visits = expected_visits(solver, 0);
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE_THAT(b(i, 0) + b(i, 1) + b(i, 2), WithinAbs(1.0, 1e-12));
      REQUIRE_THAT(b(i, 0), WithinAbs(slow[i], 1e-13));
      sum += visits[i];
    }
    REQUIRE_THAT(sum, WithinRel(steps[0], 1e-12));

    // Mean steps are the mixture of the mean steps by outcome.
    double mixture = 0.0;
    for (std::uint32_t a = 0; a < 3; ++a) {
      if (b(0, a) > 0.0) {
        const absorbing_chain given = conditional_on(solver, static_cast<std::uint32_t>(n) + a);
        mixture += b(0, a) * expected_steps(transient_solver(given))[given.find(chain.name(0))];
      }
    }
    REQUIRE_THAT(mixture, WithinRel(steps[0], 1e-10));
  }
}

TEST_CASE("conditioning leaves out states that cannot reach the goal", "[markov]") {
  const absorbing_chain chain = absorbing_chain::from_counts(
      {"a", "dead end"}, {"goal", "null"},
      std::vector<absorbing_chain::transition>{{0, 1, 1}, {0, 2, 1}, {0, 0, 2}, {1, 3, 1}});
  const absorbing_chain given = conditional_on(transient_solver(chain), chain.find("goal"));
  CHECK(given.transient_size() == 1);
  CHECK(given.size() == 2);
  // From a: again a .5·(1/2), goal .25 of 1/2 in all, so half of the buyers stay another step.
  CHECK_THAT(given.probability(0, 0), WithinAbs(0.5, 1e-15));
}

TEST_CASE("simulated journeys behave as the chain says", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const std::size_t count = 200'000;
  const simulated_journeys drawn = simulate(chain, 0, {.journeys = count, .seed = 5});
  REQUIRE(drawn.size() == count);
  double purchases = 0.0;
  for (const auto outcome : drawn.outcomes) {
    purchases += outcome == chain.find("purchase") ? 1.0 : 0.0;
  }
  // Four standard errors.
  CHECK_THAT(purchases / count, WithinAbs(.047518, 4 * std::sqrt(.0475 * .9525 / count)));
  CHECK_THAT(static_cast<double>(drawn.states.size()) / count, WithinAbs(2.159525, 4 * std::sqrt(2.673 / count)));
  double visits = 0.0;
  for (const auto state : drawn.states) {
    visits += state == 2 ? 1.0 : 0.0;
  }
  CHECK_THAT(visits / count, WithinAbs(.169707, 0.005));
}

TEST_CASE("a simulated journey depends on the seed and its number alone", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const simulated_journeys few = simulate(chain, 0, {.journeys = 10, .seed = 1});
  const simulated_journeys many = simulate(chain, 0, {.journeys = 1000, .seed = 1});
  for (std::size_t i = 0; i < few.size(); ++i) {
    CHECK(std::vector(few[i].begin(), few[i].end()) == std::vector(many[i].begin(), many[i].end()));
    CHECK(few.outcomes[i] == many.outcomes[i]);
  }
  CHECK(simulate(chain, 0, {.journeys = 1000, .seed = 2}).states != many.states);
  // The same on every platform; computed from the definition of splitmix64 with whole numbers in Python.
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    for (const auto state : many[i]) {
      text += std::to_string(state);
    }
    text += many.outcomes[i] == 4 ? "+" : "-";
  }
  CHECK(text == "011-0-0-01-0-0-01-0-");
  const simulated_journeys cut = simulate(chain, 0, {.journeys = 1000, .seed = 1, .max_steps = 1});
  CHECK(cut.states.size() == 1000);
  bool broken_off = false;
  for (const auto outcome : cut.outcomes) {
    broken_off = broken_off || outcome == simulated_journeys::unfinished;
  }
  CHECK(broken_off);
}
