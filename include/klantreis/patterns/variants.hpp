// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct variant_options {
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute; a path table has its own
  bool collapse = false;          ///< merge immediate repeats (phases always do); a path table has its own
  std::optional<std::size_t> limit = std::nullopt;  ///< show the most frequent only; without it all
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

namespace detail {
struct part_fields;

/// Paths that were left out of counts, and the settled journeys on them.
struct hidden_variants {
  std::size_t paths = 0;
  double journeys = 0.0;
};
}  // namespace detail

/// The distinct paths of journeys with how long each journey took; merges by `+=` over logs that share no customer.
class variant_counts {
 public:
  /// Adds the journeys of another log.
  /// \throws input_error when the two were counted under different options.
  variant_counts& operator+=(const variant_counts& other);

  [[nodiscard]] const path_table& paths() const noexcept { return paths_; }

 private:
  friend struct detail::part_fields;
  friend variant_counts count_variants(const journey_set&, const variant_options&);
  friend table variants(const variant_counts&, const variant_options&, const detail::hidden_variants&);

  path_table paths_;
  std::vector<double> seconds_;  // of each unit of the paths; empty without time
  std::vector<std::pair<std::string, std::string>> options_;
};

/// Counts the distinct paths of the journeys, by `by` and `collapse` of the options.
[[nodiscard]] variant_counts count_variants(const journey_set& journeys, const variant_options& options = {});

/// The table of `variants` from counts, by `limit` and `intervals` of the options. What `hidden` counts is a part of
/// the whole, but has no row.
[[nodiscard]] table variants(const variant_counts& counts, const variant_options& options = {},
                             const detail::hidden_variants& hidden = {});

/// The distinct paths, most frequent first, then by the names along the path.
///
/// `path, count, open, share, coverage, conversions, conversion_rate, lower, upper, n, value, median_time, marks`.
/// `count` is settled journeys, `open` those whose end is not yet known; `share` is of all settled journeys and
/// `coverage` the share of this row and those above it, whatever the limit leaves out. `value` sums the conversions.
/// `median_time` is the median of first to last event in seconds. The conversion rate is `conversions / count` with its
/// interval by customers.
[[nodiscard]] table variants(const journey_set& journeys, const variant_options& options = {});

/// The same of a path table: without times, and where it was read as text each journey stands for a customer. Counts
/// that are not whole come as floating-point columns.
[[nodiscard]] table variants(const path_table& paths, const variant_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/variants.ipp"
#endif
