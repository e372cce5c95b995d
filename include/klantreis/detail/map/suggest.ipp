// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "klantreis/detail/log/data.hpp"
#include "klantreis/detail/map/log_match.hpp"
#include "klantreis/detail/map/relabel.hpp"
#include "klantreis/detail/map/rule.ipp"
#include "klantreis/map/model.hpp"

// Events that no touchpoint takes: how many, and a rule that would take them.

namespace klantreis::detail {

/// The names of events that rules ask for with `eq` or `in`, and the further columns that stand beside them.
struct asked_events {
  std::vector<std::string> names;
  std::unordered_map<std::string, std::string> beside;  ///< event → a column of the same rule
};

KLANTREIS_INLINE void collect_asked(const rule& source, asked_events& asked) {
  const rule* event = nullptr;
  const rule* other = nullptr;
  const auto look = [&](const rule& part) {
    if (part.what != rule::kind::condition) {
      collect_asked(part, asked);
    } else if (part.column == "event" && (part.test == rule_test::equal || part.test == rule_test::one_of)) {
      event = &part;
    } else if (other == nullptr && part.column != "event") {
      other = &part;
    }
  };
  if (source.what == rule::kind::condition) {
    look(source);
  }
  for (const auto& part : source.parts) {
    look(part);
  }
  if (event != nullptr) {
    for (const auto& operand : event->operands) {
      asked.names.push_back(operand.text);
      if (other != nullptr && source.what == rule::kind::all) {
        asked.beside.emplace(operand.text, other->column);
      }
    }
  }
}

/// `/help/returns` → `/help/`; what is no path stays whole.
[[nodiscard]] inline std::string_view first_segment(std::string_view value) {
  if (!value.starts_with('/')) {
    return value;
  }
  const auto end = value.find('/', 1);
  return end == std::string_view::npos ? value : value.substr(0, end + 1);
}

/// The beginning that most of the unmatched events with this name share in a column; empty without.
KLANTREIS_INLINE std::string_view common_segment(const log_data& data, const label_column& label, std::uint32_t name,
                                                 const std::vector<std::uint32_t>& touchpoints, std::uint32_t unmatched,
                                                 const std::vector<std::uint8_t>& kept) {
  std::unordered_map<std::string_view, std::uint64_t> counts;
  for (std::size_t event = 0; event < touchpoints.size(); ++event) {
    if (touchpoints[event] == unmatched && data.touchpoint.codes[event] == name && (kept.empty() || kept[event] != 0)) {
      const auto value = label.names[label.codes[event]];
      if (value != none_label) {
        ++counts[first_segment(value)];
      }
    }
  }
  const auto best = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second < b.second : a.first > b.first;
  });
  return best == counts.end() ? std::string_view{} : best->first;
}

KLANTREIS_INLINE void report_unmatched(const journey_map& map, const log_data& data,
                                       const std::vector<std::uint32_t>& touchpoints,
                                       const std::vector<std::uint8_t>& kept, log_match& found) {
  const auto unmatched = static_cast<std::uint32_t>(map.touchpoints.size());
  struct tally {
    std::uint64_t events = 0;
    std::uint64_t customers = 0;
    std::size_t last_customer = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  std::vector<tally> tallies(data.touchpoint.names.size());
  for (std::size_t c = 0; c + 1 < data.offsets.size(); ++c) {
    for (std::uint64_t event = data.offsets[c]; event < data.offsets[c + 1]; ++event) {
      if (touchpoints[event] != unmatched || (!kept.empty() && kept[event] == 0)) {
        continue;
      }
      auto& item = tallies[data.touchpoint.codes[event]];
      const auto time = data.times.empty() ? 0 : data.times[event];
      item.first = item.events == 0 ? time : (std::min)(item.first, time);
      item.last = item.events == 0 ? time : (std::max)(item.last, time);
      ++item.events;
      if (item.last_customer != c + 1) {
        item.last_customer = c + 1;
        ++item.customers;
      }
    }
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t code = 0; code < tallies.size(); ++code) {
    if (tallies[code].events != 0) {
      order.push_back(code);
    }
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return tallies[a].events != tallies[b].events ? tallies[a].events > tallies[b].events
                                                  : data.touchpoint.names[a] < data.touchpoint.names[b];
  });
  asked_events asked;
  for (const auto& touchpoint : map.touchpoints) {
    collect_asked(touchpoint.match, asked);
  }
  // Advice is for people, who read the first rows.
  constexpr std::size_t advised = 50;
  for (const auto code : order) {
    const auto& item = tallies[code];
    const std::string name{data.touchpoint.names[code]};
    log_match::unmatched_events row{name, item.events, item.customers, item.first, item.last, {}, {}};
    json_value::object_type rule{{"event", json_value{json_value::object_type{{"eq", json_value{name}}}}}};
    if (found.unmatched.size() < advised) {
      const auto beside = asked.beside.find(name);
      const auto* label =
          beside == asked.beside.end() ? nullptr : find_label(data, beside->second, map.column(beside->second));
      if (label != nullptr) {
        const auto segment = common_segment(data, *label, code, touchpoints, unmatched, kept);
        if (!segment.empty()) {
          const auto* test = segment.starts_with('/') && segment.ends_with('/') && segment.size() > 1 ? "prefix" : "eq";
          rule.push_back(
              {beside->second, json_value{json_value::object_type{{test, json_value{std::string{segment}}}}}});
        }
      }
      const auto similar = similar_names(name, asked.names, 1);
      row.near = similar.empty() || similar.front() == name ? std::string{} : similar.front();
    }
    row.rule = to_json(json_value{std::move(rule)});
    found.unmatched.push_back(std::move(row));
  }
}

KLANTREIS_INLINE std::string unmatched_message(std::uint64_t events, const log_match& found) {
  std::string message = std::to_string(events) + " events match no touchpoint of the map:";
  for (std::size_t i = 0; i < (std::min)(found.unmatched.size(), std::size_t{5}); ++i) {
    const auto& row = found.unmatched[i];
    message += std::string{i == 0 ? "" : ","} + " " + quoted(row.event) + " (" + std::to_string(row.events) + ")";
  }
  message += found.unmatched.size() > 5 ? ", …" : "";
  return message + "; add touchpoints with rules such as match: " + found.unmatched.front().rule +
         ", or set events.unmatched to \"report\" or \"drop\"";
}

}  // namespace klantreis::detail
