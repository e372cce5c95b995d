// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "klantreis/markov/absorbing_chain.hpp"
#include "klantreis/markov/solver.hpp"

namespace klantreis {

/// How much a quantity at the start moves with each transition probability, all others held fixed:
/// ∂θ/∂p_ij = visits[i] · values[j].
///
/// For P(goal), `values` is P(goal | j) for a transient j, 1 for the goal and 0 for other outcomes; for expected steps
/// it is the steps that remain after j. A row must keep summing to 1, so only differences within a row have a meaning
/// of their own: `sensitivity(i, j) − sensitivity(i, k)` is the effect of moving mass from k to j. Source: Caswell
/// 2013, doi:10.1016/j.laa.2012.07.020.
struct chain_sensitivity {
  std::vector<double> visits;  ///< by transient state: expected visits from the start
  std::vector<double> values;  ///< by state, transient ones first

  [[nodiscard]] double operator()(absorbing_chain::state from, absorbing_chain::state to) const noexcept {
    return visits[from] * values[to];
  }
};

/// The sensitivity of P(goal | start).
[[nodiscard]] chain_sensitivity sensitivity_of_absorption(const transient_solver& solver, absorbing_chain::state start,
                                                          absorbing_chain::state goal);

/// The sensitivity of the expected number of steps from the start.
[[nodiscard]] chain_sensitivity sensitivity_of_steps(const transient_solver& solver, absorbing_chain::state start);

/// What each row adds to the variance of the quantity, when row i was estimated from `row_visits[i]` independent
/// visits: visits_i²/n_i · (Σ_j p_ij values_j² − (Σ_j p_ij values_j)²), the multinomial delta method.
///
/// Visits of one customer are not independent, so intervals by customers are to be preferred; this one is here for
/// comparison with other tools, and to show which row is known worst. Null for a row that is reached but has no visits.
/// \throws input_error unless there is one number of 0 or more for each transient state.
[[nodiscard]] std::vector<double> multinomial_variance_parts(const absorbing_chain& chain,
                                                             const chain_sensitivity& slope,
                                                             std::span<const double> row_visits);

/// The effect of one transition probability when the rest of its row shrinks in proportion.
struct proportional_effect {
  absorbing_chain::state from;
  absorbing_chain::state to;
  double derivative;  ///< visits_i · (value_j − mean value of the other destinations); null when there is no other
  double elasticity;  ///< derivative · p_ij / θ; null where θ is 0
};

/// Proportional effects on P(goal | start) of all transitions, by row, then by destination.
[[nodiscard]] std::vector<proportional_effect> proportional_effects(const transient_solver& solver,
                                                                    absorbing_chain::state start,
                                                                    absorbing_chain::state goal);

/// The transition from `from` to `to`.
struct chain_edge {
  absorbing_chain::state from;
  absorbing_chain::state to;
};

/// What moving probability from an outcome to another destination is worth.
struct moved_gain {
  double gain;   ///< change of P(goal | start); null when the edited chain would never end
  double moved;  ///< the probability that was moved
  bool capped;   ///< the row had less than asked for
  /// Expected arrivals at the destination by what was moved, those of journeys that come round again included; null as
  /// the gain. What is worth v from there on changes by `arrivals` times v.
  double arrivals = 0.0;
};

/// The change of P(goal | start) when each edge alone gets `amount` more probability, taken from `source` (the null
/// outcome) in the same row. Exact for any amount, not a linear forecast: with δ the amount,
/// N_0i δ (val_j − val_source) / (1 − δ N_ji) by the formula of Sherman and Morrison 1950
/// (doi:10.1214/aoms/1177729893). One solve for each distinct `from`. \throws input_error unless 0 < amount <= 1, or
/// when an edge leads to `source`.
[[nodiscard]] std::vector<moved_gain> gains_of_moving(const transient_solver& solver, absorbing_chain::state start,
                                                      absorbing_chain::state goal, absorbing_chain::state source,
                                                      std::span<const chain_edge> edges, double amount = 0.01);

/// All transitions of the chain, by row, then by destination.
[[nodiscard]] std::vector<chain_edge> edges_of(const absorbing_chain& chain);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/sensitivity.ipp"
#endif
