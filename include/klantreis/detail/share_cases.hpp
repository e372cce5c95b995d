// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "klantreis/detail/rate_differences.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/statistics.hpp"

// Shares of things that customers have many of (journeys, visits) in one group or two, with customers as the units.

namespace klantreis::detail {

/// Customers who are alike: so many units in each group, so many of them counted.
struct share_case {
  std::array<std::uint32_t, 2> units{};
  std::array<std::uint32_t, 2> hits{};
  std::uint64_t customers = 0;

  [[nodiscard]] auto key() const noexcept { return std::tuple(units[0], units[1], hits[0], hits[1]); }
};

/// Counts shares cell by cell, customer by customer; merges by `+=`.
///
///     for each customer: unit(group) …, hit(cell, group) …, end_customer()
///
/// A cell is named by codes. What it keeps is how many customers there are of each kind, so sums of powers come out the
/// same in whatever order the customers come.
class share_counter {
 public:
  void unit(unsigned group = 0) { ++units_[group]; }

  void hit(std::span<const std::uint32_t> cell, unsigned group = 0) {
    const std::size_t index = cell_of(cell);
    if (own_[index][0] + own_[index][1] == 0) {
      touched_.push_back(index);
    }
    ++own_[index][group];
  }

  void end_customer() {
    if (units_[0] + units_[1] == 0) {
      return;
    }
    const std::array all{units_[0], units_[1]};
    add_to(population_, population_counts_, all, 1);
    for (const std::size_t index : touched_) {
      const std::array<std::uint32_t, 5> kind{static_cast<std::uint32_t>(index), units_[0], units_[1], own_[index][0],
                                              own_[index][1]};
      add_to(kinds_, kind_counts_, kind, 1);
      own_[index] = {};
    }
    touched_.clear();
    units_ = {};
  }

  share_counter& operator+=(const share_counter& other) {
    for (std::size_t index = 0; index < other.population_.size(); ++index) {
      add_to(population_, population_counts_, other.population_[index], other.population_counts_[index]);
    }
    std::vector<std::uint32_t> here(other.cells_.size());
    for (std::size_t index = 0; index < here.size(); ++index) {
      here[index] = static_cast<std::uint32_t>(cell_of(other.cells_[index]));
    }
    for (std::size_t index = 0; index < other.kinds_.size(); ++index) {
      const auto kind = other.kinds_[index];
      add_to(kinds_, kind_counts_, std::array{here[kind[0]], kind[1], kind[2], kind[3], kind[4]},
             other.kind_counts_[index]);
    }
    return *this;
  }

  [[nodiscard]] std::size_t size() const noexcept { return cells_.size(); }
  [[nodiscard]] std::span<const std::uint32_t> cell(std::size_t index) const noexcept { return cells_[index]; }

  /// Customers by their units, whatever they did.
  [[nodiscard]] std::vector<share_case> population() const {
    std::vector<share_case> found;
    for (std::size_t index = 0; index < population_.size(); ++index) {
      const auto units = population_[index];
      found.push_back({{units[0], units[1]}, {}, population_counts_[index]});
    }
    sort(found);
    return found;
  }

  /// For each cell the customers who are in it.
  [[nodiscard]] std::vector<std::vector<share_case>> hits() const {
    std::vector<std::vector<share_case>> found(cells_.size());
    for (std::size_t index = 0; index < kinds_.size(); ++index) {
      const auto kind = kinds_[index];
      found[kind[0]].push_back({{kind[1], kind[2]}, {kind[3], kind[4]}, kind_counts_[index]});
    }
    for (auto& cell : found) {
      sort(cell);
    }
    return found;
  }

 private:
  std::size_t cell_of(std::span<const std::uint32_t> cell) {
    const std::size_t index = cells_.intern(cell);
    if (index == own_.size()) {
      own_.push_back({});
    }
    return index;
  }

  static void add_to(sequence_index& index, std::vector<std::uint64_t>& counts, std::span<const std::uint32_t> key,
                     std::uint64_t times) {
    const std::size_t place = index.intern(key);
    if (place == counts.size()) {
      counts.push_back(0);
    }
    counts[place] += times;
  }

  static void sort(std::vector<share_case>& cases) {
    std::sort(cases.begin(), cases.end(), [](const share_case& a, const share_case& b) { return a.key() < b.key(); });
  }

  sequence_index cells_;
  sequence_index population_;  // units of both groups
  std::vector<std::uint64_t> population_counts_;
  sequence_index kinds_;  // cell, units of both groups, hits of both groups
  std::vector<std::uint64_t> kind_counts_;
  std::vector<std::array<std::uint32_t, 2>> own_;  // of the customer at hand
  std::vector<std::size_t> touched_;
  std::array<std::uint32_t, 2> units_{};
};

/// The moments of the share in one group.
[[nodiscard]] inline rate_moments case_moments(std::span<const share_case> population, std::span<const share_case> hits,
                                               unsigned group = 0) {
  rate_moments result;
  for (const share_case& one : population) {
    if (one.units[group] != 0) {
      const auto times = static_cast<double>(one.customers);
      visit_moments alike;
      alike.add(one.units[group]);
      result.visits += {times, alike.v * times, alike.v2 * times, alike.v4 * times};
    }
  }
  for (const share_case& one : hits) {
    if (one.hits[group] != 0) {
      const auto times = static_cast<double>(one.customers);
      event_moments m;
      m.add(one.hits[group], one.units[group]);
      result.events +=
          {m.e * times, m.e2 * times, m.ev * times, m.e4 * times, m.e3v * times, m.e2v2 * times, m.ev3 * times};
    }
  }
  return result;
}

/// The share in both groups and its difference; customers who are in both are matched.
[[nodiscard]] inline compared_rate compare_shares(std::span<const share_case> population,
                                                  std::span<const share_case> hits, const interval_options& options) {
  const rate_moments first = case_moments(population, hits, 0);
  const rate_moments second = case_moments(population, hits, 1);
  compared_rate row;
  row.first = rate_interval(first.visits, first.events, options);
  row.second = rate_interval(second.visits, second.events, options);
  const bool shared = std::any_of(population.begin(), population.end(),
                                  [](const share_case& one) { return one.units[0] != 0 && one.units[1] != 0; });
  if (!shared || row.first.is_null() || row.second.is_null()) {
    separate_change(row, first, second);
    return row;
  }
  influence_sum psi;
  const auto add = [&](const share_case& one, double customers) {
    const auto part = [](double hit, double units, double rate, double all) { return (hit - rate * units) / all; };
    const double value = part(one.hits[1], one.units[1], row.second.value, second.visits.v) -
                         part(one.hits[0], one.units[0], row.first.value, first.visits.v);
    const double square = value * value;
    psi += influence_sum{customers, value * customers, square * customers, square * square * customers};
  };
  // Of the customers of each kind, those without a hit are what the hits leave.
  for (share_case one : population) {
    auto left = static_cast<double>(one.customers);
    for (const share_case& hit : hits) {
      left -= hit.units == one.units ? static_cast<double>(hit.customers) : 0.0;
    }
    add(one, left);
  }
  for (const share_case& hit : hits) {
    add(hit, static_cast<double>(hit.customers));
  }
  matched_change(row, psi, first, second, options);
  return row;
}

}  // namespace klantreis::detail
