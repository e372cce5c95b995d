// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/patterns/around.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct path_tree_options {
  std::string at{start_state};  ///< an item, `(start)`, or a state in which journeys end
  std::size_t before = 0;       ///< steps to follow back
  std::size_t after = 5;        ///< steps to follow on
  occurrence which = occurrence::first;
  double min_share = 0.0;         ///< branches of a smaller share of the root are shown together as `(other)`
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// The paths to and from an item as a tree whose root is its visits.
///
/// `node, parent, step, label, path, count, open, share, share_of_parent, conversions, conversion_rate, lower, upper,
/// n, median_time, marks`. Steps after the root are 1, 2, …, those before it −1, −2, …: the parent of a node before the
/// root is the step right after it. Branches end at the journeys' ends or starts; the children of a node that is not
/// the deepest add up to it. `count` is visits of the root that came along the node (`open` of them in journeys whose
/// end is not yet known), and the conversion rate is of the settled ones, with an interval by customers, of whom there
/// are `n`. `median_time` is the median of the seconds from the root to the node (negative before it), null at states.
/// The root comes first (node 0, parent −1), then the branches after it, then those before it, each by depth first,
/// most frequent first, then by name. \throws input_error as `steps_around`.
[[nodiscard]] table path_tree(const journey_set& journeys, const path_tree_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/path_tree.ipp"
#endif
