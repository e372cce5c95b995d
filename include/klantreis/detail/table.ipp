// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "klantreis/table.hpp"

namespace klantreis {

KLANTREIS_INLINE void table::add(std::string name, column::data_type data, quantity what) {
  const std::size_t size = std::visit([](const auto& values) { return values.size(); }, data);
  if (!columns_.empty() && size != rows()) {
    throw std::logic_error("column " + quoted(name) + " has " + std::to_string(size) + " rows, the table has " +
                           std::to_string(rows()));
  }
  if (contains(name)) {
    throw std::logic_error("column " + quoted(name) + " exists already");
  }
  columns_.push_back({std::move(name), std::move(data), what});
}

KLANTREIS_INLINE void table::set_option(std::string name, std::string value) {
  const auto found =
      std::find_if(options_.begin(), options_.end(), [&](const auto& option) { return option.first == name; });
  if (found != options_.end()) {
    found->second = std::move(value);
  } else {
    options_.emplace_back(std::move(name), std::move(value));
  }
}

KLANTREIS_INLINE bool table::contains(std::string_view name) const noexcept {
  return std::any_of(columns_.begin(), columns_.end(), [&](const column& c) { return c.name == name; });
}

KLANTREIS_INLINE const column& table::at(std::string_view name) const {
  for (const auto& c : columns_) {
    if (c.name == name) {
      return c;
    }
  }
  std::string message = "no column " + quoted(name) + "; there are:";
  for (const auto& c : columns_) {
    message += " " + c.name;
  }
  throw input_error(message);
}

namespace detail {

template <typename T>
const std::vector<T>& typed_column(const table& source, std::string_view name, const char* type) {
  const auto* values = std::get_if<std::vector<T>>(&source.at(name).data);
  if (values == nullptr) {
    throw input_error("column " + quoted(name) + " does not hold " + type);
  }
  return *values;
}

}  // namespace detail

KLANTREIS_INLINE const std::vector<std::int64_t>& table::integers(std::string_view name) const {
  return detail::typed_column<std::int64_t>(*this, name, "whole numbers");
}

KLANTREIS_INLINE const std::vector<double>& table::numbers(std::string_view name) const {
  return detail::typed_column<double>(*this, name, "numbers");
}

KLANTREIS_INLINE const std::vector<std::string>& table::texts(std::string_view name) const {
  return detail::typed_column<std::string>(*this, name, "texts");
}

KLANTREIS_INLINE table table::take(const std::vector<std::size_t>& order) const {
  table result{definition_};
  result.options_ = options_;
  for (const auto& c : columns_) {
    auto data = std::visit(
        [&](const auto& values) -> column::data_type {
          std::decay_t<decltype(values)> taken;
          taken.reserve(order.size());
          for (const auto row : order) {
            taken.push_back(values.at(row));
          }
          return taken;
        },
        c.data);
    result.add(c.name, std::move(data), c.what);
  }
  return result;
}

KLANTREIS_INLINE table table::head(std::size_t count) const {
  std::vector<std::size_t> order((std::min)(count, rows()));
  std::iota(order.begin(), order.end(), std::size_t{0});
  return take(order);
}

namespace detail {

/// Code points, as a terminal counts columns for most scripts.
[[nodiscard]] inline std::size_t text_width(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

[[nodiscard]] inline std::string cell_text(double number, quantity what) {
  if (std::isnan(number)) {
    return "-";
  }
  std::array<char, 48> buffer{};
  if (what == quantity::share) {
    std::snprintf(buffer.data(), buffer.size(), "%.1f%%", 100.0 * number);
  } else {
    std::snprintf(buffer.data(), buffer.size(), "%.6g", number);
  }
  return buffer.data();
}
[[nodiscard]] inline std::string cell_text(std::int64_t number, quantity) { return std::to_string(number); }
[[nodiscard]] inline std::string cell_text(bool truth, quantity) { return truth ? "yes" : "no"; }
[[nodiscard]] inline std::string cell_text(const std::string& text, quantity) {
  std::string line = text;
  // A name must not be able to break the line or to send the terminal commands.
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }, ' ');
  return line;
}

}  // namespace detail

KLANTREIS_INLINE std::string to_text(const table& source, std::size_t rows) {
  const std::size_t shown = (std::min)(rows, source.rows());
  std::vector<std::string> lines(shown + 1);
  for (const auto& c : source.columns()) {
    std::vector<std::string> cells{c.name};
    std::visit(
        [&](const auto& values) {
          for (std::size_t row = 0; row < shown; ++row) {
            cells.push_back(detail::cell_text(values[row], c.what));
          }
        },
        c.data);
    std::size_t width = 0;
    for (const auto& cell : cells) {
      width = (std::max)(width, detail::text_width(cell));
    }
    const bool is_text = std::holds_alternative<std::vector<std::string>>(c.data);
    for (std::size_t row = 0; row < cells.size(); ++row) {
      const std::string padding(width - detail::text_width(cells[row]), ' ');
      lines[row] += (lines[row].empty() ? "" : "  ") + (is_text ? cells[row] + padding : padding + cells[row]);
    }
  }
  std::string result;
  for (auto& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  }
  if (shown < source.rows()) {
    result += "… " + std::to_string(source.rows() - shown) + " more rows\n";
  }
  return result;
}

}  // namespace klantreis
