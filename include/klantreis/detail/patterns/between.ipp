// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/patterns/name_ranks.hpp"
#include "klantreis/detail/patterns/windows.hpp"
#include "klantreis/patterns/between.hpp"

namespace klantreis {
namespace detail {

/// A way from one item to another within a journey.
struct crossing {
  std::size_t customer = 0;
  std::size_t journey = 0;
  std::size_t begin = 0;  ///< places of the route: that of `from`
  std::size_t end = 0;    ///< and that of `to`
};

struct crossings_found {
  std::vector<crossing> all;
  std::uint64_t unfinished = 0;

  crossings_found& operator+=(const crossings_found& other) {
    all.insert(all.end(), other.all.begin(), other.all.end());
    unfinished += other.unfinished;
    return *this;
  }
};

inline crossings_found find_crossings(const path_corpus& corpus, std::string_view from, std::string_view to,
                                      const between_options& options) {
  if (options.which == occurrence::every) {
    throw input_error("a crossing begins at the first or the last visit of " + quoted(from) + ", not at every one");
  }
  const std::uint32_t first = corpus_code(corpus, from, options.by);
  const std::uint32_t goal = corpus_code(corpus, to, options.by);
  constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
  return count_in_slices(corpus.customer_count(), worker_count(options.threads), 4096, [&](index_range range) {
    crossings_found part;
    std::vector<std::uint32_t> route;
    for (const std::size_t customer : each(range)) {
      for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
        write_route(corpus, journey, route);
        std::size_t begin = nowhere;
        for (std::size_t place = 0; place < route.size(); ++place) {
          if (route[place] == goal && begin != nowhere) {
            part.all.push_back({customer, journey, begin, place});
            begin = nowhere;
          }
          // A visit that ends a crossing may begin the next one, where both ends are the same item.
          if (route[place] == first && (begin == nowhere || options.which == occurrence::last)) {
            begin = place;
          }
        }
        part.unfinished += begin != nowhere ? 1U : 0U;
      }
    }
    return part;
  });
}

/// The seconds that a crossing takes; null without time and at `(start)`.
inline double crossing_time(const path_corpus& corpus, const crossing& one) {
  if (corpus.times.empty() || one.begin == 0) {
    return null_value;
  }
  const std::size_t offset = corpus.offsets[one.journey];
  const bool to_end = one.end == corpus.offsets[one.journey + 1] - offset + 1;
  const std::int64_t end = to_end ? corpus.end_times[one.journey] : corpus.times[offset + one.end - 1];
  return corpus.seconds(end - corpus.times[offset + one.begin - 1]);
}

/// The items that lie between.
inline std::span<const std::uint32_t> crossing_path(const path_corpus& corpus, const crossing& one) {
  return corpus.path(one.journey).subspan(one.begin, one.end - one.begin - 1);
}

inline void set_between_options(table& result, const path_corpus& corpus, const crossings_found& found,
                                std::string_view from, std::string_view to, const between_options& options) {
  result.set_option("from", std::string{from});
  result.set_option("to", std::string{to});
  result.set_option("which", options.which == occurrence::first ? "first" : "last");
  set_corpus_options(result, corpus, options.by);
  set_interval_options(result, options.intervals);
  result.set_option("crossings", std::to_string(found.all.size()));
  result.set_option("unfinished", std::to_string(found.unfinished));
}

}  // namespace detail

KLANTREIS_INLINE table detours(const journey_set& journeys, std::string_view from, std::string_view to,
                               const between_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, false);
  const detail::crossings_found found = detail::find_crossings(corpus, from, to, options);
  detail::sequence_index ways;
  std::vector<std::vector<double>> times;
  detail::visit_rates rates;
  for (std::size_t place = 0; place < found.all.size(); ++place) {
    const detail::crossing& one = found.all[place];
    const std::size_t way = ways.intern(detail::crossing_path(corpus, one));
    if (way == times.size()) {
      times.emplace_back();
      rates.resize(way + 1);
    }
    times[way].push_back(detail::crossing_time(corpus, one));
    rates.visit(way);
    if (corpus.converted[one.journey]) {
      rates.event(way);
    }
    if (place + 1 == found.all.size() || found.all[place + 1].customer != one.customer) {
      rates.end_customer();
    }
  }
  const std::vector<std::uint32_t> rank = detail::name_ranks(corpus.names);
  const auto rank_of = [&](std::uint32_t code) { return rank[code]; };
  std::vector<std::size_t> order(ways.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return times[a].size() != times[b].size()
               ? times[a].size() > times[b].size()
               : std::ranges::lexicographical_compare(ways[a], ways[b], {}, rank_of, rank_of);
  });
  std::vector<std::string> paths;
  std::vector<std::int64_t> steps;
  std::vector<std::int64_t> counts;
  std::vector<double> shares;
  std::vector<std::int64_t> conversions;
  std::vector<double> medians;
  detail::estimate_columns estimates;
  for (const std::size_t way : order) {
    paths.push_back(ways[way].empty() ? "(direct)" : join_path(corpus.names, ways[way]));
    steps.push_back(static_cast<std::int64_t>(ways[way].size()));
    counts.push_back(static_cast<std::int64_t>(times[way].size()));
    shares.push_back(static_cast<double>(times[way].size()) / static_cast<double>(found.all.size()));
    conversions.push_back(static_cast<std::int64_t>(rates.events()[way].e));
    medians.push_back(quantile(times[way], 0.5));
    estimates.add(rate_interval(rates.visits()[way], rates.events()[way], options.intervals));
  }
  table result{"The ways from " + std::string{from} + " to " + std::string{to} +
               " in settled journeys. path: what lies between; count: crossings; conversion_rate: of crossings whose "
               "journey converted, with an interval by customers (n); median_time: seconds from the one to the other."};
  result.add("path", std::move(paths));
  result.add("steps", std::move(steps));
  result.add("count", std::move(counts), quantity::count);
  result.add("share", std::move(shares), quantity::share);
  result.add("n", std::move(estimates.n), quantity::count);
  result.add("conversions", std::move(conversions), quantity::count);
  result.add("conversion_rate", std::move(estimates.value), quantity::share);
  result.add("lower", std::move(estimates.lower), quantity::share);
  result.add("upper", std::move(estimates.upper), quantity::share);
  result.add("median_time", std::move(medians), quantity::seconds);
  result.add("marks", std::move(estimates.marks));
  detail::set_between_options(result, corpus, found, from, to, options);
  detail::add_cut_options(result, journeys);
  return result;
}

KLANTREIS_INLINE table between(const journey_set& journeys, std::string_view from, std::string_view to,
                               const between_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, false);
  const detail::crossings_found found = detail::find_crossings(corpus, from, to, options);
  std::vector<std::uint64_t> visits(corpus.items, 0);
  std::vector<std::vector<std::size_t>> with(corpus.items);  // crossings with the item
  detail::share_counter shares;
  std::vector<double> times;
  for (std::size_t place = 0; place < found.all.size(); ++place) {
    const detail::crossing& one = found.all[place];
    times.push_back(detail::crossing_time(corpus, one));
    shares.unit();
    for (const std::uint32_t item : detail::crossing_path(corpus, one)) {
      ++visits[item];
      if (with[item].empty() || with[item].back() != place) {
        with[item].push_back(place);
        shares.hit(std::array{item});
      }
    }
    if (place + 1 == found.all.size() || found.all[place + 1].customer != one.customer) {
      shares.end_customer();
    }
  }
  const auto population = shares.population();
  const auto hits = shares.hits();
  std::vector<std::size_t> order(hits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto item_of = [&](std::size_t cell) { return shares.cell(cell)[0]; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return with[item_of(a)].size() != with[item_of(b)].size() ? with[item_of(a)].size() > with[item_of(b)].size()
                                                              : corpus.names[item_of(a)] < corpus.names[item_of(b)];
  });
  std::vector<std::string> labels;
  std::vector<std::int64_t> crossings;
  std::vector<std::int64_t> counts;
  std::vector<double> times_with;
  std::vector<double> times_without;
  detail::estimate_columns estimates;
  for (const std::size_t cell : order) {
    const std::uint32_t item = item_of(cell);
    const rate_moments moments = detail::case_moments(population, hits[cell]);
    labels.emplace_back(corpus.names[item]);
    crossings.push_back(static_cast<std::int64_t>(with[item].size()));
    counts.push_back(static_cast<std::int64_t>(visits[item]));
    std::vector<double> here;
    std::vector<double> elsewhere;
    auto next = with[item].begin();
    for (std::size_t place = 0; place < times.size(); ++place) {
      const bool is_here = next != with[item].end() && *next == place;
      (is_here ? here : elsewhere).push_back(times[place]);
      next += is_here ? 1 : 0;
    }
    times_with.push_back(quantile(here, 0.5));
    times_without.push_back(quantile(elsewhere, 0.5));
    estimates.add(rate_interval(moments.visits, moments.events, options.intervals));
  }
  table result{
      "What happens between " + std::string{from} + " and " + std::string{to} +
      " in settled journeys. crossings: ways from the one to the other on which the item lies; share: of all, "
      "with an interval by customers (n); count: visits; median_time: seconds that crossings with the item take, "
      "median_time_without: those without it."};
  result.add(options.by, std::move(labels));
  result.add("crossings", std::move(crossings), quantity::count);
  result.add("share", std::move(estimates.value), quantity::share);
  result.add("lower", std::move(estimates.lower), quantity::share);
  result.add("upper", std::move(estimates.upper), quantity::share);
  result.add("count", std::move(counts), quantity::count);
  result.add("n", std::move(estimates.n), quantity::count);
  result.add("median_time", std::move(times_with), quantity::seconds);
  result.add("median_time_without", std::move(times_without), quantity::seconds);
  result.add("marks", std::move(estimates.marks));
  detail::set_between_options(result, corpus, found, from, to, options);
  detail::add_cut_options(result, journeys);
  return result;
}

}  // namespace klantreis
