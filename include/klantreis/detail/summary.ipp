// SPDX-License-Identifier: MIT
#pragma once

#include <utility>
#include <vector>

#include "klantreis/summary.hpp"

namespace klantreis {

KLANTREIS_INLINE table journey_summary(const journey_set& journeys, const interval_options& options) {
  const auto offsets = journeys.customer_offsets();
  visit_moments visits;
  event_moments events;
  double value = 0.0;
  double length = 0.0;
  std::uint64_t in_journeys = 0;
  std::vector<double> times;
  std::vector<std::pair<double, double>> customers;  // settled journeys and value of each customer
  for (std::size_t c = 0; c < journeys.customers(); ++c) {
    double settled = 0.0;
    double converted = 0.0;
    double worth = 0.0;
    for (auto j = offsets[c]; j < offsets[c + 1]; ++j) {
      const auto item = journeys[j];
      in_journeys += item.end - item.begin;
      if (!item.settled) {
        continue;
      }
      settled += 1.0;
      length += static_cast<double>(item.end - item.begin);
      if (item.converted) {
        converted += 1.0;
        worth += journeys.value(j);
      }
      if (journeys.log().has_times()) {
        times.push_back(journeys.seconds(j));
      }
    }
    if (settled > 0.0) {
      visits.add(settled);
      events.add(converted, settled);
      value += worth;
      customers.emplace_back(settled, worth);
    }
  }
  const estimate rate = rate_interval(visits, events, options);
  const double settled = visits.v;
  const double mean_value = settled > 0.0 ? value / settled : null_value;
  influence_sum influence;
  for (const auto& [journeys_of_customer, worth] : customers) {
    influence.add((worth - mean_value * journeys_of_customer) / settled);
  }
  const bool has_value = !journeys.log().values().empty();
  const estimate per_journey =
      has_value && settled > 0.0 ? influence.log_interval(mean_value, {}, options) : estimate{};

  table result{
      "Journeys cut from the log. Conversion rate: settled journeys that converted / all settled journeys; open "
      "journeys "
      "are counted beside them. Intervals: 95 % unless said otherwise, customers are the independent units. Value: of "
      "the conversions of settled journeys. Length: events of a settled journey; time: first to last event in "
      "seconds."};
  const auto whole = [&result](const char* name, std::uint64_t number) {
    result.add(name, std::vector<std::int64_t>{static_cast<std::int64_t>(number)}, quantity::count);
  };
  const auto number = [&result](const char* name, double figure, quantity what) {
    result.add(name, std::vector<double>{figure}, what);
  };
  whole("events", in_journeys);
  whole("customers", journeys.customers());
  whole("journeys", journeys.size());
  whole("conversions", journeys.conversions());
  whole("nulls", journeys.nulls());
  whole("open", journeys.open());
  number("conversion_rate", rate.value, quantity::share);
  number("lower", rate.lower, quantity::share);
  number("upper", rate.upper, quantity::share);
  whole("n", static_cast<std::uint64_t>(visits.customers));
  result.add("marks", std::vector<std::string>{to_text(rate.marks)});
  number("value", has_value ? value : null_value, quantity::amount);
  number("value_per_journey", per_journey.value, quantity::amount);
  number("value_per_journey_lower", per_journey.lower, quantity::amount);
  number("value_per_journey_upper", per_journey.upper, quantity::amount);
  number("mean_length", settled > 0.0 ? length / settled : null_value, quantity::plain);
  number("median_time", quantile(times, 0.5), quantity::seconds);
  return result;
}

}  // namespace klantreis
