// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#endif

namespace klantreis::detail {

/// Writes rows of some columns to many places in turn, whole cache lines at once and past the cache: a line that is
/// written in parts is read from memory before, and pushes others out.
template <std::size_t Columns>
class partition_writer {
 public:
  using row = std::array<std::uint64_t, Columns>;

  /// The rows of partition p go to `begins[p]` and after of each column; columns are aligned to cache lines.
  partition_writer(const std::array<std::uint64_t*, Columns>& to, std::vector<std::uint32_t>&& begins)
      : to_(to), next_(begins), begins_(std::move(begins)), groups_(begins_.size()) {}

  void put(std::size_t partition, const row& values) noexcept {
    const std::uint32_t at = next_[partition]++;
    const std::uint32_t inside = at % size;
    group& own = groups_[partition];
    for (std::size_t c = 0; c < Columns; ++c) {
      own.lines[c][inside] = values[c];
    }
    if (inside == size - 1) {
      if (at - inside >= begins_[partition]) {
        stream(at - inside, own);
      } else {
        copy(own, begins_[partition], at + 1);
      }
    }
  }

  /// Writes what is left.
  void finish() noexcept {
    for (std::size_t p = 0; p < groups_.size(); ++p) {
      copy(groups_[p], (std::max)(begins_[p], next_[p] / size * size), next_[p]);
    }
#if defined(__SSE2__) || defined(_M_X64)
    _mm_sfence();
#endif
  }

 private:
  static constexpr std::uint32_t size = 8;
  using line = std::array<std::uint64_t, size>;
  struct alignas(sizeof(line)) group {
    std::array<line, Columns> lines;
  };

  void stream(std::size_t at, const group& from) const noexcept {
    for (std::size_t c = 0; c < Columns; ++c) {
#if defined(__SSE2__) || defined(_M_X64)
      const auto* const source = reinterpret_cast<const __m128i*>(from.lines[c].data());
      auto* const target = reinterpret_cast<__m128i*>(to_[c] + at);
      for (std::size_t i = 0; i < sizeof(line) / sizeof(__m128i); ++i) {
        _mm_stream_si128(target + i, _mm_load_si128(source + i));
      }
#else
      std::memcpy(to_[c] + at, from.lines[c].data(), sizeof(line));
#endif
    }
  }

  void copy(const group& from, std::uint32_t begin, std::uint32_t end) const noexcept {
    for (std::size_t c = 0; c < Columns; ++c) {
      for (std::uint32_t at = begin; at < end; ++at) {
        to_[c][at] = from.lines[c][at % size];
      }
    }
  }

  std::array<std::uint64_t*, Columns> to_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> begins_;
  std::vector<group> groups_;
};

}  // namespace klantreis::detail
