// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "klantreis/detail/patterns/name_ranks.hpp"
#include "klantreis/detail/stoppable_sort.hpp"
#include "klantreis/paths.hpp"

namespace klantreis::detail {

/// The paths in the order they are shown, the first `limit` of them.
inline std::vector<std::uint32_t> variant_order(const path_table& paths, std::optional<std::size_t> limit) {
  const std::vector<std::uint32_t> rank = name_ranks(paths.names());
  std::vector<double> counts(paths.size());
  for (const std::size_t path : each({0, paths.size()})) {
    counts[path] = paths.conversions()[path] + paths.nulls()[path];
  }
  std::vector<std::uint32_t> order(paths.size());
  std::iota(order.begin(), order.end(), 0U);
  const std::size_t shown = (std::min)(limit.value_or(order.size()), order.size());
  const auto rank_of = [&](std::uint32_t code) { return rank[code]; };
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    return counts[a] != counts[b]
               ? counts[a] > counts[b]
               : std::ranges::lexicographical_compare(paths.path(a), paths.path(b), {}, rank_of, rank_of);
  };
  if (shown == order.size()) {
    stoppable_sort(order.begin(), order.end(), before);
  } else {
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(), before);
  }
  order.resize(shown);
  return order;
}

}  // namespace klantreis::detail
