// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "klantreis/detail/funnel/feed.hpp"

namespace klantreis::detail {

inline constexpr std::uint64_t no_row = (std::numeric_limits<std::uint64_t>::max)();
inline constexpr std::uint64_t no_limit = (std::numeric_limits<std::uint64_t>::max)();

/// The bits of the first `count` steps.
[[nodiscard]] constexpr std::uint64_t first_bits(std::size_t count) noexcept {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

/// `later − earlier` of times of which the second is not larger; right even where a signed difference would overflow.
[[nodiscard]] constexpr std::uint64_t elapsed(std::int64_t later, std::int64_t earlier) noexcept {
  return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
}

/// What a matcher must know about a funnel.
struct match_rules {
  std::size_t steps = 0;
  std::uint64_t window = no_limit;               ///< in ticks
  std::vector<std::uint64_t> step_windows = {};  ///< [k]: from step k − 1 to step k; empty: none
  std::uint64_t directly = 0;                    ///< bit k: step k follows step k − 1 without an event between
  bool reuse = false;                            ///< one event may fill several steps
  bool earliest = false;                         ///< the chain that starts first is shown
  std::uint64_t optional = 0;                    ///< bit k: step k may be passed over
  std::int64_t ticks_per_second = 0;

  [[nodiscard]] std::uint64_t step_window(std::size_t step) const noexcept {
    return step_windows.empty() ? no_limit : step_windows[step];
  }
};

/// How far one unit came.
struct funnel_match {
  std::size_t level = 0;            ///< as the definition counts it
  std::uint64_t hit = 0;            ///< bit k: step k counts as reached
  bool excluded = false;            ///< left out of every step by an exclusion
  std::vector<std::uint64_t> rows;  ///< the row that filled each step; `no_row` where none did

  void clear(std::size_t steps) {
    level = 0;
    hit = 0;
    excluded = false;
    rows.assign(steps, no_row);
  }
};

/// Chains of places that share their beginnings, so that a longer chain costs one node.
class chain_store {
 public:
  static constexpr std::uint32_t none = (std::numeric_limits<std::uint32_t>::max)();

  void clear() noexcept { nodes_.clear(); }

  std::uint32_t add(std::size_t place, std::size_t step, std::uint32_t before) {
    nodes_.push_back({static_cast<std::uint64_t>(place), static_cast<std::uint32_t>(step), before});
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  /// Calls `use(step, place)` along a chain, from its end to its start.
  template <typename Use>
  void follow(std::uint32_t node, Use&& use) const {
    for (; node != none; node = nodes_[node].before) {
      use(static_cast<std::size_t>(nodes_[node].step), static_cast<std::size_t>(nodes_[node].place));
    }
  }

  [[nodiscard]] bool contains(std::uint32_t node, std::size_t place) const {
    bool found = false;
    follow(node, [&](std::size_t, std::size_t there) { found = found || there == place; });
    return found;
  }

  /// Writes the rows of a chain.
  void rows(std::uint32_t node, std::span<const fed_event> events, std::vector<std::uint64_t>& out) const {
    follow(node, [&](std::size_t step, std::size_t place) { out[step] = events[place].row; });
  }

 private:
  struct link {
    std::uint64_t place;
    std::uint32_t step;
    std::uint32_t before;
  };
  std::vector<link> nodes_;
};

/// The end of the run of events at the same instant as `begin`.
[[nodiscard]] inline std::size_t end_of_instant(std::span<const fed_event> events, std::size_t begin) noexcept {
  std::size_t end = begin + 1;
  while (end < events.size() && events[end].time == events[begin].time) {
    ++end;
  }
  return end;
}

}  // namespace klantreis::detail
