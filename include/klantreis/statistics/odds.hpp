// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "klantreis/statistics/influence.hpp"
#include "klantreis/statistics/intervals.hpp"

namespace klantreis {

/// Customers by two questions: whether they have a property, and whether they succeeded.
struct fourfold {
  std::uint64_t succeeded_with = 0;
  std::uint64_t failed_with = 0;
  std::uint64_t succeeded_without = 0;
  std::uint64_t failed_without = 0;

  friend bool operator==(const fourfold&, const fourfold&) = default;
};

/// The odds of success with the property by those without it, each cell raised by one so that empty cells have an
/// answer (PostHog's correlation), with the interval that the variance of its logarithm gives, the sum of the
/// reciprocals of those cells (Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x).
///
/// Above 1: who has the property succeeds more often. `n` is the customers who have it; `boundary` marks an empty cell,
/// `few_customers` fewer than `min_n` who have the property or do not. Null when nobody, or everybody, has it.
[[nodiscard]] estimate odds_ratio(const fourfold& counts, const interval_options& options = {});

/// The two-sided p value of Fisher's exact test: the probability, under no association, of tables that are no more
/// probable than this one. Source: Fisher 1935, The logic of inductive inference, JRSS 98.
[[nodiscard]] double fisher_exact(const fourfold& counts);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/statistics/odds.ipp"
#endif
