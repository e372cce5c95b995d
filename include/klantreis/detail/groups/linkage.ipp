// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "klantreis/core.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/groups/linkage.hpp"

namespace klantreis {
namespace detail {

inline constexpr std::array<std::pair<std::string_view, linkage_rule>, 3> linkage_rules{
    {{"average", linkage_rule::average}, {"complete", linkage_rule::complete}, {"ward", linkage_rule::ward}}};

/// The distances among the clusters that are left, each known by one of its objects.
class linked_clusters {
 public:
  linked_clusters(std::span<const double> distances, std::span<const double> weights, linkage_rule rule)
      : rule_(rule), weights_(weights.begin(), weights.end()), distances_(distances.begin(), distances.end()) {
    left_.resize(weights.size());
    std::iota(left_.begin(), left_.end(), 0U);
    if (rule == linkage_rule::ward) {
      // Equal objects that merged at no height are as far away as this from others.
      for (std::size_t a = 0; a < weights.size(); ++a) {
        for (std::size_t b = 0; b < weights.size(); ++b) {
          at(a, b) *= std::sqrt(2.0 * weights_[a] * weights_[b] / (weights_[a] + weights_[b]));
        }
      }
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return left_.size(); }
  [[nodiscard]] std::uint32_t any() const noexcept { return left_.front(); }
  [[nodiscard]] double distance(std::uint32_t a, std::uint32_t b) const noexcept {
    return distances_[a * weights_.size() + b];
  }

  /// The cluster nearest to `own`; of equal ones `before`, else the first.
  [[nodiscard]] std::uint32_t nearest(std::uint32_t own, std::uint32_t before) const noexcept {
    std::uint32_t found = before;
    double least = before == own ? std::numeric_limits<double>::infinity() : distance(own, before);
    for (const std::uint32_t other : left_) {
      if (other != own && distance(own, other) < least) {
        least = distance(own, other);
        found = other;
      }
    }
    return found;
  }

  /// Makes one cluster of two, which is known as `b` from now on; returns its weight.
  double merge(std::uint32_t a, std::uint32_t b) {
    left_.erase(std::lower_bound(left_.begin(), left_.end(), a));
    const double apart = distance(a, b);
    const double x = weights_[a];
    const double y = weights_[b];
    for (const std::uint32_t other : left_) {
      if (other != b) {
        at(b, other) = at(other, b) = joined(distance(a, other), distance(b, other), apart, x, y, weights_[other]);
      }
    }
    return weights_[b] = x + y;
  }

 private:
  [[nodiscard]] double& at(std::size_t a, std::size_t b) noexcept { return distances_[a * weights_.size() + b]; }

  [[nodiscard]] double joined(double from_a, double from_b, double apart, double x, double y, double z) const noexcept {
    switch (rule_) {
      case linkage_rule::average:
        return (x * from_a + y * from_b) / (x + y);
      case linkage_rule::complete:
        return (std::max)(from_a, from_b);
      case linkage_rule::ward:
        break;
    }
    const double square = (x + z) * from_a * from_a + (y + z) * from_b * from_b - z * apart * apart;
    return std::sqrt((std::max)(0.0, square) / (x + y + z));
  }

  linkage_rule rule_;
  std::vector<double> weights_;
  std::vector<double> distances_;
  std::vector<std::uint32_t> left_;  // rising
};

}  // namespace detail

KLANTREIS_INLINE linkage_rule to_linkage_rule(std::string_view name) {
  std::string known;
  for (const auto& [text, rule] : detail::linkage_rules) {
    if (text == name) {
      return rule;
    }
    known += (known.empty() ? "" : ", ") + std::string{text};
  }
  throw input_error("there is no linkage " + quoted(name) + "; there are " + known);
}

KLANTREIS_INLINE std::string_view to_text(linkage_rule rule) noexcept {
  return detail::linkage_rules[static_cast<std::size_t>(rule)].first;
}

KLANTREIS_INLINE std::vector<merge_step> link_objects(std::span<const double> distances,
                                                      std::span<const double> weights, linkage_rule rule) {
  const std::size_t size = weights.size();
  if (distances.size() != size * size) {
    throw input_error(std::to_string(distances.size()) + " distances among " + std::to_string(size) +
                      " objects; give objects x objects");
  }
  if (std::any_of(weights.begin(), weights.end(), [](double weight) { return !(weight > 0.0); })) {
    throw input_error("a weight of objects to link is not positive");
  }
  std::vector<merge_step> merges;
  if (size == 0) {
    return merges;
  }
  detail::linked_clusters clusters{distances, weights, rule};
  std::vector<std::uint32_t> chain;
  while (clusters.size() > 1) {
    check_stop();
    if (chain.empty()) {
      chain.push_back(clusters.any());
    }
    // Each one's nearest neighbour is nearer than the one's before, until two are each other's nearest.
    for (;;) {
      const std::uint32_t own = chain.back();
      const std::uint32_t before = chain.size() > 1 ? chain[chain.size() - 2] : own;
      const std::uint32_t next = clusters.nearest(own, before);
      if (chain.size() > 1 && next == before) {
        break;
      }
      chain.push_back(next);
    }
    const std::uint32_t a = (std::min)(chain.back(), chain[chain.size() - 2]);
    const std::uint32_t b = (std::max)(chain.back(), chain[chain.size() - 2]);
    chain.resize(chain.size() - 2);
    const double height = clusters.distance(a, b);
    merges.push_back({a, b, height, clusters.merge(a, b)});
  }
  // Chains find merges in another order than that of their heights.
  std::stable_sort(merges.begin(), merges.end(),
                   [](const merge_step& x, const merge_step& y) { return x.height < y.height; });
  std::vector<std::uint32_t> parent(size);
  std::iota(parent.begin(), parent.end(), 0U);
  std::vector<std::uint32_t> number = parent;
  const auto root_of = [&](std::uint32_t object) {
    while (parent[object] != object) {
      object = parent[object] = parent[parent[object]];
    }
    return object;
  };
  for (std::size_t step = 0; step < merges.size(); ++step) {
    merge_step& one = merges[step];
    const std::uint32_t gone = root_of(one.first);
    const std::uint32_t kept = root_of(one.second);
    one.first = (std::min)(number[gone], number[kept]);
    one.second = (std::max)(number[gone], number[kept]);
    parent[gone] = kept;
    number[kept] = static_cast<std::uint32_t>(size + step);
  }
  return merges;
}

KLANTREIS_INLINE std::vector<std::uint32_t> cut_merges(std::span<const merge_step> merges, std::size_t clusters) {
  const std::size_t size = merges.size() + 1;
  if (clusters == 0 || clusters > size) {
    throw input_error(std::to_string(clusters) + " clusters of " + std::to_string(size) +
                      " objects; ask for at least 1 and at most as many as there are objects");
  }
  // From the last merge that counts back to the objects: each hands its number to its two parts.
  std::vector<std::uint32_t> number(2 * size - 1);
  std::iota(number.begin(), number.end(), 0U);
  for (std::size_t step = size - clusters; step-- > 0;) {
    number[merges[step].first] = number[merges[step].second] = number[size + step];
  }
  std::vector<std::uint32_t> found(size);
  std::vector<std::uint32_t> known(2 * size - 1, (std::numeric_limits<std::uint32_t>::max)());
  std::uint32_t next = 0;
  for (std::size_t object = 0; object < size; ++object) {
    std::uint32_t& own = known[number[object]];
    if (own == (std::numeric_limits<std::uint32_t>::max)()) {
      own = next++;
    }
    found[object] = own;
  }
  return found;
}

}  // namespace klantreis
