// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "klantreis/detail/log/event_rows.hpp"
#include "klantreis/detail/log/local_ids.hpp"
#include "klantreis/engine.hpp"

namespace klantreis::detail {

/// Rows grouped by customer and sorted by (time, order, row) inside each.
struct grouped_rows {
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::uint64_t> keys;
  bulk_vector<std::int64_t> times;
  std::vector<std::uint32_t> touchpoints;
  bulk_vector<std::uint32_t> rows;  ///< the input row of each event; empty when it is its own index or not asked for
  std::uint64_t ties = 0;
};

/// Puts the records of one partition in the order of their customers.
template <typename Record>
class partition_sorter {
 public:
  /// Writes the keys and the numbers of events of the customers; each customer's records keep their order.
  void group(std::span<const Record> input, std::vector<std::uint64_t>& keys, std::vector<std::uint32_t>& sizes) {
    ids_.number(input.data(), input.size());
    // The order of the keys, not of their first rows, so that the result does not depend on the order of the input.
    by_key_.clear();
    for (std::uint32_t id = 0; id < ids_.distinct(); ++id) {
      by_key_.emplace_back(ids_.key(id), id);
    }
    sort_by_key();
    cursor_.resize(ids_.distinct());
    keys.reserve(by_key_.size());
    sizes.reserve(by_key_.size());
    std::size_t at = 0;
    for (const auto& [key, id] : by_key_) {
      cursor_[id] = at;
      at += ids_.size(id);
      keys.push_back(key);
      sizes.push_back(ids_.size(id));
    }
    events_.resize(input.size());
    for (std::size_t i = 0; i < input.size(); ++i) {
      events_[cursor_[ids_.id(i)]++] = input[i];
    }
  }

  [[nodiscard]] std::span<Record> events() noexcept { return events_; }

 private:
  /// Most ids are spread evenly, and then each of as many equal intervals as there are ids holds about one of them.
  void sort_by_key() {
    const std::size_t count = by_key_.size();
    if (count < 64) {
      std::sort(by_key_.begin(), by_key_.end());
      return;
    }
    const auto [lowest, highest] = std::minmax_element(by_key_.begin(), by_key_.end());
    const std::uint64_t base = lowest->first;
    const auto width = [](std::uint64_t number) { return static_cast<unsigned>(std::bit_width(number)); };
    const unsigned range = width(highest->first - base);
    const unsigned shift = range - (std::min)(range, width(count));
    const auto interval_of = [base, shift](std::uint64_t key) {
      return static_cast<std::size_t>((key - base) >> shift);
    };
    begins_.assign(interval_of(highest->first) + 2, 0);
    for (const auto& one : by_key_) {
      ++begins_[interval_of(one.first) + 1];
    }
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    spread_.resize(count);
    for (const auto& one : by_key_) {
      spread_[begins_[interval_of(one.first)]++] = one;
    }
    std::size_t begin = 0;
    for (std::size_t interval = 0; begin < count; ++interval) {
      const auto end = begins_[interval];
      if (end - begin > 1) {
        std::sort(spread_.begin() + static_cast<std::ptrdiff_t>(begin),
                  spread_.begin() + static_cast<std::ptrdiff_t>(end));
      }
      begin = end;
    }
    by_key_.swap(spread_);
  }

  local_ids ids_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> by_key_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> spread_;
  std::vector<std::size_t> begins_;
  std::vector<std::size_t> cursor_;
  bulk_vector<Record> events_;
};

/// Groups rows by customer key and sorts each customer's by (time, order, row).
///
/// Input that is in this order already stays where it is. Otherwise records are scattered to partitions of about 32,000
/// by a hash of the key, so that the second half works inside the cache; partitions keep the order of the rows, so
/// input in the order of time needs no sorting at all. The result does not depend on the number of workers.
class row_grouper {
 public:
  /// `with_rows`: somebody will ask which row an event was.
  row_grouper(event_rows&& source, std::vector<std::uint32_t>&& touchpoints, std::span<const std::int64_t> orders,
              bool with_rows, unsigned workers)
      : source_(std::move(source)),
        touchpoints_(std::move(touchpoints)),
        orders_(orders),
        with_rows_(with_rows || !orders.empty()),
        workers_(static_cast<unsigned>(std::clamp<std::size_t>(source_.size() / 65'536, 1, workers))) {}

  [[nodiscard]] grouped_rows group() && {
    if (source_.size() == 0) {
      return std::move(result_);
    }
    if (is_grouped()) {
      mark_customers();
      result_.times = source_.take_times(workers_);
      result_.touchpoints = std::move(touchpoints_);
    } else if (const auto codec = with_rows_ ? std::nullopt : short_form()) {
      partition(*codec);
    } else {
      partition(event_codec{});
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] index_range part(unsigned worker) const { return slice(source_.size(), worker, workers_); }

  [[nodiscard]] bool is_grouped() const {
    std::atomic<bool> grouped{true};
    run_parallel(workers_, [&](unsigned worker) {
      const index_range rows = part(worker);
      auto [key, time] = source_.at(rows.begin == 0 ? 0 : rows.begin - 1);
      source_.for_blocks(rows, [&](std::size_t first, const row_piece& piece) {
        if (!grouped.load(std::memory_order_relaxed)) {
          return;
        }
        bool bad = false;
        for (std::size_t i = 0; i < piece.count; ++i) {
          const bool same = piece.keys[i] == key;
          bad |= piece.keys[i] < key || (same && piece.times[i] < time) ||
                 (same && piece.times[i] == time && !orders_.empty() && first + i != 0 &&
                  orders_[first + i] < orders_[first + i - 1]);
          key = piece.keys[i];
          time = piece.times[i];
        }
        if (bad) {
          grouped.store(false, std::memory_order_relaxed);
        }
      });
    });
    return grouped.load();
  }

  /// Finds where the customers of grouped input begin, and their ties.
  void mark_customers() {
    std::vector<std::vector<std::uint64_t>> begins(workers_);
    std::vector<std::vector<std::uint64_t>> keys(workers_);
    std::vector<std::uint64_t> ties(workers_);
    run_parallel(workers_, [&](unsigned worker) {
      const index_range rows = part(worker);
      auto [key, time] = source_.at(rows.begin == 0 ? 0 : rows.begin - 1);
      source_.for_blocks(rows, [&](std::size_t first, const row_piece& piece) {
        for (std::size_t i = 0; i < piece.count; ++i) {
          const std::size_t row = first + i;
          if (row == 0 || piece.keys[i] != key) {
            begins[worker].push_back(row);
            keys[worker].push_back(piece.keys[i]);
          } else if (piece.times[i] == time && (orders_.empty() || orders_[row] == orders_[row - 1])) {
            ++ties[worker];
          }
          key = piece.keys[i];
          time = piece.times[i];
        }
      });
    });
    std::size_t customers = 0;
    for (const auto& own : keys) {
      customers += own.size();
    }
    result_.offsets.clear();
    result_.offsets.reserve(customers + 1);
    result_.keys.reserve(customers);
    for (unsigned worker = 0; worker < workers_; ++worker) {
      result_.offsets.insert(result_.offsets.end(), begins[worker].begin(), begins[worker].end());
      result_.keys.insert(result_.keys.end(), keys[worker].begin(), keys[worker].end());
      result_.ties += ties[worker];
    }
    result_.offsets.push_back(source_.size());
  }

  /// How times and touchpoints fit one word; nothing when they do not.
  [[nodiscard]] std::optional<short_codec> short_form() const {
    struct limits {
      std::int64_t lowest = (std::numeric_limits<std::int64_t>::max)();
      std::int64_t highest = (std::numeric_limits<std::int64_t>::min)();
      std::uint32_t touchpoint = 0;
    };
    std::vector<limits> found(workers_);
    run_parallel(workers_, [&](unsigned worker) {
      limits own;
      source_.for_blocks(part(worker), [&](std::size_t first, const row_piece& piece) {
        for (std::size_t i = 0; i < piece.count; ++i) {
          own.lowest = (std::min)(own.lowest, piece.times[i]);
          own.highest = (std::max)(own.highest, piece.times[i]);
          own.touchpoint = (std::max)(own.touchpoint, touchpoints_[first + i]);
        }
      });
      found[worker] = own;
    });
    limits all = found[0];
    for (const limits& own : found) {
      all.lowest = (std::min)(all.lowest, own.lowest);
      all.highest = (std::max)(all.highest, own.highest);
      all.touchpoint = (std::max)(all.touchpoint, own.touchpoint);
    }
    const std::uint64_t span = static_cast<std::uint64_t>(all.highest) - static_cast<std::uint64_t>(all.lowest);
    const auto bits = static_cast<unsigned>(std::bit_width(all.touchpoint));
    if (static_cast<unsigned>(std::bit_width(span)) + bits > 64) {
      return std::nullopt;
    }
    return short_codec{all.lowest, bits};
  }

  template <typename Codec>
  void partition(const Codec& codec) {
    using record = typename Codec::record;
    const std::size_t size = source_.size();
    unsigned bits = 0;
    while ((size >> bits) > 32'768) {
      ++bits;
    }
    const std::size_t partitions = std::size_t{1} << bits;
    const auto partition_of = [bits](std::uint64_t key) {
      return bits == 0 ? std::size_t{0} : static_cast<std::size_t>(mix_key(key) >> (64U - bits));
    };
    std::vector<std::vector<std::size_t>> starts(workers_, std::vector<std::size_t>(partitions));
    run_parallel(workers_, [&](unsigned worker) {
      auto& counts = starts[worker];
      source_.for_blocks(part(worker), [&](std::size_t, const row_piece& piece) {
        for (std::size_t i = 0; i < piece.count; ++i) {
          ++counts[partition_of(piece.keys[i])];
        }
      });
    });
    std::vector<std::size_t> begins(partitions + 1);
    std::size_t total = 0;
    for (std::size_t p = 0; p < partitions; ++p) {
      begins[p] = total;
      for (unsigned worker = 0; worker < workers_; ++worker) {
        total += std::exchange(starts[worker][p], total);
      }
    }
    begins[partitions] = total;

    // In a few rounds, so that the records take a part of the memory of the input and not more than all of it.
    constexpr std::size_t small = std::size_t{32} << 20U;
    const std::size_t rounds =
        std::clamp<std::size_t>(size * sizeof(record) / small, 1, std::min<std::size_t>(partitions, 2));
    const auto round_begin = [&](std::size_t round) { return partitions * round / rounds; };
    std::size_t most = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
      most = (std::max)(most, begins[round_begin(round + 1)] - begins[round_begin(round)]);
    }
    constexpr std::size_t apart = 16;
    bulk_vector<record> records;
    records.reserve(most + apart * workers_);
    ask_for_large_pages(records.data(), records.capacity() * sizeof(record));
    records.resize(records.capacity());
    result_.times.resize(size);
    result_.touchpoints.resize(size);
    if (with_rows_) {
      result_.rows.resize(size);
    }

    std::vector<std::vector<std::uint64_t>> keys(partitions);
    std::vector<std::vector<std::uint32_t>> sizes(partitions);
    std::vector<std::uint64_t> ties(workers_);
    for (std::size_t round = 0; round < rounds; ++round) {
      const std::size_t first_partition = round_begin(round);
      const std::size_t last_partition = round_begin(round + 1);
      const std::size_t base = begins[first_partition];
      run_parallel(workers_, [&](unsigned worker) {
        // Rows of other rounds go to a place that nobody reads: which they are cannot be predicted.
        struct place {
          std::size_t next;
          std::size_t step;
        };
        std::vector<place> places(partitions, place{most + apart * worker, 0});
        for (std::size_t p = first_partition; p < last_partition; ++p) {
          places[p] = {starts[worker][p] - base, 1};
        }
        source_.for_blocks(part(worker), [&](std::size_t first, const row_piece& piece) {
          for (std::size_t i = 0; i < piece.count; ++i) {
            place& to = places[partition_of(piece.keys[i])];
            records[to.next] = codec.make(piece.keys[i], piece.times[i], touchpoints_[first + i], first + i);
            to.next += to.step;
          }
        });
      });
      std::atomic<std::size_t> next_partition{first_partition};
      run_parallel(workers_, [&](unsigned worker) {
        partition_sorter<record> sorter;
        for (std::size_t p = next_partition++; p < last_partition; p = next_partition++) {
          check_stop();
          sorter.group({records.data() + (begins[p] - base), begins[p + 1] - begins[p]}, keys[p], sizes[p]);
          std::size_t at = 0;
          for (const std::uint32_t length : sizes[p]) {
            ties[worker] += sort_customer(codec, sorter.events().subspan(at, length));
            at += length;
          }
          write(codec, std::span<const record>{sorter.events()}, begins[p]);
        }
      });
    }
    join(keys, sizes);
    for (const std::uint64_t count : ties) {
      result_.ties += count;
    }
  }

  /// Sorts one customer's records, which came in the order of their rows, by (time, order) and counts the ties.
  template <typename Codec, typename Record>
  [[nodiscard]] std::uint64_t sort_customer(const Codec& codec, std::span<Record> events) const {
    const auto order_of = [&](const Record& event) {
      if constexpr (std::is_same_v<Codec, event_codec>) {
        return orders_.empty() ? std::int64_t{0} : orders_[event.row];
      } else {
        return std::int64_t{0};
      }
    };
    const auto before = [&](const Record& a, const Record& b) {
      return codec.time(a) != codec.time(b) ? codec.time(a) < codec.time(b) : order_of(a) < order_of(b);
    };
    if (events.size() > 48) {
      if (!std::is_sorted(events.begin(), events.end(), before)) {
        check_stop();
        std::stable_sort(events.begin(), events.end(), before);
      }
    } else {
      for (std::size_t i = 1; i < events.size(); ++i) {
        const Record moved = events[i];
        std::size_t at = i;
        for (; at > 0 && before(moved, events[at - 1]); --at) {
          events[at] = events[at - 1];
        }
        events[at] = moved;
      }
    }
    std::uint64_t ties = 0;
    for (std::size_t i = 1; i < events.size(); ++i) {
      ties += codec.time(events[i]) == codec.time(events[i - 1]) && order_of(events[i]) == order_of(events[i - 1]);
    }
    return ties;
  }

  template <typename Codec, typename Record>
  void write(const Codec& codec, std::span<const Record> sorted, std::size_t begin) {
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      result_.times[begin + i] = codec.time(sorted[i]);
      result_.touchpoints[begin + i] = codec.touchpoint(sorted[i]);
      if constexpr (std::is_same_v<Codec, event_codec>) {
        if (with_rows_) {
          result_.rows[begin + i] = sorted[i].row;
        }
      }
    }
  }

  void join(const std::vector<std::vector<std::uint64_t>>& keys, const std::vector<std::vector<std::uint32_t>>& sizes) {
    std::size_t customers = 0;
    for (const auto& own : keys) {
      customers += own.size();
    }
    result_.keys.reserve(customers);
    result_.offsets.reserve(customers + 1);
    for (std::size_t p = 0; p < keys.size(); ++p) {
      result_.keys.insert(result_.keys.end(), keys[p].begin(), keys[p].end());
      for (const std::uint32_t length : sizes[p]) {
        result_.offsets.push_back(result_.offsets.back() + length);
      }
    }
  }

  event_rows source_;
  std::vector<std::uint32_t> touchpoints_;
  std::span<const std::int64_t> orders_;
  bool with_rows_;
  unsigned workers_;
  grouped_rows result_;
};

}  // namespace klantreis::detail
