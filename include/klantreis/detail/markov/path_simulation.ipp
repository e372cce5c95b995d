// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include "klantreis/detail/draws.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/path_simulation.hpp"

namespace klantreis {

KLANTREIS_INLINE path_table simulate_paths(const order_chain& chain, const path_simulation_options& options) {
  if (!(chain.journeys() > 0.0)) {
    throw input_error("there is no settled journey to learn from, so none can be drawn");
  }
  detail::keyed_uniform uniform{detail::stream_of(0, options.seed)};
  path_table result;
  std::vector<std::string_view> items;
  begin_stage("simulating", options.journeys);
  for ([[maybe_unused]] const std::size_t j : each({0, options.journeys})) {
    items.clear();
    std::uint32_t state = order_chain::start;
    for (std::size_t step = 0; step < options.max_steps; ++step) {
      double left = uniform() * chain.visits()[state];
      std::uint64_t edge = chain.edge_offsets()[state];
      const std::uint64_t end = chain.edge_offsets()[state + 1];
      while (edge < end && left >= chain.weights()[edge]) {
        left -= chain.weights()[edge];
        ++edge;
      }
      if (edge == end) {
        const double conversions = chain.conversions()[state];
        const bool converted = conversions > 0.0 && (left < conversions || chain.nulls()[state] == 0.0);
        result.add(items, converted ? 1.0 : 0.0, converted ? 0.0 : 1.0,
                   converted ? chain.values()[state] / conversions : 0.0);
        break;
      }
      const auto window = chain.window(chain.targets()[edge]);
      if (state == order_chain::start) {
        for (const std::uint32_t item : window) {
          items.push_back(chain.names()[item]);
        }
      } else {
        items.push_back(chain.names()[window.back()]);
      }
      state = chain.targets()[edge];
    }
  }
  return result.described(chain.by(), "");
}

}  // namespace klantreis
