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

#include "klantreis/detail/markov/window_tree.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/order_chain.hpp"

namespace klantreis::detail {

/// The way of each path of a table through a chain, as `order_chain::path_edges()`.
struct chain_walks {
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::uint32_t> edges;
  std::vector<std::uint32_t> ends;
};

/// Makes a chain: first the paths are walked, then what was met is put in order. The paths may come in several tables,
/// by the same label, whose items may have other numbers.
class order_chain_builder {
 public:
  static constexpr std::size_t any_items = static_cast<std::size_t>(-1);

  explicit order_chain_builder(const order_chain_options& options, std::size_t items = any_items)
      : options_(options), tree_(options.order, items) {
    if (options.order == 0) {
      throw input_error("order is 0; a chain depends on at least 1 past item");
    }
    if (!(options.smoothing >= 0.0 && std::isfinite(options.smoothing))) {
      throw input_error("smoothing is " + std::to_string(options.smoothing) + "; it must be 0 or more, and finite");
    }
    chain_.options_ = options;
  }

  /// The chain of one table, which knows the ways of its paths.
  order_chain build(const path_table& paths) {
    chain_walks walks = walk(paths, true);
    order_chain chain = finish();
    place(walks);
    chain.path_offsets_ = std::move(walks.offsets);
    chain.path_edges_ = std::move(walks.edges);
    chain.path_ends_ = std::move(walks.ends);
    return chain;
  }

  void add(const path_table& paths) { walk(paths, true); }

  /// The chain of all tables that were added.
  order_chain finish() {
    chain_.names_ = names_;
    number_states();
    order_edges();
    count_ends();
    list_states_of_items();
    return std::move(chain_);
  }

  /// The ways of paths that were added, once the chain is finished.
  /// \throws input_error when a path was not.
  [[nodiscard]] chain_walks walks_of(const path_table& paths) {
    const std::size_t known = tree_.steps();
    chain_walks walks = walk(paths, false);
    if (tree_.steps() != known) {
      throw input_error("a part has paths that were not counted; pass the same parts again");
    }
    place(walks);
    return walks;
  }

 private:
  // Steps from (start) are numbered by the node they lead to, with this bit set.
  static constexpr std::uint32_t from_start = 0x8000'0000U;
  // Items of all windows together: 2 GiB.
  static constexpr std::uint64_t most_items = std::uint64_t{1} << 29U;

  [[nodiscard]] std::uint32_t source(std::uint32_t step) const {
    return (step & from_start) != 0 ? order_chain::start : state_of_[tree_.source(step)];
  }
  [[nodiscard]] std::uint32_t target(std::uint32_t step) const {
    return state_of_[(step & from_start) != 0 ? step & ~from_start : tree_.target(step)];
  }

  /// The numbers here of the items of a table; none where they are the same.
  [[nodiscard]] std::vector<std::uint32_t> codes_of(const path_table& paths) {
    if (!is_started_) {
      is_started_ = true;
      chain_.by_ = paths.by();
      names_ = paths.names();
      return {};
    }
    std::vector<std::uint32_t> codes(paths.names().size());
    for (name_table::code code = 0; code < codes.size(); ++code) {
      codes[code] = names_.intern(paths.names()[code]);
    }
    return codes;
  }

  // The ways as steps and nodes.
  chain_walks walk(const path_table& paths, bool counting) {
    const std::vector<std::uint32_t> code_of = codes_of(paths);
    const auto code = [&code_of](std::uint32_t item) { return code_of.empty() ? item : code_of[item]; };
    chain_walks walks;
    walks.offsets.reserve(paths.size() + 1);
    walks.ends.reserve(paths.size());
    const auto count = [counting](std::vector<double>& weights, std::size_t size, std::size_t at, double weight) {
      if (counting) {
        weights.resize((std::max)(weights.size(), size));
        weights[at] += weight;
      }
    };
    for (const std::size_t p : each({0, paths.size()})) {
      const double weight = paths.conversions()[p] + paths.nulls()[p];
      std::uint32_t node = window_tree::root;
      if (weight > 0.0) {
        const auto items = paths.path(p);
        const std::size_t first = std::min<std::size_t>(items.size(), options_.order);
        for (std::size_t i = 0; i < first; ++i) {
          node = tree_.target(tree_.step(node, code(items[i])));
        }
        if (first > 0) {
          count(start_weight_, tree_.size(), node, weight);
          walks.edges.push_back(from_start | node);
        }
        for (std::size_t i = first; i < items.size(); ++i) {
          const std::uint32_t step = tree_.step(node, code(items[i]));
          const std::uint32_t next = tree_.target(step);
          if (next != node || options_.self_transitions) {
            count(step_weight_, tree_.steps(), step, weight);
            walks.edges.push_back(step);
          }
          node = next;
        }
        count(conversions_, tree_.size(), node, paths.conversions()[p]);
        count(nulls_, tree_.size(), node, paths.nulls()[p]);
        count(values_, tree_.size(), node, paths.values()[p]);
      }
      walks.ends.push_back(node);
      walks.offsets.push_back(walks.edges.size());
    }
    return walks;
  }

  // From steps and nodes to the edges and states of the finished chain.
  void place(chain_walks& walks) const {
    for (std::uint32_t& step : walks.edges) {
      step = (step & from_start) != 0 ? edge_of_start_[step & ~from_start] : edge_of_step_[step];
    }
    for (std::uint32_t& end : walks.ends) {
      end = state_of_[end];
    }
  }

  void number_states() {
    for (std::vector<double>* by_node : {&start_weight_, &conversions_, &nulls_, &values_}) {
      by_node->resize(tree_.size());
    }
    step_weight_.resize(tree_.steps());
    std::vector<bool> is_state(tree_.size(), false);
    for (std::uint32_t node = 1; node < tree_.size(); ++node) {
      if (start_weight_[node] > 0.0) {
        is_state[node] = true;
        steps_.push_back(from_start | node);
      }
    }
    for (std::uint32_t step = 0; step < tree_.steps(); ++step) {
      if (step_weight_[step] > 0.0) {
        is_state[tree_.target(step)] = true;
        steps_.push_back(step);
      }
    }
    std::uint64_t items = 0;
    for (std::uint32_t node = 1; node < tree_.size(); ++node) {
      items += is_state[node] ? tree_.depth(node) : 0U;
    }
    if (items > most_items) {
      throw limit_error("the windows of the chain of order " + std::to_string(options_.order) + " hold " +
                        std::to_string(items) + " items, more than " + std::to_string(most_items) +
                        "; use a lower order");
    }
    chain_.items_.resize(items);
    state_of_.assign(tree_.size(), order_chain::start);
    for (const std::uint32_t node : tree_.in_order()) {
      if (is_state[node]) {
        const std::uint64_t begin = chain_.window_offsets_.back();
        state_of_[node] = static_cast<std::uint32_t>(chain_.window_offsets_.size() - 1);
        tree_.items(node, std::span{chain_.items_}.subspan(begin, tree_.depth(node)));
        chain_.window_offsets_.push_back(begin + tree_.depth(node));
      }
    }
  }

  void order_edges() {
    const std::size_t size = chain_.window_offsets_.size() - 1;
    std::vector<std::uint64_t>& offsets = chain_.edge_offsets_;
    offsets.assign(size + 1, 0);
    for (const std::uint32_t step : steps_) {
      ++offsets[source(step) + 1];
    }
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    std::vector<std::pair<std::uint32_t, std::uint32_t>> placed(steps_.size());  // target, step
    std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
    for (const std::uint32_t step : steps_) {
      placed[next[source(step)]++] = {target(step), step};
    }
    edge_of_step_.resize(tree_.steps());
    edge_of_start_.resize(tree_.size());
    chain_.targets_.resize(placed.size());
    chain_.weights_.resize(placed.size());
    chain_.visits_.assign(size, 0.0);
    for (std::size_t state = 0; state < size; ++state) {
      std::sort(placed.begin() + static_cast<std::ptrdiff_t>(offsets[state]),
                placed.begin() + static_cast<std::ptrdiff_t>(offsets[state + 1]));
      for (std::uint64_t edge = offsets[state]; edge < offsets[state + 1]; ++edge) {
        const auto [to, step] = placed[edge];
        const bool entry = (step & from_start) != 0;
        (entry ? edge_of_start_[step & ~from_start] : edge_of_step_[step]) = static_cast<std::uint32_t>(edge);
        chain_.targets_[edge] = to;
        chain_.weights_[edge] = entry ? start_weight_[step & ~from_start] : step_weight_[step];
        chain_.visits_[state] += chain_.weights_[edge];
      }
    }
  }

  void count_ends() {
    const std::size_t size = chain_.visits_.size();
    chain_.conversions_.assign(size, 0.0);
    chain_.nulls_.assign(size, 0.0);
    chain_.values_.assign(size, 0.0);
    for (std::uint32_t node = 0; node < tree_.size(); ++node) {
      chain_.conversions_[state_of_[node]] += conversions_[node];
      chain_.nulls_[state_of_[node]] += nulls_[node];
      chain_.values_[state_of_[node]] += values_[node];
    }
    for (std::size_t state = 0; state < size; ++state) {
      chain_.visits_[state] += chain_.conversions_[state] + chain_.nulls_[state];
    }
    if (options_.smoothing > 0.0) {
      smooth_ends();
    }
  }

  // The number of journeys that end in a state stays, and with it all visits.
  void smooth_ends() {
    const auto sum = [](const std::vector<double>& numbers) {
      return std::accumulate(numbers.begin(), numbers.end(), 0.0);
    };
    const double conversions = sum(chain_.conversions_);
    const double rate = conversions / (conversions + sum(chain_.nulls_));
    const double mean_value = conversions > 0.0 ? sum(chain_.values_) / conversions : 0.0;
    for (std::size_t state = 0; state < chain_.visits_.size(); ++state) {
      const double ends = chain_.conversions_[state] + chain_.nulls_[state];
      if (ends > 0.0) {
        const double before = chain_.conversions_[state];
        const double after = ends * (before + options_.smoothing * rate) / (ends + options_.smoothing);
        const double worth = before > 0.0 ? chain_.values_[state] / before : mean_value;
        chain_.conversions_[state] = after;
        chain_.nulls_[state] = ends - after;
        chain_.values_[state] = after * worth;
      }
    }
  }

  void list_states_of_items() {
    std::vector<std::uint64_t>& offsets = chain_.item_offsets_;
    offsets.assign(chain_.names_.size() + 1, 0);
    std::vector<std::uint32_t> seen_in(chain_.names_.size(), 0);
    const auto for_distinct_items = [&](auto&& use) {
      std::fill(seen_in.begin(), seen_in.end(), 0U);
      for (std::uint32_t state = 1; state < chain_.size(); ++state) {
        for (const std::uint32_t item : chain_.window(state)) {
          if (seen_in[item] != state) {
            seen_in[item] = state;
            use(state, item);
          }
        }
      }
    };
    for_distinct_items([&](std::uint32_t, std::uint32_t item) { ++offsets[item + 1]; });
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    chain_.item_states_.resize(offsets.back());
    std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
    for_distinct_items([&](std::uint32_t state, std::uint32_t item) { chain_.item_states_[next[item]++] = state; });
  }

  order_chain_options options_;
  window_tree tree_;
  name_table names_;
  bool is_started_ = false;
  order_chain chain_;
  std::vector<double> start_weight_;  // by node
  std::vector<double> step_weight_;
  std::vector<double> conversions_;  // by the node where journeys end
  std::vector<double> nulls_;
  std::vector<double> values_;
  std::vector<std::uint32_t> steps_;  // those that become edges
  std::vector<std::uint32_t> state_of_;
  std::vector<std::uint32_t> edge_of_step_;
  std::vector<std::uint32_t> edge_of_start_;
};

}  // namespace klantreis::detail
