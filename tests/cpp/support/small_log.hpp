// SPDX-License-Identifier: MIT
#pragma once

// Logs of a few events, written down in the test or drawn at random.

#include <cstdint>
#include <fstream>
#include <random>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "klantreis/log.hpp"

namespace test {

struct event {
  std::string customer;
  std::int64_t seconds = 0;
  std::string touchpoint;
};

inline klantreis::event_log log_of(const std::vector<event>& events) {
  std::vector<std::string> customers;
  std::vector<std::int64_t> times;
  std::vector<std::string> touchpoints;
  for (const event& row : events) {
    customers.push_back(row.customer);
    times.push_back(row.seconds * 1'000'000);
    touchpoints.push_back(row.touchpoint);
  }
  return klantreis::event_log::from_columns(std::span<const std::string>{customers},
                                            std::span<const std::int64_t>{times},
                                            std::span<const std::string>{touchpoints});
}

/// A log without times: the position of the rows is their order.
inline klantreis::event_log ordered_log_of(const std::vector<event>& events) {
  std::vector<std::string> customers;
  std::vector<std::string> touchpoints;
  std::vector<std::int64_t> order;
  for (const event& row : events) {
    customers.push_back(row.customer);
    touchpoints.push_back(row.touchpoint);
    order.push_back(static_cast<std::int64_t>(order.size()));
  }
  klantreis::event_batch batch;
  batch.customer = klantreis::column_view{std::span<const std::string>{customers}};
  batch.touchpoint = klantreis::column_view{std::span<const std::string>{touchpoints}};
  batch.order = klantreis::column_view{std::span<const std::int64_t>{order}};
  klantreis::log_builder builder;
  builder.append(batch);
  return builder.finish();
}

/// Up to `most` events of a handful of customers, with ties in time and repeated touchpoints.
inline std::vector<event> random_events(std::mt19937& random, std::size_t most, const std::vector<std::string>& names) {
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  std::vector<event> events;
  const std::size_t size = 1 + below(most);
  const std::size_t customers = 1 + below(4);
  for (std::size_t i = 0; i < size; ++i) {
    events.push_back(
        {"u" + std::to_string(below(customers)), static_cast<std::int64_t>(below(12)), names[below(names.size())]});
  }
  return events;
}

/// The log of twelve customers of a webshop in tests/data.
inline std::vector<event> webshop_events() {
  std::ifstream file(std::string(KLANTREIS_TEST_DATA) + "/events_F1.csv");
  if (!file) {
    throw std::runtime_error("no events_F1.csv in tests/data");
  }
  std::vector<event> events;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string customer;
    std::string moment;
    std::string name;
    std::getline(cells, customer, ',');
    std::getline(cells, moment, ',');
    std::getline(cells, name, ',');
    using namespace std::chrono;
    const auto number = [&moment](std::size_t at, std::size_t size) { return std::stoi(moment.substr(at, size)); };
    const sys_days day{year{number(0, 4)} / month{static_cast<unsigned>(number(5, 2))} /
                       std::chrono::day{static_cast<unsigned>(number(8, 2))}};
    const auto clock = hours{number(11, 2)} + minutes{number(14, 2)} + seconds{number(17, 2)};
    events.push_back({customer, (day.time_since_epoch() + clock) / seconds{1}, name});
  }
  return events;
}

}  // namespace test
