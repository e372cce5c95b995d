// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <map>

#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/timing/return_cohorts.hpp"

namespace klantreis {
namespace detail {

/// Time in periods of one length.
struct period_grid {
  std::int64_t length = 1;  // in ticks
  std::int64_t origin = 0;  // a Monday, where a week has a beginning

  period_grid(duration period, std::int64_t ticks_per_second)
      : length((std::max)(std::int64_t{1}, to_ticks(period, ticks_per_second, "period"))) {
    constexpr std::int64_t first_monday = 4 * 86'400;  // 1970-01-05
    origin = period % std::chrono::weeks{1} == duration::zero() ? first_monday * ticks_per_second : 0;
  }
  [[nodiscard]] std::int64_t number(std::int64_t ticks) const noexcept {
    const std::int64_t since = ticks - origin;
    return since / length - (since % length < 0 ? 1 : 0);
  }
  [[nodiscard]] std::int64_t begin(std::int64_t number) const noexcept { return origin + number * length; }
};

}  // namespace detail

KLANTREIS_INLINE return_cohort_counts& return_cohort_counts::operator+=(const return_cohort_counts& other) {
  if (other.period_ == duration::zero()) {
    return *this;
  }
  if (period_ == duration::zero()) {
    return *this = other;
  }
  detail::require_equal_options(options_, other.options_, "return cohorts");
  const std::int64_t first = (std::min)(first_, other.first_);
  detail::pair_counts active;
  for (const return_cohort_counts* const part : {static_cast<const return_cohort_counts*>(this), &other}) {
    const auto later = static_cast<std::uint32_t>(part->first_ - first);
    part->active_.for_each([&](std::uint32_t cohort, std::uint32_t since, std::uint64_t customers) {
      active.add(cohort + later, since, customers);
    });
  }
  active_ = std::move(active);
  first_ = first;
  until_ = (std::max)(until_, other.until_);
  return *this;
}

KLANTREIS_INLINE return_cohort_counts count_return_cohorts(const journey_set& journeys,
                                                           const return_cohort_options& options) {
  const event_log& log = journeys.log();
  if (!log.has_times() && log.events() > 0) {
    throw input_error("cohorts need the time of the events, and the log has none; read it with a time column");
  }
  const std::int64_t per_second = log.events() == 0 ? 1 : log.ticks_per_second();
  const detail::period_grid grid{options.period, per_second};
  const auto times = log.times();
  const auto offsets = journeys.customer_offsets();
  return_cohort_counts result;
  result.options_ = {{"period", detail::duration_option(options.period)}};
  for (const auto& [name, value] : detail::cut_options(journeys)) {
    result.options_.emplace_back(name, value);
  }
  result.period_ = options.period;
  result.until_ = detail::to_instant(journeys.observed_until_ticks(), per_second);
  if (journeys.empty()) {
    return result;
  }
  // Which period is the first is known at the end; until then cohorts are counted back from the last.
  constexpr std::int64_t most_periods = (std::numeric_limits<std::uint32_t>::max)();
  const auto require_fewer = [](std::int64_t periods) {
    if (periods >= most_periods) {
      throw limit_error("the log is longer than 4294967294 periods; take longer ones");
    }
  };
  const std::int64_t last = grid.number((std::min)(log.last_time(), journeys.observed_until_ticks()));
  const auto back = count_in_slices(journeys.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    detail::pair_counts part;
    for (const std::size_t customer : each(range)) {
      if (offsets[customer] == offsets[customer + 1]) {
        continue;
      }
      // Journeys of a customer follow each other, so that events from the first to the last of them are all there are.
      const journey first = journeys[offsets[customer]];
      const std::uint64_t begin = first.begin;
      const std::uint64_t end =
          offsets[customer] + 1 == offsets[customer + 1] ? first.end : journeys[offsets[customer + 1] - 1].end;
      const std::int64_t own = grid.number(times[begin]);
      require_fewer(last - own);
      const auto cohort = static_cast<std::uint32_t>(last - own);
      part.add(cohort, 0);
      std::int64_t next = grid.begin(own + 1);
      // Most customers do not come back, and of them no event in between need be looked at.
      for (std::uint64_t event = begin; times[end - 1] >= next; ++event) {
        if (times[event] >= next) {
          const std::int64_t period = grid.number(times[event]);
          next = grid.begin(period + 1);
          part.add(cohort, static_cast<std::uint32_t>(period - own));
        }
      }
    }
    return part;
  });
  std::uint32_t most = 0;
  back.for_each([&](std::uint32_t cohort, std::uint32_t, std::uint64_t) { most = (std::max)(most, cohort); });
  result.first_ = last - most;
  require_fewer(grid.number(journeys.observed_until_ticks()) - result.first_);
  back.for_each([&](std::uint32_t cohort, std::uint32_t since, std::uint64_t customers) {
    result.active_.add(most - cohort, since, customers);
  });
  return result;
}

KLANTREIS_INLINE table return_cohorts(const return_cohort_counts& counts, const return_cohort_options& options) {
  std::map<std::uint32_t, std::map<std::uint32_t, std::uint64_t>> active;
  counts.active_.for_each(
      [&](std::uint32_t cohort, std::uint32_t since, std::uint64_t customers) { active[cohort][since] = customers; });
  std::vector<std::string> cohorts;
  std::vector<std::int64_t> periods;
  std::vector<std::int64_t> customers;
  std::vector<std::int64_t> returned;
  std::vector<bool> complete;
  detail::estimate_columns shares;
  const detail::period_grid grid{counts.period_ == duration::zero() ? options.period : counts.period_, 1'000'000};
  const std::int64_t until = counts.until_.time_since_epoch().count();
  const std::int64_t last = active.empty() ? -1 : grid.number(until) - counts.first_;
  for (const auto& [cohort, by_period] : active) {
    const std::uint64_t size = by_period.at(0);
    std::int64_t shown = last - cohort;
    if (options.periods) {
      shown = (std::min)(shown, static_cast<std::int64_t>((std::min)(*options.periods, std::size_t{0xFFFF'FFFF})));
    }
    for (std::int64_t since = 0; since <= shown; ++since) {
      const auto found = by_period.find(static_cast<std::uint32_t>(since));
      const std::uint64_t came = found == by_period.end() ? 0 : found->second;
      const std::int64_t number = counts.first_ + cohort;
      cohorts.push_back(detail::instant_option(instant{duration{grid.begin(number)}}));
      periods.push_back(since);
      customers.push_back(static_cast<std::int64_t>(size));
      returned.push_back(static_cast<std::int64_t>(came));
      complete.push_back(grid.begin(number + since + 1) <= until + 1);
      shares.add(detail::share_of_customers(came, size, options.intervals));
    }
  }
  table result{
      "Customers by the period of their first event: how many of them had an event so many periods later. complete: "
      "the period ends before the observation does. Customers who came before the log begins count as new in its first "
      "periods."};
  result.add("cohort", std::move(cohorts));
  result.add("period", std::move(periods));
  result.add("customers", std::move(customers), quantity::count);
  result.add("returned", std::move(returned), quantity::count);
  result.add("share", std::move(shares.value), quantity::share);
  result.add("lower", std::move(shares.lower), quantity::share);
  result.add("upper", std::move(shares.upper), quantity::share);
  result.add("complete", std::move(complete));
  result.add("marks", std::move(shares.marks));
  for (const auto& [name, value] : counts.options_) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, options.intervals);
  return result;
}

KLANTREIS_INLINE table return_cohorts(const journey_set& journeys, const return_cohort_options& options) {
  return return_cohorts(count_return_cohorts(journeys, options), options);
}

}  // namespace klantreis
