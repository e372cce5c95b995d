// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/markov/probable_paths.hpp"
#include "klantreis/patterns/likely_paths.hpp"

namespace klantreis {
namespace detail {

/// The items along the states of a chain of windows: all of the first window, then the newest of each.
inline std::vector<std::uint32_t> items_along(const order_chain& chain,
                                              std::span<const absorbing_chain::state> states) {
  std::vector<std::uint32_t> items;
  for (const absorbing_chain::state state : states) {
    const auto window = chain.window(state);
    if (!window.empty()) {
      items.insert(items.end(), items.empty() ? window.begin() : window.end() - 1, window.end());
    }
  }
  return items;
}

}  // namespace detail

KLANTREIS_INLINE table likely_paths(const path_table& paths, const likely_path_options& options) {
  if (options.to != conversion_state && options.to != null_state) {
    throw input_error("paths end in (conversion) or (null), not in " + quoted(options.to));
  }
  // Repeats must stay steps of their own: a chain without them would give paths that no journey can take.
  const order_chain chain = make_order_chain(paths, {.order = options.order, .self_transitions = true});
  const double ends = options.to == conversion_state ? paths.total_conversions() : paths.total_nulls();
  std::vector<probable_path> found;
  if (ends > 0.0) {
    const absorbing_chain fitted = chain.to_absorbing();
    found = most_probable_paths(fitted, order_chain::start, fitted.find_absorbing(options.to), options.limit);
  }
  std::vector<std::int64_t> ranks;
  std::vector<std::string> texts;
  std::vector<double> probabilities;
  std::vector<double> shares;
  for (const probable_path& path : found) {
    ranks.push_back(static_cast<std::int64_t>(ranks.size() + 1));
    texts.push_back(join_path(chain.names(), detail::items_along(chain, path.states)));
    probabilities.push_back(path.probability);
    // A chain without smoothing ends in a state exactly as often as the journeys did.
    shares.push_back(path.probability * chain.journeys() / ends);
  }
  table result{"The most probable paths from start to " + options.to + " under the Markov chain of order " +
               std::to_string(options.order) +
               " of the settled journeys. probability: of all journeys that start; share: of those that end in " +
               options.to + "."};
  result.add("rank", std::move(ranks));
  result.add("path", std::move(texts));
  result.add("probability", std::move(probabilities), quantity::share);
  result.add("share", std::move(shares), quantity::share);
  result.set_option("by", paths.by());
  result.set_option("order", std::to_string(options.order));
  result.set_option("to", options.to);
  result.set_option("limit", std::to_string(options.limit));
  return result;
}

KLANTREIS_INLINE table likely_paths(const journey_set& journeys, const likely_path_options& options) {
  require_cut(journeys, "likely_paths");
  table result = likely_paths(
      make_paths(journeys,
                 {.by = options.by, .collapse = options.collapse, .lookback = {}, .threads = options.threads}),
      options);
  result.set_option("collapse", detail::items_of(journeys, options.by, options.collapse).collapse ? "yes" : "no");
  for (const auto& [name, value] : detail::cut_options(journeys)) {
    result.set_option(name, value);
  }
  return result;
}

}  // namespace klantreis
