// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace klantreis {

/// The number of workers for `requested` threads; 0 means one for each core.
[[nodiscard]] inline unsigned worker_count(unsigned requested) noexcept {
  return requested != 0 ? requested : (std::max)(1U, std::thread::hardware_concurrency());
}

/// Thrown out of a call whose stop token asked it to end. Nothing of its result is left.
class work_stopped : public std::runtime_error {
 public:
  work_stopped() : std::runtime_error("the work was stopped") {}
};

/// How far a call has come.
struct progress {
  std::string_view stage;   ///< what it does now, in a word or two
  std::uint64_t done = 0;   ///< in units of the stage: rows, customers, replicates, …
  std::uint64_t total = 0;  ///< 0 where nobody knows yet
};

namespace detail {

/// What the threads of one piece of work share.
struct work_state {
  using clock = std::chrono::steady_clock;
  static constexpr auto interval = std::chrono::milliseconds{50};

  std::stop_token stop;
  std::function<void(const progress&)> report;
  std::atomic<const char*> stage{""};
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> total{0};
  clock::time_point next_report = clock::now() + interval;

  /// Only on the thread that made the scope.
  void poll() {
    if (const auto now = clock::now(); report && now >= next_report) {
      next_report = now + interval;
      report({stage.load(), done.load(), total.load()});
    }
  }
};

/// The work that this thread takes part in.
struct current_work {
  work_state* state = nullptr;
  const std::atomic<bool>* failed = nullptr;  ///< another worker of the same loop threw
  bool is_owner = false;
  bool is_part = false;  ///< a piece of a stage that counts in other units
};
inline thread_local constinit current_work this_work{};

}  // namespace detail

/// Makes the calls of this thread, and the threads they start, listen to a stop token and tell how far they are.
///
///     std::stop_source stop;                                   // stop.request_stop() from any thread
///     const work_scope scope{stop.get_token(), [](const progress& now) { show(now.stage, now.done, now.total); }};
///     const auto journeys = make_journeys(log);                // throws work_stopped within 0.2 s
///
/// `report` runs on this thread, at most every 50 ms; what it throws ends the work and comes out of the call. Scopes
/// nest: the innermost one counts.
class work_scope {
 public:
  explicit work_scope(std::stop_token stop, std::function<void(const progress&)> report = {})
      : outer_(detail::this_work) {
    state_.stop = std::move(stop);
    state_.report = std::move(report);
    detail::this_work = {&state_, nullptr, true, false};
  }
  ~work_scope() { detail::this_work = outer_; }
  work_scope(const work_scope&) = delete;
  work_scope& operator=(const work_scope&) = delete;

 private:
  detail::work_state state_;
  detail::current_work outer_;
};

/// Ends the work when it was asked to stop, and reports progress when it is time. Costs a few nanoseconds; long loops
/// call it at least every few milliseconds.
inline void check_stop() {
  const detail::current_work& work = detail::this_work;
  if (work.failed != nullptr && work.failed->load(std::memory_order_relaxed)) {
    throw work_stopped{};
  }
  if (work.state == nullptr) {
    return;
  }
  if (work.state->stop.stop_requested()) {
    throw work_stopped{};
  }
  if (work.is_owner) {
    work.state->poll();
  }
}

/// Begins a stage of `total` units (0: unknown), unless the call is a piece of a longer stage. `name` is a literal.
inline void begin_stage(const char* name, std::uint64_t total) noexcept {
  detail::work_state* const state = detail::this_work.state;
  if (state != nullptr && !detail::this_work.is_part) {
    state->done = 0;
    state->total = total;
    state->stage = name;
  }
}

/// Tells that `units` more of the stage are done, and checks for a stop.
inline void advance(std::uint64_t units) {
  detail::work_state* const state = detail::this_work.state;
  if (state != nullptr && !detail::this_work.is_part) {
    state->done.fetch_add(units, std::memory_order_relaxed);
  }
  check_stop();
}

/// A stage whose units are whole analyses, such as the replicates of a bootstrap: what those count inside is not shown.
class long_stage {
 public:
  long_stage(const char* name, std::uint64_t total) : was_part_(detail::this_work.is_part) {
    begin_stage(name, total);
    detail::this_work.is_part = true;
  }
  ~long_stage() { detail::this_work.is_part = was_part_; }
  long_stage(const long_stage&) = delete;
  long_stage& operator=(const long_stage&) = delete;

  /// From any of its threads.
  void advance() const {
    detail::work_state* const state = detail::this_work.state;
    if (state != nullptr && !was_part_) {
      state->done.fetch_add(1, std::memory_order_relaxed);
    }
    check_stop();
  }

 private:
  bool was_part_;
};

/// Runs `work(worker)` for workers 0 … `workers - 1` at the same time and waits for all of them.
///
/// The first exception that a worker throws is thrown again here; the others end at their next `check_stop()`. The
/// caller's thread is worker 0. All threads of the library start here.
template <typename Work>
void run_parallel(unsigned workers, Work&& work) {
  if (workers <= 1) {
    check_stop();
    work(0U);
    return;
  }
  std::exception_ptr failure;
  std::atomic<bool> failed{false};
  std::mutex guard;
  std::condition_variable ended;
  unsigned running = workers - 1;
  const detail::current_work outer = detail::this_work;
  const auto guarded = [&](auto&& step) {
    try {
      step();
    } catch (...) {
      const std::scoped_lock lock{guard};
      if (!failure) {
        failure = std::current_exception();
      }
      failed = true;
    }
  };
  {
    std::vector<std::jthread> threads;
    threads.reserve(workers - 1);
    const auto start = [&](unsigned worker) {
      threads.emplace_back([&, worker] {
        detail::this_work = {outer.state, &failed, false, outer.is_part};
        guarded([&] { work(worker); });
        const std::scoped_lock lock{guard};
        --running;
        ended.notify_one();
      });
    };
    guarded([&] {
      for (unsigned worker = 1; worker < workers; ++worker) {
        start(worker);
      }
      detail::this_work = {outer.state, &failed, outer.is_owner, outer.is_part};
      check_stop();
      work(0U);
    });
    // While the others go on, somebody must hear the call to stop.
    while (outer.is_owner && !failed) {
      {
        std::unique_lock lock{guard};
        if (ended.wait_for(lock, std::chrono::milliseconds{20}, [&] { return running == 0; })) {
          break;
        }
      }
      guarded([] { check_stop(); });
    }
  }
  detail::this_work = outer;
  if (failure) {
    std::rethrow_exception(failure);
  }
}

/// A part `[begin, end)` of a range.
struct index_range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The indices of a range, one by one; every 256th tells that it is done and checks for a stop.
///
///     for (const std::size_t customer : each(range)) { … }
[[nodiscard]] inline auto each(index_range range) noexcept {
  class iterator {
   public:
    explicit iterator(std::size_t at) noexcept : at_(at) {}
    std::size_t operator*() const noexcept { return at_; }
    iterator& operator++() {
      if ((++at_ & 255U) == 0) {
        advance(256);
      }
      return *this;
    }
    bool operator==(const iterator&) const = default;

   private:
    std::size_t at_;
  };
  struct indices {
    index_range range;
    [[nodiscard]] iterator begin() const noexcept { return iterator{range.begin}; }
    [[nodiscard]] iterator end() const noexcept { return iterator{(std::max)(range.begin, range.end)}; }
  };
  return indices{range};
}

/// The `part`-th of `parts` nearly equal pieces of `[0, size)`.
[[nodiscard]] constexpr index_range slice(std::size_t size, unsigned part, unsigned parts) noexcept {
  const std::size_t base = size / parts;
  const std::size_t rest = size % parts;
  const std::size_t begin = part * base + std::min<std::size_t>(part, rest);
  return {begin, begin + base + (part < rest ? 1U : 0U)};
}

/// Counts `[0, size)` in up to `workers` slices and merges the partial results in the order of the slices.
///
/// `count(index_range) -> Partial`; `Partial` has `operator+=`. The slices depend on `workers`, so a Partial
/// whose sum depends on grouping (floating point) may differ in the last bits between thread counts.
template <typename Count>
auto count_in_slices(std::size_t size, unsigned workers, std::size_t smallest, Count&& count) {
  const auto useful =
      static_cast<unsigned>(std::clamp<std::size_t>(size / std::max<std::size_t>(1, smallest), 1, workers));
  using partial = decltype(count(index_range{}));
  std::vector<partial> parts(useful);
  begin_stage("counting", size);
  run_parallel(useful, [&](unsigned worker) { parts[worker] = count(slice(size, worker, useful)); });
  for (unsigned worker = 1; worker < useful; ++worker) {
    parts[0] += parts[worker];
  }
  return std::move(parts[0]);
}

}  // namespace klantreis
