// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>

#include "klantreis/compare/groups.hpp"
#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/option_text.hpp"

namespace klantreis {
namespace detail {

struct label_condition {
  const label_column* labels = nullptr;
  std::uint32_t code = 0;
  bool wanted = true;
};

inline label_condition condition_on(const event_log& log, const std::pair<std::string, std::string>& condition,
                                    bool wanted) {
  const label_column& labels = log.labels(condition.first);
  const auto code = labels.names.find(condition.second);
  if (!code) {
    throw input_error(unknown_label_message(condition.second, condition.first, labels.names));
  }
  return {&labels, *code, wanted};
}

}  // namespace detail

KLANTREIS_INLINE journey_group select_journeys(const journey_set& journeys, std::string name,
                                               const journey_filter& filter) {
  const event_log& log = journeys.log();
  std::vector<detail::label_condition> conditions;
  for (const auto& condition : filter.where) {
    conditions.push_back(detail::condition_on(log, condition, true));
  }
  for (const auto& condition : filter.where_not) {
    conditions.push_back(detail::condition_on(log, condition, false));
  }
  if ((filter.from || filter.until) && !log.has_times()) {
    throw input_error("the log has no time, so its journeys cannot be divided into periods; compare labels instead");
  }
  journey_group group{.name = std::move(name), .journeys = journeys};
  for (std::uint64_t index = 0; index < journeys.size(); ++index) {
    const std::uint64_t first = journeys[index].begin;
    const bool labelled =
        std::all_of(conditions.begin(), conditions.end(), [first](const detail::label_condition& condition) {
          return (condition.labels->codes[first] == condition.code) == condition.wanted;
        });
    if (!labelled) {
      continue;
    }
    if (filter.from || filter.until) {
      const instant moment = detail::to_instant(log.times()[first], log.ticks_per_second());
      if ((filter.from && moment < *filter.from) || (filter.until && moment >= *filter.until)) {
        continue;
      }
    }
    group.members.push_back(index);
  }
  return group;
}

KLANTREIS_INLINE std::vector<std::pair<std::string, std::uint64_t>> first_labels(const journey_set& journeys,
                                                                                 std::string_view by) {
  const label_column& labels = journeys.log().labels(by);
  std::vector<std::uint64_t> counts(labels.names.size());
  for (std::uint64_t index = 0; index < journeys.size(); ++index) {
    ++counts[labels.codes[journeys[index].begin]];
  }
  std::vector<std::pair<std::string, std::uint64_t>> found;
  for (std::uint32_t code = 0; code < counts.size(); ++code) {
    if (counts[code] > 0) {
      found.emplace_back(labels.names[code], counts[code]);
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return found;
}

}  // namespace klantreis
