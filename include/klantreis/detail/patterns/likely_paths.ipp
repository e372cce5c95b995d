// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/patterns/likely_paths.hpp"

namespace klantreis {
namespace detail {

/// A path through a chain and −ln of its probability.
struct likely_path {
  std::vector<std::uint32_t> items;
  double cost = 0.0;
};

/// Finds paths through a chain in the order of their probability.
class likely_path_search {
 public:
  /// `goal[s]`: how often journeys end right after state s in the state that is looked for.
  likely_path_search(const order_chain& chain, std::span<const double> goal) : chain_(chain), goal_(goal) {
    measure_rest();
  }

  /// At least the `count` most probable paths, and those equal to the last of them.
  [[nodiscard]] std::vector<likely_path> best(std::size_t count) {
    std::vector<likely_path> found;
    if (count == 0 || chain_.journeys() == 0.0 || rest_[order_chain::start] == unreachable) {
      return found;
    }
    constexpr std::size_t most_equal = 10'000;
    push(order_chain::start, no_parent, 0.0);
    while (!waiting_.empty()) {
      const entry next = waiting_.top();
      waiting_.pop();
      if (found.size() >= count && (next.estimate > found[count - 1].cost + tolerance(found[count - 1].cost) ||
                                    found.size() - count >= most_equal)) {
        break;
      }
      if (next.complete) {
        found.push_back({items_of(next.step), next.estimate});
      } else {
        extend(next.step);
      }
    }
    return found;
  }

  /// Costs that differ by less than this are those of equal products, rounded differently.
  [[nodiscard]] static double tolerance(double cost) noexcept { return 1e-12 * (1.0 + cost); }

 private:
  static constexpr double unreachable = std::numeric_limits<double>::infinity();
  static constexpr std::size_t no_parent = std::numeric_limits<std::size_t>::max();

  /// A state on a path, reached from the state of `parent` at the cost so far.
  struct step {
    std::uint32_t state = 0;
    std::size_t parent = no_parent;
    double cost = 0.0;
  };
  struct entry {
    double estimate = 0.0;  // the least cost of a path that continues this one
    std::size_t step = 0;
    bool complete = false;
    /// The cheapest first; of equal ones the one that was found first.
    friend bool operator<(const entry& a, const entry& b) noexcept {
      return a.estimate != b.estimate ? a.estimate > b.estimate : a.step > b.step;
    }
  };

  [[nodiscard]] double cost_of(double weight, std::uint32_t state) const noexcept {
    return weight == chain_.visits()[state] ? 0.0 : -std::log(weight / chain_.visits()[state]);
  }

  /// The least cost from each state to the goal: shortest ways backwards along the edges.
  void measure_rest() {
    const std::size_t size = chain_.size();
    std::vector<std::uint64_t> offsets(size + 1, 0);
    for (const std::uint32_t target : chain_.targets()) {
      ++offsets[target + 1];
    }
    for (std::size_t state = 0; state < size; ++state) {
      offsets[state + 1] += offsets[state];
    }
    std::vector<std::pair<std::uint32_t, double>> sources(chain_.edges());
    std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
    for (std::uint32_t state = 0; state < size; ++state) {
      for (auto edge = chain_.edge_offsets()[state]; edge < chain_.edge_offsets()[state + 1]; ++edge) {
        sources[next[chain_.targets()[edge]]++] = {state, cost_of(chain_.weights()[edge], state)};
      }
    }
    rest_.assign(size, unreachable);
    using reached = std::pair<double, std::uint32_t>;
    std::priority_queue<reached, std::vector<reached>, std::greater<>> waiting;
    const auto reach = [&](std::uint32_t state, double cost) {
      if (cost < rest_[state]) {
        rest_[state] = cost;
        waiting.emplace(cost, state);
      }
    };
    for (std::uint32_t state = 0; state < size; ++state) {
      if (goal_[state] > 0.0) {
        reach(state, cost_of(goal_[state], state));
      }
    }
    while (!waiting.empty()) {
      const auto [cost, state] = waiting.top();
      waiting.pop();
      if (cost > rest_[state]) {
        continue;
      }
      for (auto edge = offsets[state]; edge < offsets[state + 1]; ++edge) {
        reach(sources[edge].first, sources[edge].second + cost);
      }
    }
  }

  void push(std::uint32_t state, std::size_t parent, double cost) {
    if (rest_[state] != unreachable) {
      waiting_.push({cost + rest_[state], steps_.size(), false});
      steps_.push_back({state, parent, cost});
    }
  }

  void extend(std::size_t at) {
    const step from = steps_[at];
    if (goal_[from.state] > 0.0) {
      waiting_.push({from.cost + cost_of(goal_[from.state], from.state), at, true});
    }
    for (auto edge = chain_.edge_offsets()[from.state]; edge < chain_.edge_offsets()[from.state + 1]; ++edge) {
      push(chain_.targets()[edge], at, from.cost + cost_of(chain_.weights()[edge], from.state));
    }
  }

  /// The items along the states: all of the first window, then the newest of each.
  [[nodiscard]] std::vector<std::uint32_t> items_of(std::size_t at) const {
    std::vector<std::uint32_t> states;
    for (; at != no_parent; at = steps_[at].parent) {
      states.push_back(steps_[at].state);
    }
    std::vector<std::uint32_t> items;
    for (std::size_t place = states.size() - 1; place-- > 0;) {
      const auto window = chain_.window(states[place]);
      items.insert(items.end(), items.empty() ? window.begin() : window.end() - 1, window.end());
    }
    return items;
  }

  const order_chain& chain_;
  std::span<const double> goal_;
  std::vector<double> rest_;
  std::vector<step> steps_;
  std::priority_queue<entry> waiting_;
};

/// Brings paths of equal probability into the order of their names; the first `limit` of all.
inline void order_likely_paths(std::vector<likely_path>& paths, const name_table& names, std::size_t limit) {
  const auto name_of = [&](std::uint32_t code) { return names[code]; };
  for (std::size_t first = 0; first < paths.size();) {
    std::size_t last = first + 1;
    while (last < paths.size() &&
           paths[last].cost - paths[last - 1].cost <= likely_path_search::tolerance(paths[first].cost)) {
      ++last;
    }
    std::sort(paths.begin() + static_cast<std::ptrdiff_t>(first), paths.begin() + static_cast<std::ptrdiff_t>(last),
              [&](const likely_path& a, const likely_path& b) {
                return std::ranges::lexicographical_compare(a.items, b.items, {}, name_of, name_of);
              });
    first = last;
  }
  paths.resize(std::min(limit, paths.size()));
}

}  // namespace detail

KLANTREIS_INLINE table likely_paths(const path_table& paths, const likely_path_options& options) {
  if (options.to != conversion_state && options.to != null_state) {
    throw input_error("paths end in (conversion) or (null), not in " + quoted(options.to));
  }
  // Repeats must stay steps of their own: a chain without them would give paths that no journey can take.
  const order_chain chain = make_order_chain(paths, {.order = options.order, .self_transitions = true});
  const bool converting = options.to == conversion_state;
  const auto goal = converting ? chain.conversions() : chain.nulls();
  std::vector<detail::likely_path> found = detail::likely_path_search{chain, goal}.best(options.limit);
  detail::order_likely_paths(found, chain.names(), options.limit);

  // A chain without smoothing ends in a state exactly as often as the journeys did.
  const double ends = (converting ? paths.total_conversions() : paths.total_nulls()) / chain.journeys();
  std::vector<std::int64_t> ranks;
  std::vector<std::string> texts;
  std::vector<double> probabilities;
  std::vector<double> shares;
  for (const detail::likely_path& path : found) {
    const double probability = std::exp(-path.cost);
    ranks.push_back(static_cast<std::int64_t>(ranks.size() + 1));
    texts.push_back(join_path(chain.names(), path.items));
    probabilities.push_back(probability);
    shares.push_back(probability / ends);
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
  result.set_option("collapse", options.collapse || options.by == "phase" ? "yes" : "no");
  for (const auto& [name, value] : detail::cut_options(journeys)) {
    result.set_option(name, value);
  }
  return result;
}

}  // namespace klantreis
