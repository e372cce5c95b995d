// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "klantreis/detail/log/data.hpp"

namespace klantreis::detail {

/// Events that equal an earlier one of the same customer and time in every column.
[[nodiscard]] inline std::uint64_t count_duplicates(const log_data& data, std::span<const std::int64_t> times,
                                                    std::span<const std::int64_t> orders) {
  const auto same_amount = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  const auto compare_amount = [](double a, double b) {
    return std::isnan(a) ? (std::isnan(b) ? 0 : -1) : std::isnan(b) ? 1 : a < b ? -1 : a > b ? 1 : 0;
  };
  std::vector<const number_store*> amount_columns;
  for (const auto* amounts : {&data.values, &data.costs}) {
    if (!amounts->empty()) {
      amount_columns.push_back(amounts);
    }
  }
  for (const auto& column : data.numbers) {
    amount_columns.push_back(&column.values);
  }
  const auto less = [&](std::uint64_t a, std::uint64_t b) {
    if (data.touchpoint.codes[a] != data.touchpoint.codes[b]) {
      return data.touchpoint.codes[a] < data.touchpoint.codes[b];
    }
    for (const auto& label : data.labels) {
      if (label.codes[a] != label.codes[b]) {
        return label.codes[a] < label.codes[b];
      }
    }
    for (const auto* amounts : amount_columns) {
      if (!same_amount((*amounts)[a], (*amounts)[b])) {
        return compare_amount((*amounts)[a], (*amounts)[b]) < 0;
      }
    }
    return false;
  };
  std::uint64_t duplicates = 0;
  std::vector<std::uint64_t> run;
  for (std::size_t c = 0; c + 1 < data.offsets.size(); ++c) {
    for (std::uint64_t begin = data.offsets[c]; begin < data.offsets[c + 1];) {
      std::uint64_t end = begin + 1;
      while (end < data.offsets[c + 1] && times[end] == times[begin] &&
             (orders.empty() || orders[end] == orders[begin])) {
        ++end;
      }
      if (end - begin > 1) {
        run.resize(end - begin);
        std::iota(run.begin(), run.end(), begin);
        std::sort(run.begin(), run.end(), less);
        for (std::size_t i = 1; i < run.size(); ++i) {
          duplicates += less(run[i - 1], run[i]) ? 0U : 1U;
        }
      }
      begin = end;
    }
  }
  return duplicates;
}

}  // namespace klantreis::detail
