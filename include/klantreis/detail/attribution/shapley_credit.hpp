// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/attribution/shapley.hpp"
#include "klantreis/detail/attribution/credit.hpp"
#include "klantreis/detail/attribution/heuristics.hpp"
#include "klantreis/detail/attribution/learned.hpp"
#include "klantreis/detail/paths/units.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/paths.hpp"

// Shapley values of the games whose worth is a conversion rate. In exact_set and subset_rate a set of items that never
// converted has no worth, so sums over all coalitions shrink to sums over the sets that converted, and no size of
// coalition is too large. within_rate has no such short cut.

namespace klantreis::detail {

/// Settled journeys that touch just these items, and that converted at least once.
struct converting_set {
  std::vector<std::uint32_t> items;  ///< codes, rising
  std::uint64_t signature = 0;       ///< bits of the items; those of a subset are among those of the set
  double conversions = 0.0;
  double rate = 0.0;
};

/// Small sets first.
inline std::vector<converting_set> converting_sets(const path_table& paths) {
  std::map<std::vector<std::uint32_t>, std::pair<double, double>> outcomes;
  for (const std::size_t p : each({0, paths.size()})) {
    const auto path = paths.path(p);
    if (path.empty() || paths.conversions()[p] + paths.nulls()[p] == 0.0) {
      continue;
    }
    std::vector<std::uint32_t> items(path.begin(), path.end());
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    auto& [conversions, nulls] = outcomes[std::move(items)];
    conversions += paths.conversions()[p];
    nulls += paths.nulls()[p];
  }
  std::vector<converting_set> sets;
  for (const auto& [items, outcome] : outcomes) {
    const auto& [conversions, nulls] = outcome;
    if (conversions == 0.0) {
      continue;
    }
    converting_set set{.items = items, .conversions = conversions, .rate = conversions / (conversions + nulls)};
    for (const std::uint32_t item : items) {
      set.signature |= std::uint64_t{1} << (item % 64U);
    }
    sets.push_back(std::move(set));
  }
  std::stable_sort(sets.begin(), sets.end(), [](const converting_set& one, const converting_set& other) {
    return one.items.size() < other.items.size();
  });
  return sets;
}

[[nodiscard]] inline bool is_subset(const converting_set& part, const converting_set& whole) {
  return (part.signature & ~whole.signature) == 0 &&
         std::includes(whole.items.begin(), whole.items.end(), part.items.begin(), part.items.end());
}

/// φ_i = Σ_{S∋i} (s−1)!(n−s)!/n! v(S) − Σ_{S∌i} s!(n−s−1)!/n! v(S) over the subsets S of a set of n items.
inline std::vector<double> exact_set_values(const std::vector<converting_set>& sets, std::size_t whole) {
  const std::vector<std::uint32_t>& players = sets[whole].items;
  const std::size_t n = players.size();
  std::vector<double> weight(n + 2, 0.0);  // weight[s] = (s−1)!(n−s)!/n!
  weight[1] = 1.0 / static_cast<double>(n);
  for (std::size_t s = 1; s < n; ++s) {
    weight[s + 1] = weight[s] * static_cast<double>(s) / static_cast<double>(n - s);
  }
  std::vector<double> values(n, 0.0);
  double without = 0.0;  // what every item loses by the subsets it is not in, its own ones included
  for (std::size_t part = 0; part <= whole; ++part) {
    if (!is_subset(sets[part], sets[whole])) {
      continue;
    }
    const double worth = sets[part].rate;
    const std::size_t s = sets[part].items.size();
    without += weight[s + 1] * worth;
    std::size_t place = 0;
    for (const std::uint32_t item : sets[part].items) {
      while (players[place] != item) {
        ++place;
      }
      values[place] += (weight[s] + weight[s + 1]) * worth;
    }
  }
  for (double& value : values) {
    value -= without;
  }
  return values;
}

/// Sums that can be merged.
struct credit_vector {
  std::vector<double> credit;

  credit_vector& operator+=(const credit_vector& other) {
    for (std::size_t item = 0; item < credit.size(); ++item) {
      credit[item] += other.credit[item];
    }
    return *this;
  }
};

/// The conversions of each set, shared out by the values of its own game, which add up to its rate.
inline std::vector<double> exact_set_credit(const std::vector<converting_set>& sets, std::size_t items,
                                            unsigned threads) {
  constexpr double most_pairs = 2e10;
  const auto size = static_cast<double>(sets.size());
  if (size * size / 2.0 > most_pairs) {
    throw limit_error("the exact_set game of Shapley compares every two of the " + std::to_string(sets.size()) +
                      " sets of items that converted, at most 200000 of them; use the game sum or subset_rate, or a "
                      "coarser label in by");
  }
  return sum_in_pieces(sets.size(), threads, items * sizeof(double),
                       [&](index_range range) {
                         credit_vector part{std::vector<double>(items, 0.0)};
                         for (const std::size_t whole : each(range)) {
                           const converting_set& set = sets[whole];
                           const std::vector<double> values = exact_set_values(sets, whole);
                           for (std::size_t place = 0; place < values.size(); ++place) {
                             part.credit[set.items[place]] += values[place] / set.rate * set.conversions;
                           }
                         }
                         return part;
                       })
      .credit;
}

/// The rates of the sets are the dividends of the game, and a dividend falls in equal parts to the items of its set.
inline std::vector<double> subset_rate_credit(const std::vector<converting_set>& sets, std::size_t items) {
  std::vector<double> values(items, 0.0);
  double worth = 0.0;
  double conversions = 0.0;
  for (const converting_set& set : sets) {
    worth += set.rate;
    conversions += set.conversions;
    for (const std::uint32_t item : set.items) {
      values[item] += set.rate / static_cast<double>(set.items.size());
    }
  }
  for (double& value : values) {
    value *= worth > 0.0 ? conversions / worth : 0.0;
  }
  return values;
}

/// Conversions and journeys of each distinct set of items; the empty set is left out.
struct outcome_sets {
  sequence_index sets;
  std::vector<double> conversions;
  std::vector<double> journeys;
};

inline outcome_sets sets_with_outcomes(const path_table& paths) {
  outcome_sets result;
  std::vector<std::uint32_t> items;
  for (const std::size_t p : each({0, paths.size()})) {
    const double journeys = paths.conversions()[p] + paths.nulls()[p];
    if (journeys > 0.0 && !paths.path(p).empty()) {
      distinct_items(paths.path(p), items);
      const std::size_t set = result.sets.intern(items);
      result.conversions.resize(result.sets.size(), 0.0);
      result.journeys.resize(result.sets.size(), 0.0);
      result.conversions[set] += paths.conversions()[p];
      result.journeys[set] += journeys;
    }
  }
  return result;
}

/// Values of the game in which a coalition is worth the conversion rate of the journeys that touch no other item, and
/// the standard errors of those that are drawn.
struct game_values {
  std::vector<double> values;
  std::vector<double> errors;  ///< empty when all coalitions were counted
};

/// The outcomes within each coalition are those of its subsets: a zeta transform, player by player.
inline game_values within_rate_by_coalitions(const outcome_sets& outcomes, std::size_t items,
                                             const std::vector<std::uint32_t>& players) {
  std::vector<std::size_t> bit(items, 0);
  for (std::size_t i = 0; i < players.size(); ++i) {
    bit[players[i]] = std::size_t{1} << i;
  }
  const std::size_t coalitions = std::size_t{1} << players.size();
  std::vector<double> worth(coalitions, 0.0);
  std::vector<double> journeys(coalitions, 0.0);
  for (std::size_t set = 0; set < outcomes.sets.size(); ++set) {
    std::size_t members = 0;
    for (const std::uint32_t item : outcomes.sets[set]) {
      members |= bit[item];
    }
    worth[members] += outcomes.conversions[set];
    journeys[members] += outcomes.journeys[set];
  }
  for (std::size_t one = 1; one < coalitions; one <<= 1U) {
    for (std::size_t coalition = 0; coalition < coalitions; ++coalition) {
      if ((coalition & one) != 0) {
        worth[coalition] += worth[coalition ^ one];
        journeys[coalition] += journeys[coalition ^ one];
      }
    }
  }
  for (std::size_t coalition = 0; coalition < coalitions; ++coalition) {
    worth[coalition] = journeys[coalition] > 0.0 ? worth[coalition] / journeys[coalition] : 0.0;
  }
  const std::vector<double> of_players = shapley_values(worth);
  game_values result{.values = std::vector<double>(items, 0.0), .errors = {}};
  for (std::size_t i = 0; i < players.size(); ++i) {
    result.values[players[i]] = of_players[i];
  }
  return result;
}

/// Players join in drawn orders; a set of items counts from the moment its last item has joined.
inline game_values within_rate_by_draws(const outcome_sets& outcomes, std::size_t items,
                                        std::vector<std::uint32_t> players, std::size_t permutations,
                                        std::uint64_t seed) {
  if (permutations < 2) {
    throw input_error("permutations is " + std::to_string(permutations) + "; draw at least 2");
  }
  std::mt19937_64 random{seed};
  std::vector<std::size_t> place(items, 0);
  std::vector<double> conversions(players.size());
  std::vector<double> journeys(players.size());
  std::vector<double> sum(items, 0.0);
  std::vector<double> sum2(items, 0.0);
  for (std::size_t draw = 0; draw < permutations; ++draw) {
    for (std::size_t i = players.size(); i > 1; --i) {
      std::swap(players[i - 1], players[static_cast<std::size_t>(random() % i)]);
    }
    for (std::size_t i = 0; i < players.size(); ++i) {
      place[players[i]] = i;
    }
    std::fill(conversions.begin(), conversions.end(), 0.0);
    std::fill(journeys.begin(), journeys.end(), 0.0);
    for (std::size_t set = 0; set < outcomes.sets.size(); ++set) {
      std::size_t last = 0;
      for (const std::uint32_t item : outcomes.sets[set]) {
        last = (std::max)(last, place[item]);
      }
      conversions[last] += outcomes.conversions[set];
      journeys[last] += outcomes.journeys[set];
    }
    double won = 0.0;
    double all = 0.0;
    double before = 0.0;
    for (std::size_t i = 0; i < players.size(); ++i) {
      won += conversions[i];
      all += journeys[i];
      const double worth = all > 0.0 ? won / all : 0.0;
      const double added = worth - before;
      sum[players[i]] += added;
      sum2[players[i]] += added * added;
      before = worth;
    }
  }
  const auto draws = static_cast<double>(permutations);
  game_values result{.values = std::vector<double>(items, 0.0), .errors = std::vector<double>(items, 0.0)};
  for (const std::uint32_t player : players) {
    const double mean = sum[player] / draws;
    result.values[player] = mean;
    result.errors[player] = std::sqrt((std::max)(0.0, sum2[player] / draws - mean * mean) / (draws - 1.0));
  }
  return result;
}

/// Credits, and their sampling errors, in proportion to the positive values.
inline game_values within_rate_credit(const path_table& paths, const shapley& model, const std::vector<bool>& seen) {
  constexpr std::size_t most_counted = 25;
  const outcome_sets outcomes = sets_with_outcomes(paths);
  std::vector<std::uint32_t> players;
  for (std::uint32_t item = 0; item < seen.size(); ++item) {
    if (seen[item]) {
      players.push_back(item);
    }
  }
  game_values game = players.size() <= most_counted
                         ? within_rate_by_coalitions(outcomes, seen.size(), players)
                         : within_rate_by_draws(outcomes, seen.size(), players, model.permutations, model.seed);
  double positive = 0.0;
  for (const double value : game.values) {
    positive += (std::max)(0.0, value);
  }
  const double touched = std::accumulate(outcomes.conversions.begin(), outcomes.conversions.end(), 0.0);
  const double scale = positive > 0.0 ? touched / positive : 0.0;
  for (double& value : game.values) {
    value = scale * (std::max)(0.0, value);
  }
  for (double& error : game.errors) {
    error *= scale;
  }
  return game;
}

inline credit_result shapley_of_rates(const path_table& paths, const shapley& model, const interval_options& intervals,
                                      unsigned threads) {
  const shapley_game game = model.game;
  outcome_totals totals;
  for (std::size_t group = 0; group < unit_groups(paths); ++group) {
    outcome_sums own;
    const double times = for_each_journey(paths, group, [&](std::size_t path, bool converted, double worth) {
      own.journeys += 1.0;
      if (converted) {
        own.add_conversion(!paths.path(path).empty(), worth);
      }
    });
    totals.add(own, times);
  }
  const std::size_t items = paths.names().size();
  const std::vector<bool> seen = path_source{paths}.seen();
  game_values found;
  if (game == shapley_game::within_rate) {
    found = within_rate_credit(paths, model, seen);
  } else {
    const std::vector<converting_set> sets = converting_sets(paths);
    found.values =
        game == shapley_game::exact_set ? exact_set_credit(sets, items, threads) : subset_rate_credit(sets, items);
  }
  const std::vector<double>& credit = found.values;

  const interval_maker make{.options = intervals, .wanted = false, .totals = totals};
  credit_result result;
  result.has_intervals = false;
  result.customers = totals.customers;
  result.has_sampling_errors = !found.errors.empty();
  for (std::uint32_t item = 0; item < items; ++item) {
    if (seen[item]) {
      item_credit row;
      row.name = paths.names()[item];
      row.share = make.plain(totals.sums.conversions > 0.0 ? credit[item] / totals.sums.conversions : null_value);
      row.credit = make.plain(credit[item]);
      row.sampling_error = found.errors.empty() ? null_value : found.errors[item];
      result.items.push_back(std::move(row));
    }
  }
  result.unattributed = unattributed_credit({}, make);
  return result;
}

}  // namespace klantreis::detail
