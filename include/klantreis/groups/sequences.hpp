// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/paths.hpp"

namespace klantreis {

/// Distinct sequences with how often each occurs.
///
/// Names stand in alphabetical order and sequences in the order of the names along them, so that whatever is computed
/// from them depends neither on the order of rows nor on that of customers:
///
///     names    cart  product  visit
///     offsets  0     2        5
///     items    0 1   2 1 0
///     weights  4     7
struct weighted_sequences {
  name_table names = {};
  std::vector<std::size_t> offsets{0};
  std::vector<std::uint32_t> items = {};
  std::vector<double> weights = {};

  [[nodiscard]] std::size_t size() const noexcept { return weights.size(); }
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t index) const noexcept {
    return std::span{items}.subspan(offsets[index], offsets[index + 1] - offsets[index]);
  }
  [[nodiscard]] double total_weight() const noexcept;
};

/// The number of a path that is not among the sequences.
inline constexpr std::uint32_t no_sequence = (std::numeric_limits<std::uint32_t>::max)();

/// The paths that settled journeys took, weighted by how many did; with the sequence of each path, `no_sequence` where
/// no settled journey took it.
struct path_sequences {
  weighted_sequences sequences = {};
  std::vector<std::uint32_t> sequence_of_path = {};
};
[[nodiscard]] path_sequences sequences_of(const path_table& paths);

/// Only the sequences `chosen`, with the weights given.
[[nodiscard]] weighted_sequences take_sequences(const weighted_sequences& from, std::span<const std::uint32_t> chosen,
                                                std::span<const double> weights);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/groups/sequences.ipp"
#endif
