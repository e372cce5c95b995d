// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "klantreis/map.hpp"

namespace klantreis::detail {

/// What a map says of an item.
struct map_item {
  std::string owner = {};
  bool controllable = true;
};
using map_items = std::map<std::string, map_item, std::less<>>;

/// The touchpoints or phases of a map by the names that the events carry; none without a map.
[[nodiscard]] inline map_items items_of_map(const journey_map* map, std::string_view by) {
  map_items items;
  if (map == nullptr) {
    return items;
  }
  if (by == "touchpoint") {
    for (const map_touchpoint& touchpoint : map->touchpoints) {
      items[touchpoint.id] = {touchpoint.owner, touchpoint.controllable};
    }
  } else if (by == "phase") {
    for (const map_phase& phase : map->phases) {
      items[phase.id] = {phase.owner, true};
    }
  }
  return items;
}

}  // namespace klantreis::detail
