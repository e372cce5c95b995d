// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/timing/clock.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/timing/spells.hpp"

namespace klantreis {
namespace detail {

struct spell_partial {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<spell>> groups;  // by segment and item

  spell_partial& operator+=(const spell_partial& other) {
    for (const auto& [key, spells] : other.groups) {
      auto& here = groups[key];
      here.insert(here.end(), spells.begin(), spells.end());
    }
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE void spell_set::order() {
  std::map<std::string, std::size_t> of_segment;
  for (const group& one : groups_) {
    of_segment[one.segment] += one.spells.size();
  }
  std::sort(groups_.begin(), groups_.end(), [&](const group& a, const group& b) {
    if (a.segment != b.segment) {
      const std::size_t size_a = of_segment[a.segment];
      const std::size_t size_b = of_segment[b.segment];
      return size_a != size_b ? size_a > size_b : a.segment < b.segment;
    }
    return a.spells.size() != b.spells.size() ? a.spells.size() > b.spells.size() : a.item < b.item;
  });
}

KLANTREIS_INLINE spell_set spell_set::from_groups(std::vector<group> groups) {
  spell_set result;
  result.groups_ = std::move(groups);
  result.options_ = {{"spells", "given"}};
  for (const group& one : result.groups_) {
    result.segment_ = one.segment.empty() ? result.segment_ : "group";
    for (const spell& each : one.spells) {
      result.customers_ = (std::max)(result.customers_, each.customer + 1);
    }
  }
  result.order();
  return result;
}

KLANTREIS_INLINE spell_set& spell_set::operator+=(const spell_set& other) {
  if (other.options_.empty()) {
    return *this;
  }
  if (options_.empty()) {
    return *this = other;
  }
  detail::require_equal_options(options_, other.options_, "spells");
  if (customers_ > (std::numeric_limits<std::uint32_t>::max)() - other.customers_) {
    throw limit_error("the spells are of more than 4294967295 customers; merge fewer parts");
  }
  for (const group& more : other.groups_) {
    auto place = std::find_if(groups_.begin(), groups_.end(),
                              [&](const group& one) { return one.segment == more.segment && one.item == more.item; });
    if (place == groups_.end()) {
      place = groups_.insert(place, {more.segment, more.item, {}});
    }
    place->spells.reserve(place->spells.size() + more.spells.size());
    for (spell one : more.spells) {
      one.customer += customers_;
      place->spells.push_back(one);
    }
  }
  customers_ += other.customers_;
  order();
  return *this;
}

KLANTREIS_INLINE spell_set collect_spells(const journey_set& journeys, const spell_options& options) {
  detail::require_times(journeys, "survival");
  require_cut(journeys, "survival");
  const bool by_item = !options.by.empty();
  const bool leaving = options.until == wait_until::leaving;
  if (leaving && !by_item) {
    throw input_error("until is leaving, but no item is named that could be left; say by which label, as in \"phase\"");
  }
  const event_log& log = journeys.log();
  const auto times = log.times();
  const detail::segments segments{journeys, options.segment};
  detail::item_source items;
  if (by_item) {
    items = detail::items_of(journeys, options.by, leaving);
  }
  const std::int64_t known = detail::known_until(journeys);
  const bool bounded = options.from.has_value() || options.before.has_value();
  const double per_second = log.events() == 0 ? 1.0 : static_cast<double>(log.ticks_per_second());

  const auto collect = [&](index_range range) {
    detail::spell_partial part;
    std::vector<std::uint32_t> met;
    for (const std::size_t customer : each(range)) {
      for (auto index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
           ++index) {
        const journey piece = journeys[index];
        if (bounded) {
          const instant begin = detail::to_instant(times[piece.begin], log.ticks_per_second());
          if ((options.from && begin < *options.from) || (options.before && begin >= *options.before)) {
            continue;
          }
        }
        const std::uint32_t segment = segments.of(piece);
        // A spell counts when it begins while everything is known, and so does its end.
        const auto add = [&](std::uint32_t item, std::int64_t from, std::int64_t to, std::uint32_t cause) {
          if (from <= known) {
            const bool seen = to <= known;
            const auto length = static_cast<double>((seen ? to : known) - from) / per_second;
            part.groups[{segment, item}].push_back(
                {length, seen ? cause : spell::open, static_cast<std::uint32_t>(customer)});
          }
        };
        const std::int64_t last = times[piece.end - 1];
        const std::uint32_t ending = piece.converted ? spell::conversion : spell::exit;
        if (!by_item) {
          add(0, times[piece.begin], last, ending);
        } else if (leaving) {
          std::uint32_t here = 0;
          std::int64_t entered = 0;
          bool inside = false;
          items.for_each(piece, [&](std::uint32_t item, std::uint64_t event) {
            if (inside) {
              add(here, entered, times[event], spell::move);
            }
            here = item;
            entered = times[event];
            inside = true;
          });
          if (inside) {
            add(here, entered, last, ending);
          }
        } else {
          met.clear();
          items.for_each(piece, [&](std::uint32_t item, std::uint64_t event) {
            if (std::find(met.begin(), met.end(), item) == met.end()) {
              met.push_back(item);
              add(item, times[event], last, ending);
            }
          });
        }
      }
    }
    return part;
  };
  auto found = count_in_slices(journeys.customers(), worker_count(options.threads), 4096, collect);

  spell_set result;
  result.by_ = options.by;
  result.segment_ = options.segment;
  result.until_ = options.until;
  result.options_ = detail::cut_options(journeys);
  result.options_.insert(result.options_.begin(), {{"by", by_item ? options.by : "none"},
                                                   {"until", leaving ? "leaving" : "end"},
                                                   {"segment", options.segment.empty() ? "none" : options.segment}});
  for (const auto& [name, bound] : {std::pair{"from", options.from}, std::pair{"before", options.before}}) {
    if (bound) {
      result.options_.emplace_back(name, detail::instant_option(*bound));
    }
  }
  result.customers_ = static_cast<std::uint32_t>(journeys.customers());
  for (auto& [key, spells] : found.groups) {
    result.groups_.push_back({segments.name(key.first),
                              by_item ? std::string{(*items.names)[key.second]} : std::string{}, std::move(spells)});
  }
  result.order();
  return result;
}

}  // namespace klantreis
