// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/funnel/plan.hpp"
#include "klantreis/detail/instants.hpp"
#include "klantreis/funnel/views.hpp"

namespace klantreis {
namespace detail {

/// A length of time for a sentence: `2d 3h`, `4min 5s`.
[[nodiscard]] inline std::string length_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> units{
      {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
  std::string text;
  std::int64_t left = whole;
  int shown = 0;
  for (const auto& [size, name] : units) {
    if (left >= size && shown < 2) {
      text += (text.empty() ? "" : " ") + std::to_string(left / size) + name;
      left %= size;
      ++shown;
    }
  }
  return text.empty() ? "0s" : text;
}

/// Says why one unit came no further.
class funnel_explainer {
 public:
  funnel_explainer(const funnel_plan& plan, const funnel_match& found, std::size_t begin, std::size_t end)
      : plan_(plan), found_(found), begin_(begin), end_(end) {}

  [[nodiscard]] std::string reason() const {
    if (found_.excluded) {
      return "an excluded event stands on the way; by this definition that removes the customer from every step" +
             excluded_event();
    }
    const std::size_t missing = first_missing();
    if (missing == plan_.steps.size()) {
      return "reached every step";
    }
    const std::string step = name_of(missing);
    if (plan_.counts_steps_done()) {
      return "did " + std::to_string(found_.level) + " of " + std::to_string(plan_.steps.size()) + " steps" +
             (plan_.options.window ? " within the window" : "");
    }
    std::vector<std::size_t> matching;
    for (std::size_t event = begin_; event < end_; ++event) {
      if ((plan_.matcher.bits(event).steps >> missing & 1U) != 0) {
        matching.push_back(event);
      }
    }
    if (matching.empty()) {
      return "no event matches " + step;
    }
    if (missing == 0) {
      return "no event for " + step + " starts a chain";
    }
    const std::size_t before = last_filled(missing);
    if (before == plan_.steps.size()) {
      return step + " is done, but none of the steps before it";
    }
    const std::uint64_t row = found_.rows[before];
    const auto after = std::upper_bound(matching.begin(), matching.end(), static_cast<std::size_t>(row));
    if (after == matching.end()) {
      return "the last event for " + step + moment_of(matching.back()) + " comes before " + name_of(before) +
             moment_of(static_cast<std::size_t>(row));
    }
    if (const std::string late = too_late(missing, before, *after); !late.empty()) {
      return late;
    }
    for (std::size_t event = static_cast<std::size_t>(row) + 1; event < *after; ++event) {
      if ((plan_.matcher.bits(event).excluded >> before & 1U) != 0) {
        return "the excluded event " + touchpoint(event) + moment_of(event) + " stands between " + name_of(before) +
               " and " + step;
      }
    }
    if (plan_.needs_all_events && *after > row + 1) {
      return touchpoint(static_cast<std::size_t>(row) + 1) + moment_of(static_cast<std::size_t>(row) + 1) +
             " stands between " + name_of(before) + " and " + step + ", and this definition wants them side by side";
    }
    return "there are events for " + step + " after " + name_of(before) + ", but by this definition (" +
           to_text(plan_.options.dialect) + ") none of them continues the chain";
  }

  [[nodiscard]] std::string note_of(std::size_t event) const {
    const event_bits bits = plan_.matcher.bits(event);
    const std::uint64_t start = found_.rows[0];
    if (plan_.is_timed && plan_.rules.window != no_limit && start != no_row && event > start &&
        elapsed(plan_.log.times()[event], plan_.log.times()[start]) > plan_.rules.window &&
        !std::holds_alternative<umami_dialect>(plan_.options.dialect)) {
      return "after the window";
    }
    return bits.excluded != 0 ? "excluded" : "";
  }

  [[nodiscard]] std::string moment_of(std::size_t event) const {
    return plan_.is_timed ? " at " + instant_option(to_instant(plan_.log.times()[event], plan_.log.ticks_per_second()))
                          : " at place " + std::to_string(event - begin_ + 1);
  }

 private:
  [[nodiscard]] std::string name_of(std::size_t step) const {
    return "step " + std::to_string(step + 1) + " (" + plan_.steps[step].label() + ")";
  }
  [[nodiscard]] std::string touchpoint(std::size_t event) const {
    return quoted(plan_.log.touchpoint_names()[plan_.log.touchpoints()[event]]);
  }
  [[nodiscard]] std::size_t first_missing() const {
    std::size_t step = 0;
    while (step < plan_.steps.size() && ((found_.hit >> step & 1U) != 0 || (plan_.rules.optional >> step & 1U) != 0)) {
      ++step;
    }
    return step;
  }
  [[nodiscard]] std::size_t last_filled(std::size_t before) const {
    for (std::size_t step = before; step > 0; --step) {
      if (found_.rows[step - 1] != no_row) {
        return step - 1;
      }
    }
    return plan_.steps.size();
  }
  [[nodiscard]] std::string too_late(std::size_t missing, std::size_t before, std::size_t event) const {
    if (!plan_.is_timed) {
      return {};
    }
    const auto times = plan_.log.times();
    const bool restarts = std::holds_alternative<umami_dialect>(plan_.options.dialect);
    const std::uint64_t limit = plan_.rules.step_window(missing);
    const std::uint64_t since_step = elapsed(times[event], times[found_.rows[before]]);
    if (since_step > limit || (restarts && since_step > plan_.rules.window)) {
      return "the next event for " + name_of(missing) + moment_of(event) + " comes " + length_of(since_step) +
             " after " + name_of(before) + ", later than the " + length_of((std::min)(limit, plan_.rules.window)) +
             " allowed from step to step";
    }
    if (found_.rows[0] == no_row || restarts) {
      return {};
    }
    const std::uint64_t since_start = elapsed(times[event], times[found_.rows[0]]);
    if (since_start > plan_.rules.window) {
      return "the next event for " + name_of(missing) + moment_of(event) + " comes " + length_of(since_start) +
             " after step 1, later than the window of " + length_of(plan_.rules.window);
    }
    return {};
  }
  [[nodiscard]] std::string length_of(std::uint64_t ticks) const {
    return length_text(static_cast<double>(ticks) / static_cast<double>(plan_.log.ticks_per_second()));
  }
  [[nodiscard]] std::string excluded_event() const {
    for (std::size_t event = begin_; event < end_; ++event) {
      if (plan_.matcher.bits(event).excluded != 0) {
        return ": the first is " + touchpoint(event) + moment_of(event);
      }
    }
    return {};
  }

  const funnel_plan& plan_;
  const funnel_match& found_;
  std::size_t begin_;
  std::size_t end_;
};

inline funnel_explanation explanation_of(const funnel_plan& plan, std::string_view customer) {
  const auto index = plan.log.find_customer(customer);
  if (!index) {
    throw input_error("no customer of this log has the id " + quoted(customer) + "; ids are compared as text");
  }
  unit_follower follower{plan};
  funnel_match best;
  best.clear(plan.steps.size());
  index_range range;
  bool any = false;
  // Of several journeys the one that came furthest is explained.
  plan.for_each_unit(*index, [&](std::size_t begin, std::size_t end) {
    const funnel_match& found = follower.follow(begin, end);
    if (!any || found.level > best.level) {
      best = found;
      range = {begin, end};
      any = true;
    }
  });
  const funnel_explainer explainer{plan, best, range.begin, range.end};
  funnel_explanation result;
  result.level = best.level;
  result.is_left_out = best.excluded;
  result.reason = any ? explainer.reason() : "the customer has no event that counts";
  std::vector<std::int64_t> moments;
  std::vector<std::int64_t> places;
  std::vector<std::string> touchpoints;
  std::vector<std::string> matches;
  std::vector<std::string> fills;
  std::vector<std::string> notes;
  for (std::size_t event = range.begin; event < range.end; ++event) {
    const event_bits bits = plan.matcher.bits(event);
    if ((bits.steps | bits.excluded) == 0) {
      continue;
    }
    std::string matched;
    std::string filled;
    for (std::size_t step = 0; step < plan.steps.size(); ++step) {
      if ((bits.steps >> step & 1U) != 0) {
        matched += (matched.empty() ? "" : ", ") + std::to_string(step + 1);
      }
      if (best.rows[step] == event) {
        filled += (filled.empty() ? "" : ", ") + std::to_string(step + 1);
      }
    }
    if (plan.is_timed) {
      moments.push_back(to_instant(plan.log.times()[event], plan.log.ticks_per_second()).time_since_epoch().count());
    }
    places.push_back(static_cast<std::int64_t>(event - range.begin + 1));
    touchpoints.emplace_back(plan.log.touchpoint_names()[plan.log.touchpoints()[event]]);
    matches.push_back(std::move(matched));
    fills.push_back(std::move(filled));
    notes.push_back(explainer.note_of(event));
  }
  table events{
      "The events of one customer that match a step or are excluded: place among all of them, the steps each "
      "matches, and the step it fills on the chain that came furthest. " +
      plan.definition()};
  events.add("place", std::move(places), quantity::count);
  if (plan.is_timed) {
    events.add("time", std::move(moments), quantity::moment);
  }
  events.add("touchpoint", std::move(touchpoints));
  events.add("matches", std::move(matches));
  events.add("fills", std::move(fills));
  events.add("note", std::move(notes));
  events.set_option("steps", funnel_text(plan.steps));
  for (const auto& [name, value] : plan.option_texts()) {
    events.set_option(name, value);
  }
  result.events = std::move(events);
  return result;
}

}  // namespace detail

KLANTREIS_INLINE funnel_explanation explain_funnel(const event_log& log, std::string_view customer,
                                                   const std::vector<funnel_step>& steps,
                                                   const funnel_options& options) {
  return detail::explanation_of(detail::funnel_plan{log, nullptr, steps, options}, customer);
}
KLANTREIS_INLINE funnel_explanation explain_funnel(const journey_set& journeys, std::string_view customer,
                                                   const std::vector<funnel_step>& steps,
                                                   const funnel_options& options) {
  return detail::explanation_of(detail::funnel_plan{journeys.log(), &journeys, steps, options}, customer);
}

}  // namespace klantreis
