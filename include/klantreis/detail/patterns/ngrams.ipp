// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <numeric>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/patterns/ngram_tables.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/patterns/ngrams.hpp"

namespace klantreis {
namespace detail {

/// Up to so many bytes a thread counts n-grams in an array.
inline constexpr std::size_t most_dense_bytes = std::size_t{8} << 20U;

/// How an n-gram becomes a number: each code takes `bits` bits, the oldest the highest.
struct ngram_keys {
  unsigned bits = 1;
  std::size_t length = 1;

  ngram_keys(std::size_t items, std::size_t length_given)
      : bits((std::max)(1U, static_cast<unsigned>(std::bit_width((std::max)(items, std::size_t{1}) - 1)))),
        length(length_given) {}

  [[nodiscard]] bool fit() const noexcept { return bits * length <= 64; }
  [[nodiscard]] bool are_below(std::size_t limit) const noexcept {
    return bits * length < 48 && (std::uint64_t{1} << (bits * length)) <= limit;
  }
  [[nodiscard]] std::uint64_t mask() const noexcept {
    return ~std::uint64_t{0} >> (64U - bits * static_cast<unsigned>(length));
  }
  void split(std::uint64_t key, std::span<std::uint32_t> codes) const noexcept {
    for (std::size_t i = codes.size(); i-- > 0;) {
      codes[i] = static_cast<std::uint32_t>(key & ((std::uint64_t{1} << bits) - 1));
      key >>= bits;
    }
  }

  /// Calls `use(key)` for each n-gram of a path.
  template <typename Use>
  void for_each(const item_source& items, const journey& piece, Use&& use) const {
    const std::uint64_t kept = mask();
    std::uint64_t key = 0;
    std::size_t seen = 0;
    items.for_each(piece, [&](std::uint32_t code, std::uint64_t) {
      key = (key << bits | code) & kept;
      if (++seen >= length) {
        use(key);
      }
    });
  }
};

template <typename Table>
Table count_ngram_keys(const journey_set& journeys, const item_source& items, const ngram_options& options,
                       const ngram_keys& keys, const Table& empty) {
  return count_in_slices(journeys.size(), worker_count(options.threads), 4096, [&](index_range range) {
    Table part = empty;
    for (const std::size_t number : each(range)) {
      const journey piece = journeys[number];
      keys.for_each(items, piece, [&](std::uint64_t key) { part.add(key, number, piece); });
    }
    part.flush();
    return part;
  });
}

template <typename Cell>
indexed_ngrams<Cell> count_long_ngrams(const journey_set& journeys, const item_source& items,
                                       const ngram_options& options) {
  return count_in_slices(journeys.size(), worker_count(options.threads), 4096, [&](index_range range) {
    indexed_ngrams<Cell> part;
    std::vector<std::uint32_t> path;
    for (const std::size_t number : each(range)) {
      const journey piece = journeys[number];
      path.clear();
      items.for_each(piece, [&](std::uint32_t code, std::uint64_t) { path.push_back(code); });
      for (std::size_t first = 0; first + options.length <= path.size(); ++first) {
        part.add(std::span{path}.subspan(first, options.length), number, piece);
      }
    }
    return part;
  });
}

/// Counts with a table that fits, and calls `use(codes, cell)` for each n-gram that occurs, in no order.
template <typename Cell, typename Use>
void count_ngrams_of(const journey_set& journeys, const item_source& items, const ngram_options& options, Use&& use) {
  const ngram_keys keys{items.names->size(), options.length};
  if (!keys.fit()) {
    count_long_ngrams<Cell>(journeys, items, options).for_each(use);
    return;
  }
  std::vector<std::uint32_t> codes(options.length);
  const auto use_key = [&](std::uint64_t key, const Cell& cell) {
    keys.split(key, codes);
    use(std::span<const std::uint32_t>{codes}, cell);
  };
  if (keys.are_below(most_dense_bytes / sizeof(Cell))) {
    const dense_ngrams<Cell> empty{static_cast<std::size_t>(keys.mask()) + 1};
    count_ngram_keys(journeys, items, options, keys, empty).for_each(use_key);
  } else {
    count_ngram_keys(journeys, items, options, keys, hashed_ngrams<Cell>{}).for_each(use_key);
  }
}

}  // namespace detail

KLANTREIS_INLINE std::uint64_t ngram_counts::total() const noexcept {
  return std::accumulate(occurrences_.begin(), occurrences_.end(), std::uint64_t{0});
}

KLANTREIS_INLINE void ngram_counts::arrange(const std::vector<std::size_t>& order) {
  std::vector<std::uint32_t> codes;
  codes.reserve(order.size() * length_);
  for (const std::size_t index : order) {
    const auto own = items(index);
    codes.insert(codes.end(), own.begin(), own.end());
  }
  codes_ = std::move(codes);
  for (auto* const column : {&occurrences_, &journeys_, &settled_, &conversions_}) {
    if (!column->empty()) {
      std::vector<std::uint64_t> arranged;
      arranged.reserve(order.size());
      for (const std::size_t index : order) {
        arranged.push_back((*column)[index]);
      }
      *column = std::move(arranged);
    }
  }
}

KLANTREIS_INLINE ngram_counts count_ngrams(const journey_set& journeys, const ngram_options& options) {
  if (options.length == 0) {
    throw input_error("an n-gram of 0 items is none; ask for at least 1");
  }
  if (options.length > max_ngram_length) {
    throw limit_error("the n-grams have " + std::to_string(options.length) + " items; at most " +
                      std::to_string(max_ngram_length) + " are possible");
  }
  const detail::item_source items = detail::items_of(journeys, options.by, options.collapse);
  ngram_counts result;
  result.options_ = {{"by", options.by},
                     {"collapse", items.collapse ? "yes" : "no"},
                     {"length", std::to_string(options.length)},
                     {"journeys", options.journeys ? "yes" : "no"}};
  const auto cut = detail::cut_options(journeys);
  result.options_.insert(result.options_.end(), cut.begin(), cut.end());
  result.names_ = *items.names;
  result.length_ = options.length;
  const auto put = [&result](std::span<const std::uint32_t> codes, std::uint64_t occurrences) {
    result.codes_.insert(result.codes_.end(), codes.begin(), codes.end());
    result.occurrences_.push_back(occurrences);
  };
  if (options.journeys) {
    detail::count_ngrams_of<detail::ngram_cell>(
        journeys, items, options, [&](std::span<const std::uint32_t> codes, const detail::ngram_cell& cell) {
          put(codes, cell.occurrences);
          result.journeys_.push_back(cell.journeys);
          result.settled_.push_back(cell.settled);
          result.conversions_.push_back(cell.conversions);
        });
  } else {
    detail::count_ngrams_of<detail::ngram_occurrences>(
        journeys, items, options,
        [&](std::span<const std::uint32_t> codes, const auto& cell) { put(codes, cell.occurrences); });
  }
  std::vector<std::size_t> order(result.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    return std::ranges::lexicographical_compare(result.items(a), result.items(b));
  };
  if (!std::is_sorted(order.begin(), order.end(), before)) {
    std::sort(order.begin(), order.end(), before);
    result.arrange(order);
  }
  return result;
}

KLANTREIS_INLINE ngram_counts& ngram_counts::operator+=(const ngram_counts& other) {
  if (other.length_ == 0) {
    return *this;
  }
  if (length_ == 0) {
    return *this = other;
  }
  detail::require_equal_options(options_, other.options_, "n-grams");
  if (length_ != other.length_ || (size() != 0 && other.size() != 0 && journeys_.empty() != other.journeys_.empty())) {
    throw input_error("n-grams of different lengths, or with and without journeys, do not add up; count both alike");
  }
  std::vector<std::uint32_t> code_here(other.names_.size());
  for (std::uint32_t code = 0; code < code_here.size(); ++code) {
    code_here[code] = names_.intern(other.names_[code]);
  }
  detail::sequence_index index;
  for (std::size_t i = 0; i < size(); ++i) {
    index.intern(items(i));
  }
  std::vector<std::uint32_t> codes(length_);
  for (std::size_t i = 0; i < other.size(); ++i) {
    std::ranges::transform(other.items(i), codes.begin(), [&](std::uint32_t code) { return code_here[code]; });
    const std::size_t at = index.intern(codes);
    if (at == size()) {
      codes_.insert(codes_.end(), codes.begin(), codes.end());
      occurrences_.push_back(0);
      if (!other.journeys_.empty()) {
        journeys_.push_back(0);
        settled_.push_back(0);
        conversions_.push_back(0);
      }
    }
    occurrences_[at] += other.occurrences_[i];
    if (!other.journeys_.empty()) {
      journeys_[at] += other.journeys_[i];
      settled_[at] += other.settled_[i];
      conversions_[at] += other.conversions_[i];
    }
  }
  std::vector<std::size_t> order(size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return std::ranges::lexicographical_compare(items(a), items(b)); });
  arrange(order);
  return *this;
}

}  // namespace klantreis
