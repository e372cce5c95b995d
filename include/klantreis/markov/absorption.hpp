// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "klantreis/markov/absorbing_chain.hpp"
#include "klantreis/markov/solver.hpp"

// What becomes of a journey in an absorbing chain. One solver serves all questions about a chain:
//
//     const transient_solver solver(chain);
//     const auto b = absorption_probabilities(solver, chain.find("(conversion)"));
//
// N is the fundamental matrix (I − Q)⁻¹, N_ij the expected visits of j from i. Sources: Kemeny and Snell 1960, Finite
// Markov Chains, chapter 3; Grinstead and Snell 1997, Introduction to Probability, section 11.2.

namespace klantreis {

/// For each transient state the probability that a journey there ends in `goal`.
[[nodiscard]] std::vector<double> absorption_probabilities(const transient_solver& solver, absorbing_chain::state goal);

/// The same for all absorbing states: NR, a row for each transient state. Rows sum to 1.
[[nodiscard]] dense_matrix absorption_matrix(const transient_solver& solver);

/// The expected visits of each transient state by a journey from `start`, which counts as visited: a row of N.
[[nodiscard]] std::vector<double> expected_visits(const transient_solver& solver, absorbing_chain::state start);

/// The variance of those visits for all pairs: N(2·diag N − I) − N∘N.
/// \throws limit_error above `max_dense_states` states.
[[nodiscard]] dense_matrix variance_of_visits(const transient_solver& solver);

/// The expected number of steps until a journey from each state ends: N1.
[[nodiscard]] std::vector<double> expected_steps(const transient_solver& solver);

/// Its variance: (2N − I)t − t∘t.
[[nodiscard]] std::vector<double> variance_of_steps(const transient_solver& solver);

/// The probability that a journey from i comes to j later; for i = j that it comes back: (N − I)·diag(N)⁻¹.
/// \throws limit_error above `max_dense_states` states.
[[nodiscard]] dense_matrix reach_probabilities(const transient_solver& solver);

/// The expected time until a journey from each state ends, when a visit of state i lasts `holding[i]` on average,
/// whatever its distribution (semi-Markov): N·holding.
/// \throws input_error unless there is one finite time of 0 or more for each transient state.
[[nodiscard]] std::vector<double> expected_time(const transient_solver& solver, std::span<const double> holding);

/// Where they leave: the probability that a journey from `start` ends in `outcome` directly from each state. The
/// entries sum to the absorption probability.
[[nodiscard]] std::vector<double> leaving_probabilities(const transient_solver& solver, absorbing_chain::state start,
                                                        absorbing_chain::state outcome);

/// The chain of the journeys that end in `goal`, its only absorbing state: p_ij·b_j/b_i (Doob's transform). States from
/// which the goal cannot be reached are left out. Expected steps in it are those of journeys that reach the goal.
[[nodiscard]] absorbing_chain conditional_on(const transient_solver& solver, absorbing_chain::state goal);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/absorption.ipp"
#endif
