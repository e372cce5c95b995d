// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/number_text.hpp"
#include "klantreis/detail/utf8.hpp"
#include "klantreis/log.hpp"

namespace klantreis::detail {

enum class row_fault : std::uint8_t {
  none,
  customer_null,
  customer_empty,
  customer_fraction,
  customer_utf8,
  time_null,
  time_range,
  order_null,
  order_nan,
  value_nan,
  value_infinite,
  cost_nan,
  cost_infinite,
  number_nan,
  number_infinite,
  touchpoint_null,
  touchpoint_empty,
  reserved_name,
  name_utf8,
  not_wanted,  ///< no fault: an event of another touchpoint than those asked for
  count,
};

[[nodiscard]] inline const char* fault_text(row_fault fault) noexcept {
  constexpr std::array<const char*, static_cast<std::size_t>(row_fault::count)> texts{
      "",
      "customer is null",
      "customer is empty",
      "customer is not a whole number",
      "customer is not valid UTF-8",
      "time is null",
      "time is out of range",
      "order is null",
      "order is not a number",
      "value is not a number",
      "value is infinite",
      "cost is not a number",
      "cost is infinite",
      "a numeric column is not a number",
      "a numeric column is infinite",
      "touchpoint is null",
      "touchpoint is empty",
      "name is reserved",
      "name is not valid UTF-8",
      "touchpoint is not among those asked for",
  };
  return texts[static_cast<std::size_t>(fault)];
}

/// Orders doubles as their bits would order as signed integers.
[[nodiscard]] inline std::int64_t sortable_bits(double number) noexcept {
  const auto bits = std::bit_cast<std::int64_t>(number == 0.0 ? 0.0 : number);
  return bits >= 0 ? bits : (std::numeric_limits<std::int64_t>::min)() - bits;
}

/// One categorical column while it is being collected.
struct label_collector {
  label_column column;
  bool required = false;

  static constexpr std::uint32_t unset = 0xFFFF'FFFFU;
  static constexpr std::uint32_t empty_name = 0xFFFF'FFFEU;
  static constexpr std::uint32_t reserved = 0xFFFF'FFFDU;
  static constexpr std::uint32_t broken = 0xFFFF'FFFCU;

  /// The code of a text, or what is wrong with it.
  std::uint32_t code_of(std::string_view text) {
    if (text.empty()) {
      return empty_name;
    }
    const std::size_t known = column.names.size();
    if (is_reserved_name(text)) {
      return reserved;
    }
    if (const auto found = column.names.find(text)) {
      return *found;
    }
    if (!is_utf8(text)) {
      return broken;
    }
    const auto code = column.names.intern(text);
    if (known >= broken) {
      throw limit_error("too many distinct names");
    }
    return code;
  }

  void put(std::size_t at, std::uint32_t code, row_fault& fault) {
    if (code < broken) {
      column.codes[at] = code;
    } else if (code == reserved) {
      fault = row_fault::reserved_name;
    } else if (code == broken) {
      fault = row_fault::name_utf8;
    } else if (required) {
      fault = code == unset ? row_fault::touchpoint_null : row_fault::touchpoint_empty;
    } else {
      column.codes[at] = column.names.intern(none_label);
    }
  }

  /// Appends the rows of `view`; rows that are faulty already are skipped.
  void append(const column_view& view, std::vector<row_fault>& faults) {
    const std::size_t first = column.codes.size();
    column.codes.resize(first + view.size(), 0);
    switch (view.kind()) {
      case column_kind::dictionary: {
        std::vector<std::uint32_t> indices(view.size());
        view.dictionary_indices(indices.data());
        // A name gets its code when a row uses it, so that unused dictionary entries do not become touchpoints.
        constexpr std::uint32_t unseen = 0xFFFF'FFFBU;
        std::vector<std::uint32_t> codes(view.dictionary_size(), unseen);
        for (std::size_t i = 0; i < indices.size(); ++i) {
          if (faults[i] != row_fault::none) {
            continue;
          }
          std::uint32_t code = unset;
          if (indices[i] != 0xFFFF'FFFFU) {
            auto& known = codes[indices[i]];
            if (known == unseen) {
              known = view.dictionary_is_null(indices[i]) ? unset : code_of(view.dictionary_text(indices[i]));
            }
            code = known;
          }
          put(first + i, code, faults[i]);
        }
        return;
      }
      case column_kind::text:
        append_each(view, faults, first, [&](std::size_t i) { return code_of(view.text(i)); });
        return;
      case column_kind::integer:
      case column_kind::unsigned_integer:
      case column_kind::boolean: {
        std::vector<std::int64_t> numbers(view.size());
        view.integers(numbers.data());
        const auto kind = view.kind();
        append_each(view, faults, first, [&](std::size_t i) {
          if (kind == column_kind::boolean) {
            return code_of(numbers[i] != 0 ? "true" : "false");
          }
          return code_of(kind == column_kind::unsigned_integer ? std::to_string(static_cast<std::uint64_t>(numbers[i]))
                                                               : std::to_string(numbers[i]));
        });
        return;
      }
      case column_kind::floating: {
        std::vector<double> numbers(view.size());
        view.numbers(numbers.data());
        append_each(view, faults, first, [&](std::size_t i) { return code_of(number_text(numbers[i])); });
        return;
      }
      default:
        throw input_error("column " + quoted(column.name) + " holds " + view.type_name() +
                          "; names must be text, numbers or a dictionary: cast it to text first");
    }
  }

  template <typename CodeOfRow>
  void append_each(const column_view& view, std::vector<row_fault>& faults, std::size_t first, CodeOfRow&& code) {
    for (std::size_t i = 0; i < view.size(); ++i) {
      if (faults[i] == row_fault::none) {
        put(first + i, view.is_null(i) ? unset : code(i), faults[i]);
      }
    }
  }
};

/// Removes the rows that are faulty from the tail `[first, first + faults.size())` of a column.
template <typename T>
void drop_faulty(std::vector<T>& column, std::size_t first, const std::vector<row_fault>& faults) {
  if (column.empty()) {
    return;
  }
  std::size_t to = first;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i] == row_fault::none) {
      column[to++] = column[first + i];
    }
  }
  column.resize(to);
}

}  // namespace klantreis::detail
