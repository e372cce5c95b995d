// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/improve/rows.hpp"
#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/graph.hpp"
#include "klantreis/improve.hpp"
#include "klantreis/transitions.hpp"

namespace klantreis {
namespace detail {

/// A set of states that can be reached from each other.
struct loop_row {
  std::string items = {};
  std::int64_t size = 0;
  double reach = 0.0;
  double rounds = 0.0;
  double visits = 0.0;
  double converts = 0.0;
};

/// The states of each strongly connected component in which a journey can come back.
[[nodiscard]] inline std::vector<std::vector<std::uint32_t>> components_of(const path_table& paths,
                                                                           const fitted_chain& chain) {
  const journey_graph graph(count_transitions(paths));
  const std::vector<std::size_t> component = strong_components(graph);
  std::map<std::size_t, std::vector<std::uint32_t>> members;
  for (std::uint32_t state = 1; state < chain.counts().size(); ++state) {
    members[component[graph.vertex_of(chain.name(state))]].push_back(state);
  }
  std::vector<std::vector<std::uint32_t>> found;
  for (auto& [number, states] : members) {
    if (states.size() > 1 || chain.probabilities().probability(states.front(), states.front()) > 0.0) {
      found.push_back(std::move(states));
    }
  }
  return found;
}

[[nodiscard]] inline loop_row loop_of(const std::vector<std::uint32_t>& states, const fitted_chain& chain) {
  const order_chain& counts = chain.counts();
  std::vector<bool> inside(counts.size(), false);
  for (const std::uint32_t state : states) {
    inside[state] = true;
  }
  loop_row row{.size = static_cast<std::int64_t>(states.size())};
  // N_0k = visits of k / journeys: what comes in from outside are the first visits.
  std::vector<double> entries(counts.size());
  for (std::uint32_t k = 0; k < counts.size(); ++k) {
    for (std::uint64_t edge = counts.edge_offsets()[k]; edge < counts.edge_offsets()[k + 1] && !inside[k]; ++edge) {
      entries[counts.targets()[edge]] +=
          inside[counts.targets()[edge]] ? counts.weights()[edge] / counts.journeys() : 0.0;
    }
  }
  std::vector<std::string> names;
  for (const std::uint32_t state : states) {
    names.push_back(chain.name(state));
    row.reach += entries[state];
    row.visits += counts.visits()[state] / counts.journeys();
    row.converts += entries[state] * chain.slope().values[state];
    if (entries[state] > 0.0) {
      const std::vector<double> at = unit(counts.size(), state);
      row.rounds += entries[state] * (chain.solver().solve({.rhs = at}).values[state] - 1.0);
    }
  }
  row.rounds /= row.reach;
  row.visits /= row.reach;
  row.converts /= row.reach;
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    row.items += (row.items.empty() ? "" : ", ") + name;
  }
  return row;
}

}  // namespace detail

KLANTREIS_INLINE table loops(const path_table& paths, const make_or_break_options& /*options*/) {
  const detail::fitted_chain chain(paths);
  detail::check_improve_work(chain.counts().size(), chain.solve_work(), "");
  std::vector<detail::loop_row> rows;
  for (const auto& states : detail::components_of(paths, chain)) {
    rows.push_back(detail::loop_of(states, chain));
  }
  std::sort(rows.begin(), rows.end(), [](const detail::loop_row& a, const detail::loop_row& b) {
    const double often_a = a.reach * a.rounds;
    const double often_b = b.reach * b.rounds;
    return often_a != often_b ? often_a > often_b : a.items < b.items;
  });
  std::vector<std::string> items;
  std::vector<std::int64_t> size;
  std::vector<double> reach;
  std::vector<double> rounds;
  std::vector<double> visits;
  std::vector<double> converts;
  for (detail::loop_row& row : rows) {
    items.push_back(std::move(row.items));
    size.push_back(row.size);
    reach.push_back(row.reach);
    rounds.push_back(row.rounds);
    visits.push_back(row.visits);
    converts.push_back(row.converts);
  }
  table result{
      "Where journeys go round: items that can be reached from each other. reach: probability that a journey enters; "
      "rounds: how often one that does is expected to come back to the item by which it entered; visits: expected "
      "visits of the items by such a journey."};
  result.add("items", std::move(items));
  result.add("size", std::move(size), quantity::count);
  result.add("reach", std::move(reach), quantity::share);
  result.add("rounds", std::move(rounds));
  result.add("visits", std::move(visits));
  result.add("conversion_probability", std::move(converts), quantity::share);
  result.set_option("by", paths.by());
  return result;
}

KLANTREIS_INLINE table loops(const journey_set& journeys, const make_or_break_options& options) {
  table result = loops(detail::paths_for(journeys, options, "loops"), options);
  detail::set_journey_options(result, journeys, options);
  return result;
}

KLANTREIS_INLINE table choke_points(const path_table& paths, const make_or_break_options& /*options*/) {
  const detail::fitted_chain chain(paths);
  const journey_graph graph(count_transitions(paths));
  const auto cut = minimum_cut(graph);
  const bool converts = graph.find(conversion_state).has_value();
  std::vector<std::string> items = cut.value_or(std::vector<std::string>{});
  std::sort(items.begin(), items.end());
  std::vector<double> reach;
  std::vector<std::int64_t> customers;
  for (const std::string& item : items) {
    for (std::uint32_t state = 1; state < chain.counts().size(); ++state) {
      if (chain.name(state) == item) {
        reach.push_back(chain.visitors(state) / chain.customers());
        customers.push_back(std::llround(chain.visitors(state)));
      }
    }
  }
  table result{!cut ? "No items separate (start) from (conversion): some journeys convert without any touch before."
               : !converts
                   ? "No journey converts, so nothing stands between (start) and (conversion)."
                   : "The fewest items that every way from (start) to (conversion) passes one of, the nearest to "
                     "the start."};
  result.add(paths.by(), std::move(items));
  result.add("reach", std::move(reach), quantity::share);
  result.add("n", std::move(customers), quantity::count);
  result.set_option("by", paths.by());
  return result;
}

KLANTREIS_INLINE table choke_points(const journey_set& journeys, const make_or_break_options& options) {
  table result = choke_points(detail::paths_for(journeys, options, "choke_points"), options);
  detail::set_journey_options(result, journeys, options);
  return result;
}

}  // namespace klantreis
