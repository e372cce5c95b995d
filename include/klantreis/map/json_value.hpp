// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "klantreis/core.hpp"

namespace klantreis {

struct json_member;

/// A value of JSON: null, a truth value, a number, a text, an array or an object.
///
///     const auto measure = parse_json(R"({"quantile": {"column": "wait_s", "q": 0.9}})");
///     measure.find("quantile")->find("q")->number();   // 0.9
///
/// Objects keep the order of the file. Numbers are doubles: whole numbers are exact up to 2^53.
struct json_value {
  using array_type = std::vector<json_value>;
  using object_type = std::vector<json_member>;

  std::variant<std::monostate, bool, double, std::string, array_type, object_type> data;

  [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data); }
  [[nodiscard]] bool is_boolean() const noexcept { return std::holds_alternative<bool>(data); }
  [[nodiscard]] bool is_number() const noexcept { return std::holds_alternative<double>(data); }
  [[nodiscard]] bool is_text() const noexcept { return std::holds_alternative<std::string>(data); }
  [[nodiscard]] bool is_array() const noexcept { return std::holds_alternative<array_type>(data); }
  [[nodiscard]] bool is_object() const noexcept { return std::holds_alternative<object_type>(data); }

  /// The value as one of the types; std::bad_variant_access when it is of another.
  [[nodiscard]] bool boolean() const { return std::get<bool>(data); }
  [[nodiscard]] double number() const { return std::get<double>(data); }
  [[nodiscard]] const std::string& text() const { return std::get<std::string>(data); }
  [[nodiscard]] const array_type& array() const { return std::get<array_type>(data); }
  [[nodiscard]] const object_type& object() const { return std::get<object_type>(data); }

  /// The member of an object with this name; null pointer when there is none, or when this is no object.
  [[nodiscard]] const json_value* find(std::string_view name) const noexcept;

  /// `null`, `a number`, `an object` …, for messages.
  [[nodiscard]] std::string_view type_name() const noexcept;

  friend bool operator==(const json_value& a, const json_value& b) noexcept;
};

/// A name and its value in an object.
struct json_member {
  std::string name;
  json_value value;

  friend bool operator==(const json_member& a, const json_member& b) noexcept {
    return a.name == b.name && a.value == b.value;
  }
};

inline bool operator==(const json_value& a, const json_value& b) noexcept { return a.data == b.data; }

inline const json_value* json_value::find(std::string_view name) const noexcept {
  if (const auto* members = std::get_if<object_type>(&data)) {
    for (const auto& member : *members) {
      if (member.name == name) {
        return &member.value;
      }
    }
  }
  return nullptr;
}

inline std::string_view json_value::type_name() const noexcept {
  constexpr std::string_view names[]{"null", "a truth value", "a number", "a text", "an array", "an object"};
  return names[data.index()];
}

/// What a JSON text may be; larger ones are refused before memory is taken.
struct json_limits {
  std::size_t bytes = std::size_t{16} << 20U;
  std::size_t depth = 64;
  std::size_t values = 1'000'000;  ///< texts, numbers, arrays … together
};

/// Reads one JSON text (RFC 8259).
///
/// Stricter than the format demands: a name that occurs twice in an object is an error, and so is a number that no
/// finite double can hold.
/// \throws input_error naming line and column; limit_error when the text is larger or nested deeper than `limits`.
[[nodiscard]] json_value parse_json(std::string_view text, const json_limits& limits = {});

/// Writes a value as JSON without blanks; numbers in their shortest exact form.
[[nodiscard]] std::string to_json(const json_value& value);

}  // namespace klantreis
#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/map/json.ipp"
#endif
