// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace benchmarks {

/// The columns of a file of generate.py --binary.
struct input {
  std::vector<std::int64_t> customers;
  std::vector<std::int64_t> times;
  std::vector<std::uint32_t> touchpoints;
  std::vector<double> values;
  std::vector<std::string> names;
  // As texts: ids of 17 characters in one piece of memory, and views of them and of the names.
  std::string id_characters;
  std::vector<std::string_view> id_texts;
  std::vector<std::string_view> touchpoint_texts;
};

inline void make_texts(input& columns) {
  constexpr std::size_t width = 17;
  columns.id_characters.resize(width * columns.customers.size());
  for (std::size_t row = 0; row < columns.customers.size(); ++row) {
    char* const text = columns.id_characters.data() + width * row;
    auto id = static_cast<std::uint64_t>(columns.customers[row]);
    for (std::size_t at = width - 1; at > 0; --at, id >>= 4U) {
      text[at] = "0123456789abcdef"[id & 15U];
    }
    text[0] = 'u';
    columns.id_texts.emplace_back(text, width);
    columns.touchpoint_texts.emplace_back(columns.names[columns.touchpoints[row]]);
  }
}

inline input read_columns(const char* path) {
  std::ifstream file{path, std::ios::binary};
  std::int64_t sizes[2] = {};
  const auto read = [&file](auto& column, std::size_t size) {
    column.resize(size);
    file.read(reinterpret_cast<char*>(column.data()), static_cast<std::streamsize>(size * sizeof(column[0])));
  };
  file.read(reinterpret_cast<char*>(sizes), sizeof sizes);
  input result;
  const auto size = static_cast<std::size_t>(sizes[0]);
  read(result.customers, size);
  read(result.times, size);
  read(result.touchpoints, size);
  read(result.values, size);
  if (!file) {
    std::cerr << path << " is not a file of generate.py --binary\n";
    std::exit(1);
  }
  result.names = {"visit", "product", "cart", "purchase"};
  for (std::int64_t code = 4; code < sizes[1]; ++code) {
    result.names.push_back("page_" + std::to_string(code));
  }
  return result;
}

}  // namespace benchmarks
