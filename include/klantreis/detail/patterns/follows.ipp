// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "klantreis/detail/patterns/path_corpus.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/patterns/edges.hpp"

namespace klantreis {
namespace detail {

/// Pairs of items of which one comes later than the other.
struct follow_tally {
  sequence_index pairs;
  std::vector<std::uint64_t> count;
  std::vector<event_moments> journeys;  // by pair: journeys with it, among the journeys with its first item
  std::vector<visit_moments> rows;      // by item: journeys with it

  std::size_t index_of(std::span<const std::uint32_t> pair) {
    const std::size_t index = pairs.intern(pair);
    if (index == count.size()) {
      count.push_back(0);
      journeys.push_back({});
    }
    return index;
  }

  follow_tally& operator+=(const follow_tally& other) {
    for (std::size_t from = 0; from < other.count.size(); ++from) {
      const std::size_t index = index_of(other.pairs[from]);
      count[index] += other.count[from];
      journeys[index] += other.journeys[from];
    }
    for (std::size_t item = 0; item < rows.size(); ++item) {
      rows[item] += other.rows[item];
    }
    return *this;
  }
};

inline follow_tally count_follows(const path_corpus& corpus, unsigned threads) {
  return count_in_slices(corpus.customer_count(), worker_count(threads), 4096, [&](index_range range) {
    follow_tally part;
    part.rows.resize(corpus.items);
    std::vector<std::uint64_t> before(corpus.items, 0);    // visits so far in the journey
    std::vector<std::uint32_t> own_rows(corpus.items, 0);  // journeys of the customer with the item
    std::vector<std::uint32_t> own_pairs;
    std::vector<std::size_t> seen;  // by pair: the journey that had it last, and 1
    std::vector<std::uint32_t> items;
    std::vector<std::uint32_t> customer_items;
    std::vector<std::size_t> customer_pairs;
    for (const std::size_t customer : each(range)) {
      for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
        items.clear();
        for (const std::uint32_t to : corpus.path(journey)) {
          for (const std::uint32_t from : items) {
            const std::size_t index = part.index_of(std::array{from, to});
            own_pairs.resize(part.count.size());
            seen.resize(part.count.size());
            part.count[index] += before[from];
            if (std::exchange(seen[index], journey + 1) != journey + 1 && own_pairs[index]++ == 0) {
              customer_pairs.push_back(index);
            }
          }
          if (before[to]++ == 0) {
            items.push_back(to);
            if (own_rows[to]++ == 0) {
              customer_items.push_back(to);
            }
          }
        }
        for (const std::uint32_t item : items) {
          before[item] = 0;
        }
      }
      for (const std::size_t index : customer_pairs) {
        part.journeys[index].add(own_pairs[index], own_rows[part.pairs[index][0]]);
        own_pairs[index] = 0;
      }
      for (const std::uint32_t item : customer_items) {
        part.rows[item].add(own_rows[item]);
        own_rows[item] = 0;
      }
      customer_pairs.clear();
      customer_items.clear();
    }
    return part;
  });
}

}  // namespace detail

KLANTREIS_INLINE table eventually_follows(const journey_set& journeys, const edge_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, false);
  const detail::follow_tally tally = detail::count_follows(corpus, options.threads);
  std::vector<std::size_t> order(tally.count.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto name = [&](std::size_t pair, std::size_t end) { return corpus.names[tally.pairs[pair][end]]; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (tally.count[a] != tally.count[b]) {
      return tally.count[a] > tally.count[b];
    }
    return name(a, 0) != name(b, 0) ? name(a, 0) < name(b, 0) : name(a, 1) < name(b, 1);
  });
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> with;
  detail::estimate_columns rates;
  for (const std::size_t pair : order) {
    from.emplace_back(name(pair, 0));
    to.emplace_back(name(pair, 1));
    counts.push_back(static_cast<std::int64_t>(tally.count[pair]));
    with.push_back(static_cast<std::int64_t>(tally.journeys[pair].e));
    rates.add(rate_interval(tally.rows[tally.pairs[pair][0]], tally.journeys[pair], options.intervals));
  }
  table result{
      "What comes later in settled journeys. count: pairs of visits in this order; journeys: with such a pair; "
      "confidence: their share of the journeys with from, with an interval by customers (n)."};
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("count", std::move(counts), quantity::count);
  result.add("journeys", std::move(with), quantity::count);
  result.add("confidence", std::move(rates.value), quantity::share);
  result.add("lower", std::move(rates.lower), quantity::share);
  result.add("upper", std::move(rates.upper), quantity::share);
  result.add("n", std::move(rates.n), quantity::count);
  result.add("marks", std::move(rates.marks));
  detail::set_corpus_options(result, corpus, options.by);
  detail::set_interval_options(result, options.intervals);
  detail::add_cut_options(result, journeys);
  return result;
}

}  // namespace klantreis
