// SPDX-License-Identifier: MIT
#include "klantreis/markov/solver.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "cpp/support/chains.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/removal.hpp"

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using namespace klantreis;
using test::random_chain;
using test::reach_by_elimination;
using test::webshop_chain;
using way = transient_solver::direction;
using state_set = std::vector<absorbing_chain::state>;

namespace {

std::vector<double> direct(const absorbing_chain& chain, std::size_t outcome) {
  std::vector<double> result(chain.transient_size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = chain.out().at(i, outcome);
  }
  return result;
}

std::vector<state_set> random_sets(std::mt19937& random, std::size_t states, std::size_t count) {
  std::vector<state_set> sets(count);
  for (auto& set : sets) {
    for (std::uint32_t i = 1; i < states; ++i) {
      if (random() % 8 == 0) {
        set.push_back(i);
      }
    }
  }
  return sets;
}

// A long corridor walked back and forth: steps of the order of length².
absorbing_chain corridor(std::size_t length) {
  std::vector<std::string> names;
  std::vector<absorbing_chain::transition> steps;
  for (std::uint32_t i = 0; i < length; ++i) {
    names.push_back("place " + std::to_string(i));
    if (i > 0) {
      steps.push_back({i, i - 1, 0.5});
    }
    const auto end = static_cast<std::uint32_t>(length);
    steps.push_back({i, i + 1 < length ? i + 1 : end, 0.5});
    if (i == 0) {
      steps.push_back({i, end + 1, 0.5});
    }
  }
  return absorbing_chain::from_probabilities(names, {"far", "near"}, steps);
}

}  // namespace

TEST_CASE("every method solves with removed states as elimination does", "[markov]") {
  const auto method = GENERATE(solver_method::dense, solver_method::bicgstab, solver_method::gauss_seidel);
  std::mt19937 random(3);
  for (int round = 0; round < 12; ++round) {
    const absorbing_chain chain = random_chain(random, 3 + random() % 60, 0.15, round % 3 == 0 ? 0.01 : 0.2);
    const std::size_t n = chain.transient_size();
    const transient_solver solver(chain, {.method = method});
    REQUIRE(solver.is_dense() == (method == solver_method::dense));
    const std::vector<double> rhs = direct(chain, 0);
    const std::vector<state_set> sets = random_sets(random, n, 1 + random() % 20);
    std::vector<transient_solver::problem> problems{{.rhs = rhs}};
    for (const auto& set : sets) {
      problems.push_back({.rhs = rhs, .removed = set});
    }
    std::size_t next = 0;
    solver.solve(problems, way::forward, [&](std::size_t k, transient_solver::solution&& found) {
      REQUIRE(k == next++);
      const auto exact = reach_by_elimination(chain, static_cast<std::uint32_t>(n), k == 0 ? state_set{} : sets[k - 1]);
      for (std::size_t i = 0; i < n; ++i) {
        const double error = std::abs(found.values[i] - exact[i]);
        REQUIRE(error <= found.error_bound);
        REQUIRE(error <= found.residual * solver.steps_bound()[i]);
      }
      REQUIRE(found.error_bound < 1e-10);
      for (const auto s : k == 0 ? state_set{} : sets[k - 1]) {
        REQUIRE(found.values[s] == 0.0);
      }
    });
    REQUIRE(next == problems.size());
  }
}

TEST_CASE("the transposed solution is the visits of the chain that remains", "[markov]") {
  const auto method = GENERATE(solver_method::dense, solver_method::bicgstab, solver_method::gauss_seidel);
  std::mt19937 random(5);
  for (int round = 0; round < 8; ++round) {
    const absorbing_chain chain = random_chain(random, 3 + random() % 40, 0.2, 0.1);
    const std::size_t n = chain.transient_size();
    const transient_solver solver(chain, {.method = method});
    const transient_solver dense(chain, {.method = solver_method::dense});
    std::vector<double> unit(n);
    unit[0] = 1.0;
    const std::vector<state_set> sets = random_sets(random, n, 9);
    std::vector<transient_solver::problem> problems;
    for (const auto& set : sets) {
      problems.push_back({.rhs = unit, .removed = set});
    }
    solver.solve(problems, way::transposed, [&](std::size_t k, transient_solver::solution&& found) {
      // One row of the inverse of what is left, entry by entry: N'_0j is what state j gets when it alone pays 1.
      double total = 0.0;
      for (std::size_t j = 0; j < n; ++j) {
        std::vector<double> pay(n);
        pay[j] = 1.0;
        const auto exact = dense.solve({.rhs = pay, .removed = sets[k]});
        total += std::abs(found.values[j] - exact.values[0]);
      }
      REQUIRE(total <= found.error_bound + 1e-12);
      REQUIRE(found.error_bound < 1e-9);
    });
  }
}

TEST_CASE("different right-hand sides share a batch", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const transient_solver solver(chain, {.method = solver_method::bicgstab});
  const std::vector<double> ones(4, 1.0);
  const std::vector<double> buys = direct(chain, 0);
  const std::vector<double> zero(4, 0.0);
  const std::vector<transient_solver::problem> problems{{ones}, {buys}, {zero}};
  std::vector<std::vector<double>> found;
  solver.solve(problems, way::forward,
               [&](std::size_t, transient_solver::solution&& one) { found.push_back(one.values); });
  CHECK_THAT(found[0][0], WithinAbs(2.159525, 5e-7));
  CHECK_THAT(found[1][0], WithinAbs(.047518, 5e-7));
  CHECK(found[2] == zero);
}

TEST_CASE("the certificate holds for long walks, where the residual alone says little", "[markov]") {
  // From place 0 of a corridor of n places, P(far) = 1/(n+1) and the walk takes n steps; from the middle, n²/4.
  for (const std::size_t length : {500U, 2000U}) {
    const absorbing_chain chain = corridor(length);
    const auto n = static_cast<double>(length);
    const auto exact = [&](std::size_t i) { return static_cast<double>(i + 1) / (n + 1.0); };
    for (const auto method : {solver_method::bicgstab, solver_method::dense}) {
      const transient_solver solver(chain, {.method = method});
      const auto found = solver.solve({.rhs = direct(chain, 0)});
      double worst = 0.0;
      for (std::size_t i = 0; i < length; ++i) {
        worst = std::max(worst, std::abs(found.values[i] - exact(i)));
        REQUIRE(solver.steps_bound()[i] >= static_cast<double>(i + 1) * (n - static_cast<double>(i)));
      }
      CHECK(worst <= found.error_bound);
      CHECK(found.error_bound < 1e-6);
    }
  }
}

TEST_CASE("a loose tolerance is certified loose, and refined on demand", "[markov]") {
  std::mt19937 random(8);
  const absorbing_chain chain = random_chain(random, 400, 0.02, 0.02);
  const auto exact = reach_by_elimination(chain, 400);
  const std::vector<double> rhs = direct(chain, 0);
  for (const auto method : {solver_method::bicgstab, solver_method::gauss_seidel}) {
    const transient_solver solver(chain, {.method = method, .relative_residual = 1e-3});
    const auto rough = solver.solve({.rhs = rhs});
    const auto fine = solver.solve({.rhs = rhs, .max_error = 1e-11});
    double rough_error = 0.0;
    double fine_error = 0.0;
    for (std::size_t i = 0; i < 400; ++i) {
      rough_error = std::max(rough_error, std::abs(rough.values[i] - exact[i]));
      fine_error = std::max(fine_error, std::abs(fine.values[i] - exact[i]));
    }
    CHECK(rough_error > 1e-9);
    CHECK(rough_error <= rough.error_bound);
    CHECK(fine.error_bound <= 1e-11);
    CHECK(fine_error <= fine.error_bound);
    CHECK(fine.iterations > rough.iterations);
  }
}

TEST_CASE("a state that mostly stays where it is costs no iterations", "[markov]") {
  const absorbing_chain chain = absorbing_chain::from_probabilities(
      {"a", "b"}, {"goal", "null"},
      std::vector<absorbing_chain::transition>{
          {0, 0, 0.999999}, {0, 1, 0.000001}, {1, 1, 0.99999}, {1, 2, 0.000004}, {1, 3, 0.000006}});
  for (const auto method : {solver_method::dense, solver_method::bicgstab, solver_method::gauss_seidel}) {
    const transient_solver solver(chain, {.method = method});
    const auto found = solver.solve({.rhs = direct(chain, 0)});
    CHECK_THAT(found.values[0], WithinAbs(0.4, 1e-9));
    CHECK(std::abs(found.values[0] - 0.4) <= found.error_bound);
    CHECK(found.iterations < 20);
  }
}

TEST_CASE("removal effects equal brute force on random chains", "[markov]") {
  std::mt19937 random(17);
  for (int round = 0; round < 20; ++round) {
    const absorbing_chain chain = random_chain(random, 2 + random() % 30, 0.15, 0.15);
    const auto n = static_cast<std::uint32_t>(chain.transient_size());
    const double base = reach_by_elimination(chain, n)[0];
    std::vector<state_set> sets = random_sets(random, n, 10);
    sets.push_back({0});
    sets.push_back({});
    for (const auto method : {solver_method::dense, solver_method::bicgstab}) {
      const transient_solver solver(chain, {.method = method});
      const state_removal found = removal_effects(solver, 0, n, sets);
      REQUIRE_THAT(found.probability, WithinRel(base, 1e-11));
      for (std::size_t k = 0; k < sets.size(); ++k) {
        const double without = reach_by_elimination(chain, n, sets[k])[0];
        REQUIRE_THAT(found.without[k], WithinAbs(without, 1e-12));
        REQUIRE(std::abs(found.effect[k] - (1.0 - without / base)) <= found.error_bound[k] + 1e-15);
        REQUIRE(found.error_bound[k] < 1e-8);
      }
      REQUIRE(found.effect[10] == 1.0);
      REQUIRE(found.effect[11] == 0.0);

      // The closed form for single states: P(ever there) · P(goal from there) / P(goal).
      const dense_matrix visits = solver.fundamental_matrix();
      const std::vector<double> reach = absorption_probabilities(solver, n);
      const state_removal single = removal_effects(solver, 0, n);
      for (std::uint32_t c = 0; c < n; ++c) {
        REQUIRE_THAT(single.effect[c], WithinAbs(visits(0, c) / visits(c, c) * reach[c] / reach[0], 1e-10));
      }
    }
  }
}

TEST_CASE("what every buyer passes has removal effect 1, what leads nowhere 0, exactly", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const transient_solver solver(chain);
  const state_removal webshop = removal_effects(solver, 0, chain.find("purchase"));
  CHECK(webshop.effect == std::vector<double>{1, 1, 1, 1});
  CHECK(webshop.without == std::vector<double>{0, 0, 0, 0});

  const absorbing_chain faq =
      absorbing_chain::from_counts({"(start)", "page", "faq", "never"}, {"(conversion)", "(null)"},
                                   std::vector<absorbing_chain::transition>{
                                       {0, 1, 3}, {0, 2, 1}, {1, 4, 1}, {1, 2, 1}, {1, 5, 1}, {2, 5, 2}, {3, 4, 1}});
  const state_removal found = removal_effects(transient_solver(faq), 0, faq.find("(conversion)"));
  CHECK(found.effect == std::vector<double>{1, 1, 0, 0});

  const state_removal hopeless = removal_effects(transient_solver(faq), 2, faq.find("(conversion)"));
  CHECK(std::isnan(hopeless.effect[1]));
  CHECK(hopeless.probability == 0.0);
}

TEST_CASE("rare conversions keep their digits", "[markov]") {
  // P(goal) about 1e-9: an absolute error of 1e-12 would spoil the effects.
  std::mt19937 random(23);
  std::vector<std::string> names;
  std::vector<absorbing_chain::transition> steps;
  const std::uint32_t n = 600;
  for (std::uint32_t i = 0; i < n; ++i) {
    names.push_back("s" + std::to_string(i));
    for (int k = 0; k < 5; ++k) {
      steps.push_back({i, static_cast<std::uint32_t>(random() % n), 1.0 + static_cast<double>(random() % 10)});
    }
    steps.push_back({i, n + 1, 5.0});
  }
  steps.push_back({n - 1, n, 1e-6});
  const absorbing_chain chain = absorbing_chain::from_counts(names, {"goal", "null"}, steps);
  std::vector<state_set> sets;
  for (std::uint32_t c = 1; c < 30; ++c) {
    sets.push_back({c, c + 30, c + 60});
  }
  const state_removal fast = removal_effects(transient_solver(chain), 0, n, sets);
  const state_removal slow = removal_effects(transient_solver(chain, {.method = solver_method::dense}), 0, n, sets);
  CHECK(fast.probability < 1e-8);
  for (std::size_t k = 0; k < sets.size(); ++k) {
    CHECK_THAT(fast.effect[k], WithinAbs(slow.effect[k], 1e-9));
    CHECK(fast.error_bound[k] < 1e-6);
  }
}

TEST_CASE("limits and wrong input are refused", "[markov]") {
  const absorbing_chain chain = webshop_chain();
  const transient_solver solver(chain);
  const std::vector<double> infinite{1, 2, INFINITY, 0};
  const std::vector<double> zero(4);
  const state_set outside{4};
  CHECK_THROWS_AS(solver.solve({.rhs = infinite}), input_error);
  CHECK_THROWS_AS(solver.solve({.rhs = zero, .removed = outside}), input_error);
  CHECK_THROWS_AS(absorption_probabilities(solver, 0), input_error);
  CHECK_THROWS_AS(expected_visits(solver, 5), input_error);
  CHECK_THROWS_AS(removal_effects(solver, 0, 1), input_error);
  const absorbing_chain large = corridor(max_dense_states + 1);
  CHECK_THROWS_AS(transient_solver(large, {.method = solver_method::dense}), limit_error);
}
