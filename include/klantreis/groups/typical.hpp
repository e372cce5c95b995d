// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "klantreis/groups/distances.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct typical_options {
  /// A label column whose label at the first event is the segment of a journey; `outcome` where no column has this
  /// name: `(conversion)` and `(null)`. Empty: all journeys are one segment.
  std::string segment = {};
  std::string by = "touchpoint";
  bool collapse = false;
  distance_options distance = {};
  std::size_t sample = 2'000;  ///< as of clusters
  std::uint64_t seed = 0;
  unsigned threads = 0;
};

/// The typical journey of each segment: `segment, journeys, n, medoid, distance, likely_path, ends_in, probability`,
/// most journeys first.
///
/// The medoid is the path that a settled journey took from which the others are least far on average (`distance`); of
/// equal ones the most frequent, then the first by name. The likely path is the most probable one under the Markov
/// chain of the segment among those that end in `ends_in`, which is `(conversion)` where the segment has one. \throws
/// input_error when journeys go on after conversions, or the log has no such labels.
[[nodiscard]] table typical_journeys(const journey_set& journeys, const typical_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/groups/typical.ipp"
#endif
