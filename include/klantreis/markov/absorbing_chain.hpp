// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/core.hpp"

namespace klantreis {

/// A matrix by rows of which only the entries that are not zero are stored (compressed sparse rows):
///
///     offsets  [0, 2, 2, 3]        row 0 has entries 0 and 1, row 1 none, row 2 entry 2
///     columns  [0, 4, 1]
///     values   [.1, .9, 1]         (0,0) = .1, (0,4) = .9, (2,1) = 1
struct sparse_rows {
  std::vector<std::size_t> offsets{0};
  std::vector<std::uint32_t> columns;
  std::vector<double> values;

  [[nodiscard]] std::size_t rows() const noexcept { return offsets.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> columns_of(std::size_t row) const noexcept {
    return std::span(columns).subspan(offsets[row], offsets[row + 1] - offsets[row]);
  }
  [[nodiscard]] std::span<const double> values_of(std::size_t row) const noexcept {
    return std::span(values).subspan(offsets[row], offsets[row + 1] - offsets[row]);
  }
  /// The entry at (row, column), 0 where none is stored. The columns of a row stand in increasing order.
  [[nodiscard]] double at(std::size_t row, std::size_t column) const noexcept;
};

/// A full matrix, row after row.
struct dense_matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;

  dense_matrix() = default;
  dense_matrix(std::size_t row_count, std::size_t column_count)
      : rows(row_count), columns(column_count), values(row_count * column_count) {}

  [[nodiscard]] double operator()(std::size_t row, std::size_t column) const noexcept {
    return values[row * columns + column];
  }
  [[nodiscard]] double& operator()(std::size_t row, std::size_t column) noexcept {
    return values[row * columns + column];
  }
  [[nodiscard]] std::span<const double> row(std::size_t index) const noexcept {
    return std::span(values).subspan(index * columns, columns);
  }
};

/// A Markov chain that is left for good sooner or later: transient states, where a journey can be, and absorbing
/// states, where it ends.
///
/// States are numbered with the transient ones first. A chain of two transient states that ends in one of two ways:
///
///     number  0        1      2             3
///     name    product  cart   (conversion)  (null)
///             Q: product → cart .5          R: product → (null) .5
///                cart → product .2             cart → (conversion) .6, cart → (null) .2
///
/// What every chain obeys, checked when one is made:
///   1. names are distinct, and there is at least one state of each kind;
///   2. probabilities are finite and not negative, and each row sums to 1 (within 1e-9; then divided by its sum);
///   3. an absorbing state can be reached from every transient state.
class absorbing_chain {
 public:
  using state = std::uint32_t;

  /// A probability or a count of one transition. `to` may be transient or absorbing.
  struct transition {
    state from;
    state to;
    double weight;
  };

  /// A chain with the given transition probabilities; what is not listed is 0, what is listed twice is added.
  /// \throws input_error that names the state when a rule above is broken.
  [[nodiscard]] static absorbing_chain from_probabilities(const std::vector<std::string>& transient,
                                                          const std::vector<std::string>& absorbing,
                                                          std::span<const transition> transitions);

  /// The same from a full matrix: a row for each transient state, a column for each state, transient ones first.
  [[nodiscard]] static absorbing_chain from_probabilities(const std::vector<std::string>& transient,
                                                          const std::vector<std::string>& absorbing,
                                                          const dense_matrix& probabilities);

  /// The maximum-likelihood chain of weighted counts: each row divided by its sum.
  /// \throws input_error as above, and when a transient state has no transition at all.
  [[nodiscard]] static absorbing_chain from_counts(const std::vector<std::string>& transient,
                                                   const std::vector<std::string>& absorbing,
                                                   std::span<const transition> transitions);

  /// The same from counts that are already in rows: `within` between transient states, `out` into absorbing ones, whose
  /// columns are numbered from 0. For chains of very many states.
  [[nodiscard]] static absorbing_chain from_counts(name_table transient, name_table absorbing, sparse_rows within,
                                                   sparse_rows out);

  [[nodiscard]] std::size_t transient_size() const noexcept { return transient_.size(); }
  [[nodiscard]] std::size_t absorbing_size() const noexcept { return absorbing_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return transient_.size() + absorbing_.size(); }

  [[nodiscard]] bool is_absorbing(state s) const noexcept { return s >= transient_.size(); }
  [[nodiscard]] std::string_view name(state s) const noexcept {
    return is_absorbing(s) ? absorbing_[static_cast<name_table::code>(s - transient_.size())] : transient_[s];
  }

  /// The number of the state of that name. \throws input_error, with similar names, when there is none.
  [[nodiscard]] state find(std::string_view name) const;
  /// As `find`; \throws input_error too when the state is absorbing.
  [[nodiscard]] state find_transient(std::string_view name) const;
  /// As `find`; \throws input_error too when the state is transient.
  [[nodiscard]] state find_absorbing(std::string_view name) const;

  /// Q: probabilities between transient states.
  [[nodiscard]] const sparse_rows& within() const noexcept { return within_; }
  /// R: probabilities from transient to absorbing states, whose columns are numbered from 0.
  [[nodiscard]] const sparse_rows& out() const noexcept { return out_; }
  [[nodiscard]] double probability(state from, state to) const noexcept {
    return is_absorbing(to) ? out_.at(from, to - transient_.size()) : within_.at(from, to);
  }

  /// The visits each row was estimated from; empty when the chain was made from probabilities.
  [[nodiscard]] const std::vector<double>& row_weights() const noexcept { return row_weights_; }

  /// For each transient state whether a journey from `start` can come there, decided on the graph.
  [[nodiscard]] std::vector<bool> reachable_from(state start) const;
  /// For each transient state whether the absorbing state `goal` can be reached from it, decided on the graph.
  [[nodiscard]] std::vector<bool> can_reach(state goal) const;

 private:
  absorbing_chain(name_table transient, name_table absorbing, sparse_rows within, sparse_rows out, bool counts);

  name_table transient_;
  name_table absorbing_;
  sparse_rows within_;
  sparse_rows out_;
  std::vector<double> row_weights_;
};

/// The same entries by columns.
[[nodiscard]] sparse_rows transposed(const sparse_rows& matrix, std::size_t columns);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/absorbing_chain.ipp"
#endif
