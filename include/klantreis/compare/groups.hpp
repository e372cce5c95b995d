// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"

namespace klantreis {

/// Some of the journeys of a set, under a name. Copies share the log.
struct journey_group {
  std::string name = {};
  journey_set journeys = {};
  std::vector<std::uint64_t> members = {};  ///< numbers of the journeys, rising
};

/// Which journeys belong to a group: those that pass all of its conditions.
///
/// A journey belongs where its first event belongs: to the labels that event carries and to the period in which it
/// lies, so every journey belongs to one label and one period only.
struct journey_filter {
  /// A label column (`channel`, `phase`, `touchpoint` or an attribute) and the label that the first event carries.
  std::vector<std::pair<std::string, std::string>> where = {};
  /// The same, and a label that it does not carry.
  std::vector<std::pair<std::string, std::string>> where_not = {};
  std::optional<instant> from = std::nullopt;   ///< the first event lies at this instant or later
  std::optional<instant> until = std::nullopt;  ///< the first event lies before this instant
};

/// The journeys that pass a filter.
/// \throws input_error when the log lacks a label column, no event carries a label, or a period is asked of a log
///         without time.
[[nodiscard]] journey_group select_journeys(const journey_set& journeys, std::string name,
                                            const journey_filter& filter = {});

/// The labels of the first events, with the number of journeys of each; most journeys first, then by name.
/// \throws input_error when the log has no such labels.
[[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> first_labels(const journey_set& journeys,
                                                                              std::string_view by);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/compare/groups.ipp"
#endif
