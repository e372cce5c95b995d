// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/match/automaton.hpp"

// Runs an automaton over items: all states side by side (Thompson 1968, doi:10.1145/363347.363387), so the time is
// linear in the number of items. Where times or numbers of events are limited, a state keeps the arrivals that may
// still go on in a queue from which each leaves once; of those, and of the threads that meet in one state, the best
// goes on.

namespace klantreis::detail {

/// Which of the matches that end first is meant.
enum class thread_order : std::uint8_t { earliest, latest };

/// What a thread carries: when the limited group around its state began, and where its parts were found.
///
///     clock   larger is better: it leaves more of the limit. Outside groups 0, before the first event of one `pending`
///     slots   of part k: [2k] its last item, [2k + 1] its first one; `unset` before
class thread_data {
 public:
  static constexpr std::int64_t pending = (std::numeric_limits<std::int64_t>::max)();
  static constexpr std::int64_t unset = -1;
};

/// The items of one journey as an automaton sees them.
///
/// `Source` has `size()`, `time(i)` in ticks, which never fall, `holds(predicate, i)` and `ends_as(kind)`.
template <typename Source>
class automaton_run {
 public:
  using cells = std::vector<std::int64_t>;

  automaton_run(const pattern_automaton& automaton, std::size_t parts, thread_order order)
      : automaton_(&automaton),
        width_(1 + 2 * parts),
        order_(order),
        data_{cells(automaton.states.size() * width_), cells(automaton.states.size() * width_)},
        seen_(automaton.states.size(), 0),
        queues_(automaton.gaps.size()),
        scratch_(width_) {
    for (std::uint32_t s = 0; s < automaton.states.size(); ++s) {
      if (automaton.states[s].what == pattern_state::kind::gap) {
        gap_states_.push_back(s);
      }
    }
  }

  /// Starts before item `boundary`; without `search` a match must begin there, else it may begin at any later item.
  void begin(const Source& source, std::size_t boundary, bool search) {
    source_ = &source;
    boundary_ = boundary;
    search_ = search;
    is_first_ = true;
    accepted_ = false;
    now_.clear();
    for (auto& queue : queues_) {
      queue.waiting.clear();
      queue.ready.clear();
    }
    ++stamp_;
  }

  /// Takes one item; true when a match ends with it.
  [[nodiscard]] bool step() {
    // Matches begin here.
    if (search_ || is_first_) {
      is_first_ = false;
      accepts_ = false;
      scratch_.assign(width_, thread_data::unset);
      scratch_[0] = 0;
      enter(automaton_->start, scratch_.data(), now_, data_[0]);
    }
    for (const std::uint32_t gap : gap_states_) {
      pass_gap(gap);
    }
    leave_gaps();
    std::swap(now_, next_);
    std::swap(data_[0], data_[1]);
    now_.clear();
    accepted_ = false;
    accepts_ = true;
    const std::size_t item = boundary_++;
    ++stamp_;
    for (const std::uint32_t at : next_) {
      const pattern_state& state = automaton_->states[at];
      ++work_;
      if (state.index != pattern_state::none && !source_->holds(state.index, item)) {
        continue;
      }
      std::copy_n(data_[1].data() + at * width_, width_, scratch_.data());
      if (state.most_ticks != no_bound) {
        const std::int64_t time = source_->time(item);
        if (scratch_[0] == thread_data::pending) {
          scratch_[0] = time;
        } else if (distance(time, scratch_[0]) > state.most_ticks) {
          continue;
        }
      }
      if (width_ > 1 && state.part != pattern_state::none) {
        std::int64_t* const slot = scratch_.data() + 1 + 2 * static_cast<std::size_t>(state.part);
        slot[0] = static_cast<std::int64_t>(item);
        slot[1] = slot[1] == thread_data::unset ? slot[0] : slot[1];
      }
      enter(state.next, scratch_.data(), now_, data_[0]);
    }
    if (boundary_ == source_->size()) {
      for (const std::uint32_t gap : gap_states_) {
        pass_to_end(gap);
      }
    }
    return accepted_;
  }

  /// Where the parts of the match were found that ended with the last item; see `thread_data`.
  [[nodiscard]] std::span<const std::int64_t> slots() const {
    return std::span<const std::int64_t>{accepted_data_}.subspan(1);
  }

  /// False when no match can end later.
  [[nodiscard]] bool is_alive() const {
    if (search_ || !now_.empty()) {
      return true;
    }
    for (const auto& queue : queues_) {
      if (!queue.waiting.empty() || !queue.ready.empty()) {
        return true;
      }
    }
    return false;
  }

  /// States visited, threads moved and arrivals taken so far.
  [[nodiscard]] std::uint64_t work() const noexcept { return work_; }

 private:
  struct arrival {
    std::size_t boundary = 0;
    std::int64_t time = 0;
    cells data;
  };
  struct gap_queue {
    std::deque<arrival> waiting;  ///< not yet far enough
    std::deque<arrival> ready;    ///< the best first, and after each the best of the later ones
  };

  [[nodiscard]] static std::uint64_t distance(std::int64_t later, std::int64_t earlier) noexcept {
    return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
  }

  [[nodiscard]] bool is_better(const std::int64_t* a, const std::int64_t* b) const noexcept {
    if (a[0] != b[0]) {
      return a[0] > b[0];
    }
    for (std::size_t k = 1; k < width_; k += 2) {
      if (a[k] != b[k]) {
        if (a[k] == thread_data::unset || b[k] == thread_data::unset) {
          return b[k] == thread_data::unset;
        }
        return order_ == thread_order::earliest ? a[k] < b[k] : a[k] > b[k];
      }
    }
    return false;
  }

  /// Follows all ways that take no event from `from`, and keeps in each state the best thread.
  void enter(std::uint32_t from, const std::int64_t* data, std::vector<std::uint32_t>& active, cells& kept) {
    waiting_.clear();
    waiting_.push_back({from, data[0]});
    while (!waiting_.empty()) {
      const auto [at, clock] = waiting_.back();
      waiting_.pop_back();
      ++work_;
      const pattern_state& state = automaton_->states[at];
      thread_.assign(data, data + width_);
      thread_[0] = clock;
      if (state.what == pattern_state::kind::gap) {
        arrive(state, thread_);
        continue;
      }
      if (state.what == pattern_state::kind::accept) {
        if (accepts_ && (!accepted_ || is_better(thread_.data(), accepted_data_.data()))) {
          accepted_ = true;
          accepted_data_ = thread_;
        }
        continue;
      }
      std::int64_t* const mine = kept.data() + at * width_;
      const bool is_new = seen_[at] != stamp_;
      if (!is_new && !is_better(thread_.data(), mine)) {
        continue;
      }
      seen_[at] = stamp_;
      std::copy_n(thread_.data(), width_, mine);
      switch (state.what) {
        case pattern_state::kind::event:
          if (is_new) {
            active.push_back(at);
          }
          break;
        case pattern_state::kind::split:
          waiting_.push_back({state.other, clock});
          waiting_.push_back({state.next, clock});
          break;
        case pattern_state::kind::start:
          if (boundary_ == 0 && source_->ends_as(state.end)) {
            waiting_.push_back({state.next, clock});
          }
          break;
        case pattern_state::kind::end:
          if (boundary_ == source_->size() && source_->ends_as(state.end)) {
            waiting_.push_back({state.next, clock});
          }
          break;
        case pattern_state::kind::enter:
          waiting_.push_back({state.next, thread_data::pending});
          break;
        case pattern_state::kind::leave:
          waiting_.push_back({state.next, 0});
          break;
        case pattern_state::kind::gap:
        case pattern_state::kind::accept:
          break;
      }
    }
  }

  void arrive(const pattern_state& state, const cells& data) {
    auto& waiting = queues_[state.index].waiting;
    if (!waiting.empty() && waiting.back().boundary == boundary_) {
      if (is_better(data.data(), waiting.back().data.data())) {
        waiting.back().data = data;
      }
      return;
    }
    waiting.push_back({boundary_, source_->time(boundary_ == 0 ? 0 : boundary_ - 1), data});
  }

  /// Puts the arrivals in order that may go on after `between` events at `time`; the best one, or nullptr.
  [[nodiscard]] const arrival* best_arrival(const pattern_gap& gap, gap_queue& queue, std::int64_t time) {
    const auto too_near = [&](const arrival& one) {
      return boundary_ - one.boundary < gap.limits.least_between || distance(time, one.time) < gap.limits.least_ticks;
    };
    while (!queue.waiting.empty() && !too_near(queue.waiting.front())) {
      while (!queue.ready.empty() && !is_better(queue.ready.back().data.data(), queue.waiting.front().data.data())) {
        queue.ready.pop_back();
        ++work_;
      }
      queue.ready.push_back(std::move(queue.waiting.front()));
      queue.waiting.pop_front();
      ++work_;
    }
    while (!queue.ready.empty() && (boundary_ - queue.ready.front().boundary > gap.limits.most_between ||
                                    distance(time, queue.ready.front().time) > gap.limits.most_ticks)) {
      queue.ready.pop_front();
      ++work_;
    }
    return queue.ready.empty() ? nullptr : &queue.ready.front();
  }

  void pass_gap(std::uint32_t at) {
    const pattern_state& state = automaton_->states[at];
    const pattern_gap& gap = automaton_->gaps[state.index];
    gap_queue& queue = queues_[state.index];
    if (gap.to_end || (queue.waiting.empty() && queue.ready.empty())) {
      return;
    }
    if (const arrival* best = best_arrival(gap, queue, source_->time(boundary_))) {
      scratch_ = best->data;
      begin_group(*best);
      accepts_ = false;
      enter(state.next, scratch_.data(), now_, data_[0]);
    }
  }

  void pass_to_end(std::uint32_t at) {
    const pattern_state& state = automaton_->states[at];
    const pattern_gap& gap = automaton_->gaps[state.index];
    if (!gap.to_end) {
      return;
    }
    const std::int64_t time = source_->time(boundary_ - 1);
    if (const arrival* best = best_arrival(gap, queues_[state.index], time)) {
      scratch_ = best->data;
      begin_group(*best);
      if (state.most_ticks != no_bound && scratch_[0] != thread_data::pending &&
          distance(time, scratch_[0]) > state.most_ticks) {
        return;
      }
      enter(state.next, scratch_.data(), now_, data_[0]);
    }
  }

  /// A group that began with the journey has its first event among those that were waited for.
  void begin_group(const arrival& from) {
    if (scratch_[0] == thread_data::pending && boundary_ > from.boundary) {
      scratch_[0] = source_->time(from.boundary);
    }
  }

  /// Where the item that comes may not stand between, nobody goes on waiting.
  void leave_gaps() {
    for (const std::uint32_t at : gap_states_) {
      const std::uint32_t index = automaton_->states[at].index;
      const std::uint32_t allowed = automaton_->gaps[index].allowed;
      gap_queue& queue = queues_[index];
      const bool is_empty = queue.waiting.empty() && queue.ready.empty();
      if (!is_empty && allowed != pattern_state::none && !source_->holds(allowed, boundary_)) {
        queue.waiting.clear();
        queue.ready.clear();
      }
    }
  }

  const pattern_automaton* automaton_;
  const Source* source_ = nullptr;
  std::size_t width_;
  thread_order order_;
  std::size_t boundary_ = 0;
  bool search_ = false;
  bool is_first_ = false;
  bool accepts_ = false;
  bool accepted_ = false;
  cells accepted_data_ = {};
  std::vector<std::uint32_t> now_ = {};
  std::vector<std::uint32_t> next_ = {};
  cells data_[2];
  std::vector<std::uint64_t> seen_;
  std::uint64_t stamp_ = 0;
  std::vector<gap_queue> queues_;
  std::vector<std::uint32_t> gap_states_ = {};
  std::vector<std::pair<std::uint32_t, std::int64_t>> waiting_ = {};
  cells thread_ = {};
  cells scratch_;
  std::uint64_t work_ = 0;
};

}  // namespace klantreis::detail
