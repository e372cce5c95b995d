// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/log/bulk_vector.hpp"
#include "klantreis/detail/log/data.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/paths/touches.hpp"
#include "klantreis/detail/prefetch.hpp"
#include "klantreis/detail/text_key.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/paths.hpp"

namespace klantreis {
namespace detail {

/// The path of each journey as a hash and a place in memory, and which of them are equal.
///
/// Journeys are parted by the hash of their path, so that each part finds its distinct paths in a table that fits into
/// the cache, and all parts at the same time. Numbers are given in the order of first appearance, whatever the threads.
class distinct_paths {
 public:
  explicit distinct_paths(std::size_t journeys) : hashes_(journeys), places_(journeys), number_(journeys) {}

  [[nodiscard]] std::size_t size() const noexcept { return first_.size(); }
  /// The number of the path of a journey.
  [[nodiscard]] std::uint32_t number(std::size_t journey_index) const noexcept { return number_[journey_index]; }
  /// The first journey on a path.
  [[nodiscard]] std::size_t first(std::size_t path) const noexcept { return first_[path]; }
  [[nodiscard]] std::uint64_t hash(std::size_t journey_index) const noexcept { return hashes_[journey_index]; }
  [[nodiscard]] std::span<const std::uint32_t> codes(std::size_t journey_index) const noexcept {
    const place& one = places_[journey_index];
    return {one.codes, one.size};
  }

  /// `codes` must stay where they are. Different journeys may be put by different threads.
  void put(std::size_t journey_index, std::span<const std::uint32_t> codes) noexcept {
    hashes_[journey_index] = hash_codes(codes);
    places_[journey_index] = {codes.data(), static_cast<std::uint32_t>(codes.size())};
  }

  void find(unsigned workers) {
    const std::size_t journeys = hashes_.size();
    unsigned bits = 0;
    while ((journeys >> bits) > journeys_of_part) {
      ++bits;
    }
    const std::size_t parts = std::size_t{1} << bits;
    const auto part_of = [&](std::size_t at) {
      return bits == 0 ? std::size_t{0} : static_cast<std::size_t>(hashes_[at] >> (64U - bits));
    };
    workers = static_cast<unsigned>(std::clamp<std::size_t>(parts, 1, workers));
    std::vector<std::vector<std::size_t>> next(workers, std::vector<std::size_t>(parts));
    run_parallel(workers, [&](unsigned worker) {
      for (const std::size_t at : each(slice(journeys, worker, workers))) {
        ++next[worker][part_of(at)];
      }
    });
    std::vector<std::size_t> begin(parts + 1);
    std::size_t total = 0;
    for (std::size_t part = 0; part < parts; ++part) {
      begin[part] = total;
      for (unsigned worker = 0; worker < workers; ++worker) {
        total += std::exchange(next[worker][part], total);
      }
    }
    begin[parts] = total;
    bulk_vector<entry> sorted(journeys);
    run_parallel(workers, [&](unsigned worker) {
      for (const std::size_t at : each(slice(journeys, worker, workers))) {
        sorted[next[worker][part_of(at)]++] = {hashes_[at], static_cast<std::uint32_t>(at)};
      }
    });
    // For each journey the first one on the same path.
    std::atomic<std::size_t> next_part{0};
    run_parallel(workers, [&](unsigned) {
      std::vector<slot> slots;
      for (std::size_t part = next_part++; part < parts; part = next_part++) {
        check_stop();
        find_equal(std::span{sorted}.subspan(begin[part], begin[part + 1] - begin[part]), slots);
      }
    });
    number_paths();
  }

 private:
  static constexpr std::size_t journeys_of_part = 4096;

  struct place {
    const std::uint32_t* codes;
    std::uint32_t size;
  };

  // What is looked at for every journey stands together; the paths themselves only where hashes agree.
  struct entry {
    std::uint64_t hash;
    std::uint32_t journey_index;
  };
  struct slot {
    std::uint32_t tag = 0;
    std::uint32_t first = 0;  // + 1; 0 is empty
  };

  void find_equal(std::span<const entry> journeys, std::vector<slot>& slots) {
    slots.assign(std::bit_ceil((std::max)(std::size_t{2}, 2 * journeys.size())), slot{});
    const std::size_t mask = slots.size() - 1;
    constexpr std::size_t ahead = 8;
    for (std::size_t i = 0; i < journeys.size(); ++i) {
      // Journeys of one hash lie anywhere, and most have to be compared.
      prefetch(&places_[journeys[(std::min)(i + 2 * ahead, journeys.size() - 1)].journey_index]);
      prefetch(places_[journeys[(std::min)(i + ahead, journeys.size() - 1)].journey_index].codes);
      const entry& one = journeys[i];
      const auto tag = static_cast<std::uint32_t>(one.hash >> 16U);
      std::size_t at = static_cast<std::size_t>(one.hash) & mask;
      while (slots[at].first != 0 && (slots[at].tag != tag || !is_same(slots[at].first - 1, one.journey_index))) {
        at = (at + 1) & mask;
      }
      if (slots[at].first == 0) {
        slots[at] = {tag, one.journey_index + 1};
      }
      number_[one.journey_index] = slots[at].first - 1;
    }
  }

  [[nodiscard]] bool is_same(std::size_t a, std::size_t b) const noexcept {
    return std::ranges::equal(codes(a), codes(b));
  }

  // A journey is never before the first one on its path, so one pass forward sees each number before it is asked for.
  void number_paths() {
    for (const std::size_t at : each({0, number_.size()})) {
      if (number_[at] == at) {
        number_[at] = static_cast<std::uint32_t>(first_.size());
        first_.push_back(at);
      } else {
        number_[at] = number_[number_[at]];
      }
    }
  }

  bulk_vector<std::uint64_t> hashes_;
  bulk_vector<place> places_;
  bulk_vector<std::uint32_t> number_;
  bulk_vector<std::size_t> first_;
};

/// Copies codes to where they stay, in blocks that never move.
inline std::span<const std::uint32_t> keep_codes(std::span<const std::uint32_t> codes,
                                                 std::vector<std::vector<std::uint32_t>>& blocks) {
  constexpr std::size_t block = 65'536;
  if (blocks.empty() || blocks.back().capacity() - blocks.back().size() < codes.size()) {
    blocks.emplace_back();
    blocks.back().reserve((std::max)(block, codes.size()));
  }
  const std::size_t first = blocks.back().size();
  blocks.back().insert(blocks.back().end(), codes.begin(), codes.end());
  return std::span{blocks.back()}.subspan(first);
}

/// Writes `text_key(log.customer_id(customer))` of each of `customers`.
inline void write_customer_keys(const event_log& log, index_range customers, std::span<std::uint64_t> keys) {
  const log_data& data = log_access::data(log);
  if (data.has_text_ids) {
    for (const std::size_t customer : each(customers)) {
      keys[customer] = text_key(data.id_names[static_cast<name_table::code>(data.keys[customer])]);
    }
    return;
  }
  // A key waits for each letter in turn; several at once wait together.
  constexpr std::size_t lanes = 4;
  std::array<std::array<char, 24>, lanes> texts;
  std::array<std::size_t, lanes> sizes;
  for (std::size_t first = customers.begin; first < customers.end; first += lanes) {
    const std::size_t used = (std::min)(lanes, customers.end - first);
    for (std::size_t lane = 0; lane < used; ++lane) {
      const std::uint64_t id = data.keys[first + lane];
      char* const begin = texts[lane].data();
      char* const end = begin + texts[lane].size();
      sizes[lane] =
          static_cast<std::size_t>((data.has_unsigned_ids ? std::to_chars(begin, end, id)
                                                          : std::to_chars(begin, end, static_cast<std::int64_t>(id)))
                                       .ptr -
                                   begin);
    }
    if (used == lanes && std::ranges::all_of(sizes, [&](std::size_t size) { return size == sizes[0]; })) {
      std::array<std::uint64_t, lanes> hashes;
      hashes.fill(text_key({}));
      for (std::size_t at = 0; at < sizes[0]; ++at) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          hashes[lane] = text_key_after(hashes[lane], texts[lane][at]);
        }
      }
      std::ranges::copy(hashes, keys.begin() + static_cast<std::ptrdiff_t>(first));
      continue;
    }
    for (std::size_t lane = 0; lane < used; ++lane) {
      keys[first + lane] = text_key({texts[lane].data(), sizes[lane]});
    }
  }
}

}  // namespace detail

KLANTREIS_INLINE path_table make_paths(const journey_set& journeys, const path_options& options) {
  const auto& log = journeys.log();
  const detail::touch_reader reader{journeys, options};
  path_table result;
  result.by_ = options.by;
  result.options_key_ = reader.items().collapse ? " collapsed" : "";
  if (options.lookback) {
    result.options_key_ += " lookback " + std::to_string(options.lookback->count()) + " us";
  }
  if (options.lookback_touches > 0) {
    result.options_key_ += " last " + std::to_string(options.lookback_touches) + " touches";
  }
  for (const std::string& item : options.exclude) {
    result.options_key_ += " without " + quoted(item);
  }
  result.options_key_ += options.reuse_touches ? " touches of earlier journeys too" : "";
  result.cut_ = detail::cut_options(journeys);
  result.names_ = *reader.items().names;
  result.has_values_ = !log.values().empty();
  const auto offsets = journeys.customer_offsets();
  detail::extend(result.unit_offsets_, (std::max)(offsets.size(), std::size_t{1}));
  std::ranges::copy(offsets, result.unit_offsets_.begin());
  if (journeys.size() >= 0xFFFF'FFFEU) {
    throw limit_error("the log has more than 4294967294 journeys; count parts of it and add them up");
  }
  const std::size_t customers = result.unit_offsets_.size() - 1;
  const auto workers =
      static_cast<unsigned>(std::clamp<std::size_t>(customers / 4096, 1, worker_count(options.threads)));
  detail::extend(result.units_, journeys.size());
  detail::extend(result.customer_keys_, customers);
  detail::distinct_paths distinct{journeys.size()};
  // Touches that are no piece of the log's own column are kept until the paths have been copied.
  std::vector<std::vector<std::vector<std::uint32_t>>> kept(workers);
  begin_stage("counting", customers);
  run_parallel(workers, [&](unsigned worker) {
    detail::touch_list touches;
    std::vector<std::vector<std::uint32_t>>& blocks = kept[worker];
    detail::write_customer_keys(log, slice(customers, worker, workers), result.customer_keys_);
    for (const std::size_t customer : each(slice(customers, worker, workers))) {
      for (std::uint64_t j = offsets[customer]; j < offsets[customer + 1]; ++j) {
        const journey piece = journeys[j];
        if (reader.is_plain()) {
          const journey inside = reader.within_lookback(piece);
          distinct.put(j, reader.items().codes.subspan(inside.begin, inside.path_end - inside.begin));
        } else {
          reader.read(offsets[customer], j, touches);
          distinct.put(j, detail::keep_codes(touches.codes, blocks));
        }
        path_unit& unit = result.units_[j];
        if (piece.is_open()) {
          unit.outcome = path_unit::kind::open;
        } else if (piece.converted) {
          unit.outcome = path_unit::kind::conversion;
          unit.value = journeys.value(j);
        }
      }
    }
  });
  distinct.find(workers);

  const std::size_t size = distinct.size();
  detail::extend(result.offsets_, size);  // beside the first one
  detail::extend(result.hashes_, size);
  for (const std::size_t path : each({0, size})) {
    result.offsets_[path + 1] = result.offsets_[path] + distinct.codes(distinct.first(path)).size();
    result.hashes_[path] = distinct.hash(distinct.first(path));
  }
  detail::extend(result.codes_, result.offsets_.back());
  run_parallel(workers, [&](unsigned worker) {
    for (const std::size_t path : each(slice(size, worker, workers))) {
      std::ranges::copy(distinct.codes(distinct.first(path)),
                        result.codes_.begin() + static_cast<std::ptrdiff_t>(result.offsets_[path]));
    }
  });
  detail::extend(result.conversions_, size);
  detail::extend(result.nulls_, size);
  detail::extend(result.open_, size);
  detail::extend(result.values_, size);
  for (const std::size_t j : each({0, journeys.size()})) {
    path_unit& unit = result.units_[j];
    unit.path = distinct.number(j);
    switch (unit.outcome) {
      case path_unit::kind::open:
        result.open_[unit.path] += 1.0;
        break;
      case path_unit::kind::conversion:
        result.conversions_[unit.path] += 1.0;
        result.values_[unit.path] += unit.value;
        break;
      case path_unit::kind::null:
        result.nulls_[unit.path] += 1.0;
        break;
    }
  }
  return result;
}

}  // namespace klantreis
