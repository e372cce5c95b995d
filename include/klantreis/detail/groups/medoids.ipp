// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "klantreis/core.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/groups/medoids.hpp"

namespace klantreis {
namespace detail {

/// Clusters with their medoids, the heaviest first.
[[nodiscard]] inline medoid_clusters by_weight(std::span<const std::uint32_t> medoids,
                                               std::span<const std::uint32_t> cluster_of,
                                               std::span<const double> weights, double total) {
  medoid_clusters found;
  const std::size_t clusters = medoids.size();
  std::vector<double> sizes(clusters, 0.0);
  for (std::size_t object = 0; object < weights.size(); ++object) {
    sizes[cluster_of[object]] += weights[object];
  }
  std::vector<std::uint32_t> order(clusters);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : medoids[a] < medoids[b];
  });
  std::vector<std::uint32_t> place(clusters);
  for (std::uint32_t to = 0; to < clusters; ++to) {
    place[order[to]] = to;
    found.medoids.push_back(medoids[order[to]]);
  }
  for (const std::uint32_t cluster : cluster_of) {
    found.cluster_of.push_back(place[cluster]);
  }
  found.total = total;
  return found;
}

/// k-medoids while medoids are exchanged: of each object its nearest and second nearest medoid.
class medoid_search {
 public:
  medoid_search(std::span<const double> distances, std::span<const double> weights, unsigned threads)
      : distances_(distances), weights_(weights), size_(weights.size()), workers_(worker_count(threads)) {}

  /// Adds the medoid that lowers the sum of distances most, until there are enough.
  void build(std::size_t clusters) {
    std::vector<double> nearest(size_, std::numeric_limits<double>::infinity());
    std::vector<double> gains(size_);
    while (medoids_.size() < clusters) {
      run_parallel(workers_, [&](unsigned worker) {
        const index_range range = slice(size_, worker, workers_);
        for (std::size_t candidate = range.begin; candidate < range.end; ++candidate) {
          check_stop();
          double sum = 0.0;
          for (std::size_t object = 0; object < size_; ++object) {
            sum += weights_[object] * (std::min)(nearest[object], at(candidate, object));
          }
          gains[candidate] = is_medoid(candidate) ? std::numeric_limits<double>::infinity() : sum;
        }
      });
      const auto best = static_cast<std::size_t>(std::min_element(gains.begin(), gains.end()) - gains.begin());
      medoids_.push_back(static_cast<std::uint32_t>(best));
      for (std::size_t object = 0; object < size_; ++object) {
        nearest[object] = (std::min)(nearest[object], at(best, object));
      }
    }
    settle();
  }

  /// Exchanges medoids while that lowers the sum.
  void swap() {
    if (medoids_.size() == size_) {
      return;
    }
    std::vector<double> change(medoids_.size());
    std::size_t unchanged = 0;
    for (std::size_t candidate = 0; unchanged < size_; candidate = (candidate + 1) % size_) {
      ++unchanged;
      check_stop();
      if (is_medoid(candidate)) {
        continue;
      }
      change = removal_;
      double shared = 0.0;
      for (std::size_t object = 0; object < size_; ++object) {
        const double distance = at(candidate, object);
        if (distance < first_[object]) {
          shared += weights_[object] * (distance - first_[object]);
          change[nearest_[object]] += weights_[object] * (first_[object] - second_[object]);
        } else if (distance < second_[object]) {
          change[nearest_[object]] += weights_[object] * (distance - second_[object]);
        }
      }
      const auto best = static_cast<std::size_t>(std::min_element(change.begin(), change.end()) - change.begin());
      // Rounding must not make two medoids change places for ever.
      if (change[best] + shared < -1e-12 * total_) {
        medoids_[best] = static_cast<std::uint32_t>(candidate);
        settle();
        unchanged = 0;
      }
    }
  }

  [[nodiscard]] medoid_clusters result() const { return by_weight(medoids_, nearest_, weights_, total_); }

 private:
  [[nodiscard]] double at(std::size_t a, std::size_t b) const noexcept { return distances_[a * size_ + b]; }
  [[nodiscard]] bool is_medoid(std::size_t object) const noexcept {
    return std::find(medoids_.begin(), medoids_.end(), object) != medoids_.end();
  }

  void settle() {
    constexpr double far = std::numeric_limits<double>::infinity();
    nearest_.assign(size_, 0);
    first_.assign(size_, far);
    second_.assign(size_, far);
    for (std::size_t object = 0; object < size_; ++object) {
      for (std::uint32_t medoid = 0; medoid < medoids_.size(); ++medoid) {
        // A medoid is its own, also where another one is at distance 0.
        const double distance = medoids_[medoid] == object ? -1.0 : at(medoids_[medoid], object);
        if (distance < first_[object]) {
          second_[object] = first_[object];
          first_[object] = distance;
          nearest_[object] = medoid;
        } else if (distance < second_[object]) {
          second_[object] = distance;
        }
      }
      first_[object] = (std::max)(first_[object], 0.0);
    }
    removal_.assign(medoids_.size(), 0.0);
    total_ = 0.0;
    for (std::size_t object = 0; object < size_; ++object) {
      total_ += weights_[object] * first_[object];
      // With one medoid there is no second: whatever replaces it takes every object.
      if (medoids_.size() > 1) {
        removal_[nearest_[object]] += weights_[object] * (second_[object] - first_[object]);
      }
    }
    if (medoids_.size() == 1) {
      // As if a second medoid lay further away than everything.
      double furthest = 0.0;
      for (const double distance : distances_) {
        furthest = (std::max)(furthest, distance);
      }
      second_.assign(size_, furthest + 1.0);
      for (std::size_t object = 0; object < size_; ++object) {
        removal_[0] += weights_[object] * (second_[object] - first_[object]);
      }
    }
  }

  std::span<const double> distances_;
  std::span<const double> weights_;
  std::size_t size_;
  unsigned workers_;
  std::vector<std::uint32_t> medoids_;
  std::vector<std::uint32_t> nearest_;
  std::vector<double> first_;
  std::vector<double> second_;
  std::vector<double> removal_;
  double total_ = 0.0;
};

inline void set_silhouettes(medoid_clusters& found, std::span<const double> distances, std::span<const double> weights,
                            unsigned threads) {
  const std::size_t size = weights.size();
  const std::size_t clusters = found.medoids.size();
  std::vector<double> sizes(clusters, 0.0);
  for (std::size_t object = 0; object < size; ++object) {
    sizes[found.cluster_of[object]] += weights[object];
  }
  found.silhouettes.assign(size, 0.0);
  const unsigned workers = worker_count(threads);
  run_parallel(workers, [&](unsigned worker) {
    const index_range range = slice(size, worker, workers);
    std::vector<double> sums(clusters);
    for (std::size_t object = range.begin; object < range.end; ++object) {
      std::fill(sums.begin(), sums.end(), 0.0);
      for (std::size_t other = 0; other < size; ++other) {
        sums[found.cluster_of[other]] += weights[other] * distances[object * size + other];
      }
      const std::uint32_t own = found.cluster_of[object];
      double nearest = std::numeric_limits<double>::infinity();
      for (std::uint32_t cluster = 0; cluster < clusters; ++cluster) {
        if (cluster != own && sizes[cluster] > 0.0) {
          nearest = (std::min)(nearest, sums[cluster] / sizes[cluster]);
        }
      }
      // An object that is alone in its cluster has 0, as Rousseeuw defines it.
      if (sizes[own] > 1.0 && nearest < std::numeric_limits<double>::infinity()) {
        const double mean = sums[own] / (sizes[own] - 1.0);
        const double larger = (std::max)(mean, nearest);
        found.silhouettes[object] = larger > 0.0 ? (nearest - mean) / larger : 0.0;
      }
    }
  });
  double sum = 0.0;
  double total = 0.0;
  for (std::size_t object = 0; object < size; ++object) {
    sum += weights[object] * found.silhouettes[object];
    total += weights[object];
  }
  found.silhouette = total > 0.0 ? sum / total : 0.0;
}

}  // namespace detail

KLANTREIS_INLINE medoid_clusters k_medoids(std::span<const double> distances, std::span<const double> weights,
                                           std::size_t clusters, unsigned threads) {
  if (clusters == 0) {
    throw input_error("0 clusters have no meaning; ask for at least 1");
  }
  if (weights.size() < clusters) {
    throw input_error("there are " + std::to_string(weights.size()) + " distinct sequences, too few for " +
                      std::to_string(clusters) + " clusters");
  }
  if (distances.size() != weights.size() * weights.size()) {
    throw input_error("there are " + std::to_string(distances.size()) + " distances for " +
                      std::to_string(weights.size()) + " objects; give one for each pair, in a square");
  }
  detail::medoid_search search{distances, weights, threads};
  search.build(clusters);
  search.swap();
  medoid_clusters found = search.result();
  detail::set_silhouettes(found, distances, weights, threads);
  return found;
}

KLANTREIS_INLINE medoid_clusters medoids_of(std::span<const double> distances, std::span<const double> weights,
                                            std::span<const std::uint32_t> cluster_of, unsigned threads) {
  const std::size_t size = weights.size();
  if (cluster_of.size() != size || distances.size() != size * size) {
    throw input_error("there are " + std::to_string(distances.size()) + " distances and clusters of " +
                      std::to_string(cluster_of.size()) + " objects for " + std::to_string(size) + " weights");
  }
  const std::size_t clusters = size == 0 ? 0 : *std::max_element(cluster_of.begin(), cluster_of.end()) + std::size_t{1};
  constexpr auto none = (std::numeric_limits<std::uint32_t>::max)();
  std::vector<std::uint32_t> medoids(clusters, none);
  std::vector<double> least(clusters, std::numeric_limits<double>::infinity());
  for (std::uint32_t object = 0; object < size; ++object) {
    const std::uint32_t own = cluster_of[object];
    double sum = 0.0;
    for (std::size_t other = 0; other < size; ++other) {
      sum += cluster_of[other] == own ? weights[other] * distances[object * size + other] : 0.0;
    }
    if (sum < least[own]) {
      least[own] = sum;
      medoids[own] = object;
    }
  }
  if (std::find(medoids.begin(), medoids.end(), none) != medoids.end()) {
    throw input_error("a cluster has no objects; number the clusters from 0 without gaps");
  }
  medoid_clusters found =
      detail::by_weight(medoids, cluster_of, weights, std::accumulate(least.begin(), least.end(), 0.0));
  detail::set_silhouettes(found, distances, weights, threads);
  return found;
}

}  // namespace klantreis
