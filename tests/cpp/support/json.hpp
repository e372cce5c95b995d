// SPDX-License-Identifier: MIT
#pragma once

// Reads the oracle files of tests/data: well-formed JSON, without surrogate escapes.

#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace test {

class json {
 public:
  static json parse(const std::string& text) {
    std::size_t at = 0;
    return read(text, at);
  }

  /// A file below tests/data.
  static json file(const std::string& name) {
    std::ifstream stream(std::string(KLANTREIS_TEST_DATA) + "/" + name);
    if (!stream) {
      throw std::runtime_error("no oracle file " + name);
    }
    std::ostringstream text;
    text << stream.rdbuf();
    return parse(text.str());
  }

  double number() const { return number_; }
  const std::string& text() const { return text_; }
  std::size_t size() const { return items_.size() + members_.size(); }
  bool contains(const std::string& key) const { return members_.contains(key); }
  const json& operator[](const std::string& key) const { return members_.at(key); }
  const json& operator[](std::size_t index) const { return items_.at(index); }
  const std::vector<json>& items() const { return items_; }
  const std::map<std::string, json>& members() const { return members_; }

  std::vector<double> numbers() const {
    std::vector<double> result;
    for (const json& item : items_) {
      result.push_back(item.number_);
    }
    return result;
  }

 private:
  static void skip(const std::string& text, std::size_t& at) {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) {
      ++at;
    }
  }

  static std::string read_text(const std::string& text, std::size_t& at) {
    std::string result;
    for (++at; text.at(at) != '"'; ++at) {
      if (text[at] == '\\') {
        const char escaped = text.at(++at);
        if (escaped == 'u') {
          const auto code = static_cast<unsigned>(std::stoul(text.substr(at + 1, 4), nullptr, 16));
          at += 4;
          if (code < 0x80) {
            result += static_cast<char>(code);
          } else if (code < 0x800) {
            result += static_cast<char>(0xC0 | (code >> 6));
            result += static_cast<char>(0x80 | (code & 0x3F));
          } else {
            result += static_cast<char>(0xE0 | (code >> 12));
            result += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
            result += static_cast<char>(0x80 | (code & 0x3F));
          }
          continue;
        }
        result += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped == 'r' ? '\r' : escaped;
        continue;
      }
      result += text[at];
    }
    ++at;
    return result;
  }

  static json read(const std::string& text, std::size_t& at) {
    json value;
    skip(text, at);
    const char first = text.at(at);
    if (first == '{' || first == '[') {
      const char last = first == '{' ? '}' : ']';
      ++at;
      for (skip(text, at); text.at(at) != last; skip(text, at)) {
        if (text[at] == ',') {
          ++at;
          skip(text, at);
        }
        if (first == '[') {
          value.items_.push_back(read(text, at));
          continue;
        }
        std::string key = read_text(text, at);
        skip(text, at);
        ++at;
        value.members_.emplace(std::move(key), read(text, at));
      }
      ++at;
    } else if (first == '"') {
      value.text_ = read_text(text, at);
    } else if (first == 't' || first == 'f' || first == 'n') {
      value.number_ = first == 't' ? 1.0 : 0.0;
      at += first == 'f' ? 5 : 4;
    } else {
      char* end = nullptr;
      value.number_ = std::strtod(text.c_str() + at, &end);
      if (end == text.c_str() + at) {
        throw std::runtime_error("oracle file: no value at byte " + std::to_string(at));
      }
      at = static_cast<std::size_t>(end - text.c_str());
    }
    return value;
  }

  double number_ = 0.0;
  std::string text_;
  std::vector<json> items_;
  std::map<std::string, json> members_;
};

}  // namespace test
