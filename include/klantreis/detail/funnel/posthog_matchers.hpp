// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/funnel/match.hpp"

namespace klantreis::detail {

/// The ordered funnel of PostHog and, with `Strict`, its strict one, in which an event between two steps breaks a chain
/// but another may begin.
///
/// Events of one instant that match different steps are taken in the order of the steps, each used once; neither
/// strictness nor exclusions apply to them.
template <bool Strict>
class posthog_matcher {
 public:
  static constexpr bool needs_all_events = Strict;

  explicit posthog_matcher(match_rules rules) : rules_(std::move(rules)), entered_(rules_.steps + 1) {}

  void match(std::span<const fed_event> events, funnel_match& out) {
    chains_.clear();
    std::fill(entered_.begin(), entered_.end(), entry{});
    deepest_ = 0;
    best_ = {};
    for (std::size_t begin = 0; begin < events.size() && !entered_[rules_.steps].is_set;) {
      const std::size_t end = end_of_instant(events, begin);
      entered_[0] = {events[begin].time, chain_store::none, 0, true, false};
      const bool alike =
          std::all_of(events.begin() + static_cast<std::ptrdiff_t>(begin),
                      events.begin() + static_cast<std::ptrdiff_t>(end), [&](const fed_event& event) {
                        return event.steps == events[begin].steps && event.excluded == events[begin].excluded;
                      });
      if (alike) {
        for (std::size_t place = begin; place < end; ++place) {
          take(events[place], place);
        }
      } else {
        for (std::size_t step = 1; step <= rules_.steps; ++step) {
          for (std::size_t place = begin; place < end; ++place) {
            if ((events[place].steps >> (step - 1) & 1U) != 0) {
              advance(step, false, events[place].time, place, true);
            }
          }
        }
      }
      begin = end;
    }
    if (best_.excluded) {
      out.excluded = true;
      return;
    }
    out.level = deepest_ - static_cast<std::size_t>(std::popcount(rules_.optional & first_bits(deepest_)));
    out.hit = best_.steps;
    chains_.rows(best_.node, events, out.rows);
  }

 private:
  struct entry {
    std::int64_t time = 0;  ///< of the first step of the chain
    std::uint32_t node = chain_store::none;
    std::uint64_t steps = 0;
    bool is_set = false;
    bool excluded = false;
  };

  void take(const fed_event& event, std::size_t place) {
    for (std::size_t step = rules_.steps; step >= 2; --step) {
      if ((event.excluded >> (step - 2) & 1U) != 0) {
        advance(step, true, event.time, place, false);
      }
    }
    for (std::size_t step = rules_.steps; step >= 1; --step) {
      if ((event.steps >> (step - 1) & 1U) != 0) {
        advance(step, false, event.time, place, false);
      }
    }
    if (Strict) {
      for (std::size_t step = 1; step <= rules_.steps; ++step) {
        if ((event.steps >> (step - 1) & 1U) == 0) {
          entered_[step] = {};
        }
      }
    }
  }

  [[nodiscard]] bool is_within(const entry& one, std::int64_t now) const {
    return one.is_set && elapsed(now, one.time) <= rules_.window;
  }

  void advance(std::size_t step, bool exclusion, std::int64_t now, std::size_t place, bool several) {
    std::size_t previous = step - 1;
    while (previous > 0 && !is_within(entered_[previous], now) && (rules_.optional >> (previous - 1) & 1U) != 0) {
      --previous;
    }
    entry& before = entered_[previous];
    if (!is_within(before, now) || (entered_[step].is_set && entered_[step].time == before.time)) {
      return;
    }
    if (exclusion) {
      if (!before.excluded) {
        before.excluded = true;
        if (deepest_ == previous && elapsed(now, best_.time) <= rules_.window) {
          best_.excluded = true;
        }
      }
      return;
    }
    if (several && is_used(before.node, place)) {
      return;
    }
    const entry next{before.time, chains_.add(place, step - 1, before.node),
                     before.steps | (std::uint64_t{1} << (step - 1)), true, before.excluded};
    if (!before.excluded) {
      entered_[step] = next;
    }
    if (step > deepest_ || (step == deepest_ && best_.excluded)) {
      deepest_ = step;
      best_ = next;
    }
  }

  /// Events that filled optional steps may be used again.
  [[nodiscard]] bool is_used(std::uint32_t node, std::size_t place) const {
    bool used = false;
    chains_.follow(node, [&](std::size_t step, std::size_t there) {
      used = used || (there == place && (rules_.optional >> step & 1U) == 0);
    });
    return used;
  }

  match_rules rules_;
  std::vector<entry> entered_;
  std::size_t deepest_ = 0;
  entry best_;
  chain_store chains_;
};

/// The unordered funnel of PostHog: a queue of events for each step; an excluded event empties them all.
class posthog_unordered_matcher {
 public:
  static constexpr bool needs_all_events = false;

  explicit posthog_unordered_matcher(match_rules rules) : rules_(std::move(rules)), queues_(rules_.steps) {}

  void match(std::span<const fed_event> events, funnel_match& out) {
    for (auto& queue : queues_) {
      queue.clear();
    }
    filled_ = 0;
    best_.clear();
    for (std::size_t place = 0; place < events.size() && best_.size() < rules_.steps; ++place) {
      take(events, place);
      if (place + 1 == events.size()) {
        remember(events);
      }
    }
    for (std::size_t k = 0; k < best_.size(); ++k) {
      out.rows[k] = events[best_[k]].row;
    }
    out.level = best_.size();
    out.hit = first_bits(out.level);
  }

 private:
  void take(std::span<const fed_event> events, std::size_t place) {
    const fed_event& event = events[place];
    while (filled_ != 0) {
      std::size_t oldest = rules_.steps;
      for (std::size_t step = 0; step < rules_.steps; ++step) {
        if (!queues_[step].empty() &&
            (oldest == rules_.steps || events[queues_[step].front()].time < events[queues_[oldest].front()].time)) {
          oldest = step;
        }
      }
      const std::int64_t began = events[queues_[oldest].front()].time;
      if (filled_ < rules_.steps && elapsed(event.time, began) <= rules_.window) {
        break;
      }
      remember(events);
      queues_[oldest].pop_front();
      filled_ -= queues_[oldest].empty() ? 1U : 0U;
    }
    if (event.steps == 0) {
      if (event.excluded != 0) {
        for (auto& queue : queues_) {
          queue.clear();
        }
        filled_ = 0;
      }
      return;
    }
    // The step whose newest event is oldest; an empty queue comes first, then the earlier step.
    std::size_t chosen = rules_.steps;
    for (std::size_t step = 0; step < rules_.steps; ++step) {
      if ((event.steps >> step & 1U) == 0) {
        continue;
      }
      if (chosen == rules_.steps ||
          (!queues_[chosen].empty() &&
           (queues_[step].empty() || events[queues_[step].back()].time < events[queues_[chosen].back()].time))) {
        chosen = step;
      }
    }
    filled_ += queues_[chosen].empty() ? 1U : 0U;
    queues_[chosen].push_back(place);
  }

  void remember(std::span<const fed_event> events) {
    if (filled_ <= best_.size()) {
      return;
    }
    best_.clear();
    for (const auto& queue : queues_) {
      if (!queue.empty()) {
        best_.push_back(queue.front());
      }
    }
    std::stable_sort(best_.begin(), best_.end(),
                     [&](std::size_t a, std::size_t b) { return events[a].time < events[b].time; });
  }

  match_rules rules_;
  std::vector<std::deque<std::size_t>> queues_;
  std::size_t filled_ = 0;
  std::vector<std::size_t> best_;
};

}  // namespace klantreis::detail
