// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/detail/map/regex.hpp"
#include "klantreis/map/rule.hpp"

// Rules depend on few distinct values. Each column that rules name is reduced to classes of values that meet the same
// conditions; each combination of classes that occurs is judged once; what remains for an event is a look-up.
//
//     event       page_view   page_view   order      names, numbered when the log was read
//     class       1           1           2          {1: meets "eq page_view", 2: meets "eq order"}
//     url         /p/42       /help       (none)
//     class       1           0           0          {1: meets "prefix /p/"}
//     combination 0           1           2          {0: (1, 1), 1: (1, 0), 2: (2, 0)}

namespace klantreis::detail {

[[nodiscard]] inline std::optional<double> number_of_text(std::string_view text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || std::isnan(number)) {
    return std::nullopt;
  }
  return number;
}

[[nodiscard]] inline bool meets_number(const rule& condition, double number) {
  const auto& operands = condition.operands;
  switch (condition.test) {
    case rule_test::greater:
      return number > operands[0].number;
    case rule_test::greater_or_equal:
      return number >= operands[0].number;
    case rule_test::less:
      return number < operands[0].number;
    case rule_test::less_or_equal:
      return number <= operands[0].number;
    case rule_test::between:
      return number >= operands[0].number && number <= operands[1].number;
    default:
      return false;
  }
}

[[nodiscard]] constexpr bool is_numeric(rule_test test) noexcept { return test >= rule_test::greater; }

/// Conditions on the beginnings of texts, or on their ends, found by looking up a few parts of a text.
class text_parts {
 public:
  explicit text_parts(bool ends) : ends_(ends) {}

  void add(std::string_view part, std::uint32_t number) { numbers_[part.size()][part].push_back(number); }

  void append_met(std::string_view text, std::vector<std::uint32_t>& met) const {
    for (const auto& [size, parts] : numbers_) {
      if (size > text.size()) {
        return;
      }
      if (const auto found = parts.find(ends_ ? text.substr(text.size() - size) : text.substr(0, size));
          found != parts.end()) {
        met.insert(met.end(), found->second.begin(), found->second.end());
      }
    }
  }

 private:
  bool ends_;
  std::map<std::size_t, std::unordered_map<std::string_view, std::vector<std::uint32_t>>> numbers_;
};

/// One column that rules name: its conditions, and the class of each of its values.
class matched_column {
 public:
  explicit matched_column(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Adds a condition, known by a number that grows from call to call.
  void add(const rule& condition, std::uint32_t number) { conditions_.push_back({&condition, number}); }

  /// Finds the classes of `names`; `null_code` is the code of null.
  void classify(const name_table& names, std::optional<std::uint32_t> null_code) {
    std::unordered_map<std::string_view, std::vector<std::uint32_t>> equal;
    text_parts prefixes{false};
    text_parts suffixes{true};
    std::vector<numbered> others;
    std::vector<linear_regex> expressions;
    bool any_numeric = false;
    for (const auto& item : conditions_) {
      const auto& condition = *item.condition;
      // Few values meet these, so that they are found from the value.
      if (condition.test == rule_test::equal || condition.test == rule_test::one_of) {
        for (const auto& operand : condition.operands) {
          auto& numbers = equal[operand.text];
          if (numbers.empty() || numbers.back() != item.number) {
            numbers.push_back(item.number);
          }
        }
        continue;
      }
      if (condition.test == rule_test::prefix || condition.test == rule_test::suffix) {
        (condition.test == rule_test::prefix ? prefixes : suffixes).add(condition.operands.front().text, item.number);
        continue;
      }
      others.push_back(item);
      any_numeric = any_numeric || is_numeric(condition.test);
      if (condition.test == rule_test::regex) {
        expressions.emplace_back(condition.operands.front().text);
      }
    }
    std::vector<std::uint32_t> met;
    class_of_.resize(names.size());
    for (std::uint32_t code = 0; code < names.size(); ++code) {
      met.clear();
      if (code == null_code) {
        met = met_by_null();
      } else {
        const auto name = names[code];
        if (const auto found = equal.find(name); found != equal.end()) {
          met = found->second;
        }
        prefixes.append_met(name, met);
        suffixes.append_met(name, met);
        const auto number = any_numeric ? number_of_text(name) : std::nullopt;
        std::size_t expression = 0;
        for (const auto& item : others) {
          if (meets(*item.condition, name, number, expressions, expression)) {
            met.push_back(item.number);
          }
        }
      }
      class_of_[code] = class_with(met);
    }
  }

  /// Finds the classes of numbers: the points that conditions name, and what lies between them.
  /// \throws input_error when a condition asks for a text.
  void classify_numbers() {
    for (const auto& item : conditions_) {
      const auto& condition = *item.condition;
      if (condition.test >= rule_test::prefix && condition.test <= rule_test::regex) {
        throw input_error("column " + quoted(name_) +
                          " holds numbers; a rule asks for a part of a text: use eq, in, gt, "
                          "gte, lt, lte or between, or read the column as text");
      }
      for (const auto& operand : condition.operands) {
        if (condition.test != rule_test::exists) {
          points_.push_back(number_of(operand));
        }
      }
    }
    std::sort(points_.begin(), points_.end());
    points_.erase(std::unique(points_.begin(), points_.end()), points_.end());
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::vector<std::uint32_t> met;
    for (std::size_t i = 0; i < 2 * points_.size() + 1; ++i) {
      // Even places lie below a point or above the last, odd ones are the points.
      const double low = i < 2 ? -infinity : points_[i / 2 - 1];
      const double high = i == 2 * points_.size() ? infinity : points_[i / 2];
      const bool open = std::isinf(low) || std::isinf(high);
      const double number = i % 2 == 1 ? points_[i / 2]
                            : open     ? (std::isinf(low) ? low : high)
                                       : low + (high - low) / 2;
      met.clear();
      for (const auto& item : conditions_) {
        if (meets_any(*item.condition, number)) {
          met.push_back(item.number);
        }
      }
      class_of_.push_back(class_with(met));
    }
    class_of_.push_back(class_with(met_by_null()));
  }

  /// Every value is null.
  void classify_absent() { class_of_.assign(1, class_with(met_by_null())); }

  [[nodiscard]] std::uint32_t class_of_code(std::uint32_t code) const noexcept { return class_of_[code]; }
  [[nodiscard]] std::uint32_t class_of_number(double number) const noexcept {
    if (std::isnan(number)) {
      return class_of_.back();
    }
    const auto at = std::lower_bound(points_.begin(), points_.end(), number);
    const auto index = 2 * static_cast<std::size_t>(at - points_.begin());
    return class_of_[at != points_.end() && *at == number ? index + 1 : index];
  }

  [[nodiscard]] std::size_t classes() const noexcept { return met_.size(); }
  /// The numbers of the conditions that values of a class meet.
  [[nodiscard]] std::span<const std::uint32_t> met(std::uint32_t index) const noexcept { return met_[index]; }

 private:
  struct numbered {
    const rule* condition;
    std::uint32_t number;
  };

  [[nodiscard]] static bool meets(const rule& condition, std::string_view name, std::optional<double> number,
                                  const std::vector<linear_regex>& expressions, std::size_t& next) {
    const std::string_view operand = condition.operands.front().text;
    switch (condition.test) {
      case rule_test::exists:
        return operand == "true";
      case rule_test::not_equal:
      case rule_test::none_of:
        return std::none_of(condition.operands.begin(), condition.operands.end(),
                            [&](const rule_operand& item) { return item.text == name; });
      case rule_test::contains:
        return name.find(operand) != std::string_view::npos;
      case rule_test::regex:
        return expressions[next++].matches(name);
      default:
        return number && meets_number(condition, *number);
    }
  }

  [[nodiscard]] double number_of(const rule_operand& operand) const {
    const auto number = std::isnan(operand.number) ? number_of_text(operand.text) : std::optional{operand.number};
    if (!number) {
      throw input_error("column " + quoted(name_) + " holds numbers; a rule compares it with the text " +
                        quoted(operand.text) + ": write a number, or read the column as text");
    }
    return *number;
  }

  [[nodiscard]] bool meets_any(const rule& condition, double number) const {
    if (is_numeric(condition.test)) {
      return meets_number(condition, number);
    }
    if (condition.test == rule_test::exists) {
      return condition.operands.front().text == "true";
    }
    const bool found = std::any_of(condition.operands.begin(), condition.operands.end(),
                                   [&](const rule_operand& operand) { return number_of(operand) == number; });
    return found == (condition.test == rule_test::equal || condition.test == rule_test::one_of);
  }

  [[nodiscard]] std::vector<std::uint32_t> met_by_null() const {
    std::vector<std::uint32_t> met;
    for (const auto& item : conditions_) {
      if (item.condition->test == rule_test::exists && item.condition->operands.front().text == "false") {
        met.push_back(item.number);
      }
    }
    return met;
  }

  std::uint32_t class_with(const std::vector<std::uint32_t>& met) {
    std::string key;
    for (const auto number : met) {
      key.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    const auto [found, is_new] = known_.try_emplace(std::move(key), static_cast<std::uint32_t>(met_.size()));
    if (is_new) {
      met_.push_back(met);
    }
    return found->second;
  }

  std::string name_;
  std::vector<numbered> conditions_;
  std::vector<double> points_;
  std::vector<std::uint32_t> class_of_;  // by code; of numbers by place, null last
  std::vector<std::vector<std::uint32_t>> met_;
  std::unordered_map<std::string, std::uint32_t> known_;
};

/// The combinations of classes that occur: one number for each event, and the classes of each number.
class combinations {
 public:
  explicit combinations(std::size_t events) : of_event_(events, 0), chain_(1) {}

  /// Takes one more column into account.
  template <typename ClassOf>
  void refine(const matched_column& column, const ClassOf& class_of) {
    const std::size_t classes = column.classes();
    const std::size_t before = chain_.size();
    constexpr std::uint32_t unset = 0xFFFF'FFFFU;
    constexpr std::size_t direct_limit = std::size_t{1} << 22U;
    std::vector<std::vector<std::uint32_t>> next;
    const auto add = [&](std::uint32_t old, std::uint32_t value) {
      next.push_back(chain_[old]);
      next.back().push_back(value);
      return static_cast<std::uint32_t>(next.size() - 1);
    };
    if (before * classes <= direct_limit) {
      std::vector<std::uint32_t> known(before * classes, unset);
      for (std::size_t event = 0; event < of_event_.size(); ++event) {
        const auto value = class_of(event);
        auto& found = known[of_event_[event] * classes + value];
        if (found == unset) {
          found = add(of_event_[event], value);
        }
        of_event_[event] = found;
      }
    } else {
      std::unordered_map<std::uint64_t, std::uint32_t> known;
      for (std::size_t event = 0; event < of_event_.size(); ++event) {
        const auto value = class_of(event);
        const auto [found, is_new] = known.try_emplace(std::uint64_t{of_event_[event]} << 32U | value, 0U);
        if (is_new) {
          found->second = add(of_event_[event], value);
        }
        of_event_[event] = found->second;
      }
    }
    chain_ = std::move(next);
  }

  [[nodiscard]] std::size_t size() const noexcept { return chain_.size(); }
  [[nodiscard]] std::uint32_t of_event(std::size_t event) const noexcept { return of_event_[event]; }
  /// The classes of a combination, in the order of the columns.
  [[nodiscard]] std::span<const std::uint32_t> classes(std::size_t index) const noexcept { return chain_[index]; }

 private:
  std::vector<std::uint32_t> of_event_;
  std::vector<std::vector<std::uint32_t>> chain_;
};

[[nodiscard]] inline std::uint32_t count_conditions(const rule& source) {
  std::uint32_t count = source.what == rule::kind::condition ? 1 : 0;
  for (const auto& part : source.parts) {
    count += count_conditions(part);
  }
  return count;
}

/// Numbers the conditions of rules in the order in which `holds` meets them again.
class compiled_rule {
 public:
  compiled_rule(const rule& source, std::vector<matched_column>& columns,
                std::unordered_map<std::string, std::size_t>& index, std::uint32_t& next)
      : source_(&source), first_(next) {
    add(source, columns, index, next);
  }

  /// The number of a condition without which the rule cannot hold; nothing when none stands out.
  [[nodiscard]] std::optional<std::uint32_t> necessary() const {
    if (source_->what == rule::kind::condition) {
      return first_;
    }
    std::uint32_t next = first_;
    for (const auto& part : source_->parts) {
      if (source_->what == rule::kind::all && part.what == rule::kind::condition) {
        return next;
      }
      next += count_conditions(part);
    }
    return std::nullopt;
  }

  /// Judges the rule when `met[number]` tells whether a condition holds.
  [[nodiscard]] bool holds(const std::vector<bool>& met) const {
    std::uint32_t next = first_;
    return holds(*source_, met, next);
  }

 private:
  static void add(const rule& source, std::vector<matched_column>& columns,
                  std::unordered_map<std::string, std::size_t>& index, std::uint32_t& next) {
    if (source.what == rule::kind::condition) {
      const auto [found, is_new] = index.try_emplace(source.column, columns.size());
      if (is_new) {
        columns.emplace_back(source.column);
      }
      columns[found->second].add(source, next++);
    }
    for (const auto& part : source.parts) {
      add(part, columns, index, next);
    }
  }

  [[nodiscard]] static bool holds(const rule& source, const std::vector<bool>& met, std::uint32_t& next) {
    if (source.what == rule::kind::condition) {
      return met[next++];
    }
    const bool any = source.what == rule::kind::any;
    bool result = !any;
    for (const auto& part : source.parts) {
      // Parts that no longer matter still use up their numbers.
      const bool part_holds = holds(part, met, next);
      result = any ? result || part_holds : result && part_holds;
    }
    return source.what == rule::kind::negation ? !result : result;
  }

  const rule* source_;
  std::uint32_t first_;
};

}  // namespace klantreis::detail
