// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "klantreis/detail/utf8.hpp"
#include "klantreis/paths.hpp"

namespace klantreis {

namespace detail {

[[nodiscard]] inline std::uint64_t hash_codes(std::span<const std::uint32_t> codes) noexcept {
  std::uint64_t hash = 0x9E3779B97F4A7C15ULL + codes.size();
  for (const auto code : codes) {
    hash = (hash ^ code) * 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32U;
  }
  return hash;
}

}  // namespace detail

KLANTREIS_INLINE void path_table::rehash(std::size_t slots) {
  slots_.assign(slots, 0);
  const std::size_t mask = slots - 1;
  for (std::size_t index = 0; index < hashes_.size(); ++index) {
    std::size_t slot = static_cast<std::size_t>(hashes_[index]) & mask;
    while (slots_[slot] != 0) {
      slot = (slot + 1) & mask;
    }
    slots_[slot] = static_cast<std::uint32_t>(index + 1);
  }
}

KLANTREIS_INLINE std::uint32_t path_table::index_of(std::span<const std::uint32_t> codes) {
  if (2 * (hashes_.size() + 1) > slots_.size()) {
    rehash(std::max<std::size_t>(64, slots_.size() * 2));
  }
  const auto hash = detail::hash_codes(codes);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(hash) & mask;
  while (slots_[slot] != 0) {
    const std::uint32_t index = slots_[slot] - 1;
    if (hashes_[index] == hash && std::ranges::equal(path(index), codes)) {
      return index;
    }
    slot = (slot + 1) & mask;
  }
  if (hashes_.size() >= 0xFFFF'FFFEU) {
    throw limit_error("more than 4294967294 distinct paths; use a coarser label or collapse repeats");
  }
  codes_.insert(codes_.end(), codes.begin(), codes.end());
  offsets_.push_back(codes_.size());
  hashes_.push_back(hash);
  conversions_.push_back(0.0);
  nulls_.push_back(0.0);
  open_.push_back(0.0);
  values_.push_back(0.0);
  slots_[slot] = static_cast<std::uint32_t>(hashes_.size());
  return static_cast<std::uint32_t>(hashes_.size() - 1);
}

KLANTREIS_INLINE double path_table::total_conversions() const noexcept {
  return std::accumulate(conversions_.begin(), conversions_.end(), 0.0);
}
KLANTREIS_INLINE double path_table::total_nulls() const noexcept {
  return std::accumulate(nulls_.begin(), nulls_.end(), 0.0);
}
KLANTREIS_INLINE double path_table::total_open() const noexcept {
  return std::accumulate(open_.begin(), open_.end(), 0.0);
}
KLANTREIS_INLINE double path_table::total_value() const noexcept {
  return std::accumulate(values_.begin(), values_.end(), 0.0);
}

KLANTREIS_INLINE void path_table::add(std::span<const std::string_view> path, double conversions, double nulls,
                                      double value) {
  const auto check = [](double number, const char* what, bool may_be_negative) {
    if (!std::isfinite(number) || (!may_be_negative && number < 0.0)) {
      throw input_error(std::string{what} + " is " + std::to_string(number) + "; it must be " +
                        (may_be_negative ? "finite" : "finite and not negative"));
    }
  };
  check(conversions, "conversions", false);
  check(nulls, "nulls", false);
  check(value, "value", true);
  std::vector<std::uint32_t> codes;
  for (const auto name : path) {
    if (name.empty() || is_reserved_name(name) || !detail::is_utf8(name)) {
      throw input_error("item " + quoted(name) + " of a path is empty, reserved or not UTF-8; rename it");
    }
    codes.push_back(names_.intern(name));
  }
  const auto index = index_of(codes);
  conversions_[index] += conversions;
  nulls_[index] += nulls;
  values_[index] += value;
  has_values_ = has_values_ || value != 0.0;
}

KLANTREIS_INLINE path_table& path_table::operator+=(const path_table& other) {
  if (other.empty() && other.unit_offsets_.empty()) {
    return *this;
  }
  if (empty() && unit_offsets_.empty()) {
    return *this = other;
  }
  if (by_ != other.by_ || options_key_ != other.options_key_) {
    throw input_error("path tables counted under different options cannot be merged: " + quoted(by_ + options_key_) +
                      " and " + quoted(other.by_ + other.options_key_));
  }
  if (has_units() != other.has_units()) {
    throw input_error("a path table with customers cannot be merged with one without");
  }
  std::vector<std::uint32_t> code_of(other.names_.size());
  for (name_table::code code = 0; code < other.names_.size(); ++code) {
    code_of[code] = names_.intern(other.names_[code]);
  }
  std::vector<std::uint32_t> index_of_other(other.size());
  std::vector<std::uint32_t> codes;
  for (std::size_t p = 0; p < other.size(); ++p) {
    codes.clear();
    for (const auto code : other.path(p)) {
      codes.push_back(code_of[code]);
    }
    const auto index = index_of(codes);
    index_of_other[p] = index;
    conversions_[index] += other.conversions_[p];
    nulls_[index] += other.nulls_[p];
    open_[index] += other.open_[p];
    values_[index] += other.values_[p];
  }
  has_values_ = has_values_ || other.has_values_;
  for (auto unit : other.units_) {
    unit.path = index_of_other[unit.path];
    units_.push_back(unit);
  }
  for (std::size_t c = 1; c < other.unit_offsets_.size(); ++c) {
    unit_offsets_.push_back(unit_offsets_.back() + other.unit_offsets_[c] - other.unit_offsets_[c - 1]);
  }
  return *this;
}

KLANTREIS_INLINE path_table make_paths(const journey_set& journeys, const path_options& options) {
  const auto& log = journeys.log();
  const auto items = detail::items_of(journeys, options.by, options.collapse);
  std::int64_t lookback = -1;
  path_table result;
  result.by_ = options.by;
  result.options_key_ = items.collapse ? " collapsed" : "";
  if (options.lookback) {
    require_cut(journeys, "a lookback");
    lookback = to_ticks(*options.lookback, log.ticks_per_second(), "lookback");
    result.options_key_ += " lookback " + std::to_string(options.lookback->count()) + " us";
  }
  result.names_ = *items.names;
  result.has_values_ = !log.values().empty();
  result.units_.reserve(journeys.size());
  const auto offsets = journeys.customer_offsets();
  result.unit_offsets_.assign(offsets.begin(), offsets.end());
  if (result.unit_offsets_.empty()) {
    result.unit_offsets_.push_back(0);
  }
  const auto times = log.times();
  std::vector<std::uint32_t> codes;
  for (std::size_t j = 0; j < journeys.size(); ++j) {
    auto piece = journeys[j];
    if (lookback >= 0) {
      const auto oldest = times[piece.end - 1] - lookback;
      while (piece.begin < piece.path_end && times[piece.begin] < oldest) {
        ++piece.begin;
      }
    }
    codes.clear();
    items.for_each(piece, [&codes](std::uint32_t code, std::uint64_t) { codes.push_back(code); });
    const auto index = result.index_of(codes);
    path_unit unit{.path = index, .outcome = path_unit::kind::null, .value = 0.0};
    if (piece.is_open()) {
      unit.outcome = path_unit::kind::open;
      result.open_[index] += 1.0;
    } else if (piece.converted) {
      unit.outcome = path_unit::kind::conversion;
      unit.value = journeys.value(j);
      result.conversions_[index] += 1.0;
      result.values_[index] += unit.value;
    } else {
      result.nulls_[index] += 1.0;
    }
    result.units_.push_back(unit);
  }
  return result;
}

namespace detail {

/// The next name of a path text from `at` on; `at` moves behind its separator. Empty at the end or for an empty piece.
[[nodiscard]] inline std::string next_name(std::string_view text, std::size_t& at, char separator) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (at < text.size() && blank(text[at])) {
    ++at;
  }
  if (at < text.size() && text[at] == '"') {
    std::string name;
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] != '"') {
        name += text[i];
        continue;
      }
      if (i + 1 < text.size() && text[i + 1] == '"') {
        name += '"';
        ++i;
        continue;
      }
      std::size_t rest = i + 1;
      while (rest < text.size() && blank(text[rest])) {
        ++rest;
      }
      if (rest < text.size() && text[rest] != separator) {
        break;  // a quote inside a plain name
      }
      at = (std::min)(rest + 1, text.size());
      return name;
    }
  }
  const std::size_t stop = (std::min)(text.find(separator, at), text.size());
  std::size_t end = stop;
  while (end > at && blank(text[end - 1])) {
    --end;
  }
  std::string name{text.substr(at, end - at)};
  at = (std::min)(stop + 1, text.size());
  return name;
}

}  // namespace detail

KLANTREIS_INLINE void append_paths(path_table& table, const column_view& paths, const column_view& conversions,
                                   const column_view& nulls, const column_view& values, char separator,
                                   bad_rows on_bad) {
  if (paths.kind() != column_kind::text && paths.kind() != column_kind::dictionary) {
    throw input_error("column path holds " + paths.type_name() + "; it must be text such as 'a > b'");
  }
  if (!table.unit_offsets_.empty()) {
    throw input_error("rows cannot be added to a path table that was made from journeys");
  }
  const auto numbers_of = [&paths](const column_view& view, double missing, const char* name) {
    std::vector<double> numbers(paths.size(), missing);
    if (view) {
      if (view.size() != paths.size()) {
        throw input_error(std::string{"column "} + name + " has " + std::to_string(view.size()) + " rows, path has " +
                          std::to_string(paths.size()));
      }
      view.numbers(numbers.data());
    }
    return numbers;
  };
  const auto converted = numbers_of(conversions, 1.0, "conversions");
  const auto lost = numbers_of(nulls, 0.0, "nulls");
  const auto worth = numbers_of(values, 0.0, "value");
  table.has_values_ = table.has_values_ || static_cast<bool>(values);
  std::vector<std::uint32_t> indices;
  if (paths.kind() == column_kind::dictionary) {
    indices.resize(paths.size());
    paths.dictionary_indices(indices.data());
  }
  std::vector<std::string> names;
  std::vector<std::uint32_t> codes;
  for (std::size_t row = 0; row < paths.size(); ++row) {
    std::string fault;
    std::string detail_text;
    const auto count = [&](double number, const column_view& view, const char* what, bool may_be_negative) {
      if (!fault.empty() || (std::isfinite(number) && (may_be_negative || number >= 0.0))) {
        return;
      }
      if (view && view.is_null(row)) {
        fault = std::string{what} + " is null";
      } else if (std::isnan(number)) {
        fault = std::string{what} + " is not a number";
      } else {
        fault = std::string{what} + (std::isinf(number) ? " is infinite" : " is negative");
        detail_text = ": " + std::to_string(number);
      }
    };
    const bool null_path =
        indices.empty() ? paths.is_null(row) : indices[row] == 0xFFFF'FFFFU || paths.dictionary_is_null(indices[row]);
    names.clear();
    if (null_path) {
      fault = "path is null";
    } else {
      const auto text = indices.empty() ? paths.text(row) : paths.dictionary_text(indices[row]);
      if (!detail::is_utf8(text)) {
        fault = "path is not valid UTF-8";
      }
      for (std::size_t at = 0; at < text.size() && fault.empty();) {
        auto name = detail::next_name(text, at, separator);
        if (is_reserved_name(name)) {
          fault = "name is reserved";
          detail_text = ": " + quoted(name) + " is what klantreis calls a state of its own; rename it";
        } else if (!name.empty()) {
          names.push_back(std::move(name));
        }
      }
    }
    count(converted[row], conversions, "conversions", false);
    count(lost[row], nulls, "nulls", false);
    // A null value is no value.
    const bool no_value = values && values.is_null(row);
    if (!no_value) {
      count(worth[row], values, "value", true);
    }
    if (!fault.empty()) {
      const auto number = table.rows_read_ + row;
      if (on_bad == bad_rows::stop) {
        throw input_error("row " + std::to_string(number) + " (counted from 0): " + fault + detail_text +
                          "; pass on_bad=\"drop\" to leave such rows out and count them");
      }
      const auto known = std::find_if(table.rejected_.begin(), table.rejected_.end(),
                                      [&](const log_health::rejection& r) { return r.reason == fault; });
      if (known == table.rejected_.end()) {
        table.rejected_.push_back({fault, 1, number});
      } else {
        ++known->rows;
      }
      continue;
    }
    codes.clear();
    for (const auto& name : names) {
      codes.push_back(table.names_.intern(name));
    }
    const auto index = table.index_of(codes);
    table.conversions_[index] += converted[row];
    table.nulls_[index] += lost[row];
    table.values_[index] += no_value ? 0.0 : worth[row];
  }
  table.rows_read_ += paths.size();
}

KLANTREIS_INLINE table path_table::to_table() const {
  std::vector<std::string> texts;
  texts.reserve(size());
  for (std::size_t p = 0; p < size(); ++p) {
    texts.push_back(join_path(names_, path(p)));
  }
  std::vector<std::size_t> order(size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto journeys = [this](std::size_t p) { return conversions_[p] + nulls_[p] + open_[p]; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return journeys(a) != journeys(b) ? journeys(a) > journeys(b) : texts[a] < texts[b];
  });
  table result{
      "Distinct paths by " + by_ + options_key_ +
      ": the items of a journey before its conversion, in order; how many journeys took each and converted, ended "
      "without conversion (nulls), or are still open; the value of the conversions."};
  result.add("path", std::move(texts));
  result.add("conversions", conversions_, quantity::count);
  result.add("nulls", nulls_, quantity::count);
  result.add("open", open_, quantity::count);
  result.add("value", values_, quantity::amount);
  result.set_option("by", by_);
  return result.take(order);
}

}  // namespace klantreis
