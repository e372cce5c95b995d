// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "klantreis/detail/match/tables.ipp"
#include "klantreis/match/tables.hpp"

namespace klantreis {
namespace detail {

/// What the steps of a funnel by pattern add up to.
struct prefix_counts {
  std::uint64_t units = 0;
  visit_moments all = {};
  struct step {
    std::uint64_t reached = 0;
    visit_moments at = {};           // of journeys that reached the step
    event_moments from_before = {};  // among those at the step before
    event_moments from_first = {};   // among those at step 1
    std::vector<double> seconds = {};
    std::vector<double> seconds_from_first = {};
  };
  std::vector<step> steps = {};

  prefix_counts& operator+=(const prefix_counts& other) {
    units += other.units;
    all += other.all;
    steps.resize((std::max)(steps.size(), other.steps.size()));
    for (std::size_t k = 0; k < other.steps.size(); ++k) {
      const step& more = other.steps[k];
      steps[k].reached += more.reached;
      steps[k].at += more.at;
      steps[k].from_before += more.from_before;
      steps[k].from_first += more.from_first;
      steps[k].seconds.insert(steps[k].seconds.end(), more.seconds.begin(), more.seconds.end());
      steps[k].seconds_from_first.insert(steps[k].seconds_from_first.end(), more.seconds_from_first.begin(),
                                         more.seconds_from_first.end());
    }
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE table match_funnel(const journey_set& journeys, const path_pattern& pattern,
                                    const path_search_options& options) {
  const event_log& log = journeys.log();
  const std::vector<std::string> labels = pattern.parts();
  if (labels.empty()) {
    throw input_error("the path pattern " + quoted(pattern.text()) + " has no parts, so there are no steps to reach");
  }
  std::vector<path_search> searches;
  for (std::size_t k = 1; k <= labels.size(); ++k) {
    searches.emplace_back(log, k == labels.size() ? pattern : pattern.prefix(k), options);
  }
  using counts_type = detail::prefix_counts;
  const auto total = count_in_slices(log.customers(), worker_count(options.threads), 256, [&](index_range customers) {
    counts_type part;
    part.steps.resize(labels.size());
    std::vector<path_search> mine{searches};
    std::vector<double> reached(labels.size());
    for (const std::size_t customer : each(customers)) {
      double units = 0.0;
      std::fill(reached.begin(), reached.end(), 0.0);
      detail::for_each_unit(journeys, options.unit, customer, [&](const journey& piece, std::size_t) {
        units += 1.0;
        for (std::size_t k = 0; k < mine.size(); ++k) {
          const auto found = mine[k].find(piece, 1);
          if (found.empty()) {
            break;
          }
          reached[k] += 1.0;
          const auto& parts = found[0].parts;
          if (k != 0 && log.has_times() && parts[k].first != path_match::absent) {
            if (parts[k - 1].last != path_match::absent) {
              part.steps[k].seconds.push_back(detail::seconds_between(log, parts[k - 1].last, parts[k].first));
            }
            if (parts[0].last != path_match::absent) {
              part.steps[k].seconds_from_first.push_back(detail::seconds_between(log, parts[0].last, parts[k].first));
            }
          }
        }
      });
      if (units == 0.0) {
        continue;
      }
      part.units += static_cast<std::uint64_t>(units);
      part.all.add(units);
      for (std::size_t k = 0; k < labels.size() && reached[k] > 0.0; ++k) {
        part.steps[k].reached += static_cast<std::uint64_t>(reached[k]);
        part.steps[k].at.add(reached[k]);
        part.steps[k].from_before.add(reached[k], k == 0 ? units : reached[k - 1]);
        part.steps[k].from_first.add(reached[k], reached[0]);
      }
    }
    return part;
  });
  const bool by_journeys = options.unit == match_unit::journey;
  std::vector<std::int64_t> step_column;
  std::array<std::vector<std::int64_t>, 3> counts;
  std::array<std::vector<double>, 6> rates;
  std::array<std::vector<double>, 5> times;
  std::vector<std::string> marks;
  for (std::size_t k = 0; k < labels.size(); ++k) {
    const auto& here = total.steps[k];
    const std::uint64_t before = k == 0 ? total.units : total.steps[k - 1].reached;
    const estimate rate =
        by_journeys ? rate_interval(k == 0 ? total.all : total.steps[k - 1].at, here.from_before, options.intervals)
                    : detail::share_of_customers(here.reached, before, options.intervals);
    const estimate from_first =
        by_journeys ? rate_interval(total.steps[0].at, here.from_first, options.intervals)
                    : detail::share_of_customers(here.reached, total.steps[0].reached, options.intervals);
    step_column.push_back(static_cast<std::int64_t>(k + 1));
    counts[0].push_back(static_cast<std::int64_t>(here.reached));
    counts[1].push_back(static_cast<std::int64_t>(rate.n));
    counts[2].push_back(
        static_cast<std::int64_t>(k + 1 < labels.size() ? here.reached - total.steps[k + 1].reached : 0));
    const std::array values{rate.value, rate.lower, rate.upper, from_first.value, from_first.lower, from_first.upper};
    for (std::size_t i = 0; i < values.size(); ++i) {
      rates[i].push_back(values[i]);
    }
    std::vector<double> seconds = here.seconds;
    constexpr std::array quantiles{0.5, 0.25, 0.75, 0.9};
    for (std::size_t i = 0; i < quantiles.size(); ++i) {
      times[i].push_back(quantile(seconds, quantiles[i]));
    }
    seconds = here.seconds_from_first;
    times[4].push_back(quantile(seconds, 0.5));
    marks.push_back(to_text(rate.marks));
  }
  table result{
      "How far " + std::string{by_journeys ? "journeys" : "customers"} +
      " come in the path pattern: step k is reached by those with a match of its first k parts. rate: of those at the "
      "step before (at step 1 of all); rate_from_first: of those at step 1; lost: reached the step and not the next. "
      "Times in seconds, of the first match of the first k parts, from the part before and from the first part."};
  result.add("step", std::move(step_column));
  result.add("label", labels);
  constexpr std::array<const char*, 3> count_names{"count", "n", "lost"};
  for (std::size_t i = 0; i < count_names.size(); ++i) {
    result.add(count_names[i], std::move(counts[i]), quantity::count);
  }
  constexpr std::array<const char*, 6> rate_names{
      "rate", "rate_lower", "rate_upper", "rate_from_first", "rate_from_first_lower", "rate_from_first_upper"};
  for (std::size_t i = 0; i < rate_names.size(); ++i) {
    result.add(rate_names[i], std::move(rates[i]), quantity::share);
  }
  constexpr std::array<const char*, 5> time_names{"median_time", "p25_time", "p75_time", "p90_time",
                                                  "median_time_from_first"};
  for (std::size_t i = 0; i < time_names.size(); ++i) {
    result.add(time_names[i], std::move(times[i]), quantity::seconds);
  }
  result.add("marks", std::move(marks));
  for (const auto& [name, value] : detail::search_options_text(journeys, pattern, options)) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, options.intervals);
  return result;
}

}  // namespace klantreis
