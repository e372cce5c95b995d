// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/markov/absorption.hpp"

namespace klantreis {
KLANTREIS_INLINE std::vector<double> absorption_probabilities(const transient_solver& solver,
                                                              absorbing_chain::state goal) {
  detail::check_absorbing(solver.chain(), goal, "the goal");
  const std::vector<double> rhs = detail::direct(solver.chain(), goal);
  return solver.solve({.rhs = rhs}).values;
}

KLANTREIS_INLINE dense_matrix absorption_matrix(const transient_solver& solver) {
  const absorbing_chain& chain = solver.chain();
  std::vector<std::vector<double>> sides;
  std::vector<transient_solver::problem> problems;
  for (std::size_t a = 0; a < chain.absorbing_size(); ++a) {
    sides.push_back(detail::direct(chain, static_cast<absorbing_chain::state>(chain.transient_size() + a)));
  }
  for (const auto& side : sides) {
    problems.push_back({.rhs = side});
  }
  dense_matrix result(chain.transient_size(), chain.absorbing_size());
  solver.solve(problems, transient_solver::direction::forward, [&](std::size_t a, transient_solver::solution&& found) {
    for (std::size_t i = 0; i < result.rows; ++i) {
      result(i, a) = found.values[i];
    }
  });
  return result;
}

KLANTREIS_INLINE std::vector<double> expected_visits(const transient_solver& solver, absorbing_chain::state start) {
  detail::check_transient(solver.chain(), start, "the start");
  const std::vector<double> rhs = detail::unit(solver.chain().transient_size(), start);
  return solver.solve({.rhs = rhs}, transient_solver::direction::transposed).values;
}

KLANTREIS_INLINE dense_matrix variance_of_visits(const transient_solver& solver) {
  dense_matrix result = solver.fundamental_matrix();
  std::vector<double> diagonal(result.rows);
  for (std::size_t j = 0; j < result.rows; ++j) {
    diagonal[j] = result(j, j);
  }
  for (std::size_t i = 0; i < result.rows; ++i) {
    for (std::size_t j = 0; j < result.rows; ++j) {
      const double visits = result(i, j);
      result(i, j) = visits * (2.0 * diagonal[j] - 1.0 - visits);
    }
  }
  return result;
}

KLANTREIS_INLINE std::vector<double> expected_steps(const transient_solver& solver) {
  const std::vector<double> ones(solver.chain().transient_size(), 1.0);
  return solver.solve({.rhs = ones}).values;
}

KLANTREIS_INLINE std::vector<double> variance_of_steps(const transient_solver& solver) {
  const std::vector<double> steps = expected_steps(solver);
  std::vector<double> result = solver.solve({.rhs = steps}).values;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = (std::max)(0.0, 2.0 * result[i] - steps[i] - steps[i] * steps[i]);
  }
  return result;
}

KLANTREIS_INLINE dense_matrix reach_probabilities(const transient_solver& solver) {
  dense_matrix result = solver.fundamental_matrix();
  for (std::size_t j = 0; j < result.rows; ++j) {
    const double own = result(j, j);
    for (std::size_t i = 0; i < result.rows; ++i) {
      result(i, j) = (result(i, j) - (i == j ? 1.0 : 0.0)) / own;
    }
  }
  return result;
}

KLANTREIS_INLINE std::vector<double> expected_time(const transient_solver& solver, std::span<const double> holding) {
  const absorbing_chain& chain = solver.chain();
  if (holding.size() != chain.transient_size()) {
    throw input_error("there are " + std::to_string(holding.size()) + " holding times; give one for each of the " +
                      std::to_string(chain.transient_size()) + " transient states");
  }
  for (std::size_t i = 0; i < holding.size(); ++i) {
    if (!(holding[i] >= 0.0) || std::isinf(holding[i])) {
      throw input_error("the holding time of " + quoted(chain.name(static_cast<absorbing_chain::state>(i))) + " is " +
                        detail::number_text(holding[i]) + "; it must be a finite number of 0 or more");
    }
  }
  return solver.solve({.rhs = holding}).values;
}

KLANTREIS_INLINE std::vector<double> leaving_probabilities(const transient_solver& solver, absorbing_chain::state start,
                                                           absorbing_chain::state outcome) {
  detail::check_absorbing(solver.chain(), outcome, "the outcome");
  std::vector<double> result = expected_visits(solver, start);
  const std::vector<double> direct = detail::direct(solver.chain(), outcome);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] *= direct[i];
  }
  return result;
}

KLANTREIS_INLINE absorbing_chain conditional_on(const transient_solver& solver, absorbing_chain::state goal) {
  const absorbing_chain& chain = solver.chain();
  const std::vector<double> b = absorption_probabilities(solver, goal);
  const std::vector<bool> kept = chain.can_reach(goal);
  std::vector<std::uint32_t> renumbered(kept.size());
  name_table transient;
  for (absorbing_chain::state i = 0; i < kept.size(); ++i) {
    if (kept[i]) {
      renumbered[i] = transient.intern(chain.name(i));
    }
  }
  if (transient.empty()) {
    throw input_error("no state leads to " + quoted(chain.name(goal)) + "; choose another goal");
  }
  // Σ_j p_ij b_j = b_i, so that rows divided by their sums are p_ij b_j / b_i.
  sparse_rows within;
  sparse_rows out;
  for (absorbing_chain::state i = 0; i < kept.size(); ++i) {
    if (!kept[i]) {
      continue;
    }
    const auto columns = chain.within().columns_of(i);
    const auto values = chain.within().values_of(i);
    for (std::size_t e = 0; e < columns.size(); ++e) {
      if (kept[columns[e]]) {
        within.columns.push_back(renumbered[columns[e]]);
        within.values.push_back(values[e] * (std::max)(b[columns[e]], 0.0));
      }
    }
    within.offsets.push_back(within.columns.size());
    const double direct = chain.probability(i, goal);
    if (direct > 0.0) {
      out.columns.push_back(0);
      out.values.push_back(direct);
    }
    out.offsets.push_back(out.columns.size());
  }
  name_table absorbing;
  absorbing.intern(chain.name(goal));
  return absorbing_chain::from_counts(std::move(transient), std::move(absorbing), std::move(within), std::move(out));
}

}  // namespace klantreis
