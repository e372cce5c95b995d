// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"

namespace klantreis {

struct ngram_options {
  std::size_t length = 3;         ///< how many items in a row; at least 1
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  bool journeys = false;          ///< also count the journeys that have each n-gram, and how they ended
  unsigned threads = 0;           ///< 0: one for each core
};

/// The most items an n-gram may have.
inline constexpr std::size_t max_ngram_length = 64;

namespace detail {
struct part_fields;
}  // namespace detail

/// How often each run of `length` neighbouring items stands in the paths of all journeys, open ones too; merges by `+=`
/// over logs that share no customer.
///
/// The items of n-gram i are `codes[i · length … (i + 1) · length)`; n-grams stand in the order of their codes:
///
///     journeys          a > b > a > b, converted; a > b, open
///     length            2
///     codes             a b    b a
///     occurrences       3      1
///     journeys          2      1
///     settled           1      1        of the journeys, those whose end is known
///     conversions       1      1        of the settled ones, those that converted
class ngram_counts {
 public:
  ngram_counts() = default;

  [[nodiscard]] std::size_t size() const noexcept { return occurrences_.size(); }
  [[nodiscard]] std::size_t length() const noexcept { return length_; }
  [[nodiscard]] const name_table& names() const noexcept { return names_; }
  [[nodiscard]] std::span<const std::uint32_t> items(std::size_t index) const noexcept {
    return std::span{codes_}.subspan(index * length_, length_);
  }
  [[nodiscard]] std::span<const std::uint64_t> occurrences() const noexcept { return occurrences_; }
  /// Empty unless `ngram_options::journeys` asked for them, as are the next two.
  [[nodiscard]] std::span<const std::uint64_t> journeys() const noexcept { return journeys_; }
  [[nodiscard]] std::span<const std::uint64_t> settled() const noexcept { return settled_; }
  [[nodiscard]] std::span<const std::uint64_t> conversions() const noexcept { return conversions_; }

  /// The sum of the occurrences.
  [[nodiscard]] std::uint64_t total() const noexcept;
  /// What was counted, and how: pairs of a name and a text.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& options() const noexcept { return options_; }

  /// Adds the n-grams of another log.
  /// \throws input_error when the two were counted under different options.
  ngram_counts& operator+=(const ngram_counts& other);

 private:
  friend struct detail::part_fields;
  friend ngram_counts count_ngrams(const journey_set&, const ngram_options&);
  /// Gives every vector the order of `order`, and leaves out what it does not name.
  void arrange(const std::vector<std::size_t>& order);

  std::vector<std::pair<std::string, std::string>> options_;
  name_table names_;
  std::size_t length_ = 0;
  std::vector<std::uint32_t> codes_;
  std::vector<std::uint64_t> occurrences_;
  std::vector<std::uint64_t> journeys_;
  std::vector<std::uint64_t> settled_;
  std::vector<std::uint64_t> conversions_;
};

/// Counts the n-grams of the paths.
/// \throws input_error when the length is 0 or there are no labels `options.by`; limit_error beyond `max_ngram_length`.
[[nodiscard]] ngram_counts count_ngrams(const journey_set& journeys, const ngram_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/ngrams.ipp"
#endif
