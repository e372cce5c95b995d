// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// How p values of many tests are adjusted.
enum class p_adjustment : std::uint8_t {
  holm,                ///< keeps the probability of any false alarm
  benjamini_hochberg,  ///< keeps the expected share of false ones among the findings
};

struct mining_options {
  double min_support = 0.01;                            ///< share of the journeys that contain a sequence
  std::size_t min_length = 2;                           ///< items
  std::size_t max_length = 5;                           ///< items
  std::optional<std::size_t> max_gap = std::nullopt;    ///< items that may lie between two neighbours
  std::optional<duration> max_gap_time = std::nullopt;  ///< time from an item of the sequence to the next one
  std::optional<duration> within = std::nullopt;        ///< time from the first item to the last one
  /// Only sequences that no sequence one item longer contains with the same support; under limits on gaps and times:
  /// one item longer at an end.
  bool closed = false;
  p_adjustment adjust = p_adjustment::holm;
  std::optional<std::size_t> limit = std::nullopt;  ///< show the first rows only; p values are adjusted before
  std::string by = "touchpoint";                    ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;                            ///< merge immediate repeats (phases always do)
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// Sequences of items that settled journeys contain in this order, other items between allowed.
///
/// `sequence, length, journeys, support, support_lower, support_upper, n, confidence, expected, lift, converted, …,
/// not_converted, …, difference, lower, upper, p, p_adjusted, marks`; highest support first, then shorter, then by
/// name.
///
/// - `support` is the share of journeys that contain the sequence, with an interval by customers, of whom there are
/// `n`.
/// - `confidence` is the support over that of the sequence without its last item.
/// - `expected` is the support if each step depended on the item before only: by the strong Markov property the product
///   of the probabilities to come from each item to the next one sooner or later (Kemeny and Snell 1960, (N − I) diag
///   N⁻¹), and `lift` is support / expected. Null under limits on gaps and times, where one way
///   through a sequence can fail and a later one succeed, so that there is no such product.
/// - `converted` and `not_converted` are the supports among journeys that converted and the others; `difference` is the
///   first less the second, with an interval and a test by customers, who are matched when they are in both groups.
///
/// Found by PrefixSpan with pseudo-projection (Pei et al. 2004, doi:10.1109/TKDE.2004.77). \throws input_error when the
/// support lies outside 0 … 1, the lengths are 0 or crossed, or a time is asked of a log without; limit_error beyond
/// three million sequences.
[[nodiscard]] table frequent_sequences(const journey_set& journeys, const mining_options& options = {});

/// Items that come right after one another: the same with `count`, occurrences, after `length`.
///
/// `confidence` is the count over that of the n-gram without its last item, and `expected` the count if each step
/// depended on the item before only: visits of the first item times the transition probabilities. Of the options,
/// those on gaps and times are not looked at.
[[nodiscard]] table ngrams(const journey_set& journeys, const mining_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/sequences.ipp"
#endif
