// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct cart_options {
  std::vector<std::string> cart = {"add_to_cart"};  ///< names of the events that fill a cart
  std::string by = "touchpoint";                    ///< what they name
  duration timeout = std::chrono::days{1};          ///< a cart without a conversion for so long is left behind
  std::string recovered_by = "touchpoint";          ///< what tells by which event its customer came back
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

struct cart_tables {
  /// `status, count, n, share, lower, upper, value, median_time, marks`: `ordered` within the timeout, `recovered`
  /// later, `abandoned`, and `open` of those not known yet, which have no share. `value` adds up the values of the
  /// events that filled the carts, null where none has one; `median_time` is from the first of them to the conversion,
  /// in seconds.
  table carts;
  /// `<recovered_by>, count, share`: the first event of the customer after the timeout, of recovered carts.
  table recoveries;
};

/// What becomes of carts. A journey with an event that fills one has a cart, from its first such event on.
///
/// It is recovered when its customer converts after the timeout, in the same journey or a later one. Journeys that are
/// not settled are open.
/// \throws input_error when the log has no time, no event fills a cart, or the journeys go on after their conversion.
[[nodiscard]] cart_tables abandoned_carts(const journey_set& journeys, const cart_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/dropoff/carts.ipp"
#endif
