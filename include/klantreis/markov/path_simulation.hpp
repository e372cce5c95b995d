// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "klantreis/markov/order_chain.hpp"
#include "klantreis/paths.hpp"

namespace klantreis {

struct path_simulation_options {
  std::size_t journeys = 1000;
  std::uint64_t seed = 0;
  std::size_t max_steps = 10'000;  ///< journeys that come so far are left out
};

/// Draws journeys from a chain; a conversion brings the mean value of those that ended in the same state. Make the
/// chain with `self_transitions`, or immediate repeats are lost. Equal seeds give equal journeys within one version.
/// \throws input_error when there is no settled journey.
[[nodiscard]] path_table simulate_paths(const order_chain& chain, const path_simulation_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/path_simulation.ipp"
#endif
