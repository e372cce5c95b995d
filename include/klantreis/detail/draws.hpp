// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Draws that depend on a key, not on the order in which things are met.

namespace klantreis::detail {

inline constexpr std::uint64_t golden_step = 0x9E3779B97F4A7C15ULL;

/// The finaliser of splitmix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

/// ⌊2⁶⁴ · P(Poisson(1) ≤ k)⌋ for k = 0, 1, 2 …
inline constexpr std::array<std::uint64_t, 20> poisson_thresholds{
    6786177901268885274U,  13572355802537770549U, 16965444753172213186U, 18096474403383694065U, 18379231815936564285U,
    18435783298447138329U, 18445208545532234003U, 18446555009401533385U, 18446723317385195808U, 18446742018272269410U,
    18446743888360976771U, 18446744058369041076U, 18446744072536379768U, 18446744073626175052U, 18446744073704017573U,
    18446744073709207074U, 18446744073709531418U, 18446744073709550497U, 18446744073709551557U, 18446744073709551613U};

[[nodiscard]] constexpr unsigned poisson_of(std::uint64_t x) noexcept {
  unsigned count = 0;
  while (count < poisson_thresholds.size() && x >= poisson_thresholds[count]) {
    ++count;
  }
  return count;
}

[[nodiscard]] constexpr std::uint64_t stream_of(std::uint64_t key, std::uint64_t seed) noexcept {
  return mixed(key + golden_step * (seed + 1));
}

/// The fold of a key.
[[nodiscard]] constexpr unsigned fold_of(std::uint64_t key, std::uint64_t seed, unsigned folds) noexcept {
  return static_cast<unsigned>(stream_of(key, seed) % folds);
}

/// Numbers between 0 and 1, from a key.
class keyed_uniform {
 public:
  explicit constexpr keyed_uniform(std::uint64_t key) noexcept : state_(key) {}
  constexpr double operator()() noexcept {
    state_ += golden_step;
    return (static_cast<double>(mixed(state_) >> 11U) + 0.5) * 0x1.0p-53;
  }

 private:
  std::uint64_t state_;
};

/// A Poisson number with any mean. Few units are drawn one by one; many by transformed rejection (Hörmann 1993,
/// doi:10.1016/0167-6687(93)90997-4), a broken mean below 10 by inversion.
[[nodiscard]] inline double poisson_count(double mean, std::uint64_t key) {
  constexpr double few = 64.0;
  if (!(mean > 0.0)) {
    return 0.0;
  }
  if (mean <= few && mean == std::floor(mean)) {
    unsigned sum = 0;
    std::uint64_t state = key;
    for (double unit = 0.0; unit < mean; unit += 1.0) {
      state += golden_step;
      sum += poisson_of(mixed(state));
    }
    return sum;
  }
  keyed_uniform uniform{key};
  if (mean < 10.0) {
    double k = 0.0;
    double part = std::exp(-mean);
    double below = part;
    const double u = uniform();
    while (u > below && part > 0.0) {
      k += 1.0;
      part *= mean / k;
      below += part;
    }
    return k;
  }
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double v_r = 0.9277 - 3.6224 / (b - 2.0);
  while (true) {
    const double u = uniform() - 0.5;
    const double v = uniform();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2.0 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= v_r) {
      return k;
    }
    if (k < 0.0 || (us < 0.013 && v > us)) {
      continue;
    }
    if (std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b) <=
        -mean + k * std::log(mean) - std::lgamma(k + 1.0)) {
      return k;
    }
  }
}

}  // namespace klantreis::detail
