// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/arrow.hpp"
#include "klantreis/detail/binary.hpp"
#include "klantreis/detail/text_key.hpp"

// The rows of a partition while they wait to be written, and how they are read again.

namespace klantreis::detail {

/// One column of the rows of a partition. Numbers are kept as bits, names as codes, ids as text.
struct waiting_column {
  std::vector<std::uint64_t> words;
  std::vector<std::uint32_t> codes;
  std::vector<std::uint64_t> ends;
  std::string text;
  std::vector<std::uint8_t> nulls;  ///< one for each row; empty while no row is null

  void clear() {
    words.clear();
    codes.clear();
    ends.clear();
    text.clear();
    nulls.clear();
  }
};
template <typename Io>
void list_fields(Io& io, waiting_column& column) {
  io(column.words, column.codes, column.ends, column.text, column.nulls);
}

/// What a column of the input holds.
enum class waiting_kind : std::uint8_t { number, name, id };

struct column_layout {
  waiting_kind kind = waiting_kind::number;
  std::string format;  ///< of Arrow
  name_table names;    ///< of codes

  [[nodiscard]] static column_layout of(const column_view& view, bool is_name) {
    column_layout layout;
    switch (view.kind()) {
      case column_kind::text:
      case column_kind::dictionary:
        layout.kind = is_name ? waiting_kind::name : waiting_kind::id;
        layout.format = "U";
        break;
      case column_kind::unsigned_integer:
        layout.format = "L";
        break;
      case column_kind::floating:
        layout.format = "g";
        break;
      case column_kind::timestamp:
      case column_kind::date: {
        const std::int64_t ticks = view.ticks_per_second();
        layout.format = ticks == 1 ? "tss:" : ticks == 1'000 ? "tsm:" : ticks == 1'000'000 ? "tsu:" : "tsn:";
        layout.format += view.has_zone() ? "UTC" : "";
        break;
      }
      default:
        layout.format = "l";
    }
    return layout;
  }
};

/// The cells of a batch in one column, ready to be handed out to partitions.
class column_cells {
 public:
  column_cells(const column_view& view, column_layout& layout) : view_(&view), layout_(&layout) {
    if (layout.kind == waiting_kind::name) {
      read_codes(layout.names);
    } else if (layout.kind == waiting_kind::number) {
      words_.resize(view.size());
      if (layout.format == "g") {
        std::vector<double> numbers(view.size());
        view.numbers(numbers.data());
        for (std::size_t row = 0; row < numbers.size(); ++row) {
          words_[row] = std::bit_cast<std::uint64_t>(numbers[row]);
        }
      } else {
        std::vector<std::int64_t> numbers(view.size());
        view.integers(numbers.data());
        for (std::size_t row = 0; row < numbers.size(); ++row) {
          words_[row] = static_cast<std::uint64_t>(numbers[row]);
        }
      }
    }
    has_nulls_ = layout.kind != waiting_kind::name && view.may_have_nulls();
  }

  /// What tells customers apart: equal for equal ids.
  [[nodiscard]] std::uint64_t key(std::size_t row) const {
    return layout_->kind == waiting_kind::id ? text_key(view_->text(row)) : words_[row];
  }

  /// Adds a cell to the `rows` cells that `column` has, and returns the bytes it takes.
  std::size_t put(std::size_t row, waiting_column& column, std::size_t rows) const {
    const bool is_null = has_nulls_ && view_->is_null(row);
    if (is_null && column.nulls.empty()) {
      column.nulls.resize(rows);
    }
    if (is_null || !column.nulls.empty()) {
      column.nulls.push_back(is_null ? 1 : 0);
    }
    switch (layout_->kind) {
      case waiting_kind::name:
        column.codes.push_back(codes_[row]);
        return sizeof(std::uint32_t);
      case waiting_kind::id: {
        const std::string_view text = view_->text(row);
        column.text += text;
        column.ends.push_back(column.text.size());
        return text.size() + sizeof(std::uint64_t);
      }
      default:
        column.words.push_back(words_[row]);
        return sizeof(std::uint64_t);
    }
  }

 private:
  void read_codes(name_table& names) {
    codes_.resize(view_->size());
    if (view_->kind() == column_kind::dictionary) {
      view_->dictionary_indices(codes_.data());
      constexpr std::uint32_t unseen = column_view::null_index - 1;
      std::vector<std::uint32_t> code_of(view_->dictionary_size(), unseen);
      for (std::uint32_t& code : codes_) {
        if (code != column_view::null_index) {
          std::uint32_t& known = code_of[code];
          if (known == unseen) {
            known =
                view_->dictionary_is_null(code) ? column_view::null_index : names.intern(view_->dictionary_text(code));
          }
          code = known;
        }
      }
      return;
    }
    const bool may_be_null = view_->may_have_nulls();
    for (const std::size_t row : each({0, codes_.size()})) {
      codes_[row] = may_be_null && view_->is_null(row) ? column_view::null_index : names.intern(view_->text(row));
    }
  }

  const column_view* view_;
  const column_layout* layout_;
  bool has_nulls_ = false;
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> codes_;
};

/// A column that was read from disk, as a view over it.
class read_column {
 public:
  read_column(waiting_column&& column, const column_layout& layout, const std::vector<std::string>& names,
              std::size_t rows)
      : column_(std::move(column)), layout_(&layout), names_(&names) {
    const auto fits = [rows](const auto& list, bool wanted) { return list.size() == (wanted ? rows : 0); };
    if (!fits(column_.words, layout.kind == waiting_kind::number) ||
        !fits(column_.codes, layout.kind == waiting_kind::name) ||
        !fits(column_.ends, layout.kind == waiting_kind::id) || !(column_.nulls.empty() || fits(column_.nulls, true))) {
      refuse_bytes("rows are missing");
    }
    if (!column_.nulls.empty()) {
      valid_.resize((rows + 7) / 8);
      for (std::size_t row = 0; row < rows; ++row) {
        if (column_.nulls[row] == 0) {
          valid_[row / 8] = static_cast<std::uint8_t>(valid_[row / 8] | 1U << (row % 8));
        }
      }
    }
    if (layout.kind == waiting_kind::id) {
      column_.ends.insert(column_.ends.begin(), 0);
    }
    rows_ = rows;
  }

  [[nodiscard]] column_view view() {
    if (layout_->kind == waiting_kind::name) {
      return column_view::dictionary(column_.codes, *names_);
    }
    schema_.format = layout_->format.c_str();
    buffers_[0] = valid_.empty() ? nullptr : valid_.data();
    buffers_[1] = layout_->kind == waiting_kind::id ? column_.ends.data() : column_.words.data();
    buffers_[2] = column_.text.data();
    array_.length = static_cast<std::int64_t>(rows_);
    array_.null_count = valid_.empty() ? 0 : -1;
    array_.n_buffers = layout_->kind == waiting_kind::id ? 3 : 2;
    array_.buffers = buffers_;
    array_.release = [](ArrowArray*) {};  // the memory is this object's
    return column_view{schema_, array_, 0, rows_};
  }

 private:
  waiting_column column_;
  const column_layout* layout_;
  const std::vector<std::string>* names_;
  std::size_t rows_ = 0;
  std::vector<std::uint8_t> valid_;
  ArrowSchema schema_{};
  ArrowArray array_{};
  const void* buffers_[3] = {nullptr, nullptr, nullptr};
};

}  // namespace klantreis::detail
