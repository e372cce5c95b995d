// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>

#include "klantreis/arrow.hpp"
#include "klantreis/detail/large_pages.hpp"

namespace klantreis {

namespace detail {

/// How the values of a column lie in memory.
enum class arrow_storage : std::uint8_t {
  none,
  all_null,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float16,
  float32,
  float64,
  bits,
  decimal,
  offsets32,
  offsets64,
  views,         // of the Arrow format
  string_views,  // std::string_view
  strings        // std::string
};

struct arrow_dictionary {
  column_view values;
  std::vector<std::string> rendered;  // of whole numbers
  std::size_t size = 0;
  bool has_nulls = false;

  [[nodiscard]] std::string_view text(std::size_t index) const {
    return rendered.empty() ? values.text(index) : std::string_view{rendered[index]};
  }
};

// Foreign buffers need not be aligned, hence memcpy; it compiles to a plain load.
template <typename T>
[[nodiscard]] inline T load(const void* buffer, std::size_t position) noexcept {
  T value;
  std::memcpy(&value, static_cast<const char*>(buffer) + position * sizeof(T), sizeof(T));
  return value;
}

[[nodiscard]] inline bool load_bit(const void* buffer, std::size_t position) noexcept {
  const unsigned byte = static_cast<const std::uint8_t*>(buffer)[position / 8];
  return ((byte >> (position % 8)) & 1U) != 0;
}

[[nodiscard]] inline double half_to_double(std::uint16_t half) noexcept {
  const int exponent = (half >> 10) & 0x1F;
  const int mantissa = half & 0x3FF;
  double magnitude = 0;
  if (exponent == 0x1F) {
    magnitude = mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(mantissa, -24);
  } else {
    magnitude = std::ldexp(mantissa + 0x400, exponent - 25);
  }
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

/// The value of a little-endian two's complement number of 4, 8 or 16 bytes.
[[nodiscard]] inline double decimal_to_double(const void* buffer, std::size_t position, std::size_t width) noexcept {
  if (width == 4) {
    return load<std::int32_t>(buffer, position);
  }
  if (width == 8) {
    return static_cast<double>(load<std::int64_t>(buffer, position));
  }
  std::uint64_t low = load<std::uint64_t>(buffer, 2 * position);
  std::uint64_t high = load<std::uint64_t>(buffer, 2 * position + 1);
  const bool negative = (high >> 63) != 0;
  if (negative) {  // the digits of the magnitude, so that small negative numbers keep theirs
    low = ~low + 1;
    high = ~high + (low == 0 ? 1 : 0);
  }
  const double magnitude = std::ldexp(static_cast<double>(high), 64) + static_cast<double>(low);
  return negative ? -magnitude : magnitude;
}

/// Calls `use` with a value of the C++ type of a whole-number storage; false for other storages.
template <typename Use>
inline bool visit_integer_storage(arrow_storage storage, Use&& use) {
  switch (storage) {
    case arrow_storage::int8:
      use(std::int8_t{});
      return true;
    case arrow_storage::int16:
      use(std::int16_t{});
      return true;
    case arrow_storage::int32:
      use(std::int32_t{});
      return true;
    case arrow_storage::int64:
      use(std::int64_t{});
      return true;
    case arrow_storage::uint8:
      use(std::uint8_t{});
      return true;
    case arrow_storage::uint16:
      use(std::uint16_t{});
      return true;
    case arrow_storage::uint32:
      use(std::uint32_t{});
      return true;
    case arrow_storage::uint64:
      use(std::uint64_t{});
      return true;
    default:
      return false;
  }
}

[[nodiscard]] inline const char* integer_name(arrow_storage storage) noexcept {
  constexpr const char* names[] = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"};
  return names[static_cast<std::size_t>(storage) - static_cast<std::size_t>(arrow_storage::int8)];
}

/// A type that klantreis does not read, in words.
[[nodiscard]] inline std::string format_in_words(std::string_view format) {
  constexpr std::pair<std::string_view, std::string_view> known[] = {
      {"+l", "list"},     {"+L", "list"},      {"+vl", "list"},  {"+vL", "list"},           {"+w", "list"},
      {"+s", "struct"},   {"+m", "map"},       {"+u", "union"},  {"+r", "run-end encoded"}, {"z", "binary"},
      {"Z", "binary"},    {"vz", "binary"},    {"w:", "binary"}, {"tt", "time of day"},     {"tD", "duration"},
      {"ti", "interval"}, {"d:", "decimal256"}};
  for (const auto& [prefix, words] : known) {
    if (format.starts_with(prefix)) {
      return std::string{words};
    }
  }
  return "of Arrow format " + quoted(format);
}

}  // namespace detail

KLANTREIS_INLINE column_view::column_view(std::span<const std::int64_t> values)
    : kind_(column_kind::integer),
      storage_(detail::arrow_storage::int64),
      size_(values.size()),
      values_(values.data()) {}

KLANTREIS_INLINE column_view::column_view(std::span<const double> values)
    : kind_(column_kind::floating),
      storage_(detail::arrow_storage::float64),
      size_(values.size()),
      values_(values.data()) {}

KLANTREIS_INLINE column_view::column_view(std::span<const std::string_view> values)
    : kind_(column_kind::text),
      storage_(detail::arrow_storage::string_views),
      size_(values.size()),
      values_(values.data()) {}

KLANTREIS_INLINE column_view::column_view(std::span<const std::string> values)
    : kind_(column_kind::text),
      storage_(detail::arrow_storage::strings),
      size_(values.size()),
      values_(values.data()) {}

KLANTREIS_INLINE column_view column_view::timestamps(std::span<const std::int64_t> ticks,
                                                     std::int64_t ticks_per_second) {
  if (ticks_per_second != 1 && ticks_per_second != 1'000 && ticks_per_second != 1'000'000 &&
      ticks_per_second != 1'000'000'000) {
    throw input_error("a timestamp has 1, 1000, 1000000 or 1000000000 ticks in a second, not " +
                      std::to_string(ticks_per_second));
  }
  column_view view{ticks};
  view.kind_ = column_kind::timestamp;
  view.ticks_per_second_ = ticks_per_second;
  return view;
}

KLANTREIS_INLINE column_view column_view::dictionary(std::span<const std::uint32_t> codes,
                                                     std::span<const std::string> names) {
  column_view view;
  view.kind_ = column_kind::dictionary;
  view.storage_ = detail::arrow_storage::uint32;
  view.size_ = codes.size();
  view.values_ = codes.data();
  view.set_dictionary(column_view{names});
  return view;
}

KLANTREIS_INLINE column_view::column_view(const ArrowSchema& schema, const ArrowArray& array, std::size_t offset,
                                          std::size_t length)
    : name_(schema.name) {
  set_type(schema);
  if (array.release == nullptr) {
    fail("was released before it was read; read each batch once");
  }
  if (array.length < 0 || array.offset < 0 || offset > static_cast<std::size_t>(array.length) ||
      length > static_cast<std::size_t>(array.length) - offset) {
    fail("has " + std::to_string(array.length) + " rows where " + std::to_string(length) + " from row " +
         std::to_string(offset) + " were promised");
  }
  size_ = length;
  offset_ = offset + static_cast<std::size_t>(array.offset);
  if (length != 0) {
    set_buffers(array);
  }
  if (schema.dictionary != nullptr) {
    if (array.dictionary == nullptr || array.dictionary->length < 0) {
      fail("is a dictionary without values");
    }
    set_dictionary(
        column_view{*schema.dictionary, *array.dictionary, 0, static_cast<std::size_t>(array.dictionary->length)});
  }
}

KLANTREIS_INLINE void column_view::set_type(const ArrowSchema& schema) {
  using storage = detail::arrow_storage;
  const std::string_view format = schema.format == nullptr ? "" : schema.format;
  const auto is = [&](column_kind kind, storage how) {
    kind_ = kind;
    storage_ = how;
  };
  const auto unsupported = [&] {
    fail("is " + detail::format_in_words(format) + "; cast it to text, a number or a timestamp");
  };
  if (format.size() == 1) {
    switch (format[0]) {
      case 'n':
        is(column_kind::integer, storage::all_null);
        break;
      case 'b':
        is(column_kind::boolean, storage::bits);
        break;
      case 'c':
        is(column_kind::integer, storage::int8);
        break;
      case 's':
        is(column_kind::integer, storage::int16);
        break;
      case 'i':
        is(column_kind::integer, storage::int32);
        break;
      case 'l':
        is(column_kind::integer, storage::int64);
        break;
      case 'C':
        is(column_kind::unsigned_integer, storage::uint8);
        break;
      case 'S':
        is(column_kind::unsigned_integer, storage::uint16);
        break;
      case 'I':
        is(column_kind::unsigned_integer, storage::uint32);
        break;
      case 'L':
        is(column_kind::unsigned_integer, storage::uint64);
        break;
      case 'e':
        is(column_kind::floating, storage::float16);
        break;
      case 'f':
        is(column_kind::floating, storage::float32);
        break;
      case 'g':
        is(column_kind::floating, storage::float64);
        break;
      case 'u':
        is(column_kind::text, storage::offsets32);
        break;
      case 'U':
        is(column_kind::text, storage::offsets64);
        break;
      default:
        unsupported();
    }
  } else if (format == "vu") {
    is(column_kind::text, storage::views);
  } else if (format == "tdD") {
    is(column_kind::date, storage::int32);
    ticks_per_second_ = 1;
  } else if (format == "tdm") {
    is(column_kind::date, storage::int64);
    ticks_per_second_ = 1'000;
  } else if (format.starts_with("ts") && format.size() >= 4 && format[3] == ':') {
    is(column_kind::timestamp, storage::int64);
    switch (format[2]) {
      case 's':
        ticks_per_second_ = 1;
        break;
      case 'm':
        ticks_per_second_ = 1'000;
        break;
      case 'u':
        ticks_per_second_ = 1'000'000;
        break;
      case 'n':
        ticks_per_second_ = 1'000'000'000;
        break;
      default:
        unsupported();
    }
    zone_ = schema.format + 4;
  } else if (format.starts_with("d:")) {
    // "d:precision,scale" or "d:precision,scale,bits"
    long part[3] = {0, 0, 128};
    const char* text = schema.format + 2;
    for (long& value : part) {
      char* end = nullptr;
      value = std::strtol(text, &end, 10);
      if (*end != ',') {
        break;
      }
      text = end + 1;
    }
    if ((part[2] != 32 && part[2] != 64 && part[2] != 128) || part[1] < -400 || part[1] > 400) {
      unsupported();
    }
    is(column_kind::floating, storage::decimal);
    value_bytes_ = static_cast<std::uint8_t>(part[2] / 8);
    scale_ = static_cast<std::int32_t>(part[1]);
  } else {
    unsupported();
  }
  if (schema.dictionary != nullptr) {
    if ((kind_ != column_kind::integer && kind_ != column_kind::unsigned_integer) || storage_ == storage::all_null) {
      fail("is a dictionary whose positions are " + type_name() + "; cast it to text");
    }
    kind_ = column_kind::dictionary;
  }
}

KLANTREIS_INLINE void column_view::require_buffers(const ArrowArray& array, std::int64_t count) const {
  if (array.n_buffers < count || array.buffers == nullptr) {
    fail("of type " + type_name() + " has " + std::to_string(array.n_buffers) + " buffers where " +
         std::to_string(count) + " are needed");
  }
}

KLANTREIS_INLINE void column_view::set_buffers(const ArrowArray& array) {
  using storage = detail::arrow_storage;
  if (storage_ == storage::all_null) {
    return;
  }
  const bool has_text = storage_ == storage::offsets32 || storage_ == storage::offsets64 || storage_ == storage::views;
  require_buffers(array, has_text ? 3 : 2);
  values_ = array.buffers[1];
  if (values_ == nullptr) {
    fail("of type " + type_name() + " has rows but no values");
  }
  if (array.null_count != 0) {
    validity_ = static_cast<const std::uint8_t*>(array.buffers[0]);
  }
  if (storage_ == storage::views) {
    // The last buffer holds the sizes of the blocks between it and the views.
    block_count_ = static_cast<std::size_t>(array.n_buffers - 3);
    blocks_ = array.buffers + 2;
    block_sizes_ = array.buffers[array.n_buffers - 1];
  } else if (has_text) {
    bytes_ = static_cast<const char*>(array.buffers[2]);
  }
}

KLANTREIS_INLINE void column_view::set_dictionary(column_view values) {
  auto result = std::make_shared<detail::arrow_dictionary>();
  result->size = values.size();
  if (result->size >= null_index) {
    throw limit_error("a dictionary of " + std::to_string(result->size) + " texts; at most 4294967294 are read");
  }
  const bool whole = values.kind_ == column_kind::integer || values.kind_ == column_kind::unsigned_integer;
  if (whole && result->size != 0) {
    std::vector<std::int64_t> numbers(result->size);
    values.integers(numbers.data());
    result->rendered.reserve(numbers.size());
    for (const auto number : numbers) {
      result->rendered.push_back(values.kind_ == column_kind::integer
                                     ? std::to_string(number)
                                     : std::to_string(static_cast<std::uint64_t>(number)));
    }
  } else if (!whole && values.kind_ != column_kind::text) {
    fail("is a dictionary of " + values.type_name() + "; cast it to text");
  }
  for (std::size_t index = 0; values.may_have_nulls() && index < result->size && !result->has_nulls; ++index) {
    result->has_nulls = values.is_null(index);
  }
  result->values = std::move(values);
  dictionary_ = std::move(result);
}

KLANTREIS_INLINE void column_view::fail(const std::string& what) const {
  if (name_ == nullptr || *name_ == '\0') {
    throw input_error("a column " + what);
  }
  throw input_error("column " + quoted(name_) + " " + what);
}

KLANTREIS_INLINE void column_view::refuse(const char* wanted) const {
  fail("is " + type_name() + "; cast it to " + wanted);
}

KLANTREIS_INLINE bool column_view::bit(std::size_t row) const noexcept {
  return detail::load_bit(values_, offset_ + row);
}

KLANTREIS_INLINE std::uint64_t column_view::index_at(std::size_t row) const noexcept {
  std::uint64_t index = 0;
  detail::visit_integer_storage(storage_, [&](auto type) {
    index = static_cast<std::uint64_t>(detail::load<decltype(type)>(values_, offset_ + row));
  });
  return index;
}

KLANTREIS_INLINE bool column_view::may_have_nulls() const noexcept {
  return validity_ != nullptr || storage_ == detail::arrow_storage::all_null || kind_ == column_kind::dictionary;
}

KLANTREIS_INLINE bool column_view::is_null(std::size_t row) const noexcept {
  if (storage_ == detail::arrow_storage::all_null ||
      (validity_ != nullptr && !detail::load_bit(validity_, offset_ + row))) {
    return true;
  }
  if (kind_ != column_kind::dictionary) {
    return false;
  }
  const std::uint64_t index = index_at(row);
  return index == null_index || (dictionary_->has_nulls && index < dictionary_->size &&
                                 dictionary_->values.is_null(static_cast<std::size_t>(index)));
}

}  // namespace klantreis

#include "klantreis/detail/arrow_export.ipp"
#include "klantreis/detail/arrow_numbers.ipp"
#include "klantreis/detail/arrow_reader.ipp"
#include "klantreis/detail/arrow_text.ipp"
