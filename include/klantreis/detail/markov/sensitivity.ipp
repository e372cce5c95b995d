// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/sensitivity.hpp"

namespace klantreis {

KLANTREIS_INLINE std::vector<chain_edge> edges_of(const absorbing_chain& chain) {
  std::vector<chain_edge> result;
  result.reserve(chain.within().columns.size() + chain.out().columns.size());
  for (absorbing_chain::state i = 0; i < chain.transient_size(); ++i) {
    for (const std::uint32_t j : chain.within().columns_of(i)) {
      result.push_back({i, j});
    }
    for (const std::uint32_t j : chain.out().columns_of(i)) {
      result.push_back({i, static_cast<absorbing_chain::state>(chain.transient_size() + j)});
    }
  }
  return result;
}

KLANTREIS_INLINE chain_sensitivity sensitivity_of_absorption(const transient_solver& solver,
                                                             absorbing_chain::state start,
                                                             absorbing_chain::state goal) {
  chain_sensitivity result{expected_visits(solver, start), absorption_probabilities(solver, goal)};
  result.values.resize(solver.chain().size());
  result.values[goal] = 1.0;
  return result;
}

KLANTREIS_INLINE chain_sensitivity sensitivity_of_steps(const transient_solver& solver, absorbing_chain::state start) {
  chain_sensitivity result{expected_visits(solver, start), expected_steps(solver)};
  result.values.resize(solver.chain().size());
  return result;
}

KLANTREIS_INLINE std::vector<double> multinomial_variance_parts(const absorbing_chain& chain,
                                                                const chain_sensitivity& slope,
                                                                std::span<const double> row_visits) {
  if (row_visits.size() != chain.transient_size()) {
    throw input_error("there are " + std::to_string(row_visits.size()) +
                      " numbers of visits; give one for each of the " + std::to_string(chain.transient_size()) +
                      " transient states");
  }
  std::vector<double> parts(row_visits.size());
  for (absorbing_chain::state i = 0; i < parts.size(); ++i) {
    if (!(row_visits[i] >= 0.0) || std::isinf(row_visits[i])) {
      throw input_error("the visits of " + quoted(chain.name(i)) + " are " + detail::number_text(row_visits[i]) +
                        "; they must be a finite number of 0 or more");
    }
    double mean = 0.0;
    const auto add = [&](const sparse_rows& rows, std::size_t first, auto&& use) {
      const auto columns = rows.columns_of(i);
      const auto values = rows.values_of(i);
      for (std::size_t e = 0; e < columns.size(); ++e) {
        use(values[e], slope.values[first + columns[e]]);
      }
    };
    const auto to_mean = [&](double p, double value) { mean += p * value; };
    add(chain.within(), 0, to_mean);
    add(chain.out(), chain.transient_size(), to_mean);
    double spread = 0.0;
    const auto to_spread = [&](double p, double value) { spread += p * (value - mean) * (value - mean); };
    add(chain.within(), 0, to_spread);
    add(chain.out(), chain.transient_size(), to_spread);
    const double weight = slope.visits[i] * slope.visits[i];
    parts[i] = weight > 0.0
                   ? (row_visits[i] > 0.0 ? weight * spread / row_visits[i] : std::numeric_limits<double>::quiet_NaN())
                   : 0.0;
  }
  return parts;
}

KLANTREIS_INLINE std::vector<proportional_effect> proportional_effects(const transient_solver& solver,
                                                                       absorbing_chain::state start,
                                                                       absorbing_chain::state goal) {
  const absorbing_chain& chain = solver.chain();
  const chain_sensitivity slope = sensitivity_of_absorption(solver, start, goal);
  constexpr double null = std::numeric_limits<double>::quiet_NaN();
  const double theta = slope.values[start];
  std::vector<proportional_effect> result;
  const std::vector<chain_edge> edges = edges_of(chain);
  for (std::size_t begin = 0; begin < edges.size();) {
    std::size_t end = begin;
    while (end < edges.size() && edges[end].from == edges[begin].from) {
      ++end;
    }
    for (std::size_t e = begin; e < end; ++e) {
      const auto [i, j] = edges[e];
      double others = 0.0;
      double rest = 0.0;
      for (std::size_t k = begin; k < end; ++k) {
        if (k != e) {
          const double p = chain.probability(i, edges[k].to);
          others += p * slope.values[edges[k].to];
          rest += p;
        }
      }
      const double derivative = end - begin > 1 ? slope.visits[i] * (slope.values[j] - others / rest) : null;
      result.push_back({i, j, derivative, theta > 0.0 ? derivative * chain.probability(i, j) / theta : null});
    }
    begin = end;
  }
  return result;
}

KLANTREIS_INLINE std::vector<moved_gain> gains_of_moving(const transient_solver& solver, absorbing_chain::state start,
                                                         absorbing_chain::state goal, absorbing_chain::state source,
                                                         std::span<const chain_edge> edges, double amount) {
  const absorbing_chain& chain = solver.chain();
  detail::check_absorbing(chain, source, "the source");
  if (!(amount > 0.0 && amount <= 1.0)) {
    throw input_error("the amount to move is " + detail::number_text(amount) +
                      "; it must lie between 0 and 1 (0.01 is one percentage point)");
  }
  for (const chain_edge& e : edges) {
    detail::check_transient(chain, e.from, "the origin of a transition");
    if (e.to >= chain.size() || e.to == source) {
      throw input_error("probability cannot be moved from " + quoted(chain.name(source)) + " to state " +
                        std::to_string(e.to) + "; choose another destination");
    }
  }
  const chain_sensitivity slope = sensitivity_of_absorption(solver, start, goal);

  std::vector<std::size_t> order(edges.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return edges[a].from < edges[b].from; });
  std::vector<std::size_t> first;
  std::vector<std::vector<double>> units;
  std::vector<moved_gain> result(edges.size());
  const auto finish_batch = [&](std::size_t end) {
    std::vector<transient_solver::problem> problems;
    for (const auto& unit : units) {
      problems.push_back({.rhs = unit});
    }
    first.push_back(end);
    solver.solve(problems, transient_solver::direction::forward,
                 [&](std::size_t k, transient_solver::solution&& column) {
                   for (std::size_t at = first[k]; at < first[k + 1]; ++at) {
                     const auto [i, j] = edges[order[at]];
                     const double available = chain.probability(i, source);
                     const double moved = (std::min)(amount, available);
                     const double back = chain.is_absorbing(j) ? 0.0 : column.values[j];
                     const double room = 1.0 - moved * back;
                     const double arrivals =
                         room > 1e-12 ? slope.visits[i] * moved / room : std::numeric_limits<double>::quiet_NaN();
                     const double gain = arrivals * (slope.values[j] - slope.values[source]);
                     result[order[at]] = {gain, moved, available < amount, arrivals};
                   }
                 });
    first.clear();
    units.clear();
  };
  for (std::size_t at = 0; at < order.size(); ++at) {
    const absorbing_chain::state from = edges[order[at]].from;
    if (at == 0 || edges[order[at - 1]].from != from) {
      if (units.size() == 8) {
        finish_batch(at);
      }
      first.push_back(at);
      units.push_back(detail::unit(chain.transient_size(), from));
    }
  }
  if (!units.empty()) {
    finish_batch(order.size());
  }
  return result;
}

}  // namespace klantreis
