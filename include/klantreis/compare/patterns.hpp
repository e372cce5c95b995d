// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/compare/groups.hpp"
#include "klantreis/patterns/around.hpp"
#include "klantreis/patterns/sequences.hpp"
#include "klantreis/table.hpp"

// What two groups of journeys do otherwise, cell by cell. Differences are those of the second group less the first,
// with an interval and a test by customers, as in `compare`: separate customers by square-and-add, customers who are in
// both groups matched. p values are adjusted over all rows.

namespace klantreis {

/// `step, label, first, …, second, …, difference, lower, upper, p, p_adjusted, n_first, n_second, marks`: the shares of
/// `steps_around` in both groups, in its order by the mean of both. Open journeys count too, as in `steps_around`.
/// \throws input_error as `steps_around`.
[[nodiscard]] table compare_steps(const journey_group& first, const journey_group& second,
                                  const around_options& options = {}, p_adjustment adjust = p_adjustment::holm);

/// `step, from, to` and the same columns: the shares of `flow_around`.
[[nodiscard]] table compare_flow(const journey_group& first, const journey_group& second,
                                 const around_options& options = {}, p_adjustment adjust = p_adjustment::holm);

/// `sequence, length, journeys, customers, support, …, confidence, expected, lift` as in `frequent_sequences` of both
/// groups together, and the same columns of differences. Smallest p first.
[[nodiscard]] table compare_sequences(const journey_group& first, const journey_group& second,
                                      const mining_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/compare/patterns.ipp"
#endif
