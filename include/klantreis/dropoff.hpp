// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/detail/pair_counts.hpp"
#include "klantreis/dropoff/carts.hpp"
#include "klantreis/dropoff/click_through.hpp"
#include "klantreis/dropoff/effort.hpp"
#include "klantreis/dropoff/friction.hpp"
#include "klantreis/dropoff/loss_reasons.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

namespace detail {
struct part_fields;
}  // namespace detail

/// Which visits count, where an inactivity tells settled journeys from open ones.
enum class visit_units : std::uint8_t {
  journeys,  ///< those of settled journeys: the rate fits the conversion rate, but growth can bias it
  visits,    ///< those dated at the end of the observation less the inactivity or before, whatever their journey does:
             ///< what followed them is known, and growth does not bias the rate
};

struct drop_off_options {
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats into one visit (phases always do)
  visit_units units = visit_units::journeys;
  interval_options intervals{};
  unsigned threads = 0;  ///< 0: one for each core
};

/// Where customers leave, with what came before and what those did who stayed.
struct drop_off_tables {
  /// `<by>, visits, n, exits, exit_rate, lower, upper, share_of_exits, marks`; most exits first, then by name.
  table items;
  /// `<by>, before, count, share`: what stood right before the visit that was the last one; `(start)` where it was the
  /// only one. `share` is of the exits of the item.
  table before;
  /// `<by>, next, count, share`: what followed the visits that were not the last, `(conversion)` included (`(end)` in
  /// journeys that go on after conversions). `share` is of those visits.
  table next;
  /// `<by>, count, share`: the last item of open journeys, whose end is not known yet; `share` is of them.
  table open;
  /// `<by>, back, count, share`: where customers who had left began their next journey; `(null)` where they have none.
  /// `share` is of the exits of the item.
  table returned;
};

/// Visits and exits of settled journeys; merges by `+=` over logs that share no customer.
///
/// An exit is the last visit of a settled journey that did not convert:
///
///     settled, converted       visit > cart > (conversion)        visits of visit and cart, no exit
///     settled, not converted   visit > cart > visit > (null)      the second visit of visit is an exit
///     open                     visit > cart                       counted apart, at cart
class drop_off_counts {
 public:
  /// Adds the journeys of another log.
  /// \throws input_error when the two were counted under different options.
  drop_off_counts& operator+=(const drop_off_counts& other);

  [[nodiscard]] std::uint64_t journeys() const noexcept { return journeys_; }

 private:
  friend struct detail::part_fields;
  friend drop_off_counts count_drop_off(const journey_set&, const drop_off_options&);
  friend drop_off_tables drop_off(const drop_off_counts&, const interval_options&);

  std::string by_;
  std::vector<std::pair<std::string, std::string>> options_;
  name_table names_;  // of items and states
  std::uint64_t journeys_ = 0;
  std::vector<visit_moments> visits_;  // by code, as exits_
  std::vector<event_moments> exits_;
  detail::pair_counts before_;       // (item, what came before), at exits
  detail::pair_counts next_;         // (item, what came next), elsewhere
  detail::pair_counts back_;         // (item, where the next journey begins), at exits
  std::vector<std::uint64_t> open_;  // by code
};

/// Counts visits and exits of the settled journeys.
/// \throws input_error when the log has no labels `options.by`.
[[nodiscard]] drop_off_counts count_drop_off(const journey_set& journeys, const drop_off_options& options = {});

/// Where customers leave. The exit rate is exits / visits, with its interval by customers: what a customer does on one
/// visit says something about the customer's other visits, so visits are not independent.
[[nodiscard]] drop_off_tables drop_off(const drop_off_counts& counts, const interval_options& intervals = {});
[[nodiscard]] drop_off_tables drop_off(const journey_set& journeys, const drop_off_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/dropoff.ipp"
#endif
