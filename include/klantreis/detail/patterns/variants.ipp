// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/patterns/variant_order.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/patterns/variants.hpp"

namespace klantreis {
namespace detail {

inline constexpr std::uint32_t not_shown = (std::numeric_limits<std::uint32_t>::max)();

/// Whole numbers as integers; where one is not whole, all stay as they are.
inline void add_counts(table& result, std::string name, const std::vector<double>& counts) {
  if (std::all_of(counts.begin(), counts.end(), [](double count) { return count == std::floor(count); })) {
    std::vector<std::int64_t> whole;
    whole.reserve(counts.size());
    for (const double count : counts) {
      whole.push_back(static_cast<std::int64_t>(count));
    }
    result.add(std::move(name), std::move(whole), quantity::count);
  } else {
    result.add(std::move(name), counts, quantity::count);
  }
}

inline std::vector<estimate> variant_rates(const path_table& paths, const std::vector<std::uint32_t>& order,
                                           const std::vector<std::uint32_t>& row_of,
                                           const interval_options& intervals) {
  std::vector<estimate> result;
  result.reserve(order.size());
  if (paths.has_units()) {
    visit_rates rates;
    rates.resize(order.size());
    const auto offsets = paths.unit_offsets();
    for (const std::size_t customer : each({0, offsets.size() - 1})) {
      for (std::size_t unit = offsets[customer]; unit < offsets[customer + 1]; ++unit) {
        const path_unit& entry = paths.units()[unit];
        const std::uint32_t row = row_of[entry.path];
        if (row == not_shown || entry.outcome == path_unit::kind::open) {
          continue;
        }
        rates.visit(row);
        if (entry.outcome == path_unit::kind::conversion) {
          rates.event(row);
        }
      }
      rates.end_customer();
    }
    for (const std::size_t row : each({0, order.size()})) {
      result.push_back(rate_interval(rates.visits()[row], rates.events()[row], intervals));
    }
    return result;
  }
  for (const std::size_t row : each({0, order.size()})) {
    const std::uint32_t path = order[row];
    const double conversions = paths.conversions()[path];
    const double journeys = conversions + paths.nulls()[path];
    result.push_back(rate_interval(
        {journeys, journeys, journeys, journeys},
        {conversions, conversions, conversions, conversions, conversions, conversions, conversions}, intervals));
  }
  return result;
}

/// Medians of the seconds of the settled journeys, by row; one number for each unit of `paths`.
inline std::vector<double> variant_times(std::span<const double> seconds_of, const path_table& paths,
                                         const std::vector<std::uint32_t>& row_of, std::size_t rows) {
  std::vector<std::size_t> offsets(rows + 1, 0);
  const auto for_each_settled = [&](auto&& use) {
    for (const std::size_t index : each({0, seconds_of.size()})) {
      const path_unit& entry = paths.units()[index];
      if (row_of[entry.path] != not_shown && entry.outcome != path_unit::kind::open) {
        use(index, row_of[entry.path]);
      }
    }
  };
  for_each_settled([&](std::size_t, std::uint32_t row) { ++offsets[row + 1]; });
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  std::vector<double> seconds(offsets.back());
  std::vector<std::size_t> next(offsets.begin(), offsets.end() - 1);
  for_each_settled([&](std::size_t index, std::uint32_t row) { seconds[next[row]++] = seconds_of[index]; });
  std::vector<double> medians(rows);
  for (const std::size_t row : each({0, rows})) {
    medians[row] = quantile(std::span{seconds}.subspan(offsets[row], offsets[row + 1] - offsets[row]), 0.5);
  }
  return medians;
}

inline table variants(const path_table& paths, std::span<const double> seconds, const variant_options& options,
                      const hidden_variants& hidden = {}) {
  const std::vector<std::uint32_t> order = variant_order(paths, options.limit);
  std::vector<std::uint32_t> row_of(paths.size(), not_shown);
  for (std::uint32_t row = 0; row < order.size(); ++row) {
    row_of[order[row]] = row;
  }
  const std::vector<estimate> rates = variant_rates(paths, order, row_of, options.intervals);
  std::vector<double> times = seconds.empty() ? std::vector<double>(order.size(), null_value)
                                              : variant_times(seconds, paths, row_of, order.size());
  const double total = paths.total_conversions() + paths.total_nulls() + hidden.journeys;

  std::vector<std::string> texts;
  std::vector<double> counts;
  std::vector<double> open;
  std::vector<double> shares;
  std::vector<double> coverage;
  std::vector<double> conversions;
  std::vector<double> values;
  std::vector<double> customers;
  estimate_columns columns;
  double covered = 0;
  for (const std::size_t row : each({0, order.size()})) {
    const std::uint32_t path = order[row];
    const double count = paths.conversions()[path] + paths.nulls()[path];
    covered += count;
    texts.push_back(join_path(paths.names(), paths.path(path)));
    counts.push_back(count);
    open.push_back(paths.open()[path]);
    shares.push_back(total > 0 ? count / total : null_value);
    coverage.push_back(total > 0 ? covered / total : null_value);
    conversions.push_back(paths.conversions()[path]);
    values.push_back(paths.has_values() ? paths.values()[path] : null_value);
    customers.push_back(rates[row].n);
    columns.add(rates[row]);
  }
  table result{
      "The distinct paths. count: settled journeys that took the path; open: journeys on it whose end is not yet "
      "known; "
      "share: of all settled journeys; coverage: share of this row and those above; conversion_rate: conversions / "
      "count, "
      "with an interval by customers; median_time: median of first to last event, in seconds."};
  result.add("path", std::move(texts));
  add_counts(result, "count", counts);
  add_counts(result, "open", open);
  result.add("share", std::move(shares), quantity::share);
  result.add("coverage", std::move(coverage), quantity::share);
  add_counts(result, "conversions", conversions);
  result.add("conversion_rate", std::move(columns.value), quantity::share);
  result.add("lower", std::move(columns.lower), quantity::share);
  result.add("upper", std::move(columns.upper), quantity::share);
  add_counts(result, "n", customers);
  result.add("value", std::move(values), quantity::amount);
  result.add("median_time", std::move(times), quantity::seconds);
  result.add("marks", std::move(columns.marks));
  result.set_option("by", paths.by());
  result.set_option("variants", std::to_string(paths.size() + hidden.paths));
  result.set_option("limit", options.limit ? std::to_string(*options.limit) : "none");
  return result;
}

}  // namespace detail

KLANTREIS_INLINE variant_counts& variant_counts::operator+=(const variant_counts& other) {
  if (other.options_.empty()) {
    return *this;
  }
  if (options_.empty()) {
    return *this = other;
  }
  detail::require_equal_options(options_, other.options_, "variants");
  if (seconds_.empty() != other.seconds_.empty() && paths_.units().size() != 0 && other.paths_.units().size() != 0) {
    throw input_error("variants of a log with times and of one without do not add up; read both alike");
  }
  paths_ += other.paths_;
  seconds_.insert(seconds_.end(), other.seconds_.begin(), other.seconds_.end());
  return *this;
}

KLANTREIS_INLINE variant_counts count_variants(const journey_set& journeys, const variant_options& options) {
  variant_counts counts;
  counts.paths_ = make_paths(
      journeys, {.by = options.by, .collapse = options.collapse, .lookback = {}, .threads = options.threads});
  if (journeys.log().has_times()) {
    counts.seconds_.resize(journeys.size());
    for (std::size_t index = 0; index < journeys.size(); ++index) {
      counts.seconds_[index] = journeys.seconds(index);
    }
  }
  counts.options_ = detail::cut_options(journeys);
  counts.options_.insert(
      counts.options_.begin(),
      {"collapse", detail::items_of(journeys, options.by, options.collapse).collapse ? "yes" : "no"});
  return counts;
}

KLANTREIS_INLINE table variants(const variant_counts& counts, const variant_options& options,
                                const detail::hidden_variants& hidden) {
  table result = detail::variants(counts.paths_, counts.seconds_, options, hidden);
  for (const auto& [name, value] : counts.options_) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, options.intervals);
  return result;
}

KLANTREIS_INLINE table variants(const journey_set& journeys, const variant_options& options) {
  return variants(count_variants(journeys, options), options);
}

KLANTREIS_INLINE table variants(const path_table& paths, const variant_options& options) {
  table result = detail::variants(paths, {}, options);
  detail::set_interval_options(result, options.intervals);
  return result;
}

}  // namespace klantreis
