// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// Gini's coefficient of amounts: half the mean difference between two of them, relative to their mean. 0 when all are
/// equal, 1 − 1/n when one has everything. Null without a positive total.
/// Source: Gini 1912; the interval from E|x − Y|, the influence function of the mean difference.
[[nodiscard]] estimate gini(std::span<const double> amounts, const interval_options& options = {});

/// The part of the total that the largest `share` of the amounts has, rounded up to whole ones: 2 of 6 for 20 %.
/// Null without a positive total. \throws input_error unless 0 < share <= 1.
[[nodiscard]] estimate top_share(std::span<const double> amounts, double share, const interval_options& options = {});

/// The fewest of the amounts that reach `share` of the total; 0 without a positive total.
[[nodiscard]] std::size_t fewest_for(std::span<const double> amounts, double share);

struct concentration_options {
  std::string outcome = {};  ///< touchpoint or outcome whose value counts; empty: conversions
  unsigned threads = 0;
};

/// Customers with a conversion from the most valuable down, with what they add up to:
/// `rank, customer, value, count, share_of_customers, cumulative_value, cumulative_share`. Read from the last row up it
/// is the Lorenz curve.
[[nodiscard]] table value_concentration(const journey_set& journeys, const concentration_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/kpi/concentration.ipp"
#endif
