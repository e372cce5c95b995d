// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/log.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// What the simulated webshop is made of: who comes, where they go from each touchpoint, and what happens afterwards.
///
/// The acquisition of each kind of customer is a Markov chain of order 1 whose rows are `transitions` with `changes`
/// applied to them, so that what an analysis should find can be computed (`webshop_truth`). A journey keeps the rows of
/// the day on which it began.
struct webshop_parameters {
  /// Probabilities by name; they sum to 1.
  using row = std::vector<std::pair<std::string, double>>;

  struct group {
    std::string segment, kind, device;
    double share = 0.0;         ///< of the customers
    double order_median = 0.0;  ///< value of an order: log-normal
    double order_spread = 0.0;
  };
  struct touchpoint {
    std::string name, channel, phase;
    std::array<double, 2> cost{0.0, 0.0};  ///< uniform between the two
    double minutes = 0.0;                  ///< mean time to the next event, exponential
    double later = 0.0;                    ///< probability that the next event comes on another visit
    double days = 0.0;                     ///< mean time to that visit, exponential
  };
  /// Moves probability in one row, for the groups that fit; an empty text fits all.
  struct change {
    std::string about, segment, kind, device;
    std::string period;  ///< `before` or `after` the improvement; empty: both
    std::string from, take, give;
    double probability = 0.0;
  };
  struct aftermath {
    double mail_chance = 0.0, mail_hours = 0.0;
    double delivery_least_days = 0.0, delivery_days = 0.0, late_after_days = 0.0;
    double contact_on_time = 0.0, contact_late = 0.0, contact_days = 0.0, wait_seconds = 0.0, by_phone = 0.0,
           solved = 0.0, handed_over = 0.0, contact_cost = 0.0;
    std::uint32_t agents = 1;
    double nps_chance = 0.0, nps_days = 0.0;
    std::array<double, 11> scores_content{}, scores_other{};
    double share_promoter = 0.0, share_other = 0.0, share_brings = 0.0, share_hours = 0.0;
    double return_content = 0.0, return_other = 0.0, return_least_days = 0.0, return_days = 0.0;
    double no_order_return = 0.0, no_order_least_days = 0.0, no_order_days = 0.0;
  };

  std::string about;
  instant start{};
  double days = 0.0;
  instant improvement{};
  std::vector<group> groups;
  std::vector<touchpoint> touchpoints;
  row arrivals;  ///< where a customer's first journey begins
  row returns;   ///< where later journeys begin
  std::vector<std::pair<std::string, row>> transitions;
  std::vector<change> changes;
  aftermath after_order;
  std::array<double, 24> hours{};  ///< weight of each hour of the day at which a visit begins
};

/// Reads the parameters from JSON, by default those of the sample; `webshop_parameters_json()` is their text.
/// \throws input_error naming the place when something is missing, unknown, no probability or does not sum to 1.
[[nodiscard]] webshop_parameters parse_webshop_parameters(std::string_view json);
[[nodiscard]] std::string_view webshop_parameters_json() noexcept;

struct webshop_options {
  std::size_t customers = 20'000;
  std::uint64_t seed = 1;
  unsigned threads = 0;
};

/// The events of the simulated webshop as a table, by customer and in order of time.
///
/// Columns: `customer_id, timestamp, touchpoint, channel, phase, value, cost, segment, kind, device, origin, person,
/// account_id, issue_id, agent_id, wait_s, score, referrer_id`. `origin` tells how the journey began: `arrival`,
/// `referred` or `return`. Customer i depends on the parameters, the seed and i alone.
[[nodiscard]] table webshop_events(const webshop_parameters& parameters, const webshop_options& options = {});

/// The same events as a log; the columns after `cost` are attributes, `wait_s` and `score` are numbers.
[[nodiscard]] event_log webshop_log(const webshop_parameters& parameters, const webshop_options& options = {});

/// What holds of the acquisition of each group, computed from the parameters, not from events.
struct webshop_truth_tables {
  /// `segment, kind, device, period, from, to, probability`; from `(start)` for journeys that begin by arrival.
  table transitions;
  /// `segment, kind, device, period, origin, conversion_rate, steps`: steps is the mean number of touchpoints before
  /// the end.
  table conversion;
  /// `segment, kind, device, period, touchpoint, removal_effect, share` of arrivals, by the definition of
  /// `removal_effects`.
  table removal_effects;
  /// `segment, kind, device, origin, before, after, difference` of the conversion rate.
  table improvement;
};

/// The truth about the webshop. Formulas: Kemeny and Snell (1960), Finite Markov Chains, chapter 3; removal effects by
/// Anderl et al. (2016, doi:10.1016/j.ijresmar.2016.03.001).
[[nodiscard]] webshop_truth_tables webshop_truth(const webshop_parameters& parameters);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/datasets.ipp"
#endif
