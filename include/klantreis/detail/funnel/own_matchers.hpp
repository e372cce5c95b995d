// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/funnel/match.hpp"

// The project's own definitions.

namespace klantreis::detail {

/// Chains of rows in order, with every option: a window from the first step, windows from step to step, steps that must
/// follow directly, excluded events, rows that may be used again, optional steps.
///
/// Of the chains that end at one step, those count that no other beats in both respects: a later start (more of the
/// window is left) and a later last row (more of the step's own window is left). They stand in a queue in the order of
/// their last rows; their starts fall. So the best start whose last row is recent enough stands at the head, and every
/// chain enters and leaves once.
class chain_matcher {
 public:
  static constexpr bool needs_all_events = false;

  explicit chain_matcher(match_rules rules) : rules_(std::move(rules)) {
    for (std::size_t step = 0; step < rules_.steps; ++step) {
      if ((rules_.optional >> step & 1U) == 0) {
        required_.push_back(step);
      }
    }
    queues_.resize(required_.size());
  }

  void match(std::span<const fed_event> events, funnel_match& out) {
    const std::size_t steps = required_.size();
    chains_.clear();
    for (queue& waiting : queues_) {
      waiting.clear();
    }
    std::size_t reached = 0;
    std::uint32_t best = chain_store::none;
    for (std::size_t place = 0; place < events.size() && reached < steps; ++place) {
      const fed_event& event = events[place];
      const std::uint64_t matches = rules_.optional == 0 ? event.steps : compressed(event.steps);
      const auto fill = [&](std::size_t step) {
        const candidate found = extend(step, place, event.time);
        if (!found.possible) {
          return;
        }
        const std::uint32_t node = chains_.add(place, required_[step], found.node);
        queues_[step].add({found.start, event.time, place, node});
        if (step == reached) {
          ++reached;
          best = node;
        }
      };
      if (rules_.reuse) {
        for (std::size_t step = 0; step <= reached && step < steps; ++step) {
          if ((matches >> step & 1U) != 0) {
            fill(step);
          }
        }
      } else {
        for (std::uint64_t left = matches & first_bits(reached + 1) & first_bits(steps); left != 0;) {
          const auto step = static_cast<std::size_t>(std::bit_width(left) - 1);
          left ^= std::uint64_t{1} << step;
          fill(step);
        }
      }
      if (event.excluded != 0) {
        const std::uint64_t gaps = excluded_gaps(event.excluded);
        for (std::size_t step = 0; step < steps; ++step) {
          if ((gaps >> step & 1U) != 0) {
            queues_[step].keep_only(place);
          }
        }
      }
    }
    out.level = reached;
    for (std::size_t step = 0; step < reached; ++step) {
      out.hit |= std::uint64_t{1} << required_[step];
    }
    if (rules_.earliest) {
      show_earliest(events, out);
      return;
    }
    chains_.rows(best, events, out.rows);
    if (rules_.optional != 0 && reached != 0) {
      fill_optional(events, best, out);
    }
  }

 private:
  struct chain {
    std::int64_t start;
    std::int64_t last;
    std::size_t place;
    std::uint32_t node;
  };

  class queue {
   public:
    void clear() noexcept {
      chains_.clear();
      head_ = 0;
    }
    [[nodiscard]] bool empty() const noexcept { return head_ == chains_.size(); }
    [[nodiscard]] const chain& front() const { return chains_[head_]; }
    [[nodiscard]] const chain& back() const { return chains_.back(); }
    void drop_front() noexcept { ++head_; }
    void add(const chain& one) {
      while (!empty() && chains_.back().start <= one.start) {
        chains_.pop_back();
      }
      chains_.push_back(one);
    }
    void keep_only(std::size_t place) {
      if (!empty() && chains_.back().place == place) {
        head_ = chains_.size() - 1;
      } else {
        clear();
      }
    }

   private:
    std::vector<chain> chains_;
    std::size_t head_ = 0;
  };

  struct candidate {
    bool possible = false;
    std::int64_t start = 0;
    std::uint32_t node = chain_store::none;
  };

  candidate extend(std::size_t step, std::size_t place, std::int64_t now) {
    if (step == 0) {
      return {true, now, chain_store::none};
    }
    queue& before = queues_[step - 1];
    const std::uint64_t limit = rules_.step_window(required_[step]);
    const bool direct = (rules_.directly >> required_[step] & 1U) != 0;
    if (!direct) {
      while (!before.empty() && elapsed(now, before.front().last) > limit) {
        before.drop_front();
      }
    }
    if (before.empty()) {
      return {};
    }
    const chain& one = direct ? before.back() : before.front();
    if (direct && one.place != place && one.place + 1 != place) {
      return {};
    }
    if (elapsed(now, one.last) > limit || elapsed(now, one.start) > rules_.window) {
      return {};
    }
    return {true, one.start, one.node};
  }

  [[nodiscard]] std::uint64_t compressed(std::uint64_t steps) const noexcept {
    std::uint64_t result = 0;
    for (std::size_t k = 0; k < required_.size(); ++k) {
      result |= (steps >> required_[k] & 1U) << k;
    }
    return result;
  }

  [[nodiscard]] std::uint64_t excluded_gaps(std::uint64_t excluded) const noexcept {
    if (rules_.optional == 0) {
      return excluded;
    }
    // Between two required steps an event is excluded when it is so on the whole way from the one to the other.
    std::uint64_t result = 0;
    for (std::size_t k = 0; k + 1 < required_.size(); ++k) {
      const std::uint64_t way = first_bits(required_[k + 1]) & ~first_bits(required_[k]);
      result |= (excluded & way) == way ? std::uint64_t{1} << k : 0;
    }
    return result;
  }

  /// Shows the chain of the level found that starts first. The later a chain starts the later it ends, so that one
  /// pass for each step finds the ends of all of them.
  void show_earliest(std::span<const fed_event> events, funnel_match& out) {
    starts_.clear();
    for (std::size_t place = 0; place < events.size(); ++place) {
      if ((events[place].steps & 1U) != 0) {
        starts_.push_back(place);
      }
    }
    const auto next = [&](std::size_t place, std::size_t step) {
      while (place < events.size() && (events[place].steps >> step & 1U) == 0) {
        ++place;
      }
      return place;
    };
    ends_ = starts_;
    for (std::size_t step = 1; step < out.level; ++step) {
      std::size_t place = 0;
      for (std::size_t& end : ends_) {
        place = next((std::max)(place, end + 1), step);
        end = place;
      }
    }
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      if (ends_[i] < events.size() && elapsed(events[ends_[i]].time, events[starts_[i]].time) <= rules_.window) {
        std::size_t place = starts_[i];
        for (std::size_t step = 0; step < out.level; ++step, ++place) {
          place = next(place, step);
          out.rows[step] = events[place].row;
        }
        return;
      }
    }
  }

  /// Optional steps count where a row of their own stands between the rows of the required steps around them, in order.
  void fill_optional(std::span<const fed_event> events, std::uint32_t best, funnel_match& out) const {
    std::vector<std::size_t> places(rules_.steps, events.size());
    chains_.follow(best, [&](std::size_t step, std::size_t place) { places[step] = place; });
    const std::int64_t start = events[places[required_[0]]].time;
    std::size_t at = places[required_[0]];
    for (std::size_t step = required_[0] + 1; step < rules_.steps; ++step) {
      if ((rules_.optional >> step & 1U) == 0) {
        if (places[step] == events.size()) {
          break;
        }
        at = places[step];
        continue;
      }
      std::size_t until = events.size();
      for (std::size_t later = step + 1; later < rules_.steps; ++later) {
        if ((rules_.optional >> later & 1U) == 0) {
          until = places[later];
          break;
        }
      }
      for (std::size_t place = at + 1; place < until && elapsed(events[place].time, start) <= rules_.window; ++place) {
        if ((events[place].steps >> step & 1U) != 0) {
          out.hit |= std::uint64_t{1} << step;
          out.rows[step] = events[place].row;
          at = place;
          break;
        }
      }
    }
  }

  match_rules rules_;
  std::vector<std::size_t> required_;
  std::vector<queue> queues_;
  std::vector<std::size_t> starts_;
  std::vector<std::size_t> ends_;
  chain_store chains_;
};

/// The most steps, in whatever order, that rows within a window fill.
///
/// The sets of rows that can fill different steps are the independent sets of a transversal matroid. Its basis of the
/// latest rows is kept: a new row enters, and where the basis was full it replaces the oldest row that can make room.
/// What is left of that basis when old rows leave the window is again the best of the rows that remain.
class any_order_matcher {
 public:
  static constexpr bool needs_all_events = false;

  explicit any_order_matcher(match_rules rules) : rules_(std::move(rules)) {}

  void match(std::span<const fed_event> events, funnel_match& out) {
    constexpr std::size_t free = no_row;
    std::array<std::size_t, 64> places{};
    places.fill(free);
    const std::uint64_t all = first_bits(rules_.steps);
    std::size_t best = 0;
    std::vector<std::size_t> chosen;
    for (std::size_t place = 0; place < events.size() && best < rules_.steps; ++place) {
      const std::uint64_t matches = events[place].steps & all;
      if (matches == 0) {
        continue;
      }
      std::size_t filled = 0;
      for (std::size_t step = 0; step < rules_.steps; ++step) {
        if (places[step] != free && elapsed(events[place].time, events[places[step]].time) > rules_.window) {
          places[step] = free;
        }
      }
      if (rules_.reuse) {
        for (std::uint64_t left = matches; left != 0; left &= left - 1) {
          places[static_cast<std::size_t>(std::countr_zero(left))] = place;
        }
      } else {
        insert(events, place, matches, places);
      }
      for (std::size_t step = 0; step < rules_.steps; ++step) {
        filled += places[step] != free ? 1U : 0U;
      }
      if (filled > best) {
        best = filled;
        chosen.assign(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(rules_.steps));
      }
    }
    std::sort(chosen.begin(), chosen.end());
    for (std::size_t k = 0; k < best; ++k) {
      out.rows[k] = events[chosen[k]].row;
    }
    out.level = best;
    out.hit = first_bits(best);
  }

 private:
  static void insert(std::span<const fed_event> events, std::size_t place, std::uint64_t matches,
                     std::array<std::size_t, 64>& places) {
    constexpr std::size_t from_new = 64;
    std::array<std::size_t, 64> from{};
    std::array<std::size_t, 64> waiting{};
    std::size_t head = 0;
    std::size_t tail = 0;
    std::uint64_t seen = 0;
    const auto visit = [&](std::uint64_t steps, std::size_t source) {
      for (std::uint64_t left = steps & ~seen; left != 0; left &= left - 1) {
        const auto step = static_cast<std::size_t>(std::countr_zero(left));
        seen |= std::uint64_t{1} << step;
        from[step] = source;
        waiting[tail++] = step;
      }
    };
    visit(matches, from_new);
    std::size_t target = from_new;
    while (head < tail) {
      const std::size_t step = waiting[head++];
      if (places[step] == no_row) {
        target = step;
        break;
      }
      visit(events[places[step]].steps, step);
    }
    if (target == from_new) {
      target = waiting[0];
      for (std::size_t i = 1; i < tail; ++i) {
        if (places[waiting[i]] < places[target]) {
          target = waiting[i];
        }
      }
    }
    // Along the way each row moves to the next step, and the new row takes the first one.
    while (from[target] != from_new) {
      places[target] = places[from[target]];
      target = from[target];
    }
    places[target] = place;
  }

  match_rules rules_;
};

/// Each step by itself.
class open_matcher {
 public:
  static constexpr bool needs_all_events = false;

  explicit open_matcher(match_rules rules) : rules_(std::move(rules)) {}

  void match(std::span<const fed_event> events, funnel_match& out) const {
    for (const fed_event& event : events) {
      for (std::uint64_t left = event.steps & ~out.hit; left != 0; left &= left - 1) {
        out.rows[static_cast<std::size_t>(std::countr_zero(left))] = event.row;
      }
      out.hit |= event.steps;
    }
    out.level = static_cast<std::size_t>(std::popcount(out.hit));
  }

 private:
  match_rules rules_;
};

}  // namespace klantreis::detail
