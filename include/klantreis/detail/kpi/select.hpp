// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/kpi/frame.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/kpi/expression.hpp"
#include "klantreis/map.hpp"

namespace klantreis::detail {

/// The name that an expression stands for; a number is its text.
[[nodiscard]] inline std::string expression_name(const kpi_expression& expression, std::string_view what) {
  if (expression.what == kpi_expression::kind::text) {
    return expression.text;
  }
  if (expression.what == kpi_expression::kind::number) {
    return number_text(expression.number);
  }
  throw input_error(std::string{what} + " is " + to_text(expression) + "; give a name");
}

[[nodiscard]] inline std::vector<std::string> expression_names(const kpi_expression& expression,
                                                               std::string_view what) {
  std::vector<std::string> names;
  if (expression.what == kpi_expression::kind::list) {
    for (const kpi_expression& item : expression.items) {
      names.push_back(expression_name(item, what));
    }
  } else {
    names.push_back(expression_name(expression, what));
  }
  return names;
}

[[nodiscard]] inline double expression_number(const kpi_expression& expression, std::string_view what) {
  if (expression.what != kpi_expression::kind::number) {
    throw input_error(std::string{what} + " is " + to_text(expression) + "; give a number");
  }
  return expression.number;
}

/// A length of time such as `7d`, `12h`, `90min`, `1.5h`.
[[nodiscard]] inline duration expression_duration(const kpi_expression& expression, std::string_view what) {
  constexpr std::pair<std::string_view, double> units[]{{"us", 1.0},  {"ms", 1e3},  {"s", 1e6},     {"m", 6e7},
                                                        {"min", 6e7}, {"h", 3.6e9}, {"d", 8.64e10}, {"w", 6.048e11}};
  if (expression.what == kpi_expression::kind::text) {
    const std::string_view text = expression.text;
    double size = 0.0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (failure == std::errc{} && size > 0.0 && size < 1e12) {
      const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
      for (const auto& [name, microseconds] : units) {
        if (unit == name && size * microseconds < 9e18) {
          return duration{static_cast<std::int64_t>(std::llround(size * microseconds))};
        }
      }
    }
  }
  throw input_error(std::string{what} + " is " + to_text(expression) + "; give a length of time such as 7d or 12h");
}

/// What names of expressions mean on a log, with or without a map.
class kpi_names {
 public:
  kpi_names(const kpi_frame& frame, const journey_map* map) : frame_(frame), map_(map) {}

  /// The label column that `name` means: a column of the log, the role or the column that the map has for it, or the
  /// same with or without `_id`.
  [[nodiscard]] const label_column* find_labels(std::string_view name) const {
    for (const std::string& candidate : spellings(name)) {
      if (frame_.log().has_labels(candidate)) {
        return &frame_.log().labels(candidate);
      }
    }
    return nullptr;
  }

  [[nodiscard]] std::optional<number_view> find_numbers(std::string_view name) const {
    for (const std::string& candidate : spellings(name)) {
      if (frame_.log().has_numbers(candidate)) {
        return frame_.log().numbers(candidate);
      }
    }
    return std::nullopt;
  }

  /// Lets events through that are the touchpoint or outcome `name`; false when nothing of the log is.
  bool add_name(kpi_events& to, const std::string& name, bool outcome_first) const {
    const event_log& log = frame_.log();
    if (to.any_touchpoint) {
      to.any_touchpoint = false;
      to.codes = log.touchpoints();
      to.touchpoints.assign(log.touchpoint_names().size(), 0);
    }
    const auto code = log.touchpoint_names().find(name);
    const bool outcome = log.map() != nullptr && is_outcome_with_events(log, name);
    if (code && !(outcome && outcome_first)) {
      to.touchpoints[*code] = 1;
      return true;
    }
    if (outcome) {
      to.outcomes.push_back(mask(name, [&] { return outcome_events(log, name); }));
      return true;
    }
    if (name == "conversion" || name == "buyers") {
      const std::vector<std::string>& conversion = frame_.journeys().options().conversion;
      if (conversion.empty()) {
        return false;
      }
      if (log.map() == nullptr) {
        for (const std::string& touchpoint : conversion) {
          if (const auto converting = log.touchpoint_names().find(touchpoint)) {
            to.touchpoints[*converting] = 1;
          }
        }
        return true;
      }
      to.outcomes.push_back(mask("(conversion)", [&] {
        std::vector<bool> found(log.events());
        for (std::size_t event = 0; event < found.size(); ++event) {
          found[event] = frame_.journeys().is_conversion_event(event);
        }
        return found;
      }));
      return true;
    }
    return false;
  }

  void add_names(kpi_events& to, const std::vector<std::string>& names, bool outcome_first) const {
    bool known = names.empty();
    std::string unknown;
    for (const std::string& name : names) {
      if (add_name(to, name, outcome_first)) {
        known = true;
      } else {
        unknown += (unknown.empty() ? "" : ", ") + quoted(name);
      }
    }
    if (!known) {
      to.missing =
          unknown == "'conversion'" || unknown == "'buyers'" ? "no conversion is declared" : "no event is " + unknown;
    }
  }

  /// Lets events through whose label is one of `names`.
  void add_labels(kpi_events& to, std::string_view column, const std::vector<std::string>& names) const {
    const label_column* labels = find_labels(column);
    if (labels == nullptr) {
      to.missing = "the log has no " + quoted(column);
      return;
    }
    kpi_events::label_test test{labels, std::vector<std::uint8_t>(labels->names.size(), 0)};
    for (const std::string& name : names) {
      if (const auto code = labels->names.find(name)) {
        test.allowed[*code] = 1;
      }
    }
    to.labels.push_back(std::move(test));
  }

  /// Lets events of phases through, by their ids, names and aliases, or by the coarser phases of the map.
  void add_phases(kpi_events& to, const std::vector<std::string>& names) const {
    const label_column* labels = find_labels("phase");
    if (labels == nullptr) {
      to.missing = "the log has no phases";
      return;
    }
    kpi_events::label_test test{labels, std::vector<std::uint8_t>(labels->names.size(), 0)};
    std::string unknown;
    for (const std::string& name : names) {
      bool known = false;
      for (const std::string& phase : phases_called(name)) {
        known = true;
        if (const auto code = labels->names.find(phase)) {
          test.allowed[*code] = 1;
        }
      }
      if (!known) {
        unknown += (unknown.empty() ? "" : ", ") + quoted(name);
      }
    }
    if (!unknown.empty()) {
      to.missing = "there is no phase " + unknown;
    }
    to.labels.push_back(std::move(test));
  }

  /// The conditions of a mapping of columns: `{answered: yes, wait_s: {gt: 120}}`.
  void add_where(kpi_events& to, const kpi_expression& where) const {
    if (where.what != kpi_expression::kind::mapping) {
      throw input_error("where is " + to_text(where) + "; give conditions such as {column: {gt: 1}}");
    }
    for (const auto& [column, condition] : where.options) {
      if (condition.what == kpi_expression::kind::mapping) {
        for (const auto& [test, operand] : condition.options) {
          add_condition(to, column, test, operand);
        }
      } else {
        add_condition(to, column, condition.what == kpi_expression::kind::list ? "in" : "eq", condition);
      }
    }
  }

  /// Events that an argument names: a name, a list of names, or a mapping of what chooses events.
  [[nodiscard]] kpi_events events_named(const kpi_expression& argument, bool outcome_first) const {
    kpi_events result;
    if (argument.what != kpi_expression::kind::mapping) {
      add_names(result, expression_names(argument, "an event"), outcome_first);
      return result;
    }
    for (const auto& [name, value] : argument.options) {
      add_option(result, name, value);
    }
    return result;
  }

  /// Adds one of the options that choose events.
  void add_option(kpi_events& to, std::string_view name, const kpi_expression& value) const {
    if (name == "of" || name == "touchpoint" || name == "outcome") {
      if (value.what == kpi_expression::kind::mapping) {
        for (const auto& [inner, condition] : value.options) {
          add_option(to, inner, condition);
        }
      } else {
        add_names(to, expression_names(value, name), name == "outcome");
      }
    } else if (name == "phase") {
      add_phases(to, expression_names(value, name));
    } else if (name == "channel") {
      add_labels(to, "channel", expression_names(value, name));
    } else if (name == "where") {
      add_where(to, value);
    } else {
      throw input_error("events are chosen by of, touchpoint, outcome, phase, channel and where, not by " +
                        quoted(name));
    }
  }

  [[nodiscard]] const journey_map* map() const noexcept { return map_; }

 private:
  template <typename Make>
  [[nodiscard]] std::shared_ptr<const std::vector<bool>> mask(const std::string& name, Make&& make) const {
    auto& found = masks_[name];
    if (found == nullptr) {
      found = std::make_shared<const std::vector<bool>>(make());
    }
    return found;
  }

  [[nodiscard]] std::vector<std::string> spellings(std::string_view name) const {
    std::vector<std::string> result{std::string{name}};
    if (map_ != nullptr) {
      for (const auto& [role, column] : map_->events.columns) {
        if (role == name) {
          result.push_back(column);
        } else if (column == name) {
          result.push_back(role);
        }
      }
    }
    constexpr std::string_view suffix = "_id";
    if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix) {
      result.emplace_back(name.substr(0, name.size() - suffix.size()));
    } else {
      result.push_back(std::string{name} + std::string{suffix});
    }
    return result;
  }

  [[nodiscard]] std::vector<std::string> phases_called(const std::string& name) const {
    if (map_ == nullptr) {
      const label_column* labels = find_labels("phase");
      return labels != nullptr && labels->names.find(name) ? std::vector{name} : std::vector<std::string>{};
    }
    std::vector<std::string> grouped;
    for (const map_phase& phase : map_->phases) {
      if (phase.id == name) {
        return {name};
      }
    }
    for (const map_phase& phase : map_->phases) {
      if (phase.name == name || std::find(phase.aliases.begin(), phase.aliases.end(), name) != phase.aliases.end()) {
        return {phase.id};
      }
      for (const map_phase::level& level : phase.rollup) {
        if (level.group == name && (grouped.empty() || grouped.back() != phase.id)) {
          grouped.push_back(phase.id);
        }
      }
    }
    return grouped;
  }

  void add_condition(kpi_events& to, const std::string& column, const std::string& test,
                     const kpi_expression& operand) const {
    constexpr std::string_view tests[]{"eq", "ne", "in", "gt", "gte", "lt", "lte", "between", "known"};
    if (std::find(std::begin(tests), std::end(tests), test) == std::end(tests)) {
      throw input_error("no condition " + quoted(test) + " on " + quoted(column) +
                        "; there are eq, ne, in, gt, gte, lt, lte, between and known");
    }
    if (const auto numbers = find_numbers(column)) {
      to.numbers.push_back(number_condition(*numbers, column, test, operand));
      return;
    }
    const label_column* labels = find_labels(column);
    if (labels == nullptr) {
      to.missing = "the log has no " + quoted(column);
      return;
    }
    kpi_events::label_test result{labels, std::vector<std::uint8_t>(labels->names.size(), 0)};
    for (std::uint32_t code = 0; code < result.allowed.size(); ++code) {
      result.allowed[code] = meets(labels->names[code], column, test, operand) ? 1 : 0;
    }
    to.labels.push_back(std::move(result));
  }

  [[nodiscard]] static kpi_events::number_test number_condition(number_view values, const std::string& column,
                                                                const std::string& test,
                                                                const kpi_expression& operand) {
    kpi_events::number_test result{.values = values};
    if (test == "known") {
      if (expression_name(operand, column) != "true") {
        throw input_error("known on the numbers of " + quoted(column) + " is " + to_text(operand) + "; give true");
      }
    } else if (test == "between") {
      if (operand.what != kpi_expression::kind::list || operand.items.size() != 2) {
        throw input_error("between on " + quoted(column) + " is " + to_text(operand) + "; give [lowest, highest]");
      }
      result.low = expression_number(operand.items[0], column);
      result.high = expression_number(operand.items[1], column);
    } else if (test == "in") {
      // Names such as `yes` beside 1 are for columns of texts; no number is one of them.
      result.one_of = {null_value};
      if (operand.what == kpi_expression::kind::list) {
        for (const kpi_expression& item : operand.items) {
          if (item.what == kpi_expression::kind::number) {
            result.one_of.push_back(item.number);
          }
        }
      }
    } else {
      const double number = expression_number(operand, column);
      if (test == "eq" || test == "ne") {
        result.low = result.high = number;
        result.negated = test == "ne";
      } else if (test == "gt" || test == "gte") {
        result.low = number;
        result.open_low = test == "gt";
      } else {
        result.high = number;
        result.open_high = test == "lt";
      }
    }
    return result;
  }

  [[nodiscard]] static bool meets(std::string_view label, const std::string& column, const std::string& test,
                                  const kpi_expression& operand) {
    const bool missing = label == none_label;
    if (test == "known") {
      return missing == (expression_name(operand, column) == "false");
    }
    if (missing) {
      return false;
    }
    if (test == "eq" || test == "ne" || test == "in") {
      bool found = false;
      for (const std::string& name : expression_names(operand, column)) {
        found = found || label == name;
      }
      return found == (test != "ne");
    }
    double number = 0.0;
    const auto [end, failure] = std::from_chars(label.data(), label.data() + label.size(), number);
    if (failure != std::errc{} || end != label.data() + label.size()) {
      return false;
    }
    return number_condition({}, column, test, operand)(number);
  }

  const kpi_frame& frame_;
  const journey_map* map_;
  mutable std::map<std::string, std::shared_ptr<const std::vector<bool>>> masks_;
};

}  // namespace klantreis::detail
