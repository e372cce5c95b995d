// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/config.hpp"

namespace klantreis {

/// What the caller can mend: the message names the place, the value and the remedy.
class input_error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// A request that is larger than a stated limit; raised before the memory is taken.
class limit_error : public input_error {
 public:
  using input_error::input_error;
};

/// An instant in UTC, to the microsecond.
using instant = std::chrono::sys_time<std::chrono::microseconds>;

/// A length of time as options take it: `24h`, `std::chrono::days{30}`.
using duration = std::chrono::microseconds;

/// States that are no touchpoint. Events may not carry these names.
inline constexpr std::string_view start_state = "(start)";
inline constexpr std::string_view conversion_state = "(conversion)";
inline constexpr std::string_view null_state = "(null)";
inline constexpr std::string_view end_state = "(end)";
inline constexpr std::string_view open_state = "(open)";
inline constexpr std::string_view unattributed_row = "(unattributed)";
inline constexpr std::string_view none_label = "(none)";

/// True when `name` is one of the states that klantreis adds itself.
[[nodiscard]] constexpr bool is_reserved_name(std::string_view name) noexcept {
  constexpr std::array reserved{start_state, conversion_state, null_state, end_state, open_state, unattributed_row};
  for (const auto candidate : reserved) {
    if (name == candidate) {
      return true;
    }
  }
  return false;
}

/// Distinct names, numbered 0, 1, 2 … in the order of first appearance.
///
/// The bytes of all names stand in one block, so that a million names cost no million allocations:
///
///     text    "visitproductcart"
///     ends    [5, 12, 16]            name 1 = text[5, 12)
class name_table {
 public:
  using code = std::uint32_t;

  /// Codes run from 0 to `max_size - 1`.
  static constexpr std::size_t max_size = 0xFFFF'FFFEU;

  name_table() = default;
  explicit name_table(std::span<const std::string> names);

  /// Returns the code of `name`, which is added when it is new.
  /// \throws limit_error when there are `max_size` names already.
  code intern(std::string_view name);

  /// Returns the code of `name`, or nothing when it was never interned.
  [[nodiscard]] std::optional<code> find(std::string_view name) const noexcept;

  /// What `find` of many names writes for those that were never interned.
  static constexpr code absent = 0xFFFF'FFFFU;

  /// Writes the code of each of `names`, or `absent`, to `found`; faster than one by one, for the table is fetched into
  /// the cache while other names are looked up.
  void find(std::span<const std::string_view> names, code* found) const noexcept;

  [[nodiscard]] std::string_view operator[](code index) const noexcept {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view{text_}.substr(begin, ends_[index] - begin);
  }

  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  [[nodiscard]] bool empty() const noexcept { return ends_.empty(); }

  /// All names in the order of their codes.
  [[nodiscard]] std::vector<std::string> to_vector() const;

  friend bool operator==(const name_table& a, const name_table& b) noexcept {
    return a.ends_ == b.ends_ && a.text_ == b.text_;
  }

 private:
  struct slot {
    code next_code = 0;     // code + 1; 0 is empty
    std::uint32_t tag = 0;  // of the name's hash: says where the search begins, and is compared before the bytes
  };

  void rehash(std::size_t slots);
  [[nodiscard]] std::size_t slot_of(std::string_view name, std::uint32_t tag) const noexcept;

  std::string text_;
  std::vector<std::size_t> ends_;
  std::vector<slot> slots_;  // a power of two of them
};

/// Joins names into the text form of a path: `a > b > c`.
///
/// A name that contains `>` or a double quote, or begins or ends with a blank, stands in double quotes, inner quotes
/// doubled, so that two different paths never print alike and the text can be read back.
[[nodiscard]] std::string join_path(const name_table& names, std::span<const name_table::code> codes);

/// The names nearest to `wanted` by edit distance, best first, for error messages; none when all are far.
[[nodiscard]] std::vector<std::string> similar_names(std::string_view wanted, std::span<const std::string> known,
                                                     std::size_t limit = 3);

namespace detail {
struct quoted_function {
  [[nodiscard]] std::string operator()(std::string_view name) const;
};
}  // namespace detail

/// `name` in single quotes for a message: control characters escaped, long names shortened in the middle.
///
/// An object that is called like a function: beside a function, `std::quoted` would be found as well, and preferred,
/// for an argument of type `std::string` wherever `<iomanip>` is included.
inline constexpr detail::quoted_function quoted{};

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/core.ipp"
#endif
