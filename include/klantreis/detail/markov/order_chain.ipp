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

  explicit window_tree(std::size_t order) : order_(order), nodes_{{}} { rehash(1024); }

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] std::size_t steps() const noexcept { return target_.size(); }
  [[nodiscard]] std::uint32_t source(std::uint32_t step) const noexcept { return source_[step]; }
  [[nodiscard]] std::uint32_t target(std::uint32_t step) const noexcept { return target_[step]; }
  [[nodiscard]] std::size_t depth(std::uint32_t node) const noexcept { return nodes_[node].depth; }
  [[nodiscard]] bool is_whole(std::uint32_t node) const noexcept { return nodes_[node].depth == order_; }

  /// Writes the items of a node, oldest first, into as many places as it is deep.
  void items(std::uint32_t node, std::span<std::uint32_t> places) const noexcept {
    for (std::size_t at = places.size(); at > 0; node = nodes_[node].parent) {
      places[--at] = nodes_[node].item;
    }
  }

  /// The step from `node` by `item`, added when it is new.
  std::uint32_t step(std::uint32_t node, std::uint32_t item) {
    const std::uint64_t key = (std::uint64_t{node} << 32U) | item;
    for (std::size_t slot = hash(key) & mask_;; slot = (slot + 1) & mask_) {
      if (slots_[slot].step == 0) {
        return add(node, item, key);
      }
      if (slots_[slot].key == key) {
        return slots_[slot].step - 1;
      }
    }
  }

  /// All nodes but the root, in lexicographic order of their items.
  [[nodiscard]] std::vector<std::uint32_t> in_order() const {
    const auto children = sorted(sorted(below_root(), &node_data::item), &node_data::parent);
    std::vector<std::uint32_t> first_child(size() + 1, 0);
    for (const std::uint32_t node : children) {
      ++first_child[nodes_[node].parent + 1];
    }
    std::partial_sum(first_child.begin(), first_child.end(), first_child.begin());
    std::vector<std::uint32_t> order;
    order.reserve(children.size());
    std::vector<std::uint32_t> open;
    const auto push_children = [&](std::uint32_t node) {
      for (std::uint32_t at = first_child[node + 1]; at > first_child[node]; --at) {
        open.push_back(children[at - 1]);
      }
    };
    push_children(root);
    while (!open.empty()) {
      const std::uint32_t node = open.back();
      open.pop_back();
      order.push_back(node);
      push_children(node);
    }
    return order;
  }

 private:
  struct node_data {
    std::uint32_t parent = root;
    std::uint32_t item = 0;
    std::uint32_t depth = 0;
    std::uint32_t suffix = root;  // of a whole window: the same without its oldest item; root: not yet looked up
  };
  struct slot_data {
    std::uint64_t key = 0;
    std::uint32_t step = 0;  // + 1; 0 is empty
  };

  static std::size_t hash(std::uint64_t key) noexcept {
    key *= 0x9E37'79B9'7F4A'7C15U;
    return static_cast<std::size_t>(key ^ (key >> 32U));
  }

  void check_limit(std::size_t count, const char* what) const {
    if (count > limit) {
      throw limit_error("the chain of order " + std::to_string(order_) + " has more than " + std::to_string(limit) +
                        what + "; use a lower order, or fewer distinct items by another `by`");
    }
  }

  std::uint32_t add(std::uint32_t node, std::uint32_t item, std::uint64_t key) {
    std::uint32_t target = root;
    if (is_whole(node)) {
      target = target_[step(suffix_of(node), item)];
    } else {
      check_limit(nodes_.size(), " windows");
      target = static_cast<std::uint32_t>(nodes_.size());
      nodes_.push_back({.parent = node, .item = item, .depth = nodes_[node].depth + 1});
    }
    check_limit(target_.size(), " transitions");
    source_.push_back(node);
    target_.push_back(target);
    if (2 * target_.size() > slots_.size()) {
      rehash(2 * slots_.size());
    }
    insert(key, static_cast<std::uint32_t>(target_.size()));
    return static_cast<std::uint32_t>(target_.size() - 1);
  }

  std::uint32_t suffix_of(std::uint32_t node) {
    if (order_ > 1 && nodes_[node].suffix == root) {
      window_.resize(order_);
      items(node, window_);
      std::uint32_t suffix = root;
      for (std::size_t i = 1; i < order_; ++i) {
        suffix = target_[step(suffix, window_[i])];
      }
      nodes_[node].suffix = suffix;
    }
    return nodes_[node].suffix;
  }

  void insert(std::uint64_t key, std::uint32_t value) {
    std::size_t slot = hash(key) & mask_;
    while (slots_[slot].step != 0) {
      slot = (slot + 1) & mask_;
    }
    slots_[slot] = {key, value};
  }

  void rehash(std::size_t slots) {
    std::vector<slot_data> old(slots);
    old.swap(slots_);
    mask_ = slots - 1;
    for (const slot_data& slot : old) {
      if (slot.step != 0) {
        insert(slot.key, slot.step);
      }
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> below_root() const {
    std::vector<std::uint32_t> nodes(size() - 1);
    std::iota(nodes.begin(), nodes.end(), 1U);
    return nodes;
  }

  // Stable, by counting.
  [[nodiscard]] std::vector<std::uint32_t> sorted(const std::vector<std::uint32_t>& nodes,
                                                  std::uint32_t node_data::*member) const {
    std::uint32_t largest = 0;
    for (const std::uint32_t node : nodes) {
      largest = std::max(largest, nodes_[node].*member);
    }
    std::vector<std::uint32_t> next(std::size_t{largest} + 2, 0);
    for (const std::uint32_t node : nodes) {
      ++next[nodes_[node].*member + 1];
    }
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<std::uint32_t> result(nodes.size());
    for (const std::uint32_t node : nodes) {
      result[next[nodes_[node].*member]++] = node;
    }
    return result;
  }

  std::size_t order_;
  std::vector<node_data> nodes_;
  std::vector<std::uint32_t> source_;  // by step
  std::vector<std::uint32_t> target_;
  std::vector<slot_data> slots_;  // a power of two of them
  std::size_t mask_ = 0;
  std::vector<std::uint32_t> window_;
};

/// Makes a chain: first the paths are walked, then what was met is put in order.
class order_chain_builder {
 public:
  order_chain_builder(const path_table& paths, const order_chain_options& options)
      : paths_(&paths), options_(options), tree_(options.order) {
    chain_.options_ = options;
    chain_.by_ = paths.by();
    chain_.names_ = paths.names();
  }

  order_chain build() {
    walk_paths();
    number_states();
    order_edges();
    count_ends();
    list_states_of_items();
    return std::move(chain_);
  }

 private:
  // Steps from (start) are numbered by the node they lead to, with this bit set.
  static constexpr std::uint32_t from_start = 0x8000'0000U;
  // Items of all windows together: 2 GiB.
  static constexpr std::uint64_t most_items = std::uint64_t{1} << 29U;

  [[nodiscard]] double weight(std::size_t path) const { return paths_->conversions()[path] + paths_->nulls()[path]; }

  [[nodiscard]] std::uint32_t source(std::uint32_t step) const {
    return (step & from_start) != 0 ? order_chain::start : state_of_[tree_.source(step)];
  }
  [[nodiscard]] std::uint32_t target(std::uint32_t step) const {
    return state_of_[(step & from_start) != 0 ? step & ~from_start : tree_.target(step)];
  }

  // Leaves steps in `path_edges_` and nodes in `path_ends_`.
  void walk_paths() {
    std::vector<std::uint32_t>& walked = chain_.path_edges_;
    chain_.path_offsets_.reserve(paths_->size() + 1);
    chain_.path_ends_.reserve(paths_->size());
    for (std::size_t p = 0; p < paths_->size(); ++p) {
      std::uint32_t node = window_tree::root;
      if (weight(p) > 0.0) {
        const auto items = paths_->path(p);
        const std::size_t first = std::min<std::size_t>(items.size(), options_.order);
        for (std::size_t i = 0; i < first; ++i) {
          node = tree_.target(tree_.step(node, items[i]));
        }
        if (first > 0) {
          start_weight_.resize(std::max(start_weight_.size(), tree_.size()));
          start_weight_[node] += weight(p);
          walked.push_back(from_start | node);
        }
        for (std::size_t i = first; i < items.size(); ++i) {
          const std::uint32_t step = tree_.step(node, items[i]);
          const std::uint32_t next = tree_.target(step);
          if (next != node || options_.self_transitions) {
            step_weight_.resize(std::max(step_weight_.size(), tree_.steps()));
            step_weight_[step] += weight(p);
            walked.push_back(step);
          }
          node = next;
        }
      }
      chain_.path_ends_.push_back(node);
      chain_.path_offsets_.push_back(walked.size());
    }
    start_weight_.resize(tree_.size());
    step_weight_.resize(tree_.steps());
  }

  void number_states() {
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
    std::vector<std::uint32_t> edge_of_step(tree_.steps());
    std::vector<std::uint32_t> edge_of_start(tree_.size());
    chain_.targets_.resize(placed.size());
    chain_.weights_.resize(placed.size());
    chain_.visits_.assign(size, 0.0);
    for (std::size_t state = 0; state < size; ++state) {
      std::sort(placed.begin() + static_cast<std::ptrdiff_t>(offsets[state]),
                placed.begin() + static_cast<std::ptrdiff_t>(offsets[state + 1]));
      for (std::uint64_t edge = offsets[state]; edge < offsets[state + 1]; ++edge) {
        const auto [to, step] = placed[edge];
        const bool entry = (step & from_start) != 0;
        (entry ? edge_of_start[step & ~from_start] : edge_of_step[step]) = static_cast<std::uint32_t>(edge);
        chain_.targets_[edge] = to;
        chain_.weights_[edge] = entry ? start_weight_[step & ~from_start] : step_weight_[step];
        chain_.visits_[state] += chain_.weights_[edge];
      }
    }
    for (std::uint32_t& step : chain_.path_edges_) {
      step = (step & from_start) != 0 ? edge_of_start[step & ~from_start] : edge_of_step[step];
    }
  }

  void count_ends() {
    const std::size_t size = chain_.visits_.size();
    chain_.conversions_.assign(size, 0.0);
    chain_.nulls_.assign(size, 0.0);
    chain_.values_.assign(size, 0.0);
    for (std::size_t p = 0; p < paths_->size(); ++p) {
      const std::uint32_t end = state_of_[chain_.path_ends_[p]];
      chain_.path_ends_[p] = end;
      if (weight(p) > 0.0) {
        chain_.conversions_[end] += paths_->conversions()[p];
        chain_.nulls_[end] += paths_->nulls()[p];
        chain_.values_[end] += paths_->values()[p];
      }
    }
    for (std::size_t state = 0; state < size; ++state) {
      chain_.visits_[state] += chain_.conversions_[state] + chain_.nulls_[state];
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

  const path_table* paths_;
  order_chain_options options_;
  window_tree tree_;
  order_chain chain_;
  std::vector<double> start_weight_;  // by node
  std::vector<double> step_weight_;
  std::vector<std::uint32_t> steps_;  // those that become edges
  std::vector<std::uint32_t> state_of_;
};

}  // namespace detail

KLANTREIS_INLINE std::string order_chain::state_name(std::size_t state) const {
  return state == start ? std::string{start_state} : join_path(names_, window(state));
}

KLANTREIS_INLINE absorbing_chain order_chain::to_absorbing() const {
  if (!(journeys() > 0.0)) {
    throw input_error(
        "there is no settled journey, so there is no chain; with inactivity, use one that is shorter than "
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
  return detail::order_chain_builder{paths, options}.build();
}

}  // namespace klantreis
