// SPDX-License-Identifier: MIT
#pragma once

// A coverage study draws many samples of which the truth is known, asks the library for its interval in each, and
// counts how often the interval holds the truth.
//
//     coverage::add({"S1, 100 customers", [](coverage::random& draw, coverage::sheet& sheet) {
//                      const double found = …;
//                      sheet.judge("rate", truth, {lower, upper}, 0.9512);   // 0.9512: what an independent study found
//                    }});
//
// Each file of this folder adds its studies to the one program; main.cpp runs them and compares the shares with those
// of the independent studies.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/statistics/intervals.hpp"

namespace coverage {

/// Random numbers that are the same on every platform: splitmix64, and inversion or Box and Muller for the rest.
class random {
 public:
  explicit random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t bits() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  /// Between 0 and 1, neither of them.
  double uniform() noexcept { return (static_cast<double>(bits() >> 11U) + 0.5) * 0x1p-53; }
  bool chance(double p) noexcept { return uniform() < p; }
  double exponential(double mean) noexcept { return -mean * std::log(uniform()); }
  double normal() noexcept {
    return std::sqrt(-2.0 * std::log(uniform())) * std::cos(2.0 * std::numbers::pi * uniform());
  }
  unsigned poisson(double mean) noexcept {
    const double limit = std::exp(-mean);
    unsigned count = 0;
    for (double product = uniform(); product > limit; product *= uniform()) {
      ++count;
    }
    return count;
  }

 private:
  std::uint64_t state_;
};

/// No figure of an independent study to compare with.
inline constexpr double no_reference = klantreis::null_value;

/// What one statistic of a study came to.
struct tally {
  double truth = 0.0;
  double reference = no_reference;  ///< the coverage, or the mean, that an independent study found
  double margin = 0.0;              ///< of a mean: how far it may be off
  bool is_mean = false;
  std::uint64_t defined = 0;  ///< replicates with an interval
  std::uint64_t null = 0;     ///< replicates without
  std::uint64_t hits = 0;
  std::uint64_t below = 0;  ///< the truth lies below the interval
  std::uint64_t above = 0;
  double sum = 0.0;
  double error2 = 0.0;

  tally& operator+=(const tally& other) noexcept {
    if (defined + null == 0) {
      return *this = other;
    }
    defined += other.defined;
    null += other.null;
    hits += other.hits;
    below += other.below;
    above += other.above;
    sum += other.sum;
    error2 += other.error2;
    return *this;
  }
};

/// The tallies of a study by the name of the statistic; merges by `+=`.
class sheet {
 public:
  /// Notes whether `bounds` hold `truth`. A null interval is counted apart and is no miss.
  void judge(const std::string& statistic, double truth, klantreis::interval bounds, double reference = no_reference) {
    tally& row = rows_[statistic];
    row.truth = truth;
    row.reference = reference;
    if (bounds.is_null()) {
      ++row.null;
      return;
    }
    ++row.defined;
    // Bounds that touch the truth but for rounding hold it.
    const double tolerance = 1e-12 * (std::abs(truth) + 1.0);
    ++(truth < bounds.lower - tolerance ? row.below : truth > bounds.upper + tolerance ? row.above : row.hits);
  }

  /// Notes a figure, with its standard error, whose mean over the replicates must come within `margin`, plus the error
  /// of the simulation, of `reference`.
  void measure(const std::string& figure, double value, double standard_error, double reference, double margin) {
    tally& row = rows_[figure];
    row.is_mean = true;
    row.truth = reference;
    row.reference = reference;
    row.margin = margin;
    if (std::isnan(value)) {
      ++row.null;
      return;
    }
    ++row.defined;
    row.sum += value;
    row.error2 += standard_error * standard_error;
  }

  sheet& operator+=(const sheet& other) {
    for (const auto& [name, row] : other.rows_) {
      rows_[name] += row;
    }
    return *this;
  }

  [[nodiscard]] const std::map<std::string, tally>& rows() const noexcept { return rows_; }

 private:
  std::map<std::string, tally> rows_;
};

struct study {
  std::string name;
  std::function<void(random&, sheet&)> replicate;
  /// Replicates for each 5,000 asked for: less for studies of large samples, 0 for exactly one.
  double share = 1.0;
};

/// The studies of the program, in the order of their names.
std::vector<study>& studies();

/// Adds studies before `main` runs: `const bool added = coverage::add({…});` at namespace scope.
inline bool add(study one) {
  studies().push_back(std::move(one));
  return true;
}

}  // namespace coverage
