// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "klantreis/core.hpp"

namespace klantreis::detail {

/// The places of the names in their alphabetical order.
[[nodiscard]] inline std::vector<std::uint32_t> name_ranks(const name_table& names) {
  std::vector<std::uint32_t> by_name(names.size());
  std::iota(by_name.begin(), by_name.end(), 0U);
  std::sort(by_name.begin(), by_name.end(), [&](std::uint32_t a, std::uint32_t b) { return names[a] < names[b]; });
  std::vector<std::uint32_t> rank(names.size());
  for (std::uint32_t place = 0; place < by_name.size(); ++place) {
    rank[by_name[place]] = place;
  }
  return rank;
}

}  // namespace klantreis::detail
