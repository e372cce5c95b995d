// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "klantreis/core.hpp"

namespace klantreis::detail {

/// All windows that are met, as a tree: the node below the root along a, b, c is the window (a, b, c).
///
/// A step (node, item) leads from a prefix shorter than the order to the longer prefix, and from a whole window to the
/// window that is shifted by one item. Steps are numbered as they are met, so that a walk over a path costs one look-up
/// for each item, whatever the order.
class window_tree {
 public:
  static constexpr std::uint32_t root = 0;
  static constexpr std::uint32_t limit = 0x7FFF'FFFFU;

  /// Few items: a row of steps for each node, without hashing, as long as there are `direct_steps` or fewer (512 MiB).
  /// Else, and beyond, a hash table.
  window_tree(std::size_t order, std::size_t items, std::size_t direct_steps = std::size_t{1} << 27U)
      : order_(order), items_(items), direct_steps_(direct_steps), nodes_{{}} {
    if (items_ <= most_direct_items && items_ <= direct_steps_) {
      direct_.assign(items_, 0);
    } else {
      rehash(1024);
    }
  }

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
    if (slots_.empty()) {
      const std::uint32_t found = direct_[node * items_ + item];
      return found != 0 ? found - 1 : add(node, item);
    }
    const std::uint64_t key = key_of(node, item);
    for (std::size_t slot = hash(key) & mask_;; slot = (slot + 1) & mask_) {
      if (slots_[slot].step == 0) {
        return add(node, item);
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

  static constexpr std::size_t most_direct_items = 128;

  static std::uint64_t key_of(std::uint32_t node, std::uint32_t item) noexcept {
    return (std::uint64_t{node} << 32U) | item;
  }
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

  std::uint32_t add(std::uint32_t node, std::uint32_t item) {
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
    if (slots_.empty() && nodes_.size() * items_ <= direct_steps_) {
      direct_.resize(nodes_.size() * items_);
      direct_[node * items_ + item] = static_cast<std::uint32_t>(target_.size());
    } else if (2 * target_.size() > slots_.size()) {
      rehash(std::max<std::size_t>(1024, std::bit_ceil(4 * target_.size())));
    } else {
      insert(static_cast<std::uint32_t>(target_.size()));
    }
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

  void insert(std::uint32_t number) {
    const std::uint64_t key = key_of(source_[number - 1], nodes_[target_[number - 1]].item);
    std::size_t slot = hash(key) & mask_;
    while (slots_[slot].step != 0) {
      slot = (slot + 1) & mask_;
    }
    slots_[slot] = {key, number};
  }

  void rehash(std::size_t slots) {
    direct_ = {};
    slots_.assign(slots, {});
    mask_ = slots - 1;
    for (std::uint32_t number = 1; number <= target_.size(); ++number) {
      insert(number);
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
      largest = (std::max)(largest, nodes_[node].*member);
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
  std::size_t items_;  // distinct ones
  std::size_t direct_steps_;
  std::vector<node_data> nodes_;
  std::vector<std::uint32_t> source_;  // by step
  std::vector<std::uint32_t> target_;
  std::vector<std::uint32_t> direct_;  // step + 1 by node and item; 0 is none
  std::vector<slot_data> slots_;       // a power of two of them; empty while `direct_` serves
  std::size_t mask_ = 0;
  std::vector<std::uint32_t> window_;
};

}  // namespace klantreis::detail
