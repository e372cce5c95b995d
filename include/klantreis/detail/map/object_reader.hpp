// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "klantreis/detail/escape.hpp"
#include "klantreis/detail/map/places.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/map/json_value.hpp"
#include "klantreis/map/rule.hpp"

// Reads the members of JSON objects and collects what is wrong with them, so that a file is mended in one go.

namespace klantreis::detail {

/// The mistakes found so far, each with its path.
class mistakes {
 public:
  static constexpr std::size_t most = 20;

  void add(std::string_view path, const std::string& what) {
    if (++count_ <= most) {
      text_ += (text_.empty() ? "" : "\n") + shown(path) + ": " + what;
    }
  }
  /// True when what is added now is only counted.
  [[nodiscard]] bool full() const noexcept { return count_ >= most; }
  void throw_if_any() const {
    if (count_ > most) {
      throw input_error(text_ + "\nand " + std::to_string(count_ - most) + " more");
    }
    if (count_ != 0) {
      throw input_error(text_);
    }
  }

 private:
  /// Paths hold names of columns and levels, which may be anything.
  [[nodiscard]] static std::string shown(std::string_view path) {
    constexpr std::size_t longest = 200;
    std::string text;
    while (!path.empty() && text.size() < longest) {
      const char32_t c = next_character(path);
      append_utf8(text, is_control(c) ? replacement_character : c);
    }
    return path.empty() ? text : text + "…";
  }

  std::size_t count_ = 0;
  std::string text_;
};

/// True for what names an item: [a-z0-9][a-z0-9_./-]*, at most 200 characters.
[[nodiscard]] inline bool is_map_id(std::string_view text) noexcept {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > 200 || !plain(text.front())) {
    return false;
  }
  for (const char c : text) {
    if (!plain(c) && c != '_' && c != '.' && c != '/' && c != '-') {
      return false;
    }
  }
  return true;
}

/// A length of time such as `30d`: a number and s, m, h, d or w.
[[nodiscard]] inline std::optional<duration> map_duration(std::string_view text) {
  if (text.size() < 2 || text.size() > 40) {
    return std::nullopt;
  }
  double seconds = 0.0;
  switch (text.back()) {
    case 's':
      seconds = 1;
      break;
    case 'm':
      seconds = 60;
      break;
    case 'h':
      seconds = 3'600;
      break;
    case 'd':
      seconds = 86'400;
      break;
    case 'w':
      seconds = 604'800;
      break;
    default:
      return std::nullopt;
  }
  const auto digits = text.substr(0, text.size() - 1);
  const auto point = digits.find('.');
  if (digits.find_first_not_of("0123456789.") != std::string_view::npos || point == 0 || point == digits.size() - 1 ||
      (point != std::string_view::npos && digits.find('.', point + 1) != std::string_view::npos)) {
    return std::nullopt;
  }
  double number = 0.0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const double microseconds = std::round(number * seconds * 1e6);
  constexpr double limit = 1e4 * 366 * 86'400e6;
  if (!(microseconds >= 1.0) || microseconds > limit) {
    return std::nullopt;
  }
  return duration{static_cast<std::int64_t>(microseconds)};
}

/// One object of the file. Each member is asked for by its key; `finish` reports those that nobody asked for.
class object_reader {
 public:
  object_reader(mistakes& wrong, const json_value& value, std::string path)
      : wrong_(wrong), value_(value), path_(std::move(path)) {
    if (!value.is_object()) {
      wrong_.add(path_.empty() ? "the file" : path_, "is " + std::string{value.type_name()} + "; it must be an object");
    }
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string path_of(std::string_view key) const { return member_path(path_, key); }
  [[nodiscard]] mistakes& wrong() const noexcept { return wrong_; }

  /// The member with this key; null pointer where absent or null.
  [[nodiscard]] const json_value* find(std::string_view key) {
    keys_.push_back(key);
    const auto* found = value_.find(key);
    return found == nullptr || found->is_null() ? nullptr : found;
  }
  [[nodiscard]] const json_value* find_required(std::string_view key) {
    const auto* found = find(key);
    if (found == nullptr && value_.is_object()) {
      wrong_.add(path_.empty() ? "the file" : path_, "has no " + quoted(key) + "; add it");
    }
    return found;
  }

  [[nodiscard]] std::string text(std::string_view key) { return text_of(find(key), key); }
  [[nodiscard]] std::string required_text(std::string_view key) {
    const auto* found = find_required(key);
    auto result = text_of(found, key);
    if (found != nullptr && found->is_text() && result.empty()) {
      wrong_.add(path_of(key), "is empty; write a text");
    }
    return result;
  }

  /// Text that is an id; `required` also reports its absence.
  [[nodiscard]] std::string id(std::string_view key, bool required = true) {
    const auto* found = required ? find_required(key) : find(key);
    auto result = text_of(found, key);
    if (found != nullptr && found->is_text()) {
      check_id(result, path_of(key));
    }
    return result;
  }

  [[nodiscard]] std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> result;
    const auto* found = find(key);
    if (found == nullptr) {
      return result;
    }
    if (!found->is_array()) {
      wrong_type(key, *found, "an array of texts");
      return result;
    }
    for (std::size_t i = 0; i < found->array().size(); ++i) {
      const auto& item = found->array()[i];
      if (item.is_text()) {
        result.push_back(item.text());
      } else {
        wrong_.add(item_path(path_of(key), i), "is " + std::string{item.type_name()} + "; it must be a text");
      }
    }
    return result;
  }

  /// An array of ids without repeats.
  [[nodiscard]] std::vector<std::string> ids(std::string_view key) {
    auto result = texts(key);
    std::unordered_set<std::string_view> seen;
    for (const auto& item : result) {
      check_id(item, path_of(key));
      if (!seen.insert(item).second) {
        wrong_.add(path_of(key), "names " + quoted(item) + " twice; keep one");
      }
    }
    return result;
  }

  /// One id, or an array of at least one.
  [[nodiscard]] std::vector<std::string> one_or_more_ids(std::string_view key) {
    const auto* found = find(key);
    if (found == nullptr) {
      return {};
    }
    if (found->is_text()) {
      check_id(found->text(), path_of(key));
      return {found->text()};
    }
    if (!found->is_array() || found->array().empty()) {
      wrong_type(key, *found, "an id or an array of ids");
      return {};
    }
    return ids(key);
  }

  [[nodiscard]] std::optional<double> number(std::string_view key, double low = -HUGE_VAL, double high = HUGE_VAL) {
    return number_of(find(key), key, low, high);
  }
  [[nodiscard]] double required_number(std::string_view key) {
    return number_of(find_required(key), key, -HUGE_VAL, HUGE_VAL).value_or(0.0);
  }

  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view key) {
    constexpr double limit = 1e9;
    const auto found = number(key, 0.0, limit);
    if (found && std::floor(*found) != *found) {
      wrong_.add(path_of(key), "is " + number_text(*found) + "; it must be a whole number");
    }
    return found ? std::optional{static_cast<std::int64_t>(*found)} : std::nullopt;
  }

  [[nodiscard]] bool boolean(std::string_view key, bool otherwise) {
    const auto* found = find(key);
    if (found == nullptr) {
      return otherwise;
    }
    if (!found->is_boolean()) {
      wrong_type(key, *found, "true or false");
      return otherwise;
    }
    return found->boolean();
  }

  [[nodiscard]] std::optional<duration> length(std::string_view key) {
    const auto* found = find(key);
    if (found == nullptr) {
      return std::nullopt;
    }
    const auto result = found->is_text() ? map_duration(found->text()) : std::nullopt;
    if (!result) {
      wrong_.add(path_of(key),
                 (found->is_text() ? "is " + quoted(found->text()) : "is " + std::string{found->type_name()}) +
                     "; it must be a length of time above 0, as in \"30m\", \"1.5h\", \"7d\" or \"4w\"");
    }
    return result;
  }

  /// One of a list of words.
  template <typename Choice>
  [[nodiscard]] Choice choice(std::string_view key, std::initializer_list<std::pair<std::string_view, Choice>> known,
                              Choice otherwise, bool required = false) {
    const auto* found = required ? find_required(key) : find(key);
    if (found == nullptr) {
      return otherwise;
    }
    if (found->is_text()) {
      for (const auto& [word, meaning] : known) {
        if (word == found->text()) {
          return meaning;
        }
      }
    }
    std::string message = found->is_text() ? "is " + quoted(found->text()) : "is " + std::string{found->type_name()};
    message += "; it must be one of";
    for (const auto& [word, meaning] : known) {
      message += " " + std::string{word};
    }
    wrong_.add(path_of(key), message);
    return otherwise;
  }

  [[nodiscard]] json_value any(std::string_view key, bool required = false) {
    const auto* found = required ? find_required(key) : find(key);
    return found == nullptr ? json_value{} : *found;
  }

  [[nodiscard]] std::optional<rule> rule_at(std::string_view key, bool required = false) {
    const auto* found = required ? find_required(key) : find(key);
    if (found == nullptr) {
      return std::nullopt;
    }
    return rule_of(*found, path_of(key));
  }
  [[nodiscard]] std::optional<rule> rule_of(const json_value& value, const std::string& path) const {
    try {
      return parse_rule(value, path);
    } catch (const input_error& error) {
      const std::string_view message = error.what();
      const auto colon = message.find(": ");
      wrong_.add(message.substr(0, colon), std::string{message.substr(colon + 2)});
      return std::nullopt;
    }
  }

  /// Reads the object under `key`, when it is there, with `read(object_reader&)`.
  template <typename Read>
  void object(std::string_view key, const Read& read, bool required = false) {
    const auto* found = required ? find_required(key) : find(key);
    if (found == nullptr) {
      return;
    }
    object_reader inner{wrong_, *found, path_of(key)};
    if (found->is_object()) {
      read(inner);
      inner.finish();
    }
  }

  /// Reads each object of the array under `key` with `read(object_reader&)`.
  template <typename Read>
  void each(std::string_view key, const Read& read, bool required = false, std::size_t limit = 20'000) {
    const auto* found = required ? find_required(key) : find(key);
    if (found == nullptr) {
      return;
    }
    if (!found->is_array() || (required && found->array().empty())) {
      wrong_type(key, *found, required ? "an array with at least one object" : "an array of objects");
      return;
    }
    if (found->array().size() > limit) {
      throw limit_error(path_of(key) + ": has " + std::to_string(found->array().size()) + " items; the limit is " +
                        std::to_string(limit));
    }
    for (std::size_t i = 0; i < found->array().size(); ++i) {
      object_reader inner{wrong_, found->array()[i], item_path(path_of(key), i)};
      if (found->array()[i].is_object()) {
        read(inner);
        inner.finish();
      }
    }
  }

  void finish() const {
    if (!value_.is_object()) {
      return;
    }
    for (const auto& member : value_.object()) {
      bool known = false;
      for (const auto key : keys_) {
        known = known || key == member.name;
      }
      if (!known && wrong_.full()) {
        wrong_.add({}, {});
      } else if (!known) {
        const std::vector<std::string> names(keys_.begin(), keys_.end());
        std::string message = "unknown key " + quoted(member.name);
        const auto similar = similar_names(member.name, names, 1);
        message += similar.empty() ? "; known are" : "; did you mean " + quoted(similar.front()) + "? Known are";
        for (const auto& name : names) {
          message += " " + name;
        }
        wrong_.add(path_.empty() ? "the file" : path_, message);
      }
    }
  }

  void check_id(std::string_view text, const std::string& path) const {
    if (!is_map_id(text)) {
      wrong_.add(path, quoted(text) +
                           " is no id; use lower-case letters, digits and _ . / -, beginning with a letter or digit");
    }
  }

 private:
  void wrong_type(std::string_view key, const json_value& found, const char* wanted) const {
    const bool is_empty = found.is_array() && found.array().empty();
    wrong_.add(path_of(key),
               "is " + std::string{is_empty ? "an empty array" : found.type_name()} + "; it must be " + wanted);
  }
  [[nodiscard]] std::string text_of(const json_value* found, std::string_view key) const {
    if (found == nullptr) {
      return {};
    }
    if (!found->is_text()) {
      wrong_type(key, *found, "a text");
      return {};
    }
    return found->text();
  }
  [[nodiscard]] std::optional<double> number_of(const json_value* found, std::string_view key, double low,
                                                double high) const {
    if (found == nullptr) {
      return std::nullopt;
    }
    if (!found->is_number()) {
      wrong_type(key, *found, "a number");
      return std::nullopt;
    }
    if (found->number() < low || found->number() > high) {
      wrong_.add(path_of(key), "is " + number_text(found->number()) + "; it must lie between " + number_text(low) +
                                   " and " + number_text(high));
      return std::nullopt;
    }
    return found->number();
  }

  mistakes& wrong_;
  const json_value& value_;
  std::string path_;
  std::vector<std::string_view> keys_;
};

}  // namespace klantreis::detail
