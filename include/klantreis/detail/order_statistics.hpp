// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "klantreis/core.hpp"

namespace klantreis::detail {

/// The numbers that stand at given places of the sorted order, without sorting and without a change of the numbers.
///
/// Many numbers are first counted by the beginning of their bits, which keeps the order; then only those are looked at
/// that share it with one sought. That costs the same for several places as for one, and no branch for each number.
/// Numbers are doubles that are not NaN, or whole.
template <typename Number>
class order_statistics {
 public:
  explicit order_statistics(std::span<const Number> numbers) : numbers_(numbers) {
    if (numbers_.size() < worth_counting) {
      return;
    }
    std::uint64_t least = key_of(numbers_[0]);
    std::uint64_t most = least;
    for (const Number number : numbers_) {
      least = (std::min)(least, key_of(number));
      most = (std::max)(most, key_of(number));
    }
    least_ = least;
    while (((most - least) >> shift_) >= groups) {
      ++shift_;
    }
    before_.assign(groups + 1, 0);
    for (const Number number : numbers_) {
      ++before_[group_of(number) + 1];
    }
    for (std::size_t group = 0; group < groups; ++group) {
      before_[group + 1] += before_[group];
    }
  }

  /// The number at `place`, counted from 0.
  [[nodiscard]] Number at(std::size_t place) {
    if (before_.empty()) {
      if (some_.empty()) {
        some_.assign(numbers_.begin(), numbers_.end());
      }
      return nth(place);
    }
    const std::size_t group =
        static_cast<std::size_t>(std::upper_bound(before_.begin(), before_.end(), place) - before_.begin()) - 1;
    if (group != found_) {
      found_ = group;
      some_.resize(before_[group + 1] - before_[group] + 1);  // one place more, where the others go
      std::size_t size = 0;
      for (const Number number : numbers_) {
        some_[size] = number;
        size += group_of(number) == group ? 1U : 0U;
      }
      some_.pop_back();
      known_ = nowhere;
    }
    return nth(place - before_[group]);
  }

 private:
  static constexpr std::size_t worth_counting = 4096;
  static constexpr std::size_t groups = 8192;
  static constexpr std::size_t nowhere = (std::numeric_limits<std::size_t>::max)();

  /// Rises with the number; the same for whole numbers that doubles do not tell apart.
  [[nodiscard]] static std::uint64_t key_of(Number number) noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(number));
    return bits ^ ((std::uint64_t{0} - (bits >> 63U)) | (std::uint64_t{1} << 63U));
  }
  [[nodiscard]] std::size_t group_of(Number number) const noexcept {
    return static_cast<std::size_t>((key_of(number) - least_) >> shift_);
  }
  [[nodiscard]] Number nth(std::size_t place) {
    const auto at = some_.begin() + static_cast<std::ptrdiff_t>(place);
    // What stands beside a place that is known is found by one look.
    if (known_ != nowhere && place + 1 == known_) {
      return *std::max_element(some_.begin(), at + 1);
    }
    if (known_ != nowhere && place == known_ + 1) {
      return *std::min_element(at, some_.end());
    }
    known_ = place;
    std::nth_element(some_.begin(), at, some_.end());
    return *at;
  }

  std::span<const Number> numbers_;
  std::uint64_t least_ = 0;
  unsigned shift_ = 0;
  std::vector<std::size_t> before_;  // numbers before each group
  std::vector<Number> some_;
  std::size_t found_ = groups;   // the group that `some_` holds
  std::size_t known_ = nowhere;  // the last place where it was parted: less before, more behind
};

/// What `quantile` gives of each of `at`, of numbers without nulls, which stay as they are.
[[nodiscard]] inline std::vector<double> quantiles_of(std::span<const double> values, std::span<const double> at) {
  if (values.empty()) {
    return std::vector<double>(at.size(), null_value);
  }
  order_statistics<double> sorted{values};
  std::vector<double> result;
  result.reserve(at.size());
  for (const double q : at) {
    const double position = static_cast<double>(values.size() - 1) * q;
    const auto below = static_cast<std::size_t>(position);
    const double part = position - static_cast<double>(below);
    const double number = sorted.at(below);
    const double next = part == 0.0 ? number : sorted.at(below + 1);
    // Two equal infinities have no difference.
    result.push_back(next == number ? number : number + part * (next - number));
  }
  return result;
}

}  // namespace klantreis::detail
