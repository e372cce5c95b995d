// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/pair_counts.hpp"
#include "klantreis/detail/patterns/name_ranks.hpp"
#include "klantreis/detail/patterns/sequence_miner.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/patterns/sequences.hpp"

namespace klantreis::detail {

/// What the chain of order 1 of the journeys expects.
class expected_sequences {
 public:
  explicit expected_sequences(const path_corpus& corpus, bool contiguous) : visits_(corpus.items, 0.0) {
    const std::uint32_t start = static_cast<std::uint32_t>(corpus.items);
    pair_counts moves;
    for (std::size_t journey = 0; journey < corpus.size(); ++journey) {
      std::uint32_t here = start;
      for (const std::uint32_t item : corpus.path(journey)) {
        moves.add(here, item);
        visits_[item] += 1.0;
        here = item;
      }
      moves.add(here, start);  // the end, which nothing else enters
    }
    std::vector<absorbing_chain::transition> transitions;
    state_of_.assign(corpus.items + 1, none);
    std::vector<std::string> names;
    const auto state = [&](std::uint32_t code) {
      if (state_of_[code] == none) {
        state_of_[code] = static_cast<std::uint32_t>(names.size());
        names.emplace_back(corpus.names[code]);
      }
      return state_of_[code];
    };
    state(start);
    moves.for_each([&](std::uint32_t from, std::uint32_t, std::uint64_t) { state(from); });
    moves.for_each([&](std::uint32_t from, std::uint32_t to, std::uint64_t times) {
      const auto there = to == start ? static_cast<std::uint32_t>(names.size()) : state(to);
      transitions.push_back({state(from), there, static_cast<double>(times)});
    });
    const auto chain = absorbing_chain::from_counts(names, {std::string{end_state}}, transitions);
    if (contiguous) {
      next_ = dense_matrix(chain.transient_size(), chain.transient_size());
      for (std::uint32_t from = 0; from < chain.transient_size(); ++from) {
        for (std::uint32_t to = 0; to < chain.transient_size(); ++to) {
          next_(from, to) = chain.probability(from, to);
        }
      }
    } else {
      next_ = reach_probabilities(transient_solver{chain});
    }
  }

  /// The probability that a journey contains the sequence.
  [[nodiscard]] double support(std::span<const std::uint32_t> items) const {
    return next_(0, state_of_[items[0]]) * along(items);
  }
  /// How often the items come right after one another.
  [[nodiscard]] double count(std::span<const std::uint32_t> items) const { return visits_[items[0]] * along(items); }

 private:
  static constexpr std::uint32_t none = (std::numeric_limits<std::uint32_t>::max)();

  [[nodiscard]] double along(std::span<const std::uint32_t> items) const {
    double product = 1.0;
    for (std::size_t place = 1; place < items.size(); ++place) {
      product *= next_(state_of_[items[place - 1]], state_of_[items[place]]);
    }
    return product;
  }

  std::vector<double> visits_;
  std::vector<std::uint32_t> state_of_;  // by code
  dense_matrix next_;
};

[[nodiscard]] inline mining_question ask_for_sequences(const path_corpus& corpus, const mining_options& options,
                                                       bool contiguous) {
  if (!(options.min_support >= 0.0 && options.min_support <= 1.0)) {
    throw input_error("min_support is " + std::to_string(options.min_support) + "; it is a share from 0 to 1");
  }
  if (options.min_length == 0 || options.min_length > options.max_length) {
    throw input_error("sequences of " + std::to_string(options.min_length) + " to " +
                      std::to_string(options.max_length) +
                      " items cannot be; min_length is at least 1 and at most max_length");
  }
  mining_question question;
  question.least = options.min_support * static_cast<double>(corpus.size());
  // A share that was written as a decimal may come out a hair above the whole number that is meant.
  question.least -= 1e-9 * question.least;
  question.min_length = options.min_length;
  question.max_length = options.max_length + (options.closed ? 1U : 0U);
  if (contiguous) {
    question.max_gap = 0;
    return question;
  }
  question.max_gap = options.max_gap;
  const auto ticks = [&](const std::optional<duration>& length, std::string_view name) {
    if (!length) {
      return std::optional<std::int64_t>{};
    }
    if (corpus.ticks_per_second == 0) {
      throw input_error(std::string{name} + " needs times, and this log has none; leave it out");
    }
    return std::optional{to_ticks(*length, corpus.ticks_per_second, name)};
  };
  question.max_gap_time = ticks(options.max_gap_time, "max_gap_time");
  question.within = ticks(options.within, "within");
  return question;
}

/// Sequences in the order in which they are shown, with what they are measured against.
struct found_sequences {
  std::vector<mined_sequence> all;
  std::vector<std::size_t> shown;
  std::vector<double> confidence;  ///< of those shown
  std::vector<double> expected;
  std::vector<share_case> population;
};

[[nodiscard]] inline found_sequences find_sequences(const path_corpus& corpus, const mining_options& options,
                                                    bool contiguous) {
  const mining_question question = ask_for_sequences(corpus, options, contiguous);
  sequence_miner miner{corpus, question};
  found_sequences found;
  found.all = miner.mine(options.threads);
  found.population = miner.population();
  sequence_index places;
  for (const mined_sequence& one : found.all) {
    places.intern(one.items);
  }
  std::vector<bool> is_closed(found.all.size(), true);
  std::vector<std::uint32_t> shorter;
  if (options.closed) {
    for (const mined_sequence& one : found.all) {
      // Under limits on gaps only what is cut off at an end is sure to be there too.
      const std::size_t last = one.items.size() - 1;
      for (std::size_t left_out = 0; left_out <= last; ++left_out) {
        if (!question.is_free() && left_out != 0 && left_out != last) {
          continue;
        }
        shorter = one.items;
        shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(left_out));
        const std::size_t place = places.find(shorter);
        if (place != places.size() && found.all[place].journeys == one.journeys) {
          is_closed[place] = false;
        }
      }
    }
  }
  for (std::size_t place = 0; place < found.all.size(); ++place) {
    const std::size_t length = found.all[place].items.size();
    if (is_closed[place] && length >= options.min_length && length <= options.max_length) {
      found.shown.push_back(place);
    }
  }
  const std::vector<std::uint32_t> rank = name_ranks(corpus.names);
  const auto rank_of = [&](std::uint32_t code) { return rank[code]; };
  std::sort(found.shown.begin(), found.shown.end(), [&](std::size_t a, std::size_t b) {
    const mined_sequence& x = found.all[a];
    const mined_sequence& y = found.all[b];
    const std::uint64_t times_x = contiguous ? x.places : x.journeys;
    const std::uint64_t times_y = contiguous ? y.places : y.journeys;
    if (times_x != times_y) {
      return times_x > times_y;
    }
    return x.items.size() != y.items.size()
               ? x.items.size() < y.items.size()
               : std::ranges::lexicographical_compare(x.items, y.items, {}, rank_of, rank_of);
  });
  const bool can_expect = !found.shown.empty() && (contiguous || question.is_free()) && corpus.items < max_dense_states;
  const std::optional<expected_sequences> expected =
      can_expect ? std::optional<expected_sequences>{std::in_place, corpus, contiguous} : std::nullopt;
  for (const std::size_t place : found.shown) {
    const mined_sequence& one = found.all[place];
    double whole = static_cast<double>(corpus.size());
    if (one.items.size() > 1) {
      const mined_sequence& before = found.all[places.find(std::span{one.items}.first(one.items.size() - 1))];
      whole = static_cast<double>(contiguous ? before.places : before.journeys);
    } else if (contiguous) {
      whole = static_cast<double>(corpus.codes.size());
    }
    found.confidence.push_back(static_cast<double>(contiguous ? one.places : one.journeys) / whole);
    found.expected.push_back(!expected    ? null_value
                             : contiguous ? expected->count(one.items)
                                          : expected->support(one.items));
  }
  return found;
}

/// `sequence, length, [count,] journeys, support …, n, confidence, expected, lift`.
inline void add_sequences(table& result, const path_corpus& corpus, const found_sequences& found, bool contiguous,
                          const interval_options& intervals) {
  std::vector<std::string> texts;
  std::vector<std::int64_t> lengths;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> journeys;
  std::vector<double> lift;
  std::vector<estimate> supports;
  std::vector<std::int64_t> customers;
  // The share of all journeys: what the customers have in both groups, added.
  std::vector<share_case> population = found.population;
  const auto merge = [](share_case& one) {
    one.units = {one.units[0] + one.units[1], 0};
    one.hits = {one.hits[0] + one.hits[1], 0};
  };
  std::for_each(population.begin(), population.end(), merge);
  for (std::size_t row = 0; row < found.shown.size(); ++row) {
    const mined_sequence& one = found.all[found.shown[row]];
    texts.push_back(join_path(corpus.names, one.items));
    lengths.push_back(static_cast<std::int64_t>(one.items.size()));
    counts.push_back(static_cast<std::int64_t>(one.places));
    journeys.push_back(static_cast<std::int64_t>(one.journeys));
    const double times = static_cast<double>(contiguous ? one.places : one.journeys);
    const double whole = contiguous ? 1.0 : static_cast<double>(corpus.size());
    lift.push_back(found.expected[row] > 0.0 ? times / whole / found.expected[row] : null_value);
    std::vector<share_case> hits = one.hits;
    std::for_each(hits.begin(), hits.end(), merge);
    const rate_moments moments = case_moments(population, hits);
    supports.push_back(rate_interval(moments.visits, moments.events, intervals));
    std::uint64_t with = 0;
    for (const share_case& hit : hits) {
      with += hit.customers;
    }
    customers.push_back(static_cast<std::int64_t>(with));
  }
  result.add("sequence", std::move(texts));
  result.add("length", std::move(lengths), quantity::count);
  if (contiguous) {
    result.add("count", std::move(counts), quantity::count);
  }
  result.add("journeys", std::move(journeys), quantity::count);
  result.add("customers", std::move(customers), quantity::count);
  add_estimates(result, "support", supports);
  result.add("n", column_of_counts(supports, [](const estimate& one) { return one.n; }), quantity::count);
  result.add("confidence", found.confidence, quantity::share);
  result.add("expected", found.expected, contiguous ? quantity::plain : quantity::share);
  result.add("lift", std::move(lift));
}

inline void set_sequence_options(table& result, const path_corpus& corpus, const mining_options& options,
                                 bool contiguous, std::size_t found) {
  const auto length = [](const std::optional<duration>& value) {
    return value ? duration_option(*value) : std::string{"none"};
  };
  result.set_option("min_support", std::to_string(options.min_support));
  result.set_option("min_length", std::to_string(options.min_length));
  result.set_option("max_length", std::to_string(options.max_length));
  if (!contiguous) {
    result.set_option("max_gap", options.max_gap ? std::to_string(*options.max_gap) : "none");
    result.set_option("max_gap_time", length(options.max_gap_time));
    result.set_option("within", length(options.within));
  }
  result.set_option("closed", options.closed ? "yes" : "no");
  result.set_option("adjust", options.adjust == p_adjustment::holm ? "holm" : "benjamini_hochberg");
  result.set_option("sequences", std::to_string(found));
  set_corpus_options(result, corpus, options.by);
  set_interval_options(result, options.intervals);
}

}  // namespace klantreis::detail
