// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/log/number_store.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/detail/utf8.hpp"
#include "klantreis/engine.hpp"
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
  };
  return texts[static_cast<std::size_t>(fault)];
}

/// What is wrong with each row of a batch; of most batches nothing, and then it takes no memory.
class fault_list {
 public:
  explicit fault_list(std::size_t rows) : rows_(rows) {}

  [[nodiscard]] std::size_t size() const noexcept { return rows_; }
  [[nodiscard]] bool any() const noexcept { return !faults_.empty(); }
  [[nodiscard]] row_fault operator[](std::size_t row) const noexcept {
    return faults_.empty() ? row_fault::none : faults_[row];
  }

  /// Of several faults of a row the first one counts.
  void add(std::size_t row, row_fault fault) {
    if (faults_.empty()) {
      faults_.resize(rows_, row_fault::none);
    }
    if (faults_[row] == row_fault::none) {
      faults_[row] = fault;
    }
  }

 private:
  std::size_t rows_;
  std::vector<row_fault> faults_;
};

/// Orders doubles as their bits would order as signed integers.
[[nodiscard]] inline std::int64_t sortable_bits(double number) noexcept {
  const auto bits = std::bit_cast<std::int64_t>(number == 0.0 ? 0.0 : number);
  return bits >= 0 ? bits : (std::numeric_limits<std::int64_t>::min)() - bits;
}

/// The rows of a batch that become events: all of them, or those of the touchpoints asked for.
struct kept_rows {
  std::size_t count = 0;
  bool all = true;
  std::vector<std::uint32_t> rows = {};  ///< unless all

  [[nodiscard]] std::size_t operator[](std::size_t i) const noexcept { return all ? i : rows[i]; }

  void integers(const column_view& view, std::int64_t* out) const {
    all ? view.integers(out) : view.integers(rows, out);
  }
  void numbers(const column_view& view, double* out) const { all ? view.numbers(out) : view.numbers(rows, out); }
  void indices(const column_view& view, std::uint32_t* out) const {
    all ? view.dictionary_indices(out) : view.dictionary_indices(rows, out);
  }

  /// Calls `use(i, text, code)` for each row of a text column: `code` is the one that `names` has for the text, or
  /// `absent`; `use` may add names. The text of a null is empty.
  template <typename Use>
  void look_up(const column_view& view, const name_table& names, Use&& use) const {
    constexpr std::size_t block = 256;
    std::array<std::string_view, block> texts;
    std::array<name_table::code, block> codes{};
    for (std::size_t begin = 0; begin < count; begin += block) {
      check_stop();
      const std::size_t size = (std::min)(block, count - begin);
      for (std::size_t i = 0; i < size; ++i) {
        texts[i] = view.text((*this)[begin + i]);
      }
      names.find(std::span{texts}.first(size), codes.data());
      for (std::size_t i = 0; i < size; ++i) {
        use(begin + i, texts[i], codes[i]);
      }
    }
  }
};

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

  /// Gives row `at` of the log, which is row `row` of its batch, its code.
  void put(std::size_t at, std::uint32_t code, std::size_t row, fault_list& faults) {
    if (code < broken) {
      column.codes[at] = code;
    } else if (code == reserved) {
      faults.add(row, row_fault::reserved_name);
    } else if (code == broken) {
      faults.add(row, row_fault::name_utf8);
    } else if (required) {
      faults.add(row, code == unset ? row_fault::touchpoint_null : row_fault::touchpoint_empty);
    } else {
      column.codes[at] = column.names.intern(none_label);
    }
  }

  /// Appends the rows of `view`; rows that are faulty already are skipped.
  void append(const column_view& view, const kept_rows& rows, fault_list& faults) {
    const std::size_t first = column.codes.size();
    extend(column.codes, rows.count);
    switch (view.kind()) {
      case column_kind::dictionary: {
        const std::span<std::uint32_t> indices = std::span{column.codes}.subspan(first);
        rows.indices(view, indices.data());
        check_stop();
        // A name gets its code when a row uses it, so that unused dictionary entries do not become touchpoints.
        constexpr std::uint32_t unseen = 0xFFFF'FFFBU;
        std::vector<std::uint32_t> codes(view.dictionary_size(), unseen);
        for (std::size_t i = 0; i < indices.size(); ++i) {
          const std::uint32_t index = indices[i];
          if (index < codes.size() && codes[index] < unseen && !faults.any()) {
            indices[i] = codes[index];
            continue;
          }
          indices[i] = 0;
          if (faults[i] != row_fault::none) {
            continue;
          }
          std::uint32_t code = unset;
          if (index != column_view::null_index) {
            auto& known = codes[index];
            if (known == unseen) {
              known = view.dictionary_is_null(index) ? unset : code_of(view.dictionary_text(index));
            }
            code = known;
          }
          put(first + i, code, i, faults);
        }
        return;
      }
      case column_kind::text:
        rows.look_up(view, column.names, [&](std::size_t i, std::string_view text, std::uint32_t code) {
          if (faults[i] == row_fault::none) {
            const bool is_null = text.empty() && view.is_null(rows[i]);
            put(first + i, is_null ? unset : code != name_table::absent ? code : code_of(text), i, faults);
          }
        });
        return;
      case column_kind::integer:
      case column_kind::unsigned_integer:
      case column_kind::boolean: {
        std::vector<std::int64_t> numbers(rows.count);
        rows.integers(view, numbers.data());
        const auto kind = view.kind();
        append_each(view, rows, faults, first, [&](std::size_t i) {
          if (kind == column_kind::boolean) {
            return code_of(numbers[i] != 0 ? "true" : "false");
          }
          return code_of(kind == column_kind::unsigned_integer ? std::to_string(static_cast<std::uint64_t>(numbers[i]))
                                                               : std::to_string(numbers[i]));
        });
        return;
      }
      case column_kind::floating: {
        std::vector<double> numbers(rows.count);
        rows.numbers(view, numbers.data());
        append_each(view, rows, faults, first, [&](std::size_t i) { return code_of(number_text(numbers[i])); });
        return;
      }
      default:
        throw input_error("column " + quoted(column.name) + " holds " + view.type_name() +
                          "; names must be text, numbers or a dictionary: cast it to text first");
    }
  }

  template <typename CodeOfRow>
  void append_each(const column_view& view, const kept_rows& rows, fault_list& faults, std::size_t first,
                   CodeOfRow&& code) {
    for (std::size_t i = 0; i < rows.count; ++i) {
      if (i % 4096 == 0) {
        check_stop();
      }
      if (faults[i] == row_fault::none) {
        put(first + i, view.is_null(rows[i]) ? unset : code(i), i, faults);
      }
    }
  }
};

/// Removes the rows that are faulty from the tail `[first, first + faults.size())` of a column.
template <typename Column>
void drop_faulty(Column& column, std::size_t first, const fault_list& faults) {
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

/// The rows of a numeric column of one batch, on their way into the log.
class amounts {
 public:
  amounts(const column_view& view, std::string_view name, row_fault nan_fault, row_fault infinite_fault,
          number_store& target)
      : view_(&view), target_(&target), nan_fault_(nan_fault), infinite_fault_(infinite_fault) {
    if (view.kind() == column_kind::text || view.kind() == column_kind::dictionary ||
        view.kind() == column_kind::timestamp || view.kind() == column_kind::date) {
      throw input_error("column " + std::string{name} + " holds " + view.type_name() + "; it must be numbers");
    }
  }

  void read(const kept_rows& rows, fault_list& faults) {
    if (const double* plain = view_->plain_numbers(); plain != nullptr && rows.all) {
      numbers_ = {plain, rows.count};
    } else {
      own_.resize(rows.count);
      rows.numbers(*view_, own_.data());
      numbers_ = own_;
    }
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      if (std::isfinite(numbers_[i])) {
        continue;
      }
      if (std::isinf(numbers_[i])) {
        faults.add(i, infinite_fault_);
      } else if (!view_->is_null(rows[i])) {
        faults.add(i, nan_fault_);
      }
    }
  }

  void store(const fault_list& faults) {
    if (faults.any()) {
      own_.assign(numbers_.begin(), numbers_.end());
      drop_faulty(own_, 0, faults);
      numbers_ = own_;
    }
    target_->append(numbers_);
  }

 private:
  const column_view* view_;
  number_store* target_;
  row_fault nan_fault_;
  row_fault infinite_fault_;
  std::span<const double> numbers_;
  bulk_vector<double> own_;
};

}  // namespace klantreis::detail
