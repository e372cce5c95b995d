// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/log/bulk_vector.hpp"
#include "klantreis/engine.hpp"

namespace klantreis::detail {

/// Rows grouped by customer and sorted by (time, order, row) inside each.
struct grouped_rows {
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::uint64_t> keys;
  bulk_vector<std::int64_t> times;
  std::vector<std::uint32_t> touchpoints;
  bulk_vector<std::uint32_t> rows;  ///< the input row of each event; left empty when it is the event's own index
  std::uint64_t ties = 0;
};

struct event_record {
  std::uint64_t key;
  std::int64_t time;
  std::uint32_t touchpoint;
  std::uint32_t row;
};

[[nodiscard]] inline std::uint64_t mix_key(std::uint64_t key) noexcept {
  key *= 0x9E3779B97F4A7C15ULL;
  key ^= key >> 32U;
  key *= 0xD6E8FEB86659FD93ULL;
  return key ^ (key >> 32U);
}

[[nodiscard]] inline bool rows_are_grouped(std::span<const std::uint64_t> keys, std::span<const std::int64_t> times,
                                           std::span<const std::int64_t> orders, unsigned workers) {
  std::atomic<bool> grouped{true};
  run_parallel(workers, [&](unsigned worker) {
    const auto part = slice(keys.size(), worker, workers);
    constexpr std::size_t block = 4096;
    for (std::size_t begin = std::max<std::size_t>(part.begin, 1); begin < part.end; begin += block) {
      if (!grouped.load(std::memory_order_relaxed)) {
        return;
      }
      const std::size_t end = (std::min)(part.end, begin + block);
      bool bad = false;
      for (std::size_t i = begin; i < end; ++i) {
        const bool same = keys[i] == keys[i - 1];
        bad |= keys[i] < keys[i - 1] || (same && times[i] < times[i - 1]) ||
               (same && times[i] == times[i - 1] && !orders.empty() && orders[i] < orders[i - 1]);
      }
      if (bad) {
        grouped.store(false, std::memory_order_relaxed);
      }
    }
  });
  return grouped.load();
}

/// Numbers the keys of one partition 0, 1, 2 … by a small open-addressing table.
class local_ids {
 public:
  void number(const event_record* records, std::size_t count) {
    ids_.resize(count);
    sizes_.clear();
    keys_.clear();
    resize(std::max<std::size_t>(64, slots_.size()));
    for (std::size_t i = 0; i < count; ++i) {
      ids_[i] = id_of(records[i].key);
      ++sizes_[ids_[i]];
    }
  }
  [[nodiscard]] std::size_t distinct() const noexcept { return keys_.size(); }
  [[nodiscard]] std::uint32_t id(std::size_t record) const noexcept { return ids_[record]; }
  [[nodiscard]] std::uint64_t key(std::size_t id) const noexcept { return keys_[id]; }
  [[nodiscard]] std::uint32_t size(std::size_t id) const noexcept { return sizes_[id]; }

 private:
  struct slot {
    std::uint64_t key = 0;
    std::uint32_t id = 0;  ///< id + 1; 0 is empty
  };

  void resize(std::size_t slots) {
    slots_.assign(slots, slot{});
    for (std::uint32_t id = 0; id < keys_.size(); ++id) {
      *find(keys_[id]) = {keys_[id], id + 1};
    }
  }
  slot* find(std::uint64_t key) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (mix_key(key) >> 8U) & mask;
    while (slots_[at].id != 0 && slots_[at].key != key) {
      at = (at + 1) & mask;
    }
    return &slots_[at];
  }
  std::uint32_t id_of(std::uint64_t key) {
    slot* found = find(key);
    if (found->id == 0) {
      if (2 * (keys_.size() + 1) > slots_.size()) {
        resize(slots_.size() * 2);
        found = find(key);
      }
      keys_.push_back(key);
      sizes_.push_back(0);
      *found = {key, static_cast<std::uint32_t>(keys_.size())};
    }
    return found->id - 1;
  }

  std::vector<slot> slots_;
  std::vector<std::uint32_t> ids_;
  std::vector<std::uint32_t> sizes_;
  std::vector<std::uint64_t> keys_;
};

/// Sorts records that came in the order of their rows by (time, order); equal ones keep the order of their rows.
inline void sort_events(event_record* begin, event_record* end, std::span<const std::int64_t> orders) {
  const auto before = [&orders](const event_record& a, const event_record& b) {
    if (a.time != b.time || orders.empty()) {
      return a.time < b.time;
    }
    return orders[a.row] < orders[b.row];
  };
  if (end - begin > 48) {
    if (!std::is_sorted(begin, end, before)) {
      std::stable_sort(begin, end, before);
    }
    return;
  }
  for (auto* i = begin + 1; i < end; ++i) {
    const event_record moved = *i;
    auto* at = i;
    while (at > begin && before(moved, at[-1])) {
      *at = at[-1];
      --at;
    }
    *at = moved;
  }
}

inline std::uint64_t count_ties(const std::uint64_t* offsets, std::size_t customers, const std::int64_t* times,
                                std::span<const std::int64_t> orders) {
  std::uint64_t ties = 0;
  for (std::size_t c = 0; c < customers; ++c) {
    for (std::uint64_t i = offsets[c] + 1; i < offsets[c + 1]; ++i) {
      ties += (times[i] == times[i - 1] && (orders.empty() || orders[i] == orders[i - 1])) ? 1U : 0U;
    }
  }
  return ties;
}

/// Groups rows by customer key and sorts each customer's by (time, order, row).
///
/// Input that is in this order already is moved through. Otherwise records are scattered to partitions of about 32,000
/// by a hash of the key, so that the second half works inside the cache; partitions keep the order of the rows, so
/// input in the order of time needs no sorting at all. The result does not depend on the number of workers.
[[nodiscard]] inline grouped_rows group_rows(bulk_vector<std::uint64_t>&& keys, bulk_vector<std::int64_t>&& times,
                                             std::vector<std::uint32_t>&& touchpoints,
                                             std::span<const std::int64_t> orders, unsigned workers) {
  grouped_rows result;
  const std::size_t size = keys.size();
  if (size == 0) {
    return result;
  }
  workers = static_cast<unsigned>(std::clamp<std::size_t>(size / 65'536, 1, workers));
  if (rows_are_grouped(keys, times, orders, workers)) {
    for (std::size_t i = 1; i <= size; ++i) {
      if (i == size || keys[i] != keys[i - 1]) {
        result.offsets.push_back(i);
        result.keys.push_back(keys[i - 1]);
      }
    }
    result.times = std::move(times);
    result.touchpoints = std::move(touchpoints);
    result.ties = count_ties(result.offsets.data(), result.keys.size(), result.times.data(), orders);
    return result;
  }

  unsigned bits = 0;
  while ((size >> bits) > 32'768) {
    ++bits;
  }
  const std::size_t partitions = std::size_t{1} << bits;
  const auto partition_of = [bits](std::uint64_t key) {
    return bits == 0 ? std::size_t{0} : static_cast<std::size_t>(mix_key(key) >> (64U - bits));
  };
  std::vector<std::vector<std::size_t>> starts(workers, std::vector<std::size_t>(partitions));
  run_parallel(workers, [&](unsigned worker) {
    const auto part = slice(size, worker, workers);
    auto& counts = starts[worker];
    for (std::size_t i = part.begin; i < part.end; ++i) {
      ++counts[partition_of(keys[i])];
    }
  });
  std::vector<std::size_t> partition_begin(partitions + 1);
  std::size_t total = 0;
  for (std::size_t p = 0; p < partitions; ++p) {
    partition_begin[p] = total;
    for (unsigned worker = 0; worker < workers; ++worker) {
      total += std::exchange(starts[worker][p], total);
    }
  }
  partition_begin[partitions] = total;

  bulk_vector<event_record> records(size);
  run_parallel(workers, [&](unsigned worker) {
    const auto part = slice(size, worker, workers);
    auto& next = starts[worker];
    for (std::size_t i = part.begin; i < part.end; ++i) {
      records[next[partition_of(keys[i])]++] = {keys[i], times[i], touchpoints[i], static_cast<std::uint32_t>(i)};
    }
  });
  keys = {};
  result.times = std::move(times);
  result.touchpoints = std::move(touchpoints);
  result.rows.resize(size);

  std::vector<std::vector<std::uint64_t>> partition_keys(partitions);
  std::vector<std::vector<std::uint32_t>> partition_sizes(partitions);
  std::vector<std::uint64_t> ties(workers);
  std::atomic<std::size_t> next_partition{0};
  run_parallel(workers, [&](unsigned worker) {
    local_ids ids;
    std::vector<event_record> sorted;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> by_key;
    std::vector<std::size_t> cursor;
    for (std::size_t p = next_partition++; p < partitions; p = next_partition++) {
      const std::size_t begin = partition_begin[p];
      const std::size_t count = partition_begin[p + 1] - begin;
      if (count == 0) {
        continue;
      }
      const event_record* const input = records.data() + begin;
      ids.number(input, count);
      // The order of the keys, not of their first rows, so that the result does not depend on the order of the input.
      by_key.clear();
      for (std::uint32_t id = 0; id < ids.distinct(); ++id) {
        by_key.emplace_back(ids.key(id), id);
      }
      std::sort(by_key.begin(), by_key.end());
      cursor.resize(ids.distinct());
      std::size_t at = 0;
      for (const auto& [key, id] : by_key) {
        cursor[id] = at;
        at += ids.size(id);
        partition_keys[p].push_back(key);
        partition_sizes[p].push_back(ids.size(id));
      }
      sorted.resize(count);
      for (std::size_t i = 0; i < count; ++i) {
        sorted[cursor[ids.id(i)]++] = input[i];
      }
      at = 0;
      for (const auto length : partition_sizes[p]) {
        sort_events(sorted.data() + at, sorted.data() + at + length, orders);
        for (std::size_t i = at + 1; i < at + length; ++i) {
          ties[worker] += (sorted[i].time == sorted[i - 1].time &&
                           (orders.empty() || orders[sorted[i].row] == orders[sorted[i - 1].row]))
                              ? 1U
                              : 0U;
        }
        at += length;
      }
      for (std::size_t i = 0; i < count; ++i) {
        result.times[begin + i] = sorted[i].time;
        result.touchpoints[begin + i] = sorted[i].touchpoint;
        result.rows[begin + i] = sorted[i].row;
      }
    }
  });
  std::size_t customers = 0;
  for (const auto& part : partition_keys) {
    customers += part.size();
  }
  result.keys.reserve(customers);
  result.offsets.reserve(customers + 1);
  for (std::size_t p = 0; p < partitions; ++p) {
    result.keys.insert(result.keys.end(), partition_keys[p].begin(), partition_keys[p].end());
    for (const auto length : partition_sizes[p]) {
      result.offsets.push_back(result.offsets.back() + length);
    }
  }
  for (const auto count : ties) {
    result.ties += count;
  }
  return result;
}

}  // namespace klantreis::detail
