// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "klantreis/paths.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// The Shapley value of each of n players, from the worth of all 2^n coalitions: bit i of an index of `worth` says
/// whether player i belongs to the coalition. The values add up to `worth.back() - worth.front()`.
/// Source: Shapley 1953, doi:10.1515/9781400881970-018.
/// \throws input_error when the size is no power of two, or a worth is not finite; limit_error beyond 25 players.
[[nodiscard]] std::vector<double> shapley_values(std::span<const double> worth);

/// The credit of each item at each position of a path, for the game of `shapley_game::sum`.
///
/// Each conversion falls in equal parts to the items of its path; an item that is touched several times shares its part
/// among those positions. Columns: the item, `position` (from 1), `credit` and, where values exist, `credit_value`; by
/// position, most credit first, then by name. Conversions without a touch are the row `(unattributed)` at position 0,
/// the last one. Sums over the positions are the credit of `shapley`.
/// Source: Zhao, Mahboobi and Bagheri 2018, arXiv:1804.05327 (ordered Shapley values).
[[nodiscard]] table shapley_positions(const path_table& paths);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/shapley.ipp"
#endif
