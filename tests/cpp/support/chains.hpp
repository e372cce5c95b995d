// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "klantreis/markov/absorbing_chain.hpp"

namespace test {

using klantreis::absorbing_chain;
using klantreis::dense_matrix;

/// A webshop with loops: awareness, consideration, cart, checkout → purchase or exit.
inline absorbing_chain webshop_chain() {
  const std::vector<absorbing_chain::transition> transitions{
      {0, 0, .1}, {0, 1, .4}, {0, 5, .5},              // awareness
      {1, 0, .1}, {1, 1, .3}, {1, 2, .2}, {1, 5, .4},  // consideration
      {2, 1, .2}, {2, 2, .1}, {2, 3, .4}, {2, 5, .3},  // cart
      {3, 2, .1}, {3, 4, .7}, {3, 5, .2}};             // checkout
  return absorbing_chain::from_probabilities({"awareness", "consideration", "cart", "checkout"}, {"purchase", "exit"},
                                             transitions);
}

/// A random chain with the outcomes goal, null and other. `leave` is about the probability of ending at each step.
inline absorbing_chain random_chain(std::mt19937& random, std::size_t states, double density, double leave) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  std::vector<std::string> names;
  std::vector<absorbing_chain::transition> transitions;
  for (std::size_t i = 0; i < states; ++i) {
    names.push_back("s" + std::to_string(i));
    const auto from = static_cast<std::uint32_t>(i);
    // A ring keeps every state within reach of every other.
    transitions.push_back({from, static_cast<std::uint32_t>((i + 1) % states), 0.05});
    double inside = 0.05;
    for (std::size_t j = 0; j < states; ++j) {
      if (unit(random) < density) {
        const double weight = unit(random) * unit(random);
        transitions.push_back({from, static_cast<std::uint32_t>(j), weight});
        inside += weight;
      }
    }
    for (std::size_t a = 0; a < 3; ++a) {
      if (i == 0 || unit(random) < 0.5) {
        transitions.push_back(
            {from, static_cast<std::uint32_t>(states + a), unit(random) * leave * inside / (1.0 - leave)});
      }
    }
  }
  return absorbing_chain::from_counts(names, {"goal", "null", "other"}, transitions);
}

/// P(goal) from each state by eliminating one state after another, in long double: slow and plain.
inline std::vector<double> reach_by_elimination(const absorbing_chain& chain, absorbing_chain::state goal,
                                                const std::vector<absorbing_chain::state>& removed = {}) {
  const std::size_t n = chain.transient_size();
  std::vector<bool> gone(n);
  for (const auto s : removed) {
    gone[s] = true;
  }
  std::vector<std::vector<long double>> a(n, std::vector<long double>(n + 1, 0.0L));
  for (std::size_t i = 0; i < n; ++i) {
    a[i][i] = 1.0L;
    if (gone[i]) {
      continue;
    }
    for (std::size_t j = 0; j < n; ++j) {
      if (!gone[j]) {
        a[i][j] -= chain.within().at(i, j);
      }
    }
    a[i][n] = chain.out().at(i, goal - n);
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k || a[i][k] == 0.0L) {
        continue;
      }
      const long double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j <= n; ++j) {
        a[i][j] -= factor * a[k][j];
      }
    }
  }
  std::vector<double> result(n);
  for (std::size_t i = 0; i < n; ++i) {
    result[i] = static_cast<double>(a[i][n] / a[i][i]);
  }
  return result;
}

}  // namespace test
