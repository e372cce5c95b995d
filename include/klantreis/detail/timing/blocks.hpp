// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "klantreis/engine.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis::detail {

/// Sums `count(index_range) -> Partial` over blocks of `[0, size)` that do not depend on the number of workers, in
/// their order: floating-point sums are the same to the last bit whatever the machine.
template <typename Count>
auto sum_in_blocks(std::size_t size, unsigned workers, Count&& count) {
  constexpr std::size_t block = 4096;
  const std::size_t blocks = (std::max)(std::size_t{1}, (size + block - 1) / block);
  using partial = decltype(count(index_range{}));
  std::vector<partial> parts(blocks);
  begin_stage("counting", size);
  const auto useful = static_cast<unsigned>(std::clamp<std::size_t>(blocks, 1, workers));
  run_parallel(useful, [&](unsigned worker) {
    for (std::size_t i = worker; i < blocks; i += useful) {
      parts[i] = count(index_range{i * block, (std::min)(size, (i + 1) * block)});
    }
  });
  for (std::size_t i = 1; i < blocks; ++i) {
    parts[0] += parts[i];
  }
  return std::move(parts[0]);
}

/// Moments of the influence values of several statistics.
struct influence_row {
  std::vector<influence_sum> sums;

  influence_row& operator+=(const influence_row& other) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += other.sums[i];
    }
    return *this;
  }
};

}  // namespace klantreis::detail
