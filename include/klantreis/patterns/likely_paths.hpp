// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct likely_path_options {
  std::size_t limit = 10;            ///< how many paths to show
  unsigned order = 1;                ///< how many past items the next step depends on
  std::string by = "touchpoint";     ///< `touchpoint`, `channel`, `phase` or an attribute; a path table has its own
  bool collapse = false;             ///< merge immediate repeats (phases always do); a path table has its own
  std::string to{conversion_state};  ///< where the paths end: `(conversion)` or `(null)`
  unsigned threads = 0;              ///< 0: one for each core
};

/// The most probable paths from start to conversion under the Markov chain of the paths.
///
/// `rank, path, probability, share`, most probable first; paths of the same probability come by their names. The
/// probability is the product of the transition probabilities along the path, of all journeys that start; `share` is of
/// those that end in `to`. Repeats are steps like any other, so paths may visit an item again. A path that no journey
/// took can be likely, and the most frequent variant need not be. See `most_probable_paths` for the search.
/// \throws input_error when the journeys go on after conversions, the order is 0, or `to` is no end of a path;
///         limit_error as `most_probable_paths`.
[[nodiscard]] table likely_paths(const journey_set& journeys, const likely_path_options& options = {});
[[nodiscard]] table likely_paths(const path_table& paths, const likely_path_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/patterns/likely_paths.ipp"
#endif
