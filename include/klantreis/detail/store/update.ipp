// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "klantreis/detail/log/data.hpp"
#include "klantreis/detail/log/duplicates.hpp"
#include "klantreis/detail/store/bytes.ipp"
#include "klantreis/store.hpp"

namespace klantreis {

namespace detail {

/// Where a run of events of the updated log comes from.
struct event_run {
  bool is_new = false;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// For each customer of `more` the index in `log`, or the next one behind its end.
[[nodiscard]] inline std::vector<std::size_t> places_in(const log_data& log, const log_data& more) {
  std::unordered_map<std::uint64_t, std::size_t> wanted;  // key in `log` → customer of `more`
  wanted.reserve(more.keys.size());
  for (const std::size_t c : each({0, more.keys.size()})) {
    std::uint64_t key = more.keys[c];
    if (log.has_text_ids) {
      const auto known = log.id_names.find(more.id_names[static_cast<name_table::code>(key)]);
      if (!known) {
        continue;
      }
      key = *known;
    }
    wanted.emplace(key, c);
  }
  constexpr auto nowhere = static_cast<std::size_t>(-1);
  std::vector<std::size_t> places(more.keys.size(), nowhere);
  for (const std::size_t c : each({0, wanted.empty() ? 0 : log.keys.size()})) {
    if (const auto found = wanted.find(log.keys[c]); found != wanted.end()) {
      places[found->second] = c;
    }
  }
  std::size_t next = log.keys.size();
  for (std::size_t& place : places) {
    place = place == nowhere ? next++ : place;
  }
  return places;
}

/// By what the events of a customer are sorted: their time, then their order, as far as there are such.
class event_keys {
 public:
  using key = std::pair<std::int64_t, double>;

  event_keys(const log_data& log, std::string_view order) : times_(log.times.data(), log.times.size()) {
    if (order.empty()) {
      return;
    }
    const auto column = std::ranges::find(log.numbers, order, &number_column::name);
    if (column == log.numbers.end()) {
      throw input_error("the log has no number column " + quoted(order) +
                        ", by which its events were ordered; read it with that column among the numbers");
    }
    orders_ = column->values.view();
    constexpr double most = 9'007'199'254'740'992.0;  // whole numbers beyond are not told apart
    for (const std::size_t event : each({0, orders_.size()})) {
      if (!(std::abs(orders_[event]) < most)) {
        throw input_error("the order column " + quoted(order) + " holds " + std::to_string(orders_[event]) +
                          ", which a number column does not keep exactly; read the old and the new events again");
      }
    }
  }

  [[nodiscard]] key operator[](std::size_t event) const {
    return {times_.empty() ? 0 : times_[event], orders_.empty() ? 0.0 : orders_[event]};
  }

 private:
  std::span<const std::int64_t> times_;
  number_view orders_;
};

/// The runs of the updated log, and its offsets.
struct update_plan {
  std::vector<event_run> runs;
  std::vector<std::uint64_t> offsets{0};
  std::uint64_t ties = 0;

  update_plan(const log_data& log, const log_data& more, const std::vector<std::size_t>& places,
              const event_keys& old_keys, const event_keys& new_keys)
      : ties(log.health.ties + more.health.ties) {
    const std::size_t known = log.keys.size();
    const std::size_t all =
        places.empty() ? known : (std::max)(known, *std::max_element(places.begin(), places.end()) + 1);
    constexpr auto nobody = static_cast<std::size_t>(-1);
    std::vector<std::size_t> newer(all, nobody);
    for (std::size_t c = 0; c < places.size(); ++c) {
      newer[places[c]] = c;
    }
    offsets.reserve(all + 1);
    for (const std::size_t c : each({0, all})) {
      std::uint64_t old_begin = c < known ? log.offsets[c] : 0;
      const std::uint64_t old_end = c < known ? log.offsets[c + 1] : 0;
      std::uint64_t size = old_end - old_begin;
      if (newer[c] != nobody) {
        std::uint64_t at = more.offsets[newer[c]];
        const std::uint64_t end = more.offsets[newer[c] + 1];
        size += end - at;
        while (at < end) {
          // Events at one instant: those that were there first.
          const event_keys::key own = new_keys[at];
          std::uint64_t before = old_begin;
          for (std::uint64_t size_left = old_end - old_begin; size_left > 0;) {
            const std::uint64_t half = size_left / 2;
            if (own < old_keys[before + half]) {
              size_left = half;
            } else {
              before += half + 1;
              size_left -= half + 1;
            }
          }
          ties += before > old_begin && old_keys[before - 1] == own ? 1U : 0U;
          add({false, old_begin, before});
          old_begin = before;
          std::uint64_t run_end = at + 1;
          while (run_end < end && (old_begin == old_end || new_keys[run_end] < old_keys[old_begin])) {
            ++run_end;
          }
          add({true, at, run_end});
          at = run_end;
        }
      }
      add({false, old_begin, old_end});
      offsets.push_back(offsets.back() + size);
    }
  }

  template <typename T, typename Old, typename New>
  void fill(T& to, const Old& old_cell, const New& new_cell) const {
    std::size_t at = 0;
    for (const event_run& run : runs) {
      for (const std::size_t event : each({run.begin, run.end})) {
        to[at++] = run.is_new ? new_cell(event) : old_cell(event);
      }
    }
  }

 private:
  void add(const event_run& run) {
    if (run.begin == run.end) {
      return;
    }
    if (!runs.empty() && runs.back().is_new == run.is_new && runs.back().end == run.begin) {
      runs.back().end = run.end;
    } else {
      runs.push_back(run);
    }
  }
};

[[nodiscard]] inline label_column updated_label(const label_column& old, const label_column& more,
                                                const update_plan& plan) {
  label_column result{.name = old.name, .names = old.names, .codes = {}, .is_phase = old.is_phase};
  std::vector<std::uint32_t> code_of(more.names.size());
  for (name_table::code code = 0; code < more.names.size(); ++code) {
    code_of[code] = result.names.intern(more.names[code]);
  }
  result.codes.resize(plan.offsets.back());
  plan.fill(
      result.codes, [&](std::uint64_t event) { return old.codes[event]; },
      [&](std::uint64_t event) { return code_of[more.codes[event]]; });
  return result;
}

[[nodiscard]] inline number_store updated_numbers(const number_store& old, const number_store& more,
                                                  const update_plan& plan) {
  number_store result;
  if (old.empty() && more.empty()) {
    return result;
  }
  const number_view before = old.view();
  const number_view after = more.view();
  std::vector<double> plain(plan.offsets.back());
  plan.fill(
      plain, [&](std::uint64_t event) { return before[event]; }, [&](std::uint64_t event) { return after[event]; });
  result.append(plain);
  return result;
}

inline void require_same_columns(const log_data& log, const log_data& more, std::string_view order) {
  const auto differ = [](const std::string& what) {
    throw input_error("the new events " + what + "; read them as the log was read");
  };
  if (log.map != nullptr || more.map != nullptr) {
    differ(
        "or the log have a map, which looks at all events of a customer; update the log without it and apply the map "
        "again");
  }
  if (order.empty() && (log.ticks_per_second == 0 || more.ticks_per_second == 0)) {
    differ("or the log have no time, so that their order is unknown");
  }
  if (log.ticks_per_second != more.ticks_per_second) {
    differ("have times in " + std::to_string(more.ticks_per_second) + " ticks a second and the log in " +
           std::to_string(log.ticks_per_second));
  }
  if (log.has_text_ids != more.has_text_ids || log.has_unsigned_ids != more.has_unsigned_ids) {
    differ("have ids of customers of another type");
  }
  if (log.values.empty() != more.values.empty()) {
    differ("and the log have not both a value column");
  }
  if (log.costs.empty() != more.costs.empty()) {
    differ("and the log have not both a cost column");
  }
  const auto same_name = [](const auto& a, const auto& b) { return a.name == b.name; };
  if (!std::ranges::equal(log.labels, more.labels, same_name) ||
      !std::ranges::equal(log.numbers, more.numbers, same_name)) {
    differ("have other columns");
  }
}

}  // namespace detail

KLANTREIS_INLINE event_log updated(const event_log& log, const event_log& more, std::string_view order) {
  const detail::log_data& old = detail::log_access::data(log);
  const detail::log_data& added = detail::log_access::data(more);
  const auto add_health = [&](log_health& health) {
    health.rows = old.health.rows + added.health.rows;
    health.rejected = old.health.rejected;
    for (log_health::rejection rejection : added.health.rejected) {
      rejection.first_row += old.health.rows;
      const auto known = std::ranges::find(health.rejected, rejection.reason, &log_health::rejection::reason);
      if (known == health.rejected.end()) {
        health.rejected.push_back(rejection);
      } else {
        known->rows += rejection.rows;
      }
    }
  };
  if (old.keys.empty() || added.keys.empty()) {
    auto data = std::make_shared<detail::log_data>(old.keys.empty() ? added : old);
    add_health(data->health);
    return detail::log_access::make(std::move(data));
  }
  detail::require_same_columns(old, added, order);

  const std::vector<std::size_t> places = detail::places_in(old, added);
  const detail::event_keys old_keys{old, order};
  const detail::event_keys new_keys{added, order};
  const detail::update_plan plan{old, added, places, old_keys, new_keys};
  auto data = std::make_shared<detail::log_data>();
  if (old.ticks_per_second != 0) {
    data->times.resize(plan.offsets.back());
    plan.fill(
        data->times, [&](std::uint64_t event) { return old.times[event]; },
        [&](std::uint64_t event) { return added.times[event]; });
  }
  data->ticks_per_second = old.ticks_per_second;
  data->last_time = (std::max)(old.last_time, added.last_time);
  data->touchpoint = detail::updated_label(old.touchpoint, added.touchpoint, plan);
  for (std::size_t i = 0; i < old.labels.size(); ++i) {
    data->labels.push_back(detail::updated_label(old.labels[i], added.labels[i], plan));
  }
  data->values = detail::updated_numbers(old.values, added.values, plan);
  data->costs = detail::updated_numbers(old.costs, added.costs, plan);
  for (std::size_t i = 0; i < old.numbers.size(); ++i) {
    data->numbers.push_back(
        {old.numbers[i].name, detail::updated_numbers(old.numbers[i].values, added.numbers[i].values, plan)});
  }
  data->has_text_ids = old.has_text_ids;
  data->has_unsigned_ids = old.has_unsigned_ids;
  data->id_names = old.id_names;
  data->keys = old.keys;
  data->keys.resize(plan.offsets.size() - 1);
  for (std::size_t c = 0; c < places.size(); ++c) {
    if (places[c] >= old.keys.size()) {
      data->keys[places[c]] = old.has_text_ids
                                  ? data->id_names.intern(added.id_names[static_cast<name_table::code>(added.keys[c])])
                                  : added.keys[c];
    }
  }
  data->offsets.assign(plan.offsets.begin(), plan.offsets.end());
  add_health(data->health);
  data->health.events = plan.offsets.back();
  data->health.customers = data->keys.size();
  data->health.ties = plan.ties;
  if (plan.ties != 0) {
    // Without time the order stands in its place, and with both it stands beside it.
    std::vector<std::int64_t> orders;
    if (!order.empty()) {
      orders.resize(plan.offsets.back());
      const auto bits = [](const detail::event_keys& keys, std::uint64_t event) {
        return std::bit_cast<std::int64_t>(keys[event].second);
      };
      plan.fill(
          orders, [&](std::uint64_t event) { return bits(old_keys, event); },
          [&](std::uint64_t event) { return bits(new_keys, event); });
    }
    const bool timed = old.ticks_per_second != 0;
    data->health.duplicates =
        timed ? detail::count_duplicates(*data, data->times, orders) : detail::count_duplicates(*data, orders, {});
  }
  return detail::log_access::make(std::move(data));
}

KLANTREIS_INLINE journey_set updated(const journey_set& journeys, const event_log& more, std::string_view order) {
  return make_journeys(updated(journeys.log(), more, order), journeys.options());
}

}  // namespace klantreis
