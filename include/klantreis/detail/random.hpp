// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace klantreis::detail {

/// Random numbers that are the same on every platform: splitmix64 (Steele, Lea and Flood 2014,
/// doi:10.1145/2714064.2660195).
class splitmix64 {
 public:
  static constexpr std::uint64_t golden = 0x9E37'79B9'7F4A'7C15U;

  explicit splitmix64(std::uint64_t state) noexcept : state_(state) {}

  static std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D0'49BB'1331'11EBU;
    return z ^ (z >> 31U);
  }

  std::uint64_t next() noexcept { return mix(state_ += golden); }

  // 53 random bits: 0 ≤ u < 1, exact in a double.
  double uniform() noexcept { return static_cast<double>(next() >> 11U) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace klantreis::detail
