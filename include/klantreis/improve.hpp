// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "klantreis/improve/scenario.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/table.hpp"

// What to improve first, what a change would bring, and which items make or break a conversion.
//
// All of it is about the Markov chain of order 1 of the settled journeys, in which repeats are steps like any other.
// The answers hold for a customer who, after the change, behaves from each item onwards as customers did before it.

namespace klantreis {

struct improve_options {
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute; a path table has its own
  bool collapse = false;          ///< merge immediate repeats (phases always do); a path table has its own
  double amount = 0.01;           ///< probability that moves; 0.01 is one percentage point
  bool intervals = true;          ///< false leaves the bounds null, and saves the time they take
  double min_n = 30.0;            ///< rows whose `from` fewer customers visit are marked `few_customers`
  double level = 0.95;            ///< coverage of the intervals
  unsigned threads = 0;           ///< 0: one for each core
};

/// The gain of each transition: how much P(conversion) rises when `amount` more of those who are at `from`, and now
/// leave there, go on to `to`.
///
/// One row for each transition that does not lead to (null), none hidden, largest gain first, then by name:
/// `from, to, probability, gain, lower, upper, conversions`, with values `value`, then `sensitivity, elasticity, reach,
/// n, marks`.
///
/// - `gain` is exact for any amount δ: N_0i δ val_j / (1 − δ N_ji), with N the expected visits and val_j = P(conversion
/// |
///   j) (Sherman and Morrison 1950, doi:10.1214/aoms/1177729893). Where fewer leave than δ, all of them move and the
///   row is marked `capped`.
/// - `lower` and `upper` take customers as independent: influence values of the gain in its logarithmic form. A path
///   table without customers counts each journey as one.
/// - `conversions` and `value`: the gain over the settled journeys observed. A conversion that is gained at `from`
///   brings the mean value of those made there.
/// - `sensitivity`: N_0i val_j, the gain per unit of a very small amount (Caswell 2013, doi:10.1016/j.laa.2012.07.020).
/// - `elasticity`: the relative change of P(conversion) per relative change of the probability, when all other
///   transitions from `from` shrink in proportion; null when there are none, or no conversions.
/// - `reach`: the share of customers with a settled journey who visit `from`; `n`: their number.
/// \throws input_error when the journeys go on after conversions, none is settled, or the amount is not in (0, 1];
///         limit_error when the intervals would take too long.
[[nodiscard]] table improve(const journey_set& journeys, const improve_options& options = {});
[[nodiscard]] table improve(const path_table& paths, const improve_options& options = {});

struct make_or_break_options {
  std::string by = "touchpoint";  ///< as in `improve_options`
  bool collapse = false;
  bool intervals = true;
  double min_n = 30.0;
  double level = 0.95;
  unsigned threads = 0;
};

/// The items by the part of the conversions that depends on them.
///
/// One row for each item, largest removal effect first, then by name: the item, `removal_effect, lower, upper,
/// is_dominator, conversion_probability, next_best, reach, n, marks`.
///
/// - `removal_effect`: the part of the conversions that is lost when every journey ends at the item. Exact.
/// - `is_dominator`: every way from (start) to (conversion) that was taken, or can be put together from what was taken,
///   passes the item. Decided on the graph, not on the numbers.
/// - `conversion_probability`: P(conversion) of a journey that is at the item.
/// - `next_best`: the next step seen from there with the highest P(conversion); empty when none leads to one.
/// - `reach` and `n`: the share and the number of customers with a settled journey who visit the item.
/// Source: Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001.
/// \throws input_error and limit_error as `improve`.
[[nodiscard]] table make_or_break(const journey_set& journeys, const make_or_break_options& options = {});
[[nodiscard]] table make_or_break(const path_table& paths, const make_or_break_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/improve.ipp"
#endif
