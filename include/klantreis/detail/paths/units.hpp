// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "klantreis/paths.hpp"

// The independent units of a path table: its customers or, where none are known, each conversion and each null.

namespace klantreis::detail {

[[nodiscard]] inline std::size_t unit_groups(const path_table& paths) noexcept {
  return paths.has_units() ? paths.unit_offsets().size() - 1 : 2 * paths.size();
}

/// The value of one conversion of a row; of one null where the row has value but no conversion.
[[nodiscard]] inline std::pair<double, double> unit_values(const path_table& paths, std::size_t row) noexcept {
  const double value = paths.values()[row];
  if (paths.conversions()[row] > 0.0) {
    return {value / paths.conversions()[row], 0.0};
  }
  return {0.0, paths.nulls()[row] > 0.0 ? value / paths.nulls()[row] : 0.0};
}

/// Calls `use(path, converted, value)` for each settled journey of a unit; returns how many such units there are.
template <typename Use>
double for_each_journey(const path_table& paths, std::size_t group, Use&& use) {
  if (paths.has_units()) {
    bool any = false;
    for (std::uint64_t u = paths.unit_offsets()[group]; u < paths.unit_offsets()[group + 1]; ++u) {
      const path_unit& unit = paths.units()[u];
      if (unit.outcome != path_unit::kind::open) {
        const bool converted = unit.outcome == path_unit::kind::conversion;
        use(std::size_t{unit.path}, converted, converted ? unit.value : 0.0);
        any = true;
      }
    }
    return any ? 1.0 : 0.0;
  }
  const std::size_t row = group / 2;
  const bool converted = group % 2 == 0;
  const double times = converted ? paths.conversions()[row] : paths.nulls()[row];
  if (times > 0.0) {
    const auto [conversion, null] = unit_values(paths, row);
    use(row, converted, converted ? conversion : null);
  }
  return times;
}

}  // namespace klantreis::detail
