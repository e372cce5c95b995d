// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace klantreis {

/// How far two clusters are apart.
enum class linkage_rule : std::uint8_t {
  average,   ///< mean distance of their members
  complete,  ///< distance of the two members that are furthest apart
  ward,      ///< growth of the sum of squared distances within when they become one
};

/// The rule of a name. \throws input_error for an unknown name, listing the known ones.
[[nodiscard]] linkage_rule to_linkage_rule(std::string_view name);
[[nodiscard]] std::string_view to_text(linkage_rule rule) noexcept;

/// Two clusters that become one. Objects are numbered from 0; the cluster that step s makes is `objects + s`.
struct merge_step {
  std::uint32_t first = 0;  ///< the smaller number
  std::uint32_t second = 0;
  double height = 0.0;  ///< how far they are apart
  double weight = 0.0;  ///< of both
};

/// Merges the clusters that are nearest to each other until one is left; heights rise.
///
/// `distances` is objects × objects. A weight counts as so many equal objects. By chains of nearest neighbours in time
/// that grows with the square of the objects (Murtagh 1983, doi:10.1093/comjnl/26.4.354), with the updates of Lance and
/// Williams 1967, doi:10.1093/comjnl/9.4.373. Where distances are equal, which pair comes first depends on the order of
/// the objects. \throws input_error when sizes do not fit or a weight is not positive.
[[nodiscard]] std::vector<merge_step> link_objects(std::span<const double> distances, std::span<const double> weights,
                                                   linkage_rule rule);

/// The cluster of each object where so many are left, numbered in the order of their first objects.
/// \throws input_error when there are fewer objects than clusters, or no clusters.
[[nodiscard]] std::vector<std::uint32_t> cut_merges(std::span<const merge_step> merges, std::size_t clusters);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/groups/linkage.ipp"
#endif
