// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/detail/arrow_abi.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// Owns one structure of the Arrow C interface and releases it; moves, never copies.
template <typename T>
class arrow_owner {
 public:
  arrow_owner() = default;
  /// Takes over `*source`, which is left released.
  explicit arrow_owner(T* source) noexcept : value_(*source) { source->release = nullptr; }
  arrow_owner(const arrow_owner&) = delete;
  arrow_owner& operator=(const arrow_owner&) = delete;
  arrow_owner(arrow_owner&& other) noexcept : arrow_owner(&other.value_) {}
  arrow_owner& operator=(arrow_owner&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = other.value_;
      other.value_.release = nullptr;
    }
    return *this;
  }
  ~arrow_owner() { reset(); }

  void reset() noexcept {
    if (value_.release != nullptr) {
      value_.release(&value_);
      value_.release = nullptr;
    }
  }

  [[nodiscard]] explicit operator bool() const noexcept { return value_.release != nullptr; }
  [[nodiscard]] T* get() noexcept { return &value_; }
  [[nodiscard]] const T* get() const noexcept { return &value_; }
  [[nodiscard]] const T* operator->() const noexcept { return &value_; }
  [[nodiscard]] T* operator->() noexcept { return &value_; }
  [[nodiscard]] const T& operator*() const noexcept { return value_; }

 private:
  T value_{};
};

using arrow_schema = arrow_owner<ArrowSchema>;
using arrow_array = arrow_owner<ArrowArray>;
using arrow_stream = arrow_owner<ArrowArrayStream>;

/// What a column holds, whatever its width.
enum class column_kind : std::uint8_t {
  absent,
  integer,
  unsigned_integer,
  floating,
  boolean,
  text,
  dictionary,
  timestamp,
  date
};

namespace detail {
struct arrow_dictionary;
enum class arrow_storage : std::uint8_t;
}  // namespace detail

/// One borrowed chunk of a column; copies nothing, so that what it was made from must outlive it.
///
/// A column of Arrow's null type reads as an integer column in which every row is null. Decimals are `floating`.
class column_view {
 public:
  /// Code of a row without value in `dictionary_indices`.
  static constexpr std::uint32_t null_index = 0xFFFF'FFFFU;

  /// A column that is not there.
  column_view() = default;
  explicit column_view(std::span<const std::int64_t> values);
  explicit column_view(std::span<const double> values);
  explicit column_view(std::span<const std::string_view> values);
  explicit column_view(std::span<const std::string> values);

  /// Instants in UTC as whole ticks since 1970. \throws input_error unless there are 1, 1e3, 1e6 or 1e9 in a second.
  [[nodiscard]] static column_view timestamps(std::span<const std::int64_t> ticks, std::int64_t ticks_per_second);

  /// Row i holds `names[codes[i]]`; `null_index` marks a row without value.
  [[nodiscard]] static column_view dictionary(std::span<const std::uint32_t> codes, std::span<const std::string> names);

  /// Rows `offset … offset + length` of an Arrow array (on top of the array's own offset).
  /// \throws input_error when the type cannot be read or the array is shorter.
  column_view(const ArrowSchema& schema, const ArrowArray& array, std::size_t offset, std::size_t length);

  [[nodiscard]] explicit operator bool() const noexcept { return kind_ != column_kind::absent; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] column_kind kind() const noexcept { return kind_; }

  [[nodiscard]] bool may_have_nulls() const noexcept;
  [[nodiscard]] bool is_null(std::size_t row) const noexcept;

  /// Writes `size()` whole numbers: integers (unsigned 64-bit ones as their bit pattern), truth values as 0 and 1,
  /// timestamps and dates in ticks; 0 where null. \throws input_error for other kinds.
  void integers(std::int64_t* out) const;

  /// Writes `size()` numbers of any numeric or boolean column; NaN where null. \throws input_error for other kinds.
  void numbers(double* out) const;

  /// The text of a row of a text or dictionary column, empty where null. \throws input_error for other kinds.
  [[nodiscard]] std::string_view text(std::size_t row) const;

  /// The distinct texts of a dictionary column; whole numbers are written out.
  [[nodiscard]] std::size_t dictionary_size() const;
  [[nodiscard]] std::string_view dictionary_text(std::size_t index) const;
  [[nodiscard]] bool dictionary_is_null(std::size_t index) const;

  /// Writes the `size()` positions in the dictionary; `null_index` where null.
  /// \throws input_error when a position lies outside the dictionary.
  void dictionary_indices(std::uint32_t* out) const;

  /// The same for some rows, in the order given.
  void integers(std::span<const std::uint32_t> rows, std::int64_t* out) const;
  void numbers(std::span<const std::uint32_t> rows, double* out) const;
  void dictionary_indices(std::span<const std::uint32_t> rows, std::uint32_t* out) const;

  /// The rows of a dictionary column whose text has a mark in `wanted`, which has one entry for each text.
  /// \throws input_error when a position lies outside the dictionary.
  [[nodiscard]] std::vector<std::uint32_t> rows_with(std::span<const std::uint8_t> wanted) const;

  /// What `integers()` would write, where it stands in memory just so: 64 bits wide, aligned, without nulls; else null.
  [[nodiscard]] const std::int64_t* plain_integers() const noexcept;
  /// What `numbers()` would write, likewise.
  [[nodiscard]] const double* plain_numbers() const noexcept;

  /// Ticks of `integers()` in a second: 1, 1e3, 1e6 or 1e9 for timestamps and dates, else 0.
  [[nodiscard]] std::int64_t ticks_per_second() const noexcept { return ticks_per_second_; }

  /// True for timestamps that came with a time zone: their ticks are instants in UTC.
  [[nodiscard]] bool has_zone() const noexcept { return zone_ != nullptr && *zone_ != '\0'; }

  /// The type in words, for messages: `int64`, `timestamp[us, UTC]`, `dictionary<string>`.
  [[nodiscard]] std::string type_name() const;

 private:
  [[nodiscard]] bool bit(std::size_t row) const noexcept;
  [[nodiscard]] std::uint64_t index_at(std::size_t row) const noexcept;
  void require_index(std::uint64_t index, std::uint64_t count) const;
  [[nodiscard]] std::string_view viewed_text(std::size_t position) const;
  void set_type(const ArrowSchema& schema);
  void set_buffers(const ArrowArray& array);
  void set_dictionary(column_view values);
  void require_buffers(const ArrowArray& array, std::int64_t count) const;
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void refuse(const char* wanted) const;

  column_kind kind_ = column_kind::absent;
  detail::arrow_storage storage_{};
  std::uint8_t value_bytes_ = 0;  // width of a decimal
  std::int32_t scale_ = 0;        // digits after the point of a decimal
  std::size_t size_ = 0;
  std::size_t offset_ = 0;                  // of row 0 in the buffers
  const std::uint8_t* validity_ = nullptr;  // one bit a row, least significant first; null: all valid
  const void* values_ = nullptr;            // values, offsets or views
  const char* bytes_ = nullptr;             // what offsets point into
  const void* const* blocks_ = nullptr;     // what views point into
  const void* block_sizes_ = nullptr;
  std::size_t block_count_ = 0;
  std::int64_t ticks_per_second_ = 0;
  const char* zone_ = nullptr;
  const char* name_ = nullptr;
  std::shared_ptr<const detail::arrow_dictionary> dictionary_;
};

/// Some rows of all columns of a stream.
class record_batch {
 public:
  /// \throws input_error when the array does not have the shape of the schema.
  record_batch(std::shared_ptr<const arrow_schema> schema, arrow_array array);

  [[nodiscard]] std::size_t rows() const noexcept { return static_cast<std::size_t>(array_->length); }
  [[nodiscard]] std::size_t columns() const noexcept { return static_cast<std::size_t>(array_->n_children); }

  /// Borrows from the batch.
  [[nodiscard]] column_view column(std::size_t index) const;

  /// \throws input_error when no column or more than one has that name.
  [[nodiscard]] column_view column(std::string_view name) const;

 private:
  std::shared_ptr<const arrow_schema> schema_;
  arrow_array array_;
};

/// Reads the batches of an Arrow stream of records.
///
///     klantreis::arrow_reader reader{&stream};
///     while (const auto batch = reader.next()) {
///       const auto customers = batch->column("customer_id");
///     }
class arrow_reader {
 public:
  /// Takes over `*stream`, which is left released.
  /// \throws input_error when the stream was read before, fails, or does not hold records.
  explicit arrow_reader(ArrowArrayStream* stream);

  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

  /// The position of a column. \throws input_error when no column or more than one has that name.
  [[nodiscard]] std::size_t position(std::string_view name) const;

  /// The next batch, or nothing at the end. There is at least one, so that the types of the columns are known also
  /// where there are no rows. \throws input_error when the stream fails.
  [[nodiscard]] std::optional<record_batch> next();

 private:
  [[noreturn]] void fail(const char* what, int code);

  arrow_stream stream_;
  std::shared_ptr<const arrow_schema> schema_;
  std::vector<std::string> names_;
  bool began_ = false;
};

/// Hands a table over as an Arrow stream, which lives independently of whatever `source` was copied from.
///
/// Whole numbers become int64 (moments: timestamp[us, UTC]), numbers float64 with NaN as null, texts utf8, truth
/// values bool. The schema's metadata hold `klantreis.definition` and, for each option, `klantreis.option.<name>`.
/// A batch holds at most `text_limit` bytes of text in a column.
/// \throws limit_error when one text alone is longer than `text_limit`.
void export_table(table source, ArrowArrayStream* out, std::size_t text_limit = 0x7FFF'FFFFU);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/arrow.ipp"
#endif
