// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "klantreis/detail/map/rule.ipp"
#include "klantreis/map/match.hpp"

// Which columns of the data a map needs, and of which type.

namespace klantreis {

namespace detail {

class column_plan {
 public:
  explicit column_plan(const journey_map& map) : map_(map) {
    columns_.customer = column_or("customer", columns_.customer);
    columns_.time = column_or("time", columns_.time);
    columns_.touchpoint = column_or("event", columns_.touchpoint);
    for (const auto& exclusion : map.events.exclude) {
      look(exclusion);
    }
    for (const auto& outcome : map.outcomes) {
      if (outcome.match) {
        look(*outcome.match);
      }
      if (!outcome.value.empty()) {
        mark_number(outcome.value);
      }
    }
    for (const auto& touchpoint : map.touchpoints) {
      look(touchpoint.match);
      if (!touchpoint.score_column.empty()) {
        mark_number(touchpoint.score_column);
      }
      if (!touchpoint.issue_column.empty()) {
        want(touchpoint.issue_column);
      }
    }
    for (const auto& kpi : map.kpis) {
      if (kpi.source != map_kpi::source_type::aggregate) {
        look(kpi.measure);
      }
    }
    if (map.events.ties != "file_order") {
      columns_.order = column_or(map.events.ties, map.events.ties);
    }
    for (const auto& name : map.events.dedupe) {
      want(name);
    }
    for (const auto& [name, column] : map.events.columns) {
      want(name);
    }
  }

  [[nodiscard]] log_columns finish() {
    // What KPIs of the library read as numbers when the map names a column for it.
    for (const auto* name : {"score", "wait_s"}) {
      if (map_.column(name) != nullptr) {
        mark_number(name);
      }
    }
    for (const auto& column : wanted_) {
      const bool number = numbers_.contains(column) && !texts_.contains(column);
      (number ? columns_.numbers : columns_.attributes).push_back(column);
    }
    return std::move(columns_);
  }

 private:
  [[nodiscard]] std::string column_or(std::string_view name, const std::string& otherwise) const {
    const auto* found = map_.column(name);
    return found == nullptr ? otherwise : *found;
  }

  /// Asks for a column under the name that rules use, or under its own; returns its own.
  std::string want(const std::string& name) {
    const auto column = column_or(name, name);
    if (name == "channel") {
      columns_.channel = column;
    } else if (name == "value") {
      columns_.value = column;
    } else if (name == "cost") {
      columns_.cost = column;
    } else if (name == "order") {
      columns_.order = column;
    } else if (name != "customer" && name != "time" && name != "event" && !is_taken(column) &&
               seen_.insert(column).second) {
      wanted_.push_back(column);
    }
    return column;
  }

  /// True for columns that have a place of their own, and for names that a log keeps for itself.
  [[nodiscard]] bool is_taken(const std::string& column) const {
    static constexpr std::array<std::string_view, 8> reserved{"touchpoint", "customer", "time",    "order",
                                                              "value",      "cost",     "channel", "phase"};
    return std::find(reserved.begin(), reserved.end(), column) != reserved.end() || column == columns_.customer ||
           column == columns_.order || column == columns_.time || column == columns_.touchpoint;
  }

  void mark_number(const std::string& name) { numbers_.insert(want(name)); }

  void look(const rule& source) {
    for_each_condition(source, [&](const rule& condition) {
      const auto column = want(condition.column);
      if (condition.test >= rule_test::greater) {
        numbers_.insert(column);
      } else if (condition.test >= rule_test::prefix) {
        texts_.insert(column);
      }
    });
  }

  /// A measure names columns of numbers under the keys that compute with them.
  void look(const json_value& measure) {
    static constexpr std::array<std::string_view, 9> keys{"sum", "mean", "median", "quantile", "column",
                                                          "nps", "csat", "ces",    "top2"};
    if (measure.is_array()) {
      for (const auto& item : measure.array()) {
        look(item);
      }
    } else if (measure.is_object()) {
      for (const auto& [key, value] : measure.object()) {
        if (value.is_text() && std::find(keys.begin(), keys.end(), key) != keys.end()) {
          mark_number(value.text());
        }
        look(value);
      }
    }
  }

  const journey_map& map_;
  log_columns columns_;
  std::vector<std::string> wanted_;
  std::unordered_set<std::string> seen_;
  std::unordered_set<std::string> numbers_;
  std::unordered_set<std::string> texts_;
};

}  // namespace detail

KLANTREIS_INLINE log_columns map_log_columns(const journey_map& map) { return detail::column_plan{map}.finish(); }

}  // namespace klantreis
