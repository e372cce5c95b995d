// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>

#include "klantreis/detail/number_text.hpp"
#include "klantreis/funnel/steps.hpp"

namespace klantreis {

KLANTREIS_INLINE std::string column_test::label() const {
  std::string text = column.empty() ? "" : column + " ";
  if (how == column_comparison::one_of || how == column_comparison::none_of) {
    const std::string_view sign = how == column_comparison::none_of ? "!= " : column.empty() ? "" : "= ";
    text += sign;
    for (std::size_t i = 0; i < names.size(); ++i) {
      text += (i == 0 ? "" : ", ") + names[i];
    }
    return text;
  }
  constexpr std::array<const char*, 6> signs{"=", "!=", "<", "<=", ">", ">="};
  return text + signs[static_cast<std::size_t>(how)] + " " + detail::number_text(number);
}

KLANTREIS_INLINE std::string step_condition::label() const {
  std::string text;
  for (const column_test& test : all) {
    text += (text.empty() ? "" : " and ") + test.label();
  }
  return text;
}

KLANTREIS_INLINE std::string funnel_step::label() const {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : " | ") + name;
  }
  for (const step_condition& condition : conditions) {
    text += (text.empty() ? "" : " | ") + condition.label();
  }
  return text;
}

}  // namespace klantreis
