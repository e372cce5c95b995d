// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "klantreis/statistics.hpp"

namespace klantreis {

/// Numbers without customers: impressions, video views, ranks. One row each, all columns of one length.
struct kpi_aggregates {
  std::vector<std::int64_t> dates;  ///< microseconds since 1970-01-01 UTC
  std::vector<std::string> kpis;
  std::vector<std::string> channels;  ///< empty text: none
  std::vector<double> values;

  [[nodiscard]] std::size_t size() const noexcept { return values.size(); }
  /// Adds the rows of another table.
  kpi_aggregates& operator+=(const kpi_aggregates& other) {
    dates.insert(dates.end(), other.dates.begin(), other.dates.end());
    kpis.insert(kpis.end(), other.kpis.begin(), other.kpis.end());
    channels.insert(channels.end(), other.channels.begin(), other.channels.end());
    values.insert(values.end(), other.values.begin(), other.values.end());
    return *this;
  }
};

enum class kpi_period : std::uint8_t { none, day, week, month };

struct kpi_options {
  std::string by = {};  ///< `channel`, `phase`, an attribute …: a row for each label; empty: the whole
  kpi_period period = kpi_period::none;
  std::vector<std::string> select = {};  ///< only these figures, in this order; empty: all
  interval_options intervals{};
  double too_few = 5.0;  ///< no verdict on figures of fewer customers
  unsigned threads = 0;  ///< 0: one for each core
};

}  // namespace klantreis
