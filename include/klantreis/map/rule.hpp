// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/map/json_value.hpp"

namespace klantreis {

/// How a condition of a rule compares a column with its operands.
enum class rule_test : std::uint8_t {
  equal,             ///< `eq`: the text, or the number in a column of numbers
  one_of,            ///< `in`
  not_equal,         ///< `ne`: not null, and another text or number
  none_of,           ///< `not_in`: not null, and none of these
  exists,            ///< `exists: true`: not null; `exists: false`: null
  prefix,            ///< `prefix`, as the next two by bytes, case-sensitive
  suffix,            ///< `suffix`
  contains,          ///< `contains`
  regex,             ///< `regex`: somewhere in the text; see `parse_rule`
  greater,           ///< `gt`, as the following by number; a text that is no number never meets them
  greater_or_equal,  ///< `gte`
  less,              ///< `lt`
  less_or_equal,     ///< `lte`
  between,           ///< `between: [low, high]`, both ends included
};

/// What a column is compared with.
struct rule_operand {
  std::string text;  ///< as it stands in the file; a number in its shortest form, `true` or `false`
  double number = std::numeric_limits<double>::quiet_NaN();  ///< NaN when the text is no number
};

/// A rule about one event: a tree of conditions.
///
///     {"event": {"eq": "page_view"}, "url": {"prefix": "/p/"}}     all of two conditions
///     {"any": [{"event": "order"}, {"not": {"value": {"lt": 1}}}]}
///
/// A null meets no condition but `exists: false`; `not` turns a rule that does not hold into one that does.
struct rule {
  enum class kind : std::uint8_t { condition, all, any, negation };

  kind what = kind::all;
  std::vector<rule> parts;  ///< of `all` and `any`; one of `negation`

  std::string column;  ///< of a condition: the name in `events.columns`, or else of a column of the data
  rule_test test = rule_test::equal;
  std::vector<rule_operand> operands;

  /// `all` of nothing: true for every event.
  [[nodiscard]] bool is_empty() const noexcept { return what == kind::all && parts.empty(); }
};

/// Reads a rule from its JSON form; `path` names the place in messages.
///
/// An object is `all` of its members: `all` and `any` with an array of rules, `not` with a rule, and else the name of a
/// column with an object of comparisons, or with a text, number or truth value as short form of `eq`, or with an array
/// of them as short form of `in`.
/// A regular expression knows literals, `.`, classes, groups, `|`, `^`, `$`, `\b`-free escapes `\d \w \s` and their
/// opposites, and the repeats `* + ? {m,n}`. It is matched in time linear in the text; look-around and back references,
/// which no linear method knows, are refused, and so are expressions that unfold to more than 2,000 states.
/// \throws input_error with the path and the remedy.
[[nodiscard]] rule parse_rule(const json_value& value, std::string_view path = "match");

/// The JSON form of a rule; `parse_rule` reads it back.
[[nodiscard]] json_value to_json_value(const rule& source);

/// The columns that a rule looks at, in the order of their first use.
[[nodiscard]] std::vector<std::string> columns_of(const rule& source);

}  // namespace klantreis
#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/map/rule.ipp"
#endif
