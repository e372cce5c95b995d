// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <utility>

#include "klantreis/markov/order_chain.hpp"

namespace klantreis {
namespace detail {

/// All windows that are met, as a tree: the node below the root along a, b, c is the window (a, b, c).
///
/// A step (node, item) leads from a prefix shorter than the order to the longer prefix, and from a whole window to the
/// window that is shifted by one item. Steps are numbered as they are met, so that a walk over a path costs one look-up
/// for each item, whatever the order.
class window_tree {
 public:
  static constexpr std::uint32_t root = 0;
  static constexpr std::uint32_t limit = 0x7FFF'FFFFU;

  explicit window_tree(std::size_t order) : order_(order), parent_{root}, item_{0}, depth_{0} { rehash(1024); }

  [[nodiscard]] std::size_t size() const noexcept { return parent_.size(); }
  [[nodiscard]] std::size_t steps() const noexcept { return target_.size(); }
  [[nodiscard]] std::uint32_t target(std::uint32_t step) const noexcept { return target_[step]; }
  [[nodiscard]] std::uint32_t source(std::uint32_t step) const noexcept {
    return static_cast<std::uint32_t>(key_[step] >> 32U);
  }
  [[nodiscard]] std::size_t depth(std::uint32_t node) const noexcept { return depth_[node]; }
  [[nodiscard]] bool is_whole(std::uint32_t node) const noexcept { return depth_[node] == order_; }

  /// Writes the items of a node, oldest first, at the end of `items`.
  void append_items(std::uint32_t node, std::vector<std::uint32_t>& items) const {
    const std::size_t end = items.size() + depth_[node];
    items.resize(end);
    for (std::size_t at = end; node != root; node = parent_[node]) {
      items[--at] = item_[node];
    }
  }

  /// The step from `node` by `item`, added when it is new.
  std::uint32_t step(std::uint32_t node, std::uint32_t item) {
    const std::uint64_t key = (std::uint64_t{node} << 32U) | item;
    for (std::size_t slot = hash(key) & mask_;; slot = (slot + 1) & mask_) {
      const std::uint32_t found = slots_[slot];
      if (found == 0) {
        break;
      }
      if (key_[found - 1] == key) {
        return found - 1;
      }
    }
    return add(node, item, key);
  }

 private:
  static std::size_t hash(std::uint64_t key) noexcept {
    key *= 0x9E37'79B9'7F4A'7C15U;
    return static_cast<std::size_t>(key ^ (key >> 32U));
  }

  std::uint32_t add(std::uint32_t node, std::uint32_t item, std::uint64_t key) {
    std::uint32_t target = root;
    if (is_whole(node)) {
      std::vector<std::uint32_t> items;
      append_items(node, items);
      items.push_back(item);
      for (std::size_t i = 1; i < items.size(); ++i) {
        target = target_[step(target, items[i])];
      }
    } else {
      if (parent_.size() > limit) {
        throw limit_error("the chain of order " + std::to_string(order_) + " has more than " + std::to_string(limit) +
                          " windows; use a lower order, or fewer distinct items by another `by`");
      }
      target = static_cast<std::uint32_t>(parent_.size());
      parent_.push_back(node);
      item_.push_back(item);
      depth_.push_back(depth_[node] + 1);
    }
    if (target_.size() > limit) {
      throw limit_error("the chain of order " + std::to_string(order_) + " has more than " + std::to_string(limit) +
                        " transitions; use a lower order, or fewer distinct items by another `by`");
    }
    key_.push_back(key);
    target_.push_back(target);
    if (2 * target_.size() > slots_.size()) {
      rehash(2 * slots_.size());
    } else {
      insert(static_cast<std::uint32_t>(target_.size() - 1));
    }
    return static_cast<std::uint32_t>(target_.size() - 1);
  }

  void insert(std::uint32_t step) {
    std::size_t slot = hash(key_[step]) & mask_;
    while (slots_[slot] != 0) {
      slot = (slot + 1) & mask_;
    }
    slots_[slot] = step + 1;
  }

  void rehash(std::size_t slots) {
    slots_.assign(slots, 0);
    mask_ = slots - 1;
    for (std::uint32_t step = 0; step < target_.size(); ++step) {
      insert(step);
    }
  }

  std::size_t order_;
  std::vector<std::uint32_t> parent_;
  std::vector<std::uint32_t> item_;
  std::vector<std::size_t> depth_;
  std::vector<std::uint64_t> key_;
  std::vector<std::uint32_t> target_;
  std::vector<std::uint32_t> slots_;  // step + 1; 0 is empty; a power of two of them
  std::size_t mask_ = 0;
};

// Steps from (start) are numbered by the node they lead to, with this bit set.
inline constexpr std::uint32_t from_start = 0x8000'0000U;

/// The nodes that are states, by their items; (start) first.
inline std::vector<std::uint32_t> states_in_order(const window_tree& tree, const std::vector<bool>& is_state,
                                                  std::vector<std::uint64_t>& offsets,
                                                  std::vector<std::uint32_t>& items) {
  std::vector<std::uint32_t> nodes;
  std::vector<std::uint64_t> begins;
  std::vector<std::uint32_t> all;
  for (std::uint32_t node = 1; node < tree.size(); ++node) {
    if (is_state[node]) {
      nodes.push_back(node);
      begins.push_back(all.size());
      tree.append_items(node, all);
    }
  }
  begins.push_back(all.size());
  std::vector<std::uint32_t> order(nodes.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto window = [&](std::uint32_t index) {
    return std::span{all}.subspan(begins[index], begins[index + 1] - begins[index]);
  };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto first = window(a);
    const auto second = window(b);
    return std::lexicographical_compare(first.begin(), first.end(), second.begin(), second.end());
  });
  std::vector<std::uint32_t> ordered{window_tree::root};
  ordered.reserve(order.size() + 1);
  offsets.assign({0, 0});
  offsets.reserve(order.size() + 2);
  items.clear();
  items.reserve(all.size());
  for (const std::uint32_t index : order) {
    ordered.push_back(nodes[index]);
    const auto window_items = window(index);
    items.insert(items.end(), window_items.begin(), window_items.end());
    offsets.push_back(items.size());
  }
  return ordered;
}

}  // namespace detail

KLANTREIS_INLINE std::string order_chain::state_name(std::size_t state) const {
  return state == start ? std::string{start_state} : join_path(names_, window(state));
}

KLANTREIS_INLINE absorbing_chain order_chain::to_absorbing() const {
  if (!(journeys() > 0.0)) {
    throw input_error("there is no settled journey, so there is no chain; with inactivity, use one that is shorter than "
                      "the log, or a later observed_until");
  }
  name_table transient;
  sparse_rows within;
  sparse_rows out;
  within.offsets.assign(edge_offsets_.begin(), edge_offsets_.end());
  within.columns = targets_;
  within.values = weights_;
  out.offsets.reserve(size() + 1);
  for (std::size_t state = 0; state < size(); ++state) {
    transient.intern(state_name(state));
    for (const auto& [column, weight] : {std::pair{0U, conversions_[state]}, std::pair{1U, nulls_[state]}}) {
      if (weight > 0.0) {
        out.columns.push_back(column);
        out.values.push_back(weight);
      }
    }
    out.offsets.push_back(out.columns.size());
  }
  name_table absorbing;
  absorbing.intern(conversion_state);
  absorbing.intern(null_state);
  return absorbing_chain::from_counts(std::move(transient), std::move(absorbing), std::move(within), std::move(out));
}

KLANTREIS_INLINE order_chain make_order_chain(const path_table& paths, const order_chain_options& options) {
  if (options.order == 0) {
    throw input_error("order is 0; a chain depends on at least 1 past item");
  }
  using detail::from_start;
  using detail::window_tree;
  order_chain chain;
  chain.options_ = options;
  chain.by_ = paths.by();
  chain.names_ = paths.names();

  window_tree tree{options.order};
  std::vector<double> step_weight;
  std::vector<double> start_weight{0.0};
  std::vector<std::uint32_t>& walked = chain.path_edges_;  // numbers of steps now, numbers of edges in the end
  chain.path_offsets_.reserve(paths.size() + 1);
  chain.path_ends_.reserve(paths.size());
  const auto conversions = paths.conversions();
  const auto nulls = paths.nulls();
  const auto values = paths.values();
  for (std::size_t p = 0; p < paths.size(); ++p) {
    const double weight = conversions[p] + nulls[p];
    std::uint32_t node = window_tree::root;
    if (weight > 0.0) {
      const auto items = paths.path(p);
      const std::size_t first = std::min<std::size_t>(items.size(), options.order);
      for (std::size_t i = 0; i < first; ++i) {
        node = tree.target(tree.step(node, items[i]));
      }
      if (first > 0) {
        start_weight.resize(tree.size());
        start_weight[node] += weight;
        walked.push_back(from_start | node);
      }
      for (std::size_t i = first; i < items.size(); ++i) {
        const std::uint32_t step = tree.step(node, items[i]);
        const std::uint32_t next = tree.target(step);
        if (next != node || options.self_transitions) {
          if (step >= step_weight.size()) {
            step_weight.resize(tree.steps());
          }
          step_weight[step] += weight;
          walked.push_back(step);
        }
        node = next;
      }
    }
    chain.path_ends_.push_back(node);
    chain.path_offsets_.push_back(walked.size());
  }
  start_weight.resize(tree.size());
  step_weight.resize(tree.steps());

  std::vector<bool> is_state(tree.size(), false);
  std::vector<std::uint32_t> raw;  // the steps that became edges
  for (std::uint32_t node = 1; node < tree.size(); ++node) {
    if (start_weight[node] > 0.0) {
      is_state[node] = true;
      raw.push_back(from_start | node);
    }
  }
  for (std::uint32_t step = 0; step < tree.steps(); ++step) {
    if (step_weight[step] > 0.0) {
      is_state[tree.target(step)] = true;
      raw.push_back(step);
    }
  }
  const auto nodes = detail::states_in_order(tree, is_state, chain.window_offsets_, chain.items_);
  std::vector<std::uint32_t> state_of(tree.size(), 0);
  for (std::uint32_t state = 0; state < nodes.size(); ++state) {
    state_of[nodes[state]] = state;
  }

  const auto source = [&](std::uint32_t step) {
    return (step & from_start) != 0 ? order_chain::start : state_of[tree.source(step)];
  };
  const auto target = [&](std::uint32_t step) {
    return state_of[(step & from_start) != 0 ? step & ~from_start : tree.target(step)];
  };
  const std::size_t size = nodes.size();
  chain.edge_offsets_.assign(size + 1, 0);
  for (const std::uint32_t step : raw) {
    ++chain.edge_offsets_[source(step) + 1];
  }
  std::partial_sum(chain.edge_offsets_.begin(), chain.edge_offsets_.end(), chain.edge_offsets_.begin());
  std::vector<std::uint32_t> placed(raw.size());
  {
    std::vector<std::uint64_t> next(chain.edge_offsets_.begin(), chain.edge_offsets_.end() - 1);
    for (const std::uint32_t step : raw) {
      placed[next[source(step)]++] = step;
    }
  }
  std::vector<std::uint32_t> edge_of_step(tree.steps());
  std::vector<std::uint32_t> edge_of_start(tree.size());
  chain.targets_.resize(raw.size());
  chain.weights_.resize(raw.size());
  chain.visits_.assign(size, 0.0);
  for (std::size_t state = 0; state < size; ++state) {
    const auto begin = placed.begin() + static_cast<std::ptrdiff_t>(chain.edge_offsets_[state]);
    const auto end = placed.begin() + static_cast<std::ptrdiff_t>(chain.edge_offsets_[state + 1]);
    std::sort(begin, end, [&](std::uint32_t a, std::uint32_t b) { return target(a) < target(b); });
    for (std::uint64_t edge = chain.edge_offsets_[state]; edge < chain.edge_offsets_[state + 1]; ++edge) {
      const std::uint32_t step = placed[edge];
      const bool entry = (step & from_start) != 0;
      (entry ? edge_of_start[step & ~from_start] : edge_of_step[step]) = static_cast<std::uint32_t>(edge);
      chain.targets_[edge] = target(step);
      chain.weights_[edge] = entry ? start_weight[step & ~from_start] : step_weight[step];
      chain.visits_[state] += chain.weights_[edge];
    }
  }
  for (std::uint32_t& step : walked) {
    step = (step & from_start) != 0 ? edge_of_start[step & ~from_start] : edge_of_step[step];
  }

  chain.conversions_.assign(size, 0.0);
  chain.nulls_.assign(size, 0.0);
  chain.values_.assign(size, 0.0);
  for (std::size_t p = 0; p < paths.size(); ++p) {
    const std::uint32_t end = state_of[chain.path_ends_[p]];
    chain.path_ends_[p] = end;
    if (conversions[p] + nulls[p] > 0.0) {
      chain.conversions_[end] += conversions[p];
      chain.nulls_[end] += nulls[p];
      chain.values_[end] += values[p];
    }
  }
  for (std::size_t state = 0; state < size; ++state) {
    chain.visits_[state] += chain.conversions_[state] + chain.nulls_[state];
  }

  chain.item_offsets_.assign(chain.names_.size() + 1, 0);
  std::vector<std::uint32_t> seen_in(chain.names_.size(), 0);
  const auto for_distinct_items = [&](auto&& use) {
    std::fill(seen_in.begin(), seen_in.end(), 0U);
    for (std::uint32_t state = 1; state < size; ++state) {
      for (const std::uint32_t item : chain.window(state)) {
        if (seen_in[item] != state) {
          seen_in[item] = state;
          use(state, item);
        }
      }
    }
  };
  for_distinct_items([&](std::uint32_t, std::uint32_t item) { ++chain.item_offsets_[item + 1]; });
  std::partial_sum(chain.item_offsets_.begin(), chain.item_offsets_.end(), chain.item_offsets_.begin());
  chain.item_states_.resize(chain.item_offsets_.back());
  std::vector<std::uint64_t> next(chain.item_offsets_.begin(), chain.item_offsets_.end() - 1);
  for_distinct_items([&](std::uint32_t state, std::uint32_t item) { chain.item_states_[next[item]++] = state; });
  return chain;
}

}  // namespace klantreis
