// SPDX-License-Identifier: MIT
#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include <klantreis.hpp>

int main() {
  const std::vector<std::string> customers{"anna", "anna", "anna", "bram", "bram"};
  const std::vector<std::string> touches{"search", "mail", "order", "search", "mail"};
  const std::vector<std::int64_t> times{0, 1'000'000, 2'000'000, 0, 5'000'000};  // microseconds

  const auto log =
      klantreis::event_log::from_columns(std::span<const std::string>{customers}, std::span<const std::int64_t>{times},
                                         std::span<const std::string>{touches});
  const auto journeys = klantreis::make_journeys(log, {.conversion = {"order"}});
  const auto credit = klantreis::attribute(journeys, klantreis::markov_model{.order = 2});
  for (std::size_t row = 0; row < credit.rows(); ++row) {
    std::cout << credit.texts("touchpoint")[row] << " earned " << credit.numbers("credit")[row] << " orders\n";
  }
}
