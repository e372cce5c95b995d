// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace klantreis::detail {

/// The key of a text that goes on with `letter`.
[[nodiscard]] constexpr std::uint64_t text_key_after(std::uint64_t key, char letter) noexcept {
  return (key ^ static_cast<unsigned char>(letter)) * 0x100000001B3ULL;
}

/// FNV-1a of 64 bits (Fowler, Noll and Vo): the key of a customer, the same on every platform and in every language.
[[nodiscard]] inline std::uint64_t text_key(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char byte : text) {
    hash = text_key_after(hash, byte);
  }
  return hash;
}

}  // namespace klantreis::detail
