// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/dropoff/rates.hpp"
#include "klantreis/dropoff/click_through.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {

KLANTREIS_INLINE table click_through(const journey_set& journeys, const std::vector<call_to_action>& calls,
                                     const click_through_options& options) {
  const event_log& log = journeys.log();
  const detail::item_source items = detail::items_of(journeys, options.by, false);
  const auto times = log.times();
  const std::int64_t within =
      options.within ? to_ticks(*options.within, log.ticks_per_second(), "within") : std::int64_t{0};
  struct watched {
    std::uint32_t item;
    std::vector<bool> goals;
    bool any_conversion;
  };
  std::vector<watched> watch;
  for (const call_to_action& call : calls) {
    if (call.goals.empty()) {
      throw input_error("the call to action " + quoted(call.item) + " has no goal; name what should come next");
    }
    std::vector<std::string> goals;
    bool any_conversion = false;
    for (const std::string& goal : call.goals) {
      if (goal == conversion_state) {
        any_conversion = true;
      } else {
        goals.push_back(goal);
      }
    }
    const auto item = items.names->find(call.item);
    if (!item) {
      throw input_error(detail::unknown_label_message(call.item, options.by, *items.names));
    }
    watch.push_back({*item, detail::codes_named(*items.names, goals, options.by), any_conversion});
  }

  detail::visit_rates clicks;
  detail::visit_rates exits;
  clicks.resize(watch.size());
  exits.resize(watch.size());
  for (const std::size_t customer : each({0, journeys.customers()})) {
    for (auto index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
         ++index) {
      const journey piece = journeys[index];
      if (!piece.settled) {
        continue;
      }
      // Each visit with the event that follows it, the conversion included; none after the last one.
      const auto visit = [&](std::uint64_t event, std::uint64_t next) {
        const bool last = next == piece.end;
        for (std::size_t i = 0; i < watch.size(); ++i) {
          if (items.codes[event] != watch[i].item) {
            continue;
          }
          clicks.visit(i);
          exits.visit(i);
          if (last) {
            if (!piece.converted) {
              exits.event(i);
            }
            continue;
          }
          const bool called =
              watch[i].goals[items.codes[next]] || (watch[i].any_conversion && journeys.is_conversion_event(next));
          if (called && (!options.within || times[next] - times[event] <= within)) {
            clicks.event(i);
          }
        }
      };
      std::uint64_t before = piece.end;
      items.for_each(piece, [&](std::uint32_t, std::uint64_t event) {
        if (before != piece.end) {
          visit(before, event);
        }
        before = event;
      });
      if (before != piece.end) {
        visit(before, piece.path_end);
      }
    }
    clicks.end_customer();
    exits.end_customer();
  }

  std::vector<std::string> labels;
  std::vector<std::string> goals;
  std::vector<std::int64_t> visits;
  std::vector<std::int64_t> click_counts;
  std::vector<std::int64_t> exit_counts;
  std::vector<std::int64_t> elsewhere;
  detail::estimate_columns click_rates;
  detail::estimate_columns exit_rates;
  for (std::size_t i = 0; i < watch.size(); ++i) {
    labels.push_back(calls[i].item);
    goals.push_back(detail::names_text(calls[i].goals));
    const visit_moments& row = clicks.visits()[i];
    visits.push_back(static_cast<std::int64_t>(row.v));
    click_counts.push_back(static_cast<std::int64_t>(clicks.events()[i].e));
    exit_counts.push_back(static_cast<std::int64_t>(exits.events()[i].e));
    elsewhere.push_back(visits.back() - click_counts.back() - exit_counts.back());
    estimate click = rate_interval(row, clicks.events()[i], options.intervals);
    const estimate exit = rate_interval(row, exits.events()[i], options.intervals);
    click.marks |= exit.marks;
    click_rates.add(click);
    exit_rates.add(exit);
  }
  table result{
      "What follows the visits of calls to action in settled journeys. clicks: visits followed by a goal; exits: "
      "visits "
      "after which a journey without conversion ended; elsewhere: the others. Rates are of the visits, with intervals "
      "by customers (n)."};
  result.add(options.by, std::move(labels));
  result.add("goal", std::move(goals));
  result.add("visits", std::move(visits), quantity::count);
  result.add("n", std::move(click_rates.n), quantity::count);
  result.add("clicks", std::move(click_counts), quantity::count);
  result.add("click_rate", std::move(click_rates.value), quantity::share);
  result.add("click_rate_lower", std::move(click_rates.lower), quantity::share);
  result.add("click_rate_upper", std::move(click_rates.upper), quantity::share);
  result.add("exits", std::move(exit_counts), quantity::count);
  result.add("exit_rate", std::move(exit_rates.value), quantity::share);
  result.add("exit_rate_lower", std::move(exit_rates.lower), quantity::share);
  result.add("exit_rate_upper", std::move(exit_rates.upper), quantity::share);
  result.add("elsewhere", std::move(elsewhere), quantity::count);
  result.add("marks", std::move(click_rates.marks));
  result.set_option("by", options.by);
  result.set_option("within", options.within ? detail::duration_option(*options.within) : "no limit");
  detail::set_cut_options(result, journeys);
  detail::set_interval_options(result, options.intervals);
  return result;
}

}  // namespace klantreis
