// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "klantreis/table.hpp"
#include "klantreis/timing/spells.hpp"

namespace klantreis {

/// How the variance of a log-rank statistic is estimated.
enum class log_rank_variance : std::uint8_t {
  automatic,       ///< `hypergeometric` where every customer has one spell, else `customers`
  hypergeometric,  ///< every spell is independent
  customers,       ///< from the sums of the residuals of each customer
};

/// Whether groups differ in how fast their spells end.
struct log_rank_result {
  struct group {
    std::size_t spells = 0;
    std::size_t customers = 0;
    double events = 0.0;
    double expected = 0.0;  ///< under one hazard for all groups
  };
  double statistic = null_value;  ///< χ² on `degrees_of_freedom`
  std::size_t degrees_of_freedom = 0;
  double p_value = null_value;
  log_rank_variance variance = log_rank_variance::hypergeometric;  ///< the one that was used
  std::vector<group> groups;
};

/// The log-rank test of `spells`, of which `groups[i]` is the group of spell i (0, 1, …).
///
/// `cause` is the way of ending that is compared; other ends count as censoring, so the test compares cause-specific
/// hazards. 0 stands for any end. Source: Mantel 1966; Peto and Peto 1972, doi:10.2307/2344317. The variance by
/// customers adds the martingale residuals of each customer before it squares them, times k/(k − 1) (Lee, Wei and Amato
/// 1992; Jeong and Jung 2006, doi:10.1002/sim.2296). Null when no group can differ.
/// \throws input_error when the lengths differ.
[[nodiscard]] log_rank_result log_rank(std::span<const spell> spells, std::span<const std::uint32_t> groups,
                                       std::uint32_t cause = 0,
                                       log_rank_variance variance = log_rank_variance::automatic);

struct log_rank_tables {
  table test;    ///< one row: `statistic, df, p_value, n, variance`
  table groups;  ///< `<segment>, <by>, journeys, n, events, expected, ratio`
};

/// The same between the groups of journeys.
[[nodiscard]] log_rank_tables log_rank(const spell_set& spells, std::uint32_t cause = spell::conversion,
                                       log_rank_variance variance = log_rank_variance::automatic);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/timing/log_rank.ipp"
#endif
