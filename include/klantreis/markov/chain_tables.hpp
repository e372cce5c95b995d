// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/markov/absorbing_chain.hpp"
#include "klantreis/markov/simulation.hpp"
#include "klantreis/markov/solver.hpp"
#include "klantreis/table.hpp"

// The answers of a chain as tidy results, states by name. Rows stand in the order of the states unless said otherwise.

namespace klantreis {

/// `from, to, probability`: the transitions of the chain.
[[nodiscard]] table chain_transitions(const absorbing_chain& chain);

/// `from, to, visits, variance, reach` for all pairs of transient states: the fundamental matrix, the variance of the
/// visits, and the probability of coming to `to` later. \throws limit_error above `max_dense_states` states.
[[nodiscard]] table chain_fundamental_matrix(const transient_solver& solver);

/// `state, outcome, probability`: where journeys from each state end.
[[nodiscard]] table chain_absorption(const transient_solver& solver);

/// `state, visits`: expected visits of a journey from `start`.
[[nodiscard]] table chain_visits(const transient_solver& solver, absorbing_chain::state start);

/// `state, steps, variance`: the number of steps until the end, of all journeys or of those that end in `given`. States
/// from which `given` cannot be reached have nulls.
[[nodiscard]] table chain_steps(const transient_solver& solver,
                                std::optional<absorbing_chain::state> given = std::nullopt);

/// `state, time`: expected seconds until the end when a visit of state i lasts `holding[i]` seconds on average.
[[nodiscard]] table chain_time(const transient_solver& solver, std::span<const double> holding);

/// `state, outcome, probability`: from which state, and how, journeys from `start` end. Probabilities sum to 1.
[[nodiscard]] table chain_leaving(const transient_solver& solver, absorbing_chain::state start);

/// `from, to, probability, sensitivity, proportional, elasticity` of P(goal | start).
[[nodiscard]] table chain_sensitivities(const transient_solver& solver, absorbing_chain::state start,
                                        absorbing_chain::state goal);

/// `from, to, gain, moved, marks`: the change of P(goal | start) when each transition alone gets `amount` more
/// probability from `source`. Transitions of rows that lead to `source`; largest gain first, then by name.
[[nodiscard]] table chain_gains(const transient_solver& solver, absorbing_chain::state start,
                                absorbing_chain::state goal, absorbing_chain::state source, double amount = 0.01);

/// A set of states under a name.
using named_states = std::pair<std::string, std::vector<absorbing_chain::state>>;

/// `state, removal_effect, without, error_bound` of each set; largest effect first, then by name.
[[nodiscard]] table chain_removal_effects(const transient_solver& solver, absorbing_chain::state start,
                                          absorbing_chain::state goal, const std::vector<named_states>& sets);

/// `rank, path, probability, share`: the most probable ways to the goal; `share` is of the journeys that reach it.
[[nodiscard]] table chain_likely_paths(const transient_solver& solver, absorbing_chain::state from,
                                       absorbing_chain::state goal, std::size_t count);

/// `journey, step, state`: simulated journeys, a row for each state they come to, the outcome last.
[[nodiscard]] table chain_simulation(const absorbing_chain& chain, absorbing_chain::state start,
                                     const simulation_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/chain_tables.ipp"
#endif
