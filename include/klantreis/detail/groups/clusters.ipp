// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "klantreis/compare.hpp"
#include "klantreis/detail/draws.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/groups/clusters.hpp"
#include "klantreis/paths.hpp"

namespace klantreis {
namespace detail {

KLANTREIS_INLINE sequence_sample draw_sequences(const path_table& paths, const path_sequences& all, std::size_t limit,
                                                std::uint64_t seed) {
  sequence_sample result;
  const std::size_t size = all.sequences.size();
  const std::size_t customers = paths.has_units() ? paths.unit_offsets().size() - 1 : 0;
  result.customers = customers;
  result.of_customers = customers;
  if (size <= limit) {
    result.chosen.resize(size);
    std::iota(result.chosen.begin(), result.chosen.end(), 0U);
    result.weights = all.sequences.weights;
    return result;
  }
  std::vector<double> weights(size, 0.0);
  if (customers == 0) {
    // Nobody knows who took which path: the most frequent ones stand for all.
    std::vector<std::uint32_t> order(size);
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return all.sequences.weights[a] > all.sequences.weights[b];
    });
    for (std::size_t place = 0; place < limit; ++place) {
      weights[order[place]] = all.sequences.weights[order[place]];
    }
  } else {
    // The order of a customer comes from the id, so that neither rows nor other customers have a say in it.
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    for (std::size_t customer = 0; customer < customers; ++customer) {
      order.emplace_back(stream_of(paths.customer_keys()[customer], seed), customer);
    }
    std::sort(order.begin(), order.end());
    result.customers = 0;
    std::size_t distinct = 0;
    for (const auto& [key, customer] : order) {
      std::size_t added = 0;
      for (std::size_t unit = paths.unit_offsets()[customer]; unit < paths.unit_offsets()[customer + 1]; ++unit) {
        const path_unit& entry = paths.units()[unit];
        if (entry.outcome != path_unit::kind::open) {
          double& weight = weights[all.sequence_of_path[entry.path]];
          added += weight == 0.0 ? 1U : 0U;
          weight += 1.0;
        }
      }
      distinct += added;
      ++result.customers;
      if (distinct >= limit) {
        break;
      }
    }
  }
  for (std::uint32_t sequence = 0; sequence < size; ++sequence) {
    if (weights[sequence] > 0.0) {
      result.chosen.push_back(sequence);
      result.weights.push_back(weights[sequence]);
    }
  }
  return result;
}

/// Journeys as clusters need them.
struct clustered_journeys {
  path_table paths;
  path_sequences all;

  clustered_journeys(const journey_set& journeys, const cluster_options& options)
      : paths(make_paths(journeys,
                         {.by = options.by, .collapse = options.collapse, .lookback = {}, .threads = options.threads})),
        all(sequences_of(paths)) {
    if (all.sequences.size() == 0) {
      throw input_error(
          "no journey is settled, so there are none to group; cut them with a shorter inactivity or a later "
          "observed_until");
    }
  }
};

/// The rows of the clusters, from the cluster of each sequence.
inline void finish_clusters(clustering& result, const journey_set& journeys, const clustered_journeys& data,
                            std::size_t clusters, const std::vector<std::uint32_t>& cluster_of_sequence,
                            const std::vector<double>& certainty, const std::vector<std::string>& paths,
                            std::string definition, const cluster_options& options) {
  const auto offsets = data.paths.unit_offsets();
  visit_rates rates;
  rates.resize(clusters);
  std::vector<double> certainties(clusters, 0.0);
  result.cluster_of.assign(journeys.size(), no_cluster);
  result.certainty.assign(journeys.size(), null_value);
  for (std::size_t sequence = 0; sequence < cluster_of_sequence.size(); ++sequence) {
    certainties[cluster_of_sequence[sequence]] += data.all.sequences.weights[sequence] * certainty[sequence];
  }
  for (std::size_t customer = 0; customer + 1 < offsets.size(); ++customer) {
    for (std::size_t unit = offsets[customer]; unit < offsets[customer + 1]; ++unit) {
      const path_unit& entry = data.paths.units()[unit];
      if (entry.outcome == path_unit::kind::open) {
        continue;
      }
      const std::uint32_t sequence = data.all.sequence_of_path[entry.path];
      const std::uint32_t cluster = cluster_of_sequence[sequence];
      result.cluster_of[unit] = cluster;
      result.certainty[unit] = certainty[sequence];
      rates.visit(cluster);
      if (entry.outcome == path_unit::kind::conversion) {
        rates.event(cluster);
      }
    }
    rates.end_customer();
  }
  std::vector<std::int64_t> numbers;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> conversions;
  std::vector<double> shares;
  estimate_columns columns;
  const double total = data.all.sequences.total_weight();
  for (std::size_t cluster = 0; cluster < clusters; ++cluster) {
    const double count = rates.visits()[cluster].v;
    numbers.push_back(static_cast<std::int64_t>(cluster + 1));
    counts.push_back(static_cast<std::int64_t>(count));
    shares.push_back(count / total);
    conversions.push_back(static_cast<std::int64_t>(rates.events()[cluster].e));
    columns.add(rate_interval(rates.visits()[cluster], rates.events()[cluster], options.intervals));
    certainties[cluster] = count > 0.0 ? certainties[cluster] / count : null_value;
  }
  result.clusters = table{std::move(definition)};
  result.clusters.add("cluster", std::move(numbers));
  result.clusters.add("journeys", std::move(counts), quantity::count);
  result.clusters.add("share", std::move(shares), quantity::share);
  result.clusters.add("n", std::move(columns.n), quantity::count);
  result.clusters.add("conversions", std::move(conversions), quantity::count);
  result.clusters.add("conversion_rate", std::move(columns.value), quantity::share);
  result.clusters.add("lower", std::move(columns.lower), quantity::share);
  result.clusters.add("upper", std::move(columns.upper), quantity::share);
  result.clusters.add("marks", std::move(columns.marks));
  result.clusters.add("certainty", std::move(certainties));
  result.clusters.add("path", paths);
}

inline void set_cluster_options(table& result, const journey_set& journeys, const cluster_options& options) {
  result.set_option("by", options.by);
  result.set_option("collapse", items_of(journeys, options.by, options.collapse).collapse ? "yes" : "no");
  result.set_option("seed", std::to_string(options.seed));
  for (const auto& [name, value] : cut_options(journeys)) {
    result.set_option(name, value);
  }
  set_interval_options(result, options.intervals);
}

inline void check_numbers(const cluster_options& options) {
  if (options.numbers.empty()) {
    throw input_error("there are no numbers of clusters to choose from; give at least one");
  }
}

/// The weights of the sequences by part of the customers.
inline std::vector<std::vector<double>> sequence_folds(const clustered_journeys& data, std::size_t folds,
                                                       std::uint64_t seed) {
  if (folds == 1) {
    throw input_error("customers can't be left out of 1 part; give at least 2 folds, or 0 to choose by bic");
  }
  std::vector<std::vector<double>> result(folds, std::vector<double>(data.all.sequences.size(), 0.0));
  const auto offsets = data.paths.unit_offsets();
  for (std::size_t customer = 0; folds > 0 && customer + 1 < offsets.size(); ++customer) {
    auto& fold = result[fold_of(data.paths.customer_keys()[customer], seed, static_cast<unsigned>(folds))];
    for (std::size_t unit = offsets[customer]; unit < offsets[customer + 1]; ++unit) {
      const path_unit& entry = data.paths.units()[unit];
      if (entry.outcome != path_unit::kind::open) {
        fold[data.all.sequence_of_path[entry.path]] += 1.0;
      }
    }
  }
  return result;
}

inline table merge_table(const std::vector<merge_step>& merges, linkage_rule rule) {
  table result{
      "Clusters that became one, the nearest first. The compared paths are numbered from 0 in the order of their "
      "items, "
      "the cluster that step s makes has the number of paths + s, steps counted from 0. height: how far the two were "
      "apart; journeys: of both."};
  std::vector<std::int64_t> steps;
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> second;
  std::vector<double> height;
  std::vector<double> journeys;
  for (const merge_step& one : merges) {
    steps.push_back(static_cast<std::int64_t>(steps.size()));
    first.push_back(one.first);
    second.push_back(one.second);
    height.push_back(one.height);
    journeys.push_back(one.weight);
  }
  result.add("step", std::move(steps));
  result.add("first", std::move(first));
  result.add("second", std::move(second));
  result.add("height", std::move(height));
  result.add("journeys", std::move(journeys), quantity::count);
  result.set_option("linkage", std::string{to_text(rule)});
  return result;
}

inline std::vector<bool> chosen_column(std::size_t size, std::size_t best) {
  std::vector<bool> chosen(size, false);
  chosen[best] = true;
  return chosen;
}

inline std::vector<std::int64_t> column_of_sizes(const std::vector<std::size_t>& numbers) {
  return {numbers.begin(), numbers.end()};
}

}  // namespace detail

KLANTREIS_INLINE clustering cluster_by_mixture(const journey_set& journeys, const cluster_options& options) {
  detail::check_numbers(options);
  const detail::clustered_journeys data{journeys, options};
  const weighted_sequences& sequences = data.all.sequences;
  mixture_options own = options.mixture;
  own.seed = options.seed;
  own.threads = options.threads;
  mixture_choice choice =
      choose_mixture(sequences, options.numbers, detail::sequence_folds(data, options.folds, options.seed), own);
  const std::size_t clusters = choice.mixture.clusters;
  const memberships shares = assign(choice.mixture, sequences, options.threads);
  std::vector<std::uint32_t> cluster_of(sequences.size());
  std::vector<double> certainty(sequences.size());
  // The path of a cluster is the one that most of its journeys took.
  std::vector<std::size_t> frequent(clusters, sequences.size());
  for (std::size_t sequence = 0; sequence < sequences.size(); ++sequence) {
    const double* row = shares.shares.data() + sequence * clusters;
    const auto cluster = static_cast<std::uint32_t>(std::max_element(row, row + clusters) - row);
    cluster_of[sequence] = cluster;
    certainty[sequence] = row[cluster];
    if (frequent[cluster] == sequences.size() || sequences.weights[sequence] > sequences.weights[frequent[cluster]]) {
      frequent[cluster] = sequence;
    }
  }
  std::vector<std::string> paths;
  for (const std::size_t sequence : frequent) {
    paths.push_back(sequence < sequences.size() ? join_path(sequences.names, sequences[sequence]) : std::string{});
  }
  clustering result;
  detail::finish_clusters(
      result, journeys, data, clusters, cluster_of, certainty, paths,
      "Settled journeys in clusters of a mixture of Markov chains, each in the one that it most probably comes from. "
      "certainty: mean probability of the own cluster; path: the most frequent one. conversion_rate: with an interval "
      "by customers, which takes the clusters as given; n: customers.",
      options);
  detail::set_cluster_options(result.clusters, journeys, options);
  result.clusters.set_option("method", "mixture");
  result.clusters.set_option("log_likelihood", std::to_string(choice.mixture.log_likelihood()));
  result.clusters.set_option("converged", choice.mixture.converged ? "yes" : "no");
  result.choice = table{
      "What speaks for each number of clusters. bic: -2 ln L + parameters x ln(journeys), the least is chosen; "
      "held_out: "
      "mean log likelihood of a journey of customers who were left out, the largest is chosen where it is asked for."};
  result.choice.add("clusters", detail::column_of_sizes(choice.clusters));
  result.choice.add("log_likelihood", choice.log_likelihoods);
  result.choice.add("parameters", choice.parameters);
  result.choice.add("bic", choice.bic);
  result.choice.add("held_out", choice.held_out);
  result.choice.add("chosen", detail::chosen_column(choice.clusters.size(), choice.best));
  result.choice.set_option("criterion", options.folds == 0 ? "bic" : "held out likelihood");
  result.choice.set_option("folds", std::to_string(options.folds));
  result.mixture = std::move(choice.mixture);
  return result;
}

KLANTREIS_INLINE clustering cluster_by_distance(const journey_set& journeys, const cluster_options& options) {
  detail::check_numbers(options);
  const detail::clustered_journeys data{journeys, options};
  const weighted_sequences& sequences = data.all.sequences;
  if (options.sample < 2 || options.sample > most_matrix_sequences) {
    throw input_error("a sample of " + std::to_string(options.sample) + " distinct sequences; give from 2 to " +
                      std::to_string(most_matrix_sequences));
  }
  // The last customer drawn may bring several sequences.
  const detail::sequence_sample sample = detail::draw_sequences(data.paths, data.all, options.sample, options.seed);
  // Costs are those of all sequences, so that the journeys of customers who were not drawn are measured alike.
  const sequence_distances distances{sequences, options.distance};
  const std::vector<double> matrix = distance_matrix(distances, sample.chosen, options.threads);
  std::vector<merge_step> merges;
  if (options.linkage) {
    merges = link_objects(matrix, sample.weights, *options.linkage);
  }
  const auto group = [&](std::size_t number) {
    return options.linkage ? medoids_of(matrix, sample.weights, cut_merges(merges, number), options.threads)
                           : k_medoids(matrix, sample.weights, number, options.threads);
  };
  std::vector<medoid_clusters> tried;
  std::vector<double> totals;
  std::vector<double> silhouettes;
  std::vector<std::size_t> numbers;
  std::size_t best = 0;
  for (const std::size_t number : options.numbers) {
    if (number > sample.chosen.size() && !numbers.empty()) {
      continue;
    }
    numbers.push_back(number);
    tried.push_back(group(number));
    totals.push_back(tried.back().total);
    // One cluster has no other to be near to.
    silhouettes.push_back(number == 1 ? null_value : tried.back().silhouette);
    const bool better =
        !std::isnan(silhouettes.back()) && (std::isnan(silhouettes[best]) || silhouettes.back() > silhouettes[best]);
    best = better ? tried.size() - 1 : best;
  }
  const medoid_clusters& chosen = tried[best];
  const std::size_t clusters = chosen.medoids.size();

  std::vector<std::uint32_t> cluster_of(sequences.size());
  std::vector<double> distance(sequences.size());
  const unsigned workers = worker_count(options.threads);
  run_parallel(workers, [&](unsigned worker) {
    sequence_distances::workspace space;
    const index_range range = slice(sequences.size(), worker, workers);
    for (std::size_t sequence = range.begin; sequence < range.end; ++sequence) {
      for (std::uint32_t cluster = 0; cluster < clusters; ++cluster) {
        const double found = distances(sequence, sample.chosen[chosen.medoids[cluster]], space);
        if (cluster == 0 || found < distance[sequence]) {
          distance[sequence] = found;
          cluster_of[sequence] = cluster;
        }
      }
    }
  });
  for (std::size_t place = 0; options.linkage && place < sample.chosen.size(); ++place) {
    const std::uint32_t cluster = chosen.cluster_of[place];
    const std::size_t medoid = chosen.medoids[cluster];
    cluster_of[sample.chosen[place]] = cluster;
    distance[sample.chosen[place]] = matrix[place * sample.chosen.size() + medoid];
  }
  std::vector<std::string> paths;
  for (const std::uint32_t medoid : chosen.medoids) {
    paths.push_back(join_path(sequences.names, sequences[sample.chosen[medoid]]));
  }
  clustering result;
  detail::finish_clusters(
      result, journeys, data, clusters, cluster_of, distance, paths,
      std::string{
          options.linkage
              ? "Settled journeys in clusters that were merged, the nearest first; paths that were not compared "
                "go to the nearest medoid."
              : "Settled journeys in clusters around medoids, each at the nearest one."} +
          " path: the medoid; certainty: mean distance to it. conversion_rate: with an interval by customers, which "
          "takes the clusters as given; n: customers.",
      options);
  detail::set_cluster_options(result.clusters, journeys, options);
  result.clusters.set_option("method", std::string{to_text(options.distance.metric)});
  result.clusters.set_option("linkage", options.linkage ? std::string{to_text(*options.linkage)} : "none");
  result.clusters.set_option("distinct_paths", std::to_string(sequences.size()));
  result.clusters.set_option("compared_paths", std::to_string(sample.chosen.size()));
  result.clusters.set_option("customers_drawn",
                             std::to_string(sample.customers) + " of " + std::to_string(sample.of_customers));
  result.choice = table{
      "What speaks for each number of clusters. distance: sum of the distances to the medoids; silhouette: weighted "
      "mean, "
      "the largest is chosen."};
  result.choice.add("clusters", detail::column_of_sizes(numbers));
  result.choice.add("distance", totals);
  result.choice.add("silhouette", silhouettes);
  result.choice.add("chosen", detail::chosen_column(numbers.size(), best));
  result.choice.set_option("criterion", "silhouette");
  if (options.linkage) {
    result.merges = detail::merge_table(merges, *options.linkage);
  }
  return result;
}

}  // namespace klantreis
