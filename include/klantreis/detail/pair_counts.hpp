// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace klantreis::detail {

/// How often each pair of codes occurred.
///
/// Pairs of small codes stand in a square array, the others in a hash table, so that a few touchpoints count as fast
/// as an array and a million of them take no more memory than the pairs that occur.
class pair_counts {
 public:
  void add(std::uint32_t first, std::uint32_t second, std::uint64_t times = 1) {
    if (first < side && second < side) {
      if (square_.empty()) {
        square_.resize(side * side);
      }
      square_[first * side + second] += times;
      return;
    }
    if (2 * (used_ + 1) > slots_.size()) {
      grow();
    }
    slot& found = slots_[place_of(first, second)];
    if (found.times == 0) {
      found.first = first;
      found.second = second;
      ++used_;
    }
    found.times += times;
  }

  /// Calls `use(first, second, times)` for every pair that occurred, in no order.
  template <typename Use>
  void for_each(Use&& use) const {
    for (std::size_t place = 0; place < square_.size(); ++place) {
      if (square_[place] != 0) {
        use(static_cast<std::uint32_t>(place / side), static_cast<std::uint32_t>(place % side), square_[place]);
      }
    }
    for (const slot& candidate : slots_) {
      if (candidate.times != 0) {
        use(candidate.first, candidate.second, candidate.times);
      }
    }
  }

  pair_counts& operator+=(const pair_counts& other) {
    other.for_each(
        [this](std::uint32_t first, std::uint32_t second, std::uint64_t times) { add(first, second, times); });
    return *this;
  }

 private:
  static constexpr std::size_t side = 128;

  struct slot {
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    std::uint64_t times = 0;  // 0: empty
  };

  [[nodiscard]] std::size_t place_of(std::uint32_t first, std::uint32_t second) const noexcept {
    std::uint64_t hash = (static_cast<std::uint64_t>(first) << 32U | second) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
    const std::size_t last = slots_.size() - 1;
    std::size_t place = static_cast<std::size_t>(hash) & last;
    while (slots_[place].times != 0 && (slots_[place].first != first || slots_[place].second != second)) {
      place = (place + 1) & last;
    }
    return place;
  }

  void grow() {
    std::vector<slot> old(slots_.empty() ? 64 : 2 * slots_.size());
    old.swap(slots_);
    for (const slot& entry : old) {
      if (entry.times != 0) {
        slots_[place_of(entry.first, entry.second)] = entry;
      }
    }
  }

  std::vector<std::uint64_t> square_;
  std::vector<slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace klantreis::detail
