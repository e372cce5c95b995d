// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/patterns/ways.hpp"

namespace klantreis {
namespace detail {

enum class way_direction : std::uint8_t { in, out };

struct way_question {
  way_direction direction = way_direction::in;
  std::uint32_t item = 0;
  std::size_t steps = 1;
  bool open_too = false;
};

/// The ways of a slice of the customers.
struct ways_partial {
  sequence_index ways;
  std::vector<std::uint64_t> count;
  std::vector<std::uint64_t> open;
  visit_rates rates;  // of settled journeys

  std::size_t index_of(std::span<const std::uint32_t> way) {
    const std::size_t index = ways.intern(way);
    if (index == count.size()) {
      count.push_back(0);
      open.push_back(0);
      rates.resize(index + 1);
    }
    return index;
  }

  ways_partial& operator+=(const ways_partial& other) {
    for (std::size_t from = 0; from < other.count.size(); ++from) {
      const std::size_t index = index_of(other.ways[from]);
      count[index] += other.count[from];
      open[index] += other.open[from];
      rates.add(index, other.rates, from);
    }
    return *this;
  }
};

inline ways_partial count_ways(const journey_set& journeys, const item_source& items, const state_codes& states,
                               const way_question& question, index_range customers) {
  ways_partial part;
  std::vector<std::uint32_t> route;
  for (const std::size_t customer : each(customers)) {
    for (std::size_t index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
         ++index) {
      const journey piece = journeys[index];
      if (!piece.settled && !question.open_too) {
        continue;
      }
      route.assign(1, states.start);
      items.for_each(piece, [&](std::uint32_t code, std::uint64_t) { route.push_back(code); });
      route.push_back(piece.settled ? states.of(journeys.end_state_of(piece)) : states.open);
      for (std::size_t place = 0; place < route.size(); ++place) {
        if (route[place] != question.item) {
          continue;
        }
        const std::size_t begin = question.direction == way_direction::out ? place + 1
                                  : place > question.steps                 ? place - question.steps
                                                                           : 0;
        const std::size_t end =
            question.direction == way_direction::in ? place : (std::min)(route.size(), place + 1 + question.steps);
        const std::size_t way = part.index_of(std::span{route}.subspan(begin, end - begin));
        ++part.count[way];
        if (!piece.settled) {
          ++part.open[way];
          continue;
        }
        part.rates.visit(way);
        if (piece.converted) {
          part.rates.event(way);
        }
      }
    }
    part.rates.end_customer();
  }
  return part;
}

inline table ways_table(std::string definition, const ways_partial& ways, const name_table& names, bool show_open,
                        const std::vector<std::uint32_t>& without, const interval_options& intervals) {
  // Paths compare by their names, item by item.
  std::vector<std::uint32_t> by_name(names.size());
  std::iota(by_name.begin(), by_name.end(), 0U);
  std::sort(by_name.begin(), by_name.end(), [&](std::uint32_t a, std::uint32_t b) { return names[a] < names[b]; });
  std::vector<std::uint32_t> rank(names.size());
  for (std::uint32_t place = 0; place < by_name.size(); ++place) {
    rank[by_name[place]] = place;
  }
  std::vector<std::size_t> order(ways.count.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return ways.count[a] != ways.count[b]
               ? ways.count[a] > ways.count[b]
               : std::ranges::lexicographical_compare(
                     ways.ways[a], ways.ways[b], {}, [&](std::uint32_t c) { return rank[c]; },
                     [&](std::uint32_t c) { return rank[c]; });
  });
  std::uint64_t total = 0;
  for (const std::uint64_t count : ways.count) {
    total += count;
  }
  std::erase_if(order, [&](std::size_t way) {
    return !ways.ways[way].empty() && std::ranges::find(without, ways.ways[way].front()) != without.end();
  });

  std::vector<std::string> paths;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> open;
  std::vector<double> shares;
  std::vector<std::int64_t> conversions;
  estimate_columns rates;
  for (const std::size_t way : order) {
    paths.push_back(join_path(names, ways.ways[way]));
    counts.push_back(static_cast<std::int64_t>(ways.count[way]));
    open.push_back(static_cast<std::int64_t>(ways.open[way]));
    shares.push_back(static_cast<double>(ways.count[way]) / static_cast<double>(total));
    conversions.push_back(static_cast<std::int64_t>(ways.rates.events()[way].e));
    rates.add(rate_interval(ways.rates.visits()[way], ways.rates.events()[way], intervals));
  }
  table result{std::move(definition)};
  result.add("path", std::move(paths));
  result.add("count", std::move(counts), quantity::count);
  if (show_open) {
    result.add("open", std::move(open), quantity::count);
  }
  result.add("share", std::move(shares), quantity::share);
  result.add("n", std::move(rates.n), quantity::count);
  result.add("conversions", std::move(conversions), quantity::count);
  result.add("conversion_rate", std::move(rates.value), quantity::share);
  result.add("lower", std::move(rates.lower), quantity::share);
  result.add("upper", std::move(rates.upper), quantity::share);
  result.add("marks", std::move(rates.marks));
  return result;
}

inline std::uint32_t way_item(const journey_set& journeys, const item_source& items, const state_codes& states,
                              std::string_view name, way_direction direction, const ways_options& options) {
  if (direction == way_direction::out && name == start_state) {
    return states.start;
  }
  if (direction == way_direction::in && (name == conversion_state || name == null_state || name == end_state)) {
    const bool goes_on = journeys.options().after == after_conversion::go_on;
    if (goes_on != (name == end_state)) {
      throw input_error(
          "no journey of these ends in " + std::string{name} + "; with after_conversion=\"" +
          (goes_on ? "continue\" all end in (end)" : "new\" or \"stop\" they end in (conversion) or (null)"));
    }
    return states.of(name);
  }
  if (is_reserved_name(name)) {
    throw input_error(
        std::string{direction == way_direction::in ? "there are no ways into " : "there are no ways out of "} +
        std::string{name});
  }
  const auto code = items.names->find(name);
  if (!code) {
    throw input_error(unknown_label_message(name, options.by, *items.names));
  }
  return *code;
}

inline table ways(const journey_set& journeys, std::string_view name, way_direction direction, bool open_too,
                  std::string definition, const ways_options& options) {
  if (options.steps == 0) {
    throw input_error("ways of 0 steps have no items; ask for at least 1");
  }
  if (options.steps > max_way_steps) {
    throw limit_error("ways of " + std::to_string(options.steps) + " steps; at most " + std::to_string(max_way_steps) +
                      " are possible");
  }
  const item_source items = items_of(journeys, options.by, options.collapse);
  const state_codes states{items.names->size()};
  const way_question question{direction, way_item(journeys, items, states, name, direction, options), options.steps,
                              open_too};
  const auto total = count_in_slices(journeys.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    return count_ways(journeys, items, states, question, range);
  });
  std::vector<std::uint32_t> without;
  for (const std::string& item : options.without) {
    without.push_back(way_item(journeys, items, states, item, way_direction::out, options));
  }
  table result =
      ways_table(std::move(definition), total, states.with_names(*items.names), open_too, without, options.intervals);
  result.set_option(direction == way_direction::in ? "to" : "from", std::string{name});
  result.set_option("steps", std::to_string(options.steps));
  result.set_option("by", options.by);
  result.set_option("collapse", items.collapse ? "yes" : "no");
  std::string left_out;
  for (const std::string& item : options.without) {
    left_out += (left_out.empty() ? "" : ", ") + item;
  }
  result.set_option("without", left_out.empty() ? "none" : left_out);
  for (const auto& [key, value] : cut_options(journeys)) {
    result.set_option(key, value);
  }
  set_interval_options(result, options.intervals);
  return result;
}

inline constexpr std::string_view ways_rate_definition =
    " conversions: how many of these were in journeys that converted; conversion_rate with an interval by customers; "
    "n: "
    "customers.";

}  // namespace detail

KLANTREIS_INLINE table ways_in(const journey_set& journeys, std::string_view to, const ways_options& options) {
  return detail::ways(journeys, to, detail::way_direction::in, false,
                      "The ways into " + std::string{to} +
                          ": what stood right before its visits in settled journeys; count: visits." +
                          std::string{detail::ways_rate_definition},
                      options);
}

KLANTREIS_INLINE table ways_out(const journey_set& journeys, std::string_view from, const ways_options& options) {
  return detail::ways(journeys, from, detail::way_direction::out, false,
                      "The ways out of " + std::string{from} +
                          ": what followed its visits in settled journeys; count: visits." +
                          std::string{detail::ways_rate_definition},
                      options);
}

KLANTREIS_INLINE table entries(const journey_set& journeys, const ways_options& options) {
  return detail::ways(
      journeys, start_state, detail::way_direction::out, true,
      "How journeys begin; count: journeys, open ones too (open: how many these are); the conversion rate "
      "is of settled journeys, with an interval by customers; n: customers with a settled journey.",
      options);
}

}  // namespace klantreis
