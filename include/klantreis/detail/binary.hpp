// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/engine.hpp"

// The binary form of what is kept or sent: counts of a part of the customers, and logs.
//
//     offset  bytes
//     0       8       mark: 0x8B "KREIS" CR LF, which a transfer as text damages
//     8       4       version of the form
//     12      4 + n   kind, its length first
//     …       8 + n   content, its length first
//     …       8       checksum of everything before it
//
// Numbers are little-endian. A list is its length in 8 bytes and its elements; a text is a list of bytes.

namespace klantreis::detail {

inline constexpr std::string_view binary_mark{"\x8BKREIS\r\n", 8};
inline constexpr std::uint32_t binary_version = 1;

/// A checksum against damage, not against forgery: 8 bytes at a time, every bit of which reaches every other.
[[nodiscard]] inline std::uint64_t checksum(std::string_view bytes, std::uint64_t hash = 0) {
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15U;
  hash ^= bytes.size() * factor;
  for (std::size_t words = 1; !bytes.empty(); ++words) {
    if ((words & 0x1'FFFFU) == 0) {
      check_stop();
    }
    std::array<unsigned char, 8> piece{};
    const std::size_t size = (std::min)(bytes.size(), piece.size());
    std::memcpy(piece.data(), bytes.data(), size);
    std::uint64_t word = 0;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&word, piece.data(), piece.size());
    } else {
      for (std::size_t i = piece.size(); i-- > 0;) {
        word = word << 8U | piece[i];
      }
    }
    hash = std::rotl((hash ^ word) * factor, 29);
    bytes.remove_prefix(size);
  }
  hash ^= hash >> 32U;
  hash *= 0xD6E8FEB86659FD93U;
  return hash ^ hash >> 32U;
}

template <typename T>
inline constexpr bool is_number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

template <typename T>
[[nodiscard]] T swapped_bytes(T number) noexcept {
  if constexpr (std::endian::native == std::endian::big) {
    auto bytes = std::bit_cast<std::array<unsigned char, sizeof(T)>>(number);
    std::reverse(bytes.begin(), bytes.end());
    return std::bit_cast<T>(bytes);
  } else {
    return number;
  }
}

/// Writes values one after the other. A type of one's own is written by `list_fields(io, value)`, which names its
/// fields once for both directions.
class byte_writer {
 public:
  static constexpr bool reading = false;

  template <typename... Values>
  void operator()(const Values&... values) {
    (write(values), ...);
  }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void raw(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }

  template <typename T>
  void write(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      write(static_cast<std::uint8_t>(value ? 1 : 0));
    } else if constexpr (is_number<T>) {
      const T number = swapped_bytes(value);
      raw(&number, sizeof number);
    } else if constexpr (std::is_enum_v<T>) {
      write(static_cast<std::underlying_type_t<T>>(value));
    } else {
      list_fields(*this, const_cast<T&>(value));
    }
  }
  void write(const std::string& text) { write(std::string_view{text}); }
  void write(std::string_view text) {
    write(static_cast<std::uint64_t>(text.size()));
    raw(text.data(), text.size());
  }
  void write(const duration& length) { write(static_cast<std::int64_t>(length.count())); }
  template <typename T>
  void write(const std::vector<T>& list) {
    write(static_cast<std::uint64_t>(list.size()));
    if constexpr (is_number<T> && std::endian::native == std::endian::little) {
      raw(list.data(), list.size() * sizeof(T));
    } else {
      for (const std::size_t at : each({0, list.size()})) {
        write(list[at]);
      }
    }
  }
  template <typename A, typename B>
  void write(const std::pair<A, B>& both) {
    write(both.first);
    write(both.second);
  }
  template <typename Key, typename T>
  void write(const std::map<Key, T>& entries) {
    write(static_cast<std::uint64_t>(entries.size()));
    for (const auto& [key, value] : entries) {
      write(key);
      write(value);
    }
  }
  void write(const name_table& names) {
    write(static_cast<std::uint64_t>(names.size()));
    for (const std::size_t code : each({0, names.size()})) {
      write(names[static_cast<name_table::code>(code)]);
    }
  }

  std::string bytes_;
};

[[noreturn]] inline void refuse_bytes(const std::string& why) {
  throw input_error("these bytes are no counts or log of klantreis: " + why + "; write them anew");
}

/// Reads what `byte_writer` wrote. Bytes that end early or hold impossible lengths are refused before memory is taken.
class byte_reader {
 public:
  static constexpr bool reading = true;

  explicit byte_reader(std::string_view bytes) noexcept : rest_(bytes) {}

  template <typename... Values>
  void operator()(Values&... values) {
    (read(values), ...);
  }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }
  [[nodiscard]] std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      refuse_bytes("they end too early");
    }
    const std::string_view front = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return front;
  }

 private:
  /// A length of elements that take at least `least` bytes each.
  [[nodiscard]] std::size_t length(std::size_t least) {
    std::uint64_t size = 0;
    read(size);
    if (size > rest_.size() / least) {
      refuse_bytes("a list is longer than what follows");
    }
    return static_cast<std::size_t>(size);
  }

  template <typename T>
  void read(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      read(byte);
      if (byte > 1) {
        refuse_bytes("a flag is neither 0 nor 1");
      }
      value = byte == 1;
    } else if constexpr (is_number<T>) {
      std::memcpy(&value, take(sizeof value).data(), sizeof value);
      value = swapped_bytes(value);
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number{};
      read(number);
      value = static_cast<T>(number);
    } else {
      list_fields(*this, value);
    }
  }
  void read(std::string& text) { text = take(length(1)); }
  void read(duration& span) {
    std::int64_t count = 0;
    read(count);
    span = duration{count};
  }
  template <typename T>
  void read(std::vector<T>& list) {
    list.clear();
    if constexpr (is_number<T>) {
      list.resize(length(sizeof(T)));
      const std::string_view bytes = take(list.size() * sizeof(T));
      if (!list.empty()) {
        std::memcpy(list.data(), bytes.data(), bytes.size());
      }
      for (T& number : list) {
        number = swapped_bytes(number);
      }
    } else {
      // No memory for all at once: the length may be a lie, and elements may be larger than their bytes.
      for (const std::size_t at : each({0, length(1)})) {
        (void)at;
        T one = blank<T>();
        read(one);
        list.push_back(std::move(one));
      }
    }
  }
  template <typename A, typename B>
  void read(std::pair<A, B>& both) {
    read(both.first);
    read(both.second);
  }
  template <typename Key, typename T>
  void read(std::map<Key, T>& entries) {
    entries.clear();
    for (std::size_t size = length(1); size > 0; --size) {
      Key key = blank<Key>();
      read(key);
      if (!entries.empty() && !(entries.rbegin()->first < key)) {
        refuse_bytes("their names are in no order");
      }
      read(entries.emplace_hint(entries.end(), std::move(key), blank<T>())->second);
    }
  }
  void read(name_table& names) {
    names = name_table{};
    for (const std::size_t code : each({0, length(8)})) {
      const std::string_view name = take(length(1));
      if (names.intern(name) != code) {
        refuse_bytes("the name " + quoted(name) + " occurs twice");
      }
    }
  }

  template <typename T>
  [[nodiscard]] static T blank() {
    if constexpr (std::is_default_constructible_v<T>) {
      return T{};
    } else {
      return T{std::string{}};
    }
  }

  std::string_view rest_;
};

/// `content` of a `kind` with mark, version and checksum.
[[nodiscard]] inline std::string with_checksum(std::string_view kind, std::string_view content) {
  byte_writer out;
  for (const char each : binary_mark) {
    out(static_cast<std::uint8_t>(each));
  }
  out(binary_version, static_cast<std::uint32_t>(kind.size()));
  std::string bytes = out.take();
  bytes.reserve(bytes.size() + kind.size() + content.size() + 16);
  bytes += kind;
  byte_writer length;
  length(static_cast<std::uint64_t>(content.size()));
  bytes += length.bytes();
  bytes += content;
  byte_writer sum;
  sum(checksum(bytes));
  bytes += sum.bytes();
  return bytes;
}

struct checked_bytes {
  std::string_view kind;
  std::string_view content;
};

/// What stands in `bytes` that `with_checksum` made.
/// \throws input_error when they are something else, damaged, cut off, or of a newer version.
[[nodiscard]] inline checked_bytes check_bytes(std::string_view bytes) {
  byte_reader in{bytes};
  if (bytes.size() < binary_mark.size() || in.take(binary_mark.size()) != binary_mark) {
    refuse_bytes("they do not begin as such");
  }
  std::uint32_t version = 0;
  in(version);
  if (version != binary_version) {
    throw input_error("these bytes are of version " + std::to_string(version) + ", and this klantreis reads version " +
                      std::to_string(binary_version) + "; read them with the version that wrote them");
  }
  std::uint32_t kind_size = 0;
  in(kind_size);
  checked_bytes found;
  found.kind = in.take(kind_size);
  std::uint64_t size = 0;
  in(size);
  if (size > in.left()) {
    refuse_bytes("they end too early");
  }
  found.content = in.take(static_cast<std::size_t>(size));
  std::uint64_t sum = 0;
  in(sum);
  if (in.left() != 0) {
    refuse_bytes("something follows their end");
  }
  if (sum != checksum(bytes.substr(0, bytes.size() - sizeof sum))) {
    refuse_bytes("they are damaged, the checksum is another one");
  }
  return found;
}

}  // namespace klantreis::detail
