// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/chain_tables.hpp"
#include "klantreis/markov/probable_paths.hpp"
#include "klantreis/markov/removal.hpp"
#include "klantreis/markov/sensitivity.hpp"
#include "klantreis/statistics/intervals.hpp"

namespace klantreis {
namespace detail {

inline std::vector<std::string> transient_names(const absorbing_chain& chain) {
  std::vector<std::string> names;
  for (absorbing_chain::state s = 0; s < chain.transient_size(); ++s) {
    names.emplace_back(chain.name(s));
  }
  return names;
}

// Rows with the largest number first; nulls last; equal numbers by their labels.
template <typename Less>
std::vector<std::size_t> largest_first(const std::vector<double>& numbers, Less&& label_less) {
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (std::isnan(numbers[a]) || std::isnan(numbers[b])) {
      return !std::isnan(numbers[a]) && std::isnan(numbers[b]);
    }
    return numbers[a] != numbers[b] ? numbers[a] > numbers[b] : label_less(a, b);
  });
  return order;
}

inline void set_states(table& result, const absorbing_chain& chain, absorbing_chain::state start,
                       absorbing_chain::state goal) {
  result.set_option("start", std::string(chain.name(start)));
  result.set_option("goal", std::string(chain.name(goal)));
}

}  // namespace detail

KLANTREIS_INLINE table chain_transitions(const absorbing_chain& chain) {
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<double> probability;
  for (const chain_edge& e : edges_of(chain)) {
    from.emplace_back(chain.name(e.from));
    to.emplace_back(chain.name(e.to));
    probability.push_back(chain.probability(e.from, e.to));
  }
  table result{"Probability that the state after `from` is `to`."};
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("probability", std::move(probability), quantity::share);
  return result;
}

KLANTREIS_INLINE table chain_fundamental_matrix(const transient_solver& solver) {
  const dense_matrix visits = solver.fundamental_matrix();
  const dense_matrix variance = variance_of_visits(solver);
  const dense_matrix reach = reach_probabilities(solver);
  const std::vector<std::string> names = detail::transient_names(solver.chain());
  std::vector<std::string> from;
  std::vector<std::string> to;
  for (const std::string& a : names) {
    for (const std::string& b : names) {
      from.push_back(a);
      to.push_back(b);
    }
  }
  table result{
      "Expected visits of `to` by a journey that is in `from` (counted as a visit of itself), their variance, and the "
      "probability of coming to `to` later."};
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("visits", visits.values);
  result.add("variance", variance.values);
  result.add("reach", reach.values, quantity::share);
  return result;
}

KLANTREIS_INLINE table chain_absorption(const transient_solver& solver) {
  const absorbing_chain& chain = solver.chain();
  const dense_matrix found = absorption_matrix(solver);
  std::vector<std::string> state;
  std::vector<std::string> outcome;
  for (absorbing_chain::state i = 0; i < found.rows; ++i) {
    for (std::size_t a = 0; a < found.columns; ++a) {
      state.emplace_back(chain.name(i));
      outcome.emplace_back(chain.name(static_cast<absorbing_chain::state>(found.rows + a)));
    }
  }
  table result{"Probability that a journey in `state` ends in `outcome`."};
  result.add("state", std::move(state));
  result.add("outcome", std::move(outcome));
  result.add("probability", found.values, quantity::share);
  return result;
}

KLANTREIS_INLINE table chain_visits(const transient_solver& solver, absorbing_chain::state start) {
  table result{"Expected visits of each state by a journey from the start, which counts as visited."};
  result.add("state", detail::transient_names(solver.chain()));
  result.add("visits", expected_visits(solver, start));
  result.set_option("start", std::string(solver.chain().name(start)));
  return result;
}

KLANTREIS_INLINE table chain_steps(const transient_solver& solver, std::optional<absorbing_chain::state> given) {
  const absorbing_chain& chain = solver.chain();
  std::vector<double> steps;
  std::vector<double> variance;
  if (given) {
    const absorbing_chain part = conditional_on(solver, *given);
    const transient_solver part_solver(part);
    const std::vector<double> part_steps = expected_steps(part_solver);
    const std::vector<double> part_variance = variance_of_steps(part_solver);
    steps.assign(chain.transient_size(), null_value);
    variance.assign(chain.transient_size(), null_value);
    for (absorbing_chain::state i = 0; i < part.transient_size(); ++i) {
      const absorbing_chain::state whole = chain.find(part.name(i));
      steps[whole] = part_steps[i];
      variance[whole] = part_variance[i];
    }
  } else {
    steps = expected_steps(solver);
    variance = variance_of_steps(solver);
  }
  table result{given ? "Expected number of steps until the end, of the journeys that end in " +
                           std::string(chain.name(*given)) + ", and its variance."
                     : "Expected number of steps until the end, and its variance."};
  result.add("state", detail::transient_names(chain));
  result.add("steps", std::move(steps));
  result.add("variance", std::move(variance));
  result.set_option("given", given ? std::string(chain.name(*given)) : "");
  return result;
}

KLANTREIS_INLINE table chain_time(const transient_solver& solver, std::span<const double> holding) {
  table result{"Expected seconds until the end, when a visit of each state lasts its holding time on average."};
  result.add("state", detail::transient_names(solver.chain()));
  result.add("time", expected_time(solver, holding), quantity::seconds);
  return result;
}

KLANTREIS_INLINE table chain_leaving(const transient_solver& solver, absorbing_chain::state start) {
  const absorbing_chain& chain = solver.chain();
  const std::vector<double> visits = expected_visits(solver, start);
  std::vector<std::string> state;
  std::vector<std::string> outcome;
  std::vector<double> probability;
  for (const chain_edge& e : edges_of(chain)) {
    if (chain.is_absorbing(e.to)) {
      state.emplace_back(chain.name(e.from));
      outcome.emplace_back(chain.name(e.to));
      probability.push_back(visits[e.from] * chain.probability(e.from, e.to));
    }
  }
  table result{"Probability that a journey from the start ends in `outcome` directly from `state`."};
  result.add("state", std::move(state));
  result.add("outcome", std::move(outcome));
  result.add("probability", std::move(probability), quantity::share);
  result.set_option("start", std::string(chain.name(start)));
  return result;
}

KLANTREIS_INLINE table chain_sensitivities(const transient_solver& solver, absorbing_chain::state start,
                                           absorbing_chain::state goal) {
  const absorbing_chain& chain = solver.chain();
  const chain_sensitivity slope = sensitivity_of_absorption(solver, start, goal);
  std::vector<double> sensitivity;
  std::vector<double> proportional;
  std::vector<double> elasticity;
  for (const proportional_effect& effect : proportional_effects(solver, start, goal)) {
    sensitivity.push_back(slope(effect.from, effect.to));
    proportional.push_back(effect.derivative);
    elasticity.push_back(effect.elasticity);
  }
  table result = chain_transitions(chain);
  table with_definition{
      "Derivative of P(goal) by the probability of the transition: with all others held fixed (`sensitivity`), and "
      "with "
      "the rest of the row shrinking in proportion (`proportional`; relative to both sizes: `elasticity`)."};
  for (const column& c : result.columns()) {
    with_definition.add(c.name, c.data, c.what);
  }
  with_definition.add("sensitivity", std::move(sensitivity));
  with_definition.add("proportional", std::move(proportional));
  with_definition.add("elasticity", std::move(elasticity));
  detail::set_states(with_definition, chain, start, goal);
  return with_definition;
}

KLANTREIS_INLINE table chain_gains(const transient_solver& solver, absorbing_chain::state start,
                                   absorbing_chain::state goal, absorbing_chain::state source, double amount) {
  const absorbing_chain& chain = solver.chain();
  detail::check_absorbing(chain, source, "the source");
  std::vector<chain_edge> edges = edges_of(chain);
  std::erase_if(edges, [&](const chain_edge& e) { return e.to == source || chain.probability(e.from, source) == 0.0; });
  const std::vector<moved_gain> gains = gains_of_moving(solver, start, goal, source, edges, amount);
  std::vector<double> gain;
  for (const moved_gain& one : gains) {
    gain.push_back(one.gain);
  }
  const auto order = detail::largest_first(gain, [&](std::size_t a, std::size_t b) {
    const auto key = [&](std::size_t k) { return std::pair(chain.name(edges[k].from), chain.name(edges[k].to)); };
    return key(a) < key(b);
  });
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<double> sorted;
  std::vector<double> moved;
  std::vector<std::string> marks;
  for (const std::size_t k : order) {
    from.emplace_back(chain.name(edges[k].from));
    to.emplace_back(chain.name(edges[k].to));
    sorted.push_back(gain[k]);
    moved.push_back(gains[k].moved);
    marks.push_back(to_text(gains[k].capped ? mark::capped : mark::none));
  }
  table result{"Change of P(goal) when this transition alone gets `moved` more probability, taken from " +
               std::string(chain.name(source)) + " in the same row; exact."};
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("gain", std::move(sorted), quantity::share);
  result.add("moved", std::move(moved), quantity::share);
  result.add("marks", std::move(marks));
  detail::set_states(result, chain, start, goal);
  result.set_option("source", std::string(chain.name(source)));
  result.set_option("amount", detail::number_text(amount));
  return result;
}

KLANTREIS_INLINE table chain_removal_effects(const transient_solver& solver, absorbing_chain::state start,
                                             absorbing_chain::state goal, const std::vector<named_states>& sets) {
  std::vector<std::vector<absorbing_chain::state>> states;
  for (const auto& [name, members] : sets) {
    states.push_back(members);
  }
  const state_removal removal = removal_effects(solver, start, goal, states);
  const auto order = detail::largest_first(removal.effect,
                                           [&](std::size_t a, std::size_t b) { return sets[a].first < sets[b].first; });
  std::vector<std::string> name;
  std::vector<double> effect;
  std::vector<double> without;
  std::vector<double> error_bound;
  for (const std::size_t k : order) {
    name.push_back(sets[k].first);
    effect.push_back(removal.effect[k]);
    without.push_back(removal.without[k]);
    error_bound.push_back(removal.error_bound[k]);
  }
  table result{
      "1 − P(goal) without the state / P(goal): without it, every journey that comes there ends. `error_bound` is a "
      "proven bound on the numerical error of the effect."};
  result.add("state", std::move(name));
  result.add("removal_effect", std::move(effect), quantity::share);
  result.add("without", std::move(without), quantity::share);
  result.add("error_bound", std::move(error_bound));
  detail::set_states(result, solver.chain(), start, goal);
  return result;
}

KLANTREIS_INLINE table chain_likely_paths(const transient_solver& solver, absorbing_chain::state from,
                                          absorbing_chain::state goal, std::size_t count) {
  const absorbing_chain& chain = solver.chain();
  const std::vector<probable_path> found = most_probable_paths(chain, from, goal, count);
  const double total = absorption_probabilities(solver, goal)[from];
  const name_table names(detail::transient_names(chain));
  std::vector<std::int64_t> rank;
  std::vector<std::string> path;
  std::vector<double> probability;
  std::vector<double> share;
  for (const probable_path& one : found) {
    rank.push_back(static_cast<std::int64_t>(rank.size() + 1));
    path.push_back(join_path(names, one.states));
    probability.push_back(one.probability);
    share.push_back(one.probability / total);
  }
  table result{
      "The most probable ways to the goal, of equal ones the first by name: the probability of exactly this way, and "
      "its "
      "share of the journeys that reach the goal."};
  result.add("rank", std::move(rank), quantity::count);
  result.add("path", std::move(path));
  result.add("probability", std::move(probability), quantity::share);
  result.add("share", std::move(share), quantity::share);
  detail::set_states(result, chain, from, goal);
  return result;
}

KLANTREIS_INLINE table chain_simulation(const absorbing_chain& chain, absorbing_chain::state start,
                                        const simulation_options& options) {
  const simulated_journeys drawn = simulate(chain, start, options);
  std::vector<std::int64_t> journey;
  std::vector<std::int64_t> step;
  std::vector<std::string> state;
  begin_stage("listing", drawn.size());
  for (const std::size_t j : each({0, drawn.size()})) {
    std::int64_t at = 0;
    const auto add = [&](std::string_view name) {
      journey.push_back(static_cast<std::int64_t>(j));
      step.push_back(at++);
      state.emplace_back(name);
    };
    for (const absorbing_chain::state s : drawn[j]) {
      add(chain.name(s));
    }
    if (drawn.outcomes[j] != simulated_journeys::unfinished) {
      add(chain.name(drawn.outcomes[j]));
    }
  }
  table result{
      "Journeys drawn from the chain: the states in order, the outcome last. A journey longer than `max_steps` is "
      "broken "
      "off and has no outcome."};
  result.add("journey", std::move(journey));
  result.add("step", std::move(step), quantity::count);
  result.add("state", std::move(state));
  result.set_option("start", std::string(chain.name(start)));
  result.set_option("seed", std::to_string(options.seed));
  result.set_option("max_steps", std::to_string(options.max_steps));
  return result;
}

}  // namespace klantreis
