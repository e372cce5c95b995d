// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/number_text.hpp"
#include "klantreis/markov/absorbing_chain.hpp"

namespace klantreis {
namespace detail {

inline name_table distinct_names(const std::vector<std::string>& names, const char* kind) {
  name_table table;
  for (const std::string& name : names) {
    const std::size_t before = table.size();
    table.intern(name);
    if (table.size() == before) {
      throw input_error("the " + std::string(kind) + " state " + quoted(name) +
                        " is named twice; give each a name of its own");
    }
  }
  return table;
}

// Rows in increasing order of columns, entries of one place added, zeros dropped.
inline void tidy_rows(sparse_rows& matrix) {
  std::vector<std::pair<std::uint32_t, double>> row;
  std::size_t kept = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    const std::size_t end = matrix.offsets[i + 1];
    row.clear();
    for (std::size_t e = begin; e < end; ++e) {
      row.emplace_back(matrix.columns[e], matrix.values[e]);
    }
    const auto by_column = [](const auto& a, const auto& b) { return a.first < b.first; };
    if (!std::is_sorted(row.begin(), row.end(), by_column)) {
      std::stable_sort(row.begin(), row.end(), by_column);
    }
    const std::size_t row_begin = kept;
    for (const auto& [column, value] : row) {
      if (value == 0.0) {
        continue;
      }
      if (kept > row_begin && matrix.columns[kept - 1] == column) {
        matrix.values[kept - 1] += value;
      } else {
        matrix.columns[kept] = column;
        matrix.values[kept] = value;
        ++kept;
      }
    }
    begin = end;
    matrix.offsets[i + 1] = kept;
  }
  matrix.columns.resize(kept);
  matrix.values.resize(kept);
}

inline std::pair<sparse_rows, sparse_rows> rows_of(std::size_t transient, std::size_t absorbing,
                                                   std::span<const absorbing_chain::transition> transitions) {
  sparse_rows within;
  sparse_rows out;
  within.offsets.assign(transient + 1, 0);
  out.offsets.assign(transient + 1, 0);
  for (const auto& t : transitions) {
    if (t.from >= transient || t.to >= transient + absorbing) {
      throw input_error("the transition " + std::to_string(t.from) + " to " + std::to_string(t.to) +
                        " is outside the chain; rows run from 0 to " + std::to_string(transient - 1) + ", columns to " +
                        std::to_string(transient + absorbing - 1));
    }
    ++(t.to < transient ? within : out).offsets[t.from + 1];
  }
  for (sparse_rows* part : {&within, &out}) {
    std::partial_sum(part->offsets.begin(), part->offsets.end(), part->offsets.begin());
    part->columns.resize(part->offsets.back());
    part->values.resize(part->offsets.back());
  }
  std::vector<std::size_t> next_within(within.offsets.begin(), within.offsets.end() - 1);
  std::vector<std::size_t> next_out(out.offsets.begin(), out.offsets.end() - 1);
  for (const auto& t : transitions) {
    const bool inside = t.to < transient;
    const std::size_t at = (inside ? next_within : next_out)[t.from]++;
    sparse_rows& part = inside ? within : out;
    part.columns[at] = inside ? t.to : t.to - static_cast<std::uint32_t>(transient);
    part.values[at] = t.weight;
  }
  return {std::move(within), std::move(out)};
}

// Marks what the marked rows lead to.
inline void spread(const sparse_rows& matrix, std::vector<bool>& marked) {
  std::vector<std::uint32_t> open;
  for (std::size_t i = 0; i < marked.size(); ++i) {
    if (marked[i]) {
      open.push_back(static_cast<std::uint32_t>(i));
    }
  }
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    for (const std::uint32_t next : matrix.columns_of(at)) {
      if (!marked[next]) {
        marked[next] = true;
        open.push_back(next);
      }
    }
  }
}

inline void check_rows(const sparse_rows& matrix, std::size_t rows, std::size_t columns) {
  if (matrix.rows() != rows || matrix.offsets.back() != matrix.columns.size() ||
      matrix.columns.size() != matrix.values.size() || !std::is_sorted(matrix.offsets.begin(), matrix.offsets.end()) ||
      std::any_of(matrix.columns.begin(), matrix.columns.end(), [&](std::uint32_t c) { return c >= columns; })) {
    throw std::logic_error("the rows do not fit a chain of " + std::to_string(rows) + " transient states");
  }
}

}  // namespace detail

KLANTREIS_INLINE double sparse_rows::at(std::size_t row, std::size_t column) const noexcept {
  const auto candidates = columns_of(row);
  const auto found = std::lower_bound(candidates.begin(), candidates.end(), column);
  return found != candidates.end() && *found == column
             ? values_of(row)[static_cast<std::size_t>(found - candidates.begin())]
             : 0.0;
}

KLANTREIS_INLINE sparse_rows transposed(const sparse_rows& matrix, std::size_t columns) {
  sparse_rows result;
  result.offsets.assign(columns + 1, 0);
  result.columns.resize(matrix.columns.size());
  result.values.resize(matrix.values.size());
  for (const std::uint32_t column : matrix.columns) {
    ++result.offsets[column + 1];
  }
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.begin());
  std::vector<std::size_t> next(result.offsets.begin(), result.offsets.end() - 1);
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t e = matrix.offsets[i]; e < matrix.offsets[i + 1]; ++e) {
      const std::size_t at = next[matrix.columns[e]]++;
      result.columns[at] = static_cast<std::uint32_t>(i);
      result.values[at] = matrix.values[e];
    }
  }
  return result;
}

KLANTREIS_INLINE absorbing_chain::absorbing_chain(name_table transient, name_table absorbing, sparse_rows within,
                                                  sparse_rows out, bool counts)
    : transient_(std::move(transient)),
      absorbing_(std::move(absorbing)),
      within_(std::move(within)),
      out_(std::move(out)) {
  const std::size_t n = transient_.size();
  if (n == 0 || absorbing_.empty()) {
    throw input_error("a chain needs at least one transient and one absorbing state; there are " + std::to_string(n) +
                      " and " + std::to_string(absorbing_.size()));
  }
  for (name_table::code i = 0; i < absorbing_.size(); ++i) {
    if (transient_.find(absorbing_[i])) {
      throw input_error("the state " + quoted(absorbing_[i]) + " is both transient and absorbing; give two names");
    }
  }
  detail::check_rows(within_, n, n);
  detail::check_rows(out_, n, absorbing_.size());
  for (state i = 0; i < n; ++i) {
    for (const sparse_rows* part : {&within_, &out_}) {
      for (std::size_t e = part->offsets[i]; e < part->offsets[i + 1]; ++e) {
        if (!(part->values[e] >= 0.0) || std::isinf(part->values[e])) {
          const auto to = static_cast<state>(part->columns[e] + (part == &out_ ? n : 0));
          throw input_error("the transition " + quoted(name(i)) + " to " + quoted(name(to)) + " is " +
                            detail::number_text(part->values[e]) + "; it must be a finite number of 0 or more");
        }
      }
    }
  }
  detail::tidy_rows(within_);
  detail::tidy_rows(out_);

  if (counts) {
    row_weights_.resize(n);
  }
  for (state i = 0; i < n; ++i) {
    double sum = 0.0;
    for (const sparse_rows* part : {&within_, &out_}) {
      for (const double value : part->values_of(i)) {
        sum += value;
      }
    }
    if (counts && !(sum > 0.0)) {
      throw input_error("the state " + quoted(name(i)) + " has no transitions; leave it out or give its counts");
    }
    if (!counts && !(std::abs(sum - 1.0) <= 1e-9)) {
      throw input_error("the probabilities from " + quoted(name(i)) + " sum to " + detail::number_text(sum) +
                        "; they must sum to 1 (or are they counts? then use from_counts)");
    }
    if (counts) {
      row_weights_[i] = sum;
    }
    if (sum != 1.0) {
      for (sparse_rows* part : {&within_, &out_}) {
        for (std::size_t e = part->offsets[i]; e < part->offsets[i + 1]; ++e) {
          part->values[e] /= sum;
        }
      }
    }
  }

  std::vector<bool> ends(n);
  for (std::size_t i = 0; i < n; ++i) {
    ends[i] = !out_.columns_of(i).empty();
  }
  detail::spread(transposed(within_, n), ends);
  const auto trapped = std::find(ends.begin(), ends.end(), false);
  if (trapped != ends.end()) {
    throw input_error("from the state " + quoted(name(static_cast<state>(trapped - ends.begin()))) +
                      " no absorbing state can be reached; a journey there would never end");
  }
}

KLANTREIS_INLINE absorbing_chain absorbing_chain::from_probabilities(const std::vector<std::string>& transient,
                                                                     const std::vector<std::string>& absorbing,
                                                                     std::span<const transition> transitions) {
  auto [within, out] = detail::rows_of(transient.size(), absorbing.size(), transitions);
  return {detail::distinct_names(transient, "transient"), detail::distinct_names(absorbing, "absorbing"),
          std::move(within), std::move(out), false};
}

KLANTREIS_INLINE absorbing_chain absorbing_chain::from_probabilities(const std::vector<std::string>& transient,
                                                                     const std::vector<std::string>& absorbing,
                                                                     const dense_matrix& probabilities) {
  if (probabilities.rows != transient.size() || probabilities.columns != transient.size() + absorbing.size()) {
    throw input_error("the matrix has " + std::to_string(probabilities.rows) + " rows and " +
                      std::to_string(probabilities.columns) + " columns; there must be " +
                      std::to_string(transient.size()) + " and " + std::to_string(transient.size() + absorbing.size()) +
                      ": a row for each transient state, a column for each state, transient ones first");
  }
  std::vector<transition> transitions;
  for (std::size_t i = 0; i < probabilities.rows; ++i) {
    for (std::size_t j = 0; j < probabilities.columns; ++j) {
      if (probabilities(i, j) != 0.0) {
        transitions.push_back({static_cast<state>(i), static_cast<state>(j), probabilities(i, j)});
      }
    }
  }
  return from_probabilities(transient, absorbing, transitions);
}

KLANTREIS_INLINE absorbing_chain absorbing_chain::from_counts(const std::vector<std::string>& transient,
                                                              const std::vector<std::string>& absorbing,
                                                              std::span<const transition> transitions) {
  auto [within, out] = detail::rows_of(transient.size(), absorbing.size(), transitions);
  return {detail::distinct_names(transient, "transient"), detail::distinct_names(absorbing, "absorbing"),
          std::move(within), std::move(out), true};
}

KLANTREIS_INLINE absorbing_chain absorbing_chain::from_counts(name_table transient, name_table absorbing,
                                                              sparse_rows within, sparse_rows out) {
  return {std::move(transient), std::move(absorbing), std::move(within), std::move(out), true};
}

KLANTREIS_INLINE absorbing_chain::state absorbing_chain::find(std::string_view name) const {
  if (const auto found = transient_.find(name)) {
    return *found;
  }
  if (const auto found = absorbing_.find(name)) {
    return static_cast<state>(transient_.size() + *found);
  }
  std::string message = "the chain has no state " + quoted(name);
  std::vector<std::string> known = transient_.to_vector();
  for (std::string& other : absorbing_.to_vector()) {
    known.push_back(std::move(other));
  }
  const char* before = "; similar names: ";
  for (const std::string& other : similar_names(name, known)) {
    message += before + quoted(other);
    before = ", ";
  }
  throw input_error(message);
}

KLANTREIS_INLINE absorbing_chain::state absorbing_chain::find_transient(std::string_view name) const {
  const state found = find(name);
  if (is_absorbing(found)) {
    throw input_error("the state " + quoted(name) + " is absorbing; name one that journeys pass");
  }
  return found;
}

KLANTREIS_INLINE absorbing_chain::state absorbing_chain::find_absorbing(std::string_view name) const {
  const state found = find(name);
  if (!is_absorbing(found)) {
    throw input_error("the state " + quoted(name) + " is transient; name one that journeys end in, such as " +
                      quoted(absorbing_[0]));
  }
  return found;
}

KLANTREIS_INLINE std::vector<bool> absorbing_chain::reachable_from(state start) const {
  std::vector<bool> reached(transient_size());
  reached.at(start) = true;
  detail::spread(within_, reached);
  return reached;
}

KLANTREIS_INLINE std::vector<bool> absorbing_chain::can_reach(state goal) const {
  std::vector<bool> reached(transient_size());
  for (std::size_t i = 0; i < reached.size(); ++i) {
    reached[i] = out_.at(i, goal - transient_size()) > 0.0;
  }
  detail::spread(transposed(within_, transient_size()), reached);
  return reached;
}

}  // namespace klantreis
