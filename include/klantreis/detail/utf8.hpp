// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace klantreis::detail {

/// True when `bytes` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
[[nodiscard]] inline bool is_utf8(std::string_view bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    if (lead < 0x80U) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
    if (lead < 0xC2U || lead > 0xF4U || i + length > bytes.size()) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(bytes[i + k]) & 0xC0U) != 0x80U) {
        return false;
      }
    }
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    if ((lead == 0xE0U && second < 0xA0U) || (lead == 0xEDU && second > 0x9FU) || (lead == 0xF0U && second < 0x90U) ||
        (lead == 0xF4U && second > 0x8FU)) {
      return false;
    }
    i += length;
  }
  return true;
}

}  // namespace klantreis::detail
