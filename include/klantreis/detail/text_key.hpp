// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace klantreis::detail {

/// FNV-1a of 64 bits (Fowler, Noll and Vo): the key of a customer, the same on every platform and in every language.
[[nodiscard]] inline std::uint64_t text_key(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
  }
  return hash;
}

}  // namespace klantreis::detail
