// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/datasets.hpp"
#include "klantreis/detail/number_text.hpp"

namespace klantreis::detail {

/// The rows of the acquisition chain of one group in one period, by the numbers of the touchpoints.
struct webshop_rows {
  /// Goes to a touchpoint, or to one of these.
  static constexpr std::uint32_t order = 0xFFFF'FFFEU;
  static constexpr std::uint32_t null = 0xFFFF'FFFFU;
  struct arrow {
    std::uint32_t to;
    double probability;
  };
  std::vector<std::vector<arrow>> of;  ///< one for each touchpoint; empty where no journey passes
};

[[nodiscard]] inline std::uint32_t touchpoint_number(const webshop_parameters& p, std::string_view name) {
  for (std::size_t i = 0; i < p.touchpoints.size(); ++i) {
    if (p.touchpoints[i].name == name) {
      return static_cast<std::uint32_t>(i);
    }
  }
  throw input_error("no touchpoint " + quoted(name));
}

/// The transitions with the changes that fit the group and the period (0 before, 1 after the improvement).
[[nodiscard]] inline webshop_rows effective_rows(const webshop_parameters& p, const webshop_parameters::group& group,
                                                 unsigned period) {
  const auto target = [&](std::string_view name) {
    return name == "order" ? webshop_rows::order : name == "(null)" ? webshop_rows::null : touchpoint_number(p, name);
  };
  webshop_rows rows;
  rows.of.resize(p.touchpoints.size());
  for (const auto& [from, row] : p.transitions) {
    auto& arrows = rows.of[touchpoint_number(p, from)];
    for (const auto& [to, probability] : row) {
      arrows.push_back({target(to), probability});
    }
  }
  for (std::size_t i = 0; i < p.changes.size(); ++i) {
    const auto& change = p.changes[i];
    const auto fits = [](const std::string& wanted, std::string_view is) { return wanted.empty() || wanted == is; };
    if (!fits(change.segment, group.segment) || !fits(change.kind, group.kind) || !fits(change.device, group.device) ||
        !fits(change.period, period == 0 ? "before" : "after")) {
      continue;
    }
    const auto place = "changes[" + std::to_string(i) + "]";
    const auto known = [&](const std::string& name) {
      for (const auto& t : p.touchpoints) {
        if (t.name == name) {
          return true;
        }
      }
      return name == "(null)";
    };
    for (const auto* name : {&change.from, &change.take, &change.give}) {
      if (!known(*name)) {
        throw input_error(place + " names " + quoted(*name) + ", which is no touchpoint; name one, or (null)");
      }
    }
    auto& arrows = rows.of[touchpoint_number(p, change.from)];
    const auto find = [&](std::uint32_t to) -> webshop_rows::arrow& {
      for (auto& arrow : arrows) {
        if (arrow.to == to) {
          return arrow;
        }
      }
      arrows.push_back({to, 0.0});
      return arrows.back();
    };
    const auto take = target(change.take);
    const auto give = target(change.give);
    if (give < webshop_rows::order && rows.of[give].empty()) {
      throw input_error(place + " gives to " + quoted(change.give) + ", which has no row in transitions");
    }
    auto& from = find(take);
    if (from.probability + 1e-12 < change.probability) {
      throw input_error(place + " takes " + number_text(change.probability) + " from " + change.from + " to " +
                        change.take + ", which has " + number_text(from.probability));
    }
    from.probability = (std::max)(0.0, from.probability - change.probability);
    find(give).probability += change.probability;
  }
  return rows;
}

}  // namespace klantreis::detail
