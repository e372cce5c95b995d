// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "klantreis/markov/absorbing_chain.hpp"

namespace klantreis {

struct simulation_options {
  std::size_t journeys = 1'000;
  std::uint64_t seed = 0;
  std::size_t max_steps = 10'000;  ///< a journey of so many steps is broken off
};

/// Journeys drawn from a chain, in rows like those of a log.
struct simulated_journeys {
  /// The outcome of a journey that was broken off.
  static constexpr absorbing_chain::state unfinished = 0xFFFF'FFFFU;

  std::vector<std::size_t> offsets{0};
  std::vector<absorbing_chain::state> states;    ///< transient states in order, the start included
  std::vector<absorbing_chain::state> outcomes;  ///< the absorbing state in which each journey ended

  [[nodiscard]] std::size_t size() const noexcept { return outcomes.size(); }
  [[nodiscard]] std::span<const absorbing_chain::state> operator[](std::size_t journey) const noexcept {
    return std::span(states).subspan(offsets[journey], offsets[journey + 1] - offsets[journey]);
  }
};

/// Draws journeys that begin in `start`.
///
/// Journey i depends on the chain, the seed and i alone, and the same on every platform: drawing 100 gives the first
/// 100 of drawing 1000. Equal seeds give equal journeys within one version of klantreis. Random numbers: splitmix64
/// (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195).
[[nodiscard]] simulated_journeys simulate(const absorbing_chain& chain, absorbing_chain::state start,
                                          const simulation_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/simulation.ipp"
#endif
