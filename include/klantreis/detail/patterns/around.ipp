// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "klantreis/detail/patterns/windows.hpp"
#include "klantreis/patterns/around.hpp"

namespace klantreis {
namespace detail {

/// A cell of the windows, in the order in which cells are shown.
struct window_cell {
  std::size_t index = 0;
  std::uint32_t step = 0;
  std::vector<std::uint32_t> labels;
  double count = 0.0;
};

/// Rows by step, most first, then by name.
inline void order_window_cells(std::vector<window_cell>& cells, const name_table& names) {
  std::sort(cells.begin(), cells.end(), [&](const window_cell& a, const window_cell& b) {
    if (a.step != b.step) {
      return a.step < b.step;
    }
    return a.count != b.count ? a.count > b.count
                              : std::ranges::lexicographical_compare(
                                    a.labels, b.labels, {}, [&](std::uint32_t c) { return names[c]; },
                                    [&](std::uint32_t c) { return names[c]; });
  });
}

/// The windows that were at each label at a step or nearer to the visit.
inline std::vector<std::vector<std::uint64_t>> windows_reached(const window_counts& counts,
                                                               const window_question& question, std::size_t labels) {
  std::vector<std::vector<std::uint64_t>> reached(question.size(), std::vector<std::uint64_t>(labels, 0));
  counts.reached.for_each(
      [&](std::uint32_t step, std::uint32_t label, std::uint64_t times) { reached[step][label] += times; });
  for (std::size_t label = 0; label < labels; ++label) {
    for (std::size_t step = question.before + 1; step < reached.size(); ++step) {
      reached[step][label] += reached[step - 1][label];
    }
    for (std::size_t step = question.before; step-- > 1;) {
      reached[step - 1][label] += reached[step][label];
    }
  }
  return reached;
}

}  // namespace detail

KLANTREIS_INLINE table steps_around(const journey_set& journeys, const around_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, true);
  const detail::window_plan plan = detail::plan_windows(corpus, options);
  const auto counts = detail::count_windows(corpus, plan.question, plan.shown, false, options.threads);
  const auto reached = detail::windows_reached(counts, plan.question, plan.names.size());
  const auto population = counts.shares.population();
  auto hits = counts.shares.hits();
  const double windows = detail::case_moments(population, {}).visits.v;

  std::vector<detail::window_cell> cells;
  std::vector<std::vector<bool>> is_there(plan.question.size(), std::vector<bool>(plan.names.size()));
  for (std::size_t cell = 0; cell < hits.size(); ++cell) {
    const auto key = counts.shares.cell(cell);
    cells.push_back({cell, key[0], {key[1]}, detail::case_moments({}, hits[cell]).events.e});
    is_there[key[0]][key[1]] = true;
  }
  for (std::uint32_t step = 0; step < plan.question.size() && windows > 0.0; ++step) {
    for (const std::uint32_t target : plan.targets) {
      if (!is_there[step][target]) {
        is_there[step][target] = true;
        cells.push_back({hits.size(), step, {target}, 0.0});
      }
    }
  }
  hits.emplace_back();
  detail::order_window_cells(cells, plan.names);

  std::vector<std::int64_t> steps;
  std::vector<std::string> labels;
  std::vector<std::int64_t> numbers;
  std::vector<double> ever;
  detail::estimate_columns shares;
  for (const detail::window_cell& cell : cells) {
    const rate_moments moments = detail::case_moments(population, hits[cell.index]);
    steps.push_back(static_cast<std::int64_t>(cell.step) - static_cast<std::int64_t>(options.before));
    labels.emplace_back(plan.names[cell.labels[0]]);
    numbers.push_back(static_cast<std::int64_t>(cell.count));
    ever.push_back(static_cast<double>(reached[cell.step][cell.labels[0]]) / windows);
    shares.add(rate_interval(moments.visits, moments.events, options.intervals));
  }
  table result{"Where journeys stand so many steps before and after " + options.at +
               ". share: of its visits that are looked at, with an interval by customers (n); what has not begun "
               "stands at (start), what has ended stays at its end; reached: share that was at the label at this step "
               "or nearer to the visit, on its side."};
  result.add("step", std::move(steps));
  result.add("label", std::move(labels));
  result.add("count", std::move(numbers), quantity::count);
  result.add("share", std::move(shares.value), quantity::share);
  result.add("lower", std::move(shares.lower), quantity::share);
  result.add("upper", std::move(shares.upper), quantity::share);
  result.add("reached", std::move(ever), quantity::share);
  result.add("n", std::move(shares.n), quantity::count);
  result.add("marks", std::move(shares.marks));
  detail::set_window_options(result, corpus, options);
  detail::add_cut_options(result, journeys);
  return result;
}

KLANTREIS_INLINE table flow_around(const journey_set& journeys, const around_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, true);
  const detail::window_plan plan = detail::plan_windows(corpus, options);
  const auto counts = detail::count_windows(corpus, plan.question, plan.shown, true, options.threads);
  const auto population = counts.shares.population();
  const auto hits = counts.shares.hits();

  std::vector<detail::window_cell> cells;
  std::vector<std::vector<double>> leaving(plan.question.size(), std::vector<double>(plan.names.size(), 0.0));
  for (std::size_t cell = 0; cell < hits.size(); ++cell) {
    const auto key = counts.shares.cell(cell);
    cells.push_back({cell, key[0], {key[1], key[2]}, detail::case_moments({}, hits[cell]).events.e});
    leaving[key[0]][key[1]] += cells.back().count;
  }
  detail::order_window_cells(cells, plan.names);

  std::vector<std::int64_t> steps;
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::int64_t> numbers;
  std::vector<double> probabilities;
  detail::estimate_columns shares;
  for (const detail::window_cell& cell : cells) {
    const rate_moments moments = detail::case_moments(population, hits[cell.index]);
    steps.push_back(static_cast<std::int64_t>(cell.step) - static_cast<std::int64_t>(options.before));
    from.emplace_back(plan.names[cell.labels[0]]);
    to.emplace_back(plan.names[cell.labels[1]]);
    numbers.push_back(static_cast<std::int64_t>(cell.count));
    probabilities.push_back(cell.count / leaving[cell.step][cell.labels[0]]);
    shares.add(rate_interval(moments.visits, moments.events, options.intervals));
  }
  table result{
      "How journeys move from step to step around " + options.at +
      ". The move of a step goes to the label one step later. share: of the visits that are looked at, with an "
      "interval by customers (n); probability: of those that are at from then."};
  result.add("step", std::move(steps));
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("count", std::move(numbers), quantity::count);
  result.add("share", std::move(shares.value), quantity::share);
  result.add("probability", std::move(probabilities), quantity::share);
  result.add("lower", std::move(shares.lower), quantity::share);
  result.add("upper", std::move(shares.upper), quantity::share);
  result.add("n", std::move(shares.n), quantity::count);
  result.add("marks", std::move(shares.marks));
  detail::set_window_options(result, corpus, options);
  detail::add_cut_options(result, journeys);
  return result;
}

}  // namespace klantreis
