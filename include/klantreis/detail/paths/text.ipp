// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/utf8.hpp"
#include "klantreis/paths.hpp"

namespace klantreis {

namespace detail {

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// The next name of a path text from `at` on; `at` moves behind its separator. Empty at the end or for an empty piece.
[[nodiscard]] inline std::string next_name(std::string_view text, std::size_t& at, char separator) {
  while (at < text.size() && is_blank(text[at])) {
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
      while (rest < text.size() && is_blank(text[rest])) {
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
  while (end > at && is_blank(text[end - 1])) {
    --end;
  }
  std::string name{text.substr(at, end - at)};
  at = (std::min)(stop + 1, text.size());
  return name;
}

/// Adds the rows of one batch to a path table.
///
/// Nearly every row is plain: its counts are in order, no name stands in quotes, and its names were met before. Plain
/// rows are cut into names without copying them, and looked up in groups, so that the processor fetches the places of
/// a whole group from memory at once. Any other row is read with all checks, in its turn.
class path_text_reader {
 public:
  path_text_reader(path_table& table, const column_view& paths, const column_view& conversions,
                   const column_view& nulls, const column_view& values, char separator, bad_rows on_bad)
      : table_(&table),
        paths_(&paths),
        conversions_(&conversions),
        nulls_(&nulls),
        values_(&values),
        separator_(separator),
        on_bad_(on_bad),
        converted_(numbers_of(conversions, 1.0, "conversions")),
        lost_(numbers_of(nulls, 0.0, "nulls")),
        worth_(values ? numbers_of(values, 0.0, "value") : std::vector<double>{}) {}

  void read() {
    if (paths_->kind() == column_kind::dictionary) {
      read_dictionary();
    } else {
      make_room();
      for (std::size_t row = 0; row < paths_->size(); ++row) {
        const bool plain = has_plain_counts(row) && !paths_->is_null(row) && cut(paths_->text(row));
        if (plain) {
          group_.push_back({row, begin_of_row_, codes_.size() - begin_of_row_, hash_of_row_});
          table_->prefetch(hash_of_row_);
          begin_of_row_ = codes_.size();
          if (group_.size() < group_size) {
            continue;
          }
        }
        end_group();
        if (!plain) {
          read_carefully(row);
        }
      }
      end_group();
    }
    table_->rows_read_ += paths_->size();
  }

 private:
  static constexpr std::size_t group_size = 32;

  struct pending_row {
    std::size_t row = 0;
    std::size_t begin = 0;
    std::size_t size = 0;
    std::uint64_t hash = 0;
  };
  // A name of eight bytes or less is its key; of longer ones the key is a hash.
  struct known_name {
    std::uint64_t key = 0;
    std::uint32_t size = 0;
    std::uint32_t code = 0;  // + 1; 0 is empty
  };

  [[nodiscard]] std::vector<double> numbers_of(const column_view& view, double missing, const char* name) const {
    std::vector<double> numbers(paths_->size(), missing);
    if (view) {
      if (view.size() != paths_->size()) {
        throw input_error(std::string{"column "} + name + " has " + std::to_string(view.size()) + " rows, path has " +
                          std::to_string(paths_->size()));
      }
      view.numbers(numbers.data());
    }
    return numbers;
  }

  [[nodiscard]] bool has_plain_counts(std::size_t row) const noexcept {
    constexpr double largest = (std::numeric_limits<double>::max)();
    return converted_[row] >= 0.0 && converted_[row] <= largest && lost_[row] >= 0.0 && lost_[row] <= largest &&
           (worth_.empty() || std::abs(worth_[row]) <= largest || values_->is_null(row));
  }

  // A table that reads many rows gets its places at once.
  void make_room() {
    const std::size_t paths = table_->size() + paths_->size() / 2;
    const std::size_t wanted = std::bit_ceil(2 * paths + 64);
    if (paths_->size() > 1024 && wanted > table_->slots_.size()) {
      table_->rehash(wanted);
      table_->offsets_.reserve(paths + 1);
      table_->hashes_.reserve(paths);
      for (auto* const counts : {&table_->conversions_, &table_->nulls_, &table_->open_, &table_->values_}) {
        counts->reserve(paths);
      }
    }
  }

  /// Cuts a text into codes behind those of the group; false, and nothing added, when it needs care.
  bool cut(std::string_view text) {
    if (std::memchr(text.data(), '"', text.size()) != nullptr || !is_plain_text(text)) {
      return give_up();
    }
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
      while (at < end && is_blank(*at)) {
        ++at;
      }
      const char* const begin = at;
      at = find_separator(begin, end);
      const char* stop = at;
      while (stop > begin && is_blank(stop[-1])) {
        --stop;
      }
      ++at;
      if (stop == begin) {
        continue;
      }
      const std::uint32_t code = code_of({begin, static_cast<std::size_t>(stop - begin)}, text);
      if (code == 0) {
        return give_up();
      }
      codes_.push_back(code - 1);
    }
    hash_of_row_ = hash_codes(std::span{codes_}.subspan(begin_of_row_));
    return true;
  }

  [[nodiscard]] const char* find_separator(const char* at, const char* end) const noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    constexpr std::uint64_t high_bits = 0x80 * ones;
    if constexpr (std::endian::native == std::endian::little) {
      const std::uint64_t wanted = ones * static_cast<unsigned char>(separator_);
      for (; end - at >= 8; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        // The lowest byte that equals the separator gets its high bit.
        word ^= wanted;
        if (const std::uint64_t found = (word - ones) & ~word & high_bits; found != 0) {
          return at + std::countr_zero(found) / 8;
        }
      }
    }
    return std::find(at, end, separator_);
  }

  bool give_up() {
    codes_.resize(begin_of_row_);
    return false;
  }

  // ASCII is checked eight bytes at a time.
  [[nodiscard]] static bool is_plain_text(std::string_view text) noexcept {
    constexpr std::uint64_t high_bits = 0x8080808080808080ULL;
    std::uint64_t any = 0;
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + i, 8);
      any |= word;
    }
    for (; i < text.size(); ++i) {
      any |= static_cast<unsigned char>(text[i]);
    }
    return (any & high_bits) == 0 || is_utf8(text);
  }

  /// A number for a name, which of two names with eight bytes or less is equal only when they are.
  [[nodiscard]] static std::uint64_t key_of(std::string_view name, const char* end_of_row) noexcept {
    const auto tail = [](const char* at, std::size_t size) {
      std::uint64_t word = 0;
      for (std::size_t i = 0; i < size; ++i) {
        word |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
      }
      return word;
    };
    if (name.size() <= 8) {
      if (std::endian::native == std::endian::little && end_of_row - name.data() >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, name.data(), 8);
        return word & (~std::uint64_t{0} >> (8 * (8 - name.size())));
      }
      return tail(name.data(), name.size());
    }
    std::uint64_t key = name.size();
    std::size_t i = 0;
    for (; i + 8 <= name.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, name.data() + i, 8);
      key = (key ^ word) * 0x9E3779B97F4A7C15ULL;
      key ^= key >> 29U;
    }
    return key ^ tail(name.data() + i, name.size() - i);
  }

  /// The code of a name + 1; 0 when it is new and the row might have to be rejected for a reserved name.
  std::uint32_t code_of(std::string_view name, std::string_view row) {
    const std::uint64_t key = key_of(name, row.data() + row.size());
    known_name& place = known_[((key + name.size()) * 0x9E3779B97F4A7C15ULL) >> (64U - known_bits)];
    if (place.code != 0 && place.key == key && place.size == name.size() &&
        (name.size() <= 8 || table_->names_[place.code - 1] == name)) {
      return place.code;
    }
    const auto found = table_->names_.find(name);
    if (is_reserved_name(name) || (!found && row.find('(') != std::string_view::npos)) {
      return 0;
    }
    place = {key, static_cast<std::uint32_t>(name.size()), (found ? *found : table_->names_.intern(name)) + 1};
    return place.code;
  }

  void end_group() {
    for (const pending_row& pending : group_) {
      table_->prefetch_path(pending.hash);
    }
    for (const pending_row& pending : group_) {
      table_->prefetch_codes(pending.hash);
    }
    for (const pending_row& pending : group_) {
      add(table_->index_of(std::span{codes_}.subspan(pending.begin, pending.size), pending.hash), pending.row);
    }
    group_.clear();
    codes_.clear();
    begin_of_row_ = 0;
  }

  void add(std::uint32_t index, std::size_t row) {
    table_->conversions_[index] += converted_[row];
    table_->nulls_[index] += lost_[row];
    if (!worth_.empty() && !std::isnan(worth_[row])) {
      table_->values_[index] += worth_[row];
    }
  }

  // Each text of a dictionary is cut once, when a row has it.
  void read_dictionary() {
    std::vector<std::uint32_t> indices(paths_->size());
    paths_->dictionary_indices(indices.data());
    std::vector<std::uint32_t> path_of;  // + 1, by text; 0 is not yet known
    for (std::size_t row = 0; row < paths_->size(); ++row) {
      const std::uint32_t text = indices[row];
      if (text == column_view::null_index || paths_->dictionary_is_null(text) || !has_plain_counts(row)) {
        read_carefully(row, text);
        continue;
      }
      if (text >= path_of.size()) {
        path_of.resize(std::size_t{text} + 1, 0);
      }
      if (path_of[text] == 0) {
        if (!cut(paths_->dictionary_text(text))) {
          read_carefully(row, text);
          continue;
        }
        path_of[text] = table_->index_of(codes_, hash_of_row_) + 1;
        codes_.clear();
      }
      add(path_of[text] - 1, row);
    }
  }

  void read_carefully(std::size_t row) {
    careful_row(row, paths_->is_null(row), paths_->is_null(row) ? std::string_view{} : paths_->text(row));
  }
  void read_carefully(std::size_t row, std::uint32_t text) {
    const bool is_null = text == column_view::null_index || paths_->dictionary_is_null(text);
    careful_row(row, is_null, is_null ? std::string_view{} : paths_->dictionary_text(text));
  }

  void careful_row(std::size_t row, bool null_path, std::string_view text) {
    std::string fault;
    std::string more;
    std::vector<std::string> names;
    if (null_path) {
      fault = "path is null";
    } else {
      if (!is_utf8(text)) {
        fault = "path is not valid UTF-8";
      }
      for (std::size_t at = 0; at < text.size() && fault.empty();) {
        auto name = next_name(text, at, separator_);
        if (is_reserved_name(name)) {
          fault = "name is reserved";
          more = ": " + quoted(name) + " is what klantreis calls a state of its own; rename it";
        } else if (!name.empty()) {
          names.push_back(std::move(name));
        }
      }
    }
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
        more = ": " + std::to_string(number);
      }
    };
    count(converted_[row], *conversions_, "conversions", false);
    count(lost_[row], *nulls_, "nulls", false);
    // A null value is no value.
    if (!worth_.empty() && !values_->is_null(row)) {
      count(worth_[row], *values_, "value", true);
    }
    if (!fault.empty()) {
      reject(table_->rows_read_ + row, fault, more);
      return;
    }
    std::vector<std::uint32_t> codes;
    codes.reserve(names.size());
    for (const std::string& name : names) {
      codes.push_back(table_->names_.intern(name));
    }
    add(table_->index_of(codes), row);
  }

  void reject(std::uint64_t number, const std::string& fault, const std::string& more) {
    if (on_bad_ == bad_rows::stop) {
      throw input_error("row " + std::to_string(number) + " (counted from 0): " + fault + more +
                        "; pass on_bad=\"drop\" to leave such rows out and count them");
    }
    const auto known = std::find_if(table_->rejected_.begin(), table_->rejected_.end(),
                                    [&](const log_health::rejection& r) { return r.reason == fault; });
    if (known == table_->rejected_.end()) {
      table_->rejected_.push_back({fault, 1, number});
    } else {
      ++known->rows;
    }
  }

  static constexpr unsigned known_bits = 11;

  path_table* table_;
  const column_view* paths_;
  const column_view* conversions_;
  const column_view* nulls_;
  const column_view* values_;
  char separator_;
  bad_rows on_bad_;
  std::vector<double> converted_;
  std::vector<double> lost_;
  std::vector<double> worth_;  // empty without values
  std::array<known_name, std::size_t{1} << known_bits> known_{};
  std::vector<pending_row> group_;
  std::vector<std::uint32_t> codes_;
  std::size_t begin_of_row_ = 0;
  std::uint64_t hash_of_row_ = 0;
};

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
  table.has_values_ = table.has_values_ || static_cast<bool>(values);
  detail::path_text_reader{table, paths, conversions, nulls, values, separator, on_bad}.read();
}

}  // namespace klantreis
