// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "klantreis/markov/absorbing_chain.hpp"

namespace klantreis {

/// One way through a chain to the goal.
struct probable_path {
  std::vector<absorbing_chain::state> states;  ///< transient states in order, the first one included, the goal not
  double probability = 0.0;                    ///< that a journey takes exactly this way
};

/// The `count` most probable ways from `from` to the absorbing state `goal`, most probable first; fewer where there are
/// no more. A way may pass a state many times.
///
/// Ways of equal probability (to 1e-12, so that rounding does not decide) stand in the order of the names along them,
/// also where `count` cuts through them. Best-first search with the exact cost of the rest of the way.
/// Source: Hart, Nilsson and Raphael 1968, doi:10.1109/TSSC.1968.300136.
/// \throws limit_error when more than `max_steps` partial ways would have to be looked at.
[[nodiscard]] std::vector<probable_path> most_probable_paths(const absorbing_chain& chain, absorbing_chain::state from,
                                                             absorbing_chain::state goal, std::size_t count,
                                                             std::size_t max_steps = 50'000'000);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/probable_paths.ipp"
#endif
