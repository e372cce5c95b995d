// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "klantreis/detail/parts/check.ipp"
#include "klantreis/detail/parts/fields.hpp"
#include "klantreis/detail/parts/split.ipp"
#include "klantreis/parts.hpp"

namespace klantreis {

namespace detail {

inline constexpr std::array<std::string_view, std::variant_size_v<part_counts>> part_kinds{
    "transitions", "paths",  "funnel",         "drop_off", "step_matrix", "variants",   "spells",
    "cohort_rate", "ngrams", "return_cohorts", "matches",  "measure",     "conformance"};

/// Reads the counts of kind number `Kind` or of a later one.
template <std::size_t Kind = 0>
[[nodiscard]] part_counts counts_of_kind(std::string_view kind, byte_reader& in) {
  if constexpr (Kind == part_kinds.size()) {
    refuse_bytes("they hold " + quoted(kind) + ", which this version does not know");
  } else {
    if (kind != part_kinds[Kind]) {
      return counts_of_kind<Kind + 1>(kind, in);
    }
    std::variant_alternative_t<Kind, part_counts> counts;
    part_fields::list(in, counts);
    if (in.left() != 0) {
      refuse_bytes("something follows the counts");
    }
    part_fields::check(counts);
    return counts;
  }
}

}  // namespace detail

KLANTREIS_INLINE std::string_view kind_of(const part_counts& counts) noexcept {
  return detail::part_kinds[counts.index()];
}

KLANTREIS_INLINE std::string to_bytes(const part_counts& counts) {
  detail::byte_writer out;
  // Writing leaves the counts as they are; one list of fields serves both directions.
  std::visit([&out](auto& chosen) { detail::part_fields::list(out, chosen); }, const_cast<part_counts&>(counts));
  return detail::with_checksum(kind_of(counts), out.bytes());
}

KLANTREIS_INLINE part_counts counts_from_bytes(std::string_view bytes) {
  const detail::checked_bytes found = detail::check_bytes(bytes);
  detail::byte_reader in{found.content};
  return detail::counts_of_kind(found.kind, in);
}

KLANTREIS_INLINE void merge(part_counts& total, const part_counts& more) {
  if (total.index() != more.index()) {
    throw input_error("counts of " + std::string{kind_of(total)} + " and of " + std::string{kind_of(more)} +
                      " do not add up; merge parts of one kind");
  }
  std::visit(
      [&more](auto& chosen) {
        using counts = std::decay_t<decltype(chosen)>;
        chosen += std::get<counts>(more);
      },
      total);
}

}  // namespace klantreis
