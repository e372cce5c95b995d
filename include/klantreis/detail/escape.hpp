// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

// Names of touchpoints come from outside, web analytics from anyone: each format gets every name as text that means
// only itself. What a format cannot hold (control characters, broken UTF-8) becomes U+FFFD.

namespace klantreis::detail {

inline constexpr char32_t replacement_character = 0xFFFD;

inline void append_utf8(std::string& text, char32_t c) {
  const auto put = [&text](char32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6U));
    put(0x80 | (c & 0x3FU));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12U));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  } else {
    put(0xF0 | (c >> 18U));
    put(0x80 | ((c >> 12U) & 0x3FU));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  }
}

/// Takes the first character off `text`, which is not empty. A byte that begins no valid UTF-8 is U+FFFD.
inline char32_t next_character(std::string_view& text) noexcept {
  const auto byte = [&text](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  const char32_t first = byte(0);
  const std::size_t length = first < 0x80   ? 1U
                             : first < 0xC2 ? 0U
                             : first < 0xE0 ? 2U
                             : first < 0xF0 ? 3U
                             : first < 0xF5 ? 4U
                                            : 0U;
  char32_t c = length <= 1 ? first : first & (0xFFU >> (length + 1));
  bool valid = length != 0 && length <= text.size();
  for (std::size_t i = 1; valid && i < length; ++i) {
    valid = (byte(i) & 0xC0U) == 0x80U;
    c = (c << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  if (!valid || c < smallest[length] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) {
    text.remove_prefix(1);
    return replacement_character;
  }
  text.remove_prefix(length);
  return c;
}

[[nodiscard]] constexpr bool is_control(char32_t c) noexcept { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

[[nodiscard]] constexpr bool is_ascii_alphanumeric(char32_t c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// Inside double quotes of DOT. Graphviz reads backslashes and HTML entities in labels.
inline std::string dot_text(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    const char32_t c = next_character(name);
    switch (c) {
      case '"':
        text += "\\\"";
        break;
      case '\\':
        text += "\\\\";
        break;
      case '&':
        text += "&amp;";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\t':
        text += ' ';
        break;
      default:
        append_utf8(text, is_control(c) ? replacement_character : c);
    }
  }
  return text;
}

/// Text content of an XML 1.0 element.
inline std::string xml_text(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    const char32_t c = next_character(name);
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '"':
        text += "&quot;";
        break;
      case '\r':
        text += "&#13;";
        break;
      case '\n':
      case '\t':
        text += static_cast<char>(c);
        break;
      default:
        append_utf8(text, c < 0x20 || c == 0xFFFE || c == 0xFFFF ? replacement_character : c);
    }
  }
  return text;
}

/// Inside double quotes of a Mermaid label, which Mermaid reads as Markdown and then as HTML: everything that could
/// mean something to either, or start a directive, is a numbered entity.
inline std::string mermaid_text(std::string_view name) {
  std::string text;
  char32_t before = ' ';
  while (!name.empty()) {
    const char32_t c = next_character(name);
    std::string_view rest = name;
    const bool inside = is_ascii_alphanumeric(before) && !rest.empty() && is_ascii_alphanumeric(next_character(rest));
    if (c == '\n') {
      text += "<br/>";
    } else if (c == ' ' || c == '\t') {
      text += ' ';
    } else if (is_control(c)) {
      append_utf8(text, replacement_character);
    } else if ((c >= 0x80 && c != 0x2028 && c != 0x2029) || is_ascii_alphanumeric(c) || c == '(' || c == ')' ||
               c == ',' || (inside && (c == '_' || c == '-' || c == '.'))) {
      append_utf8(text, c);
    } else {
      text += '#' + std::to_string(static_cast<std::uint32_t>(c)) + ';';
    }
    before = c;
  }
  return text;
}

/// A JSON string with its quotes. `<`, `>`, `&` and the line separators of JavaScript are escaped, for use in HTML.
inline std::string json_text(std::string_view name) {
  std::string text = "\"";
  while (!name.empty()) {
    const char32_t c = next_character(name);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += static_cast<char>(c);
    } else if (is_control(c) || c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029) {
      std::array<char, 16> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      text += escape.data();
    } else {
      append_utf8(text, c);
    }
  }
  return text + '"';
}

}  // namespace klantreis::detail
