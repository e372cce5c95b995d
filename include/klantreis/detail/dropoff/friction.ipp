// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/dropoff/rates.hpp"
#include "klantreis/detail/pair_counts.hpp"
#include "klantreis/dropoff/friction.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

enum class friction_kind : std::size_t { repeat, loop, back_step, rage };
inline constexpr std::array<const char*, 4> friction_names{"repeat", "loop", "back_step", "rage"};

struct friction_partial {
  std::array<visit_rates, 4> rates;  // by kind
  pair_counts back_steps;

  friction_partial& operator+=(const friction_partial& other) {
    for (std::size_t kind = 0; kind < rates.size(); ++kind) {
      rates[kind] += other.rates[kind];
    }
    back_steps += other.back_steps;
    return *this;
  }
};

/// Finds bursts of one item: `times_wanted` in a row within `within` ticks.
class rage_finder {
 public:
  rage_finder(std::size_t times_wanted, std::int64_t within) : wanted_(times_wanted), within_(within) {}

  void start() {
    recent_.clear();
    inside_ = false;
  }
  /// True when the event at `time` completes a burst that had not been complete before. `again`: the item is that of
  /// the event before.
  bool add(bool again, std::int64_t time) {
    if (!again) {
      start();
    }
    recent_.push_back(time);
    const bool complete = recent_.size() >= wanted_ && time - recent_[recent_.size() - wanted_] <= within_;
    const bool begins = complete && !inside_;
    inside_ = complete;
    return begins;
  }

 private:
  std::size_t wanted_;
  std::int64_t within_;
  std::vector<std::int64_t> recent_;
  bool inside_ = false;
};

}  // namespace detail

KLANTREIS_INLINE friction_tables friction(const journey_set& journeys, const friction_options& options) {
  if (options.rage_times < 2) {
    throw input_error("rage_times is " + std::to_string(options.rage_times) + "; it must be at least 2");
  }
  const event_log& log = journeys.log();
  const detail::item_source items = detail::items_of(journeys, options.by, false);
  const name_table& names = *items.names;
  constexpr std::size_t no_place = (std::numeric_limits<std::size_t>::max)();
  std::vector<std::size_t> place(names.size(), no_place);
  detail::codes_named(names, options.order, options.by);
  for (std::size_t i = 0; i < options.order.size(); ++i) {
    place[*names.find(options.order[i])] = i;
  }
  const bool timed_log = log.has_times();
  const std::int64_t within =
      timed_log ? to_ticks(options.rage_within, log.ticks_per_second(), "rage_within") : std::int64_t{0};
  const auto times = log.times();
  const std::size_t kinds = timed_log ? 4 : 3;

  const auto count = [&](index_range range) {
    detail::friction_partial part;
    for (auto& rates : part.rates) {
      rates.resize(names.size());
    }
    const auto note = [&](detail::friction_kind kind, std::uint32_t item) {
      part.rates[static_cast<std::size_t>(kind)].event(item);
    };
    detail::rage_finder rage{options.rage_times, within};
    std::vector<std::size_t> first_met(names.size(), no_place);  // of the journey at hand
    std::vector<std::uint32_t> met;
    for (const std::size_t customer : each(range)) {
      for (auto index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
           ++index) {
        const journey piece = journeys[index];
        met.clear();
        rage.start();
        bool first = true;
        std::uint32_t before = 0;
        items.for_each(piece, [&](std::uint32_t item, std::uint64_t event) {
          for (std::size_t kind = 0; kind < kinds; ++kind) {
            part.rates[kind].visit(item);
          }
          const bool again = !first && item == before;
          if (again) {
            note(detail::friction_kind::repeat, item);
          } else if (first_met[item] != no_place) {
            note(detail::friction_kind::loop, item);
          }
          if (first_met[item] == no_place) {
            first_met[item] = met.size();
            met.push_back(item);
          }
          if (!first && !again) {
            const auto& rank = options.order.empty() ? first_met : place;
            if (rank[item] != no_place && rank[before] != no_place && rank[item] < rank[before]) {
              note(detail::friction_kind::back_step, before);
              part.back_steps.add(before, item);
            }
          }
          if (timed_log && rage.add(again, times[event])) {
            note(detail::friction_kind::rage, item);
          }
          first = false;
          before = item;
        });
        for (const std::uint32_t item : met) {
          first_met[item] = no_place;
        }
      }
      for (auto& rates : part.rates) {
        rates.end_customer();
      }
    }
    return part;
  };
  const auto found = count_in_slices(journeys.customers(), worker_count(options.threads), 4096, count);

  struct row {
    std::uint32_t item;
    std::size_t kind;
    double count;
  };
  std::vector<row> rows;
  for (std::uint32_t item = 0; item < names.size(); ++item) {
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      if (const double times_found = found.rates[kind].events()[item].e; times_found > 0.0) {
        rows.push_back({item, kind, times_found});
      }
    }
  }
  std::sort(rows.begin(), rows.end(), [&](const row& a, const row& b) {
    if (a.count != b.count) {
      return a.count > b.count;
    }
    return a.item != b.item ? names[a.item] < names[b.item] : a.kind < b.kind;
  });
  std::vector<std::string> labels;
  std::vector<std::string> kind_names;
  std::vector<std::int64_t> visits;
  std::vector<std::int64_t> counts;
  detail::estimate_columns rates;
  for (const row& one : rows) {
    labels.emplace_back(names[one.item]);
    kind_names.emplace_back(detail::friction_names[one.kind]);
    const visit_moments& of_item = found.rates[one.kind].visits()[one.item];
    visits.push_back(static_cast<std::int64_t>(of_item.v));
    counts.push_back(static_cast<std::int64_t>(one.count));
    rates.add(rate_interval(of_item, found.rates[one.kind].events()[one.item], options.intervals));
  }
  friction_tables result;
  result.items = table{
      "Where customers get stuck, in all journeys. repeat: the item right after itself; loop: back at it after others; "
      "back_step: from it to an earlier item; rage: the item several times in a row within a short time. rate: count / "
      "visits, with an interval by customers; n: customers who visited."};
  result.items.add(options.by, std::move(labels));
  result.items.add("kind", std::move(kind_names));
  result.items.add("visits", std::move(visits), quantity::count);
  result.items.add("n", std::move(rates.n), quantity::count);
  result.items.add("count", std::move(counts), quantity::count);
  result.items.add("rate", std::move(rates.value), quantity::share);
  result.items.add("lower", std::move(rates.lower), quantity::share);
  result.items.add("upper", std::move(rates.upper), quantity::share);
  result.items.add("marks", std::move(rates.marks));

  struct step {
    std::uint32_t from;
    std::uint32_t to;
    std::uint64_t count;
  };
  std::vector<step> steps;
  double all_steps = 0.0;
  found.back_steps.for_each([&](std::uint32_t from, std::uint32_t to, std::uint64_t times_found) {
    steps.push_back({from, to, times_found});
    all_steps += static_cast<double>(times_found);
  });
  std::sort(steps.begin(), steps.end(), [&](const step& a, const step& b) {
    if (a.count != b.count) {
      return a.count > b.count;
    }
    return a.from != b.from ? names[a.from] < names[b.from] : names[a.to] < names[b.to];
  });
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::int64_t> step_counts;
  std::vector<double> step_shares;
  for (const step& one : steps) {
    from.emplace_back(names[one.from]);
    to.emplace_back(names[one.to]);
    step_counts.push_back(static_cast<std::int64_t>(one.count));
    step_shares.push_back(static_cast<double>(one.count) / all_steps);
  }
  result.back_steps = table{"Moves to an earlier item, in all journeys. share: of all such moves."};
  result.back_steps.add("from", std::move(from));
  result.back_steps.add("to", std::move(to));
  result.back_steps.add("count", std::move(step_counts), quantity::count);
  result.back_steps.add("share", std::move(step_shares), quantity::share);
  for (table* part : {&result.items, &result.back_steps}) {
    part->set_option("by", options.by);
    part->set_option("order", options.order.empty() ? "as first met" : detail::names_text(options.order));
    detail::set_cut_options(*part, journeys);
  }
  result.items.set_option(
      "rage", std::to_string(options.rage_times) + " times within " + detail::duration_option(options.rage_within));
  detail::set_interval_options(result.items, options.intervals);
  return result;
}

}  // namespace klantreis
