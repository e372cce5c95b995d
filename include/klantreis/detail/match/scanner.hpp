// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "klantreis/detail/match/tree.hpp"

namespace klantreis::detail {

/// Reads the words, signs, numbers and lengths of time of a pattern.
class pattern_scanner {
 protected:
  explicit pattern_scanner(std::string_view text) : text_(text) {}

  [[noreturn]] void fail(std::size_t at, const std::string& what) const {
    throw input_error(pattern_fault(text_, at, what));
  }

  // Single characters

  static constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  static constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

  void skip_blanks() noexcept {
    while (at_ < text_.size() && is_blank(text_[at_])) {
      ++at_;
    }
  }
  [[nodiscard]] bool at_end() noexcept {
    skip_blanks();
    return at_ == text_.size();
  }
  [[nodiscard]] char peek() noexcept { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] char byte(std::size_t at) const noexcept { return at < text_.size() ? text_[at] : '\0'; }
  [[nodiscard]] bool take(std::string_view wanted) noexcept {
    skip_blanks();
    if (std::string_view{text_}.substr(at_, wanted.size()) != wanted) {
      return false;
    }
    at_ += wanted.size();
    return true;
  }
  [[nodiscard]] std::string found() {
    if (at_end()) {
      return "end";
    }
    std::size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0U) == 0x80U) {
      ++end;
    }
    return quoted(text_.substr(at_, end - at_));
  }
  void expect(std::string_view wanted, std::string_view why) {
    if (!take(wanted)) {
      fail(at_, "expected " + std::string{wanted} + " " + std::string{why} + ", found " + found());
    }
  }

  /// True where the byte at `at` belongs to a name that stands without quotes; `first`: as its first one.
  [[nodiscard]] bool is_name_byte_at(std::size_t at, bool first) const noexcept {
    const char c = byte(at);
    constexpr std::string_view signs = "[](){}|^*+?!,=<>$\"~";
    if (at >= text_.size() || is_blank(c) || static_cast<unsigned char>(c) < 0x20U ||
        signs.find(c) != std::string_view::npos) {
      return false;
    }
    if (c == '-') {
      return byte(at + 1) != '>';
    }
    if (c == '.') {
      return !first && byte(at + 1) != '.' && is_name_byte_at(at + 1, false);
    }
    return c != '\'' || !first;
  }

  [[nodiscard]] std::size_t word_end(std::size_t begin) const noexcept {
    std::size_t end = begin;
    while (is_name_byte_at(end, end == begin)) {
      ++end;
    }
    return end;
  }

  [[nodiscard]] bool is_word(std::size_t begin, std::string_view word) const noexcept {
    return std::string_view{text_}.substr(begin, word_end(begin) - begin) == word;
  }

  [[nodiscard]] bool at_name() {
    const char c = peek();
    return c == '"' || c == '\'' || (is_name_byte_at(at_, true) && !is_word(at_, "within"));
  }

  struct name_text {
    std::string name;
    std::size_t at = 0;
    bool is_quoted = false;
  };

  [[nodiscard]] name_text name(const std::string& wanted) {
    skip_blanks();
    name_text result{{}, at_, false};
    if (byte(at_) == '"' || byte(at_) == '\'') {
      result.name = quoted_name();
      result.is_quoted = true;
    } else if (at_name()) {
      std::size_t end = word_end(at_);
      while (true) {
        std::size_t next = end;
        while (next < text_.size() && is_blank(text_[next])) {
          ++next;
        }
        if (next == end || !is_name_byte_at(next, true) || is_word(next, "within")) {
          break;
        }
        end = word_end(next);
      }
      result.name = text_.substr(at_, end - at_);
      at_ = end;
    }
    if (result.name.empty()) {
      fail(result.at, "expected " + wanted + ", found " + (result.is_quoted ? "an empty name" : found()));
    }
    return result;
  }

  [[nodiscard]] std::string quoted_name() {
    const char mark = text_[at_];
    const std::size_t begin = at_++;
    std::string result;
    while (true) {
      if (at_ == text_.size()) {
        fail(begin, "this quote has no end; close it with " + std::string{mark});
      }
      if (text_[at_] == mark) {
        ++at_;
        if (byte(at_) != mark) {
          return result;
        }
      }
      result += text_[at_++];
    }
  }

  // Numbers

  [[nodiscard]] std::size_t whole_number(const std::string& wanted) {
    skip_blanks();
    std::size_t value = 0;
    const auto [end, failure] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (failure == std::errc::result_out_of_range) {
      fail(at_, "this number is too large");
    }
    if (failure != std::errc{}) {
      fail(at_, "expected " + wanted + ", found " + found());
    }
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  /// A length of time such as `90s` or `1h 30m`; nothing, and nothing read, where a number has no unit.
  [[nodiscard]] std::optional<duration> length() {
    static constexpr std::array<std::pair<std::string_view, double>, 8> units{{{"us", 1.0},
                                                                               {"ms", 1e3},
                                                                               {"min", 6e7},
                                                                               {"s", 1e6},
                                                                               {"m", 6e7},
                                                                               {"h", 3.6e9},
                                                                               {"d", 8.64e10},
                                                                               {"w", 6.048e11}}};
    skip_blanks();
    const std::size_t begin = at_;
    double total = 0.0;
    bool any = false;
    while (is_digit(byte(at_))) {
      double number = 0.0;
      const auto [end, failure] =
          std::from_chars(text_.data() + at_, text_.data() + text_.size(), number, std::chars_format::fixed);
      const std::size_t after = static_cast<std::size_t>(end - text_.data());
      const auto unit = std::find_if(units.begin(), units.end(), [&](const auto& item) {
        return std::string_view{text_}.substr(after, item.first.size()) == item.first &&
               !is_name_byte_at(after + item.first.size(), true);
      });
      if (failure != std::errc{} || unit == units.end()) {
        break;
      }
      total += number * unit->second;
      any = true;
      at_ = after + unit->first.size();
      skip_blanks();
    }
    if (!any) {
      at_ = begin;
      return std::nullopt;
    }
    if (!(total < 9e18)) {
      fail(begin, "this length of time is longer than 285,000 years");
    }
    needs_times_ = true;
    return duration{static_cast<std::int64_t>(std::llround(total))};
  }

  std::string text_;
  std::size_t at_ = 0;
  bool needs_times_ = false;
};

}  // namespace klantreis::detail
