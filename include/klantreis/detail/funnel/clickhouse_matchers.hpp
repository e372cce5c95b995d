// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/funnel/match.hpp"
#include "klantreis/funnel/dialects.hpp"

// windowFunnel as ClickHouse 26.9 counts it. A row that meets several conditions stands in its list once for each; the
// list is sorted by (time, step).

namespace klantreis::detail {

/// One entry of the list: a row and a step counted from 1, 0 for a row that meets no condition.
struct window_entry {
  std::int64_t time = 0;
  std::uint32_t step = 0;
  std::size_t place = 0;
};

/// Makes the list. `Others`: rows that meet no condition stand in it as step 0.
template <bool Others>
void fill_entries(std::span<const fed_event> events, std::vector<window_entry>& entries) {
  entries.clear();
  for (std::size_t begin = 0; begin < events.size();) {
    const std::size_t end = end_of_instant(events, begin);
    const std::size_t first = entries.size();
    for (std::size_t place = begin; place < end; ++place) {
      if (Others && events[place].steps == 0) {
        entries.push_back({events[place].time, 0, place});
      }
      for (std::uint64_t left = events[place].steps; left != 0; left &= left - 1) {
        entries.push_back({events[place].time, static_cast<std::uint32_t>(std::countr_zero(left)) + 1, place});
      }
    }
    if (end > begin + 1) {
      std::stable_sort(entries.begin() + static_cast<std::ptrdiff_t>(first), entries.end(),
                       [](const window_entry& a, const window_entry& b) { return a.step < b.step; });
    }
    begin = end;
  }
}

/// All modes but `strict_once`. `Strict` is `strict_order`, which alone needs the rows that meet no condition.
template <bool Strict>
class window_funnel_matcher {
 public:
  static constexpr bool needs_all_events = Strict;

  window_funnel_matcher(const match_rules& rules, const clickhouse_dialect& modes)
      : steps_(rules.steps), window_(rules.window), modes_(modes), levels_(rules.steps) {}

  void match(std::span<const fed_event> events, funnel_match& out) {
    fill_entries<Strict>(events, entries_);
    chains_.clear();
    std::fill(levels_.begin(), levels_.end(), chain{});
    out.level = level();
    out.hit = first_bits(out.level);
    if (out.level != 0) {
      chains_.rows(levels_[out.level - 1].node, events, out.rows);
    }
  }

 private:
  struct chain {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::uint32_t node = chain_store::none;
    bool is_set = false;
  };

  std::size_t level() {
    bool seen_first = false;
    for (const window_entry& entry : entries_) {
      if (Strict && entry.step == 0) {
        if (seen_first) {
          break;
        }
        continue;
      }
      const std::size_t index = entry.step - 1;
      if (index == 0) {
        levels_[0] = {entry.time, entry.time, chains_.add(entry.place, 0, chain_store::none), true};
        seen_first = true;
        if (!Strict && steps_ == 1) {
          return 1;
        }
        continue;
      }
      const chain& before = levels_[index - 1];
      if (modes_.strict_deduplication && levels_[index].is_set) {
        break;
      }
      if (Strict && seen_first && !before.is_set) {
        if (modes_.allow_reentry) {
          continue;
        }
        return first_unset();
      }
      if (before.is_set && elapsed(entry.time, before.first) <= window_ &&
          (!modes_.strict_increase || before.last < entry.time)) {
        levels_[index] = {before.first, entry.time, chains_.add(entry.place, index, before.node), true};
        if (index + 1 == steps_) {
          return steps_;
        }
      }
    }
    for (std::size_t k = steps_; k > 0; --k) {
      if (levels_[k - 1].is_set) {
        return k;
      }
    }
    return 0;
  }

  [[nodiscard]] std::size_t first_unset() const {
    for (std::size_t k = 0; k < steps_; ++k) {
      if (!levels_[k].is_set) {
        return k;
      }
    }
    return steps_;
  }

  std::size_t steps_;
  std::uint64_t window_;
  clickhouse_dialect modes_;
  std::vector<window_entry> entries_;
  std::vector<chain> levels_;
  chain_store chains_;
};

/// `strict_once`, with or without the other modes: chains in which no row stands twice.
///
/// A row can stand twice only among the entries of its own instant, so after each instant the chain with the latest
/// entry is enough. Within one, rows that meet the same conditions are interchangeable, and the first unused one is
/// taken.
template <bool Strict>
class strict_once_matcher {
 public:
  static constexpr bool needs_all_events = Strict;

  strict_once_matcher(const match_rules& rules, const clickhouse_dialect& modes)
      : steps_(rules.steps), window_(rules.window), modes_(modes), levels_(rules.steps) {}

  void match(std::span<const fed_event> events, funnel_match& out) {
    fill_entries<Strict>(events, entries_);
    chains_.clear();
    for (auto& level : levels_) {
      level.clear();
    }
    out.level = level(events);
    out.hit = first_bits(out.level);
    if (out.level != 0) {
      chains_.rows(levels_[out.level - 1].back().node, events, out.rows);
    }
  }

 private:
  struct chain {
    std::int64_t first;
    std::int64_t last;
    std::uint32_t node;
  };

  std::size_t level(std::span<const fed_event> events) {
    bool seen_first = false;
    std::size_t instant_begin = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const window_entry& entry = entries_[i];
      if (i != 0 && entries_[i - 1].time != entry.time) {
        keep_latest();
        instant_begin = i;
      }
      if (Strict && entry.step == 0) {
        if (seen_first) {
          break;
        }
        continue;
      }
      const std::size_t index = entry.step - 1;
      if (index == 0) {
        if (!has_earlier_twin(events, instant_begin, i, chain_store::none)) {
          levels_[0].push_back({entry.time, entry.time, chains_.add(entry.place, 0, chain_store::none)});
        }
        seen_first = true;
        if (!Strict && steps_ == 1) {
          return 1;
        }
        continue;
      }
      std::vector<chain>& before = levels_[index - 1];
      if (modes_.strict_deduplication && !levels_[index].empty()) {
        break;
      }
      if (Strict && seen_first && before.empty()) {
        if (modes_.allow_reentry) {
          continue;
        }
        return first_empty();
      }
      for (const chain& one : before) {
        if (elapsed(entry.time, one.first) > window_ || (modes_.strict_increase && one.last >= entry.time) ||
            chains_.contains(one.node, entry.place) || has_earlier_twin(events, instant_begin, i, one.node)) {
          continue;
        }
        levels_[index].push_back({one.first, entry.time, chains_.add(entry.place, index, one.node)});
        if (index + 1 == steps_) {
          return steps_;
        }
      }
    }
    for (std::size_t k = steps_; k > 0; --k) {
      if (!levels_[k - 1].empty()) {
        return k;
      }
    }
    return 0;
  }

  void keep_latest() {
    for (auto& level : levels_) {
      if (level.size() > 1) {
        level[0] = *std::max_element(level.begin(), level.end(),
                                     [](const chain& a, const chain& b) { return a.first < b.first; });
        level.resize(1, level[0]);
      }
    }
  }

  /// True when an earlier row of this instant meets the same conditions and does not stand in the chain.
  [[nodiscard]] bool has_earlier_twin(std::span<const fed_event> events, std::size_t begin, std::size_t at,
                                      std::uint32_t node) const {
    const window_entry& entry = entries_[at];
    if (modes_.strict_deduplication) {
      return false;  // there the second row of a step ends the search, so which rows reached it matters
    }
    for (std::size_t i = at; i > begin && entries_[i - 1].step == entry.step; --i) {
      const std::size_t place = entries_[i - 1].place;
      if (events[place].steps == events[entry.place].steps && !chains_.contains(node, place)) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] std::size_t first_empty() const {
    for (std::size_t k = 0; k < steps_; ++k) {
      if (levels_[k].empty()) {
        return k;
      }
    }
    return steps_;
  }

  std::size_t steps_;
  std::uint64_t window_;
  clickhouse_dialect modes_;
  std::vector<window_entry> entries_;
  std::vector<std::vector<chain>> levels_;
  chain_store chains_;
};

}  // namespace klantreis::detail
