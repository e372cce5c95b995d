// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
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
  /// Only transitions from these items (or `(start)`): what can be changed. None: those that the map of the log calls
  /// controllable; all where it has no map.
  std::vector<std::string> controllable = {};
  bool all_items = false;               ///< also what the map does not call controllable
  std::string rank_by = "conversions";  ///< largest first by `conversions` or `value`
};

/// The gain of each transition: how much P(conversion) rises when `amount` more of those who are at `from`, and now
/// leave there, go on to `to`.
///
/// One row for each transition that does not lead to (null), largest gain first, then by name: `from, to`, with a map
/// `owner`, `probability, gain, lower, upper, conversions`, with values `value`, `steps`, with times `time`,
/// `sensitivity`, with values `sensitivity_value`, `sensitivity_steps`, with times `sensitivity_time`, `elasticity,
/// reach, n, marks`.
///
/// - `gain` is exact for any amount δ: N_0i δ val_j / (1 − δ N_ji), with N the expected visits and val_j = P(conversion
/// |
///   j) (Sherman and Morrison 1950, doi:10.1214/aoms/1177729893). Where fewer leave than δ, all of them move and the
///   row is marked `capped`.
/// - `lower` and `upper` take customers as independent: influence values of the gain in its logarithmic form. A path
///   table without customers counts each journey as one.
/// - `conversions` and `value`: the gain over the settled journeys observed. A conversion that is gained at `from`
///   brings the mean value of those made there.
/// - `steps` and `time`: the change of the expected touches and seconds of a journey; exact. A visit takes as long as
/// it
///   did (semi-Markov).
/// - `sensitivity`: N_0i val_j, the gain per unit of a very small amount (Caswell 2013, doi:10.1016/j.laa.2012.07.020);
///   `sensitivity_value`, `_steps` and `_time` are those of the expected value, touches and seconds of a journey.
/// - `elasticity`: the relative change of P(conversion) per relative change of the probability, when all other
///   transitions from `from` shrink in proportion; null when there are none, or no conversions.
/// - `reach`: the share of customers with a settled journey who visit `from`; `n`: their number.
/// - `owner`: who owns the touchpoint or phase `from`, by the map of the log.
/// \throws input_error when the journeys go on after conversions, none is settled, the amount is not in (0, 1], or a
///         name of `controllable` is unknown; limit_error when the intervals would take too long.
[[nodiscard]] table improve(const journey_set& journeys, const improve_options& options = {});
[[nodiscard]] table improve(const path_table& paths, const improve_options& options = {});

struct make_or_break_options {
  std::string by = "touchpoint";  ///< as in `improve_options`
  bool collapse = false;
  bool intervals = true;
  double min_n = 30.0;
  double level = 0.95;
  unsigned threads = 0;
  double limit = 0.5;  ///< items with a larger removal effect are `above_limit`
};

/// The items by the part of the conversions that depends on them.
///
/// One row for each item, largest removal effect first, then by name: the item, `removal_effect, lower, upper,
/// is_dominator, above_limit,
/// conversion_probability, next_best, reach, n, marks`.
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

/// The fewest items that every way from (start) to (conversion) passes one of; of several such sets the one nearest to
/// the start: `<by>, reach, n`.
///
/// No row where a journey went straight from (start) to (conversion), or none can convert; the definition says which.
/// Decided on the graph (see `minimum_cut`).
/// \throws input_error as `improve`.
[[nodiscard]] table choke_points(const journey_set& journeys, const make_or_break_options& options = {});
[[nodiscard]] table choke_points(const path_table& paths, const make_or_break_options& options = {});

/// Where journeys go round: sets of items that can be reached from each other, largest `reach` times `rounds` first.
///
/// One row for each strongly connected component of more than one item, or of one that repeats: `items, size, reach,
/// rounds, visits, conversion_probability`.
///
/// - `reach`: the probability that a journey enters it; having left it, no journey comes back.
/// - `rounds`: how often a journey that enters it is expected to come back to the item by which it entered.
/// - `visits`: the expected visits of its items by such a journey.
/// - `conversion_probability`: P(conversion) of such a journey.
/// \throws input_error and limit_error as `improve`.
[[nodiscard]] table loops(const journey_set& journeys, const make_or_break_options& options = {});
[[nodiscard]] table loops(const path_table& paths, const make_or_break_options& options = {});

/// A change that costs something: `amount` of those at `from` who now leave go on to `to`.
struct priced_change {
  std::string from = {};
  std::string to = {};
  double amount = 0.01;
  double cost = 1.0;
};

struct best_changes_options {
  std::string by = "touchpoint";  ///< as in `improve_options`
  bool collapse = false;
  bool intervals = true;
  double min_n = 30.0;
  double level = 0.95;
  unsigned threads = 0;
  std::size_t exact_up_to = 16;  ///< with so many changes every set is tried, with more they are added one by one
};

/// The set of changes that gains most conversions together, at a cost within the budget.
///
/// One row for each chosen change, in the order in which they are made: `from, to, amount, cost, spent, gain_alone,
/// gain, lower, upper, conversions, n, marks`, where `spent`, `gain` and `conversions` are those of the changes so far,
/// with the interval of `scenario`.
///
/// Gains are those of the chains solved together (Woodbury 1950), as changes along one way strengthen each other. The
/// option `method` says `exact` when every set was tried. Beyond `exact_up_to` it says `greedy`: the change with the
/// largest gain for its cost is added while the budget lasts, or the best single one is taken where that gains more.
/// The option `bound` is a gain that no set within the budget exceeds: in the gains, which are supermodular, a change
/// never adds more than it adds to all others, so the best of those amounts that fits the budget is a bound.
/// \throws input_error when an item is unknown, an amount is not in (0, 1], a cost is negative, or nothing is offered.
[[nodiscard]] table best_changes(const journey_set& journeys, const std::vector<priced_change>& changes, double budget,
                                 const best_changes_options& options = {});
[[nodiscard]] table best_changes(const path_table& paths, const std::vector<priced_change>& changes, double budget,
                                 const best_changes_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/improve.ipp"
#endif
