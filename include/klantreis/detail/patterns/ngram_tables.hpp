// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/journeys.hpp"

// Tables in which one thread counts n-grams. Each knows an n-gram by the number that its codes make as digits, or,
// where such a number has more than 64 bits, by its place in an index of sequences.

namespace klantreis::detail {

/// What is counted of one n-gram. Journeys are told apart by their last one, which costs no set.
struct ngram_cell {
  std::uint64_t occurrences = 0;
  std::uint64_t last_journey = 0;  // + 1
  std::uint64_t journeys = 0;
  std::uint64_t settled = 0;
  std::uint64_t conversions = 0;

  void add(std::uint64_t journey_number, bool is_settled, bool is_conversion) noexcept {
    ++occurrences;
    if (last_journey != journey_number + 1) {
      last_journey = journey_number + 1;
      ++journeys;
      settled += is_settled ? 1U : 0U;
      conversions += is_conversion ? 1U : 0U;
    }
  }
  ngram_cell& operator+=(const ngram_cell& other) noexcept {
    occurrences += other.occurrences;
    journeys += other.journeys;
    settled += other.settled;
    conversions += other.conversions;
    return *this;
  }
};

/// The occurrences alone: five times as many of them stay in the cache.
struct ngram_occurrences {
  std::uint64_t occurrences = 0;

  void add(std::uint64_t, bool, bool) noexcept { ++occurrences; }
  ngram_occurrences& operator+=(const ngram_occurrences& other) noexcept {
    occurrences += other.occurrences;
    return *this;
  }
};

/// A cell for each n-gram that is possible.
template <typename Cell>
class dense_ngrams {
 public:
  explicit dense_ngrams(std::size_t cells = 0) : cells_(cells) {}

  void add(std::uint64_t key, std::uint64_t number, const journey& piece) {
    cells_[key].add(number, piece.settled, piece.is_conversion());
  }
  void flush() noexcept {}

  template <typename Use>
  void for_each(Use&& use) const {
    for (std::size_t key = 0; key < cells_.size(); ++key) {
      if (cells_[key].occurrences != 0) {
        use(std::uint64_t{key}, cells_[key]);
      }
    }
  }
  dense_ngrams& operator+=(const dense_ngrams& other) {
    for (std::size_t key = 0; key < cells_.size(); ++key) {
      cells_[key] += other.cells_[key];
    }
    return *this;
  }

 private:
  std::vector<Cell> cells_;
};

/// A hash table of the n-grams that occur. Additions wait in a short queue while the memory they need is on its way.
template <typename Cell>
class hashed_ngrams {
 public:
  hashed_ngrams() : slots_(1024) {}

  void add(std::uint64_t key, std::uint64_t number, const journey& piece) {
#if defined(__GNUC__)
    __builtin_prefetch(&slots_[home(key)], 1);
#endif
    waiting_[waiting_count_++] = {key, number, piece.settled, piece.is_conversion()};
    if (waiting_count_ == waiting_.size()) {
      flush();
    }
  }
  void flush() {
    for (std::size_t i = 0; i < waiting_count_; ++i) {
      const addition& one = waiting_[i];
      cell_of(one.key).add(one.number, one.is_settled, one.is_conversion);
    }
    waiting_count_ = 0;
  }

  template <typename Use>
  void for_each(Use&& use) const {
    for (const slot& one : slots_) {
      if (one.cell.occurrences != 0) {
        use(one.key, one.cell);
      }
    }
  }
  hashed_ngrams& operator+=(const hashed_ngrams& other) {
    other.for_each([this](std::uint64_t key, const Cell& cell) { cell_of(key) += cell; });
    return *this;
  }

 private:
  struct slot {
    std::uint64_t key = 0;
    Cell cell;  // without an occurrence: empty
  };
  struct addition {
    std::uint64_t key = 0;
    std::uint64_t number = 0;
    bool is_settled = false;
    bool is_conversion = false;
  };

  [[nodiscard]] std::size_t home(std::uint64_t key) const noexcept {
    std::uint64_t hash = key * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
    return static_cast<std::size_t>(hash) & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t place_of(std::uint64_t key) const noexcept {
    std::size_t place = home(key);
    while (slots_[place].cell.occurrences != 0 && slots_[place].key != key) {
      place = (place + 1) & (slots_.size() - 1);
    }
    return place;
  }
  Cell& cell_of(std::uint64_t key) {
    std::size_t place = place_of(key);
    if (slots_[place].cell.occurrences == 0) {
      if (2 * (used_ + 1) > slots_.size()) {
        grow();
        place = place_of(key);
      }
      ++used_;
      slots_[place].key = key;
    }
    return slots_[place].cell;
  }
  void grow() {
    std::vector<slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const slot& one : old) {
      if (one.cell.occurrences != 0) {
        slots_[place_of(one.key)] = one;
      }
    }
  }

  std::vector<slot> slots_;  // a power of two of them
  std::size_t used_ = 0;
  std::array<addition, 32> waiting_{};
  std::size_t waiting_count_ = 0;
};

/// N-grams whose digits make no number of 64 bits.
template <typename Cell>
class indexed_ngrams {
 public:
  void add(std::span<const std::uint32_t> codes, std::uint64_t number, const journey& piece) {
    cell_of(codes).add(number, piece.settled, piece.is_conversion());
  }

  template <typename Use>
  void for_each(Use&& use) const {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      use(index_[i], cells_[i]);
    }
  }
  indexed_ngrams& operator+=(const indexed_ngrams& other) {
    other.for_each([this](std::span<const std::uint32_t> codes, const Cell& cell) { cell_of(codes) += cell; });
    return *this;
  }

 private:
  Cell& cell_of(std::span<const std::uint32_t> codes) {
    const std::size_t at = index_.intern(codes);
    if (at == cells_.size()) {
      cells_.emplace_back();
    }
    return cells_[at];
  }

  sequence_index index_;
  std::vector<Cell> cells_;
};

}  // namespace klantreis::detail
