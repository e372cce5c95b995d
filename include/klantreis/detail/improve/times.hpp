// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "klantreis/detail/improve/fitted_chain.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/journeys.hpp"

namespace klantreis::detail {

/// How long each customer stayed in each state of the chain of the settled journeys.
///
/// A visit lasts until the next one begins, the last one until the conversion, or the last event of the journey. So
/// the expected visits times the mean lengths add up to the mean length of a journey.
[[nodiscard]] inline state_times times_in_states(const journey_set& journeys, const std::string& by, bool collapse,
                                                 const order_chain& counts) {
  const item_source items = items_of(journeys, by, collapse);
  std::vector<std::uint32_t> state_of(items.names->size());
  for (std::uint32_t code = 0; code < state_of.size(); ++code) {
    const auto known = counts.names().find((*items.names)[code]);
    if (known && !counts.states_with(*known).empty()) {
      state_of[code] = counts.states_with(*known).front();
    }
  }
  const auto times = journeys.log().times();
  const auto per_second = static_cast<double>(journeys.log().ticks_per_second());
  std::vector<double> own(counts.size());
  std::vector<std::uint32_t> touched;
  state_times result;
  result.offsets.push_back(0);
  for (const std::size_t customer : each({0, journeys.customers()})) {
    for (std::uint64_t index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
         ++index) {
      const journey piece = journeys[index];
      if (!piece.settled) {
        continue;
      }
      std::uint32_t here = 0;
      std::int64_t since = 0;
      const auto leave = [&](std::int64_t now) {
        if (here != 0 && now > since) {
          if (own[here] == 0.0) {
            touched.push_back(here);
          }
          own[here] += static_cast<double>(now - since) / per_second;
        }
      };
      items.for_each(piece, [&](std::uint32_t code, std::uint64_t event) {
        leave(times[event]);
        here = state_of[code];
        since = times[event];
      });
      leave(times[piece.end - 1]);
    }
    for (const std::uint32_t state : touched) {
      result.states.push_back(state);
      result.seconds.push_back(own[state]);
      own[state] = 0.0;
    }
    touched.clear();
    result.offsets.push_back(result.states.size());
  }
  return result;
}

}  // namespace klantreis::detail
