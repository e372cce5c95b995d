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

/// The same where no label matches two steps, without a branch for each event.
///
/// Of a chain only its start is followed. The chain that first reached the level takes, after its first row, the next
/// row of each step: had a later chain come in between, that one would have reached the level.
class distinct_scan {
 public:
  /// True when each of `bits` has one bit at most.
  [[nodiscard]] static bool is_possible(std::span<const std::uint64_t> bits) noexcept {
    return std::all_of(bits.begin(), bits.end(), [](std::uint64_t steps) { return std::popcount(steps) <= 1; });
  }

  distinct_scan(std::span<const std::uint64_t> bits, std::size_t steps, std::uint64_t window)
      : step_(bits.size()), window_(window), starts_(steps + 2), chain_(steps) {
    for (std::size_t code = 0; code < bits.size(); ++code) {
      step_[code] = static_cast<std::uint8_t>(bits[code] == 0 ? 0 : std::countr_zero(bits[code]) + 1);
    }
  }

  /// As in funnel_scan.
  [[nodiscard]] std::size_t level(std::span<const std::uint32_t> codes, std::span<const std::int64_t> times,
                                  std::size_t begin, std::size_t end) {
    return level_ = times.empty() ? scan<false>(codes, times, begin, end) : scan<true>(codes, times, begin, end);
  }
  [[nodiscard]] std::span<const std::int64_t> chain() const noexcept { return {chain_.data(), level_}; }

 private:
  // What comes next is a matter of chance, which no processor foresees: so it is computed, not jumped to.
  [[nodiscard]] static std::uint64_t mask(bool holds) noexcept { return std::uint64_t{0} - (holds ? 1U : 0U); }
  [[nodiscard]] static std::uint64_t chosen(std::uint64_t mask, std::uint64_t yes, std::uint64_t no) noexcept {
    return no ^ ((no ^ yes) & mask);
  }

  template <bool Timed>
  std::size_t scan(std::span<const std::uint32_t> codes, std::span<const std::int64_t> times, std::size_t begin,
                   std::size_t end) {
    const auto time = [&](std::size_t event) { return Timed ? times[event] : static_cast<std::int64_t>(event); };
    std::uint64_t* const starts = starts_.data();  // [k]: of the chain of k - 1 steps that starts last
    const std::uint64_t window = window_;
    const std::uint8_t* const steps = step_.data();
    std::uint64_t reached = 0;
    std::uint64_t last = 0;         // the event that first reached it …
    std::uint64_t first_start = 0;  // … and the start of its chain
    for (std::size_t event = begin; event < end; ++event) {
      const std::uint64_t step = steps[codes[event]];  // counted from 1; of others 0, which follows nothing
      const auto now = static_cast<std::uint64_t>(time(event));
      starts[1] = now;
      const std::uint64_t from = starts[step];
      const std::uint64_t is_next = mask((step - 1 <= reached) & (now - from <= window));
      const std::uint64_t is_new = is_next & mask(step > reached);
      starts[step + 1] = chosen(is_next, from, starts[step + 1]);
      last = chosen(is_new, event, last);
      first_start = chosen(is_new, from, first_start);
      reached -= is_new;
    }
    const auto start = static_cast<std::int64_t>(first_start);
    if (reached >= 2) {
      find_chain(codes, time, begin, last, start, reached);
    } else if (reached == 1) {
      chain_[0] = start;
    }
    return reached;
  }

  template <typename Time>
  void find_chain(std::span<const std::uint32_t> codes, Time&& time, std::size_t begin, std::size_t last,
                  std::int64_t start, std::size_t length) {
    std::size_t event = last;
    while (event > begin && time(event - 1) >= start) {
      --event;
    }
    for (std::size_t step = 0; step < length; ++event) {
      if (step_[codes[event]] == step + 1) {
        chain_[step++] = time(event);
      }
    }
  }

  std::vector<std::uint8_t> step_;  // of the step of a label, counted from 1; 0: none
  std::uint64_t window_;
  std::size_t level_ = 0;
  std::vector<std::uint64_t> starts_;
  std::vector<std::int64_t> chain_;
};

}  // namespace klantreis::detail
