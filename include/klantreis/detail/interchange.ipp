// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/instants.hpp"
#include "klantreis/interchange.hpp"

namespace klantreis {

KLANTREIS_INLINE table event_table(const journey_set& journeys, bool by_journey) {
  const event_log& log = journeys.log();
  std::vector<std::uint64_t> events;
  std::vector<std::string> cases;
  std::vector<std::string> customers;
  for (std::size_t customer = 0; customer < journeys.customers(); ++customer) {
    const std::string id = log.customer_id(customer);
    const std::uint64_t first = journeys.customer_offsets()[customer];
    for (std::uint64_t index = first; index < journeys.customer_offsets()[customer + 1]; ++index) {
      const journey piece = journeys[index];
      const std::string name = by_journey ? id + "#" + std::to_string(index - first + 1) : id;
      for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
        events.push_back(event);
        cases.push_back(name);
        customers.push_back(id);
      }
    }
  }
  table result{by_journey ? "The events of journeys, in the order of customers and of time; case: a journey."
                          : "The events of journeys, in the order of customers and of time; case: a customer."};
  result.add("case", std::move(cases));
  result.add("customer", std::move(customers));
  if (log.has_times()) {
    std::vector<std::int64_t> times;
    for (const std::uint64_t event : events) {
      times.push_back(detail::to_instant(log.times()[event], log.ticks_per_second()).time_since_epoch().count());
    }
    result.add("time", std::move(times), quantity::moment);
  }
  for (const std::string& name : log.label_names()) {
    const label_column& labels = log.labels(name);
    std::vector<std::string> texts;
    for (const std::uint64_t event : events) {
      texts.emplace_back(labels.names[labels.codes[event]]);
    }
    // An attribute may be called as a column that stands here already.
    result.add(result.contains(name) ? name + " (attribute)" : name, std::move(texts));
  }
  for (const std::string& name : log.number_names()) {
    const auto all = log.numbers(name);
    std::vector<double> numbers;
    for (const std::uint64_t event : events) {
      numbers.push_back(all[event]);
    }
    result.add(result.contains(name) ? name + " (number)" : name, std::move(numbers));
  }
  return result;
}

}  // namespace klantreis
