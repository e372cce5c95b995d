// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>
#include <string>
#include <utility>

#include "klantreis/attribution/removal_effects.hpp"
#include "klantreis/detail/attribution/taboo.hpp"

namespace klantreis {

KLANTREIS_INLINE removal_effects_result removal_effects(const order_chain& chain, bool with_values, unsigned threads) {
  removal_effects_result result;
  result.items = detail::items_with_states(chain);
  result.effect.assign(result.items.size(), null_value);
  if (with_values) {
    result.effect_value.assign(result.items.size(), null_value);
  }
  const double journeys = chain.journeys();
  if (!(journeys > 0.0)) {
    return result;
  }
  result.conversion = std::accumulate(chain.conversions().begin(), chain.conversions().end(), 0.0) / journeys;
  if (with_values) {
    result.value = std::accumulate(chain.values().begin(), chain.values().end(), 0.0) / journeys;
  }
  detail::check_removal_work(chain, result.items.size());
  const detail::taboo_chains chains{chain, detail::states_of_items(chain, result.items), with_values};
  const auto workers = static_cast<unsigned>(std::min<std::size_t>(worker_count(threads), chains.blocks()));
  std::vector<double> bounds((std::max)(1U, workers), 0.0);
  run_parallel(workers, [&](unsigned worker) {
    for (std::size_t block = worker; block < chains.blocks(); block += workers) {
      const detail::taboo_block solved = chains.solve(block, false);
      bounds[worker] = (std::max)(bounds[worker], solved.error_bound);
      const index_range range = chains.items_of_block(block);
      for (std::size_t i = range.begin; i < range.end; ++i) {
        const std::size_t place = i - range.begin;
        if (result.conversion > 0.0) {
          const double effect = 1.0 - detail::at(solved.conversion[order_chain::start], place) / result.conversion;
          result.effect[i] = chains.on_graph(i, effect);
        }
        if (with_values && result.value != 0.0) {
          const double effect = 1.0 - detail::at(solved.value[order_chain::start], place) / result.value;
          result.effect_value[i] = chains.value_on_graph(i, effect);
        }
      }
    }
  });
  result.error_bound = *std::max_element(bounds.begin(), bounds.end());
  return result;
}

KLANTREIS_INLINE table removal_effects(const path_table& paths, const markov_model& model, unsigned threads) {
  const order_chain chain = make_order_chain(paths, {.order = model.order, .self_transitions = model.self_transitions});
  const removal_effects_result effects = removal_effects(chain, paths.has_values(), threads);
  std::vector<std::string> names;
  for (const std::uint32_t item : effects.items) {
    names.emplace_back(chain.names()[item]);
  }
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const double first = effects.effect[a];
    const double second = effects.effect[b];
    return first > second || (!(first < second) && names[a] < names[b]);
  });
  table result{
      "Removal effect: the part of the conversions (or of the value) that is lost when every state that contains the "
      "item leads to (null)."};
  result.add(paths.by(), std::move(names));
  result.add("removal_effect", effects.effect, quantity::share);
  if (paths.has_values()) {
    result.add("removal_effect_value", effects.effect_value, quantity::share);
  }
  result.set_option("order", std::to_string(model.order));
  result.set_option("self_transitions", model.self_transitions ? "true" : "false");
  return result.take(order);
}

}  // namespace klantreis
