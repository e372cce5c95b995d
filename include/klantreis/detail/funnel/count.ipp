// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "klantreis/detail/funnel/partial.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/order_statistics.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/funnel/count.hpp"

namespace klantreis {

KLANTREIS_INLINE void funnel_counts::add(const funnel_counts& other) {
  customers_ += other.customers_;
  units_ += other.units_;
  excluded_ += other.excluded_;
  detail::add_each(reached_, other.reached_);
  detail::add_each(lost_, other.lost_);
  detail::add_each(with_base_, other.with_base_);
  detail::add_each(with_entry_, other.with_entry_);
  detail::add_each(at_, other.at_);
  detail::add_each(from_base_, other.from_base_);
  detail::add_each(from_entry_, other.from_entry_);
  detail::append_each(from_previous_, other.from_previous_);
  detail::append_each(from_first_, other.from_first_);
}

KLANTREIS_INLINE funnel_counts& funnel_counts::operator+=(const funnel_counts& other) {
  if (other.steps_.empty()) {
    return *this;
  }
  if (steps_.empty()) {
    return *this = other;
  }
  if (steps_ != other.steps_) {
    throw input_error("funnel counts of different steps do not add up: " + detail::funnel_text(steps_) + " and " +
                      detail::funnel_text(other.steps_));
  }
  detail::require_equal_options(options_, other.options_, "funnel counts");
  if (by_journeys_ != other.by_journeys_ || base_ != other.base_) {
    throw input_error("funnel counts of customers and of journeys do not add up; count both alike");
  }
  add(other);
  return *this;
}

KLANTREIS_INLINE funnel_counts funnel_counts::of(const detail::funnel_plan& plan) {
  const bool plain = plan.is_plain() && plan.options.unit == funnel_unit::customer;
  auto total = count_in_slices(plan.log.customers(), worker_count(plan.options.threads), 4096, [&](index_range range) {
    return plain ? detail::count_plain(plan, range) : detail::count_units(plan, range);
  });
  funnel_counts counts = std::move(total.counts);
  counts.finish(plan);
  return counts;
}

KLANTREIS_INLINE void funnel_counts::finish(const detail::funnel_plan& plan) {
  options_ = plan.option_texts();
  definition_ = plan.definition();
  for (std::size_t step = 0; step < plan.steps.size(); ++step) {
    labels_.push_back(plan.label(step));
  }
}

KLANTREIS_INLINE estimate funnel_counts::rate(std::size_t index, const interval_options& intervals) const {
  const std::size_t base = base_[index];
  return by_journeys_
             ? rate_interval(at_[base], from_base_[index], intervals)
             : detail::share_of_customers(with_base_[index], base == 0 ? units() : reached_[base - 1], intervals);
}

KLANTREIS_INLINE estimate funnel_counts::rate_from_first(std::size_t index, const interval_options& intervals) const {
  return by_journeys_ ? rate_interval(at_[1], from_entry_[index], intervals)
                      : detail::share_of_customers(with_entry_[index], reached_[0], intervals);
}

KLANTREIS_INLINE funnel_counts count_funnel(const event_log& log, const std::vector<funnel_step>& steps,
                                            const funnel_options& options) {
  return funnel_counts::of(detail::funnel_plan{log, nullptr, steps, options});
}

KLANTREIS_INLINE funnel_counts count_funnel(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                            const funnel_options& options) {
  return funnel_counts::of(detail::funnel_plan{journeys.log(), &journeys, steps, options});
}

KLANTREIS_INLINE table funnel(const funnel_counts& counts, const interval_options& intervals) {
  const std::size_t size = counts.steps_.size();
  std::vector<std::int64_t> step_column;
  std::vector<std::int64_t> count_column;
  std::vector<std::int64_t> n_column;
  std::vector<std::int64_t> lost_column;
  std::array<std::vector<double>, 6> rates;
  std::array<std::vector<double>, 5> times;
  std::vector<std::string> marks_column;
  for (std::size_t step = 0; step < size; ++step) {
    const estimate rate = counts.rate(step, intervals);
    const estimate from_first = counts.rate_from_first(step, intervals);
    step_column.push_back(static_cast<std::int64_t>(step + 1));
    count_column.push_back(static_cast<std::int64_t>(counts.reached_[step]));
    n_column.push_back(static_cast<std::int64_t>(rate.n));
    lost_column.push_back(static_cast<std::int64_t>(counts.lost_[step]));
    const std::array values{rate.value, rate.lower, rate.upper, from_first.value, from_first.lower, from_first.upper};
    for (std::size_t i = 0; i < values.size(); ++i) {
      rates[i].push_back(values[i]);
    }
    constexpr std::array quantiles{0.5, 0.25, 0.75, 0.9};
    const std::vector<double> seconds = detail::quantiles_of(counts.from_previous_[step], quantiles);
    for (std::size_t i = 0; i < quantiles.size(); ++i) {
      times[i].push_back(seconds[i]);
    }
    // To the second step the first one is the one before.
    const bool is_same = counts.from_first_[step] == counts.from_previous_[step];
    times[4].push_back(is_same ? seconds[0]
                               : detail::quantiles_of(counts.from_first_[step], std::span{quantiles}.first(1))[0]);
    marks_column.push_back(to_text(rate.marks));
  }

  table result{counts.definition_ + " " + detail::funnel_columns_text(counts.by_journeys_)};
  result.add("step", std::move(step_column));
  result.add("label", counts.labels_);
  result.add("count", std::move(count_column), quantity::count);
  result.add("n", std::move(n_column), quantity::count);
  result.add("lost", std::move(lost_column), quantity::count);
  const std::array<const char*, 6> rate_names{
      "rate", "rate_lower", "rate_upper", "rate_from_first", "rate_from_first_lower", "rate_from_first_upper"};
  for (std::size_t i = 0; i < rates.size(); ++i) {
    result.add(rate_names[i], std::move(rates[i]), quantity::share);
  }
  const std::array<const char*, 5> time_names{"median_time", "p25_time", "p75_time", "p90_time",
                                              "median_time_from_first"};
  for (std::size_t i = 0; i < times.size(); ++i) {
    result.add(time_names[i], std::move(times[i]), quantity::seconds);
  }
  result.add("marks", std::move(marks_column));
  result.set_option("steps", detail::funnel_text(counts.steps_));
  for (const auto& [name, value] : counts.options_) {
    result.set_option(name, value);
  }
  if (counts.excluded_ != 0) {
    result.set_option("left_out", std::to_string(counts.excluded_));
  }
  detail::set_interval_options(result, intervals);
  return result;
}

KLANTREIS_INLINE table funnel(const event_log& log, const std::vector<funnel_step>& steps,
                              const funnel_options& options) {
  return funnel(count_funnel(log, steps, options), options.intervals);
}

KLANTREIS_INLINE table funnel(const journey_set& journeys, const std::vector<funnel_step>& steps,
                              const funnel_options& options) {
  return funnel(count_funnel(journeys, steps, options), options.intervals);
}

}  // namespace klantreis
