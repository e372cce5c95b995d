// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "klantreis/conformance.hpp"
#include "klantreis/core.hpp"
#include "klantreis/dropoff.hpp"
#include "klantreis/funnel.hpp"
#include "klantreis/match.hpp"
#include "klantreis/measure.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/patterns.hpp"
#include "klantreis/timing.hpp"
#include "klantreis/transitions.hpp"

// Counts of a part of the customers: written to bytes, sent, read and merged. The threads of one machine, the
// partitions of a log that is larger than memory, the shards of a cluster and yesterday's counts are all parts.
//
//     std::string sent = to_bytes(count_transitions(journeys_of_a_shard));
//     part_counts total = counts_from_bytes(sent);
//     merge(total, counts_from_bytes(other));
//     const table result = transitions(std::get<transition_counts>(total));

namespace klantreis {

/// Counts that have a binary form, whichever they are.
using part_counts = std::variant<transition_counts, path_table, funnel_counts, drop_off_counts, step_matrix_counts,
                                 variant_counts, spell_set, cohort_rate_counts, ngram_counts, return_cohort_counts,
                                 match_counts, measure_counts, conformance_counts>;

/// What the counts are of: `transitions`, `paths`, `funnel`, `drop_off`, `step_matrix`, `variants`, `spells`,
/// `cohort_rate`, `ngrams`, `return_cohorts`, `matches`, `measure`, `conformance`.
[[nodiscard]] std::string_view kind_of(const part_counts& counts) noexcept;

/// The binary form: a mark, its version, the kind, names, options and counts, and a checksum. It is the same on every
/// machine.
[[nodiscard]] std::string to_bytes(const part_counts& counts);

/// Reads what `to_bytes` wrote.
/// \throws input_error when the bytes are something else, damaged, cut off, of another version, or break a rule of the
///         counts.
[[nodiscard]] part_counts counts_from_bytes(std::string_view bytes);

/// Adds the counts of other customers.
/// \throws input_error when the kinds differ, or the options under which they were counted, naming the option.
void merge(part_counts& total, const part_counts& more);

/// Counts of paths, variants or transitions in pieces by a hash of the path, or of the two ends of the transition, the
/// same on every machine: all counts, values and times of a path or a transition are in one piece. Piece i of these
/// counts and piece i of other counts add up; different pieces do not, as a customer may be in several.
///
/// So what is more than memory holds, distinct paths or the time that each transition took, can be kept in files, one
/// for each piece. Probabilities of transitions need the visits of all pieces.
/// \throws input_error when the counts are of something else, or without pieces.
[[nodiscard]] std::vector<part_counts> split(const part_counts& counts, std::size_t pieces);

/// The most frequent of variants that come in pieces of different paths, as `split` makes them.
///
///     top_variants top{{.limit = 100}};
///     for (std::size_t i = 0; i < pieces; ++i) top.add(all_counts_of_piece(i));
///     const table result = top.result();       // that of `variants` of all counts
class top_variants {
 public:
  /// \throws input_error without a limit.
  explicit top_variants(variant_options options);

  /// Adds variants none of whose paths were added before.
  /// \throws input_error when they were counted under other options.
  void add(const variant_counts& piece);

  [[nodiscard]] table result() const;

 private:
  variant_options options_;
  variant_counts shown_;
  detail::hidden_variants hidden_;
};

namespace detail {
/// No log has more events; sums of so many are exact as floating-point numbers.
inline constexpr std::uint64_t most_events = std::uint64_t{1} << 53U;
}  // namespace detail

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/parts.ipp"
#endif
