// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"

namespace klantreis {

/// How a column of an event is compared.
enum class column_comparison : std::uint8_t {
  one_of,    ///< equal to one of the names (of a numeric column: of the numbers)
  none_of,   ///< equal to none of them; a null number is none of them
  less,      ///< below the number; false where the column is null, as in all that follow
  at_most,   ///< the number or below
  greater,   ///< above the number
  at_least,  ///< the number or above
};

/// One test on one column of an event: `{.column = "value", .how = column_comparison::at_least, .number = 50}`.
///
/// Names of a label column that read as numbers can be compared as numbers too.
struct column_test {
  std::string column = {};  ///< touchpoint, channel, phase, an attribute or a numeric column; empty: what `by` names
  column_comparison how = column_comparison::one_of;
  std::vector<std::string> names = {};  ///< for `one_of` and `none_of`
  double number = 0.0;                  ///< for the others

  /// `device = mobile`, `value >= 50`.
  [[nodiscard]] std::string label() const;

  friend bool operator==(const column_test&, const column_test&) = default;
};

/// Tests that must all hold of an event.
struct step_condition {
  std::vector<column_test> all;

  /// The tests joined by ` and `.
  [[nodiscard]] std::string label() const;

  friend bool operator==(const step_condition&, const step_condition&) = default;
};

/// One step of a funnel: a touchpoint (or channel, phase, attribute value), several of which any counts, or conditions
/// on columns. An event matches when its label is among the names or when one of the conditions holds.
///
///     funnel(log, {"view", "cart", {"order", "order_by_phone"}}, {.window = std::chrono::days{7}});
///     funnel_step large{step_condition{{{.names = {"order"}}, {.column = "value", .how = column_comparison::at_least,
///                                                             .number = 50}}}};
struct funnel_step {
  std::vector<std::string> names;
  std::vector<step_condition> conditions;

  funnel_step(const char* name) : names{name} {}                        // NOLINT(google-explicit-constructor)
  funnel_step(std::string name) : names{std::move(name)} {}             // NOLINT(google-explicit-constructor)
  funnel_step(std::vector<std::string> any) : names(std::move(any)) {}  // NOLINT(google-explicit-constructor)
  funnel_step(std::initializer_list<std::string_view> any) : names(any.begin(), any.end()) {}
  explicit funnel_step(step_condition condition) : conditions{std::move(condition)} {}
  funnel_step(std::vector<std::string> any, std::vector<step_condition> conditions_)
      : names(std::move(any)), conditions(std::move(conditions_)) {}

  /// The names and conditions joined by ` | `.
  [[nodiscard]] std::string label() const;

  friend bool operator==(const funnel_step&, const funnel_step&) = default;
};

/// Events that may not stand between two steps.
struct funnel_exclusion {
  funnel_step what;
  std::size_t after = 1;   ///< from this step, counted from 1 …
  std::size_t before = 0;  ///< … to this one; 0: the last

  friend bool operator==(const funnel_exclusion&, const funnel_exclusion&) = default;
};

/// The most steps a funnel may have.
inline constexpr std::size_t max_funnel_steps = 64;

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/funnel/steps.ipp"
#endif
