// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/patterns/path_corpus.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/patterns/complexity.hpp"

namespace klantreis {
namespace detail {

/// The measures of a journey, in the order in which they are shown.
enum class journey_measure : std::uint8_t {
  length,
  visited,
  spells,
  transitions,
  transitions_norm,
  entropy,
  entropy_norm,
  complexity,
  log2_subsequences,
  duration_variance,
  duration_variance_max,
  turbulence,
  volatility,
  loops,
  back_steps,
  reworked,
};
inline constexpr std::array<const char*, 16> journey_measure_names{"length",
                                                                   "visited",
                                                                   "spells",
                                                                   "transitions",
                                                                   "transitions_norm",
                                                                   "entropy",
                                                                   "entropy_norm",
                                                                   "complexity",
                                                                   "log2_subsequences",
                                                                   "duration_variance",
                                                                   "duration_variance_max",
                                                                   "turbulence",
                                                                   "volatility",
                                                                   "loops",
                                                                   "back_steps",
                                                                   "reworked"};
using journey_measures = std::array<double, journey_measure_names.size()>;

[[nodiscard]] constexpr bool is_whole(std::size_t measure) noexcept {
  const auto what = static_cast<journey_measure>(measure);
  return what <= journey_measure::transitions || what >= journey_measure::loops;
}

/// Measures journeys one after another.
class journey_gauge {
 public:
  journey_gauge(std::size_t items, std::size_t alphabet) : alphabet_(alphabet), counts_(items), before_(items) {}

  journey_measures operator()(std::span<const std::uint32_t> path) {
    visited_.clear();
    spells_.clear();
    for (std::size_t place = 0; place < path.size(); ++place) {
      if (counts_[path[place]]++ == 0) {
        visited_.push_back(path[place]);
        before_[path[place]] = -1.0;
      }
      if (place == 0 || path[place] != path[place - 1]) {
        spells_.push_back(0.0);
      }
      spells_.back() += 1.0;
    }
    const auto n = static_cast<double>(path.size());
    const auto d = static_cast<double>(spells_.size());
    const auto v = static_cast<double>(visited_.size());
    const auto k = static_cast<double>(alphabet_);
    double entropy = 0.0;
    double reworked = 0.0;
    // In the order of size, so that equal shares give equal sums whatever their names.
    shares_.clear();
    for (const std::uint32_t item : visited_) {
      shares_.push_back(static_cast<double>(counts_[item]) / n);
      reworked += counts_[item] > 1 ? 1.0 : 0.0;
    }
    std::sort(shares_.begin(), shares_.end());
    for (const double share : shares_) {
      entropy -= share < 1.0 ? share * std::log(share) : 0.0;
    }
    const double subsequences = log2_subsequences(path);
    const double mean = n / d;
    double variance = 0.0;
    for (const double spell : spells_) {
      variance += (spell - mean) * (spell - mean) / d;
    }
    const double most = (d - 1.0) * (1.0 - mean) * (1.0 - mean);
    const double moves = n > 1.0 ? (d - 1.0) / (n - 1.0) : 0.0;
    const double relative = k > 1.0 ? entropy / std::log(k) : 0.0;
    for (const std::uint32_t item : visited_) {
      counts_[item] = 0;
    }
    return {n,
            v,
            d,
            d - 1.0,
            moves,
            entropy,
            relative,
            std::sqrt(moves * relative),
            subsequences,
            variance,
            most,
            subsequences + std::log2((most + 1.0) / (variance + 1.0)),
            0.5 * (k > 1.0 ? (v - 1.0) / (k - 1.0) : 0.0) + 0.5 * moves,
            n - d,
            d - v,
            reworked};
  }

 private:
  // N_0 = 1, N_i = 2 N_(i−1) − N_(l−1), where l is the last place of the same item; scaled, as it doubles.
  [[nodiscard]] double log2_subsequences(std::span<const std::uint32_t> path) {
    constexpr double large = 0x1p500;
    double found = 1.0;
    double scale = 0.0;
    for (std::size_t place = 0; place < path.size(); ++place) {
      if (place != 0 && path[place] == path[place - 1]) {
        continue;
      }
      const double without = before_[path[place]] < 0.0 ? 0.0 : before_[path[place]];
      before_[path[place]] = found;
      found = 2.0 * found - without;
      if (found > large) {
        found /= large;
        scale += 500.0;
        for (const std::uint32_t item : visited_) {
          before_[item] = before_[item] < 0.0 ? -1.0 : before_[item] / large;
        }
      }
    }
    return std::log2(found) + scale;
  }

  std::size_t alphabet_;
  std::vector<std::uint64_t> counts_;  // by item
  std::vector<double> before_;         // by item: N before its last place; negative: none
  std::vector<std::uint32_t> visited_;
  std::vector<double> spells_;
  std::vector<double> shares_;
};

/// The measures of all journeys with items; the others have none.
inline std::vector<journey_measures> measure_journeys(const path_corpus& corpus, const complexity_options& options,
                                                      std::size_t& alphabet) {
  std::vector<bool> occurs(corpus.items, false);
  for (const std::uint32_t item : corpus.codes) {
    occurs[item] = true;
  }
  const auto seen = static_cast<std::size_t>(std::count(occurs.begin(), occurs.end(), true));
  if (options.alphabet != 0 && options.alphabet < seen) {
    throw input_error("the journeys visit " + std::to_string(seen) + " items, and the alphabet is to have " +
                      std::to_string(options.alphabet) + "; give at least as many");
  }
  alphabet = options.alphabet != 0 ? options.alphabet : seen;
  std::vector<journey_measures> found(corpus.size());
  const unsigned workers = worker_count(options.threads);
  begin_stage("measuring", corpus.size());
  run_parallel(workers, [&](unsigned worker) {
    journey_gauge gauge{corpus.items, alphabet};
    for (const std::size_t journey : each(slice(corpus.size(), worker, workers))) {
      if (!corpus.path(journey).empty()) {
        found[journey] = gauge(corpus.path(journey));
      }
    }
  });
  return found;
}

inline void set_complexity_options(table& result, const path_corpus& corpus, const journey_set& journeys,
                                   std::string_view by, std::size_t alphabet) {
  result.set_option("alphabet", std::to_string(alphabet));
  set_corpus_options(result, corpus, by);
  add_cut_options(result, journeys);
}

}  // namespace detail

KLANTREIS_INLINE table complexity(const journey_set& journeys, const complexity_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, true);
  std::size_t alphabet = 0;
  const auto measures = detail::measure_journeys(corpus, options, alphabet);
  std::vector<std::string> customers;
  std::vector<std::int64_t> numbers;
  std::vector<std::string> ends;
  std::vector<std::size_t> rows;
  for (std::size_t customer = 0; customer < corpus.customer_count(); ++customer) {
    const std::string id = journeys.log().customer_id(corpus.log_customers[customer]);
    for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
      if (!corpus.path(journey).empty()) {
        customers.push_back(id);
        numbers.push_back(static_cast<std::int64_t>(journey - corpus.customers[customer] + 1));
        ends.emplace_back(corpus.names[corpus.ends[journey]]);
        rows.push_back(journey);
      }
    }
  }
  table result{
      "How complicated each journey is, by TraMineR's formulas (docs/paths.md). visited: distinct items; spells: runs "
      "of "
      "one item; loops: repeats right after one another; back_steps: spells of an item that was visited before; "
      "reworked: items that occur more than once."};
  result.add("customer", std::move(customers));
  result.add("journey", std::move(numbers));
  result.add("end", std::move(ends));
  for (std::size_t measure = 0; measure < detail::journey_measure_names.size(); ++measure) {
    if (detail::is_whole(measure)) {
      std::vector<std::int64_t> values;
      for (const std::size_t row : rows) {
        values.push_back(static_cast<std::int64_t>(measures[row][measure]));
      }
      result.add(detail::journey_measure_names[measure], std::move(values), quantity::count);
    } else {
      std::vector<double> values;
      for (const std::size_t row : rows) {
        values.push_back(measures[row][measure]);
      }
      result.add(detail::journey_measure_names[measure], std::move(values));
    }
  }
  detail::set_complexity_options(result, corpus, journeys, options.by, alphabet);
  return result;
}

KLANTREIS_INLINE table complexity_by(const journey_set& journeys, const complexity_group_options& options) {
  const detail::path_corpus corpus =
      detail::make_path_corpus(journeys, options.measures.by, options.measures.collapse, true);
  std::size_t alphabet = 0;
  const auto measures = detail::measure_journeys(corpus, options.measures, alphabet);
  // The label of the first event of each journey; all journeys are in the corpus, in their order.
  const label_column* labels = options.group.empty() ? nullptr : &journeys.log().labels(options.group);
  std::map<std::string, std::vector<std::pair<std::size_t, std::size_t>>> groups;  // customer and journey
  for (std::size_t customer = 0; customer < corpus.customer_count(); ++customer) {
    for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
      if (!corpus.path(journey).empty()) {
        const std::string_view label = labels == nullptr ? corpus.names[corpus.ends[journey]]
                                                         : labels->names[labels->codes[journeys[journey].begin]];
        groups[std::string{label}].emplace_back(customer, journey);
      }
    }
  }
  std::vector<std::pair<std::string, std::vector<std::pair<std::size_t, std::size_t>>>> ordered(groups.begin(),
                                                                                                groups.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  std::vector<std::string> names;
  std::vector<std::string> what;
  std::vector<double> medians;
  std::vector<std::int64_t> counts;
  detail::estimate_columns means;
  for (const auto& [name, members] : ordered) {
    for (std::size_t measure = 0; measure < detail::journey_measure_names.size(); ++measure) {
      std::vector<double> values;
      for (const auto& [customer, journey] : members) {
        values.push_back(measures[journey][measure]);
      }
      std::vector<double> sorted = values;
      std::sort(sorted.begin(), sorted.end());
      double sum = 0.0;
      for (const double value : sorted) {
        sum += value;
      }
      const auto size = static_cast<double>(members.size());
      const double mean = sum / size;
      std::vector<double> influences;  // of the customers
      for (std::size_t place = 0; place < members.size(); ++place) {
        if (place == 0 || members[place].first != members[place - 1].first) {
          influences.push_back(0.0);
        }
        influences.back() += (values[place] - mean) / size;
      }
      std::sort(influences.begin(), influences.end());
      influence_sum psi;
      for (const double influence : influences) {
        psi.add(influence);
      }
      names.push_back(name);
      what.emplace_back(detail::journey_measure_names[measure]);
      medians.push_back(quantile(values, 0.5));
      counts.push_back(static_cast<std::int64_t>(members.size()));
      means.add(psi.plain_interval(mean, options.intervals));
    }
  }
  table result{
      "How complicated journeys are, by group: mean of each measure with an interval by customers (n), and "
      "median. The measures are those of complexity."};
  result.add(options.group.empty() ? "end" : options.group, std::move(names));
  result.add("measure", std::move(what));
  result.add("mean", std::move(means.value));
  result.add("lower", std::move(means.lower));
  result.add("upper", std::move(means.upper));
  result.add("median", std::move(medians));
  result.add("journeys", std::move(counts), quantity::count);
  result.add("n", std::move(means.n), quantity::count);
  result.add("marks", std::move(means.marks));
  detail::set_complexity_options(result, corpus, journeys, options.measures.by, alphabet);
  detail::set_interval_options(result, options.intervals);
  return result;
}

}  // namespace klantreis
