// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "klantreis/journeys.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// What the touches of settled journeys cost, by item: the label named `by`, and `cost`; most first, then by name.
/// \throws input_error when the log has no costs.
[[nodiscard]] table touch_costs(const journey_set& journeys, std::string_view by = "touchpoint");

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/touch_costs.ipp"
#endif
