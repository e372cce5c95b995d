// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "klantreis/detail/edge_counter.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/transitions/edge_tally.hpp"
#include "klantreis/detail/transitions/rows.ipp"
#include "klantreis/engine.hpp"
#include "klantreis/transitions.hpp"

namespace klantreis {

namespace detail {

inline constexpr std::uint64_t no_event = (std::numeric_limits<std::uint64_t>::max)();

/// What was counted, for results and for the question whether two counts add up.
inline option_list counting_options(const journey_set& journeys, const std::string& by, bool collapse) {
  option_list options{{"by", by}, {"collapse", collapse ? "true" : "false"}};
  for (const auto& [name, value] : cut_options(journeys)) {
    options.emplace_back(name, value);
  }
  return options;
}

/// Walks the settled journeys of customers `range`: `step(from, to, event of from, event of to)` for each transition,
/// then `customer()` after each customer. `(start)` and end states have the event `no_event`.
template <typename Step, typename Customer>
void walk_transitions(const journey_set& journeys, const item_source& items, index_range range, Step&& step,
                      Customer&& customer) {
  using counts = transition_counts;
  const auto offsets = journeys.customer_offsets();
  const bool goes_on = journeys.options().after == after_conversion::go_on;
  for (const std::size_t who : each(range)) {
    for (std::uint64_t index = offsets[who]; index < offsets[who + 1]; ++index) {
      const journey piece = journeys[index];
      if (!piece.settled) {
        continue;
      }
      counts::state from = counts::start;
      std::uint64_t left = no_event;
      items.for_each(piece, [&](std::uint32_t code, std::uint64_t event) {
        const counts::state to = counts::first_item + code;
        step(from, to, left, event);
        from = to;
        left = event;
      });
      step(from, goes_on ? counts::end : piece.converted ? counts::conversion : counts::null, left, no_event);
    }
    customer();
  }
}

/// The part of the customers that holds about `1/parts` of the events.
inline index_range customers_of_slice(const event_log& log, unsigned part, unsigned parts) {
  const auto offsets = log.offsets();
  if (offsets.empty()) {
    return {};
  }
  const auto boundary = [&](unsigned at) {
    if (at == parts) {
      return log.customers();
    }
    const std::uint64_t event = slice(log.events(), at, parts).begin;
    return static_cast<std::size_t>(std::lower_bound(offsets.begin(), offsets.end(), event) - offsets.begin());
  };
  return {boundary(part), boundary(part + 1)};
}

}  // namespace detail

KLANTREIS_INLINE transition_counts::transition_counts() {
  for (const auto name : {start_state, conversion_state, null_state, end_state}) {
    states_.intern(name);
  }
  rows_.resize(first_item);
  offsets_.resize(first_item + 1);
  time_offsets_.resize(1);
}

/// Brings the counts of workers, whose items have the codes of `items`, into compressed rows.
KLANTREIS_INLINE void transition_counts::assign(std::span<const detail::edge_counter> workers,
                                                const name_table& items) {
  std::size_t states = first_item;
  for (const auto& worker : workers) {
    states = (std::max)(states, worker.states());
  }
  std::vector<visit_moments> rows(states);
  for (const auto& worker : workers) {
    for (std::size_t at = 0; at < worker.states(); ++at) {
      rows[at] += worker.row(at);
    }
  }
  std::vector<state> code_of(states);
  rows_.assign(rows.begin(), rows.begin() + first_item);
  std::iota(code_of.begin(), code_of.begin() + first_item, 0U);
  for (std::size_t at = first_item; at < states; ++at) {
    if (rows[at].v > 0.0) {
      const auto name = items[static_cast<state>(at - first_item)];
      code_of[at] = states_.intern(name);
      if (code_of[at] != rows_.size()) {
        throw input_error("an event is named " + quoted(name) + ", which klantreis uses for a state of its own; " +
                          "rename such events");
      }
      rows_.push_back(rows[at]);
    }
  }

  struct piece {
    state from;
    state to;
    const event_moments* moments;
  };
  std::vector<piece> pieces;
  for (const auto& worker : workers) {
    for (std::size_t index = 0; index < worker.size(); ++index) {
      if (worker.cell(index).e > 0.0) {
        pieces.push_back({code_of[worker.from(index)], code_of[worker.to(index)], &worker.cell(index)});
      }
    }
  }
  // Workers keep their order within a transition, so that sums are grouped in one way.
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const piece& a, const piece& b) { return a.from != b.from ? a.from < b.from : a.to < b.to; });
  offsets_.assign(rows_.size() + 1, 0);
  targets_.clear();
  cells_.clear();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i == 0 || pieces[i].from != pieces[i - 1].from || pieces[i].to != pieces[i - 1].to) {
      targets_.push_back(pieces[i].to);
      cells_.emplace_back();
      ++offsets_[pieces[i].from + 1];
    }
    cells_.back() += *pieces[i].moments;
  }
  std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
  time_offsets_.assign(targets_.size() + 1, 0);
}

KLANTREIS_INLINE transition_counts transition_counts::from_edges(std::span<const named_transition> edges) {
  name_table names;
  for (const auto name : {start_state, conversion_state, null_state, end_state}) {
    names.intern(name);
  }
  std::vector<std::pair<state, state>> codes;
  codes.reserve(edges.size());
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const auto complain = [&](const std::string& what) {
      return input_error("transition " + std::to_string(i) + " from " + quoted(edges[i].from) + " to " +
                         quoted(edges[i].to) + " " + what);
    };
    if (!(edges[i].weight >= 0.0) || !std::isfinite(edges[i].weight)) {
      throw complain("has the weight " + std::to_string(edges[i].weight) + "; give a number of 0 or more");
    }
    codes.emplace_back(names.intern(edges[i].from), names.intern(edges[i].to));
    if (codes.back().second == start) {
      throw complain("enters (start), where journeys only begin; turn it round or leave it out");
    }
    if (codes.back().first >= conversion && codes.back().first <= end) {
      throw complain("leaves an end state; turn it round or leave it out");
    }
  }
  detail::edge_counter counter{names.size(), end};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (edges[i].weight > 0.0) {
      counter.step(codes[i].first, codes[i].second);
      counter.finish_customer(edges[i].weight);
    }
  }
  name_table items;
  for (state code = first_item; code < names.size(); ++code) {
    items.intern(names[code]);
  }
  // A state that only receives has no row of its own; it counts as visited all the same.
  for (state code = first_item; code < names.size(); ++code) {
    if (counter.row(code).v == 0.0) {
      for (std::size_t index = 0; index < counter.size(); ++index) {
        if (counter.to(index) == code) {
          const double weight = counter.cell(index).e;
          counter.add_row(code, {weight, weight, weight, weight});
        }
      }
    }
  }
  transition_counts result;
  result.options_ = {{"by", result.by_}};
  result.assign(std::span{&counter, 1}, items);
  return result;
}

KLANTREIS_INLINE transition_counts count_transitions(const journey_set& journeys, const transition_options& options) {
  using counts = transition_counts;
  const event_log& log = journeys.log();
  const detail::item_source items = detail::items_of(journeys, options.by, options.collapse);
  counts result;
  result.by_ = options.by;
  result.options_ = detail::counting_options(journeys, options.by, items.collapse);
  const std::size_t states = items.names->size() + counts::first_item;
  constexpr std::size_t smallest_slice = 50'000;
  const auto workers =
      static_cast<unsigned>(std::clamp<std::size_t>(log.events() / smallest_slice, 1, worker_count(options.threads)));

  const bool timed = options.times && log.has_times();
  std::vector<detail::edge_counter> counters(workers);
  std::vector<std::uint8_t> is_tallied(workers);
  std::vector<std::vector<std::uint32_t>> timed_edges(
      workers);  // of each transition between two events; not of a tally
  run_parallel(workers, [&](unsigned worker) {
    detail::edge_counter counter{states, counts::end};
    const index_range customers = detail::customers_of_slice(log, worker, workers);
    if (detail::count_by_tally(journeys, items, customers, counter)) {
      is_tallied[worker] = 1;
      counters[worker] = std::move(counter);
      return;
    }
    std::vector<std::uint32_t> edges;
    if (timed && customers.begin < customers.end) {
      edges.reserve(log.offsets()[customers.end] - log.offsets()[customers.begin]);
    }
    detail::walk_transitions(
        journeys, items, customers,
        [&](counts::state from, counts::state to, std::uint64_t left, std::uint64_t entered) {
          const std::size_t edge = counter.step(from, to);
          if (timed && left != detail::no_event && entered != detail::no_event) {
            edges.push_back(static_cast<std::uint32_t>(edge));
          }
        },
        [&counter] { counter.finish_customer(); });
    counters[worker] = std::move(counter);
    timed_edges[worker] = std::move(edges);
  });
  result.assign(counters, *items.names);
  if (!timed) {
    return result;
  }

  // The counts say how many times each transition has, so a second walk can put every time in its place at once.
  result.ticks_per_second_ = log.ticks_per_second();
  std::vector<std::size_t> next(result.size(), 0);
  std::vector<std::vector<std::size_t>> place(workers);
  for (counts::state from = 0; from < result.states_.size(); ++from) {
    for (std::size_t index = result.row(from).begin; index < result.row(from).end; ++index) {
      const bool between_events = from != counts::start && result.target(index) >= counts::first_item;
      const auto size = between_events ? static_cast<std::size_t>(result.weight(index)) : 0;
      next[index] = result.time_offsets_[index];
      result.time_offsets_[index + 1] = result.time_offsets_[index] + size;
    }
  }
  std::vector<counts::state> code_of(states, 0);
  for (std::size_t at = counts::first_item; at < states; ++at) {
    const auto code = result.states_.find((*items.names)[static_cast<counts::state>(at - counts::first_item)]);
    code_of[at] = code.value_or(0);
  }
  for (unsigned worker = 0; worker < workers; ++worker) {
    const detail::edge_counter& counter = counters[worker];
    place[worker].resize(counter.size());
    for (std::size_t i = 0; i < counter.size(); ++i) {
      if (counter.from(i) >= counts::first_item && counter.to(i) >= counts::first_item) {
        const auto row = result.row(code_of[counter.from(i)]);
        const auto first = result.targets_.begin() + static_cast<std::ptrdiff_t>(row.begin);
        const auto last = result.targets_.begin() + static_cast<std::ptrdiff_t>(row.end);
        const auto index =
            static_cast<std::size_t>(std::lower_bound(first, last, code_of[counter.to(i)]) - result.targets_.begin());
        place[worker][i] = next[index];
        next[index] += static_cast<std::size_t>(counter.cell(i).e);
      }
    }
  }
  result.times_.resize(result.time_offsets_.back());
  const auto times = log.times();
  run_parallel(workers, [&](unsigned worker) {
    const index_range customers = detail::customers_of_slice(log, worker, workers);
    std::vector<std::size_t>& at = place[worker];
    if (is_tallied[worker] != 0) {
      detail::put_times(journeys, items, customers, counters[worker], at, result.times_);
      return;
    }
    auto edge = timed_edges[worker].begin();
    detail::walk_transitions(
        journeys, items, customers,
        [&](counts::state, counts::state, std::uint64_t left, std::uint64_t entered) {
          if (left != detail::no_event && entered != detail::no_event) {
            result.times_[at[*edge++]++] = times[entered] - times[left];
          }
        },
        [] {});
  });
  return result;
}

KLANTREIS_INLINE transition_counts count_transitions(const path_table& paths) {
  using counts = transition_counts;
  detail::edge_counter counter{paths.names().size() + counts::first_item, counts::end};
  const auto take = [&](std::size_t path, counts::state last) {
    counts::state from = counts::start;
    for (const std::uint32_t code : paths.path(path)) {
      counter.step(from, counts::first_item + code);
      from = counts::first_item + code;
    }
    counter.step(from, last);
  };
  if (paths.has_units()) {
    const auto offsets = paths.unit_offsets();
    for (std::size_t customer = 0; customer + 1 < offsets.size(); ++customer) {
      for (std::uint64_t unit = offsets[customer]; unit < offsets[customer + 1]; ++unit) {
        const path_unit& one = paths.units()[unit];
        if (one.outcome != path_unit::kind::open) {
          take(one.path, one.outcome == path_unit::kind::conversion ? counts::conversion : counts::null);
        }
      }
      counter.finish_customer();
    }
  } else {
    for (std::size_t path = 0; path < paths.size(); ++path) {
      for (const auto& [amount, last] :
           {std::pair{paths.conversions()[path], counts::conversion}, std::pair{paths.nulls()[path], counts::null}}) {
        if (amount > 0.0) {
          take(path, last);
          counter.finish_customer(amount);
        }
      }
    }
  }
  counts result;
  result.by_ = paths.by();
  result.options_ = {{"by", paths.by()}, {"units", paths.has_units() ? "customers" : "conversions and nulls"}};
  result.assign(std::span{&counter, 1}, paths.names());
  return result;
}

KLANTREIS_INLINE transition_counts& transition_counts::operator+=(const transition_counts& other) {
  if (other.empty()) {
    return *this;
  }
  if (empty()) {
    return *this = other;
  }
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (!std::equal(options_.begin(), options_.end(), other.options_.begin(), other.options_.end(), same_name)) {
    throw input_error("transitions of journeys, of paths and of given edges do not add up; count both in the same way");
  }
  detail::require_equal_options(options_, other.options_, "transition counts");
  if ((ticks_per_second_ == 0) != (other.ticks_per_second_ == 0)) {
    throw input_error("transitions with times cannot be added to those without; count both with or without times");
  }

  name_table items;
  for (state code = first_item; code < states_.size(); ++code) {
    items.intern(states_[code]);
  }
  std::vector<state> code_of(other.states_.size());
  std::iota(code_of.begin(), code_of.begin() + first_item, 0U);
  for (state code = first_item; code < other.states_.size(); ++code) {
    code_of[code] = first_item + items.intern(other.states_[code]);
  }
  detail::edge_counter counter{items.size() + first_item, end};
  std::map<std::pair<state, state>, std::pair<std::span<const std::int64_t>, std::span<const std::int64_t>>> spans;
  for (state from = 0; from < states_.size(); ++from) {
    counter.add_row(from, rows_[from]);
    for (std::size_t index = row(from).begin; index < row(from).end; ++index) {
      counter.add_cell(from, targets_[index], cells_[index]);
      if (!times(index).empty()) {
        spans[{from, targets_[index]}].first = times(index);
      }
    }
  }
  for (state from = 0; from < other.states_.size(); ++from) {
    counter.add_row(code_of[from], other.rows_[from]);
    for (std::size_t index = other.row(from).begin; index < other.row(from).end; ++index) {
      counter.add_cell(code_of[from], code_of[other.targets_[index]], other.cells_[index]);
      if (!other.times(index).empty()) {
        spans[{code_of[from], code_of[other.targets_[index]]}].second = other.times(index);
      }
    }
  }
  transition_counts sum;
  sum.by_ = by_;
  sum.options_ = options_;
  sum.assign(std::span{&counter, 1}, items);
  sum.ticks_per_second_ = (std::max)(ticks_per_second_, other.ticks_per_second_);
  if (sum.ticks_per_second_ != 0) {
    sum.times_.reserve(times_.size() + other.times_.size());
    const auto append = [&sum](std::span<const std::int64_t> values, std::int64_t per_second) {
      const std::int64_t factor = sum.ticks_per_second_ / per_second;
      for (const std::int64_t value : values) {
        if (value > (std::numeric_limits<std::int64_t>::max)() / factor) {
          throw limit_error("a transition took " + std::to_string(value / per_second) +
                            " seconds, which does not fit " +
                            "the finer ticks of the other counts; count both from times of the same unit");
        }
        sum.times_.push_back(value * factor);
      }
    };
    for (state from = 0; from < sum.states_.size(); ++from) {
      for (std::size_t index = sum.row(from).begin; index < sum.row(from).end; ++index) {
        if (const auto found = spans.find({from, sum.targets_[index]}); found != spans.end()) {
          append(found->second.first, ticks_per_second_);
          append(found->second.second, other.ticks_per_second_);
        }
        sum.time_offsets_[index + 1] = sum.times_.size();
      }
    }
  }
  return *this = std::move(sum);
}

}  // namespace klantreis
