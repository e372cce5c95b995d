// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "klantreis/core.hpp"

namespace klantreis {

/// What the numbers of a column mean; decides how they are printed, never their value.
enum class quantity : std::uint8_t {
  plain,    ///< a number or a text without unit
  count,    ///< whole things: events, journeys, customers
  share,    ///< part of a whole, 0 … 1; printed as a percentage
  seconds,  ///< a length of time in seconds
  moment,   ///< microseconds since 1970-01-01 UTC, in an integer column
  amount,   ///< value or cost in the unit of the input
};

/// One named column of a result.
///
/// In a `double` column NaN stands for null (a rate whose denominator is zero, for example);
/// whole numbers, texts and truth values are never null.
struct column {
  using data_type =
      std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>, std::vector<bool>>;

  std::string name;
  data_type data;
  quantity what = quantity::plain;

  [[nodiscard]] std::size_t size() const noexcept {
    return std::visit([](const auto& values) { return values.size(); }, data);
  }
};

/// A tidy result: named columns of one length, the definition of the numbers in words, and the options used.
///
///     table result{"Share of visits after which the journey ended."};
///     result.add("touchpoint", std::vector<std::string>{"cart", "visit"});
///     result.add("exits", std::vector<std::int64_t>{3, 1}, quantity::count);
///     result.integers("exits")[0];   // 3
class table {
 public:
  table() = default;
  explicit table(std::string definition) : definition_(std::move(definition)) {}

  /// Adds a column on the right.
  /// \throws std::logic_error when its length differs from the others' or the name is taken.
  void add(std::string name, column::data_type data, quantity what = quantity::plain);

  /// Records an option that the numbers depend on, as text.
  void set_option(std::string name, std::string value);

  [[nodiscard]] std::size_t rows() const noexcept { return columns_.empty() ? 0 : columns_.front().size(); }
  [[nodiscard]] const std::vector<column>& columns() const noexcept { return columns_; }
  [[nodiscard]] const std::string& definition() const noexcept { return definition_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& options() const noexcept { return options_; }

  [[nodiscard]] bool contains(std::string_view name) const noexcept;

  /// \throws input_error when there is no such column; the message lists those that exist.
  [[nodiscard]] const column& at(std::string_view name) const;

  /// The values of a column of one type. \throws input_error when it is missing or of another type.
  [[nodiscard]] const std::vector<std::int64_t>& integers(std::string_view name) const;
  [[nodiscard]] const std::vector<double>& numbers(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& texts(std::string_view name) const;

  /// The rows `order[0], order[1], …` as a new table.
  [[nodiscard]] table take(const std::vector<std::size_t>& order) const;

  /// The first `count` rows.
  [[nodiscard]] table head(std::size_t count) const;

 private:
  std::string definition_;
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<column> columns_;
};

/// The table as aligned text for a terminal: a heading, then at most `rows` rows; what is left out is counted.
///
/// Shares are shown as percentages, other numbers with six significant digits, null as `-`.
///
///     touchpoint  exits
///     cart            3
///     visit           1
[[nodiscard]] std::string to_text(const table& source, std::size_t rows = 20);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/table.ipp"
#endif
