// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/detail/random.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/simulation.hpp"

namespace klantreis {
KLANTREIS_INLINE simulated_journeys simulate(const absorbing_chain& chain, absorbing_chain::state start,
                                             const simulation_options& options) {
  detail::check_transient(chain, start, "the start");
  // Running sums of each row, transient states first; the last one is taken as 1, whatever rounding made of it.
  const auto running_sums = [](const sparse_rows& rows, std::size_t i, double& sum, std::vector<double>& sums) {
    for (const double value : rows.values_of(i)) {
      sum += value;
      sums.push_back(sum);
    }
  };
  std::vector<double> sums;
  std::vector<std::size_t> begins{0};
  for (std::size_t i = 0; i < chain.transient_size(); ++i) {
    double sum = 0.0;
    running_sums(chain.within(), i, sum, sums);
    running_sums(chain.out(), i, sum, sums);
    sums.back() = 1.0;
    begins.push_back(sums.size());
  }

  simulated_journeys result;
  result.outcomes.reserve(options.journeys);
  const std::uint64_t key = detail::splitmix64::golden * (options.seed + 1);
  begin_stage("simulating", options.journeys);
  for (const std::size_t journey : each({0, options.journeys})) {
    detail::splitmix64 random(detail::splitmix64::mix(key + detail::splitmix64::mix(journey)));
    absorbing_chain::state at = start;
    absorbing_chain::state outcome = simulated_journeys::unfinished;
    for (std::size_t step = 0; step < options.max_steps; ++step) {
      result.states.push_back(at);
      const auto first = sums.begin() + static_cast<std::ptrdiff_t>(begins[at]);
      const auto last = sums.begin() + static_cast<std::ptrdiff_t>(begins[at + 1]);
      const auto drawn = static_cast<std::size_t>(std::upper_bound(first, last, random.uniform()) - first);
      const auto inside = chain.within().columns_of(at);
      if (drawn >= inside.size()) {
        outcome = static_cast<absorbing_chain::state>(chain.transient_size() +
                                                      chain.out().columns_of(at)[drawn - inside.size()]);
        break;
      }
      at = inside[drawn];
    }
    result.offsets.push_back(result.states.size());
    result.outcomes.push_back(outcome);
  }
  return result;
}

}  // namespace klantreis
