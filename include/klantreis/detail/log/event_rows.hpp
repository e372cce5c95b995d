// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/log/bulk_vector.hpp"
#include "klantreis/engine.hpp"

namespace klantreis::detail {

/// The customer keys and times of some rows, one after another in memory.
struct row_piece {
  const std::uint64_t* keys = nullptr;
  const std::int64_t* times = nullptr;
  std::size_t count = 0;
};

/// All rows, as they came in: in pieces that belong to others, or in one piece of their own.
class event_rows {
 public:
  event_rows() = default;
  explicit event_rows(std::vector<row_piece> pieces) : pieces_(std::move(pieces)) { count(); }
  event_rows(bulk_vector<std::uint64_t>&& keys, bulk_vector<std::int64_t>&& times)
      : keys_(std::move(keys)), times_(std::move(times)) {
    pieces_.push_back({keys_.data(), times_.data(), keys_.size()});
    count();
  }

  [[nodiscard]] std::size_t size() const noexcept { return begins_.empty() ? 0 : begins_.back(); }

  /// Calls `use(first, piece)` for the rows of `range`, a block at a time.
  template <typename Use>
  void for_blocks(index_range range, Use&& use) const {
    constexpr std::size_t block = 65'536;
    auto at = static_cast<std::size_t>(std::upper_bound(begins_.begin(), begins_.end(), range.begin) - begins_.begin());
    for (std::size_t row = range.begin; row < range.end;) {
      check_stop();
      while (begins_[at] <= row) {
        ++at;
      }
      const std::size_t inside = row - (begins_[at] - pieces_[at].count);
      const std::size_t size = (std::min)({block, range.end - row, pieces_[at].count - inside});
      use(row, row_piece{pieces_[at].keys + inside, pieces_[at].times + inside, size});
      row += size;
    }
  }

  [[nodiscard]] std::pair<std::uint64_t, std::int64_t> at(std::size_t row) const {
    std::pair<std::uint64_t, std::int64_t> found;
    for_blocks({row, row + 1}, [&](std::size_t, const row_piece& piece) { found = {*piece.keys, *piece.times}; });
    return found;
  }

  /// All times, one after another: where nobody else owns them, these rows' own.
  [[nodiscard]] bulk_vector<std::int64_t> take_times(unsigned workers) {
    if (!times_.empty()) {
      return std::move(times_);
    }
    bulk_vector<std::int64_t> times(size());
    run_parallel(workers, [&](unsigned worker) {
      for_blocks(slice(size(), worker, workers), [&](std::size_t first, const row_piece& piece) {
        std::copy_n(piece.times, piece.count, times.data() + first);
      });
    });
    return times;
  }

 private:
  void count() {
    std::size_t total = 0;
    for (const row_piece& piece : pieces_) {
      begins_.push_back(total += piece.count);
    }
  }

  std::vector<row_piece> pieces_;
  std::vector<std::size_t> begins_;  // of the next piece
  bulk_vector<std::uint64_t> keys_;
  bulk_vector<std::int64_t> times_;
};

/// The first and the last of some times.
struct time_bounds {
  std::int64_t first = (std::numeric_limits<std::int64_t>::max)();
  std::int64_t last = (std::numeric_limits<std::int64_t>::min)();

  void add(std::span<const std::int64_t> times) noexcept {
    for (const std::int64_t time : times) {
      first = (std::min)(first, time);
      last = (std::max)(last, time);
    }
  }
  void add(const time_bounds& other) noexcept {
    first = (std::min)(first, other.first);
    last = (std::max)(last, other.last);
  }
};

/// How an event is written on its way to its customer, in one column or more. The first one holds, in the end, the
/// times.
struct long_codec {
  static constexpr std::size_t columns = 2;
  struct event {
    std::int64_t time;
    std::uint32_t touchpoint;
    std::uint32_t row;
  };
  [[nodiscard]] std::array<std::uint64_t, columns> write(std::int64_t time, std::uint32_t touchpoint,
                                                         std::size_t row) const noexcept {
    return {static_cast<std::uint64_t>(time), std::uint64_t{touchpoint} << 32U | row};
  }
  [[nodiscard]] event read(const std::array<std::uint64_t, columns>& written) const noexcept {
    return {static_cast<std::int64_t>(written[0]), static_cast<std::uint32_t>(written[1] >> 32U),
            static_cast<std::uint32_t>(written[1])};
  }
  [[nodiscard]] std::int64_t time(const event& one) const noexcept { return one.time; }
  [[nodiscard]] std::uint32_t touchpoint(const event& one) const noexcept { return one.touchpoint; }
};

/// For events without other columns whose times and touchpoints fit one word.
struct short_codec {
  static constexpr std::size_t columns = 1;
  using event = std::uint64_t;
  std::int64_t base = 0;
  unsigned bits = 0;  ///< of the touchpoint

  /// Nothing when they do not fit.
  [[nodiscard]] static std::optional<short_codec> of(const time_bounds& times, std::size_t touchpoints) noexcept {
    const std::uint64_t span = static_cast<std::uint64_t>(times.last) - static_cast<std::uint64_t>(times.first);
    const auto bits = static_cast<unsigned>(std::bit_width(touchpoints == 0 ? touchpoints : touchpoints - 1));
    if (static_cast<unsigned>(std::bit_width(span)) + bits > 64) {
      return std::nullopt;
    }
    return short_codec{times.first, bits};
  }

  [[nodiscard]] std::array<std::uint64_t, columns> write(std::int64_t time, std::uint32_t touchpoint,
                                                         std::size_t) const noexcept {
    return {((static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(base)) << bits) | touchpoint};
  }
  [[nodiscard]] event read(const std::array<std::uint64_t, columns>& written) const noexcept { return written[0]; }
  [[nodiscard]] std::int64_t time(event one) const noexcept {
    return static_cast<std::int64_t>((one >> bits) + static_cast<std::uint64_t>(base));
  }
  [[nodiscard]] std::uint32_t touchpoint(event one) const noexcept {
    return static_cast<std::uint32_t>(one & ((std::uint64_t{1} << bits) - 1));
  }
};

}  // namespace klantreis::detail
