// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/escape.hpp"
#include "klantreis/detail/number_text.hpp"

namespace klantreis::detail {

/// Text, rectangles and lines of one picture; grows as it is written.
class svg_writer {
 public:
  /// To a tenth of a pixel.
  [[nodiscard]] static std::string number(double value) {
    const double rounded = std::round(value * 10.0) / 10.0;
    return number_text(rounded == 0.0 ? 0.0 : rounded);
  }

  void text(double x, double y, std::string_view style, std::string_view words, std::string_view anchor = "start") {
    out_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"";
    out_ += style;
    out_ += anchor == "start" ? "\"" : "\" text-anchor=\"" + std::string{anchor} + "\"";
    out_ += ">" + xml_text(words) + "</text>\n";
  }
  void rectangle(double x, double y, double width, double height, std::string_view style, double radius = 0.0) {
    out_ += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number((std::max)(0.0, width)) +
            "\" height=\"" + number((std::max)(0.0, height)) + "\"" +
            (radius > 0.0 ? " rx=\"" + number(radius) + "\"" : "") + " class=\"";
    out_ += style;
    out_ += "\"/>\n";
  }
  void line(double x1, double y1, double x2, double y2, std::string_view style) {
    out_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) +
            "\" class=\"";
    out_ += style;
    out_ += "\"/>\n";
  }
  void circle(double x, double y, double radius, std::string_view style) {
    out_ += "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"" + number(radius) + "\" class=\"";
    out_ += style;
    out_ += "\"/>\n";
  }
  void polyline(const std::vector<std::array<double, 2>>& points, std::string_view style) {
    out_ += "<polyline class=\"";
    out_ += style;
    out_ += "\" points=\"";
    for (std::size_t i = 0; i < points.size(); ++i) {
      out_ += (i == 0 ? "" : " ") + number(points[i][0]) + "," + number(points[i][1]);
    }
    out_ += "\"/>\n";
  }
  void raw(std::string_view markup) { out_ += markup; }
  void title(std::string_view words) { out_ += "<title>" + xml_text(words) + "</title>\n"; }

  [[nodiscard]] const std::string& str() const noexcept { return out_; }

 private:
  std::string out_;
};

/// The width of a text in ems, from classes of characters: enough to wrap by, no font is known.
[[nodiscard]] inline double ems(char32_t c) noexcept {
  if (c >= 0x300 && c < 0x370) {
    return 0.0;
  }
  if (c >= 0x2E80 && c < 0xFB00 && !(c >= 0xD800 && c < 0xE000)) {
    return 1.0;
  }
  if (c >= 0x1F000) {
    return 1.2;
  }
  constexpr std::u32string_view narrow = U"iljt.,:;'|!()[]fr ";
  constexpr std::u32string_view wide = U"mwMW@%";
  if (narrow.find(c) != std::u32string_view::npos) {
    return 0.34;
  }
  return wide.find(c) != std::u32string_view::npos ? 0.9 : (c >= 'A' && c <= 'Z') ? 0.68 : 0.57;
}

/// Lines of at most `width` pixels; what does not fit in `most` lines ends in an ellipsis.
[[nodiscard]] inline std::vector<std::string> wrapped(std::string_view text, double width, double size,
                                                      std::size_t most = 3) {
  const double room = width / size;
  struct word {
    std::string text;
    double ems = 0.0;
  };
  // A word that is wider than a line is broken where it must be.
  std::vector<word> words(1);
  while (!text.empty()) {
    char32_t c = next_character(text);
    c = is_control(c) ? U' ' : c;
    if (c == U' ') {
      if (!words.back().text.empty()) {
        words.emplace_back();
      }
      continue;
    }
    if (words.back().ems + ems(c) > room) {
      words.emplace_back();
    }
    append_utf8(words.back().text, c == U'\u00A0' ? U' ' : c);
    words.back().ems += ems(c);
    if (words.size() > 40 * most) {
      break;
    }
  }
  std::vector<std::string> lines;
  double used = 0.0;
  for (auto& next : words) {
    if (next.text.empty()) {
      continue;
    }
    if (!lines.empty() && used + ems(U' ') + next.ems <= room) {
      lines.back() += ' ' + next.text;
      used += ems(U' ') + next.ems;
      continue;
    }
    if (lines.size() == most) {
      // Room for the ellipsis: one character less.
      std::string& last = lines.back();
      while (!last.empty() && used + 1.0 > room) {
        while (!last.empty() && (static_cast<unsigned char>(last.back()) & 0xC0U) == 0x80U) {
          last.pop_back();
        }
        if (!last.empty()) {
          last.pop_back();
        }
        used -= 0.5;
      }
      last += "\u2026";
      return lines;
    }
    lines.push_back(std::move(next.text));
    used = next.ems;
  }
  return lines;
}

}  // namespace klantreis::detail
