// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "klantreis/detail/log/data.hpp"
#include "klantreis/map/model.hpp"

// The columns of a log under a map: what is left out goes, labels of the map come.

namespace klantreis::detail {

[[nodiscard]] inline const label_column* find_label(const log_data& data, std::string_view name,
                                                    const std::string* mapped) {
  for (const auto& label : data.labels) {
    if (label.name == name || (mapped != nullptr && label.name == *mapped)) {
      return &label;
    }
  }
  return nullptr;
}

[[nodiscard]] inline const number_store* find_numbers(const log_data& data, std::string_view name,
                                                      const std::string* mapped) {
  if (name == "value" && !data.values.empty()) {
    return &data.values;
  }
  if (name == "cost" && !data.costs.empty()) {
    return &data.costs;
  }
  for (const auto& column : data.numbers) {
    if (column.name == name || (mapped != nullptr && column.name == *mapped)) {
      return &column.values;
    }
  }
  return nullptr;
}

template <typename Column>
void keep_of(Column& column, const std::vector<std::uint8_t>& kept) {
  if (column.empty()) {
    return;
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    column[at] = column[i];
    at += kept[i] != 0 ? 1U : 0U;
  }
  column.resize(at);
}

/// A label whose codes are indices into `names`, of which only those that occur stay, in the same order.
[[nodiscard]] inline label_column label_of(std::string name, const std::vector<std::string_view>& names,
                                           std::vector<std::uint32_t> codes, bool is_phase) {
  std::vector<std::uint8_t> occurs(names.size());
  for (const auto code : codes) {
    occurs[code] = 1;
  }
  label_column result;
  result.name = std::move(name);
  result.is_phase = is_phase;
  std::vector<std::uint32_t> code_of(names.size());
  bool changed = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (occurs[i] != 0) {
      code_of[i] = result.names.intern(names[i]);
      changed = changed || code_of[i] != i;
    }
  }
  if (changed) {
    for (auto& code : codes) {
      code = code_of[code];
    }
  }
  result.codes = std::move(codes);
  return result;
}

inline void drop_unused_names(label_column& label) {
  std::vector<std::string_view> names;
  for (std::uint32_t code = 0; code < label.names.size(); ++code) {
    names.push_back(label.names[code]);
  }
  label = label_of(std::string{label.name}, names, std::move(label.codes), label.is_phase);
}

/// Leaves out the events whose `kept` is 0, and customers without any other; an empty `kept` keeps all.
inline void keep_events(log_data& data, const std::vector<std::uint8_t>& kept, std::vector<std::uint32_t>& touchpoints,
                        std::vector<std::uint32_t>& outcome_sets) {
  if (std::find(kept.begin(), kept.end(), std::uint8_t{0}) == kept.end()) {
    return;
  }
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::uint64_t> keys;
  for (std::size_t c = 0; c + 1 < data.offsets.size(); ++c) {
    const auto begin = std::next(kept.begin(), static_cast<std::ptrdiff_t>(data.offsets[c]));
    const auto end = std::next(kept.begin(), static_cast<std::ptrdiff_t>(data.offsets[c + 1]));
    const auto left = static_cast<std::uint64_t>(std::count(begin, end, std::uint8_t{1}));
    if (left != 0) {
      offsets.push_back(offsets.back() + left);
      keys.push_back(data.keys[c]);
    }
  }
  data.offsets = std::move(offsets);
  data.keys = std::move(keys);
  keep_of(data.times, kept);
  data.values.keep(kept);
  data.costs.keep(kept);
  for (auto& column : data.numbers) {
    column.values.keep(kept);
  }
  keep_of(data.touchpoint.codes, kept);
  drop_unused_names(data.touchpoint);
  for (auto& label : data.labels) {
    keep_of(label.codes, kept);
    drop_unused_names(label);
  }
  keep_of(touchpoints, kept);
  keep_of(outcome_sets, kept);
  data.health.events = data.touchpoint.codes.size();
  data.health.customers = data.keys.size();
  data.last_time = 0;
  for (std::size_t c = 0; c + 1 < data.offsets.size() && !data.times.empty(); ++c) {
    const auto last = data.times[data.offsets[c + 1] - 1];
    data.last_time = c == 0 ? last : (std::max)(data.last_time, last);
  }
}

/// The channel of each event: its own, or else the only one of its touchpoint.
[[nodiscard]] inline label_column map_channels(const journey_map& map, const label_column* own,
                                               const std::vector<std::uint32_t>& touchpoints) {
  std::vector<std::string_view> names;
  std::unordered_map<std::string_view, std::uint32_t> code_of;
  const auto code = [&](std::string_view name) {
    const auto [found, is_new] = code_of.try_emplace(name, static_cast<std::uint32_t>(names.size()));
    if (is_new) {
      names.push_back(name);
    }
    return found->second;
  };
  for (const auto& channel : map.channels) {
    (void)code(channel.id);
  }
  std::vector<std::uint32_t> of_own;
  for (std::uint32_t i = 0; own != nullptr && i < own->names.size(); ++i) {
    of_own.push_back(own->names[i] == none_label ? 0xFFFF'FFFFU : code(own->names[i]));
  }
  const auto none = code(none_label);
  std::vector<std::uint32_t> of_touchpoint;
  for (const auto& touchpoint : map.touchpoints) {
    of_touchpoint.push_back(touchpoint.channels.size() == 1 ? code(touchpoint.channels.front()) : none);
  }
  of_touchpoint.push_back(none);
  std::vector<std::uint32_t> codes(touchpoints.size());
  for (std::size_t event = 0; event < codes.size(); ++event) {
    const auto given = own == nullptr ? 0xFFFF'FFFFU : of_own[own->codes[event]];
    codes[event] = given == 0xFFFF'FFFFU ? of_touchpoint[touchpoints[event]] : given;
  }
  return label_of("channel", names, std::move(codes), false);
}

/// Puts the labels of the map before those that the log had.
inline void set_map_labels(const journey_map& map, log_data& data, const std::vector<std::uint32_t>& touchpoints) {
  std::vector<label_column> labels;
  const auto own = std::find_if(data.labels.begin(), data.labels.end(),
                                [](const label_column& label) { return label.name == "channel"; });
  labels.push_back(map_channels(map, own == data.labels.end() ? nullptr : &*own, touchpoints));
  if (own != data.labels.end()) {
    data.labels.erase(own);
  }
  std::unordered_map<std::string_view, std::uint32_t> phase_index;
  for (std::uint32_t i = 0; i < map.phases.size(); ++i) {
    phase_index.emplace(map.phases[i].id, i);
  }
  std::vector<std::uint32_t> phase_of;
  for (const auto& touchpoint : map.touchpoints) {
    phase_of.push_back(phase_index.at(touchpoint.phase));
  }
  phase_of.push_back(static_cast<std::uint32_t>(map.phases.size()));

  std::vector<std::string> levels{"phase"};
  for (auto& level : map.levels()) {
    levels.push_back(std::move(level));
  }
  for (const auto& level : levels) {
    std::vector<std::string_view> names;
    std::vector<std::uint32_t> group_of;
    for (const auto& phase : map.phases) {
      const std::string_view name =
          level == "phase" ? std::string_view{phase.id} : std::string_view{[&]() -> const std::string& {
            return std::find_if(phase.rollup.begin(), phase.rollup.end(),
                                [&](const auto& item) { return item.name == level; })
                ->group;
          }()};
      // Phases of one group stand together.
      if (names.empty() || names.back() != name) {
        names.push_back(name);
      }
      group_of.push_back(static_cast<std::uint32_t>(names.size() - 1));
    }
    group_of.push_back(static_cast<std::uint32_t>(names.size()));
    names.push_back(none_label);
    std::vector<std::uint32_t> of_touchpoint;
    for (const auto phase : phase_of) {
      of_touchpoint.push_back(group_of[phase]);
    }
    std::vector<std::uint32_t> codes(touchpoints.size());
    for (std::size_t event = 0; event < codes.size(); ++event) {
      codes[event] = of_touchpoint[touchpoints[event]];
    }
    labels.push_back(label_of(level, names, std::move(codes), true));
  }

  std::vector<std::string_view> ids;
  for (const auto& touchpoint : map.touchpoints) {
    ids.push_back(touchpoint.id);
  }
  ids.push_back(unmatched_label);
  auto event = std::exchange(data.touchpoint, label_of("touchpoint", ids, touchpoints, false));
  event.name = "event";
  labels.push_back(std::move(event));
  labels.insert(labels.end(), std::make_move_iterator(data.labels.begin()), std::make_move_iterator(data.labels.end()));
  data.labels = std::move(labels);
}

}  // namespace klantreis::detail
