// SPDX-License-Identifier: MIT
#include "klantreis/engine.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace klantreis;

TEST_CASE("every worker runs once", "[engine]") {
  for (const unsigned workers : {1U, 2U, 7U}) {
    std::vector<std::atomic<int>> runs(workers);
    run_parallel(workers, [&](unsigned worker) { ++runs[worker]; });
    for (const auto& count : runs) {
      CHECK(count == 1);
    }
  }
  CHECK(worker_count(3) == 3);
  CHECK(worker_count(0) >= 1);
}

TEST_CASE("what a worker throws reaches the caller after all have ended", "[engine]") {
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  CHECK_THROWS_AS(run_parallel(5,
                               [&](unsigned worker) {
                                 if (worker == 3) {
                                   // Who has not begun by then need not begin at all.
                                   while (begun < 4) {
                                     std::this_thread::yield();
                                   }
                                   throw std::runtime_error("worker 3");
                                 }
                                 ++begun;
                                 ++ended;
                               }),
                  std::runtime_error);
  CHECK(ended == 4);
}

TEST_CASE("slices cover a range without gap or overlap, and differ by at most one", "[engine]") {
  for (const std::size_t size : {0U, 1U, 6U, 7U, 100U}) {
    for (const unsigned parts : {1U, 2U, 7U}) {
      std::size_t next = 0;
      for (unsigned part = 0; part < parts; ++part) {
        const auto piece = slice(size, part, parts);
        CHECK(piece.begin == next);
        CHECK(piece.end - piece.begin >= size / parts);
        CHECK(piece.end - piece.begin <= size / parts + 1);
        next = piece.end;
      }
      CHECK(next == size);
    }
  }
}

TEST_CASE("partial counts merge in the order of their slices", "[engine]") {
  struct list {
    std::vector<std::size_t> seen;
    list& operator+=(const list& other) {
      seen.insert(seen.end(), other.seen.begin(), other.seen.end());
      return *this;
    }
  };
  std::vector<std::size_t> expected(1000);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  for (const unsigned workers : {1U, 2U, 7U}) {
    const auto all = count_in_slices(expected.size(), workers, 10, [](index_range range) {
      list part;
      for (std::size_t i = range.begin; i < range.end; ++i) {
        part.seen.push_back(i);
      }
      return part;
    });
    CHECK(all.seen == expected);
  }
}

namespace {

/// Work without an end, in `workers` threads.
void go_on_forever(unsigned workers) {
  run_parallel(workers, [](unsigned) {
    for (;;) {
      check_stop();
      std::this_thread::yield();
    }
  });
}

}  // namespace

TEST_CASE("a stop from another thread ends every worker", "[engine]") {
  for (const unsigned workers : {1U, 2U, 5U}) {
    std::stop_source stop;
    const work_scope scope{stop.get_token()};
    const std::jthread other{[&stop] {
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      stop.request_stop();
    }};
    CHECK_THROWS_AS(go_on_forever(workers), work_stopped);
  }
}

TEST_CASE("work goes on after a scope that was stopped has gone", "[engine]") {
  {
    std::stop_source stop;
    stop.request_stop();
    const work_scope scope{stop.get_token()};
    CHECK_THROWS_AS(run_parallel(2, [](unsigned) {}), work_stopped);
    CHECK_THROWS_AS(run_parallel(1, [](unsigned) {}), work_stopped);
    {
      const work_scope inner{std::stop_token{}};
      CHECK_NOTHROW(run_parallel(2, [](unsigned) {}));
    }
    CHECK_THROWS_AS(check_stop(), work_stopped);
  }
  CHECK_NOTHROW(run_parallel(2, [](unsigned) { check_stop(); }));
}

TEST_CASE("when one worker fails the others end at their next check, and its error comes out", "[engine]") {
  for (const unsigned failing : {0U, 3U}) {
    CHECK_THROWS_WITH(run_parallel(4,
                                   [failing](unsigned worker) {
                                     if (worker == failing) {
                                       throw std::runtime_error("the worker's own error");
                                     }
                                     for (;;) {
                                       check_stop();
                                       std::this_thread::yield();
                                     }
                                   }),
                      "the worker's own error");
  }
}

TEST_CASE("progress is told on the caller's thread, rises, and ends the work by throwing", "[engine]") {
  struct enough : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  const auto caller = std::this_thread::get_id();
  std::vector<std::uint64_t> seen;
  const work_scope scope{{}, [&](const progress& now) {
                           CHECK(std::this_thread::get_id() == caller);
                           CHECK(now.stage == "counting");
                           CHECK(now.total == 1'000'000'000);
                           seen.push_back(now.done);
                           if (seen.size() == 3) {
                             throw enough("seen enough");
                           }
                         }};
  const auto count = [](index_range range) {
    std::size_t part = 0;
    for (const std::size_t i : each(range)) {
      part += i % 3;
      if (i % 256 == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds{200});
      }
    }
    return part;
  };
  CHECK_THROWS_AS(count_in_slices(1'000'000'000, 3, 1, count), enough);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] < seen[1]);
  CHECK(seen[1] < seen[2]);
}

TEST_CASE("the caller hears the call to stop while only other workers are busy", "[engine]") {
  std::stop_source stop;
  std::size_t polls = 0;
  const work_scope scope{stop.get_token(), [&](const progress&) {
                           ++polls;
                           stop.request_stop();
                         }};
  CHECK_THROWS_AS(run_parallel(2,
                               [](unsigned worker) {
                                 while (worker == 1) {
                                   check_stop();
                                   std::this_thread::sleep_for(std::chrono::milliseconds{1});
                                 }
                               }),
                  work_stopped);
  CHECK(polls >= 1);
}

TEST_CASE("a long stage counts whole analyses, not what is inside them", "[engine]") {
  std::vector<progress> seen;
  std::vector<std::string> stages;
  const work_scope scope{{}, [&](const progress& now) {
                           seen.push_back(now);
                           stages.emplace_back(now.stage);
                         }};
  {
    const long_stage stage{"bootstrap", 4};
    run_parallel(2, [&](unsigned) {
      for (int replicate = 0; replicate < 2; ++replicate) {
        begin_stage("counting", 1000);
        for ([[maybe_unused]] const std::size_t i : each({0, 1000})) {
          std::this_thread::sleep_for(std::chrono::microseconds{60});
        }
        stage.advance();
      }
    });
  }
  REQUIRE(!seen.empty());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    CHECK(stages[i] == "bootstrap");
    CHECK(seen[i].total == 4);
    CHECK(seen[i].done <= 4);
  }
}

TEST_CASE("each gives every index once, also of an empty range", "[engine]") {
  for (const index_range range : {index_range{0, 0}, index_range{3, 3}, index_range{5, 2}, index_range{250, 1030}}) {
    std::vector<std::size_t> seen;
    for (const std::size_t i : each(range)) {
      seen.push_back(i);
    }
    std::vector<std::size_t> expected;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      expected.push_back(i);
    }
    CHECK(seen == expected);
  }
}
