// SPDX-License-Identifier: MIT
// Any bytes as the texts of a path table: they are refused with a message, or read, and what is printed reads back.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/bytes.hpp"
#include "klantreis/paths.hpp"

namespace {

klantreis::path_table read(const std::vector<std::string>& texts, const std::vector<double>& conversions,
                           char separator) {
  klantreis::path_table table;
  klantreis::append_paths(table, klantreis::column_view{std::span<const std::string>{texts}},
                          klantreis::column_view{std::span<const double>{conversions}}, {}, {}, separator);
  return table;
}

std::vector<std::pair<std::string, double>> printed(const klantreis::path_table& paths) {
  const klantreis::table table = paths.to_table();
  std::vector<std::pair<std::string, double>> rows;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    rows.emplace_back(table.texts("path")[row], table.numbers("conversions")[row]);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::source bytes{data, size};
  constexpr std::string_view separators = ">|,;";
  const char separator = separators[bytes.below(separators.size())];
  std::vector<std::string> texts(1);
  while (!bytes.empty()) {
    const auto next = static_cast<char>(bytes.byte());
    if (next == '\n') {
      texts.emplace_back();
    } else {
      texts.back() += next;
    }
  }
  const std::vector<double> ones(texts.size(), 1.0);
  klantreis::path_table paths;
  try {
    paths = read(texts, ones, separator);
  } catch (const klantreis::input_error& error) {
    fuzz::require(!std::string_view{error.what()}.empty(), "an error says what is wrong");
    return 0;
  }
  fuzz::require(paths.total_conversions() == static_cast<double>(texts.size()), "every row is counted");

  const auto rows = printed(paths);
  fuzz::require(std::adjacent_find(rows.begin(), rows.end(),
                                   [](const auto& a, const auto& b) { return a.first == b.first; }) == rows.end(),
                "different paths print differently");
  std::vector<std::string> again;
  std::vector<double> conversions;
  for (const auto& [text, count] : rows) {
    again.push_back(text);
    conversions.push_back(count);
  }
  fuzz::require(printed(read(again, conversions, '>')) == rows, "what is printed reads back");
  return 0;
}
