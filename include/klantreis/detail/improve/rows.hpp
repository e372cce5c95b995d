// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/detail/improve/fitted_chain.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/table.hpp"

// What the analyses of this module share: passes over the customers in blocks, and the order and options of rows.

namespace klantreis::detail {

/// Additions that take about ten minutes on one core.
inline constexpr double most_improve_work = 5e11;

/// \throws limit_error when so many rows, of so many additions each, would take too long.
inline void check_improve_work(std::size_t rows, double additions, std::string_view remedy) {
  if (static_cast<double>(rows) * additions > most_improve_work) {
    throw limit_error(std::to_string(rows) + " rows of a chain this large would take too long; " + std::string{remedy} +
                      "use a coarser `by`, such as the channel or the phase");
  }
}

/// The influence sums of `size` statistics, blocks of eight spread over threads. `fill(range, weights)` writes the
/// derivatives of the statistics of a range, the first of them in slot 0.
/// \throws limit_error when that would take too long.
template <typename Fill>
[[nodiscard]] std::vector<influence_sum> influence_in_blocks(const fitted_chain& chain, std::size_t size,
                                                             unsigned threads, Fill&& fill) {
  check_improve_work(size, chain.pass_work() + 2.0 * chain.solve_work(), "ask for no intervals, or ");
  std::vector<influence_sum> result(size);
  const std::size_t blocks = (size + influence_lanes - 1) / influence_lanes;
  const auto workers = static_cast<unsigned>(std::min<std::size_t>(worker_count(threads), blocks));
  run_parallel(workers, [&](unsigned worker) {
    for (std::size_t block = worker; block < blocks; block += workers) {
      const index_range range{block * influence_lanes, (std::min)(size, (block + 1) * influence_lanes)};
      transition_weights weights(chain.counts());
      fill(range, weights);
      const auto sums = chain.influence(std::move(weights));
      std::copy_n(sums.begin(), range.end - range.begin, result.begin() + static_cast<std::ptrdiff_t>(range.begin));
    }
  });
  return result;
}

/// Largest number first, nulls last, equal ones by their labels.
template <typename Label>
[[nodiscard]] std::vector<std::size_t> ranked(const std::vector<double>& numbers, Label&& label) {
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (std::isnan(numbers[a]) != std::isnan(numbers[b])) {
      return std::isnan(numbers[b]);
    }
    if (numbers[a] != numbers[b] && !std::isnan(numbers[a])) {
      return numbers[a] > numbers[b];
    }
    return label(a) < label(b);
  });
  return order;
}

inline void mark_few(mark& marks, double customers, const interval_options& options) {
  if (customers < options.min_n) {
    marks |= mark::few_customers;
  }
}

template <typename Options>
[[nodiscard]] path_table paths_for(const journey_set& journeys, const Options& options, std::string_view analysis) {
  require_cut(journeys, analysis);
  return make_paths(journeys,
                    {.by = options.by, .collapse = options.collapse, .lookback = {}, .threads = options.threads});
}

template <typename Options>
void set_journey_options(table& result, const journey_set& journeys, const Options& options) {
  result.set_option("collapse", items_of(journeys, options.by, options.collapse).collapse ? "yes" : "no");
  for (const auto& [name, value] : cut_options(journeys)) {
    result.set_option(name, value);
  }
}

}  // namespace klantreis::detail
