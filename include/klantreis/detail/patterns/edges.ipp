// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/edge_counter.hpp"
#include "klantreis/detail/patterns/path_corpus.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/patterns/edges.hpp"

namespace klantreis {
namespace detail {

/// Moves of a slice of the customers. States are codes of the corpus.
struct edge_sums {
  edge_counter moves;
  std::vector<std::uint64_t> journeys;           // by move
  std::vector<std::vector<std::int64_t>> times;  // by move
  std::uint64_t all_journeys = 0;
  std::uint64_t moved_journeys = 0;

  edge_sums() = default;
  explicit edge_sums(std::size_t states) : moves(states, 0) {}

  edge_sums& operator+=(const edge_sums& other) {
    for (std::size_t from = 0; from < other.moves.size(); ++from) {
      const std::size_t index = moves.index_of(other.moves.from(from), other.moves.to(from));
      moves.add_cell(other.moves.from(from), other.moves.to(from), other.moves.cell(from));
      grow();
      journeys[index] += other.journeys[from];
      times[index].insert(times[index].end(), other.times[from].begin(), other.times[from].end());
    }
    for (std::uint32_t row = 0; row < other.moves.states(); ++row) {
      moves.add_row(row, other.moves.row(row));
    }
    all_journeys += other.all_journeys;
    moved_journeys += other.moved_journeys;
    return *this;
  }

  void grow() {
    journeys.resize(moves.size());
    times.resize(moves.size());
  }
};

/// Counts moves; `hand_offs`: only from one labelled item to another one.
inline edge_sums count_edges(const path_corpus& corpus, bool hand_offs, unsigned threads) {
  const state_codes states = corpus.states();
  const auto none = corpus.names.find(none_label);
  const bool timed = !corpus.times.empty();
  return count_in_slices(corpus.customer_count(), worker_count(threads), 4096, [&](index_range range) {
    edge_sums part{corpus.names.size()};
    std::vector<std::size_t> seen;  // by move: the journey that made it last, and 1
    for (const std::size_t customer : each(range)) {
      for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
        bool moved = false;
        const auto move = [&](std::uint32_t from, std::uint32_t to) {
          const std::size_t index = part.moves.step(from, to);
          if (index == seen.size()) {
            seen.push_back(0);
            part.grow();
          }
          if (std::exchange(seen[index], journey + 1) != journey + 1) {
            ++part.journeys[index];
          }
          moved = true;
          return index;
        };
        std::uint32_t here = states.start;
        std::size_t since = 0;
        for (std::size_t place = corpus.offsets[journey]; place < corpus.offsets[journey + 1]; ++place) {
          const std::uint32_t code = corpus.codes[place];
          if (hand_offs && code == none) {
            continue;
          }
          if (!hand_offs || (here != states.start && here != code)) {
            const std::size_t index = move(here, code);
            if (timed && here != states.start) {
              part.times[index].push_back(corpus.times[place] - corpus.times[since]);
            }
          }
          since = place;
          here = code;
        }
        if (!hand_offs) {
          move(here, corpus.ends[journey]);
        }
        ++part.all_journeys;
        part.moved_journeys += moved ? 1U : 0U;
      }
      part.moves.finish_customer();
    }
    return part;
  });
}

/// `median_time`, `p95_time`, `p2.5_time`.
inline std::string quantile_column(double q) {
  if (q == 0.5) {
    return "median_time";
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "p%g_time", 100.0 * q);
  return text.data();
}

inline table edge_table(std::string definition, const path_corpus& corpus, edge_sums tally,
                        const edge_options& options) {
  for (const double q : options.quantiles) {
    if (!(q >= 0.0 && q <= 1.0)) {
      throw input_error("the quantile " + std::to_string(q) + " lies outside 0 … 1");
    }
  }
  std::vector<std::size_t> order(tally.moves.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto count_of = [&](std::size_t move) { return tally.moves.cell(move).e; };
  const auto from_of = [&](std::size_t move) { return corpus.names[tally.moves.from(move)]; };
  const auto to_of = [&](std::size_t move) { return corpus.names[tally.moves.to(move)]; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (count_of(a) != count_of(b)) {
      return count_of(a) > count_of(b);
    }
    return from_of(a) != from_of(b) ? from_of(a) < from_of(b) : to_of(a) < to_of(b);
  });
  double all = 0.0;
  std::vector<double> entering(corpus.names.size(), 0.0);
  for (const std::size_t move : order) {
    all += count_of(move);
    entering[tally.moves.to(move)] += count_of(move);
  }
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> journeys;
  std::vector<double> shares;
  std::vector<double> per_journey;
  std::vector<double> inward;
  estimate_columns probabilities;
  std::vector<double> mean;
  std::vector<double> deviation;
  std::vector<double> least;
  std::vector<double> most;
  std::vector<double> total;
  std::vector<std::vector<double>> quantiles(options.quantiles.size());
  for (const std::size_t move : order) {
    from.emplace_back(from_of(move));
    to.emplace_back(to_of(move));
    counts.push_back(static_cast<std::int64_t>(count_of(move)));
    journeys.push_back(static_cast<std::int64_t>(tally.journeys[move]));
    shares.push_back(count_of(move) / all);
    per_journey.push_back(count_of(move) / static_cast<double>(tally.all_journeys));
    inward.push_back(count_of(move) / entering[tally.moves.to(move)]);
    probabilities.add(
        rate_interval(tally.moves.row(tally.moves.from(move)), tally.moves.cell(move), options.intervals));
    // In the order of size, so that sums come out the same whatever the order of the journeys.
    std::sort(tally.times[move].begin(), tally.times[move].end());
    std::vector<double> seconds;
    for (const std::int64_t ticks : tally.times[move]) {
      seconds.push_back(corpus.seconds(ticks));
    }
    const bool empty = seconds.empty();
    const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
    const double average = sum / static_cast<double>(seconds.size());
    double squares = 0.0;
    for (const double value : seconds) {
      squares += (value - average) * (value - average);
    }
    mean.push_back(empty ? null_value : average);
    deviation.push_back(seconds.size() < 2 ? null_value : std::sqrt(squares / static_cast<double>(seconds.size() - 1)));
    least.push_back(empty ? null_value : seconds.front());
    most.push_back(empty ? null_value : seconds.back());
    total.push_back(empty ? null_value : sum);
    for (std::size_t q = 0; q < options.quantiles.size(); ++q) {
      quantiles[q].push_back(quantile(seconds, options.quantiles[q]));
    }
  }
  table result{std::move(definition)};
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("count", std::move(counts), quantity::count);
  result.add("journeys", std::move(journeys), quantity::count);
  result.add("n", std::move(probabilities.n), quantity::count);
  result.add("share", std::move(shares), quantity::share);
  result.add("per_journey", std::move(per_journey));
  result.add("probability", std::move(probabilities.value), quantity::share);
  result.add("lower", std::move(probabilities.lower), quantity::share);
  result.add("upper", std::move(probabilities.upper), quantity::share);
  result.add("probability_in", std::move(inward), quantity::share);
  result.add("mean_time", std::move(mean), quantity::seconds);
  result.add("sd_time", std::move(deviation), quantity::seconds);
  result.add("min_time", std::move(least), quantity::seconds);
  result.add("max_time", std::move(most), quantity::seconds);
  result.add("total_time", std::move(total), quantity::seconds);
  for (std::size_t q = 0; q < options.quantiles.size(); ++q) {
    const std::string name = quantile_column(options.quantiles[q]);
    if (!result.contains(name)) {
      result.add(name, std::move(quantiles[q]), quantity::seconds);
    }
  }
  result.add("marks", std::move(probabilities.marks));
  set_corpus_options(result, corpus, options.by);
  set_interval_options(result, options.intervals);
  result.set_option("journeys", std::to_string(tally.all_journeys));
  return result;
}

/// How often an item occurs again within journeys.
struct rework_tally {
  visit_rates journeys;  // events: journeys that visit the item again
  std::vector<std::uint64_t> visits;
  std::vector<std::uint64_t> loops;
  std::vector<std::uint64_t> returns;
  std::vector<std::size_t> least;
  std::vector<std::vector<std::int64_t>> times;

  rework_tally() = default;
  explicit rework_tally(std::size_t items)
      : visits(items),
        loops(items),
        returns(items),
        least(items, (std::numeric_limits<std::size_t>::max)()),
        times(items) {
    journeys.resize(items);
  }

  rework_tally& operator+=(const rework_tally& other) {
    journeys += other.journeys;
    for (std::size_t item = 0; item < visits.size(); ++item) {
      visits[item] += other.visits[item];
      loops[item] += other.loops[item];
      returns[item] += other.returns[item];
      least[item] = (std::min)(least[item], other.least[item]);
      times[item].insert(times[item].end(), other.times[item].begin(), other.times[item].end());
    }
    return *this;
  }
};

inline rework_tally count_rework(const path_corpus& corpus, unsigned threads) {
  return count_in_slices(corpus.customer_count(), worker_count(threads), 4096, [&](index_range range) {
    rework_tally part{corpus.items};
    std::vector<std::size_t> last(corpus.items, 0);  // place of the last visit, and 1
    std::vector<bool> is_reworked(corpus.items, false);
    for (const std::size_t customer : each(range)) {
      for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
        const std::size_t begin = corpus.offsets[journey];
        for (std::size_t place = begin; place < corpus.offsets[journey + 1]; ++place) {
          const std::uint32_t item = corpus.codes[place];
          ++part.visits[item];
          if (last[item] <= begin) {
            part.journeys.visit(item);
            is_reworked[item] = false;
          } else {
            const std::size_t distance = place - last[item];
            part.least[item] = (std::min)(part.least[item], distance);
            ++(distance == 0 ? part.loops : part.returns)[item];
            if (!corpus.times.empty()) {
              part.times[item].push_back(corpus.times[place] - corpus.times[last[item] - 1]);
            }
            if (!is_reworked[item]) {
              is_reworked[item] = true;
              part.journeys.event(item);
            }
          }
          last[item] = place + 1;
        }
      }
      part.journeys.end_customer();
    }
    return part;
  });
}

}  // namespace detail

KLANTREIS_INLINE table edge_weights(const journey_set& journeys, const edge_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, false);
  table result = detail::edge_table(
      "The moves of settled journeys. journeys: that made the move; share: of all moves; probability: of those that "
      "leave from, with an interval by customers (n were there); probability_in: of those that enter to; times: "
      "seconds "
      "from event to event.",
      corpus, detail::count_edges(corpus, false, options.threads), options);
  detail::add_cut_options(result, journeys);
  return result;
}

KLANTREIS_INLINE table hand_offs(const journey_set& journeys, const edge_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, false, false);
  detail::edge_sums tally = detail::count_edges(corpus, true, options.threads);
  const std::uint64_t moved = tally.moved_journeys;
  table result = detail::edge_table(
      "Hand-offs within settled journeys from one " + options.by +
          " to another; events without one are skipped. share: of all hand-offs; probability: of those that leave "
          "from, "
          "with an interval by customers (n); times: seconds from the last event of one to the first of the other.",
      corpus, std::move(tally), options);
  result.set_option("journeys_with_hand_off", std::to_string(moved));
  detail::add_cut_options(result, journeys);
  return result;
}

KLANTREIS_INLINE table rework(const journey_set& journeys, const edge_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, false);
  detail::rework_tally tally = detail::count_rework(corpus, options.threads);
  std::vector<std::uint32_t> order;
  for (std::uint32_t item = 0; item < corpus.items; ++item) {
    if (tally.visits[item] != 0) {
      order.push_back(item);
    }
  }
  const auto reworked = [&](std::uint32_t item) { return tally.journeys.events()[item].e; };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return reworked(a) != reworked(b) ? reworked(a) > reworked(b) : corpus.names[a] < corpus.names[b];
  });
  std::vector<std::string> labels;
  std::vector<std::int64_t> visits;
  std::vector<std::int64_t> with;
  std::vector<std::int64_t> again;
  std::vector<std::int64_t> repeats;
  std::vector<std::int64_t> loops;
  std::vector<std::int64_t> returns;
  std::vector<double> least;
  std::vector<double> times;
  detail::estimate_columns rates;
  for (const std::uint32_t item : order) {
    labels.emplace_back(corpus.names[item]);
    visits.push_back(static_cast<std::int64_t>(tally.visits[item]));
    with.push_back(static_cast<std::int64_t>(tally.journeys.visits()[item].v));
    again.push_back(static_cast<std::int64_t>(reworked(item)));
    loops.push_back(static_cast<std::int64_t>(tally.loops[item]));
    returns.push_back(static_cast<std::int64_t>(tally.returns[item]));
    repeats.push_back(loops.back() + returns.back());
    least.push_back(repeats.back() == 0 ? null_value : static_cast<double>(tally.least[item]));
    std::vector<double> seconds;
    for (const std::int64_t ticks : tally.times[item]) {
      seconds.push_back(corpus.seconds(ticks));
    }
    times.push_back(quantile(seconds, 0.5));
    rates.add(rate_interval(tally.journeys.visits()[item], tally.journeys.events()[item], options.intervals));
  }
  table result{
      "What settled journeys do again. reworked: journeys that visit the item more than once; rework_rate: of those "
      "that "
      "visit it, with an interval by customers (n); loops: repeats right after one another; returns: after something "
      "else; min_distance: the fewest visits between two; median_return_time: from visit to visit."};
  result.add(options.by, std::move(labels));
  result.add("visits", std::move(visits), quantity::count);
  result.add("journeys", std::move(with), quantity::count);
  result.add("reworked", std::move(again), quantity::count);
  result.add("rework_rate", std::move(rates.value), quantity::share);
  result.add("lower", std::move(rates.lower), quantity::share);
  result.add("upper", std::move(rates.upper), quantity::share);
  result.add("repeats", std::move(repeats), quantity::count);
  result.add("loops", std::move(loops), quantity::count);
  result.add("returns", std::move(returns), quantity::count);
  result.add("min_distance", std::move(least));
  result.add("median_return_time", std::move(times), quantity::seconds);
  result.add("n", std::move(rates.n), quantity::count);
  result.add("marks", std::move(rates.marks));
  detail::set_corpus_options(result, corpus, options.by);
  detail::set_interval_options(result, options.intervals);
  detail::add_cut_options(result, journeys);
  return result;
}

}  // namespace klantreis
