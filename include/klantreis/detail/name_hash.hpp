// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace klantreis::detail {

/// Eight bytes at a time; the upper half is the better one.
inline std::uint64_t hash_bytes(std::string_view bytes) noexcept {
  const auto word = [&bytes](std::size_t at, std::size_t length) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, length);
    return value;
  };
  const auto mixed = [](std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
    return hash ^ (hash >> 32U);
  };
  const std::size_t size = bytes.size();
  std::uint64_t hash = mixed(0xCBF29CE484222325ULL, size);
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      hash = mixed(hash, word(at, 8));
    }
    hash = mixed(hash, word(size - 8, 8));
  } else if (size >= 4) {
    hash = mixed(hash, word(0, 4) | (word(size - 4, 4) << 32U));
  } else if (size != 0) {
    hash = mixed(hash, word(0, 1) | (word(size / 2, 1) << 8U) | (word(size - 1, 1) << 16U));
  }
  hash *= 0xD6E8FEB86659FD93ULL;
  return hash ^ (hash >> 32U);
}

/// Eight bytes at a time, as most names are too short for a call of memcmp.
inline bool same_text(std::string_view a, std::string_view b) noexcept {
  const auto word = [](std::string_view text, std::size_t at) {
    std::uint64_t value = 0;
    std::memcpy(&value, text.data() + at, sizeof value);
    return value;
  };
  const std::size_t size = a.size();
  if (size != b.size()) {
    return false;
  }
  if (size < 8 || size > 64) {
    return a == b;
  }
  std::uint64_t difference = word(a, size - 8) ^ word(b, size - 8);
  for (std::size_t at = 0; at + 8 < size; at += 8) {
    difference |= word(a, at) ^ word(b, at);
  }
  return difference == 0;
}

/// What a table of names keeps of the hash.
inline std::uint32_t name_tag(std::string_view name) noexcept {
  return static_cast<std::uint32_t>(hash_bytes(name) >> 32U);
}

}  // namespace klantreis::detail
