// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace klantreis::detail {

/// Distinct sequences of codes, numbered 0, 1, 2 … in the order of first appearance.
class sequence_index {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return hashes_.size(); }
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t index) const noexcept {
    return std::span{codes_}.subspan(offsets_[index], offsets_[index + 1] - offsets_[index]);
  }

  /// Returns the number of `sequence`, which is added when it is new.
  std::size_t intern(std::span<const std::uint32_t> sequence) {
    if (2 * (size() + 1) > slots_.size()) {
      grow();
    }
    const std::uint64_t hash = hash_of(sequence);
    const std::size_t place = slot_of(sequence, hash);
    if (slots_[place] != 0) {
      return slots_[place] - 1;
    }
    slots_[place] = size() + 1;
    hashes_.push_back(hash);
    codes_.insert(codes_.end(), sequence.begin(), sequence.end());
    offsets_.push_back(codes_.size());
    return size() - 1;
  }

  /// The number of `sequence`, or `size()` when it was never added.
  [[nodiscard]] std::size_t find(std::span<const std::uint32_t> sequence) const noexcept {
    if (slots_.empty()) {
      return size();
    }
    const std::size_t place = slot_of(sequence, hash_of(sequence));
    return slots_[place] != 0 ? slots_[place] - 1 : size();
  }

 private:
  /// The slot of `sequence`, or the empty one where it belongs.
  [[nodiscard]] std::size_t slot_of(std::span<const std::uint32_t> sequence, std::uint64_t hash) const noexcept {
    std::size_t place = static_cast<std::size_t>(hash) & (slots_.size() - 1);
    while (slots_[place] != 0) {
      const std::size_t index = slots_[place] - 1;
      if (hashes_[index] == hash && std::ranges::equal((*this)[index], sequence)) {
        break;
      }
      place = (place + 1) & (slots_.size() - 1);
    }
    return place;
  }

  [[nodiscard]] static std::uint64_t hash_of(std::span<const std::uint32_t> sequence) noexcept {
    std::uint64_t hash = sequence.size();
    for (const std::uint32_t code : sequence) {
      hash = (hash ^ code) * 0x9E3779B97F4A7C15U;
      hash ^= hash >> 29U;
    }
    return hash ^ (hash >> 32U);
  }

  void grow() {
    slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), 0);
    for (std::size_t index = 0; index < size(); ++index) {
      std::size_t place = static_cast<std::size_t>(hashes_[index]) & (slots_.size() - 1);
      while (slots_[place] != 0) {
        place = (place + 1) & (slots_.size() - 1);
      }
      slots_[place] = index + 1;
    }
  }

  std::vector<std::size_t> offsets_{0};
  std::vector<std::uint32_t> codes_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::size_t> slots_;  // number + 1; 0 is empty; a power of two of them
};

}  // namespace klantreis::detail
