// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <unordered_set>
#include <utility>

#include "klantreis/detail/binary.hpp"
#include "klantreis/detail/health_fields.hpp"
#include "klantreis/detail/log/data.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/store.hpp"

namespace klantreis {

namespace detail {

/// A numeric column as one number for each event.
[[nodiscard]] inline std::vector<double> plain_numbers(const number_store& numbers) {
  const number_view view = numbers.view();
  std::vector<double> plain(view.size());
  for (const std::size_t event : each({0, plain.size()})) {
    plain[event] = view[event];
  }
  return plain;
}

template <typename Io>
void list_fields(Io& io, number_store& numbers) {
  std::vector<double> plain = plain_numbers(numbers);
  io(plain);
  if constexpr (Io::reading) {
    numbers = number_store{};
    numbers.append(plain);
  }
}
template <typename Io>
void list_fields(Io& io, number_column& column) {
  io(column.name, column.values);
}
template <typename Io>
void list_fields(Io& io, label_column& column) {
  io(column.name, column.names, column.codes, column.is_phase);
}
template <typename Io>
void list_fields(Io& io, log_health& health) {
  io(health.rows, health.events, health.customers, health.ties, health.duplicates, health.rejected);
}

template <typename Io, typename T>
void list_bulk(Io& io, bulk_vector<T>& column) {
  std::vector<T> plain(column.begin(), column.end());
  io(plain);
  if constexpr (Io::reading) {
    column.assign(plain.begin(), plain.end());
  }
}
template <typename Io, typename T>
void list_bulk(Io& io, std::vector<T>& column) {
  io(column);
}

template <typename Io>
void list_fields(Io& io, log_data& data) {
  list_bulk(io, data.offsets);
  list_bulk(io, data.times);
  io(data.ticks_per_second, data.last_time, data.touchpoint, data.labels, data.values, data.costs, data.numbers);
  list_bulk(io, data.keys);
  io(data.id_names, data.has_text_ids, data.has_unsigned_ids, data.health);
}

/// \throws input_error when what was read breaks a rule of logs.
inline void check_log(const log_data& data) {
  const auto must = [](bool holds, const char* rule) {
    if (!holds) {
      refuse_bytes(rule);
    }
  };
  const std::size_t events = data.touchpoint.codes.size();
  const std::size_t customers = data.keys.size();
  must(data.offsets.size() == customers + 1 && data.offsets.front() == 0 && data.offsets.back() == events,
       "customers do not fit their events");
  for (const std::size_t c : each({0, customers})) {
    must(data.offsets[c] < data.offsets[c + 1], "a customer has no events");
  }
  const std::int64_t ticks = data.ticks_per_second;
  must(ticks == 0 || ticks == 1 || ticks == 1'000 || ticks == 1'000'000 || ticks == 1'000'000'000,
       "the unit of time is none");
  must(data.times.size() == (ticks == 0 ? 0 : events), "times are missing");
  // Up to the year 9999; of nanoseconds, so that the time between any two can be told.
  const std::int64_t latest =
      ticks == 1'000'000'000 ? (std::numeric_limits<std::int64_t>::max)() / 2 : 253'402'300'800 * ticks;
  std::int64_t last = 0;
  for (const std::size_t c : each({0, ticks != 0 ? customers : 0})) {
    for (std::uint64_t event = data.offsets[c] + 1; event < data.offsets[c + 1]; ++event) {
      must(data.times[event - 1] <= data.times[event], "times fall");
    }
    const std::int64_t own = data.times[data.offsets[c + 1] - 1];
    must(data.times[data.offsets[c]] >= -latest && own <= latest, "a time is out of range");
    last = c == 0 ? own : (std::max)(last, own);
  }
  must(data.last_time == last, "the last time is another one");
  std::unordered_set<std::string_view> known{"touchpoint", ""};
  const auto check_label = [&](const label_column& label) {
    must(label.codes.size() == events, "labels are missing");
    for (const std::size_t event : each({0, label.codes.size()})) {
      must(label.codes[event] < label.names.size(), "a label has no name");
    }
    for (const std::size_t code : each({0, label.names.size()})) {
      const std::string_view name = label.names[static_cast<name_table::code>(code)];
      must(!name.empty() && !is_reserved_name(name) && is_utf8(name), "a name is none");
    }
  };
  must(data.touchpoint.name == "touchpoint", "touchpoints have another name");
  check_label(data.touchpoint);
  for (const label_column& label : data.labels) {
    must(known.insert(label.name).second, "a label stands there twice");
    check_label(label);
  }
  const auto check_numbers = [&](const number_store& numbers, bool may_lack) {
    must(numbers.size() == events || (may_lack && numbers.empty()), "numbers are missing");
    const number_view view = numbers.view();
    for (const std::size_t event : each({0, view.size()})) {
      must(!std::isinf(view[event]), "a number is infinite");
    }
  };
  check_numbers(data.values, true);
  check_numbers(data.costs, true);
  for (const number_column& column : data.numbers) {
    check_numbers(column.values, false);
  }
  std::unordered_set<std::uint64_t> ids;
  ids.reserve(data.keys.size());
  for (const std::size_t c : each({0, data.keys.size()})) {
    const std::uint64_t key = data.keys[c];
    must(ids.insert(key).second && (!data.has_text_ids || key < data.id_names.size()), "a customer has no id");
  }
  must(data.health.events == events && data.health.customers == customers, "the figures are of another log");
}

}  // namespace detail

KLANTREIS_INLINE std::string to_bytes(const event_log& log, std::string_view note) {
  if (log.map() != nullptr) {
    throw input_error("a log with a map has no binary form; keep the log without it, and apply the map again");
  }
  detail::byte_writer out;
  out(note, detail::log_access::data(log));
  return detail::with_checksum("log", out.bytes());
}

KLANTREIS_INLINE event_log log_from_bytes(std::string_view bytes, std::string* note) {
  const detail::checked_bytes found = detail::check_bytes(bytes);
  if (found.kind != "log") {
    detail::refuse_bytes("they hold " + quoted(found.kind) + " and no log");
  }
  auto data = std::make_shared<detail::log_data>();
  detail::byte_reader in{found.content};
  std::string text;
  in(text, *data);
  if (in.left() != 0) {
    detail::refuse_bytes("something follows the log");
  }
  detail::check_log(*data);
  if (note != nullptr) {
    *note = std::move(text);
  }
  return detail::log_access::make(std::move(data));
}

}  // namespace klantreis
