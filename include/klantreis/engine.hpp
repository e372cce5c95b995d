// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace klantreis {

/// The number of workers for `requested` threads; 0 means one for each core.
[[nodiscard]] inline unsigned worker_count(unsigned requested) noexcept {
  return requested != 0 ? requested : (std::max)(1U, std::thread::hardware_concurrency());
}

/// Runs `work(worker)` for workers 0 … `workers - 1` at the same time and waits for all of them.
///
/// The first exception that a worker throws is thrown again here. The caller's thread is worker 0.
template <typename Work>
void run_parallel(unsigned workers, Work&& work) {
  if (workers <= 1) {
    work(0U);
    return;
  }
  std::exception_ptr failure;
  std::mutex guard;
  const auto guarded = [&](unsigned worker) {
    try {
      work(worker);
    } catch (...) {
      const std::scoped_lock lock{guard};
      if (!failure) {
        failure = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    threads.reserve(workers - 1);
    for (unsigned worker = 1; worker < workers; ++worker) {
      threads.emplace_back([&guarded, worker] { guarded(worker); });
    }
    guarded(0U);
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

/// A part `[begin, end)` of a range.
struct index_range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

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
  run_parallel(useful, [&](unsigned worker) { parts[worker] = count(slice(size, worker, useful)); });
  for (unsigned worker = 1; worker < useful; ++worker) {
    parts[0] += parts[worker];
  }
  return std::move(parts[0]);
}

}  // namespace klantreis
