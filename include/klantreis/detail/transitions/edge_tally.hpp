// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "klantreis/detail/edge_counter.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/transitions.hpp"

namespace klantreis::detail {

/// What `edge_counter` counts, of journeys with few states.
///
/// Most customers take a transition once or twice in a few visits of its first state. So it is enough to count, for
/// each transition, the customers of each kind (so many times, in so many visits): one addition of whole numbers for
/// each transition of a customer, from which the sums of powers follow at the end. Customers of rare kinds are added
/// one by one.
template <unsigned Bits>
class edge_tally {
 public:
  using state = edge_counter::state;
  static constexpr std::size_t stride = std::size_t{1} << Bits;
  static constexpr std::size_t cells = stride * stride;
  /// Of up to so many visits the kinds are counted: 2 to 13 MB.
  static constexpr std::size_t most_visits = Bits == 6 ? 15 : Bits == 7 ? 10 : Bits == 8 ? 5 : Bits == 9 ? 3 : 2;
  static constexpr std::size_t kinds = most_visits * (most_visits + 1) / 2;

  edge_tally() : kinds_of_(kinds * cells), sinks_{} {
    few_.resize(cells, stride, 2 * few_most);  // a journey has one transition more than events
    for (std::size_t visits = 1; visits <= most_visits; ++visits) {
      // The kind (e, v) stands at v (v - 1) / 2 + e - 1; of v = 1 this wraps round until e is added.
      before_[visits] = (visits * (visits - 1) / 2 - 1) * cells;
    }
  }

  /// Counts the settled journeys of the customers in `range`; rare kinds go to `rest`.
  template <bool Collapse>
  void count(const journey_set& journeys, std::span<const std::uint32_t> codes, index_range range, edge_counter& rest) {
    const auto events = journeys.log().offsets();
    for (const std::size_t customer : each(range)) {
      if (events[customer + 1] - events[customer] < few_most) {
        walk<Collapse>(journeys, codes, customer, few_);
        finish_few(rest);
      } else {
        many_.resize(cells, stride, cells);
        walk<Collapse>(journeys, codes, customer, many_);
        finish_many(rest);
      }
    }
  }

  /// Adds what was counted to `sum`, which has the same states.
  void add_to(edge_counter& sum) const {
    std::vector<std::array<std::uint64_t, 7>> powers(sum.states());  // by the second state, as in event_moments
    for (state from = 0; from < sum.states(); ++from) {
      powers.assign(sum.states(), {});
      for (std::uint64_t v = 1; v <= most_visits; ++v) {
        std::uint64_t visits = 0;
        for (std::uint64_t e = 1; e <= v; ++e) {
          const std::size_t first = before_[v] + e * cells + (from << Bits);
          for (state to = 0; to < sum.states(); ++to) {
            if (const std::uint32_t customers = kinds_of_[first + to]; customers != 0) {
              const std::uint64_t times = customers * e;
              const std::array<std::uint64_t, 7> factors{1, e, v, e * e * e, e * e * v, e * v * v, v * v * v};
              for (std::size_t i = 0; i < factors.size(); ++i) {
                powers[to][i] += times * factors[i];
              }
              visits += times;
            }
          }
        }
        add_customers(sum, from, v, visits / v);
      }
      for (state to = 0; to < sum.states(); ++to) {
        if (powers[to][0] != 0) {
          const auto at = [&](std::size_t i) { return static_cast<double>(powers[to][i]); };
          sum.add_cell(from, to, {at(0), at(1), at(2), at(3), at(4), at(5), at(6)});
        }
      }
    }
    for (state sink = 1; sink < transition_counts::first_item; ++sink) {
      for (std::size_t arrivals = 1; arrivals < few_most; ++arrivals) {
        add_customers(sum, sink, arrivals, sinks_[sink][arrivals]);
      }
    }
  }

 private:
  // A customer of so many events and more has counters of their own, which cannot overflow.
  static constexpr std::size_t few_most = 256;

  template <typename Number>
  struct own_counts {
    std::vector<Number> times;           // by from * stride + to
    std::vector<Number> visits;          // by state; of a sink the arrivals
    std::vector<std::uint32_t> touched;  // with a place at the end where those go that were touched before
    std::size_t size = 0;                // of touched

    void resize(std::size_t transitions, std::size_t states, std::size_t most_touched) {
      times.resize(transitions);
      visits.resize(states);
      touched.resize(most_touched + 1);
    }
  };

  template <bool Collapse, typename Number>
  static void walk(const journey_set& journeys, std::span<const std::uint32_t> codes, std::size_t customer,
                   own_counts<Number>& own) {
    const auto offsets = journeys.customer_offsets();
    const bool goes_on = journeys.options().after == after_conversion::go_on;
    Number* const times = own.times.data();
    Number* const visits = own.visits.data();
    std::uint32_t* const touched = own.touched.data();
    std::size_t size = 0;
    const auto step = [&](std::size_t row, std::size_t to) {
      const std::size_t edge = row + to;
      const Number before = times[edge];
      times[edge] = static_cast<Number>(before + 1);
      ++visits[to];
      touched[size] = static_cast<std::uint32_t>(edge);
      size += before == 0 ? 1U : 0U;
    };
    for (std::uint64_t index = offsets[customer]; index < offsets[customer + 1]; ++index) {
      const journey piece = journeys[index];
      if (!piece.settled) {
        continue;
      }
      ++visits[transition_counts::start];
      std::size_t row = 0;
      for (std::uint64_t event = piece.begin; event < piece.path_end; ++event) {
        if (Collapse && event != piece.begin && codes[event] == codes[event - 1]) {
          continue;
        }
        const std::size_t to = std::size_t{transition_counts::first_item} + codes[event];
        step(row, to);
        row = to << Bits;
      }
      step(row, goes_on           ? transition_counts::end
                : piece.converted ? transition_counts::conversion
                                  : transition_counts::null);
    }
    own.size = size;
  }

  void finish_few(edge_counter& rest) {
    std::uint8_t* const times = few_.times.data();
    std::uint8_t* const visits = few_.visits.data();
    for (std::size_t i = 0; i < few_.size; ++i) {
      const std::uint32_t edge = few_.touched[i];
      const std::size_t own = times[edge];
      const std::size_t row = visits[edge >> Bits];
      times[edge] = 0;
      if (row > most_visits) [[unlikely]] {
        add_one(rest, edge, own, row);
        if (const state from = edge >> Bits; std::find(rare_.begin(), rare_.end(), from) == rare_.end()) {
          rare_.push_back(from);
        }
      } else {
        ++kinds_of_[before_[row] + own * cells + edge];
      }
    }
    for (state sink = 1; sink < transition_counts::first_item; ++sink) {
      ++sinks_[sink][visits[sink]];
    }
    for (const state at : rare_) {
      add_customers(rest, at, visits[at], 1);
    }
    rare_.clear();
    std::fill_n(visits, stride, std::uint8_t{0});
  }

  void finish_many(edge_counter& rest) {
    for (std::size_t i = 0; i < many_.size; ++i) {
      const std::uint32_t edge = many_.touched[i];
      add_one(rest, edge, many_.times[edge], many_.visits[edge >> Bits]);
      many_.times[edge] = 0;
    }
    for (state at = 0; at < rest.states(); ++at) {
      add_customers(rest, at, many_.visits[at], many_.visits[at] != 0 ? 1U : 0U);
    }
    std::fill(many_.visits.begin(), many_.visits.end(), 0U);
  }

  static void add_one(edge_counter& sum, std::size_t edge, std::size_t times, std::size_t visits) {
    event_moments one;
    one.add(static_cast<double>(times), static_cast<double>(visits));
    sum.add_cell(static_cast<state>(edge >> Bits), static_cast<state>(edge & (stride - 1)), one);
  }

  static void add_customers(edge_counter& sum, state at, std::size_t visits, std::uint64_t customers) {
    if (customers != 0) {
      visit_moments one;
      one.add(static_cast<double>(visits));
      const auto times = static_cast<double>(customers);
      sum.add_row(at, {times, one.v * times, one.v2 * times, one.v4 * times});
    }
  }

  own_counts<std::uint8_t> few_;
  own_counts<std::uint32_t> many_;
  std::vector<state> rare_;  // states that the customer at hand visits too often for a kind
  std::array<std::size_t, most_visits + 1> before_{};
  std::vector<std::uint32_t> kinds_of_;
  std::array<std::array<std::uint32_t, few_most>, transition_counts::first_item> sinks_;  // customers by arrivals
};

/// Counts the transitions of the customers in `range` into `sum` by a tally, where that pays: there are few states and
/// many events. Else it does nothing and returns false.
inline bool count_by_tally(const journey_set& journeys, const item_source& items, index_range range,
                           edge_counter& sum) {
  const auto offsets = journeys.log().offsets();
  const std::size_t events = range.begin < range.end ? offsets[range.end] - offsets[range.begin] : 0;
  const auto count = [&](auto make) {
    using tally_type = typename decltype(make)::type;
    if (tally_type::kinds * tally_type::cells > 8 * events) {
      return false;
    }
    tally_type tally;
    if (items.collapse) {
      tally.template count<true>(journeys, items.codes, range, sum);
    } else {
      tally.template count<false>(journeys, items.codes, range, sum);
    }
    tally.add_to(sum);
    return true;
  };
  switch ((std::max)(6, static_cast<int>(std::bit_width(sum.states() - 1)))) {
    case 6:
      return count(std::type_identity<edge_tally<6>>{});
    case 7:
      return count(std::type_identity<edge_tally<7>>{});
    case 8:
      return count(std::type_identity<edge_tally<8>>{});
    case 9:
      return count(std::type_identity<edge_tally<9>>{});
    case 10:
      return count(std::type_identity<edge_tally<10>>{});
    default:
      return false;
  }
}

/// Writes how long each transition between two events took, the first one of the transition `i` of `counter` to the
/// place `first[i]`. For the few states of a tally.
inline void put_times(const journey_set& journeys, const item_source& items, index_range range,
                      const edge_counter& counter, std::span<const std::size_t> first, std::span<std::int64_t> result) {
  constexpr auto first_item = transition_counts::first_item;
  const std::size_t size = items.names->size();
  std::vector<std::size_t> next(size * size);
  for (std::size_t i = 0; i < counter.size(); ++i) {
    if (counter.from(i) >= first_item && counter.to(i) >= first_item) {
      next[(counter.from(i) - first_item) * size + counter.to(i) - first_item] = first[i];
    }
  }
  const auto offsets = journeys.customer_offsets();
  const auto times = journeys.log().times();
  const auto codes = items.codes;
  for (const std::size_t customer : each(range)) {
    for (std::uint64_t index = offsets[customer]; index < offsets[customer + 1]; ++index) {
      const journey piece = journeys[index];
      std::uint64_t left = piece.begin;
      for (std::uint64_t event = piece.begin + 1; piece.settled && event < piece.path_end; ++event) {
        if (!items.collapse || codes[event] != codes[event - 1]) {
          result[next[codes[left] * size + codes[event]]++] = times[event] - times[left];
          left = event;
        }
      }
    }
  }
}

}  // namespace klantreis::detail
