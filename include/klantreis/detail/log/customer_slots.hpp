// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/log/bulk_vector.hpp"
#include "klantreis/engine.hpp"

namespace klantreis::detail {

inline constexpr std::uint64_t first_factor = 0x9E3779B97F4A7C15ULL;
inline constexpr std::uint64_t second_factor = 0xD6E8FEB86659FD93ULL;

/// A hash that no two keys share.
[[nodiscard]] constexpr std::uint64_t mix_key(std::uint64_t key) noexcept {
  key *= first_factor;
  key ^= key >> 32U;
  key *= second_factor;
  return key ^ (key >> 32U);
}

/// The key of a hash.
[[nodiscard]] constexpr std::uint64_t unmix_key(std::uint64_t hash) noexcept {
  // Newton's iteration doubles the number of right bits, of which an odd number has three to begin with.
  constexpr auto inverse = [](std::uint64_t odd) {
    std::uint64_t result = odd;
    for (int bits = 3; bits < 64; bits *= 2) {
      result *= 2 - odd * result;
    }
    return result;
  };
  constexpr std::uint64_t undo_first = inverse(first_factor);
  constexpr std::uint64_t undo_second = inverse(second_factor);
  hash ^= hash >> 32U;
  hash *= undo_second;
  hash ^= hash >> 32U;
  return hash * undo_first;
}

/// Where the events of each customer of one partition go, by a small table with open addressing.
///
/// The slot where the search for a customer begins rises with the hash. So the customers stand in the table in the
/// order of their hashes, but for neighbours, and that order depends neither on the order of the events nor on the size
/// of the table.
class customer_slots {
 public:
  struct customer {
    std::uint64_t key;  ///< until they are sorted, its hash
    std::uint32_t slot;
    std::uint32_t events;
  };

  /// The first `common_bits` of the hashes in a partition are the same.
  explicit customer_slots(unsigned common_bits) noexcept : common_bits_(common_bits) {}

  /// Counts the events of each customer of a partition.
  void count(std::span<const std::uint64_t> hashes) {
    slot_of_.resize(hashes.size());
    if (slots_.empty()) {
      // Room for customers of eight events, of whom a partition that is much too large has but few.
      set_bits(static_cast<unsigned>(std::bit_width((std::min)(hashes.size(), usual_events) / 4 + 32)));
    }
    while (!fits(hashes)) {
      set_bits(bits_ + 1);
    }
    sort();
  }

  /// In the order of their hashes, or of their keys where the partition is everything.
  [[nodiscard]] std::span<const customer> customers() const noexcept { return customers_; }

  /// The place of an event among those of the partition, one customer after another; once for each event in turn.
  [[nodiscard]] std::uint32_t next_place(std::size_t event) noexcept { return slots_[slot_of_[event]].next++; }

 private:
  struct slot {
    std::uint64_t hash = 0;
    std::uint32_t events = 0;  ///< 0: the slot is free, whatever the hash
    std::uint32_t next = 0;
  };

  static constexpr std::size_t usual_events = 32'768;

  void set_bits(unsigned bits) {
    bits_ = bits;
    slots_.assign((std::size_t{1} << bits) + 64, slot{});
  }

  [[nodiscard]] bool fits(std::span<const std::uint64_t> hashes) {
    const std::size_t most = std::size_t{1} << (bits_ - 1);
    const unsigned shift = 64 - bits_;
    std::size_t found = 0;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const std::uint64_t hash = hashes[i];
      auto at = static_cast<std::size_t>((hash << common_bits_) >> shift);
      // Without a branch: whether a customer stands in the first slot or in the second cannot be predicted.
      const bool first = slots_[at].hash == hash;
      const bool second = slots_[at + 1].hash == hash;
      at += !first && second ? 1U : 0U;
      if (!first && !second) {
        while (slots_[at].hash != hash) {
          if (slots_[at].events == 0) {
            if (++found > most) {
              return false;
            }
            slots_[at].hash = hash;
            break;
          }
          if (++at == slots_.size()) {
            slots_.resize(slots_.size() + 64);
          }
        }
      }
      ++slots_[at].events;
      slot_of_[i] = static_cast<std::uint32_t>(at);
      if ((i & 0xFFFFU) == 0xFFFFU) {
        check_stop();
      }
    }
    return true;
  }

  void sort() {
    customers_.resize(slots_.size());
    std::size_t count = 0;
    for (std::size_t at = 0; at < slots_.size(); ++at) {
      // Without a branch: which slots are taken cannot be predicted.
      customers_[count] = {slots_[at].hash, static_cast<std::uint32_t>(at), slots_[at].events};
      count += slots_[at].events != 0 ? 1U : 0U;
    }
    customers_.resize(count);
    const bool by_hash = common_bits_ != 0;
    if (by_hash) {
      for (std::size_t i = 1; i < count; ++i) {
        const customer moved = customers_[i];
        std::size_t at = i;
        for (; at > 0 && customers_[at - 1].key > moved.key; --at) {
          customers_[at] = customers_[at - 1];
        }
        customers_[at] = moved;
      }
    }
    for (customer& one : customers_) {
      one.key = unmix_key(one.key);
    }
    if (!by_hash) {
      std::sort(customers_.begin(), customers_.end(),
                [](const customer& a, const customer& b) { return a.key < b.key; });
    }
    std::uint32_t place = 0;
    for (const customer& one : customers_) {
      slots_[one.slot].next = std::exchange(place, place + one.events);
      slots_[one.slot].events = 0;
    }
  }

  unsigned common_bits_;
  unsigned bits_ = 0;
  std::vector<slot> slots_;
  bulk_vector<std::uint32_t> slot_of_;
  bulk_vector<customer> customers_;
};

}  // namespace klantreis::detail
