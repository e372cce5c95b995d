// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/log/data.hpp"
#include "klantreis/detail/map/log_match.hpp"
#include "klantreis/map/coverage.hpp"

namespace klantreis {

namespace detail {

struct coverage_row {
  std::string kind;
  std::string item;
  std::uint64_t events = 0;
  std::uint64_t customers = 0;
  std::string detail = {};
  std::string suggestion = {};
};

KLANTREIS_INLINE table coverage_table(const std::vector<coverage_row>& rows, const std::string& definition) {
  std::vector<std::string> kinds;
  std::vector<std::string> items;
  std::vector<std::int64_t> events;
  std::vector<std::int64_t> customers;
  std::vector<std::string> details;
  std::vector<std::string> suggestions;
  for (const auto& row : rows) {
    kinds.push_back(row.kind);
    items.push_back(row.item);
    events.push_back(static_cast<std::int64_t>(row.events));
    customers.push_back(static_cast<std::int64_t>(row.customers));
    details.push_back(row.detail);
    suggestions.push_back(row.suggestion);
  }
  table result{definition};
  result.add("kind", std::move(kinds));
  result.add("item", std::move(items));
  result.add("events", std::move(events), quantity::count);
  result.add("customers", std::move(customers), quantity::count);
  result.add("detail", std::move(details));
  result.add("suggestion", std::move(suggestions));
  return result;
}

/// Claims of a map and what they rest on.
class claim_check {
 public:
  explicit claim_check(const journey_map& map) {
    for (const auto& item : map.research) {
      if (item.kind == map_research::kind_type::assumption) {
        assumptions_.insert(item.id);
      }
    }
  }

  void add(const std::string& item, const std::string& what, const std::vector<std::string>& evidence,
           const std::vector<std::string>& of_holder) {
    ++claims_;
    const auto is_assumption = [&](const std::string& id) { return assumptions_.contains(id); };
    if (evidence.empty() && of_holder.empty()) {
      without_.push_back({"claim without evidence", item, 0, 0, what, "evidence: […]"});
    } else if (std::all_of(evidence.begin(), evidence.end(), is_assumption) &&
               std::all_of(of_holder.begin(), of_holder.end(), is_assumption)) {
      assumed_.push_back({"claim on assumption", item, 0, 0, what, {}});
    } else {
      ++supported_;
    }
  }

  void append_to(std::vector<coverage_row>& rows) const {
    rows.insert(rows.end(), without_.begin(), without_.end());
    rows.insert(rows.end(), assumed_.begin(), assumed_.end());
  }
  [[nodiscard]] std::string share() const { return std::to_string(supported_) + " of " + std::to_string(claims_); }

 private:
  std::unordered_set<std::string_view> assumptions_;
  std::vector<coverage_row> without_;
  std::vector<coverage_row> assumed_;
  std::size_t claims_ = 0;
  std::size_t supported_ = 0;
};

KLANTREIS_INLINE claim_check claims_of(const journey_map& map) {
  claim_check claims{map};
  const auto emotion = [&](const std::string& id, const map_emotion& item, const std::vector<std::string>& of_holder) {
    if (item.expected || !item.driver.empty()) {
      claims.add(id, "expected emotion", item.evidence, of_holder);
    }
  };
  for (const auto& phase : map.phases) {
    for (const auto& need : phase.needs) {
      claims.add(need.id, "need of phase " + phase.id, need.evidence, phase.evidence);
    }
    emotion(phase.id, phase.emotion, phase.evidence);
  }
  for (const auto& touchpoint : map.touchpoints) {
    emotion(touchpoint.id, touchpoint.emotion, touchpoint.evidence);
  }
  return claims;
}

KLANTREIS_INLINE void add_phases_without_touchpoints(const journey_map& map, std::vector<coverage_row>& rows) {
  std::unordered_set<std::string_view> filled;
  for (const auto& touchpoint : map.touchpoints) {
    filled.insert(touchpoint.phase);
  }
  for (const auto& phase : map.phases) {
    if (!filled.contains(phase.id)) {
      rows.push_back(
          {"phase without touchpoints", phase.id, 0, 0, phase.measured ? "" : "not measured, as designed", {}});
    }
  }
}

KLANTREIS_INLINE void add_unmeasured_channels(const journey_map& map, std::vector<coverage_row>& rows) {
  for (const auto& channel : map.channels) {
    if (!channel.measured) {
      rows.push_back({"channel not measured", channel.id, 0, 0, "leaves no events of customers, as designed", {}});
    }
  }
}

KLANTREIS_INLINE void add_needs_and_claims(const journey_map& map, std::vector<coverage_row>& rows) {
  std::unordered_set<std::string_view> served;
  for (const auto& touchpoint : map.touchpoints) {
    served.insert(touchpoint.needs.begin(), touchpoint.needs.end());
  }
  for (const auto& phase : map.phases) {
    for (const auto& need : phase.needs) {
      if (!served.contains(need.id)) {
        rows.push_back({"need not served", need.id, 0, 0, need.text + " (phase " + phase.id + ")",
                        "need: " + need.id + " on the touchpoint that serves it"});
      }
    }
  }
  claims_of(map).append_to(rows);
}

/// Events, customers, first and last time by code of a label.
struct label_tally {
  std::vector<std::uint64_t> events;
  std::vector<std::uint64_t> customers;
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> last;
};

KLANTREIS_INLINE label_tally tally_of(const event_log& log, const label_column& label) {
  const auto size = label.names.size();
  label_tally result{std::vector<std::uint64_t>(size), std::vector<std::uint64_t>(size),
                     std::vector<std::int64_t>(size), std::vector<std::int64_t>(size)};
  std::vector<std::size_t> seen(size);
  for (std::size_t c = 0; c < log.customers(); ++c) {
    for (std::uint64_t event = log.offsets()[c]; event < log.offsets()[c + 1]; ++event) {
      const auto code = label.codes[event];
      if (log.has_times()) {
        const auto time = log.times()[event];
        result.first[code] = result.events[code] == 0 ? time : (std::min)(result.first[code], time);
        result.last[code] = result.events[code] == 0 ? time : (std::max)(result.last[code], time);
      }
      ++result.events[code];
      if (seen[code] != c + 1) {
        seen[code] = c + 1;
        ++result.customers[code];
      }
    }
  }
  return result;
}

KLANTREIS_INLINE const journey_map& required_map(const event_log& log, std::string_view what) {
  if (log.map() == nullptr) {
    throw input_error(std::string{what} +
                      " needs a log with the labels of a map; apply one (Python: kr.read(…, map=…))");
  }
  return *log.map();
}

}  // namespace detail

KLANTREIS_INLINE table map_gaps(const journey_map& map) {
  std::vector<detail::coverage_row> rows;
  detail::add_phases_without_touchpoints(map, rows);
  detail::add_unmeasured_channels(map, rows);
  detail::add_needs_and_claims(map, rows);
  auto result = detail::coverage_table(
      rows,
      "What the map leaves open by itself: phases without touchpoints, channels that leave no events, needs that no "
      "touchpoint serves, and needs and expected emotions that rest on no research or on assumptions only.");
  result.set_option("claims with evidence", detail::claims_of(map).share());
  return result;
}

KLANTREIS_INLINE table map_coverage(const event_log& log) {
  const auto& map = detail::required_map(log, "coverage");
  const auto& match = *detail::log_access::data(log).match;
  std::vector<detail::coverage_row> rows;
  for (const auto& item : match.unmatched) {
    rows.push_back({"unmatched event", item.event, item.events, item.customers,
                    item.near.empty() ? "" : "a rule asks for " + quoted(item.near), item.rule});
  }
  for (const auto& column : match.absent_columns) {
    rows.push_back({"column not in the log", column, 0, 0, "conditions on it never hold", {}});
  }
  for (const auto& touchpoint : map.touchpoints) {
    if (!log.touchpoint_names().find(touchpoint.id)) {
      rows.push_back({"touchpoint never seen", touchpoint.id, 0, 0, "designed, never measured",
                      to_json(to_json_value(touchpoint.match))});
    }
  }
  for (const auto& phase : map.phases) {
    if (!log.labels("phase").names.find(phase.id)) {
      rows.push_back({"phase never seen", phase.id, 0, 0, phase.measured ? "" : "not measured, as designed", {}});
    }
  }
  detail::add_phases_without_touchpoints(map, rows);
  const auto& channels = log.labels("channel");
  for (const auto& channel : map.channels) {
    if (channel.measured && !channels.names.find(channel.id)) {
      rows.push_back({"channel never seen", channel.id, 0, 0, {}, {}});
    }
  }
  detail::add_unmeasured_channels(map, rows);
  const auto tally = detail::tally_of(log, channels);
  for (std::uint32_t code = 0; code < channels.names.size() && !map.channels.empty(); ++code) {
    const auto name = channels.names[code];
    if (name != none_label && find_item(map.channels, name) == nullptr) {
      rows.push_back({"channel not on the map",
                      std::string{name},
                      tally.events[code],
                      tally.customers[code],
                      {},
                      "{id: " + std::string{name} + "}"});
    }
  }
  detail::add_needs_and_claims(map, rows);
  auto result = detail::coverage_table(
      rows,
      "What map and log do not know of each other: events that no touchpoint takes, touchpoints, phases and channels "
      "of "
      "the map without events, needs that no touchpoint serves, and needs and expected emotions that rest on no "
      "research or on assumptions only.");
  const auto& health = log.health();
  const auto judged = health.events + health.dropped;
  result.set_option("matched events", std::to_string(judged - health.unmatched) + " of " + std::to_string(judged));
  result.set_option("claims with evidence", detail::claims_of(map).share());
  return result;
}

KLANTREIS_INLINE table map_inventory(const event_log& log) {
  const auto& map = detail::required_map(log, "the inventory");
  const auto& label = log.labels("touchpoint");
  const auto tally = detail::tally_of(log, label);
  std::vector<std::string> ids;
  std::vector<std::string> names;
  std::vector<std::string> phases;
  std::vector<std::string> channels;
  std::vector<std::string> stages;
  std::vector<std::string> owners;
  std::vector<std::int64_t> events;
  std::vector<std::int64_t> customers;
  std::vector<std::string> first;
  std::vector<std::string> last;
  std::vector<std::string> status;
  for (const auto& touchpoint : map.touchpoints) {
    const auto code = label.names.find(touchpoint.id);
    const bool timed = code && log.has_times();
    const auto when = [&](std::int64_t ticks) {
      return detail::instant_option(detail::to_instant(ticks, log.ticks_per_second()));
    };
    std::string joined;
    for (const auto& channel : touchpoint.channels) {
      joined += (joined.empty() ? "" : ", ") + channel;
    }
    ids.push_back(touchpoint.id);
    names.push_back(touchpoint.name);
    phases.push_back(touchpoint.phase);
    channels.push_back(std::move(joined));
    stages.emplace_back(touchpoint.stage == map_touchpoint::stage_type::onstage ? "onstage" : "offstage");
    owners.push_back(touchpoint.owner);
    events.push_back(code ? static_cast<std::int64_t>(tally.events[*code]) : 0);
    customers.push_back(code ? static_cast<std::int64_t>(tally.customers[*code]) : 0);
    first.push_back(timed ? when(tally.first[*code]) : std::string{});
    last.push_back(timed ? when(tally.last[*code]) : std::string{});
    status.emplace_back(code ? "measured" : "designed, never measured");
  }
  table result{
      "Each touchpoint of the map in the order of the file, with the events and customers that the log has of it and "
      "when "
      "it was first and last seen."};
  result.add("touchpoint", std::move(ids));
  result.add("name", std::move(names));
  result.add("phase", std::move(phases));
  result.add("channel", std::move(channels));
  result.add("stage", std::move(stages));
  result.add("owner", std::move(owners));
  result.add("events", std::move(events), quantity::count);
  result.add("customers", std::move(customers), quantity::count);
  result.add("first_seen", std::move(first));
  result.add("last_seen", std::move(last));
  result.add("status", std::move(status));
  return result;
}

}  // namespace klantreis
