// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/markov/removal.hpp"

namespace klantreis {
namespace detail {

// Whether some way from `start` to a state that leads to `goal` at once avoids the removed states.
inline bool reaches_without(const absorbing_chain& chain, absorbing_chain::state start,
                            const std::vector<double>& direct, std::span<const absorbing_chain::state> removed) {
  std::vector<bool> met(chain.transient_size());
  for (const absorbing_chain::state s : removed) {
    met[s] = true;
  }
  if (met[start]) {
    return false;
  }
  std::vector<absorbing_chain::state> open{start};
  met[start] = true;
  while (!open.empty()) {
    const absorbing_chain::state at = open.back();
    open.pop_back();
    if (direct[at] > 0.0) {
      return true;
    }
    for (const std::uint32_t next : chain.within().columns_of(at)) {
      if (!met[next]) {
        met[next] = true;
        open.push_back(next);
      }
    }
  }
  return false;
}

}  // namespace detail

KLANTREIS_INLINE state_removal removal_effects(const transient_solver& solver, absorbing_chain::state start,
                                               absorbing_chain::state goal,
                                               std::span<const std::vector<absorbing_chain::state>> sets) {
  const absorbing_chain& chain = solver.chain();
  detail::check_transient(chain, start, "the start");
  detail::check_absorbing(chain, goal, "the goal");
  constexpr double null = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> direct = detail::direct(chain, goal);
  const std::vector<bool> leads_on = chain.can_reach(goal);
  state_removal result;
  result.without.assign(sets.size(), 0.0);
  result.effect.assign(sets.size(), null);
  result.error_bound.assign(sets.size(), 0.0);
  if (!leads_on[start]) {
    return result;
  }
  // Effects are relative to P(goal), so the errors must be small beside it, however rare the goal.
  constexpr double wanted = 1e-10;
  const double steps = solver.steps_bound()[start];
  const auto base = solver.solve({.rhs = direct, .max_error = wanted});
  result.probability = base.values[start];
  const double base_error = base.residual * steps;

  const std::vector<bool> met = chain.reachable_from(start);
  std::vector<transient_solver::problem> problems;
  std::vector<std::size_t> which;
  for (std::size_t k = 0; k < sets.size(); ++k) {
    for (const absorbing_chain::state s : sets[k]) {
      detail::check_transient(chain, s, "a state to remove");
    }
    const bool on_the_way =
        std::any_of(sets[k].begin(), sets[k].end(), [&](absorbing_chain::state s) { return met[s] && leads_on[s]; });
    if (!on_the_way) {
      result.without[k] = result.probability;
      result.effect[k] = 0.0;
    } else if (!detail::reaches_without(chain, start, direct, sets[k])) {
      result.effect[k] = 1.0;
    } else {
      problems.push_back({.rhs = direct, .removed = sets[k], .max_error = wanted * result.probability});
      which.push_back(k);
    }
  }
  solver.solve(problems, transient_solver::direction::forward, [&](std::size_t at, transient_solver::solution&& found) {
    const std::size_t k = which[at];
    const double without = found.values[start];
    const double part = without / result.probability;
    result.without[k] = without;
    result.effect[k] = 1.0 - part;
    result.error_bound[k] =
        (found.residual * steps + part * base_error) / (std::max)(result.probability - base_error, 0.0) + 0x1p-51;
  });
  return result;
}

KLANTREIS_INLINE state_removal removal_effects(const transient_solver& solver, absorbing_chain::state start,
                                               absorbing_chain::state goal) {
  std::vector<std::vector<absorbing_chain::state>> sets(solver.chain().transient_size());
  for (std::size_t i = 0; i < sets.size(); ++i) {
    sets[i] = {static_cast<absorbing_chain::state>(i)};
  }
  return removal_effects(solver, start, goal, sets);
}

}  // namespace klantreis
