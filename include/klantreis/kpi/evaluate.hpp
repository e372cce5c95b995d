// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "klantreis/arrow.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/kpi/definition.hpp"
#include "klantreis/kpi/options.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// Which column of a table of aggregates is what.
struct kpi_aggregate_columns {
  std::string date = "date";
  std::string kpi = "kpi";
  std::string channel = "channel";  ///< empty: absent
  std::string value = "value";
};

/// Reads a whole Arrow stream of aggregates; rows without a value are left out.
/// \throws input_error when a column is missing or a date is null.
[[nodiscard]] kpi_aggregates read_aggregates(ArrowArrayStream* stream, const kpi_aggregate_columns& columns = {});

/// Measures key figures on all events up to the end of the observation.
///
/// Columns: `kpi, phase, touchpoint`, with `by` its label, with a period `period, complete`, then `value, n, lower,
/// upper, target, gap, status, unit, direction, marks, note`.
///
/// - `n`: the customers behind the figure. Intervals: of shares of customers Wilson's, of other figures by influence
///   values summed for each customer; counts and sums have none. A zero denominator is null.
/// - `gap` is value − target. `status`: `ok`; `off`; `off, could be chance` when the interval holds the target; `too
///   little data` below `too_few` customers; `not measured` when the log lacks what the figure needs, which `note`
///   names; empty without a target.
/// - With `by`, a label that never changes within a customer is the customer's, and events without it count there;
///   otherwise events count under their own label and customers under their first one. Without a label: `(none)`. So
///   the counts of events, and under a customer's label those of customers too, add up to the whole.
/// - With a period, an event counts in its own, and what has a beginning and an end (a customer, a cart, a question, an
///   issue) where it began. Days and weeks (from Monday) are those of UTC. A period is not complete when the
///   observation ends in it, or begins after its first day.
/// \throws input_error when the log lacks the labels `by`, a figure of `select` is not defined, or periods are asked of
/// a log without time.
[[nodiscard]] table kpis(const journey_set& journeys, std::span<const kpi_definition> definitions,
                         const kpi_aggregates& aggregates = {}, const kpi_options& options = {});

/// The key figures of the log's map; without a map those of the library that the log can answer.
[[nodiscard]] table kpis(const journey_set& journeys, const kpi_aggregates& aggregates = {},
                         const kpi_options& options = {});

/// The benchmarks of the log's map beside what was measured, never mixed with it:
/// `benchmark, value, measured, n, lower, upper, gap, within, source, marks, note`. `gap` is measured − value; `within`
/// says whether the interval holds the benchmark (`yes`, `no`, empty when unknown).
/// \throws input_error when the log has no map.
[[nodiscard]] table benchmarks(const journey_set& journeys, const kpi_aggregates& aggregates = {},
                               const kpi_options& options = {});

/// Figures off target, worst first: `rank, kpi, phase, touchpoint, value, n, lower, upper, target, gap, miss, status,
/// advice, owner`. `miss` is the distance to the target as a share of the target. Of a table that `kpis` made.
///
/// `advice`: `improve now` where the interval excludes the target; `research more` where it holds the target or there
/// are too few customers to say.
[[nodiscard]] table attention(const table& figures, const journey_map* map = nullptr);

/// How far the targets of each phase are met: `phase, score, kpis, on_target, left_out`. The score is 100 × figures on
/// target / figures with a verdict; what has no verdict is left out and named.
[[nodiscard]] table phase_scores(const table& figures);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/kpi/evaluate.ipp"
#endif
