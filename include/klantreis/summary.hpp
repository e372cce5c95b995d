// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// The headline figures of journeys, in one row.
///
/// Columns: `events, customers, journeys, conversions, nulls, open, conversion_rate, lower, upper, n, marks, value,
/// value_per_journey, value_per_journey_lower, value_per_journey_upper, mean_length, median_time`.
/// The conversion rate is conversions / (conversions + nulls); its interval is by customers: ψ_u = (conversions_u −
/// rate · journeys_u) / journeys, so that customers with several journeys count once. Value per journey likewise.
[[nodiscard]] table journey_summary(const journey_set& journeys, const interval_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/summary.ipp"
#endif
