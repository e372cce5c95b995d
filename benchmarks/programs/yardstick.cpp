// SPDX-License-Identifier: MIT
// How fast journeys, transitions and a funnel of four steps can be made of three columns when nothing else is wanted:
// no names, no intervals, no checks, at most 64 touchpoints. The library is measured against this program.
//
//     yardstick FILE [threads] [repeats]
//
// FILE is what generate.py --binary writes. Events are scattered by a hash of the customer to partitions that fit into
// the cache; a partition is counted and sorted by customer (stably, so rows in the order of time need no other sort)
// and walked through once.
#include <emmintrin.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i64 = std::int64_t;

constexpr u32 most_codes = 64;
constexpr u32 start = most_codes;
constexpr u32 end_state = most_codes + 1;
constexpr u32 states = most_codes + 2;
constexpr u64 window = 7ULL * 86'400 * 1'000'000;

double processor_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/// Memory in large pages, which is never given back.
template <typename T>
T* large_pages(std::size_t count) {
  constexpr std::size_t page = std::size_t{2} << 20U;
  const std::size_t bytes = (count * sizeof(T) + page - 1) / page * page;
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    std::exit(1);
  }
  madvise(memory, bytes, MADV_HUGEPAGE);
  return static_cast<T*>(memory);
}

u64 mix(u64 x) {
  x *= 0x9E3779B97F4A7C15ULL;
  x ^= x >> 32U;
  x *= 0xD6E8FEB86659FD93ULL;
  return x ^ (x >> 32U);
}

struct record {
  u64 customer;
  u64 event;  // microseconds since the first event, then 8 bits of code
};

struct alignas(64) line {
  std::array<record, 4> records;
};

void stream(record* to, const line& from) {
  const auto* const source = reinterpret_cast<const __m128i*>(from.records.data());
  auto* const target = reinterpret_cast<__m128i*>(to);
  for (int i = 0; i < 4; ++i) {
    _mm_stream_si128(target + i, _mm_load_si128(source + i));
  }
}

struct counts {
  std::vector<u64> transitions = std::vector<u64>(states * states);
  std::array<u64, 5> levels{};
  u64 customers = 0;
};

/// Transitions and the level of the funnel (the latest start counts) of one customer, whose events are in order.
void add_journey(const u64* events, u32 size, counts& all) {
  ++all.customers;
  u32 before = static_cast<u32>(events[0] & 255U);
  ++all.transitions[start * states + before];
  for (u32 i = 1; i < size; ++i) {
    const u32 code = static_cast<u32>(events[i] & 255U);
    ++all.transitions[before * states + code];
    before = code;
  }
  ++all.transitions[before * states + end_state];

  std::array<u64, 5> began{};
  std::array<bool, 5> is_begun{};
  u32 best = 0;
  for (u32 i = 0; i < size && best < 4; ++i) {
    const u32 step = static_cast<u32>(events[i] & 255U) + 1;
    const u64 time = events[i] >> 8U;
    if (step == 1) {
      began[1] = time;
      is_begun[1] = true;
      best = std::max(best, 1U);
    } else if (step <= 4 && is_begun[step - 1] && time - began[step - 1] <= window) {
      began[step] = began[step - 1];
      is_begun[step] = true;
      best = std::max(best, step);
    }
  }
  ++all.levels[best];
}

/// Numbers the customers of one partition 0, 1, 2 …
class numbering {
 public:
  void number(const record* records, std::size_t size, std::vector<u32>& numbers, std::vector<u32>& sizes) {
    std::size_t slots = 64;
    while (slots < size / 2) {
      slots *= 2;
    }
    keys_.assign(slots, 0);
    numbers_.resize(slots);
    sizes.clear();
    numbers.resize(size);
    for (std::size_t i = 0; i < size; ++i) {
      const u64 key = records[i].customer + 1;
      std::size_t slot = find(key);
      if (keys_[slot] == 0) {
        if (2 * sizes.size() >= keys_.size()) {
          grow();
          slot = find(key);
        }
        keys_[slot] = key;
        numbers_[slot] = static_cast<u32>(sizes.size());
        sizes.push_back(0);
      }
      numbers[i] = numbers_[slot];
      ++sizes[numbers[i]];
    }
  }

 private:
  [[nodiscard]] std::size_t find(u64 key) const {
    std::size_t slot = (mix(key) >> 8U) & (keys_.size() - 1);
    while (keys_[slot] != 0 && keys_[slot] != key) {
      slot = (slot + 1) & (keys_.size() - 1);
    }
    return slot;
  }
  void grow() {
    std::vector<u64> keys(2 * keys_.size());
    std::vector<u32> numbers(keys.size());
    keys.swap(keys_);
    numbers.swap(numbers_);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] != 0) {
        const std::size_t slot = find(keys[i]);
        keys_[slot] = keys[i];
        numbers_[slot] = numbers[i];
      }
    }
  }

  std::vector<u64> keys_;  // + 1; 0 is empty
  std::vector<u32> numbers_;
};

struct columns {
  std::size_t size = 0;
  i64* customers = nullptr;
  i64* times = nullptr;
  u32* codes = nullptr;
};

columns read_columns(const char* path) {
  std::ifstream file{path, std::ios::binary};
  std::array<i64, 2> sizes{};
  file.read(reinterpret_cast<char*>(sizes.data()), sizeof sizes);
  columns result{.size = static_cast<std::size_t>(sizes[0])};
  result.customers = large_pages<i64>(result.size);
  result.times = large_pages<i64>(result.size);
  result.codes = large_pages<u32>(result.size);
  const auto read = [&](auto* to) {
    file.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(result.size * sizeof *to));
  };
  read(result.customers);
  read(result.times);
  read(result.codes);
  if (!file || sizes[1] > most_codes) {
    std::fprintf(stderr, "%s is not a file of generate.py --binary, or has more than 64 touchpoints\n", path);
    std::exit(1);
  }
  return result;
}

template <typename Work>
void in_parallel(unsigned threads, Work&& work) {
  std::vector<std::jthread> others;
  for (unsigned worker = 1; worker < threads; ++worker) {
    others.emplace_back([&work, worker] { work(worker); });
  }
  work(0U);
}

/// One run over unsorted columns. `scattered` and `grouped` have room for all events.
counts run(const columns& in, unsigned threads, record* scattered, u64* grouped) {
  const auto part = [&](unsigned worker) {
    return std::pair{in.size * worker / threads, in.size * (worker + 1) / threads};
  };
  std::vector<i64> least(threads, std::numeric_limits<i64>::max());
  unsigned bits = 1;
  while ((in.size >> bits) > 32'768) {
    ++bits;
  }
  const std::size_t partitions = std::size_t{1} << bits;
  std::vector<std::vector<std::size_t>> next(threads, std::vector<std::size_t>(partitions));
  in_parallel(threads, [&](unsigned worker) {
    const auto [first, last] = part(worker);
    for (std::size_t i = first; i < last; ++i) {
      least[worker] = std::min(least[worker], in.times[i]);
      ++next[worker][mix(static_cast<u64>(in.customers[i])) >> (64U - bits)];
    }
  });
  const i64 first_time = *std::min_element(least.begin(), least.end());
  std::vector<std::size_t> begin(partitions + 1);
  std::size_t total = 0;
  for (std::size_t p = 0; p < partitions; ++p) {
    begin[p] = total;
    for (unsigned worker = 0; worker < threads; ++worker) {
      total += std::exchange(next[worker][p], total);
    }
  }
  begin[partitions] = total;

  in_parallel(threads, [&](unsigned worker) {
    const auto [first, last] = part(worker);
    std::vector<std::size_t>& at = next[worker];
    const std::vector<std::size_t> own_begin = at;
    std::vector<line> lines(partitions);  // whole cache lines are written at once, past the cache
    for (std::size_t i = first; i < last; ++i) {
      const auto customer = static_cast<u64>(in.customers[i]);
      const std::size_t p = mix(customer) >> (64U - bits);
      const std::size_t place = at[p]++;
      lines[p].records[place & 3U] = {customer, static_cast<u64>(in.times[i] - first_time) << 8U | in.codes[i]};
      if ((place & 3U) == 3U) {
        if (place - 3 >= own_begin[p] && place >= 3) {
          stream(scattered + place - 3, lines[p]);
        } else {
          for (std::size_t q = own_begin[p]; q <= place; ++q) {
            scattered[q] = lines[p].records[q & 3U];
          }
        }
      }
    }
    for (std::size_t p = 0; p < partitions; ++p) {
      for (std::size_t q = std::max(at[p] & ~std::size_t{3}, own_begin[p]); q < at[p]; ++q) {
        scattered[q] = lines[p].records[q & 3U];
      }
    }
    _mm_sfence();
  });

  std::vector<counts> found(threads);
  std::atomic<std::size_t> next_partition{0};
  in_parallel(threads, [&](unsigned worker) {
    numbering customers;
    std::vector<u32> numbers;
    std::vector<u32> sizes;
    std::vector<u32> cursor;
    for (std::size_t p = next_partition++; p < partitions; p = next_partition++) {
      const record* const records = scattered + begin[p];
      const std::size_t size = begin[p + 1] - begin[p];
      customers.number(records, size, numbers, sizes);
      cursor.assign(sizes.size(), 0);
      u32 at = 0;
      for (std::size_t c = 0; c < sizes.size(); ++c) {
        cursor[c] = at;
        at += sizes[c];
      }
      u64* const events = grouped + begin[p];
      for (std::size_t i = 0; i < size; ++i) {
        events[cursor[numbers[i]]++] = records[i].event;
      }
      u64* journey = events;
      for (const u32 length : sizes) {
        const auto earlier = [](u64 a, u64 b) { return a >> 8U < b >> 8U; };
        if (!std::is_sorted(journey, journey + length, earlier)) {
          std::stable_sort(journey, journey + length, earlier);
        }
        add_journey(journey, length, found[worker]);
        journey += length;
      }
    }
  });
  for (unsigned worker = 1; worker < threads; ++worker) {
    for (std::size_t i = 0; i < found[0].transitions.size(); ++i) {
      found[0].transitions[i] += found[worker].transitions[i];
    }
    for (std::size_t i = 0; i < found[0].levels.size(); ++i) {
      found[0].levels[i] += found[worker].levels[i];
    }
    found[0].customers += found[worker].customers;
  }
  return found[0];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("yardstick FILE [threads] [repeats]\n", stderr);
    return 1;
  }
  const columns in = read_columns(argv[1]);
  const auto threads = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 2);
  const int repeats = argc > 3 ? std::atoi(argv[3]) : 3;
  auto* const scattered = large_pages<record>(in.size);
  auto* const grouped = large_pages<u64>(in.size);
  double wall = std::numeric_limits<double>::infinity();
  double cpu = wall;
  counts found;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const double used = processor_seconds();
    const auto began = std::chrono::steady_clock::now();
    found = run(in, threads, scattered, grouped);
    wall = std::min(wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    cpu = std::min(cpu, processor_seconds() - used);
  }
  u64 inner = 0;
  u64 starts = 0;
  for (u32 from = 0; from < most_codes; ++from) {
    starts += found.transitions[start * states + from];
    for (u32 to = 0; to < most_codes; ++to) {
      inner += found.transitions[from * states + to];
    }
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf(
      "{\"job\": \"three_events\", \"wall\": %.4f, \"cpu\": %.4f, \"before\": %.0f, \"peak\": %.0f, \"check\": ", wall,
      cpu, static_cast<double>(in.size) * 20e-6 / 1.048576, static_cast<double>(used.ru_maxrss) / 1024.0);
  std::printf("[%lu, %lu, %lu, %lu, %lu, %lu, %lu]}\n", inner, starts, found.transitions[1], found.levels[1],
              found.levels[2], found.levels[3], found.levels[4]);
  return 0;
}
