// SPDX-License-Identifier: MIT

// Two shards, counted apart and merged, give what one pass over everything gives.
//
// The only rule is that a customer's events stand in one shard. So threads, files that are larger than memory and a
// cluster are one mechanism: count, merge, finish.

#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "klantreis.hpp"

namespace {

klantreis::journey_set journeys_of(const std::vector<std::int64_t>& customers,
                                   const std::vector<std::string>& touches) {
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < touches.size(); ++i) {
    times.push_back(static_cast<std::int64_t>(i) * 1'000'000);
  }
  const auto log =
      klantreis::event_log::from_columns(std::span<const std::int64_t>{customers}, std::span<const std::int64_t>{times},
                                         std::span<const std::string>{touches});
  return klantreis::make_journeys(log, {.conversion = {"order"}});
}

}  // namespace

int main() {
  const auto morning = journeys_of({1, 1, 1, 2, 2}, {"visit", "cart", "order", "visit", "cart"});
  const auto evening = journeys_of({3, 3, 4, 4, 4}, {"visit", "order", "visit", "cart", "order"});

  auto transitions = klantreis::count_transitions(morning);
  transitions += klantreis::count_transitions(evening);

  auto paths = klantreis::make_paths(morning);
  paths += klantreis::make_paths(evening);

  // Finishing happens once, on the merged counts: rates, intervals, the chain.
  const auto edges = klantreis::transitions(transitions);
  for (std::size_t row = 0; row < edges.rows(); ++row) {
    std::cout << edges.texts("from")[row] << " -> " << edges.texts("to")[row] << "  " << edges.integers("weight")[row]
              << '\n';
  }
  const auto credit = klantreis::attribute(paths, klantreis::markov_model{});
  for (std::size_t row = 0; row < credit.rows(); ++row) {
    std::cout << credit.texts("touchpoint")[row] << " earned " << credit.numbers("credit")[row] << " orders\n";
  }
}
