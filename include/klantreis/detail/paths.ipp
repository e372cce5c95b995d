// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/prefetch.hpp"
#include "klantreis/detail/stoppable_sort.hpp"
#include "klantreis/detail/utf8.hpp"
#include "klantreis/paths.hpp"

namespace klantreis {

namespace detail {

[[nodiscard]] inline std::uint64_t hash_codes(std::span<const std::uint32_t> codes) noexcept {
  std::uint64_t hash = 0x9E3779B97F4A7C15ULL + codes.size();
  const auto take = [&hash](std::uint64_t bits) {
    hash = (hash ^ bits) * 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32U;
  };
  std::size_t at = 0;
  for (; at + 1 < codes.size(); at += 2) {
    take(codes[at] | static_cast<std::uint64_t>(codes[at + 1]) << 32U);
  }
  if (at < codes.size()) {
    take(codes[at]);
  }
  // High bits of a code must reach the low bits of the hash, which choose a slot, and its high ones, a part.
  hash *= 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 32U);
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
  return index_of(codes, detail::hash_codes(codes));
}

KLANTREIS_INLINE std::uint32_t path_table::index_of(std::span<const std::uint32_t> codes, std::uint64_t hash) {
  if (2 * (hashes_.size() + 1) > slots_.size()) {
    // A table that was counted at once has no slots until somebody looks for a path.
    rehash(std::max<std::size_t>(64, std::bit_ceil(2 * (hashes_.size() + 1))));
  }
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

// Three steps ask for what a look-up reads one after the other: its slot, the path there, and the codes of that.
KLANTREIS_INLINE void path_table::prefetch(std::uint64_t hash) const noexcept {
  if (!slots_.empty()) {
    detail::prefetch(slots_.data() + (static_cast<std::size_t>(hash) & (slots_.size() - 1)));
  }
}
KLANTREIS_INLINE void path_table::prefetch_path(std::uint64_t hash) const noexcept {
  if (const std::uint32_t index = expected(hash); index != 0) {
    detail::prefetch(hashes_.data() + (index - 1));
    detail::prefetch(offsets_.data() + (index - 1));
    detail::prefetch(conversions_.data() + (index - 1));
    detail::prefetch(nulls_.data() + (index - 1));
  }
}
KLANTREIS_INLINE void path_table::prefetch_codes(std::uint64_t hash) const noexcept {
  if (const std::uint32_t index = expected(hash); index != 0) {
    detail::prefetch(codes_.data() + offsets_[index - 1]);
  }
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
  if (!cut_.empty() && !other.cut_.empty()) {
    detail::require_equal_options(cut_, other.cut_, "path tables");
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
  for (const std::size_t p : each({0, other.size()})) {
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
  customer_keys_.insert(customer_keys_.end(), other.customer_keys_.begin(), other.customer_keys_.end());
  return *this;
}

KLANTREIS_INLINE path_table path_table::with_counts(std::vector<double> conversions, std::vector<double> nulls,
                                                    std::vector<double> values) const {
  if (conversions.size() != size() || nulls.size() != size() || values.size() != size()) {
    throw input_error("with_counts needs one number for each of the " + std::to_string(size()) + " paths");
  }
  path_table result;
  result.by_ = by_;
  result.options_key_ = options_key_;
  result.cut_ = cut_;
  result.names_ = names_;
  result.offsets_ = offsets_;
  result.codes_ = codes_;
  result.hashes_ = hashes_;
  result.conversions_ = std::move(conversions);
  result.nulls_ = std::move(nulls);
  result.values_ = std::move(values);
  result.open_.assign(size(), 0.0);
  result.has_values_ = has_values_;
  return result;
}

KLANTREIS_INLINE path_table path_table::described(std::string by, std::string options) const {
  path_table result = *this;
  result.by_ = std::move(by);
  result.options_key_ = std::move(options);
  return result;
}

KLANTREIS_INLINE table path_table::to_table() const {
  std::vector<std::string> texts;
  texts.reserve(size());
  for (const std::size_t p : each({0, size()})) {
    texts.push_back(join_path(names_, path(p)));
  }
  std::vector<std::size_t> order(size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto journeys = [this](std::size_t p) { return conversions_[p] + nulls_[p] + open_[p]; };
  detail::stoppable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
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
  for (const auto& [name, value] : cut_) {
    result.set_option(name, value);
  }
  return result.take(order);
}

}  // namespace klantreis
