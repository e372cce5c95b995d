// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/timing/blocks.hpp"
#include "klantreis/detail/timing/clock.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/timing/silence.hpp"

namespace klantreis {
namespace detail {

/// Calls `use(step, ended)` for each step that a silence of `customer` was observed in.
template <typename Use>
void for_each_silent_step(const journey_set& journeys, std::size_t customer, std::int64_t length, std::size_t rows,
                          bool after_conversions, Use&& use) {
  const event_log& log = journeys.log();
  const auto times = log.times();
  const std::int64_t until = journeys.observed_until_ticks();
  const std::uint64_t end = log.offsets()[customer + 1];
  for (std::uint64_t event = log.offsets()[customer]; event < end && times[event] <= until; ++event) {
    if (!after_conversions && journeys.is_conversion_event(event)) {
      continue;
    }
    // Only whole steps count, so that those who could still end in a step and those who did are the same silences.
    const std::int64_t whole = (until - times[event]) / length;
    const bool ends = event + 1 < end && times[event + 1] <= until;
    const std::int64_t last = ends ? (times[event + 1] - times[event]) / length : whole;
    for (std::int64_t step = 0; step <= last && step < whole && step < static_cast<std::int64_t>(rows); ++step) {
      use(static_cast<std::size_t>(step), ends && step == last);
    }
  }
}

}  // namespace detail

KLANTREIS_INLINE table silence(const journey_set& journeys, const silence_options& options) {
  detail::require_times(journeys, "the hazard of silence");
  if (options.steps == 0 || options.horizon == 0) {
    throw input_error("steps is " + std::to_string(options.steps) + " and horizon " + std::to_string(options.horizon) +
                      "; both must be at least 1");
  }
  if (options.steps + options.horizon > 100'000) {
    throw limit_error("steps and horizon add up to " + std::to_string(options.steps + options.horizon) +
                      ", at most 100000 steps are followed; make the step longer");
  }
  const std::int64_t per_second = journeys.log().events() == 0 ? 1 : journeys.log().ticks_per_second();
  const std::int64_t length = to_ticks(options.step, per_second, "step");
  if (length == 0) {
    throw input_error("the step is shorter than the unit of the times; make it at least one unit");
  }
  const std::size_t rows = options.steps + options.horizon;
  const unsigned workers = worker_count(options.threads);
  const auto counts = count_in_slices(journeys.customers(), workers, 4096, [&](index_range range) {
    detail::visit_rates part;
    part.resize(rows);
    for (const std::size_t customer : each(range)) {
      detail::for_each_silent_step(journeys, customer, length, rows, options.after_conversions,
                                   [&](std::size_t step, bool ended) {
                                     part.visit(step);
                                     if (ended) {
                                       part.event(step);
                                     }
                                   });
      part.end_customer();
    }
    return part;
  });

  // weight: what one silence of step k that ended, less its hazard, moves the log of the product of 1 − hazard.
  std::vector<double> hazard(rows, null_value);
  std::vector<double> weight(rows, 0.0);
  for (std::size_t k = 0; k < rows; ++k) {
    const double at_risk = counts.visits()[k].v;
    if (at_risk > 0.0) {
      hazard[k] = counts.events()[k].e / at_risk;
      weight[k] = hazard[k] < 1.0 ? 1.0 / (at_risk - counts.events()[k].e) : 0.0;
    }
  }
  const auto influence = detail::sum_in_blocks(journeys.customers(), workers, [&](index_range range) {
    detail::influence_row part{std::vector<influence_sum>(options.steps)};
    std::vector<double> sums(rows + 1);        // of the steps before
    std::vector<std::size_t> last_seen(rows);  // 1 + the last step with a silence, at or before
    for (const std::size_t customer : each(range)) {
      std::vector<double> own(rows, 0.0);
      std::vector<bool> seen(rows, false);
      bool any = false;
      detail::for_each_silent_step(journeys, customer, length, rows, options.after_conversions,
                                   [&](std::size_t step, bool ended) {
                                     own[step] += weight[step] * ((ended ? 1.0 : 0.0) - hazard[step]);
                                     seen[step] = any = true;
                                   });
      if (!any) {
        continue;
      }
      for (std::size_t k = 0; k < rows; ++k) {
        sums[k + 1] = sums[k] + own[k];
        last_seen[k] = seen[k] ? k + 1 : k == 0 ? 0 : last_seen[k - 1];
      }
      for (std::size_t d = 0; d < options.steps; ++d) {
        if (last_seen[d + options.horizon - 1] > d) {
          part.sums[d].add(sums[d + options.horizon] - sums[d]);
        }
      }
    }
    return part;
  });

  std::vector<double> lengths;
  std::vector<std::int64_t> at_risk;
  std::vector<std::int64_t> ended;
  std::vector<double> still;
  std::vector<std::string> marks;
  detail::estimate_columns hazards;
  detail::estimate_columns returns;
  double product = 1.0;
  for (std::size_t d = 0; d < options.steps; ++d) {
    lengths.push_back(static_cast<double>(d) * static_cast<double>(options.step.count()) / 1e6);
    at_risk.push_back(static_cast<std::int64_t>(counts.visits()[d].v));
    ended.push_back(static_cast<std::int64_t>(counts.events()[d].e));
    still.push_back(product);
    product *= 1.0 - hazard[d];
    estimate one = rate_interval(counts.visits()[d], counts.events()[d], options.intervals);
    double none = 1.0;
    bool all_end = false;
    for (std::size_t k = d; k < d + options.horizon; ++k) {
      none *= 1.0 - hazard[k];
      all_end = all_end || hazard[k] == 1.0;
    }
    // The product of 1 − hazard is at the boundary when a hazard is 1, or all are 0.
    const double comes_back = all_end && !std::isnan(none) ? 1.0 : 1.0 - none;
    const influence_sum& sums = influence.sums[d];
    const influence_sum scaled{sums.customers(), none * sums.sum(), none * none * sums.sum2(),
                               none * none * none * none * sums.sum4()};
    const estimate back = scaled.prob_interval(comes_back, counts.visits()[d].customers, options.intervals);
    one.marks |= back.marks;
    hazards.add(one);
    returns.add(back);
  }
  table result{
      "Whether silent customers come back. Row d: silences that had lasted d steps and were observed for one more; "
      "hazard: share of them that ended in that step; still_silent: share of all silences that last so long; returns: "
      "probability of an event within the horizon. A silence begins at each event" +
      std::string(options.after_conversions ? "" : " that is no conversion") +
      " and ends at the customer's next one. Intervals by customers."};
  result.add("silence", std::move(lengths), quantity::seconds);
  result.add("at_risk", std::move(at_risk), quantity::count);
  result.add("n", std::move(hazards.n), quantity::count);
  result.add("ended", std::move(ended), quantity::count);
  result.add("hazard", std::move(hazards.value), quantity::share);
  result.add("hazard_lower", std::move(hazards.lower), quantity::share);
  result.add("hazard_upper", std::move(hazards.upper), quantity::share);
  result.add("still_silent", std::move(still), quantity::share);
  result.add("returns", std::move(returns.value), quantity::share);
  result.add("returns_lower", std::move(returns.lower), quantity::share);
  result.add("returns_upper", std::move(returns.upper), quantity::share);
  result.add("marks", std::move(hazards.marks));
  result.set_option("step", detail::duration_option(options.step));
  result.set_option("horizon", std::to_string(options.horizon) + " steps");
  result.set_option("after_conversions", options.after_conversions ? "yes" : "no");
  for (const auto& [name, value] : detail::cut_options(journeys)) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, options.intervals);
  return result;
}

}  // namespace klantreis
