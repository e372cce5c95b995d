// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "klantreis/map/model.hpp"

namespace klantreis {

KLANTREIS_INLINE std::vector<std::string> journey_map::levels() const {
  std::vector<std::string> names;
  if (!phases.empty()) {
    for (const auto& level : phases.front().rollup) {
      names.push_back(level.name);
    }
  }
  return names;
}

KLANTREIS_INLINE const std::string& journey_map::group_of(std::string_view phase, std::string_view level) const {
  const auto* found = find_item(phases, phase);
  if (found == nullptr) {
    throw input_error("the map has no phase " + quoted(phase));
  }
  if (level == "phase") {
    return found->id;
  }
  for (const auto& item : found->rollup) {
    if (item.name == level) {
      return item.group;
    }
  }
  std::string message = "the map has no level " + quoted(level) + "; it has 'phase'";
  for (const auto& name : levels()) {
    message += ", " + quoted(name);
  }
  throw input_error(message);
}

KLANTREIS_INLINE std::vector<std::string> journey_map::phases_at(std::string_view level) const {
  std::vector<std::string> names;
  for (const auto& phase : phases) {
    const auto& group = group_of(phase.id, level);
    if (std::find(names.begin(), names.end(), group) == names.end()) {
      names.push_back(group);
    }
  }
  return names;
}

KLANTREIS_INLINE const map_outcome* journey_map::primary_outcome() const noexcept {
  const map_outcome* first = nullptr;
  for (const auto& outcome : outcomes) {
    if (outcome.role == map_outcome::role_type::conversion) {
      if (outcome.primary) {
        return &outcome;
      }
      first = first == nullptr ? &outcome : first;
    }
  }
  return first;
}

KLANTREIS_INLINE std::optional<duration> journey_map::inactivity() const noexcept {
  for (const auto& outcome : outcomes) {
    if (outcome.role == map_outcome::role_type::exit && outcome.inactivity) {
      return outcome.inactivity;
    }
  }
  return std::nullopt;
}

KLANTREIS_INLINE const std::string* journey_map::column(std::string_view name) const noexcept {
  for (const auto& [known, column] : events.columns) {
    if (known == name) {
      return &column;
    }
  }
  return nullptr;
}

}  // namespace klantreis
