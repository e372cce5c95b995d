// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"

namespace klantreis {

/// How a key figure is measured: a small tree of numbers, names, lists and calls of known measures.
///
///     sum(cost) / count(order)
///
///     /  ─┬─ sum ── cost
///         └─ count ── order
///
/// It is data. Nothing in it can run, read or write anything: what a call means is looked up in the list of measures,
/// and a name that is not there is an error.
struct kpi_expression {
  enum class kind : std::uint8_t {
    number,   ///< `number`
    text,     ///< `text`: a name, a length of time or a quoted text
    list,     ///< `items`
    call,     ///< the measure `text` of the arguments `items` and `options`; operators are the calls + - * /
    mapping,  ///< `options` alone: `{gt: 1}`
  };

  kind what = kind::number;
  double number = 0.0;
  std::string text = {};
  std::vector<kpi_expression> items = {};
  std::vector<std::pair<std::string, kpi_expression>> options = {};

  [[nodiscard]] static kpi_expression of_number(double value);
  [[nodiscard]] static kpi_expression of_text(std::string value);
  [[nodiscard]] static kpi_expression of_list(std::vector<kpi_expression> values);
  [[nodiscard]] static kpi_expression of_call(std::string name, std::vector<kpi_expression> arguments = {});
  [[nodiscard]] static kpi_expression of_mapping();

  /// The option `name`, or nullptr.
  [[nodiscard]] const kpi_expression* find(std::string_view name) const noexcept;

  friend bool operator==(const kpi_expression&, const kpi_expression&) = default;
};

/// An expression may nest this deep and hold this many parts.
inline constexpr std::size_t max_expression_depth = 64;
inline constexpr std::size_t max_expression_parts = 10'000;

/// Reads an expression.
///
///     expression   term { (+ | -) term }
///     term         factor { (* | /) factor }
///     factor       - factor | number | length of time | name | "text" | call | list | mapping | ( expression )
///     call         name ( [ argument { , argument } ] )
///     argument     [ name = ] expression
///     list         [ [ expression { , expression } ] ]
///     mapping      { [ name : expression { , name : expression } ] }
///
/// Names are letters, digits, `_` and `.`; others stand in double quotes, in which `\"` and `\\` stand for `"` and `\`.
/// \throws input_error at the place that cannot be read; limit_error when it is too deep or too large.
[[nodiscard]] kpi_expression parse_expression(std::string_view text);

/// The expression as text that reads back as the same tree.
[[nodiscard]] std::string to_text(const kpi_expression& expression);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/kpi/expression.ipp"
#endif
