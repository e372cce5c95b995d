// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "klantreis/detail/escape.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/detail/utf8.hpp"
#include "klantreis/map/json_value.hpp"

namespace klantreis {

namespace detail {

/// Reads JSON by recursive descent; the depth is limited, so the stack is too.
class json_reader {
 public:
  json_reader(std::string_view text, const json_limits& limits) : text_(text), limits_(limits) {}

  [[nodiscard]] json_value document() {
    skip_blanks();
    json_value result = value(0);
    skip_blanks();
    if (at_ != text_.size()) {
      fail("text goes on after the end of the value; remove " + excerpt(at_));
    }
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(std::size_t at, const std::string& what) const {
    throw input_error("JSON, " + place(at) + ": " + what);
  }
  [[nodiscard]] std::string place(std::size_t at) const {
    const auto before = text_.substr(0, at);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const auto start = before.rfind('\n');
    const auto column = start == std::string_view::npos ? at + 1 : at - start;
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
  }

  /// What stands at a place, up to 20 characters, whole ones only.
  [[nodiscard]] std::string excerpt(std::size_t at) const {
    auto rest = text_.substr(at);
    const auto all = rest;
    for (int i = 0; i < 20 && !rest.empty(); ++i) {
      (void)next_character(rest);
    }
    return quoted(all.substr(0, all.size() - rest.size()));
  }

  void skip_blanks() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[nodiscard]] bool accept(char wanted) noexcept {
    if (at_ < text_.size() && text_[at_] == wanted) {
      ++at_;
      return true;
    }
    return false;
  }
  void expect_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) {
      fail("expected a value, found " + excerpt(at_));
    }
    at_ += word.size();
  }

  [[nodiscard]] json_value value(std::size_t depth) {
    if (++values_ > limits_.values) {
      throw limit_error("JSON, " + place(at_) + ": more than " + std::to_string(limits_.values) + " values");
    }
    if (at_ == text_.size()) {
      fail("the text ends where a value should stand; it is cut off");
    }
    switch (text_[at_]) {
      case '{':
        return object(enter(depth));
      case '[':
        return array(enter(depth));
      case '"':
        return {string()};
      case 't':
        expect_word("true");
        return {true};
      case 'f':
        expect_word("false");
        return {false};
      case 'n':
        expect_word("null");
        return {};
      default:
        return {number()};
    }
  }

  [[nodiscard]] std::size_t enter(std::size_t depth) const {
    if (depth >= limits_.depth) {
      throw limit_error("JSON, " + place(at_) + ": nested deeper than " + std::to_string(limits_.depth) +
                        " levels; flatten it");
    }
    return depth + 1;
  }

  [[nodiscard]] json_value object(std::size_t depth) {
    ++at_;
    json_value::object_type members;
    std::vector<std::pair<std::string_view, std::size_t>> places;
    skip_blanks();
    if (!accept('}')) {
      while (true) {
        skip_blanks();
        if (peek() != '"') {
          fail("expected the name of a member in double quotes");
        }
        const auto name_at = at_;
        json_member member;
        member.name = string();
        skip_blanks();
        if (!accept(':')) {
          fail("expected ':' after the name " + quoted(member.name));
        }
        skip_blanks();
        member.value = value(depth);
        members.push_back(std::move(member));
        places.emplace_back(std::string_view{}, name_at);
        skip_blanks();
        if (accept('}')) {
          break;
        }
        if (!accept(',')) {
          fail("expected ',' or '}' in an object");
        }
      }
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      places[i].first = members[i].name;
    }
    std::sort(places.begin(), places.end());
    const auto twice = std::adjacent_find(places.begin(), places.end(),
                                          [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twice != places.end()) {
      fail_at(std::next(twice)->second, "the name " + quoted(twice->first) + " occurs twice in one object");
    }
    return {std::move(members)};
  }

  [[nodiscard]] json_value array(std::size_t depth) {
    ++at_;
    json_value::array_type items;
    skip_blanks();
    if (!accept(']')) {
      while (true) {
        skip_blanks();
        items.push_back(value(depth));
        skip_blanks();
        if (accept(']')) {
          break;
        }
        if (!accept(',')) {
          fail("expected ',' or ']' in an array");
        }
      }
    }
    return {std::move(items)};
  }

  [[nodiscard]] unsigned hex_digits() {
    const auto digits = text_.substr(at_, 4);
    unsigned code = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 4 || error != std::errc{} || end != digits.data() + 4) {
      fail("expected four hexadecimal digits after \\u");
    }
    at_ += 4;
    return code;
  }

  void append_escape(std::string& out) {
    const char what = peek();
    ++at_;
    switch (what) {
      case '"':
      case '\\':
      case '/':
        out += what;
        return;
      case 'b':
        out += '\b';
        return;
      case 'f':
        out += '\f';
        return;
      case 'n':
        out += '\n';
        return;
      case 'r':
        out += '\r';
        return;
      case 't':
        out += '\t';
        return;
      case 'u':
        break;
      default:
        --at_;
        fail("unknown escape in a text; it is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    }
    unsigned code = hex_digits();
    if (code >= 0xD800 && code < 0xDC00) {
      if (!accept('\\') || !accept('u')) {
        fail("half of a surrogate pair stands alone");
      }
      const unsigned low = hex_digits();
      if (low < 0xDC00 || low > 0xDFFF) {
        fail("half of a surrogate pair stands alone");
      }
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      fail("half of a surrogate pair stands alone");
    }
    append_utf8(out, static_cast<char32_t>(code));
  }

  [[nodiscard]] std::string string() {
    const auto begin = at_++;
    std::string out;
    while (true) {
      if (at_ == text_.size()) {
        fail_at(begin, "a text that begins here has no end");
      }
      const char next = text_[at_];
      if (next == '"') {
        ++at_;
        return out;
      }
      if (static_cast<unsigned char>(next) < 0x20) {
        fail("a control character stands in a text; write it as \\u00..");
      }
      ++at_;
      if (next == '\\') {
        append_escape(out);
      } else {
        out += next;
      }
    }
  }

  [[nodiscard]] bool skip_digits() noexcept {
    const auto begin = at_;
    while (peek() >= '0' && peek() <= '9') {
      ++at_;
    }
    return at_ != begin;
  }

  [[nodiscard]] double number() {
    const auto begin = at_;
    const auto bad = [&] { fail_at(begin, "expected a value, found " + excerpt(begin)); };
    (void)accept('-');
    if (!accept('0') && !skip_digits()) {
      bad();
    }
    if (accept('.') && !skip_digits()) {
      bad();
    }
    if (accept('e') || accept('E')) {
      if (!accept('+')) {
        (void)accept('-');
      }
      if (!skip_digits()) {
        bad();
      }
    }
    double result = 0.0;
    const auto [end, error] = std::from_chars(text_.data() + begin, text_.data() + at_, result);
    if (error == std::errc::result_out_of_range || !std::isfinite(result)) {
      fail_at(begin, "the number is too large or too small for a double");
    }
    return result;
  }

  std::string_view text_;
  json_limits limits_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
};

KLANTREIS_INLINE void append_json_text(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (letter == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += letter;
    }
  }
  out += '"';
}

KLANTREIS_INLINE void append_json(std::string& out, const json_value& value) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_boolean()) {
    out += value.boolean() ? "true" : "false";
  } else if (value.is_number()) {
    out += number_text(value.number());
  } else if (value.is_text()) {
    append_json_text(out, value.text());
  } else if (value.is_array()) {
    out += '[';
    bool first = true;
    for (const auto& item : value.array()) {
      out += std::exchange(first, false) ? "" : ",";
      append_json(out, item);
    }
    out += ']';
  } else {
    out += '{';
    bool first = true;
    for (const auto& [name, item] : value.object()) {
      out += std::exchange(first, false) ? "" : ",";
      append_json_text(out, name);
      out += ':';
      append_json(out, item);
    }
    out += '}';
  }
}

}  // namespace detail

KLANTREIS_INLINE json_value parse_json(std::string_view text, const json_limits& limits) {
  if (text.size() > limits.bytes) {
    throw limit_error("the JSON text has " + std::to_string(text.size()) + " bytes; the limit is " +
                      std::to_string(limits.bytes));
  }
  if (!detail::is_utf8(text)) {
    throw input_error("the JSON text is not valid UTF-8; save it as UTF-8");
  }
  return detail::json_reader{text, limits}.document();
}

KLANTREIS_INLINE std::string to_json(const json_value& value) {
  std::string out;
  detail::append_json(out, value);
  return out;
}

}  // namespace klantreis
