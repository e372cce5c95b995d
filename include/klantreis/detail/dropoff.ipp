// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/dropoff.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

/// Visits and exits of a slice of the customers, by the codes of one log.
struct drop_off_partial {
  std::uint64_t journeys = 0;
  visit_rates rates;
  pair_counts before;
  pair_counts next;
  pair_counts back;
  std::vector<std::uint64_t> open;

  drop_off_partial& operator+=(const drop_off_partial& other) {
    journeys += other.journeys;
    rates += other.rates;
    before += other.before;
    next += other.next;
    back += other.back;
    for (std::size_t code = 0; code < open.size(); ++code) {
      open[code] += other.open[code];
    }
    return *this;
  }
};

/// Where a journey begins: its first item, or its conversion when there is none before.
inline std::uint32_t first_state(const item_source& items, const state_codes& states, const journey& piece) {
  return piece.begin < piece.path_end ? items.codes[piece.begin] : states.conversion;
}

/// Which visits of a journey count: those of settled journeys, or those until `known`.
struct visit_filter {
  visit_units units = visit_units::journeys;
  std::span<const std::int64_t> times;
  std::int64_t known = 0;

  [[nodiscard]] bool operator()(const journey& piece, std::uint64_t event) const noexcept {
    return units == visit_units::journeys ? piece.settled : times.empty() || times[event] <= known;
  }
};

/// `back`: the state in which the customer's next journey begins.
inline void count_journey(const journey_set& journeys, const item_source& items, const state_codes& states,
                          const journey& piece, std::uint32_t back, const visit_filter& counted,
                          drop_off_partial& counts) {
  std::uint32_t before = states.start;
  std::uint32_t here = states.start;
  std::uint64_t entered = piece.begin;
  const auto visit = [&](std::uint32_t next) {
    if (here != states.start && counted(piece, entered)) {
      counts.rates.visit(here);
      counts.next.add(here, next);
    }
  };
  items.for_each(piece, [&](std::uint32_t code, std::uint64_t event) {
    visit(code);
    before = here;
    here = code;
    entered = event;
  });
  if (here == states.start) {
    return;
  }
  if (piece.converted) {
    // A journey that goes on after its conversion has ended only when its last event lies far enough back.
    if (piece.path_end < piece.end || counted(piece, piece.end - 1)) {
      visit(states.of(journeys.end_state_of(piece)));
    }
  } else if (counted(piece, piece.end - 1)) {
    counts.rates.visit(here);
    counts.rates.event(here);
    counts.before.add(here, before);
    counts.back.add(here, back);
  }
}

struct pair_row {
  std::uint32_t item = 0;
  std::uint32_t other = 0;
  std::uint64_t times = 0;
};

/// One row per pair: pairs of the items in the order of `rank`, most frequent first within an item.
inline table pair_table(std::string definition, const pair_counts& pairs, const name_table& names,
                        const std::vector<std::size_t>& rank, const std::string& by, const char* other_name) {
  std::vector<pair_row> rows;
  std::vector<std::uint64_t> totals(names.size());
  pairs.for_each([&](std::uint32_t item, std::uint32_t other, std::uint64_t times) {
    rows.push_back({item, other, times});
    totals[item] += times;
  });
  std::sort(rows.begin(), rows.end(), [&](const pair_row& a, const pair_row& b) {
    if (a.item != b.item) {
      return rank[a.item] < rank[b.item];
    }
    return a.times != b.times ? a.times > b.times : names[a.other] < names[b.other];
  });
  std::vector<std::string> items;
  std::vector<std::string> others;
  std::vector<std::int64_t> counts;
  std::vector<double> shares;
  for (const pair_row& row : rows) {
    items.emplace_back(names[row.item]);
    others.emplace_back(names[row.other]);
    counts.push_back(static_cast<std::int64_t>(row.times));
    shares.push_back(static_cast<double>(row.times) / static_cast<double>(totals[row.item]));
  }
  table result{std::move(definition)};
  result.add(by, std::move(items));
  result.add(other_name, std::move(others));
  result.add("count", std::move(counts), quantity::count);
  result.add("share", std::move(shares), quantity::share);
  return result;
}

/// The last items of open journeys, most frequent first.
inline table open_table(const std::vector<std::uint64_t>& counts, const name_table& names, const std::string& by) {
  std::vector<std::uint32_t> order;
  double all = 0.0;
  for (std::uint32_t code = 0; code < counts.size(); ++code) {
    if (counts[code] != 0) {
      order.push_back(code);
      all += static_cast<double>(counts[code]);
    }
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return counts[a] != counts[b] ? counts[a] > counts[b] : names[a] < names[b];
  });
  std::vector<std::string> items;
  std::vector<std::int64_t> column;
  std::vector<double> shares;
  for (const std::uint32_t code : order) {
    items.emplace_back(names[code]);
    column.push_back(static_cast<std::int64_t>(counts[code]));
    shares.push_back(static_cast<double>(counts[code]) / all);
  }
  table result{"The last item of open journeys, which may yet go on; share: of the open journeys."};
  result.add(by, std::move(items));
  result.add("count", std::move(column), quantity::count);
  result.add("share", std::move(shares), quantity::share);
  return result;
}

}  // namespace detail

KLANTREIS_INLINE drop_off_counts& drop_off_counts::operator+=(const drop_off_counts& other) {
  if (other.by_.empty()) {
    return *this;
  }
  if (by_.empty()) {
    return *this = other;
  }
  detail::require_equal_options(options_, other.options_, "drop-off counts");
  std::vector<std::uint32_t> code_here(other.names_.size());
  for (std::uint32_t code = 0; code < code_here.size(); ++code) {
    code_here[code] = names_.intern(other.names_[code]);
  }
  visits_.resize(names_.size());
  exits_.resize(names_.size());
  open_.resize(names_.size());
  for (std::uint32_t code = 0; code < code_here.size(); ++code) {
    open_[code_here[code]] += other.open_[code];
    visits_[code_here[code]] += other.visits_[code];
    exits_[code_here[code]] += other.exits_[code];
  }
  const auto add_pairs = [&](detail::pair_counts& to, const detail::pair_counts& from) {
    from.for_each([&](std::uint32_t item, std::uint32_t second, std::uint64_t times) {
      to.add(code_here[item], code_here[second], times);
    });
  };
  add_pairs(before_, other.before_);
  add_pairs(next_, other.next_);
  add_pairs(back_, other.back_);
  journeys_ += other.journeys_;
  return *this;
}

KLANTREIS_INLINE drop_off_counts count_drop_off(const journey_set& journeys, const drop_off_options& options) {
  const detail::item_source items = detail::items_of(journeys, options.by, options.collapse);
  const detail::state_codes states{items.names->size()};
  detail::visit_filter counted{options.units, journeys.log().times(), (std::numeric_limits<std::int64_t>::max)()};
  if (journeys.options().inactivity && journeys.log().events() != 0) {
    counted.known = journeys.observed_until_ticks() -
                    to_ticks(*journeys.options().inactivity, journeys.log().ticks_per_second(), "inactivity");
  }
  const auto count = [&](index_range range) {
    detail::drop_off_partial part;
    part.rates.resize(items.names->size());
    part.open.resize(items.names->size());
    for (const std::size_t customer : each(range)) {
      for (std::size_t index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
           ++index) {
        const journey piece = journeys[index];
        const bool last = index + 1 == journeys.customer_offsets()[customer + 1];
        const std::uint32_t back = last ? states.null : detail::first_state(items, states, journeys[index + 1]);
        detail::count_journey(journeys, items, states, piece, back, counted, part);
        if (piece.settled) {
          ++part.journeys;
        } else if (piece.begin < piece.path_end) {
          ++part.open[items.codes[piece.path_end - 1]];
        }
      }
      part.rates.end_customer();
    }
    return part;
  };
  auto total = count_in_slices(journeys.customers(), worker_count(options.threads), 4096, count);

  drop_off_counts counts;
  counts.by_ = options.by;
  counts.options_ = detail::cut_options(journeys);
  counts.options_.insert(counts.options_.begin(),
                         {{"by", options.by},
                          {"collapse", items.collapse ? "yes" : "no"},
                          {"units", options.units == visit_units::visits ? "visits" : "journeys"}});
  counts.names_ = states.with_names(*items.names);
  counts.journeys_ = total.journeys;
  counts.visits_ = total.rates.visits();
  counts.exits_ = total.rates.events();
  counts.visits_.resize(counts.names_.size());
  counts.exits_.resize(counts.names_.size());
  counts.before_ = std::move(total.before);
  counts.next_ = std::move(total.next);
  counts.back_ = std::move(total.back);
  counts.open_ = std::move(total.open);
  counts.open_.resize(counts.names_.size());
  return counts;
}

KLANTREIS_INLINE drop_off_tables drop_off(const drop_off_counts& counts, const interval_options& intervals) {
  const name_table& names = counts.names_;
  std::vector<std::uint32_t> order;
  double all_exits = 0;
  for (std::uint32_t code = 0; code < names.size(); ++code) {
    if (counts.visits_[code].v > 0) {
      order.push_back(code);
      all_exits += counts.exits_[code].e;
    }
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const double exits_a = counts.exits_[a].e;
    const double exits_b = counts.exits_[b].e;
    return exits_a != exits_b ? exits_a > exits_b : names[a] < names[b];
  });
  std::vector<std::size_t> rank(names.size());
  for (std::size_t place = 0; place < order.size(); ++place) {
    rank[order[place]] = place;
  }

  std::vector<std::string> labels;
  std::vector<std::int64_t> visits;
  std::vector<std::int64_t> exits;
  std::vector<double> share_of_exits;
  detail::estimate_columns rates;
  for (const std::uint32_t code : order) {
    labels.emplace_back(names[code]);
    visits.push_back(static_cast<std::int64_t>(counts.visits_[code].v));
    exits.push_back(static_cast<std::int64_t>(counts.exits_[code].e));
    share_of_exits.push_back(all_exits > 0 ? counts.exits_[code].e / all_exits : null_value);
    rates.add(rate_interval(counts.visits_[code], counts.exits_[code], intervals));
  }

  drop_off_tables result;
  result.items = table{
      "Where customers leave. visits: how often settled journeys were at the item (by units=visits: visits dated early "
      "enough to know what followed, of all journeys); exits: how many of these visits "
      "were "
      "the last of a journey that did not convert; exit_rate: exits / visits, with an interval by customers; n: "
      "customers "
      "who visited; share_of_exits: exits / all exits."};
  const std::string by = counts.by_.empty() ? "touchpoint" : counts.by_;
  result.items.add(by, std::move(labels));
  result.items.add("visits", std::move(visits), quantity::count);
  result.items.add("n", std::move(rates.n), quantity::count);
  result.items.add("exits", std::move(exits), quantity::count);
  result.items.add("exit_rate", std::move(rates.value), quantity::share);
  result.items.add("lower", std::move(rates.lower), quantity::share);
  result.items.add("upper", std::move(rates.upper), quantity::share);
  result.items.add("share_of_exits", std::move(share_of_exits), quantity::share);
  result.items.add("marks", std::move(rates.marks));
  result.before = detail::pair_table(
      "What stood right before the last visit of settled journeys that did not convert; share: of the exits of the "
      "item.",
      counts.before_, names, rank, by, "before");
  result.next = detail::pair_table(
      "What followed the visits of settled journeys that were not their exit; share: of those visits of the item.",
      counts.next_, names, rank, by, "next");
  result.returned = detail::pair_table(
      "Where customers who had left began their next journey, (null) where they have none; share: of the exits of the "
      "item.",
      counts.back_, names, rank, by, "back");
  result.open = detail::open_table(counts.open_, names, by);
  for (table* part : {&result.items, &result.before, &result.next, &result.open, &result.returned}) {
    for (const auto& [name, value] : counts.options_) {
      part->set_option(name, value);
    }
  }
  detail::set_interval_options(result.items, intervals);
  return result;
}

KLANTREIS_INLINE drop_off_tables drop_off(const journey_set& journeys, const drop_off_options& options) {
  return drop_off(count_drop_off(journeys, options), options.intervals);
}

}  // namespace klantreis
