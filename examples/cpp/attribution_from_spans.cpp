// SPDX-License-Identifier: MIT

// Which channel earned the orders?
//
// Ten touches of four customers, as a program has them in memory: plain arrays, no files and no framework.

#include <chrono>
#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "klantreis.hpp"

int main() {
  const std::vector<std::string> customers{"anna",  "anna",  "anna",  "bram", "bram",
                                           "carla", "carla", "carla", "daan", "daan"};
  const std::vector<std::string> touches{"search", "mail",   "order", "search", "order",
                                         "social", "search", "order", "social", "mail"};
  std::vector<std::int64_t> times;  // microseconds since 1970: here one touch an hour
  for (std::int64_t hour = 0; hour < 10; ++hour) {
    times.push_back(hour * 3'600'000'000);
  }

  const auto log =
      klantreis::event_log::from_columns(std::span<const std::string>{customers}, std::span<const std::int64_t>{times},
                                         std::span<const std::string>{touches});
  const auto journeys = klantreis::make_journeys(log, {.conversion = {"order"}});
  std::cout << journeys.conversions() << " of " << journeys.size() << " journeys ended in an order\n\n";

  // The last touch alone, and every touch by what would be lost without it. Both share out the three orders.
  for (const klantreis::attribution_model& model : {klantreis::attribution_model{klantreis::last_touch{}},
                                                    klantreis::attribution_model{klantreis::markov_model{}}}) {
    const auto credit = klantreis::attribute(journeys, model);
    std::cout << credit.texts("model").front() << '\n';
    for (std::size_t row = 0; row < credit.rows(); ++row) {
      std::cout << "  " << credit.texts("touchpoint")[row] << ' ' << credit.numbers("credit")[row] << '\n';
    }
  }
}
