// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/map/log_match.hpp"
#include "klantreis/detail/map/relabel.hpp"
#include "klantreis/prepare.hpp"

// A log of some events of another one.

namespace klantreis::detail {

/// Events of a log in the order of its customers, some perhaps more than once.
struct chosen_events {
  std::vector<std::uint64_t> events;
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::size_t> customers;

  /// Ends a customer; one without events is left out.
  void end_customer(std::size_t customer) {
    if (offsets.back() != events.size()) {
      offsets.push_back(events.size());
      customers.push_back(customer);
    }
  }
};

[[nodiscard]] inline std::vector<double> as_numbers(number_view numbers) { return {numbers.begin(), numbers.end()}; }

[[nodiscard]] inline number_store as_store(const std::vector<double>& numbers) {
  number_store result;
  result.append(numbers);
  return result;
}

/// The data of the chosen events; labels keep only names that occur.
[[nodiscard]] inline std::shared_ptr<log_data> take_data(const event_log& log, const chosen_events& chosen) {
  const log_data& from = log_access::data(log);
  auto data = std::make_shared<log_data>();
  const auto gather = [&](const auto& column) {
    std::remove_cvref_t<decltype(column)> result;
    if (!column.empty()) {
      result.reserve(chosen.events.size());
      for (const std::uint64_t event : chosen.events) {
        result.push_back(column[event]);
      }
    }
    return result;
  };
  const auto gather_label = [&](const label_column& label) {
    label_column result{label.name, label.names, gather(label.codes), label.is_phase};
    drop_unused_names(result);
    return result;
  };
  data->offsets = chosen.offsets;
  data->times = gather(from.times);
  data->ticks_per_second = from.ticks_per_second;
  data->touchpoint = gather_label(from.touchpoint);
  for (const label_column& label : from.labels) {
    data->labels.push_back(gather_label(label));
  }
  data->values = as_store(gather(as_numbers(from.values.view())));
  data->costs = as_store(gather(as_numbers(from.costs.view())));
  for (const number_column& column : from.numbers) {
    data->numbers.push_back({column.name, as_store(gather(as_numbers(column.values.view())))});
  }
  for (const std::size_t customer : chosen.customers) {
    data->keys.push_back(from.keys[customer]);
  }
  data->id_names = from.id_names;
  data->has_text_ids = from.has_text_ids;
  data->has_unsigned_ids = from.has_unsigned_ids;
  data->health = from.health;
  data->health.events = chosen.events.size();
  data->health.customers = chosen.customers.size();
  for (std::size_t c = 0; c < data->keys.size() && !data->times.empty(); ++c) {
    const auto last = data->times[data->offsets[c + 1] - 1];
    data->last_time = c == 0 ? last : (std::max)(data->last_time, last);
  }
  data->preparation = from.preparation;
  data->map = from.map;
  if (from.match != nullptr) {
    auto match = std::make_shared<log_match>(*from.match);
    match->outcome_sets = gather(from.match->outcome_sets);
    data->match = std::move(match);
  }
  return data;
}

[[nodiscard]] inline event_log take_events(const event_log& log, const chosen_events& chosen) {
  return log_access::make(take_data(log, chosen));
}

/// The events that `wanted(customer, event)` names.
template <typename Wanted>
[[nodiscard]] event_log keep_where(const event_log& log, Wanted&& wanted) {
  chosen_events chosen;
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    for (std::uint64_t event = log.offsets()[customer]; event < log.offsets()[customer + 1]; ++event) {
      if (wanted(customer, event)) {
        chosen.events.push_back(event);
      }
    }
    chosen.end_customer(customer);
  }
  return take_events(log, chosen);
}

/// All events of the customers that `wanted(customer)` names.
template <typename Wanted>
[[nodiscard]] event_log keep_customers_where(const event_log& log, Wanted&& wanted) {
  chosen_events chosen;
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    if (wanted(customer)) {
      for (std::uint64_t event = log.offsets()[customer]; event < log.offsets()[customer + 1]; ++event) {
        chosen.events.push_back(event);
      }
    }
    chosen.end_customer(customer);
  }
  return take_events(log, chosen);
}

/// A copy of the columns, to change some.
[[nodiscard]] inline std::shared_ptr<log_data> copy_of(const event_log& log) {
  return std::make_shared<log_data>(log_access::data(log));
}

inline void require_name(std::string_view name, std::string_view what) {
  if (name.empty() || is_reserved_name(name) || !is_utf8(name)) {
    throw input_error(std::string{what} + " " + quoted(name) + " is not a usable name; choose another one");
  }
}

/// The log with one more label, or with the label of that name replaced.
[[nodiscard]] inline event_log with_label(const event_log& log, std::string_view name, label_column label) {
  require_name(name, "the label");
  if (name == "touchpoint" || log.has_numbers(name)) {
    throw input_error("the log has a column " + quoted(name) + " already; give the label another name");
  }
  auto data = copy_of(log);
  label.name = name;
  const auto known = std::find_if(data->labels.begin(), data->labels.end(),
                                  [&](const label_column& other) { return other.name == name; });
  if (known != data->labels.end()) {
    *known = std::move(label);
  } else {
    data->labels.push_back(std::move(label));
  }
  return log_access::make(std::move(data));
}

/// A label that `label_of(customer)` gives to all events of a customer.
template <typename LabelOf>
[[nodiscard]] event_log label_by_customer(const event_log& log, std::string_view name, LabelOf&& label_of) {
  label_column label;
  label.codes.reserve(log.events());
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    const auto code = label.names.intern(label_of(customer));
    label.codes.resize(log.offsets()[customer + 1], code);
  }
  return with_label(log, name, std::move(label));
}

/// All events of a customer as one journey.
[[nodiscard]] inline journey whole_customer(const event_log& log, std::size_t customer) {
  const std::uint64_t end = log.offsets()[customer + 1];
  return {.begin = log.offsets()[customer], .path_end = end, .end = end};
}

[[nodiscard]] inline path_search search_customers(const event_log& log, const path_pattern& pattern,
                                                  std::string_view by) {
  return path_search{log, pattern, {.by = std::string{by}, .unit = match_unit::customer}};
}

/// An instant in ticks of the log: of the first tick at or after it.
[[nodiscard]] inline std::int64_t ticks_at(const event_log& log, instant at, std::string_view what) {
  if (!log.has_times()) {
    throw input_error(std::string{what} + " needs the time of the events, and the log has none");
  }
  const std::int64_t micros = at.time_since_epoch().count();
  const std::int64_t rate = log.ticks_per_second();
  if (rate >= 1'000'000) {
    const std::int64_t factor = rate / 1'000'000;
    constexpr auto most = (std::numeric_limits<std::int64_t>::max)();
    return micros > most / factor ? most : micros < -(most / factor) ? -most : micros * factor;
  }
  const std::int64_t size = 1'000'000 / rate;
  return micros / size + (micros % size > 0 ? 1 : 0);
}

}  // namespace klantreis::detail
