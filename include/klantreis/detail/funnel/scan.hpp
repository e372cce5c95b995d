// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "klantreis/detail/funnel/match.hpp"

namespace klantreis::detail {

/// The default funnel on one column of labels, the way most funnels are: per step the latest start of a chain.
class funnel_scan {
 public:
  /// `bits[code]` has bit k set when the label matches step k; `window` in units of `times`; at most 64 steps.
  funnel_scan(std::span<const std::uint64_t> bits, std::size_t steps, std::uint64_t window)
      : bits_(bits), steps_(steps), window_(window), times_(steps * steps), chain_(steps) {}

  /// The level reached in events `[begin, end)`. Without `times` the order alone counts.
  [[nodiscard]] std::size_t level(std::span<const std::uint32_t> codes, std::span<const std::int64_t> times,
                                  std::size_t begin, std::size_t end) {
    return level_ = times.empty() ? scan<false>(codes, times, begin, end) : scan<true>(codes, times, begin, end);
  }

  /// The times of the steps of the chain that first reached the level last returned.
  [[nodiscard]] std::span<const std::int64_t> chain() const noexcept { return {chain_.data(), level_}; }

 private:
  template <bool Timed>
  std::size_t scan(std::span<const std::uint32_t> codes, std::span<const std::int64_t> times, std::size_t begin,
                   std::size_t end) {
    std::size_t reached = 0;
    std::uint64_t useful = 1;  // steps that can follow what is reached: 0 … reached
    for (std::size_t event = begin; event < end; ++event) {
      std::uint64_t matches = bits_[codes[event]] & useful;
      if (matches == 0) {
        continue;
      }
      const std::int64_t now = Timed ? times[event] : static_cast<std::int64_t>(event);
      while (matches != 0) {
        const auto step = static_cast<std::size_t>(std::bit_width(matches) - 1);
        matches ^= std::uint64_t{1} << step;
        std::int64_t* const here = times_.data() + step * steps_;
        if (step > 0) {
          const std::int64_t* const before = here - steps_;
          if (elapsed(now, before[0]) > window_ || (step < reached && before[0] <= here[0])) {
            continue;
          }
          std::copy_n(before, step, here);
        }
        here[step] = now;
        if (step == reached) {
          ++reached;
          std::copy_n(here, reached, chain_.begin());
          if (reached == steps_) {
            return reached;
          }
          useful = (useful << 1U) | 1U;
        }
      }
    }
    return reached;
  }

  std::span<const std::uint64_t> bits_;
  std::size_t steps_;
  std::uint64_t window_;
  std::size_t level_ = 0;
  std::vector<std::int64_t> times_;  // row k: the times of the chain of length k + 1 that starts last
  std::vector<std::int64_t> chain_;
};

}  // namespace klantreis::detail
