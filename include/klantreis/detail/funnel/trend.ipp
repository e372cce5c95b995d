// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "klantreis/detail/funnel/keyed.hpp"
#include "klantreis/detail/instants.hpp"
#include "klantreis/funnel/views.hpp"

namespace klantreis {
namespace detail {

/// The start of the period in which an instant lies, and that of the next one.
inline std::pair<instant, instant> period_of(instant moment, period_length length) {
  using namespace std::chrono;
  const sys_days day = floor<days>(moment);
  switch (length) {
    case period_length::hour: {
      const auto begin = floor<hours>(moment);
      return {begin, begin + hours{1}};
    }
    case period_length::week: {
      const sys_days monday = day - days{(weekday{day} - Monday).count()};
      return {monday, monday + days{7}};
    }
    case period_length::month: {
      const year_month_day date{day};
      const sys_days begin{date.year() / date.month() / 1};
      return {begin, sys_days{(date.year() / date.month() + months{1}) / 1}};
    }
    case period_length::day:
      break;
  }
  return {day, day + days{1}};
}

inline std::int64_t ticks_of(instant moment, std::int64_t ticks_per_second) {
  const std::int64_t micros = moment.time_since_epoch().count();
  return ticks_per_second >= 1'000'000 ? micros * (ticks_per_second / 1'000'000)
                                       : micros / (1'000'000 / ticks_per_second);
}

inline table trend_table(const funnel_plan& plan, period_length period) {
  if (!plan.is_timed) {
    throw input_error("a trend needs times and this log has none");
  }
  if (plan.is_open() || plan.counts_steps_done()) {
    throw input_error("a trend is of those who enter at step 1; this funnel has no such order");
  }
  const std::int64_t ticks = plan.log.ticks_per_second();
  const auto times = plan.log.times();
  const bool restarts = std::holds_alternative<umami_dialect>(plan.options.dialect);
  const std::uint64_t steps_after = restarts ? plan.steps.size() - 1 : 1;
  const std::uint64_t reach =
      plan.rules.window > no_limit / (steps_after + 1) ? no_limit : plan.rules.window * steps_after;
  const auto bounds = [&](std::int64_t time) {
    const auto [begin, end] = period_of(to_instant(time, ticks), period);
    return std::pair{ticks_of(begin, ticks), ticks_of(end, ticks)};
  };
  const keyed_partials total =
      count_by_key(plan, [&](keyed_partials& part, unit_follower& follower, std::size_t begin, std::size_t end) {
        std::int64_t done_before = (std::numeric_limits<std::int64_t>::min)();
        for (std::size_t event = begin; event < end; ++event) {
          if (times[event] < done_before || (plan.matcher.bits(event).steps & 1U) == 0) {
            continue;
          }
          const auto [from, before] = bounds(times[event]);
          done_before = before;
          // What comes before the period cannot belong to a chain that begins in it, nor what comes after its last
          // window.
          std::size_t first = event;
          while (first > begin && times[first - 1] >= from) {
            --first;
          }
          std::size_t last = event + 1;
          while (last < end && (times[last] < before || elapsed(times[last], before) < reach)) {
            ++last;
          }
          const funnel_match& found = follower.follow(first, last, {.entry_from = from, .entry_before = before});
          if (found.hit != 0) {
            part.add(from, found);
          }
        }
      });

  std::vector<std::int64_t> period_column;
  std::vector<std::int64_t> entered_column;
  std::vector<std::int64_t> step_column;
  std::vector<std::string> label_column;
  std::vector<std::int64_t> count_column;
  std::vector<std::int64_t> n_column;
  std::array<std::vector<double>, 3> rates;
  std::vector<bool> complete_column;
  std::vector<std::string> marks_column;
  for (const auto& [from, part] : total.parts) {
    const funnel_counts counts = part.finished();
    const table one = funnel(counts, plan.options.intervals);
    const std::int64_t before = bounds(from).second;
    const bool complete = plan.until >= before && (reach == no_limit || elapsed(plan.until, before) >= reach);
    for (std::size_t step = 0; step < plan.steps.size(); ++step) {
      const estimate rate = counts.rate_from_first(step, plan.options.intervals);
      period_column.push_back(to_instant(from, ticks).time_since_epoch().count());
      entered_column.push_back(one.integers("count")[0]);
      step_column.push_back(static_cast<std::int64_t>(step + 1));
      label_column.push_back(one.texts("label")[step]);
      count_column.push_back(one.integers("count")[step]);
      n_column.push_back(static_cast<std::int64_t>(rate.n));
      rates[0].push_back(rate.value);
      rates[1].push_back(rate.lower);
      rates[2].push_back(rate.upper);
      complete_column.push_back(complete);
      marks_column.push_back(to_text(rate.marks));
    }
  }
  table result{
      plan.definition() +
      " Each counts in every period in which step 1 was done, with the chains that begin there; a customer may "
      "count in several periods. rate_from_first: share of those who entered in the period. complete: the "
      "window of the period's last possible entry has passed before the observation ends (without a window: "
      "the period has); the others may still rise. Periods in UTC, weeks from Monday."};
  result.add("period", std::move(period_column), quantity::moment);
  result.add("entered", std::move(entered_column), quantity::count);
  result.add("step", std::move(step_column));
  result.add("label", std::move(label_column));
  result.add("count", std::move(count_column), quantity::count);
  result.add("n", std::move(n_column), quantity::count);
  result.add("rate_from_first", std::move(rates[0]), quantity::share);
  result.add("lower", std::move(rates[1]), quantity::share);
  result.add("upper", std::move(rates[2]), quantity::share);
  result.add("complete", std::move(complete_column));
  result.add("marks", std::move(marks_column));
  set_funnel_options(result, plan);
  constexpr std::array<const char*, 4> names{"hour", "day", "week", "month"};
  result.set_option("period", names[static_cast<std::size_t>(period)]);
  return result;
}

}  // namespace detail

KLANTREIS_INLINE table funnel_trend(const event_log& log, const std::vector<funnel_step>& steps, period_length period,
                                    const funnel_options& options) {
  return detail::trend_table(detail::funnel_plan{log, nullptr, steps, options}, period);
}
KLANTREIS_INLINE table funnel_trend(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                    period_length period, const funnel_options& options) {
  return detail::trend_table(detail::funnel_plan{journeys.log(), &journeys, steps, options}, period);
}

}  // namespace klantreis
