// SPDX-License-Identifier: MIT
#include "klantreis/engine.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <numeric>
#include <stdexcept>
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
  std::atomic<int> ended{0};
  CHECK_THROWS_AS(run_parallel(5,
                               [&](unsigned worker) {
                                 if (worker == 3) {
                                   throw std::runtime_error("worker 3");
                                 }
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
