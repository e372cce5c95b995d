// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/compare/patterns.hpp"
#include "klantreis/detail/patterns/sequence_rows.hpp"
#include "klantreis/detail/patterns/windows.hpp"

namespace klantreis {
namespace detail {

/// The paths of two groups, the journeys of a customer together.
inline path_corpus make_group_corpus(const journey_group& first, const journey_group& second, std::string_view by,
                                     bool collapse, bool open_too) {
  const std::array<const journey_group*, 2> groups{&first, &second};
  std::array<item_source, 2> sources;
  name_table items;
  std::array<std::vector<std::uint32_t>, 2> code_of;
  path_corpus corpus;
  for (std::size_t group = 0; group < 2; ++group) {
    sources[group] = items_of(groups[group]->journeys, by, collapse);
    for (std::uint32_t code = 0; code < sources[group].names->size(); ++code) {
      code_of[group].push_back(items.intern((*sources[group].names)[code]));
    }
    corpus.collapse = sources[group].collapse;
    corpus.ticks_per_second = (std::max)(corpus.ticks_per_second, groups[group]->journeys.log().ticks_per_second());
  }
  if (first.journeys.log().has_times() != second.journeys.log().has_times()) {
    throw input_error("one group has times and the other has none; compare logs of one kind");
  }
  corpus.items = items.size();
  corpus.names = corpus.states().with_names(items);

  struct entry {
    std::size_t customer;
    std::uint64_t index;
    std::uint8_t group;
  };
  std::vector<entry> entries;
  const bool same_log = first.journeys.log().times().data() == second.journeys.log().times().data() &&
                        first.journeys.log().offsets().data() == second.journeys.log().offsets().data();
  name_table ids;
  for (std::uint8_t group = 0; group < 2; ++group) {
    const journey_set& journeys = groups[group]->journeys;
    const auto& members = groups[group]->members;
    std::size_t at = 0;
    for (std::size_t customer = 0; customer < journeys.customers() && at < members.size(); ++customer) {
      if (members[at] >= journeys.customer_offsets()[customer + 1]) {
        continue;
      }
      const std::size_t number = same_log ? customer : ids.intern(journeys.log().customer_id(customer));
      for (; at < members.size() && members[at] < journeys.customer_offsets()[customer + 1]; ++at) {
        if (open_too || journeys[members[at]].settled) {
          entries.push_back({number, members[at], group});
        }
      }
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const entry& a, const entry& b) { return a.customer < b.customer; });
  for (std::size_t place = 0; place < entries.size(); ++place) {
    const entry& one = entries[place];
    const journey_set& journeys = groups[one.group]->journeys;
    const std::int64_t own = journeys.log().ticks_per_second();
    corpus.append(journeys, sources[one.group], one.index, one.group, own == 0 ? 1 : corpus.ticks_per_second / own,
                  code_of[one.group]);
    if (place + 1 == entries.size() || entries[place + 1].customer != one.customer) {
      corpus.end_customer(one.customer);
    }
  }
  for (std::size_t group = 0; group < 2; ++group) {
    if (std::find(corpus.groups.begin(), corpus.groups.end(), group) == corpus.groups.end()) {
      throw input_error("the group " + quoted(groups[group]->name) + " has no " + (open_too ? "" : "settled ") +
                        "journey" + (groups[group]->members.empty() ? "; no journey passes its conditions" : ""));
    }
  }
  return corpus;
}

inline void set_group_options(table& result, const journey_group& first, const journey_group& second,
                              p_adjustment adjust) {
  result.set_option("first", first.name);
  result.set_option("second", second.name);
  result.set_option("adjust", adjust == p_adjustment::holm ? "holm" : "benjamini_hochberg");
}

inline table compare_windows(const journey_group& first, const journey_group& second, const around_options& options,
                             p_adjustment adjust, bool moves) {
  const path_corpus corpus = make_group_corpus(first, second, options.by, options.collapse, true);
  const window_plan plan = plan_windows(corpus, options);
  const window_counts counts = count_windows(corpus, plan.question, plan.shown, moves, options.threads);
  const auto population = counts.shares.population();
  const auto hits = counts.shares.hits();
  struct row {
    std::size_t cell;
    compared_rate rate;
    [[nodiscard]] double weight() const noexcept {
      return (rate.first.is_null() ? 0.0 : rate.first.value) + (rate.second.is_null() ? 0.0 : rate.second.value);
    }
  };
  std::vector<row> rows;
  for (std::size_t cell = 0; cell < hits.size(); ++cell) {
    rows.push_back({cell, compare_shares(population, hits[cell], options.intervals)});
  }
  const auto name = [&](std::uint32_t label) { return plan.names[label]; };
  std::sort(rows.begin(), rows.end(), [&](const row& a, const row& b) {
    const auto x = counts.shares.cell(a.cell);
    const auto y = counts.shares.cell(b.cell);
    if (x[0] != y[0]) {
      return x[0] < y[0];
    }
    return a.weight() != b.weight() ? a.weight() > b.weight()
                                    : std::ranges::lexicographical_compare(x.subspan(1), y.subspan(1), {}, name, name);
  });
  std::vector<std::int64_t> steps;
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<compared_rate> rates;
  for (const row& one : rows) {
    const auto cell = counts.shares.cell(one.cell);
    steps.push_back(static_cast<std::int64_t>(cell[0]) - static_cast<std::int64_t>(options.before));
    from.emplace_back(name(cell[1]));
    to.emplace_back(moves ? name(cell[2]) : std::string_view{});
    rates.push_back(one.rate);
  }
  table result{std::string{moves ? "How journeys of two groups move from step to step around "
                                 : "Where journeys of two groups stand so many steps before and after "} +
               options.at +
               ". first, second: shares of its visits that are looked at; difference: second less first, with interval "
               "and test by customers; p_adjusted: over all rows."};
  result.add("step", std::move(steps));
  result.add(moves ? "from" : "label", std::move(from));
  if (moves) {
    result.add("to", std::move(to));
  }
  add_differences(result, rates, adjust == p_adjustment::holm ? holm : benjamini_hochberg);
  set_group_options(result, first, second, adjust);
  set_window_options(result, corpus, options);
  return result;
}

}  // namespace detail

KLANTREIS_INLINE table compare_steps(const journey_group& first, const journey_group& second,
                                     const around_options& options, p_adjustment adjust) {
  return detail::compare_windows(first, second, options, adjust, false);
}

KLANTREIS_INLINE table compare_flow(const journey_group& first, const journey_group& second,
                                    const around_options& options, p_adjustment adjust) {
  return detail::compare_windows(first, second, options, adjust, true);
}

KLANTREIS_INLINE table compare_sequences(const journey_group& first, const journey_group& second,
                                         const mining_options& options) {
  const detail::path_corpus corpus = detail::make_group_corpus(first, second, options.by, options.collapse, false);
  detail::found_sequences found = detail::find_sequences(corpus, options, false);
  std::vector<detail::compared_rate> rates;
  for (const std::size_t place : found.shown) {
    rates.push_back(detail::compare_shares(found.population, found.all[place].hits, options.intervals));
  }
  table result{
      "Sequences of items that settled journeys of either group contain in this order, others between allowed. "
      "support, "
      "confidence, expected, lift: of both groups together; first, second: support in each; difference: second less "
      "first, with interval and test by customers; p_adjusted: over all rows."};
  detail::add_sequences(result, corpus, found, false, options.intervals);
  detail::add_differences(result, rates, options.adjust == p_adjustment::holm ? holm : benjamini_hochberg);
  detail::set_group_options(result, first, second, options.adjust);
  detail::set_sequence_options(result, corpus, options, false, found.shown.size());
  // The most surprising first; equal ones stay in the order of their support.
  std::vector<std::size_t> order(rates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return detail::before_by_p(rates[a].p, rates[b].p); });
  result = result.take(order);
  return options.limit ? result.head(*options.limit) : result;
}

}  // namespace klantreis
