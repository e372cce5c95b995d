// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <system_error>

#include "klantreis/detail/number_text.hpp"
#include "klantreis/kpi/expression.hpp"

namespace klantreis {
namespace detail {

[[nodiscard]] constexpr bool is_name_byte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         static_cast<unsigned char>(c) >= 0x80;
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The number that `text` is as a whole, if it is one.
[[nodiscard]] inline bool reads_as_number(std::string_view text, double& value) noexcept {
  if (text.empty() || !(is_digit(text.front()) || text.front() == '.')) {
    return false;
  }
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

/// Reads an expression from left to right, one function for each rule of the grammar.
class expression_reader {
 public:
  explicit expression_reader(std::string_view text) : text_(text) {}

  [[nodiscard]] kpi_expression whole() {
    kpi_expression result = sum();
    skip_blanks();
    if (at_ != text_.size()) {
      fail("unexpected " + quoted(text_.substr(at_, 1)));
    }
    return result;
  }

 private:
  struct level {
    explicit level(expression_reader& reader) : owner(reader) {
      if (++owner.depth_ > max_expression_depth) {
        throw limit_error("the expression nests deeper than " + std::to_string(max_expression_depth) + " levels");
      }
    }
    level(const level&) = delete;
    level& operator=(const level&) = delete;
    ~level() { --owner.depth_; }
    expression_reader& owner;
  };

  [[noreturn]] void fail(const std::string& reason) const {
    throw input_error("expression " + quoted(text_) + ", character " + std::to_string(at_ + 1) + ": " + reason);
  }

  void count_part() {
    if (++parts_ > max_expression_parts) {
      throw limit_error("the expression has more than " + std::to_string(max_expression_parts) + " parts");
    }
  }

  void skip_blanks() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  [[nodiscard]] char peek() noexcept {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  [[nodiscard]] bool take(char wanted) noexcept {
    if (peek() != wanted || at_ == text_.size()) {
      return false;
    }
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!take(wanted)) {
      fail(std::string{"expected "} + wanted + (at_ == text_.size() ? ", found the end" : ""));
    }
  }

  /// Operators of one rank, from left to right.
  template <typename Next>
  kpi_expression chain(char first, char second, Next&& next) {
    kpi_expression left = next();
    for (std::size_t nested = 0;; ++nested) {
      const char operation = peek();
      if (at_ == text_.size() || (operation != first && operation != second)) {
        return left;
      }
      // Each operator of a chain nests what stands left of it one level deeper.
      if (nested >= max_expression_depth) {
        throw limit_error("the expression chains more than " + std::to_string(max_expression_depth) + " operators");
      }
      ++at_;
      count_part();
      std::vector<kpi_expression> sides;
      sides.push_back(std::move(left));
      sides.push_back(next());
      left = kpi_expression::of_call(std::string{operation}, std::move(sides));
    }
  }

  kpi_expression sum() {
    return chain('+', '-', [this] { return product(); });
  }

  kpi_expression product() {
    return chain('*', '/', [this] { return factor(); });
  }

  kpi_expression factor() {
    const level here{*this};
    count_part();
    if (take('-')) {
      kpi_expression inner = factor();
      if (inner.what == kpi_expression::kind::number) {
        inner.number = -inner.number;
        return inner;
      }
      return kpi_expression::of_call("-", {kpi_expression::of_number(0.0), std::move(inner)});
    }
    if (take('(')) {
      kpi_expression inner = sum();
      expect(')');
      return inner;
    }
    if (take('[')) {
      return kpi_expression::of_list(elements(']'));
    }
    if (take('{')) {
      return mapping();
    }
    if (peek() == '"') {
      return kpi_expression::of_text(quoted_text());
    }
    return word();
  }

  kpi_expression word() {
    std::string name = bare_word();
    double value = 0.0;
    if (reads_as_number(name, value)) {
      return kpi_expression::of_number(value);
    }
    if (!take('(')) {
      return kpi_expression::of_text(std::move(name));
    }
    kpi_expression call = kpi_expression::of_call(std::move(name));
    if (take(')')) {
      return call;
    }
    do {
      if (std::string option = named_argument(); !option.empty()) {
        add_option(call, std::move(option), sum());
      } else {
        call.items.push_back(sum());
      }
    } while (take(','));
    expect(')');
    return call;
  }

  /// The name before `=`, where one stands; otherwise reads nothing.
  std::string named_argument() {
    skip_blanks();
    const std::size_t begin = at_;
    std::size_t end = begin;
    while (end < text_.size() && is_name_byte(text_[end])) {
      ++end;
    }
    at_ = end;
    if (end != begin && take('=')) {
      return std::string{text_.substr(begin, end - begin)};
    }
    at_ = begin;
    return {};
  }

  kpi_expression mapping() {
    kpi_expression result = kpi_expression::of_mapping();
    if (take('}')) {
      return result;
    }
    do {
      std::string name = peek() == '"' ? quoted_text() : bare_word();
      expect(':');
      add_option(result, std::move(name), sum());
    } while (take(','));
    expect('}');
    return result;
  }

  void add_option(kpi_expression& to, std::string name, kpi_expression value) {
    if (to.find(name) != nullptr) {
      fail("option " + quoted(name) + " is given twice");
    }
    to.options.emplace_back(std::move(name), std::move(value));
  }

  std::vector<kpi_expression> elements(char end) {
    std::vector<kpi_expression> result;
    if (take(end)) {
      return result;
    }
    do {
      result.push_back(sum());
    } while (take(','));
    expect(end);
    return result;
  }

  std::string bare_word() {
    skip_blanks();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_byte(text_[at_])) {
      ++at_;
    }
    // The exponent of a number may have a sign: 1e-3.
    double mantissa = 0.0;
    if (at_ - begin > 1 && at_ + 1 < text_.size() && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E') &&
        (text_[at_] == '-' || text_[at_] == '+') && is_digit(text_[at_ + 1]) &&
        reads_as_number(text_.substr(begin, at_ - 1 - begin), mantissa)) {
      ++at_;
      while (at_ < text_.size() && is_digit(text_[at_])) {
        ++at_;
      }
    }
    if (at_ == begin) {
      fail(at_ == text_.size() ? "expected a number, a name or a measure, found the end"
                               : "expected a number, a name or a measure, found " + quoted(text_.substr(at_, 1)));
    }
    return std::string{text_.substr(begin, at_ - begin)};
  }

  std::string quoted_text() {
    expect('"');
    std::string result;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        ++at_;
      }
      result += text_[at_++];
    }
    if (at_ == text_.size()) {
      fail("a quoted text has no end");
    }
    ++at_;
    return result;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t parts_ = 0;
};

[[nodiscard]] inline std::string name_in_expression(const std::string& name) {
  bool bare = !name.empty();
  for (const char c : name) {
    bare = bare && is_name_byte(c);
  }
  double value = 0.0;
  // 1e-3 would be read on beyond the name, and 12 as a number.
  if (bare && !reads_as_number(name, value) &&
      !(is_digit(name.front()) && (name.back() == 'e' || name.back() == 'E'))) {
    return name;
  }
  std::string result{'"'};
  for (const char c : name) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result + '"';
}

[[nodiscard]] inline int operator_rank(const kpi_expression& expression) noexcept {
  if (expression.what == kpi_expression::kind::number) {
    return expression.number < 0.0 ? 1 : 3;
  }
  if (expression.what != kpi_expression::kind::call || expression.items.size() != 2) {
    return 3;
  }
  return expression.text == "+" || expression.text == "-"   ? 1
         : expression.text == "*" || expression.text == "/" ? 2
                                                            : 3;
}

}  // namespace detail

KLANTREIS_INLINE kpi_expression kpi_expression::of_number(double value) {
  kpi_expression result;
  result.number = value;
  return result;
}

KLANTREIS_INLINE kpi_expression kpi_expression::of_text(std::string value) {
  kpi_expression result;
  result.what = kind::text;
  result.text = std::move(value);
  return result;
}

KLANTREIS_INLINE kpi_expression kpi_expression::of_list(std::vector<kpi_expression> values) {
  kpi_expression result;
  result.what = kind::list;
  result.items = std::move(values);
  return result;
}

KLANTREIS_INLINE kpi_expression kpi_expression::of_call(std::string name, std::vector<kpi_expression> arguments) {
  kpi_expression result;
  result.what = kind::call;
  result.text = std::move(name);
  result.items = std::move(arguments);
  return result;
}

KLANTREIS_INLINE kpi_expression kpi_expression::of_mapping() {
  kpi_expression result;
  result.what = kind::mapping;
  return result;
}

KLANTREIS_INLINE const kpi_expression* kpi_expression::find(std::string_view name) const noexcept {
  for (const auto& [option, value] : options) {
    if (option == name) {
      return &value;
    }
  }
  return nullptr;
}

KLANTREIS_INLINE kpi_expression parse_expression(std::string_view text) {
  return detail::expression_reader{text}.whole();
}

KLANTREIS_INLINE std::string to_text(const kpi_expression& expression) {
  using kind = kpi_expression::kind;
  const auto joined = [](const std::vector<kpi_expression>& parts) {
    std::string result;
    for (const kpi_expression& part : parts) {
      result += (result.empty() ? "" : ", ") + to_text(part);
    }
    return result;
  };
  switch (expression.what) {
    case kind::number:
      return detail::number_text(expression.number);
    case kind::text:
      return detail::name_in_expression(expression.text);
    case kind::list:
      return "[" + joined(expression.items) + "]";
    case kind::mapping: {
      std::string inside;
      for (const auto& [name, value] : expression.options) {
        inside += (inside.empty() ? "" : ", ") + detail::name_in_expression(name) + ": " + to_text(value);
      }
      return "{" + inside + "}";
    }
    case kind::call:
      break;
  }
  if (const int rank = detail::operator_rank(expression); rank < 3) {
    const auto side = [&](const kpi_expression& part, bool right) {
      const int other = detail::operator_rank(part);
      return other < rank || (right && other == rank) ? "(" + to_text(part) + ")" : to_text(part);
    };
    return side(expression.items[0], false) + " " + expression.text + " " + side(expression.items[1], true);
  }
  std::string inside = joined(expression.items);
  for (const auto& [name, value] : expression.options) {
    inside += (inside.empty() ? "" : ", ") + name + "=" + to_text(value);
  }
  return expression.text + "(" + inside + ")";
}

}  // namespace klantreis
