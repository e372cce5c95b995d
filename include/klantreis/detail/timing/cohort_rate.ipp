// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/timing/clock.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/timing/cohort_rate.hpp"

namespace klantreis {
namespace detail {

struct cohort_rate_partial {
  visit_rates rates;  // by segment, then horizon
  std::vector<std::uint64_t> too_recent;

  cohort_rate_partial& operator+=(const cohort_rate_partial& other) {
    rates += other.rates;
    for (std::size_t i = 0; i < too_recent.size(); ++i) {
      too_recent[i] += other.too_recent[i];
    }
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE cohort_rate_counts& cohort_rate_counts::operator+=(const cohort_rate_counts& other) {
  if (other.options_.empty()) {
    return *this;
  }
  if (options_.empty()) {
    return *this = other;
  }
  detail::require_equal_options(options_, other.options_, "cohort rates");
  if (within_ != other.within_) {
    throw input_error("cohort rates of different horizons do not add up; count both with the same");
  }
  for (const auto& [name, cells] : other.cells_) {
    auto& here = cells_[name];
    here.resize(within_.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      here[i] += cells[i];
    }
  }
  return *this;
}

KLANTREIS_INLINE cohort_rate_counts count_cohort_rate(const journey_set& journeys, const cohort_rate_options& options) {
  detail::require_times(journeys, "a cohort rate");
  require_cut(journeys, "a cohort rate");
  if (options.within.empty()) {
    throw input_error("no horizon is given; say within which time journeys should convert, for example 30 days");
  }
  const event_log& log = journeys.log();
  const detail::segments segments{journeys, options.segment};
  const std::size_t horizons = options.within.size();
  const std::int64_t per_second = log.events() == 0 ? 1 : log.ticks_per_second();
  std::vector<std::int64_t> length;
  std::vector<std::int64_t> last_start;
  for (const duration within : options.within) {
    length.push_back(to_ticks(within, per_second, "within"));
    const std::int64_t known =
        journeys.options().inactivity ? detail::known_until(journeys) : journeys.observed_until_ticks();
    last_start.push_back(known - length.back());
  }
  const auto times = log.times();
  const auto count = [&](index_range range) {
    detail::cohort_rate_partial part;
    part.rates.resize(segments.size() * horizons);
    part.too_recent.resize(segments.size() * horizons);
    for (const std::size_t customer : each(range)) {
      for (auto index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
           ++index) {
        const journey piece = journeys[index];
        const std::int64_t start = times[piece.begin];
        const std::int64_t took = times[piece.end - 1] - start;
        const std::size_t first = segments.of(piece) * horizons;
        for (std::size_t i = 0; i < horizons; ++i) {
          if (start > last_start[i]) {
            ++part.too_recent[first + i];
            continue;
          }
          part.rates.visit(first + i);
          if (piece.converted && took <= length[i]) {
            part.rates.event(first + i);
          }
        }
      }
      part.rates.end_customer();
    }
    return part;
  };
  const auto found = count_in_slices(journeys.customers(), worker_count(options.threads), 4096, count);

  cohort_rate_counts result;
  result.segment_ = options.segment;
  result.within_ = options.within;
  result.options_ = detail::cut_options(journeys);
  // The end of the observation decides which journeys are old enough, so parts of a log must agree on it.
  for (auto& [name, value] : result.options_) {
    if (name == "observed_until" && log.events() != 0) {
      value = detail::instant_option(detail::to_instant(journeys.observed_until_ticks(), per_second));
    }
  }
  std::string horizons_text;
  for (const duration within : options.within) {
    horizons_text += (horizons_text.empty() ? "" : ", ") + detail::duration_option(within);
  }
  result.options_.insert(result.options_.begin(),
                         {{"within", horizons_text}, {"segment", options.segment.empty() ? "none" : options.segment}});
  for (std::uint32_t segment = 0; segment < segments.size(); ++segment) {
    std::vector<cohort_rate_counts::cell> cells;
    bool any = options.segment.empty();
    for (std::size_t i = segment * horizons; i < (segment + 1) * horizons; ++i) {
      cells.push_back({found.rates.visits()[i], found.rates.events()[i], found.too_recent[i]});
      any = any || cells.back().journeys.v > 0.0 || cells.back().too_recent > 0;
    }
    if (any) {
      result.cells_.emplace(segments.name(segment), std::move(cells));
    }
  }
  return result;
}

KLANTREIS_INLINE table cohort_rate(const cohort_rate_counts& counts, const interval_options& intervals) {
  std::vector<std::string> segments;
  std::vector<double> within;
  std::vector<std::int64_t> journeys;
  std::vector<std::int64_t> conversions;
  std::vector<std::int64_t> too_recent;
  detail::estimate_columns rates;
  for (const auto& [name, cells] : counts.cells_) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      segments.push_back(name);
      within.push_back(static_cast<double>(counts.within_[i].count()) / 1e6);
      journeys.push_back(static_cast<std::int64_t>(cells[i].journeys.v));
      conversions.push_back(static_cast<std::int64_t>(cells[i].conversions.e));
      too_recent.push_back(static_cast<std::int64_t>(cells[i].too_recent));
      rates.add(rate_interval(cells[i].journeys, cells[i].conversions, intervals));
    }
  }
  table result{
      "Share of journeys that converted within a time of their start, of those that started early enough to show it "
      "before the end of the observation; too_recent: those that did not. Growth does not bias it. Interval by "
      "customers."};
  detail::add_labels(result, counts.segment_, std::move(segments), {}, {});
  result.add("within", std::move(within), quantity::seconds);
  result.add("journeys", std::move(journeys), quantity::count);
  result.add("n", std::move(rates.n), quantity::count);
  result.add("conversions", std::move(conversions), quantity::count);
  result.add("rate", std::move(rates.value), quantity::share);
  result.add("lower", std::move(rates.lower), quantity::share);
  result.add("upper", std::move(rates.upper), quantity::share);
  result.add("too_recent", std::move(too_recent), quantity::count);
  result.add("marks", std::move(rates.marks));
  for (const auto& [name, value] : counts.options_) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, intervals);
  return result;
}

KLANTREIS_INLINE table cohort_rate(const journey_set& journeys, const cohort_rate_options& options) {
  return cohort_rate(count_cohort_rate(journeys, options), options.intervals);
}

}  // namespace klantreis
