// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis::detail {

/// A share with its interval by customers. Where each customer is in it once it is a share of customers: Wilson's.
inline estimate share_by_customers(const visit_moments& row, const event_moments& cell,
                                   const interval_options& intervals) {
  if (row.v == row.customers) {
    return share_of_customers(static_cast<std::uint64_t>(cell.e), static_cast<std::uint64_t>(row.v), intervals);
  }
  return rate_interval(row, cell, intervals);
}

/// For each code whether it is one of `wanted`.
/// \throws input_error when no event carries one of the names.
inline std::vector<bool> codes_named(const name_table& names, const std::vector<std::string>& wanted,
                                     std::string_view by) {
  std::vector<bool> result(names.size(), false);
  for (const std::string& name : wanted) {
    const auto code = names.find(name);
    if (!code) {
      throw input_error(unknown_label_message(name, by, names));
    }
    result[*code] = true;
  }
  return result;
}

inline void set_cut_options(table& result, const journey_set& journeys) {
  for (const auto& [name, value] : cut_options(journeys)) {
    result.set_option(name, value);
  }
}

inline std::string names_text(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

/// The mean of numbers with its interval by customers; `customers` stand in order.
inline estimate mean_by_customers(const std::vector<double>& values, const std::vector<std::uint32_t>& customers,
                                  const interval_options& intervals) {
  double mean = 0.0;
  for (const double value : values) {
    mean += value;
  }
  mean /= static_cast<double>(values.size());
  influence_sum sum;
  for (std::size_t i = 0; i < values.size();) {
    const std::uint32_t customer = customers[i];
    double psi = 0.0;
    for (; i < values.size() && customers[i] == customer; ++i) {
      psi += values[i] - mean;
    }
    sum.add(psi / static_cast<double>(values.size()));
  }
  return sum.log_interval(mean, {}, intervals);
}

}  // namespace klantreis::detail
