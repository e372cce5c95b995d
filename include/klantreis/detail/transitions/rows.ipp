// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/order_statistics.hpp"
#include "klantreis/transitions.hpp"

namespace klantreis {

namespace detail {

/// Median of whole ticks; the mean of the middle two when their number is even.
inline double median_of(std::span<const std::int64_t> values) {
  order_statistics<std::int64_t> sorted{values};
  const auto upper = static_cast<double>(sorted.at(values.size() / 2));
  return values.size() % 2 == 1 ? upper : (static_cast<double>(sorted.at(values.size() / 2 - 1)) + upper) / 2.0;
}

/// Whole numbers as a column of whole numbers; fractions, which only path tables can bring, as they are.
inline column::data_type count_column(const std::vector<double>& values) {
  const bool whole = std::all_of(values.begin(), values.end(),
                                 [](double value) { return value == std::floor(value) && value < 9.0e15; });
  if (!whole) {
    return values;
  }
  std::vector<std::int64_t> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(), [](double v) { return static_cast<std::int64_t>(v); });
  return result;
}

KLANTREIS_INLINE std::vector<transition_counts::state> ordered_states(const transition_counts& counts) {
  std::vector<transition_counts::state> order;
  for (transition_counts::state at = 0; at < counts.states().size(); ++at) {
    if (counts.visits(at).v > 0.0) {
      order.push_back(at);
    }
  }
  const auto group = [](transition_counts::state at) {
    return at == transition_counts::start ? 0U : at < transition_counts::first_item ? 1U + at : 1U;
  };
  std::sort(order.begin(), order.end(), [&](transition_counts::state a, transition_counts::state b) {
    if (group(a) != group(b)) {
      return group(a) < group(b);
    }
    const double visits_a = counts.visits(a).v;
    const double visits_b = counts.visits(b).v;
    return visits_a != visits_b ? visits_a > visits_b : counts.states()[a] < counts.states()[b];
  });
  return order;
}

KLANTREIS_INLINE std::vector<transition_row> ordered_transitions(const transition_counts& counts,
                                                                 const interval_options& options, unsigned threads) {
  std::vector<std::pair<transition_counts::state, std::size_t>> order;
  order.reserve(counts.size());
  for (const auto from : ordered_states(counts)) {
    const auto first = order.size();
    for (std::size_t index = counts.row(from).begin; index < counts.row(from).end; ++index) {
      order.emplace_back(from, index);
    }
    std::sort(order.begin() + static_cast<std::ptrdiff_t>(first), order.end(), [&](const auto& a, const auto& b) {
      const double weight_a = counts.weight(a.second);
      const double weight_b = counts.weight(b.second);
      return weight_a != weight_b ? weight_a > weight_b
                                  : counts.states()[counts.target(a.second)] < counts.states()[counts.target(b.second)];
    });
  }
  std::vector<transition_row> rows(order.size());
  // Neighbours differ widely in weight, so rows are dealt out in turn.
  constexpr std::size_t smallest_share = 256;
  const bool has_times = counts.ticks_per_second() != 0;
  const auto workers = static_cast<unsigned>(
      std::clamp<std::size_t>(has_times ? order.size() : order.size() / smallest_share, 1, worker_count(threads)));
  run_parallel(workers, [&](unsigned worker) {
    for (std::size_t i = worker; i < order.size(); i += workers) {
      const auto [from, index] = order[i];
      rows[i] = {.from = from,
                 .to = counts.target(index),
                 .weight = counts.weight(index),
                 .probability = rate_interval(counts.visits(from), counts.moments(index), options)};
      const auto ticks = counts.times(index);
      if (!ticks.empty()) {
        rows[i].median_time = median_of(ticks) / static_cast<double>(counts.ticks_per_second());
      }
    }
  });
  return rows;
}

KLANTREIS_INLINE table transition_table(const transition_counts& counts, std::span<const transition_row> rows,
                                        const interval_options& options) {
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::string> marks;
  std::vector<double> weight;
  std::vector<double> n;
  std::vector<double> probability;
  std::vector<double> lower;
  std::vector<double> upper;
  std::vector<double> median_time;
  for (const auto& row : rows) {
    from.emplace_back(counts.states()[row.from]);
    to.emplace_back(counts.states()[row.to]);
    weight.push_back(row.weight);
    n.push_back(row.probability.n);
    probability.push_back(row.probability.value);
    lower.push_back(row.probability.lower);
    upper.push_back(row.probability.upper);
    marks.push_back(to_text(row.probability.marks));
    median_time.push_back(row.median_time);
  }
  table result{
      "weight: how often settled journeys went from one state to the next. probability: weight over all visits of "
      "'from', with an interval whose independent units are the customers. n: customers who visited 'from'. "
      "median_time: median of the time from one event to the next, in seconds; of merged runs, between their first "
      "events; null where an end is no event."};
  for (const auto& [name, value] : counts.options()) {
    result.set_option(name, value);
  }
  set_interval_options(result, options);
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("weight", count_column(weight), quantity::count);
  result.add("n", detail::count_column(n), quantity::count);
  result.add("probability", std::move(probability), quantity::share);
  result.add("lower", std::move(lower), quantity::share);
  result.add("upper", std::move(upper), quantity::share);
  result.add("marks", std::move(marks));
  result.add("median_time", std::move(median_time), quantity::seconds);
  return result;
}

}  // namespace detail

KLANTREIS_INLINE table transitions(const transition_counts& counts, const interval_options& options, unsigned threads) {
  return detail::transition_table(counts, detail::ordered_transitions(counts, options, threads), options);
}

KLANTREIS_INLINE table state_visits(const transition_counts& counts) {
  std::vector<std::string> names;
  std::vector<double> visits;
  std::vector<double> n;
  std::vector<double> share;
  for (const auto at : detail::ordered_states(counts)) {
    names.emplace_back(counts.states()[at]);
    visits.push_back(counts.visits(at).v);
    n.push_back(counts.visits(at).customers);
    share.push_back(counts.customers() > 0.0 ? n.back() / counts.customers() : null_value);
  }
  table result{
      "visits: how often settled journeys were in the state. n: customers who were. share: n over the customers with a "
      "settled journey."};
  for (const auto& [name, value] : counts.options()) {
    result.set_option(name, value);
  }
  result.add("state", std::move(names));
  result.add("visits", detail::count_column(visits), quantity::count);
  result.add("n", detail::count_column(n), quantity::count);
  result.add("share", std::move(share), quantity::share);
  return result;
}

}  // namespace klantreis
