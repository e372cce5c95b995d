// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
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
  std::vector<std::size_t> order(std::min(count, rows()));
  std::iota(order.begin(), order.end(), std::size_t{0});
  return take(order);
}

}  // namespace klantreis
