// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "klantreis/groups/distances.hpp"
#include "klantreis/groups/linkage.hpp"
#include "klantreis/groups/medoids.hpp"
#include "klantreis/groups/mixture.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// Of a journey that is open.
inline constexpr std::uint32_t no_cluster = (std::numeric_limits<std::uint32_t>::max)();

struct cluster_options {
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  /// The numbers of clusters to choose from; of one there is no choice.
  std::vector<std::size_t> numbers = {1, 2, 3, 4, 5, 6, 7, 8};
  std::size_t folds = 0;  ///< of a mixture: choose by the likelihood of customers left out, in so many parts; 0: by BIC
  /// Of distances: at most so many distinct sequences are compared with each other. Where there are more, customers are
  /// drawn; the journeys of the others go to the nearest medoid.
  std::size_t sample = 2'000;
  std::uint64_t seed = 0;
  mixture_options mixture = {};
  distance_options distance = {};
  /// Of distances: merge the nearest clusters until so many are left, instead of seeking the best medoids.
  std::optional<linkage_rule> linkage = std::nullopt;
  interval_options intervals{};
  unsigned threads = 0;
};

/// Settled journeys in clusters.
struct clustering {
  /// `cluster, journeys, share, n, conversions, conversion_rate, lower, upper, marks, certainty, path`. Around
  /// medoids the heaviest comes first, of a mixture the one with the largest share of it.
  table clusters = {};
  /// What speaks for each number of clusters: `clusters, log_likelihood, parameters, bic, held_out, chosen`, or
  /// `clusters, distance, silhouette, chosen`.
  table choice = {};
  /// Of linked clusters: `step, first, second, height, journeys`. The compared paths are numbered from 0 in the order
  /// of their items; the cluster that step s makes has the number of paths + s, steps counted from 0.
  table merges = {};
  std::vector<std::uint32_t> cluster_of = {};  ///< by journey; `no_cluster` where it is open
  std::vector<double> certainty = {};  ///< by journey: the probability of its cluster, or the distance to its medoid
  chain_mixture mixture = {};          ///< without clusters when they were made by distances
};

/// Clusters by a mixture of Markov chains. \throws input_error when no journey is settled; and as `choose_mixture`.
[[nodiscard]] clustering cluster_by_mixture(const journey_set& journeys, const cluster_options& options = {});

/// Clusters around medoids, or where a linkage is given, clusters that were merged; their journeys that were not drawn
/// go to the nearest medoid. \throws input_error when no journey is settled; and as `sequence_distances`, `k_medoids`.
[[nodiscard]] clustering cluster_by_distance(const journey_set& journeys, const cluster_options& options = {});

/// What sets each cluster apart: the rates of its journeys and those of all others, as `compare` has them, with
/// p_adjusted over all clusters. `cluster, rate, from, to, inside …, outside …, difference, lower, upper, p,
/// p_adjusted, n_inside, n_outside, marks`; within a cluster the smallest p first. \throws input_error when there are
/// fewer than two clusters; and as `compare`.
[[nodiscard]] table cluster_features(const journey_set& journeys, const clustering& found,
                                     const cluster_options& options = {});

/// How the journeys of each cluster go on: `cluster, from, to, probability`, most probable first.
/// \throws input_error when the clusters are none of a mixture.
[[nodiscard]] table cluster_transitions(const clustering& found);

namespace detail {

/// Some of the customers, so that their settled journeys have few distinct paths.
struct sequence_sample {
  std::vector<std::uint32_t> chosen = {};  ///< sequences, rising
  std::vector<double> weights = {};
  std::size_t customers = 0;
  std::size_t of_customers = 0;
};
[[nodiscard]] sequence_sample draw_sequences(const path_table& paths, const path_sequences& all, std::size_t limit,
                                             std::uint64_t seed);

}  // namespace detail

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/groups/cluster_tables.ipp"
#include "klantreis/detail/groups/clusters.ipp"
#endif
