// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/timing/blocks.hpp"
#include "klantreis/detail/timing/clock.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/timing/expected_times.hpp"

namespace klantreis {
namespace detail {

/// Calls `use(state, next, seconds)` for each state that a settled journey is in, `(start)` = 0 and the items from 1;
/// `next` is 0 at its end.
template <typename Use>
void for_each_stay(const journey_set& journeys, const item_source& items, const journey& piece, Use&& use) {
  const auto times = journeys.log().times();
  const auto per_second = static_cast<double>(journeys.log().ticks_per_second());
  std::uint32_t here = 0;
  std::int64_t entered = times[piece.begin];
  items.for_each(piece, [&](std::uint32_t item, std::uint64_t event) {
    use(here, item + 1, here == 0 ? 0.0 : static_cast<double>(times[event] - entered) / per_second);
    here = item + 1;
    entered = times[event];
  });
  use(here, 0U, here == 0 ? 0.0 : static_cast<double>(times[piece.end - 1] - entered) / per_second);
}

/// Calls `use(piece)` for the settled journeys of a customer, and says whether there were any.
template <typename Use>
bool for_each_settled(const journey_set& journeys, std::size_t customer, Use&& use) {
  bool any = false;
  for (auto index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1]; ++index) {
    if (const journey piece = journeys[index]; piece.settled) {
      any = true;
      use(piece);
    }
  }
  return any;
}

}  // namespace detail

KLANTREIS_INLINE table expected_times(const journey_set& journeys, const expected_time_options& options) {
  detail::require_times(journeys, "the expected time");
  const detail::item_source items = detail::items_of(journeys, options.by, options.collapse);
  const std::size_t codes = items.names->size() + 1;
  std::vector<double> visits(codes, 0.0);
  std::vector<double> spent(codes, 0.0);
  std::vector<double> visitors(codes, 0.0);
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> moves;
  std::vector<std::size_t> last_visitor(codes, 0);
  for (const std::size_t customer : each({0, journeys.customers()})) {
    detail::for_each_settled(journeys, customer, [&](const journey& piece) {
      detail::for_each_stay(journeys, items, piece, [&](std::uint32_t here, std::uint32_t next, double seconds) {
        visits[here] += 1.0;
        spent[here] += seconds;
        moves[{here, next}] += 1.0;
        if (last_visitor[here] != customer + 1) {
          last_visitor[here] = customer + 1;
          visitors[here] += 1.0;
        }
      });
    });
  }

  // States that occur, (start) first, then by the time spent in them.
  std::vector<std::uint32_t> order;
  for (std::uint32_t code = 0; code < codes; ++code) {
    if (visits[code] > 0.0) {
      order.push_back(code);
    }
  }
  const auto name_of = [&](std::uint32_t code) {
    return code == 0 ? std::string{start_state} : std::string{(*items.names)[code - 1]};
  };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if ((a == 0) != (b == 0)) {
      return a == 0;
    }
    return spent[a] != spent[b] ? spent[a] > spent[b] : name_of(a) < name_of(b);
  });
  const std::size_t states = order.size();
  std::vector<std::uint32_t> state_of(codes, 0);
  std::vector<std::string> names;
  for (std::uint32_t state = 0; state < states; ++state) {
    state_of[order[state]] = state;
    names.push_back(name_of(order[state]));
  }

  detail::estimate_columns times;
  detail::estimate_columns to_end;
  std::vector<double> per_visit;
  std::vector<double> per_journey;
  std::vector<std::int64_t> visit_column;
  std::vector<std::int64_t> visitor_column;
  std::vector<std::string> marks;
  if (states > 0) {
    std::vector<absorbing_chain::transition> transitions;
    for (const auto& [pair, weight] : moves) {
      transitions.push_back({state_of[pair.first],
                             pair.second == 0 ? static_cast<std::uint32_t>(states) : state_of[pair.second], weight});
    }
    const auto chain = absorbing_chain::from_counts(names, {std::string{end_state}}, transitions);
    const transient_solver solver{chain};
    const dense_matrix fundamental = solver.fundamental_matrix();
    std::vector<double> holding(states);
    for (std::size_t state = 0; state < states; ++state) {
      holding[state] = spent[order[state]] / visits[order[state]];
    }
    const std::vector<double> rest = expected_time(solver, holding);
    const double journey_count = visits[0];

    // ψ of the time in state i per journey is (T_iu − θ_i J_u)/J. That of the time to the end from s is
    // Σ_i N_si/n_i (T_iu + Σ_j c_uij t_j − v_iu t_i): a visit of i that took longer than τ_i, or went on to states from
    // which the rest takes longer than on average.
    const auto influence = detail::sum_in_blocks(journeys.customers(), 1, [&](index_range range) {
      detail::influence_row part{std::vector<influence_sum>(2 * states)};
      std::vector<double> own_time(states, 0.0);
      std::vector<double> surplus(states, 0.0);
      std::vector<std::uint32_t> met;
      for (const std::size_t customer : each(range)) {
        double own_journeys = 0.0;
        double own_total = 0.0;
        met.clear();
        const bool any = detail::for_each_settled(journeys, customer, [&](const journey& piece) {
          own_journeys += 1.0;
          detail::for_each_stay(journeys, items, piece, [&](std::uint32_t here, std::uint32_t next, double seconds) {
            const std::uint32_t state = state_of[here];
            own_time[state] += seconds;
            own_total += seconds;
            surplus[state] += seconds + (next == 0 ? 0.0 : rest[state_of[next]]) - rest[state];
            met.push_back(state);
          });
        });
        if (!any) {
          continue;
        }
        std::sort(met.begin(), met.end());
        met.erase(std::unique(met.begin(), met.end()), met.end());
        own_time[0] = own_total;
        for (std::size_t state = 0; state < states; ++state) {
          const double mean = (state == 0 ? rest[0] : spent[order[state]] / journey_count);
          part.sums[state].add((own_time[state] - mean * own_journeys) / journey_count);
          double psi = 0.0;
          for (const std::uint32_t at : met) {
            psi += fundamental(state, at) / visits[order[at]] * surplus[at];
          }
          part.sums[states + state].add(psi);
        }
        for (const std::uint32_t at : met) {
          own_time[at] = surplus[at] = 0.0;
        }
        own_time[0] = 0.0;
      }
      return part;
    });
    for (std::size_t state = 0; state < states; ++state) {
      const double mean = state == 0 ? rest[0] : spent[order[state]] / journey_count;
      estimate row = influence.sums[state].log_interval(mean, {}, options.intervals);
      const estimate from_here = influence.sums[states + state].log_interval(rest[state], {}, options.intervals);
      row.marks |= from_here.marks;
      row.marks |= visitors[order[state]] < options.intervals.min_n ? mark::few_customers : mark::none;
      times.add(row);
      to_end.add(from_here);
      per_visit.push_back(state == 0 ? null_value : holding[state]);
      per_journey.push_back(visits[order[state]] / journey_count);
      visit_column.push_back(static_cast<std::int64_t>(visits[order[state]]));
      visitor_column.push_back(static_cast<std::int64_t>(visitors[order[state]]));
    }
  }
  table result{
      "Where the time of settled journeys goes. time_per_visit: mean time from coming to the item until the next one, "
      "the conversion or the last event; visits_per_journey: expected visits of a journey; time: their product, the "
      "expected time in the item per journey, and of (start) the expected time of a journey; time_to_end: expected "
      "time from a visit until the journey ends. A semi-Markov chain of order 1; intervals by customers."};
  result.add(options.by, std::move(names));
  result.add("visits", std::move(visit_column), quantity::count);
  result.add("n", std::move(visitor_column), quantity::count);
  result.add("visits_per_journey", std::move(per_journey));
  result.add("time_per_visit", std::move(per_visit), quantity::seconds);
  result.add("time", std::move(times.value), quantity::seconds);
  result.add("time_lower", std::move(times.lower), quantity::seconds);
  result.add("time_upper", std::move(times.upper), quantity::seconds);
  result.add("time_to_end", std::move(to_end.value), quantity::seconds);
  result.add("time_to_end_lower", std::move(to_end.lower), quantity::seconds);
  result.add("time_to_end_upper", std::move(to_end.upper), quantity::seconds);
  result.add("marks", std::move(times.marks));
  result.set_option("by", options.by);
  result.set_option("collapse", items.collapse ? "yes" : "no");
  for (const auto& [name, value] : detail::cut_options(journeys)) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, options.intervals);
  return result;
}

}  // namespace klantreis
