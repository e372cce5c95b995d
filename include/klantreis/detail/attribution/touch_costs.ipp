// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/attribution/touch_costs.hpp"

namespace klantreis {

KLANTREIS_INLINE table touch_costs(const journey_set& journeys, std::string_view by) {
  const auto costs = journeys.log().costs();
  if (costs.empty() && !journeys.empty()) {
    throw input_error("the log has no costs; read it with cost=, or give the cost of each item");
  }
  const detail::item_source items = detail::items_of(journeys, by, false);
  std::vector<double> sums(items.names->size(), 0.0);
  std::vector<bool> seen(items.names->size(), false);
  for (std::size_t j = 0; j < journeys.size(); ++j) {
    const journey piece = journeys[j];
    if (!piece.settled) {
      continue;
    }
    for (std::uint64_t event = piece.begin; event < piece.path_end; ++event) {
      seen[items.codes[event]] = true;
      sums[items.codes[event]] += std::isnan(costs[event]) ? 0.0 : costs[event];
    }
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t item = 0; item < sums.size(); ++item) {
    if (seen[item]) {
      order.push_back(item);
    }
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return sums[a] != sums[b] ? sums[a] > sums[b] : (*items.names)[a] < (*items.names)[b];
  });
  std::vector<std::string> names;
  std::vector<double> cost;
  for (const std::uint32_t item : order) {
    names.emplace_back((*items.names)[item]);
    cost.push_back(sums[item]);
  }
  table result{"What the touches of settled journeys cost."};
  result.add(std::string{by}, std::move(names));
  result.add("cost", std::move(cost), quantity::amount);
  result.set_option("by", std::string{by});
  return result;
}

}  // namespace klantreis
