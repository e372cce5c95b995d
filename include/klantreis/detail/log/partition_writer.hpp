// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#if defined(__SSE2__) || defined(_M_X64)
#define KLANTREIS_STREAMS
#include <emmintrin.h>
#endif

namespace klantreis::detail {

/// Writes records to many places in turn, a whole number of cache lines at once and past the cache: a line that is
/// written in parts is read from memory before, and pushes others out.
template <typename Record>
class partition_writer {
 public:
  /// The records of partition p go to `to[begins[p]]` and after; `to` is aligned to a cache line.
  partition_writer(Record* to, std::vector<std::uint32_t>&& begins)
      : to_(to), next_(begins), begins_(std::move(begins)), groups_(begins_.size()) {}

  void put(std::size_t partition, const Record& record) noexcept {
    const std::uint32_t at = next_[partition]++;
    const std::uint32_t inside = at % size;
    groups_[partition].records[inside] = record;
    if (inside == size - 1) {
      const std::uint32_t first = at - inside;
      if (first >= begins_[partition]) {
        stream(to_ + first, groups_[partition]);
      } else {
        copy(partition, begins_[partition], at + 1);
      }
    }
  }

  /// Writes what is left.
  void finish() noexcept {
    for (std::size_t p = 0; p < groups_.size(); ++p) {
      copy(p, (std::max)(begins_[p], next_[p] / size * size), next_[p]);
    }
#ifdef KLANTREIS_STREAMS
    _mm_sfence();
#endif
  }

 private:
  static constexpr std::size_t cache_line = 64;
  static constexpr auto size = static_cast<std::uint32_t>(std::lcm(cache_line, sizeof(Record)) / sizeof(Record));
  struct alignas(cache_line) group {
    std::array<Record, size> records;
  };

  static void stream(Record* to, const group& from) noexcept {
#ifdef KLANTREIS_STREAMS
    const auto* const source = reinterpret_cast<const __m128i*>(from.records.data());
    auto* const target = reinterpret_cast<__m128i*>(to);
    for (std::size_t i = 0; i < sizeof(group) / sizeof(__m128i); ++i) {
      _mm_stream_si128(target + i, _mm_load_si128(source + i));
    }
#else
    std::memcpy(to, from.records.data(), sizeof(group));
#endif
  }

  void copy(std::size_t partition, std::uint32_t begin, std::uint32_t end) noexcept {
    for (std::uint32_t at = begin; at < end; ++at) {
      to_[at] = groups_[partition].records[at % size];
    }
  }

  Record* to_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> begins_;
  std::vector<group> groups_;
};

}  // namespace klantreis::detail
#undef KLANTREIS_STREAMS
