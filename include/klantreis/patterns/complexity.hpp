// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct complexity_options {
  std::size_t alphabet = 0;       ///< how many items there could be; 0: as many as occur in the journeys
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  unsigned threads = 0;           ///< 0: one for each core
};

/// How complicated each journey is: one row per journey with an item in its path, in the order of customers and time.
///
/// `customer, journey, end, length, visited, spells, transitions, transitions_norm, entropy, entropy_norm, complexity,
/// log2_subsequences, duration_variance, duration_variance_max, turbulence, volatility, loops, back_steps, reworked`.
///
/// With n items in d spells (maximal runs) of lengths t_i, K the alphabet, v items visited:
///
/// - entropy h = −Σ p ln p of the shares of the items; entropy_norm h / ln K;
/// - complexity √((d − 1)/(n − 1) · h/ln K) (Gabadinho et al. 2010);
/// - φ distinct subsequences of the spells, the empty one included, as log2 φ; s² the population variance of t_i and
///   s²max = (d − 1)(1 − t̄)²; turbulence log2(φ (s²max + 1)/(s² + 1)) (Elzinga and Liefbroer 2007,
///   doi:10.1007/s10680-007-9133-7);
/// - volatility ½ (v − 1)/(K − 1) + ½ (d − 1)/(n − 1) (Brzinsky-Fay 2007);
/// - loops: repeats right after one another, n − d; back_steps: spells of an item that was visited before, d − v;
///   reworked: items that occur more than once.
///
/// As in TraMineR (Gabadinho et al. 2011, doi:10.18637/jss.v040.i04). Ratios with denominator 0 are 0. \throws
/// input_error when the journeys have more items than the alphabet.
[[nodiscard]] table complexity(const journey_set& journeys, const complexity_options& options = {});

struct complexity_group_options {
  complexity_options measures = {};
  std::string group = {};  ///< a label column: journeys by the label of their first event; empty: by how they end
  interval_options intervals{};
};

/// The same by groups of journeys: `<group>, measure, mean, lower, upper, median, journeys, n, marks`; groups with most
/// journeys first, the measures in the order of `complexity`. The interval of the mean is by customers, of whom there
/// are `n`.
[[nodiscard]] table complexity_by(const journey_set& journeys, const complexity_group_options& options = {});

struct predictability_options {
  unsigned max_order = 3;         ///< orders 0 … max_order
  unsigned folds = 10;            ///< of customers; at least 2
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// How much the past of a settled journey says about its next step, its end included: one row per order.
///
/// `order, contexts, steps, entropy_rate, gain, predictability_limit, hits, accuracy, lower, upper, n, marks`.
/// `entropy_rate` is the entropy of the next step given the last `order` items, in bits and in sample, and `gain` how
/// much the last one of these takes away. `predictability_limit` is the share of steps that no prediction with this
/// entropy can surpass, Π of H = −Π log2 Π − (1 − Π) log2(1 − Π) + (1 − Π) log2(m − 1) with m next steps (Fano's
/// inequality; Song et al. 2010, doi:10.1126/science.1177170). `accuracy` is the share of the steps that are the most
/// frequent one after their context among the customers of other folds (`hits`; a context that they lack is shortened),
/// with an interval by customers. Contexts are padded with `(start)`. The order test is in `select_order`.
/// \throws input_error with fewer than 2 folds, or more folds than customers.
[[nodiscard]] table predictability(const journey_set& journeys, const predictability_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/complexity.ipp"
#include "klantreis/detail/patterns/predictability.ipp"
#endif
