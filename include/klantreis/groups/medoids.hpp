// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace klantreis {

/// Clusters around medoids: the members whose distances to the others of their cluster add up to the least.
struct medoid_clusters {
  std::vector<std::uint32_t> medoids = {};     ///< the heaviest cluster first
  std::vector<std::uint32_t> cluster_of = {};  ///< by object
  double total = 0.0;                          ///< weighted distances to the medoids
  double silhouette = 0.0;  ///< weighted mean of (b − a) / max(a, b); Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7
  std::vector<double> silhouettes = {};  ///< by object
};

/// Partitions objects around `clusters` medoids.
///
/// `distances` is objects × objects. A weight counts as so many equal objects. BUILD of Kaufman and Rousseeuw 1990,
/// then swaps until none helps (FasterPAM: Schubert and Rousseeuw 2021, doi:10.1016/j.is.2021.101804). No chance is
/// involved: of equal choices the first object wins. \throws input_error when there are fewer objects than clusters, no
/// clusters, or sizes do not fit.
[[nodiscard]] medoid_clusters k_medoids(std::span<const double> distances, std::span<const double> weights,
                                        std::size_t clusters, unsigned threads = 0);

/// The medoids of clusters that are given, by number from 0.
/// \throws input_error when sizes do not fit or a cluster is empty.
[[nodiscard]] medoid_clusters medoids_of(std::span<const double> distances, std::span<const double> weights,
                                         std::span<const std::uint32_t> cluster_of, unsigned threads = 0);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/groups/medoids.ipp"
#endif
