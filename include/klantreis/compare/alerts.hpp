// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/compare/groups.hpp"
#include "klantreis/core.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// What to watch, and when to give an alarm.
struct alert_rule {
  enum class measure : std::uint8_t {
    conversion_rate,    ///< of the settled journeys
    value_per_journey,  ///< needs a value column
    exit_rate,          ///< of the visits of `item`
    transition,         ///< the share of the visits of `item` that go on to `to`
    reach,              ///< the share of customers who visit `item`
  };
  enum class condition : std::uint8_t {
    above,    ///< more than `limit`
    below,    ///< less than `limit`
    rises,    ///< more than in the baseline, by at least `limit`
    falls,    ///< less than in the baseline, by at least `limit`
    changes,  ///< other than in the baseline, by at least `limit`
  };

  measure what = measure::conversion_rate;
  std::string item = {};  ///< empty: every item, each a row of its own
  std::string to = {};    ///< of a transition; empty: every destination
  condition when = condition::above;
  double limit = 0.0;  ///< a level, or the least change; rates as 0 … 1
};

/// A rule from its text: `exit_rate(checkout) > 0.2`, `conversion_rate < 3%`, `exit_rate(*) rises`,
/// `transition(cart, checkout) falls by 5%`, `value_per_journey < 12`, `reach("a, b") changes`.
/// \throws input_error that says which part cannot be read, and what may stand there.
[[nodiscard]] alert_rule to_alert_rule(std::string_view text);

/// The text of a rule, which `to_alert_rule` reads back.
[[nodiscard]] std::string to_text(const alert_rule& rule);

struct alert_options {
  std::string by = "touchpoint";  ///< what the items are: `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  interval_options intervals{};  ///< an alarm is false with probability 1 − level at most, whatever the number of rules
  unsigned threads = 0;
};

/// One row for each rule and item: `rule, from, to, value, lower, upper, baseline, difference, difference_lower,
/// difference_upper, p, p_adjusted, status, n, marks`; alarms first, then in the order of the rules.
///
/// `status`: `alert` where the condition holds and p_adjusted (Holm's, over all rows) is at most 1 − level; `could be
/// chance` where it holds and p is larger, `too little data` where moreover fewer than `min_n` customers stand behind
/// it; `ok` where it does not hold; `not measured` without visits. p is two-sided: of a level the test whose interval
/// is `lower` to `upper`, of a change the test of `compare`. \throws input_error when a rule compares and there is no
/// baseline, names an unknown item, or a level of a rate lies
///         outside 0 … 1; and as `compare`.
[[nodiscard]] table alerts(const journey_group& current, const std::vector<alert_rule>& rules,
                           const std::optional<journey_group>& baseline = std::nullopt,
                           const alert_options& options = {});
[[nodiscard]] table alerts(const journey_set& current, const std::vector<alert_rule>& rules,
                           const alert_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/compare/alerts.ipp"
#endif
