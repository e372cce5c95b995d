// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "klantreis/detail/large_pages.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/map/match.hpp"

namespace klantreis {

struct journey_set::data {
  static constexpr std::uint8_t converted = 1;
  static constexpr std::uint8_t settled = 2;
  static constexpr std::uint8_t cut_by_conversion = 4;

  journey_options options;
  std::vector<std::uint64_t> customer_offsets{0};
  std::vector<std::uint32_t> begins;  // a log has fewer than 2^32 events
  std::vector<std::uint32_t> ends;
  std::vector<std::uint8_t> flags;
  std::vector<std::uint8_t> converts;        // by touchpoint code
  std::vector<std::uint8_t> converts_event;  // by event; empty without outcomes of a map
  std::int64_t observed_until = 0;
  std::int64_t inactivity_ticks = 0;
  std::uint64_t conversions = 0;
  std::uint64_t nulls = 0;
  std::uint64_t open = 0;
  std::uint64_t settled_customers = 0;
};

KLANTREIS_INLINE journey_set::journey_set() : data_(std::make_shared<const data>()) {}
KLANTREIS_INLINE const journey_options& journey_set::options() const noexcept { return data_->options; }
KLANTREIS_INLINE std::size_t journey_set::size() const noexcept { return data_->begins.size(); }
KLANTREIS_INLINE std::uint64_t journey_set::conversions() const noexcept { return data_->conversions; }
KLANTREIS_INLINE std::uint64_t journey_set::nulls() const noexcept { return data_->nulls; }
KLANTREIS_INLINE std::uint64_t journey_set::open() const noexcept { return data_->open; }
KLANTREIS_INLINE std::uint64_t journey_set::settled_customers() const noexcept { return data_->settled_customers; }
KLANTREIS_INLINE std::int64_t journey_set::observed_until_ticks() const noexcept { return data_->observed_until; }
KLANTREIS_INLINE std::span<const std::uint64_t> journey_set::customer_offsets() const noexcept {
  return data_->customer_offsets;
}

KLANTREIS_INLINE journey journey_set::operator[](std::size_t index) const noexcept {
  const auto flags = data_->flags[index];
  const auto end = data_->ends[index];
  return {.begin = data_->begins[index],
          .path_end = (flags & data::cut_by_conversion) != 0 ? end - 1 : end,
          .end = end,
          .converted = (flags & data::converted) != 0,
          .settled = (flags & data::settled) != 0};
}

KLANTREIS_INLINE bool journey_set::is_conversion_event(std::uint64_t event) const noexcept {
  return data_->converts_event.empty() ? data_->converts[log_.touchpoints()[event]] != 0
                                       : data_->converts_event[event] != 0;
}

KLANTREIS_INLINE double journey_set::value(std::size_t index) const noexcept {
  const auto values = log_.values();
  if (values.empty()) {
    return 0.0;
  }
  const auto item = (*this)[index];
  if (!item.converted) {
    return 0.0;
  }
  double sum = 0.0;
  for (auto event = item.path_end == item.end ? item.begin : item.path_end; event < item.end; ++event) {
    if (is_conversion_event(event) && !std::isnan(values[event])) {
      sum += values[event];
    }
  }
  return sum;
}

KLANTREIS_INLINE double journey_set::seconds(std::size_t index) const noexcept {
  if (!log_.has_times()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const auto times = log_.times();
  return static_cast<double>(times[data_->ends[index] - 1] - times[data_->begins[index]]) /
         static_cast<double>(log_.ticks_per_second());
}

KLANTREIS_INLINE std::string_view journey_set::end_state_of(const journey& item) const noexcept {
  if (data_->options.after == after_conversion::go_on) {
    return end_state;
  }
  return item.converted ? conversion_state : null_state;
}

KLANTREIS_INLINE std::int64_t to_ticks(duration length, std::int64_t ticks_per_second, std::string_view what) {
  if (length <= duration::zero()) {
    throw input_error(std::string{what} + " is " + std::to_string(length.count()) +
                      " microseconds; it must be positive");
  }
  if (ticks_per_second == 0) {
    throw input_error(std::string{what} +
                      " needs the time of the events, and the log has none; read it with a time column");
  }
  constexpr std::int64_t microseconds_per_second = 1'000'000;
  if (ticks_per_second <= microseconds_per_second) {
    return length.count() / (microseconds_per_second / ticks_per_second);
  }
  const std::int64_t factor = ticks_per_second / microseconds_per_second;
  // Longer than any difference of two times of a log: never exceeded.
  return length.count() > (std::numeric_limits<std::int64_t>::max)() / factor
             ? (std::numeric_limits<std::int64_t>::max)()
             : length.count() * factor;
}

namespace detail {

/// Cuts the events of customers into journeys.
struct journey_cutter {
  static constexpr auto never = (std::numeric_limits<std::int64_t>::max)();

  const event_log& log;
  std::span<const std::uint8_t> converts;
  std::span<const std::uint8_t> converts_event;
  after_conversion after;
  std::int64_t gap;            ///< in ticks, as those below
  std::int64_t last;           ///< of the observation
  std::int64_t settled_until;  ///< `never`: all journeys are settled

  struct counts {
    std::uint64_t conversions = 0, nulls = 0, open = 0, settled_customers = 0;
    counts& operator+=(const counts& other) {
      conversions += other.conversions;
      nulls += other.nulls;
      open += other.open;
      settled_customers += other.settled_customers;
      return *this;
    }
  };

  struct part {
    std::vector<std::uint32_t> begins, ends, journeys_of_customer;
    std::vector<std::uint8_t> flags;
    counts all;
    part& operator+=(const part& other) {
      begins.insert(begins.end(), other.begins.begin(), other.begins.end());
      ends.insert(ends.end(), other.ends.begin(), other.ends.end());
      flags.insert(flags.end(), other.flags.begin(), other.flags.end());
      journeys_of_customer.insert(journeys_of_customer.end(), other.journeys_of_customer.begin(),
                                  other.journeys_of_customer.end());
      all += other.all;
      return *this;
    }
  };

  template <typename Data>
  void cut(Data& result, unsigned workers) const;
  template <typename Data>
  void take_whole(Data& result, unsigned workers) const;
  template <typename Data>
  static void set(Data& result, const counts& all) {
    result.conversions = all.conversions;
    result.nulls = all.nulls;
    result.open = all.open;
    result.settled_customers = all.settled_customers;
  }
};

template <typename Data>
void journey_cutter::cut(Data& result, unsigned workers) const {
  const auto offsets = log.offsets();
  const auto times = log.times();
  const auto touchpoints = log.touchpoints();
  const std::uint8_t* const converts_code = converts.data();
  const std::uint8_t* const converts_at = converts_event.empty() ? nullptr : converts_event.data();
  const std::int64_t longest = gap;
  const bool goes_on = after == after_conversion::go_on;
  auto parts = count_in_slices(log.customers(), workers, 4096, [&](index_range customers) {
    part local;
    local.journeys_of_customer.reserve(customers.end - customers.begin);
    for (const std::size_t c : each(customers)) {
      const std::uint64_t first = offsets[c];
      std::uint64_t end = offsets[c + 1];
      while (last != never && end > first && times[end - 1] > last) {
        --end;
      }
      const std::size_t journeys_before = local.begins.size();
      bool any_settled = false;
      std::uint64_t begin = first;
      std::uint64_t first_conversion = never;
      const auto close = [&](std::uint64_t journey_end, bool cut_by_conversion) {
        const bool converted = first_conversion != static_cast<std::uint64_t>(never);
        const auto judged = converted ? first_conversion : journey_end - 1;
        const bool settled = settled_until == never || times[judged] <= settled_until;
        local.begins.push_back(static_cast<std::uint32_t>(begin));
        local.ends.push_back(static_cast<std::uint32_t>(journey_end));
        local.flags.push_back(static_cast<std::uint8_t>((converted ? Data::converted : 0) |
                                                        (settled ? Data::settled : 0) |
                                                        (cut_by_conversion ? Data::cut_by_conversion : 0)));
        any_settled |= settled;
        ++(!settled ? local.all.open : converted ? local.all.conversions : local.all.nulls);
        begin = journey_end;
        first_conversion = never;
      };
      for (std::uint64_t event = first; event < end; ++event) {
        if (longest != never && event > begin && times[event] - times[event - 1] > longest) {
          close(event, false);
        }
        if ((converts_at == nullptr ? converts_code[touchpoints[event]] : converts_at[event]) != 0) {
          if (first_conversion == static_cast<std::uint64_t>(never)) {
            first_conversion = event;
          }
          if (!goes_on) {
            close(event + 1, true);
            if (after == after_conversion::stop) {
              begin = end;
              break;
            }
          }
        }
      }
      if (begin < end) {
        close(end, false);
      }
      local.all.settled_customers += any_settled ? 1 : 0;
      local.journeys_of_customer.push_back(static_cast<std::uint32_t>(local.begins.size() - journeys_before));
    }
    return local;
  });
  result.begins = std::move(parts.begins);
  result.ends = std::move(parts.ends);
  result.flags = std::move(parts.flags);
  result.begins.shrink_to_fit();
  result.ends.shrink_to_fit();
  result.flags.shrink_to_fit();
  set(result, parts.all);
  make_room(result.customer_offsets, log.customers());
  for (const auto count : parts.journeys_of_customer) {
    result.customer_offsets.push_back(result.customer_offsets.back() + count);
  }
}

/// What `cut` does where nothing ends a journey: each customer has one, of all events, which need not be looked at.
template <typename Data>
void journey_cutter::take_whole(Data& result, unsigned workers) const {
  const auto offsets = log.offsets();
  const std::size_t customers = log.customers();
  extend(result.begins, customers);
  extend(result.ends, customers);
  extend(result.customer_offsets, customers);
  result.flags.assign(customers, Data::settled);
  set(result, {.nulls = customers, .settled_customers = customers});
  const auto useful = static_cast<unsigned>(std::clamp<std::size_t>(customers / 65'536, 1, workers));
  run_parallel(useful, [&](unsigned worker) {
    for (const std::size_t c : each(slice(customers, worker, useful))) {
      result.begins[c] = static_cast<std::uint32_t>(offsets[c]);
      result.ends[c] = static_cast<std::uint32_t>(offsets[c + 1]);
      result.customer_offsets[c + 1] = c + 1;
    }
  });
}

}  // namespace detail

KLANTREIS_INLINE journey_set make_journeys(const event_log& log, const journey_options& options) {
  using data = journey_set::data;
  constexpr auto never = (std::numeric_limits<std::int64_t>::max)();
  const auto ticks = log.ticks_per_second();
  auto gap = never;
  std::int64_t inactivity = 0;
  if (options.inactivity) {
    inactivity = to_ticks(*options.inactivity, ticks, "inactivity");
    gap = inactivity;
  }
  if (options.gap) {
    gap = to_ticks(*options.gap, ticks, "gap");
    if (options.inactivity && *options.gap > *options.inactivity) {
      throw input_error(
          "gap is longer than inactivity: a journey would count as ended while it can still go on; "
          "shorten gap or lengthen inactivity");
    }
  }
  auto last = never;
  if (options.observed_until) {
    const auto at = options.observed_until->time_since_epoch();
    if (ticks == 0) {
      throw input_error("observed_until needs the time of the events, and the log has none");
    }
    const auto length = duration{std::abs(at.count())};
    const auto size = length.count() == 0 ? 0 : to_ticks(length, ticks, "observed_until");
    const bool exact = ticks >= 1'000'000 || length.count() % (1'000'000 / ticks) == 0;
    last = at.count() >= 0 ? size : -size - (exact ? 0 : 1);
  }

  auto result = std::make_shared<data>();
  result->options = options;
  result->inactivity_ticks = inactivity;
  result->observed_until = options.observed_until ? last : log.last_time();
  const auto settled_until = options.inactivity ? result->observed_until - inactivity : never;
  result->converts.resize(log.touchpoint_names().size());
  for (const auto& name : options.conversion) {
    if (is_outcome_with_events(log, name)) {
      const auto events = outcome_events(log, name);
      result->converts_event.resize(log.events());
      for (std::size_t i = 0; i < events.size(); ++i) {
        if (events[i]) {
          result->converts_event[i] = 1;
        }
      }
    } else if (const auto code = log.touchpoint_names().find(name)) {
      result->converts[*code] = 1;
    }
  }
  if (!result->converts_event.empty()) {
    for (std::size_t i = 0; i < log.events(); ++i) {
      result->converts_event[i] |= result->converts[log.touchpoints()[i]];
    }
  }

  const bool may_convert = !result->converts_event.empty() ||
                           std::find(result->converts.begin(), result->converts.end(), 1) != result->converts.end();
  const detail::journey_cutter cutter{.log = log,
                                      .converts = result->converts,
                                      .converts_event = result->converts_event,
                                      .after = options.after,
                                      .gap = gap,
                                      .last = last,
                                      .settled_until = settled_until};
  const unsigned workers = worker_count(options.threads);
  if (gap == never && last == never && settled_until == never && !may_convert) {
    cutter.take_whole(*result, workers);
  } else {
    cutter.cut(*result, workers);
  }

  journey_set journeys;
  journeys.log_ = log;
  journeys.data_ = std::move(result);
  return journeys;
}

KLANTREIS_INLINE journey_options map_journey_options(const event_log& log) {
  if (log.map() == nullptr) {
    throw input_error("the log has no map; apply one, or name the conversion");
  }
  journey_options options;
  if (const auto* outcome = log.map()->primary_outcome()) {
    options.conversion = {outcome->id};
  }
  options.inactivity = log.map()->inactivity();
  return options;
}

KLANTREIS_INLINE journey_set journey_set::recut(after_conversion after) const {
  auto options = data_->options;
  options.after = after;
  return make_journeys(log_, options);
}

KLANTREIS_INLINE void require_cut(const journey_set& journeys, std::string_view analysis) {
  if (journeys.options().after == after_conversion::go_on) {
    throw input_error(std::string{analysis} +
                      " needs journeys that end at their conversion, and these go on after it; cut them with "
                      "after_conversion=\"new\" or \"stop\" (journeys.recut)");
  }
}

KLANTREIS_INLINE std::vector<std::string> journey_set::notes() const {
  std::vector<std::string> notes;
  for (const auto& name : data_->options.conversion) {
    const auto code = log_.touchpoint_names().find(name);
    if (is_outcome_with_events(log_, name)) {
      const auto events = outcome_events(log_, name);
      if (log_.events() != 0 && std::find(events.begin(), events.end(), true) == events.end()) {
        notes.push_back("conversion " + quoted(name) +
                        " does not occur in the log: no event meets the rule of this outcome");
      }
    } else if (!code && log_.events() != 0) {
      std::string note = "conversion " + quoted(name) + " does not occur in the log";
      const auto similar = similar_names(name, log_.touchpoint_names().to_vector());
      for (std::size_t i = 0; i < similar.size(); ++i) {
        note += (i == 0 ? "; did you mean " : " or ") + quoted(similar[i]);
      }
      notes.push_back(note);
    }
  }
  if (empty() || !data_->options.inactivity) {
    return notes;
  }
  if (data_->settled_customers == 0) {
    notes.emplace_back(
        "no journey is settled: the last event of each lies within the inactivity before observed_until. Shorten "
        "inactivity, or set observed_until later if the log ends before the observation does");
    return notes;
  }
  // The settled rule selects by the end of a journey: unbiased when journeys flow in at a constant rate and their
  // beginnings are in the log.
  const auto times = log_.times();
  std::int64_t first = times[data_->begins.front()];
  for (const auto begin : data_->begins) {
    first = (std::min)(first, times[begin]);
  }
  const auto settled_until = data_->observed_until - data_->inactivity_ticks;
  const double window = static_cast<double>(settled_until) - static_cast<double>(first);
  double early = 0.0;
  double late = 0.0;
  double converting_length = 0.0;
  double null_length = 0.0;
  for (std::size_t j = 0; j < size(); ++j) {
    const double start = static_cast<double>(times[data_->begins[j]]) - static_cast<double>(first);
    if (start <= window) {
      ++(2.0 * start < window ? early : late);
    }
    const auto item = (*this)[j];
    if (item.settled) {
      const auto length = static_cast<double>(times[item.end - 1] - times[item.begin]);
      (item.converted ? converting_length : null_length) += length;
    }
  }
  if (data_->conversions != 0) {
    converting_length /= static_cast<double>(data_->conversions);
  }
  if (data_->nulls != 0) {
    null_length /= static_cast<double>(data_->nulls);
  }
  const double difference = std::abs(converting_length - null_length);
  if (early + late >= 100.0 && window > 0.0 && data_->conversions != 0 && data_->nulls != 0) {
    if ((late > 1.25 * early || early > 1.25 * late) && difference > 0.02 * window) {
      notes.emplace_back(
          "the number of journeys that start changes over the log, and converting journeys last longer or shorter than "
          "others: the conversion rate of settled journeys is biased. Use a cohort rate within a horizon");
    } else if (difference > 0.1 * window) {
      notes.emplace_back(
          "converting and other journeys differ in length by more than a tenth of the log: those that began before the "
          "log are cut. Use a longer log or a cohort rate within a horizon");
    }
  }
  return notes;
}

namespace detail {

KLANTREIS_INLINE item_source items_of(const journey_set& journeys, std::string_view by, bool collapse) {
  const auto& labels = journeys.log().labels(by);
  return {labels.codes, &labels.names, collapse || labels.is_phase};
}

}  // namespace detail

}  // namespace klantreis
