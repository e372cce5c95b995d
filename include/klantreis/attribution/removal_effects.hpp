// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/statistics/intervals.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// What removing each item would cost, in conversions and in value.
struct removal_effects_result {
  std::vector<std::uint32_t> items;  ///< codes into the names of the chain, rising
  std::vector<double> effect;        ///< 1 − P(conversion without the item) / P(conversion); null when that is 0
  std::vector<double> effect_value;  ///< the same for the expected value of a journey; empty without values
  double conversion = null_value;    ///< P(conversion), the observed rate of the settled journeys
  double value = null_value;         ///< expected value of a journey; null without values
  double error_bound = 0.0;          ///< no P(conversion without an item) is off by more than this, certified
};

/// Computes the removal effects of all items of a chain: every state that contains the item leads to `(null)`.
///
/// Exact but for the rounding of the solver; no simulation. Where the graph decides (every way to the conversion passes
/// the item, or none does) the effect is exactly 1 or 0.
/// Source: Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001.
[[nodiscard]] removal_effects_result removal_effects(const order_chain& chain, bool with_values = true,
                                                     unsigned threads = 0);

/// The same as a table: the item, `removal_effect` and, where values exist, `removal_effect_value`; largest first.
[[nodiscard]] table removal_effects(const path_table& paths, const markov_model& model = {}, unsigned threads = 0);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/removal_effects.ipp"
#endif
