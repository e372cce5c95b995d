// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "klantreis/attribution/shapley.hpp"

namespace klantreis {

KLANTREIS_INLINE std::vector<double> shapley_values(std::span<const double> worth) {
  constexpr std::size_t most_players = 25;
  if (!std::has_single_bit(worth.size())) {
    throw input_error("worth has " + std::to_string(worth.size()) +
                      " numbers; n players have 2^n coalitions, the empty one first");
  }
  const auto players = static_cast<std::size_t>(std::bit_width(worth.size())) - 1;
  if (players > most_players) {
    throw limit_error(std::to_string(players) + " players are " + std::to_string(players - most_players) +
                      " more than the 25 whose coalitions can all be counted; merge some of them");
  }
  for (std::size_t coalition = 0; coalition < worth.size(); ++coalition) {
    if (!std::isfinite(worth[coalition])) {
      throw input_error("worth " + std::to_string(coalition) + " (counted from 0) is " +
                        std::to_string(worth[coalition]) + "; it must be finite");
    }
  }
  // Of the orders of n players, s!(n−s−1)!/n! have just these s before a player: 1/n for s = 0, and so on.
  std::vector<double> weight(players + 1, 0.0);
  for (std::size_t s = 0; s < players; ++s) {
    weight[s] = s == 0 ? 1.0 / static_cast<double>(players)
                       : weight[s - 1] * static_cast<double>(s) / static_cast<double>(players - s);
  }
  std::vector<double> values(players, 0.0);
  for (std::size_t coalition = 0; coalition < worth.size(); ++coalition) {
    const double part = weight[static_cast<std::size_t>(std::popcount(coalition))];
    for (std::size_t player = 0; player < players; ++player) {
      const std::size_t bit = std::size_t{1} << player;
      if ((coalition & bit) == 0) {
        values[player] += part * (worth[coalition | bit] - worth[coalition]);
      }
    }
  }
  return values;
}

KLANTREIS_INLINE table shapley_positions(const path_table& paths) {
  struct sums {
    double credit = 0.0;
    double value = 0.0;
  };
  std::map<std::pair<std::size_t, std::uint32_t>, sums> positions;  // by position and item
  std::vector<double> times(paths.names().size(), 0.0);
  sums untouched;
  bool any_untouched = false;
  for (std::size_t p = 0; p < paths.size(); ++p) {
    const auto path = paths.path(p);
    const double conversions = paths.conversions()[p];
    const double value = paths.values()[p];
    if (conversions == 0.0 && value == 0.0) {
      continue;
    }
    if (path.empty()) {
      untouched.credit += conversions;
      untouched.value += value;
      any_untouched = true;
      continue;
    }
    double distinct = 0.0;
    for (const std::uint32_t item : path) {
      distinct += times[item] == 0.0 ? 1.0 : 0.0;
      times[item] += 1.0;
    }
    for (std::size_t place = 0; place < path.size(); ++place) {
      sums& sum = positions[{place + 1, path[place]}];
      const double part = 1.0 / (distinct * times[path[place]]);
      sum.credit += conversions * part;
      sum.value += value * part;
    }
    for (const std::uint32_t item : path) {
      times[item] = 0.0;
    }
  }

  struct row {
    std::size_t position;
    std::string_view name;
    sums earned;
  };
  std::vector<row> rows;
  rows.reserve(positions.size() + 1);
  for (const auto& [key, sum] : positions) {
    rows.push_back({key.first, paths.names()[key.second], sum});
  }
  std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) {
    if (a.position != b.position) {
      return a.position < b.position;
    }
    return a.earned.credit != b.earned.credit ? a.earned.credit > b.earned.credit : a.name < b.name;
  });
  if (any_untouched) {
    rows.push_back({0, unattributed_row, untouched});
  }
  std::vector<std::string> names;
  std::vector<std::int64_t> places;
  std::vector<double> credit;
  std::vector<double> credit_value;
  for (const row& one : rows) {
    names.emplace_back(one.name);
    places.push_back(static_cast<std::int64_t>(one.position));
    credit.push_back(one.earned.credit);
    credit_value.push_back(one.earned.value);
  }
  table result{
      "Ordered Shapley values: each conversion falls in equal parts to the items of its path, the part of an item in "
      "equal parts to the positions where it was touched. Credit adds up to the conversions of settled journeys."};
  result.add(paths.by(), std::move(names));
  result.add("position", std::move(places));
  result.add("credit", std::move(credit), quantity::count);
  if (paths.has_values()) {
    result.add("credit_value", std::move(credit_value), quantity::amount);
  }
  result.set_option("by", paths.by());
  result.set_option("game", "sum");
  return result;
}

}  // namespace klantreis
