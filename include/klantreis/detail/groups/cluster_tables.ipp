// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/compare.hpp"
#include "klantreis/detail/groups/clusters.ipp"
#include "klantreis/groups/clusters.hpp"

// What sets clusters apart, and how their journeys go on.

namespace klantreis {

KLANTREIS_INLINE table cluster_features(const journey_set& journeys, const clustering& found,
                                        const cluster_options& options) {
  const std::size_t clusters = found.clusters.rows();
  if (clusters < 2) {
    throw input_error("one cluster has no others to be set apart from; ask for at least 2 clusters");
  }
  std::vector<std::int64_t> cluster_column;
  std::vector<std::string> rate;
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::string> marks;
  const std::vector<std::string> numbers{"second",      "second_lower", "second_upper", "first", "first_lower",
                                         "first_upper", "difference",   "lower",        "upper", "p"};
  std::vector<std::vector<double>> values(numbers.size());
  std::vector<std::int64_t> n_inside;
  std::vector<std::int64_t> n_outside;
  for (std::uint32_t cluster = 0; cluster < clusters; ++cluster) {
    journey_group inside{"cluster " + std::to_string(cluster + 1), journeys, {}};
    journey_group outside{"others", journeys, {}};
    for (std::size_t index = 0; index < found.cluster_of.size(); ++index) {
      if (found.cluster_of[index] != no_cluster) {
        (found.cluster_of[index] == cluster ? inside : outside).members.push_back(index);
      }
    }
    if (inside.members.empty() || outside.members.empty()) {
      continue;
    }
    const table rates = compare(outside, inside,
                                {.by = options.by,
                                 .collapse = options.collapse,
                                 .intervals = options.intervals,
                                 .threads = options.threads})
                            .rates;
    std::vector<std::size_t> order(rates.rows());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto& p = rates.numbers("p");
    const auto& difference = rates.numbers("difference");
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (std::isnan(p[a]) || std::isnan(p[b])) {
        return !std::isnan(p[a]);
      }
      return p[a] != p[b] ? p[a] < p[b] : std::abs(difference[a]) > std::abs(difference[b]);
    });
    for (const std::size_t row : order) {
      cluster_column.push_back(cluster + 1);
      rate.push_back(rates.texts("rate")[row]);
      from.push_back(rates.texts("from")[row]);
      to.push_back(rates.texts("to")[row]);
      marks.push_back(rates.texts("marks")[row]);
      for (std::size_t column = 0; column < numbers.size(); ++column) {
        values[column].push_back(rates.numbers(numbers[column])[row]);
      }
      n_inside.push_back(rates.integers("n_second")[row]);
      n_outside.push_back(rates.integers("n_first")[row]);
    }
  }
  table result{
      "What sets each cluster apart: rates of its settled journeys (inside) and of those of all other clusters "
      "(outside); difference: inside less outside. Intervals and tests by customers; p_adjusted: Holm's, over all rows "
      "of "
      "all clusters. Journeys were grouped by what they did, so that a small p shows what a cluster is made of and is "
      "no "
      "proof that clusters exist."};
  result.add("cluster", std::move(cluster_column));
  result.add("rate", std::move(rate));
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  std::vector<double> adjusted = holm(values.back());
  const std::vector<std::string> shown{"inside",        "inside_lower", "inside_upper", "outside", "outside_lower",
                                       "outside_upper", "difference",   "lower",        "upper",   "p"};
  for (std::size_t column = 0; column < shown.size(); ++column) {
    result.add(shown[column], std::move(values[column]), column + 1 < shown.size() ? quantity::share : quantity::plain);
  }
  result.add("p_adjusted", std::move(adjusted));
  result.add("n_inside", std::move(n_inside), quantity::count);
  result.add("n_outside", std::move(n_outside), quantity::count);
  result.add("marks", std::move(marks));
  detail::set_cluster_options(result, journeys, options);
  return result;
}

KLANTREIS_INLINE table cluster_transitions(const clustering& found) {
  const chain_mixture& mixture = found.mixture;
  if (mixture.clusters == 0) {
    throw input_error("clusters around medoids have no chain of their own; group with the method mixture");
  }
  std::vector<std::int64_t> clusters;
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<double> probability;
  const auto add_row = [&](std::size_t cluster, std::string_view source,
                           std::vector<std::pair<double, std::string>> row) {
    std::stable_sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& [share, name] : row) {
      if (share > 0.0) {
        clusters.push_back(static_cast<std::int64_t>(cluster + 1));
        from.emplace_back(source);
        to.push_back(std::move(name));
        probability.push_back(share);
      }
    }
  };
  const auto items = static_cast<std::uint32_t>(mixture.names.size());
  for (std::size_t cluster = 0; cluster < mixture.clusters; ++cluster) {
    std::vector<std::pair<double, std::string>> row;
    for (std::uint32_t item = 0; item < items; ++item) {
      row.emplace_back(mixture.first[item * mixture.clusters + cluster], std::string{mixture.names[item]});
    }
    add_row(cluster, start_state, std::move(row));
    for (std::uint32_t item = 0; item < items; ++item) {
      row.clear();
      for (std::size_t edge = mixture.rows[item]; edge < mixture.rows[item + 1]; ++edge) {
        const std::uint32_t target = mixture.targets[edge];
        row.emplace_back(mixture.transition[edge * mixture.clusters + cluster],
                         std::string{target == items ? end_state : mixture.names[target]});
      }
      add_row(cluster, mixture.names[item], std::move(row));
    }
  }
  table result{
      "The Markov chain of each cluster of a mixture: the probability that a journey of the cluster begins with an "
      "item, "
      "and that it goes from one item to the next, given that it goes on" +
      std::string{mixture.ends ? " or ends." : "."}};
  result.add("cluster", std::move(clusters));
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("probability", std::move(probability), quantity::share);
  return result;
}

}  // namespace klantreis
