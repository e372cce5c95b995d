// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/detail/pair_counts.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

namespace detail {
struct part_fields;
}  // namespace detail

struct step_matrix_options {
  std::size_t steps = 10;         ///< how many steps to show; at least 1
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  unsigned threads = 0;           ///< 0: one for each core
};

/// The most steps a step matrix may have.
inline constexpr std::size_t max_matrix_steps = 10'000;

/// Where journeys stand at step 1, 2, …; merges by `+=` over logs that share no customer.
///
/// A journey that has ended stays at its end, one that is open at `(open)`:
///
///     journeys          step 1   step 2   step 3
///     a > b, converted  a        b        (conversion)
///     a, not converted  a        (null)   (null)
///     b > b, open       b        b        (open)
class step_matrix_counts {
 public:
  /// Adds the journeys of another log.
  /// \throws input_error when the two were counted under different options.
  step_matrix_counts& operator+=(const step_matrix_counts& other);

  [[nodiscard]] std::uint64_t journeys() const noexcept { return journeys_; }

 private:
  friend struct detail::part_fields;
  friend step_matrix_counts count_steps(const journey_set&, const step_matrix_options&);
  friend table step_matrix(const step_matrix_counts&);

  std::vector<std::pair<std::string, std::string>> options_;
  name_table names_;
  std::size_t steps_ = 0;
  std::uint64_t journeys_ = 0;
  detail::pair_counts at_;     // (step, item), steps from 0
  detail::pair_counts ended_;  // (items of the journey, state): journeys that end within the steps
};

/// Counts at which item each journey is at each step.
/// \throws input_error without steps or labels `options.by`; limit_error beyond `max_matrix_steps`.
[[nodiscard]] step_matrix_counts count_steps(const journey_set& journeys, const step_matrix_options& options = {});

/// `step, label, count, share`: the journeys that are at the label at the step, most first within a step; labels
/// without a journey are left out. The shares of a step add up to 1 and are of all journeys, open ones too.
[[nodiscard]] table step_matrix(const step_matrix_counts& counts);
[[nodiscard]] table step_matrix(const journey_set& journeys, const step_matrix_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/step_matrix.ipp"
#endif
