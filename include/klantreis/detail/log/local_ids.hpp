// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace klantreis::detail {

[[nodiscard]] inline std::uint64_t mix_key(std::uint64_t key) noexcept {
  key *= 0x9E3779B97F4A7C15ULL;
  key ^= key >> 32U;
  key *= 0xD6E8FEB86659FD93ULL;
  return key ^ (key >> 32U);
}

/// Numbers the keys of one partition 0, 1, 2 … by a small open-addressing table.
class local_ids {
 public:
  template <typename Record>
  void number(const Record* records, std::size_t count) {
    ids_.resize(count);
    sizes_.clear();
    keys_.clear();
    resize(std::max<std::size_t>(64, slots_.size()));
    for (std::size_t i = 0; i < count; ++i) {
      ids_[i] = id_of(records[i].key);
      ++sizes_[ids_[i]];
    }
  }
  [[nodiscard]] std::size_t distinct() const noexcept { return keys_.size(); }
  [[nodiscard]] std::uint32_t id(std::size_t record) const noexcept { return ids_[record]; }
  [[nodiscard]] std::uint64_t key(std::size_t id) const noexcept { return keys_[id]; }
  [[nodiscard]] std::uint32_t size(std::size_t id) const noexcept { return sizes_[id]; }

 private:
  struct slot {
    std::uint64_t key = 0;
    std::uint32_t id = 0;  ///< id + 1; 0 is empty
  };

  void resize(std::size_t slots) {
    slots_.assign(slots, slot{});
    for (std::uint32_t id = 0; id < keys_.size(); ++id) {
      *find(keys_[id]) = {keys_[id], id + 1};
    }
  }
  slot* find(std::uint64_t key) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (mix_key(key) >> 8U) & mask;
    while (slots_[at].id != 0 && slots_[at].key != key) {
      at = (at + 1) & mask;
    }
    return &slots_[at];
  }
  std::uint32_t id_of(std::uint64_t key) {
    slot* found = find(key);
    if (found->id == 0) {
      if (2 * (keys_.size() + 1) > slots_.size()) {
        resize(slots_.size() * 2);
        found = find(key);
      }
      keys_.push_back(key);
      sizes_.push_back(0);
      *found = {key, static_cast<std::uint32_t>(keys_.size())};
    }
    return found->id - 1;
  }

  std::vector<slot> slots_;
  std::vector<std::uint32_t> ids_;
  std::vector<std::uint32_t> sizes_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace klantreis::detail
