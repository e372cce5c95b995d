// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "klantreis/markov/absorbing_chain.hpp"
#include "klantreis/markov/solver.hpp"

namespace klantreis {

/// What removing sets of states would cost, one entry for each set.
struct state_removal {
  double probability = 0.0;         ///< P(goal | start)
  std::vector<double> without;      ///< P(goal | start) when the states of the set end every journey
  std::vector<double> effect;       ///< 1 − without / probability; null when the goal cannot be reached
  std::vector<double> error_bound;  ///< no effect is off by more than this, certified
};

/// The removal effects of sets of states: every journey that comes to a state of the set ends without reaching the
/// goal.
///
/// An effect is exactly 1 when every way from the start to the goal passes the set, and exactly 0 when no way does;
/// both are decided on the graph. For a single state it equals N_sc/N_cc · b_c/b_s (the probability of ever coming to c
/// times that of the goal from there).
/// Source: Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001.
[[nodiscard]] state_removal removal_effects(const transient_solver& solver, absorbing_chain::state start,
                                            absorbing_chain::state goal,
                                            std::span<const std::vector<absorbing_chain::state>> sets);

/// The same for each transient state by itself, in the order of the states.
[[nodiscard]] state_removal removal_effects(const transient_solver& solver, absorbing_chain::state start,
                                            absorbing_chain::state goal);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/removal.ipp"
#endif
