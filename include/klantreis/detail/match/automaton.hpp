// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/match/tree.hpp"
#include "klantreis/match/pattern.hpp"

// A path pattern as a nondeterministic automaton, forwards or backwards.
//
// Backwards the chain is turned round; limits of arrows and groups measure distances and stay as they are.

namespace klantreis::detail {

inline constexpr std::uint64_t no_bound = (std::numeric_limits<std::uint64_t>::max)();

/// Limits of an arrow in events and ticks, both inclusive.
struct gap_limits {
  std::uint64_t least_between = 0;
  std::uint64_t most_between = no_bound;
  std::uint64_t least_ticks = 0;
  std::uint64_t most_ticks = no_bound;
};

struct pattern_state {
  enum class kind : std::uint8_t {
    event,  ///< takes one event for which `index` holds
    split,  ///< goes on at both `next` and `other`
    gap,    ///< waits until the limits `index` allow to go on at `next`
    start,  ///< only before the first event of the journey
    end,    ///< only after the last one
    enter,  ///< a limited group begins
    leave,  ///< and ends
    accept,
  };
  static constexpr std::uint32_t none = (std::numeric_limits<std::uint32_t>::max)();

  kind what = kind::accept;
  std::uint32_t next = none;
  std::uint32_t other = none;
  std::uint32_t index = none;
  std::uint32_t part = none;            ///< which part an event belongs to
  std::uint64_t most_ticks = no_bound;  ///< since the first event of the limited group around
  end_kind end = end_kind::any;
};

/// What a waiting place needs beyond its state.
struct pattern_gap {
  gap_limits limits = {};
  std::uint32_t allowed = pattern_state::none;  ///< the predicate of the events between; none: all
  bool to_end = false;                          ///< its other side is the end of the journey
};

struct pattern_automaton {
  std::vector<pattern_state> states;
  std::vector<pattern_gap> gaps;
  std::uint32_t start = 0;
};

/// Ticks of limits: a conversion that the log decides.
struct tick_limits {
  std::uint64_t least = 0;
  std::uint64_t most = no_bound;
};

/// Builds the automaton from its end to its beginning, so that each state knows what follows it.
template <typename ToTicks>
class automaton_builder {
 public:
  automaton_builder(const pattern_tree& tree, bool backwards, ToTicks to_ticks)
      : tree_(tree), backwards_(backwards), to_ticks_(std::move(to_ticks)) {}

  /// `predicates` takes the predicates that the states name by their index.
  [[nodiscard]] pattern_automaton build(std::vector<const event_predicate*>& predicates) {
    predicates_ = &predicates;
    const std::uint32_t accept = add({.what = pattern_state::kind::accept});
    result_.start = root(accept);
    return std::move(result_);
  }

 private:
  using state = pattern_state;

  std::uint32_t add(const state& made) {
    if (result_.states.size() >= max_pattern_states) {
      throw limit_error("the path pattern needs more than " + std::to_string(max_pattern_states) +
                        " states; ask for fewer repetitions");
    }
    result_.states.push_back(made);
    return static_cast<std::uint32_t>(result_.states.size() - 1);
  }

  std::uint32_t predicate_of(const event_predicate& predicate) {
    const auto known = std::find(predicates_->begin(), predicates_->end(), &predicate);
    if (known != predicates_->end()) {
      return static_cast<std::uint32_t>(known - predicates_->begin());
    }
    predicates_->push_back(&predicate);
    return static_cast<std::uint32_t>(predicates_->size() - 1);
  }

  std::uint32_t event(std::uint32_t predicate, std::uint32_t next) {
    return add({.what = state::kind::event, .next = next, .index = predicate, .part = part_, .most_ticks = group_});
  }

  /// The whole pattern: the chain whose parts are numbered.
  std::uint32_t root(std::uint32_t next) {
    if (tree_.root.what == pattern_node::kind::within) {
      return group(tree_.root, next, true);
    }
    return chain(tree_.root, next, true);
  }

  std::uint32_t group(const pattern_node& node, std::uint32_t next, bool numbered) {
    const std::uint32_t leave = add({.what = state::kind::leave, .next = next});
    group_ = to_ticks_(node.limit).most;
    const std::uint32_t inner = numbered ? chain(node.items[0], leave, true) : build(node.items[0], leave);
    group_ = no_bound;
    return add({.what = state::kind::enter, .next = inner});
  }

  std::uint32_t chain(const pattern_node& node, std::uint32_t next, bool numbered) {
    const std::size_t size = node.items.size();
    std::uint32_t parts = 0;
    if (numbered) {
      parts = static_cast<std::uint32_t>(std::count_if(
          node.items.begin(), node.items.end(), [](const auto& item) { return !item.is_gap() && !item.is_anchor(); }));
    }
    std::uint32_t before = 0;  // parts already built
    for (std::size_t k = 0; k < size; ++k) {
      const std::size_t i = backwards_ ? k : size - 1 - k;
      const pattern_node& item = node.items[i];
      if (numbered && !item.is_gap() && !item.is_anchor()) {
        part_ = backwards_ ? before : parts - 1 - before;
        ++before;
      }
      next = build(item, next);
      if (numbered) {
        part_ = state::none;
      }
      if (k + 1 < size) {
        const std::size_t arrow = backwards_ ? i : i - 1;
        next = between(node.arrows[arrow], item.is_anchor(), next);
      }
    }
    return next;
  }

  /// The way over an arrow to `next`, which may be the end of the journey.
  std::uint32_t between(const pattern_arrow& arrow, bool to_end, std::uint32_t next) {
    const std::uint32_t allowed = arrow.allowed ? predicate_of(*arrow.allowed) : state::none;
    const std::uint32_t part = std::exchange(part_, state::none);
    std::uint32_t result = next;
    if (arrow.is_limited()) {
      const tick_limits ticks = to_ticks_(arrow.length);
      result_.gaps.push_back(
          {.limits = {.least_between = arrow.least_between,
                      .most_between = arrow.is_direct      ? 0
                                      : arrow.most_between ? static_cast<std::uint64_t>(*arrow.most_between)
                                                           : no_bound,
                      .least_ticks = ticks.least,
                      .most_ticks = ticks.most},
           .allowed = allowed,
           .to_end = to_end});
      result = add({.what = state::kind::gap,
                    .next = next,
                    .index = static_cast<std::uint32_t>(result_.gaps.size() - 1),
                    .most_ticks = group_});
    } else if (!arrow.is_direct) {
      const std::uint32_t split = add({.what = state::kind::split, .next = next});
      const std::uint32_t stay = event(allowed, split);
      result_.states[split].other = stay;
      result = split;
    }
    part_ = part;
    return result;
  }

  std::uint32_t build(const pattern_node& node, std::uint32_t next) {
    switch (node.what) {
      case pattern_node::kind::event:
        return event(
            node.predicate.what == event_predicate::kind::anything ? state::none : predicate_of(node.predicate), next);
      case pattern_node::kind::chain:
        return chain(node, next, false);
      case pattern_node::kind::alternative: {
        std::uint32_t result = state::none;
        for (const pattern_node& item : node.items) {
          const std::uint32_t way = build(item, next);
          result = result == state::none ? way : add({.what = state::kind::split, .next = result, .other = way});
        }
        return result;
      }
      case pattern_node::kind::repeat:
        return repeated(node, next);
      case pattern_node::kind::start:
      case pattern_node::kind::end: {
        const bool is_start = (node.what == pattern_node::kind::start) != backwards_;
        return add({.what = is_start ? state::kind::start : state::kind::end, .next = next, .end = node.end});
      }
      case pattern_node::kind::within:
        break;
    }
    return group(node, next, false);
  }

  std::uint32_t repeated(const pattern_node& node, std::uint32_t next) {
    const pattern_node& inner = node.items[0];
    if (node.most) {
      const std::uint32_t after = next;
      for (unsigned i = node.least; i < *node.most; ++i) {
        const std::uint32_t once = build(inner, next);
        next = add({.what = state::kind::split, .next = once, .other = after});
      }
    } else {
      const std::uint32_t loop = add({.what = state::kind::split, .next = next});
      const std::uint32_t once = build(inner, loop);
      result_.states[loop].other = once;
      next = loop;
    }
    for (unsigned i = 0; i < node.least; ++i) {
      next = build(inner, next);
    }
    return next;
  }

  const pattern_tree& tree_;
  bool backwards_;
  ToTicks to_ticks_;
  std::vector<const event_predicate*>* predicates_ = nullptr;
  pattern_automaton result_;
  std::uint32_t part_ = state::none;
  std::uint64_t group_ = no_bound;
};

}  // namespace klantreis::detail
