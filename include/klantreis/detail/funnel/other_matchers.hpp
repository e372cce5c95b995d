// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/funnel/match.hpp"
#include "klantreis/funnel/dialects.hpp"

namespace klantreis::detail {

/// The funnels of retentioneering that look at the order: the earliest next row (version 5), the earliest later time
/// (version 3, closed), and any order after the first stage (version 3, hybrid).
class retentioneering_matcher {
 public:
  static constexpr bool needs_all_events = false;
  using kind_type = retentioneering_dialect::kind_type;

  retentioneering_matcher(const match_rules& rules, kind_type kind) : steps_(rules.steps), kind_(kind) {}

  void match(std::span<const fed_event> events, funnel_match& out) const {
    if (kind_ == kind_type::hybrid) {
      match_hybrid(events, out);
      return;
    }
    std::int64_t last = 0;
    for (const fed_event& event : events) {
      if (out.level == steps_) {
        break;
      }
      const bool later = kind_ == kind_type::ordered || out.level == 0 || event.time > last;
      if (later && (event.steps >> out.level & 1U) != 0) {
        out.rows[out.level++] = event.row;
        last = event.time;
      }
    }
    out.hit = first_bits(out.level);
  }

 private:
  void match_hybrid(std::span<const fed_event> events, funnel_match& out) const {
    std::uint64_t seen = 0;
    std::int64_t entry = 0;
    for (const fed_event& event : events) {
      std::uint64_t fresh = event.steps & ~seen;
      if ((seen & 1U) == 0) {
        fresh &= 1U;
      } else if (event.time <= entry) {
        fresh = 0;
      }
      if ((fresh & 1U) != 0) {
        entry = event.time;
      }
      for (std::uint64_t left = fresh; left != 0; left &= left - 1) {
        out.rows[static_cast<std::size_t>(std::countr_zero(left))] = event.row;
      }
      seen |= fresh;
    }
    out.level = static_cast<std::size_t>(std::countr_one(seen));
    out.hit = first_bits(out.level);
    for (std::size_t step = out.level; step < steps_; ++step) {
      out.rows[step] = no_row;
    }
  }

  std::size_t steps_;
  kind_type kind_;
};

/// The funnel of Umami. A step is reached by every row within the window after some row that reached the step before,
/// both ends included; of those the latest leaves most time.
class umami_matcher {
 public:
  static constexpr bool needs_all_events = false;

  explicit umami_matcher(const match_rules& rules)
      : steps_(rules.steps), window_(rules.window), last_(rules.steps), nodes_(rules.steps) {}

  void match(std::span<const fed_event> events, funnel_match& out) {
    chains_.clear();
    std::uint32_t best = chain_store::none;
    for (std::size_t begin = 0; begin < events.size() && out.level < steps_;) {
      const std::size_t end = end_of_instant(events, begin);
      for (std::size_t step = 0; step <= out.level && step < steps_; ++step) {
        if (step > 0 && elapsed(events[begin].time, last_[step - 1]) > window_) {
          continue;
        }
        for (std::size_t place = begin; place < end; ++place) {
          if ((events[place].steps >> step & 1U) != 0) {
            last_[step] = events[place].time;
            nodes_[step] = chains_.add(place, step, step == 0 ? chain_store::none : nodes_[step - 1]);
            if (step == out.level) {
              ++out.level;
              best = nodes_[step];
            }
            break;
          }
        }
      }
      begin = end;
    }
    out.hit = first_bits(out.level);
    chains_.rows(best, events, out.rows);
  }

 private:
  std::size_t steps_;
  std::uint64_t window_;
  std::vector<std::int64_t> last_;
  std::vector<std::uint32_t> nodes_;
  chain_store chains_;
};

}  // namespace klantreis::detail
