// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <string>

#include "klantreis/groups/sequences.hpp"

namespace klantreis {

KLANTREIS_INLINE double weighted_sequences::total_weight() const noexcept {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

KLANTREIS_INLINE path_sequences sequences_of(const path_table& paths) {
  std::vector<std::string> names = paths.names().to_vector();
  std::sort(names.begin(), names.end());
  path_sequences result;
  result.sequences.names = name_table{names};
  std::vector<std::uint32_t> rank(names.size());
  for (std::uint32_t code = 0; code < rank.size(); ++code) {
    rank[code] = *result.sequences.names.find(paths.names()[code]);
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t path = 0; path < paths.size(); ++path) {
    if (paths.conversions()[path] + paths.nulls()[path] > 0.0) {
      order.push_back(path);
    }
  }
  const auto rank_of = [&](std::uint32_t code) { return rank[code]; };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::ranges::lexicographical_compare(paths.path(a), paths.path(b), {}, rank_of, rank_of);
  });
  result.sequence_of_path.assign(paths.size(), no_sequence);
  for (const std::uint32_t path : order) {
    result.sequence_of_path[path] = static_cast<std::uint32_t>(result.sequences.size());
    for (const std::uint32_t code : paths.path(path)) {
      result.sequences.items.push_back(rank[code]);
    }
    result.sequences.offsets.push_back(result.sequences.items.size());
    result.sequences.weights.push_back(paths.conversions()[path] + paths.nulls()[path]);
  }
  return result;
}

KLANTREIS_INLINE weighted_sequences take_sequences(const weighted_sequences& from,
                                                   std::span<const std::uint32_t> chosen,
                                                   std::span<const double> weights) {
  weighted_sequences result;
  result.names = from.names;
  for (std::size_t place = 0; place < chosen.size(); ++place) {
    const auto items = from[chosen[place]];
    result.items.insert(result.items.end(), items.begin(), items.end());
    result.offsets.push_back(result.items.size());
    result.weights.push_back(weights[place]);
  }
  return result;
}

}  // namespace klantreis
