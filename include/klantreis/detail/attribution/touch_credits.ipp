// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "klantreis/attribution/touch_credits.hpp"
#include "klantreis/detail/attribution/attribute.ipp"
#include "klantreis/detail/attribution/heuristics.hpp"
#include "klantreis/detail/attribution/rules.hpp"
#include "klantreis/detail/log/bulk_vector.hpp"
#include "klantreis/detail/paths/touches.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

using touch_split = std::function<void(const touch_view&, std::span<double>)>;

/// The rule of a model that splits single conversions.
inline touch_split touch_split_of(const attribution_model& model, const name_table& names) {
  return std::visit(
      [&](const auto& chosen) -> touch_split {
        using type = std::decay_t<decltype(chosen)>;
        constexpr bool is_whole = std::is_same_v<type, markov_model> || std::is_same_v<type, additive_hazard>;
        if constexpr (!is_whole && !is_learned<type>) {
          if (!is_game_of_rates(model)) {
            return rule_of(chosen, names);
          }
        }
        throw input_error(std::string{entry_of(model).name} +
                          " does not split single conversions by a rule; use a rule such as linear, or credit_rows, "
                          "which spreads its credits over paths");
      },
      model);
}

/// Writes the rows of all journeys that converted.
class credit_writer {
 public:
  credit_writer(const journey_set& journeys, const touch_reader& reader, std::span<const touch_split> splits,
                bool with_ages)
      : journeys_(journeys), reader_(reader), splits_(splits), with_ages_(with_ages) {}

  /// Of any touches.
  [[nodiscard]] touch_credit_rows write(unsigned threads) const {
    return count_in_slices(journeys_.customers(), worker_count(threads), smallest_slice, [&](index_range range) {
      touch_credit_rows found;
      found.parts.resize(splits_.size());
      touch_list touches;
      std::vector<double> ages;
      for_each_conversion(range, [&](std::uint64_t first, std::uint64_t j, const journey&) {
        reader_.read(first, j, touches);
        if (touches.codes.empty()) {
          return;
        }
        const std::size_t row = found.events.size();
        resize(found, row + touches.events.size());
        std::ranges::copy(touches.events, found.events.begin() + static_cast<std::ptrdiff_t>(row));
        write_journey(found, row, j, touches.codes, ages);
      });
      return found;
    });
  }

  /// Of touches that are just the events of the journeys: so it is known beforehand where each row stands.
  [[nodiscard]] touch_credit_rows write_plain(unsigned threads) const {
    const std::size_t customers = journeys_.customers();
    const auto workers =
        static_cast<unsigned>(std::clamp<std::size_t>(customers / smallest_slice, 1, worker_count(threads)));
    std::vector<std::size_t> begins(workers + 1);
    begin_stage("counting", 2 * customers);
    run_parallel(workers, [&](unsigned worker) {
      std::size_t rows = 0;
      for_each_conversion(slice(customers, worker, workers),
                          [&](std::uint64_t, std::uint64_t, const journey& piece) { rows += touches_of(piece); });
      begins[worker + 1] = rows;
    });
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    touch_credit_rows found;
    found.parts.resize(splits_.size());
    resize(found, begins.back());
    run_parallel(workers, [&](unsigned worker) {
      std::size_t row = begins[worker];
      std::vector<double> ages;
      for_each_conversion(slice(customers, worker, workers), [&](std::uint64_t, std::uint64_t j, const journey& piece) {
        const std::size_t size = touches_of(piece);
        if (size == 0) {
          return;
        }
        const std::size_t first = piece.path_end - size;
        std::iota(found.events.begin() + static_cast<std::ptrdiff_t>(row),
                  found.events.begin() + static_cast<std::ptrdiff_t>(row + size), first);
        write_journey(found, row, j, reader_.items().codes.subspan(first, size), ages);
        row += size;
      });
    });
    return found;
  }

 private:
  static constexpr std::size_t smallest_slice = 4096;

  /// `use(first journey of the customer, journey, piece)` for each journey that converted.
  template <typename Use>
  void for_each_conversion(index_range customers, Use&& use) const {
    const auto offsets = journeys_.customer_offsets();
    for (const std::size_t customer : each(customers)) {
      for (std::uint64_t j = offsets[customer]; j < offsets[customer + 1]; ++j) {
        if (const journey piece = journeys_[j]; piece.is_conversion()) {
          use(offsets[customer], j, piece);
        }
      }
    }
  }

  [[nodiscard]] std::size_t touches_of(const journey& piece) const {
    const journey inside = reader_.within_lookback(piece);
    return inside.path_end - inside.begin;
  }

  void resize(touch_credit_rows& rows, std::size_t size) const {
    const std::size_t more = size - rows.events.size();
    extend(rows.journeys, more);
    extend(rows.events, more);
    if (!journeys_.log().values().empty()) {
      extend(rows.worth, more);
    }
    for (std::vector<double>& parts : rows.parts) {
      extend(parts, more);
    }
  }

  /// Writes the rows from `row` on of the touches of journey `j`, whose events are written.
  void write_journey(touch_credit_rows& rows, std::size_t row, std::uint64_t j, std::span<const std::uint32_t> codes,
                     std::vector<double>& ages) const {
    std::fill_n(rows.journeys.begin() + static_cast<std::ptrdiff_t>(row), codes.size(), j);
    if (!rows.worth.empty()) {
      std::fill_n(rows.worth.begin() + static_cast<std::ptrdiff_t>(row), codes.size(), journeys_.value(j));
    }
    if (with_ages_) {
      const auto times = journeys_.log().times();
      const auto ticks_per_second = static_cast<double>(journeys_.log().ticks_per_second());
      const auto events = std::span{rows.events}.subspan(row, codes.size());
      ages.resize(codes.size());
      std::ranges::transform(events, ages.begin(), [&](std::uint64_t event) {
        return static_cast<double>(times[events.back()] - times[event]) / ticks_per_second;
      });
    }
    for (std::size_t model = 0; model < splits_.size(); ++model) {
      splits_[model]({codes, ages}, std::span{rows.parts[model]}.subspan(row, codes.size()));
    }
  }

  const journey_set& journeys_;
  const touch_reader& reader_;
  std::span<const touch_split> splits_;
  bool with_ages_;
};

}  // namespace detail

KLANTREIS_INLINE touch_credit_rows& touch_credit_rows::operator+=(const touch_credit_rows& other) {
  journeys.insert(journeys.end(), other.journeys.begin(), other.journeys.end());
  events.insert(events.end(), other.events.begin(), other.events.end());
  worth.insert(worth.end(), other.worth.begin(), other.worth.end());
  parts.resize((std::max)(parts.size(), other.parts.size()));
  for (std::size_t model = 0; model < other.parts.size(); ++model) {
    parts[model].insert(parts[model].end(), other.parts[model].begin(), other.parts[model].end());
  }
  return *this;
}

KLANTREIS_INLINE touch_credit_rows touch_credits(const journey_set& journeys, std::span<const attribution_model> models,
                                                 const attribution_options& options) {
  detail::check_attributable(journeys);
  std::vector<detail::touch_split> splits;
  bool with_ages = false;
  const detail::touch_reader reader{journeys, detail::path_options_of(options)};
  for (const attribution_model& model : models) {
    if (std::holds_alternative<time_decay>(model)) {
      detail::check_times(journeys, model);
      with_ages = true;
    }
    splits.push_back(detail::touch_split_of(model, *reader.items().names));
  }
  const detail::credit_writer writer{journeys, reader, splits, with_ages};
  return reader.is_plain() ? writer.write_plain(options.threads) : writer.write(options.threads);
}

}  // namespace klantreis
