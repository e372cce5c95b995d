// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "klantreis/detail/log/customer_slots.hpp"
#include "klantreis/detail/log/event_rows.hpp"
#include "klantreis/detail/log/partition_writer.hpp"
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

/// Groups rows by customer key and sorts each customer's by (time, order, row).
///
/// Input that is in this order already stays where it is. Otherwise records are scattered to partitions of about 32,000
/// by a hash of the key, so that the second half works inside the cache; partitions keep the order of the rows, so
/// input in the order of time needs no sorting at all. The result does not depend on the number of workers.
class row_grouper {
 public:
  /// `times` bounds those of `source`, `names` the touchpoints. `with_rows`: somebody will ask which row an event was.
  row_grouper(event_rows&& source, std::vector<std::uint32_t>&& touchpoints, const time_bounds& times,
              std::size_t names, std::span<const std::int64_t> orders, bool with_rows, unsigned workers)
      : source_(std::move(source)),
        touchpoints_(std::move(touchpoints)),
        times_(times),
        names_(names),
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
    } else if (const auto codec = with_rows_ ? std::nullopt : short_codec::of(times_, names_)) {
      partition(*codec);
    } else {
      partition(long_codec{});
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

  /// Where each worker's rows of each partition begin, and each partition.
  struct partition_begins {
    unsigned bits = 0;  ///< the partition is the first bits of the hash
    std::vector<std::vector<std::uint32_t>> of_worker;
    std::vector<std::uint32_t> all;

    [[nodiscard]] std::size_t partition_of(std::uint64_t hash) const noexcept {
      return bits == 0 ? std::size_t{0} : static_cast<std::size_t>(hash >> (64U - bits));
    }
    [[nodiscard]] std::size_t size() const noexcept { return all.size() - 1; }
    [[nodiscard]] index_range range(std::size_t partition) const noexcept {
      return {all[partition], all[partition + 1]};
    }
  };

  [[nodiscard]] partition_begins count_partitions() const {
    partition_begins result;
    while ((source_.size() >> result.bits) > 32'768) {
      ++result.bits;
    }
    const std::size_t partitions = std::size_t{1} << result.bits;
    result.of_worker.assign(workers_, std::vector<std::uint32_t>(partitions));
    run_parallel(workers_, [&](unsigned worker) {
      auto& counts = result.of_worker[worker];
      source_.for_blocks(part(worker), [&](std::size_t, const row_piece& piece) {
        for (std::size_t i = 0; i < piece.count; ++i) {
          ++counts[result.partition_of(mix_key(piece.keys[i]))];
        }
      });
    });
    std::uint32_t total = 0;
    for (std::size_t p = 0; p < partitions; ++p) {
      result.all.push_back(total);
      for (unsigned worker = 0; worker < workers_; ++worker) {
        total += std::exchange(result.of_worker[worker][p], total);
      }
    }
    result.all.push_back(total);
    return result;
  }

  /// The rows, one partition after another. Hash and event stand apart, because times remain where events stood.
  template <typename Codec>
  struct scattered_rows {
    bulk_vector<std::uint64_t> hashes;
    std::array<std::uint64_t*, Codec::columns> columns{};
    std::array<bulk_vector<std::uint64_t>, Codec::columns - 1> more;

    [[nodiscard]] typename Codec::event read(const Codec& codec, std::size_t at) const noexcept {
      std::array<std::uint64_t, Codec::columns> written;
      for (std::size_t c = 0; c < Codec::columns; ++c) {
        written[c] = columns[c][at];
      }
      return codec.read(written);
    }
  };

  template <typename Codec>
  [[nodiscard]] scattered_rows<Codec> scatter(const Codec& codec, partition_begins& begins) {
    scattered_rows<Codec> result;
    result.hashes.resize(source_.size());
    result_.times.resize(source_.size());
    // Signed and unsigned forms of one type may write each other's memory.
    result.columns[0] = reinterpret_cast<std::uint64_t*>(result_.times.data());
    for (std::size_t c = 1; c < Codec::columns; ++c) {
      result.more[c - 1].resize(source_.size());
      result.columns[c] = result.more[c - 1].data();
    }
    run_parallel(workers_, [&](unsigned worker) {
      std::array<std::uint64_t*, Codec::columns + 1> to{result.hashes.data()};
      std::copy(result.columns.begin(), result.columns.end(), to.begin() + 1);
      partition_writer<Codec::columns + 1> writer{to, std::move(begins.of_worker[worker])};
      source_.for_blocks(part(worker), [&](std::size_t first, const row_piece& piece) {
        const std::uint32_t* const touchpoints = touchpoints_.data() + first;
        for (std::size_t i = 0; i < piece.count; ++i) {
          std::array<std::uint64_t, Codec::columns + 1> row{mix_key(piece.keys[i])};
          const auto event = codec.write(piece.times[i], touchpoints[i], first + i);
          std::copy(event.begin(), event.end(), row.begin() + 1);
          writer.put(begins.partition_of(row[0]), row);
        }
      });
      writer.finish();
    });
    source_ = {};
    return result;
  }

  template <typename Codec>
  void partition(const Codec& codec) {
    using event = typename Codec::event;
    partition_begins begins = count_partitions();
    auto rows = scatter(codec, begins);
    result_.touchpoints = std::move(touchpoints_);
    if (with_rows_) {
      result_.rows.resize(rows.hashes.size());
    }
    std::vector<std::vector<std::uint32_t>> sizes(begins.size());
    std::vector<std::uint64_t> ties(workers_);
    std::atomic<std::size_t> next_partition{0};
    run_parallel(workers_, [&](unsigned worker) {
      customer_slots slots{begins.bits};
      bulk_vector<event> events;
      for (std::size_t p = next_partition++; p < begins.size(); p = next_partition++) {
        check_stop();
        const auto [begin, end] = begins.range(p);
        slots.count(std::span{rows.hashes}.subspan(begin, end - begin));
        // The keys of the customers take the place of the hashes, of which there are at least as many.
        sizes[p].reserve(slots.customers().size());
        for (const auto& customer : slots.customers()) {
          rows.hashes[begin + sizes[p].size()] = customer.key;
          sizes[p].push_back(customer.events);
        }
        events.resize(end - begin);
        bool rises = true;
        std::int64_t time = 0;
        for (std::size_t i = 0; i < events.size();) {
          check_stop();
          for (const std::size_t stop = (std::min)(events.size(), i + 65'536); i < stop; ++i) {
            const event one = rows.read(codec, begin + i);
            rises = rises && (i == 0 || codec.time(one) > time);
            time = codec.time(one);
            events[slots.next_place(i)] = one;
          }
        }
        // Where each event is later than the one before, whoever had it, nobody's events need to be sorted.
        if (!rises) {
          std::size_t at = 0;
          for (const std::uint32_t length : sizes[p]) {
            ties[worker] += sort_customer(codec, std::span{events}.subspan(at, length));
            at += length;
          }
        }
        write(codec, std::span<const event>{events}, begin);
      }
    });
    result_.ties = std::accumulate(ties.begin(), ties.end(), std::uint64_t{0});
    join(begins, rows.hashes, sizes);
  }

  /// Sorts one customer's events, which came in the order of their rows, by (time, order) and counts the ties.
  template <typename Codec, typename Event>
  [[nodiscard]] std::uint64_t sort_customer(const Codec& codec, std::span<Event> events) const {
    const auto order_of = [&](const Event& event) {
      if constexpr (std::is_same_v<Codec, long_codec>) {
        return orders_.empty() ? std::int64_t{0} : orders_[event.row];
      } else {
        return std::int64_t{0};
      }
    };
    const auto before = [&](const Event& a, const Event& b) {
      return codec.time(a) != codec.time(b) ? codec.time(a) < codec.time(b) : order_of(a) < order_of(b);
    };
    if (events.size() > 48) {
      if (!std::is_sorted(events.begin(), events.end(), before)) {
        sort_in_steps(events, before);
      }
    } else {
      for (std::size_t i = 1; i < events.size(); ++i) {
        const Event moved = events[i];
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

  /// A stable sort that hears the call to stop also when one customer has most events.
  template <typename Event, typename Before>
  static void sort_in_steps(std::span<Event> events, const Before& before) {
    const auto at = [&](std::size_t i) {
      return events.begin() + static_cast<std::ptrdiff_t>((std::min)(i, events.size()));
    };
    constexpr std::size_t step = 65'536;
    for (std::size_t i = 0; i < events.size(); i += step) {
      check_stop();
      std::stable_sort(at(i), at(i + step), before);
    }
    for (std::size_t sorted = step; sorted < events.size(); sorted *= 2) {
      for (std::size_t i = 0; i + sorted < events.size(); i += 2 * sorted) {
        check_stop();
        std::inplace_merge(at(i), at(i + sorted), at(i + 2 * sorted), before);
      }
    }
  }

  template <typename Codec, typename Event>
  void write(const Codec& codec, std::span<const Event> sorted, std::size_t begin) {
    std::int64_t* const times = result_.times.data() + begin;
    std::uint32_t* const touchpoints = result_.touchpoints.data() + begin;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      times[i] = codec.time(sorted[i]);
      touchpoints[i] = codec.touchpoint(sorted[i]);
    }
    if constexpr (std::is_same_v<Codec, long_codec>) {
      if (with_rows_) {
        for (std::size_t i = 0; i < sorted.size(); ++i) {
          result_.rows[begin + i] = sorted[i].row;
        }
      }
    }
  }

  /// The customers of all partitions, whose keys stand where each partition begins.
  void join(const partition_begins& begins, std::span<const std::uint64_t> keys,
            const std::vector<std::vector<std::uint32_t>>& sizes) {
    std::vector<std::size_t> firsts;
    std::size_t customers = 0;
    for (const auto& own : sizes) {
      firsts.push_back(customers);
      customers += own.size();
    }
    extend(result_.keys, customers);
    extend(result_.offsets, customers);
    run_parallel(workers_, [&](unsigned worker) {
      const index_range own = slice(begins.size(), worker, workers_);
      for (std::size_t p = own.begin; p < own.end; ++p) {
        std::uint64_t end = begins.all[p];
        for (std::size_t i = 0; i < sizes[p].size(); ++i) {
          result_.keys[firsts[p] + i] = keys[begins.all[p] + i];
          result_.offsets[firsts[p] + i + 1] = end += sizes[p][i];
        }
      }
    });
  }

  event_rows source_;
  std::vector<std::uint32_t> touchpoints_;
  time_bounds times_;
  std::size_t names_;
  std::span<const std::int64_t> orders_;
  bool with_rows_;
  unsigned workers_;
  grouped_rows result_;
};

}  // namespace klantreis::detail
