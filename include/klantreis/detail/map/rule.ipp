// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "klantreis/detail/map/places.hpp"
#include "klantreis/detail/map/regex.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/map/rule.hpp"

namespace klantreis {

namespace detail {

inline constexpr std::array<std::pair<std::string_view, rule_test>, 14> rule_test_names{{
    {"eq", rule_test::equal},
    {"in", rule_test::one_of},
    {"ne", rule_test::not_equal},
    {"not_in", rule_test::none_of},
    {"exists", rule_test::exists},
    {"prefix", rule_test::prefix},
    {"suffix", rule_test::suffix},
    {"contains", rule_test::contains},
    {"regex", rule_test::regex},
    {"gt", rule_test::greater},
    {"gte", rule_test::greater_or_equal},
    {"lt", rule_test::less},
    {"lte", rule_test::less_or_equal},
    {"between", rule_test::between},
}};

[[noreturn]] inline void fail_rule(std::string_view path, const std::string& what) {
  throw input_error(std::string{path} + ": " + what);
}

KLANTREIS_INLINE rule_operand read_operand(const json_value& value, std::string_view path) {
  if (value.is_number()) {
    return {number_text(value.number()), value.number()};
  }
  if (value.is_boolean()) {
    return {value.boolean() ? "true" : "false"};
  }
  if (value.is_text()) {
    return {value.text()};
  }
  fail_rule(path, "is " + std::string{value.type_name()} + "; compare with a text, a number or a truth value");
}

KLANTREIS_INLINE rule read_condition(std::string_view column, rule_test test, const json_value& value,
                                     std::string_view path) {
  rule result;
  result.what = rule::kind::condition;
  result.column = std::string{column};
  result.test = test;
  const auto number = [&](const json_value& item, const std::string& at) {
    if (!item.is_number()) {
      fail_rule(at, "is " + std::string{item.type_name()} + "; it must be a number");
    }
    result.operands.push_back(read_operand(item, at));
  };
  switch (test) {
    case rule_test::equal:
    case rule_test::not_equal:
      result.operands.push_back(read_operand(value, path));
      break;
    case rule_test::exists:
      if (!value.is_boolean()) {
        fail_rule(path, "is " + std::string{value.type_name()} + "; it must be true or false");
      }
      result.operands.push_back(read_operand(value, path));
      break;
    case rule_test::one_of:
    case rule_test::none_of:
      if (!value.is_array() || value.array().empty()) {
        fail_rule(path, "must be an array with at least one text or number");
      }
      for (std::size_t i = 0; i < value.array().size(); ++i) {
        result.operands.push_back(read_operand(value.array()[i], item_path(path, i)));
      }
      break;
    case rule_test::prefix:
    case rule_test::suffix:
    case rule_test::contains:
    case rule_test::regex:
      if (!value.is_text() || value.text().empty()) {
        fail_rule(path, "must be a text that is not empty");
      }
      result.operands.push_back({value.text()});
      if (test == rule_test::regex) {
        try {
          (void)linear_regex{value.text()};
        } catch (const input_error& error) {
          fail_rule(path, error.what());
        }
      }
      break;
    case rule_test::between:
      if (!value.is_array() || value.array().size() != 2) {
        fail_rule(path, "must be an array of two numbers, as in [1, 5]");
      }
      number(value.array()[0], item_path(path, 0));
      number(value.array()[1], item_path(path, 1));
      if (result.operands[0].number > result.operands[1].number) {
        fail_rule(path, "begins above its end; swap the two numbers");
      }
      break;
    default:
      number(value, std::string{path});
  }
  return result;
}

KLANTREIS_INLINE rule read_rule(const json_value& value, std::string_view path);

KLANTREIS_INLINE void add_comparisons(rule& result, std::string_view column, const json_value& value,
                                      std::string_view path) {
  if (!value.is_object()) {
    if (value.is_null()) {
      fail_rule(path, "is null; write a text, a number, or comparisons as in {\"exists\": false}");
    }
    const auto test = value.is_array() ? rule_test::one_of : rule_test::equal;
    result.parts.push_back(read_condition(column, test, value, path));
    return;
  }
  if (value.object().empty()) {
    fail_rule(path, "compares with nothing; write it as in {\"eq\": \"order\"}");
  }
  for (const auto& [name, operand] : value.object()) {
    const auto known = std::find_if(rule_test_names.begin(), rule_test_names.end(),
                                    [&](const auto& item) { return item.first == std::string_view{name}; });
    if (known == rule_test_names.end()) {
      std::string message = "unknown test " + quoted(name) + "; known are";
      for (const auto& item : rule_test_names) {
        message += " " + std::string{item.first};
      }
      fail_rule(path, message);
    }
    result.parts.push_back(read_condition(column, known->second, operand, member_path(path, name)));
  }
}

KLANTREIS_INLINE rule read_rule(const json_value& value, std::string_view path) {
  if (!value.is_object() || value.object().empty()) {
    fail_rule(path, "must be an object with at least one condition, as in {\"event\": {\"eq\": \"order\"}}");
  }
  rule result;
  for (const auto& [name, operand] : value.object()) {
    const auto at = member_path(path, name);
    if (name == "all" || name == "any") {
      if (!operand.is_array() || operand.array().empty()) {
        fail_rule(at, "must be an array with at least one rule");
      }
      rule group;
      group.what = name == "all" ? rule::kind::all : rule::kind::any;
      for (std::size_t i = 0; i < operand.array().size(); ++i) {
        group.parts.push_back(read_rule(operand.array()[i], item_path(at, i)));
      }
      result.parts.push_back(std::move(group));
    } else if (name == "not") {
      rule negation;
      negation.what = rule::kind::negation;
      negation.parts.push_back(read_rule(operand, at));
      result.parts.push_back(std::move(negation));
    } else if (name.empty()) {
      fail_rule(path, "names a column with an empty text");
    } else {
      add_comparisons(result, name, operand, at);
    }
  }
  if (result.parts.size() == 1) {
    rule only = std::move(result.parts.front());
    return only;
  }
  return result;
}

/// Calls `use` for each condition of a rule, in the order of the file.
template <typename Use>
void for_each_condition(const rule& source, const Use& use) {
  if (source.what == rule::kind::condition) {
    use(source);
  }
  for (const auto& part : source.parts) {
    for_each_condition(part, use);
  }
}

[[nodiscard]] inline json_value operand_value(const rule_operand& operand) {
  return operand.number == operand.number ? json_value{operand.number} : json_value{operand.text};
}

}  // namespace detail

KLANTREIS_INLINE rule parse_rule(const json_value& value, std::string_view path) {
  return detail::read_rule(value, path);
}

KLANTREIS_INLINE json_value to_json_value(const rule& source) {
  const auto object = [](std::string name, json_value value) {
    return json_value{json_value::object_type{{std::move(name), std::move(value)}}};
  };
  switch (source.what) {
    case rule::kind::condition: {
      const bool many =
          source.test == rule_test::one_of || source.test == rule_test::none_of || source.test == rule_test::between;
      json_value::array_type items;
      for (const auto& operand : source.operands) {
        items.push_back(detail::operand_value(operand));
      }
      if (source.test == rule_test::exists) {
        items = {json_value{source.operands.front().text == "true"}};
      }
      json_value operand = many ? json_value{std::move(items)} : std::move(items.front());
      const auto name = std::find_if(detail::rule_test_names.begin(), detail::rule_test_names.end(),
                                     [&](const auto& item) { return item.second == source.test; });
      return object(source.column, object(std::string{name->first}, std::move(operand)));
    }
    case rule::kind::negation:
      return object("not", to_json_value(source.parts.front()));
    default: {
      json_value::array_type items;
      for (const auto& part : source.parts) {
        items.push_back(to_json_value(part));
      }
      return object(source.what == rule::kind::all ? "all" : "any", json_value{std::move(items)});
    }
  }
}

KLANTREIS_INLINE std::vector<std::string> columns_of(const rule& source) {
  std::vector<std::string> found;
  std::unordered_set<std::string_view> seen;
  detail::for_each_condition(source, [&](const rule& condition) {
    if (seen.insert(condition.column).second) {
      found.push_back(condition.column);
    }
  });
  return found;
}

}  // namespace klantreis
