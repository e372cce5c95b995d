// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/journeys.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// The events of journeys, a row each, as other tools take them: `case, customer, time, touchpoint`, then the labels
/// and numbers of the log under their own names.
///
/// `case` is the id of the customer, or with `by_journey` that id, `#` and the number of the journey, from 1 on. `time`
/// is there when the log has time. Missing labels are `(none)`, missing numbers null.
[[nodiscard]] table event_table(const journey_set& journeys, bool by_journey = true);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/interchange.ipp"
#endif
