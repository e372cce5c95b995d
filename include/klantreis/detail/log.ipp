// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>

#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/log/builder.ipp"
#include "klantreis/detail/log/data.hpp"
#include "klantreis/detail/log/events_of.hpp"
#include "klantreis/detail/log/finish.ipp"
#include "klantreis/log.hpp"

namespace klantreis {

KLANTREIS_INLINE event_log::event_log() : event_log(std::make_shared<detail::log_data>()) {}
KLANTREIS_INLINE event_log::event_log(std::shared_ptr<const detail::log_data> data) : data_(std::move(data)) {}

KLANTREIS_INLINE std::size_t event_log::events() const noexcept { return data_->touchpoint.codes.size(); }
KLANTREIS_INLINE std::size_t event_log::customers() const noexcept { return data_->keys.size(); }
KLANTREIS_INLINE std::span<const std::uint64_t> event_log::offsets() const noexcept { return data_->offsets; }
KLANTREIS_INLINE bool event_log::has_times() const noexcept { return data_->ticks_per_second != 0; }
KLANTREIS_INLINE std::span<const std::int64_t> event_log::times() const noexcept { return data_->times; }
KLANTREIS_INLINE std::int64_t event_log::ticks_per_second() const noexcept { return data_->ticks_per_second; }
KLANTREIS_INLINE std::int64_t event_log::last_time() const noexcept { return data_->last_time; }
KLANTREIS_INLINE std::span<const std::uint32_t> event_log::touchpoints() const noexcept {
  return data_->touchpoint.codes;
}
KLANTREIS_INLINE const name_table& event_log::touchpoint_names() const noexcept { return data_->touchpoint.names; }
KLANTREIS_INLINE number_view event_log::values() const noexcept { return data_->values.view(); }
KLANTREIS_INLINE number_view event_log::costs() const noexcept { return data_->costs.view(); }
KLANTREIS_INLINE const log_health& event_log::health() const noexcept { return data_->health; }
KLANTREIS_INLINE const journey_map* event_log::map() const noexcept { return data_->map.get(); }

KLANTREIS_INLINE std::vector<std::string> event_log::number_names() const {
  std::vector<std::string> names;
  if (!data_->values.empty()) {
    names.emplace_back("value");
  }
  if (!data_->costs.empty()) {
    names.emplace_back("cost");
  }
  for (const auto& column : data_->numbers) {
    names.push_back(column.name);
  }
  return names;
}

KLANTREIS_INLINE bool event_log::has_numbers(std::string_view name) const noexcept {
  return (name == "value" && !data_->values.empty()) || (name == "cost" && !data_->costs.empty()) ||
         std::any_of(data_->numbers.begin(), data_->numbers.end(),
                     [&](const detail::number_column& column) { return column.name == name; });
}

KLANTREIS_INLINE number_view event_log::numbers(std::string_view name) const {
  if (name == "value" && !data_->values.empty()) {
    return data_->values.view();
  }
  if (name == "cost" && !data_->costs.empty()) {
    return data_->costs.view();
  }
  for (const auto& column : data_->numbers) {
    if (column.name == name) {
      return column.values.view();
    }
  }
  std::string message = "the log has no numeric column " + quoted(name) + "; it has";
  for (const auto& known : number_names()) {
    message += " " + quoted(known);
  }
  throw input_error(message + (number_names().empty() ? " none" : "") + ": name the column when the log is read");
}

KLANTREIS_INLINE std::vector<std::string> event_log::label_names() const {
  std::vector<std::string> names{data_->touchpoint.name};
  for (const auto& label : data_->labels) {
    names.push_back(label.name);
  }
  return names;
}

KLANTREIS_INLINE bool event_log::has_labels(std::string_view by) const noexcept {
  return by == data_->touchpoint.name || std::any_of(data_->labels.begin(), data_->labels.end(),
                                                     [&](const label_column& label) { return label.name == by; });
}

KLANTREIS_INLINE const label_column& event_log::labels(std::string_view by) const {
  if (by == data_->touchpoint.name) {
    return data_->touchpoint;
  }
  for (const auto& label : data_->labels) {
    if (label.name == by) {
      return label;
    }
  }
  std::string message = "the log has no " + quoted(by) + "; it has";
  for (const auto& name : label_names()) {
    message += " " + quoted(name);
  }
  throw input_error(message + ": name the column when the log is read");
}

KLANTREIS_INLINE std::string event_log::customer_id(std::size_t customer) const {
  const auto key = data_->keys.at(customer);
  if (data_->has_text_ids) {
    return std::string{data_->id_names[static_cast<name_table::code>(key)]};
  }
  return data_->has_unsigned_ids ? std::to_string(key) : std::to_string(static_cast<std::int64_t>(key));
}

KLANTREIS_INLINE std::optional<std::size_t> event_log::find_customer(std::string_view id) const {
  for (std::size_t customer = 0; customer < customers(); ++customer) {
    if (customer_id(customer) == id) {
      return customer;
    }
  }
  return std::nullopt;
}

KLANTREIS_INLINE void append_stream(log_builder& builder, ArrowArrayStream* stream, const log_columns& columns) {
  arrow_reader reader{stream};
  begin_stage("reading", 0);
  while (auto next = reader.next()) {
    const auto batch = std::make_shared<const record_batch>(std::move(*next));
    builder.append(detail::events_of(*batch, columns), batch);
    advance(batch->rows());
  }
}

KLANTREIS_INLINE event_log read_log(ArrowArrayStream* stream, const log_columns& columns, const log_options& options) {
  log_builder builder{options};
  append_stream(builder, stream, columns);
  return builder.finish();
}

KLANTREIS_INLINE table health_table(const event_log& log) {
  const auto& health = log.health();
  std::vector<std::string> figures;
  std::vector<std::string> values;
  std::vector<std::string> notes;
  const auto put = [&](std::string figure, std::string value, std::string note = {}) {
    figures.push_back(std::move(figure));
    values.push_back(std::move(value));
    notes.push_back(std::move(note));
  };
  put("rows", std::to_string(health.rows));
  put("events", std::to_string(health.events));
  put("customers", std::to_string(health.customers));
  put("touchpoints", std::to_string(log.touchpoint_names().size()));
  if (log.has_times() && log.events() != 0) {
    auto first = log.times().front();
    for (std::size_t c = 0; c < log.customers(); ++c) {
      first = (std::min)(first, log.times()[log.offsets()[c]]);
    }
    put("first event", detail::instant_option(detail::to_instant(first, log.ticks_per_second())));
    put("last event", detail::instant_option(detail::to_instant(log.last_time(), log.ticks_per_second())));
  }
  put("ties", std::to_string(health.ties),
      health.ties == 0 ? ""
                       : "same customer and instant: their order is that of the input; an order column settles it");
  put("duplicates", std::to_string(health.duplicates),
      health.duplicates == 0 ? "" : "equal in every column that was read; they are counted as events");
  if (health.mapped) {
    put("excluded events", std::to_string(health.excluded), health.excluded == 0 ? "" : "left out, as the map says");
    put("repeated events", std::to_string(health.repeated),
        health.repeated == 0 ? "" : "equal to an earlier one in the columns of the map's dedupe; left out");
    put("unmatched events", std::to_string(health.unmatched),
        health.unmatched == 0 ? "" : "no touchpoint of the map takes them; see the coverage of the map");
    put("unmatched events left out", std::to_string(health.dropped));
  }
  std::uint64_t rejected = 0;
  for (const auto& rejection : health.rejected) {
    rejected += rejection.rows;
  }
  put("rejected rows", std::to_string(rejected));
  for (const auto& rejection : health.rejected) {
    put("rejected: " + rejection.reason, std::to_string(rejection.rows),
        "first at row " + std::to_string(rejection.first_row) + ", counted from 0");
  }
  table result{
      "Rows of the input, what became of them, and what to know before trusting the figures. A tie is an event that "
      "only "
      "its position in the input puts after the event before it; a duplicate equals an earlier event of the same "
      "customer "
      "and instant in every column that was read."};
  result.add("figure", std::move(figures));
  result.add("value", std::move(values));
  result.add("note", std::move(notes));
  return result;
}

KLANTREIS_INLINE table label_counts(const event_log& log, std::string_view by) {
  const auto& labels = log.labels(by);
  std::vector<std::int64_t> events(labels.names.size());
  std::vector<std::int64_t> customers(labels.names.size());
  std::vector<std::uint32_t> last_seen(labels.names.size());
  for (std::size_t c = 0; c < log.customers(); ++c) {
    const auto mark = static_cast<std::uint32_t>(c + 1);
    for (std::uint64_t event = log.offsets()[c]; event < log.offsets()[c + 1]; ++event) {
      const auto code = labels.codes[event];
      ++events[code];
      if (last_seen[code] != mark) {
        last_seen[code] = mark;
        ++customers[code];
      }
    }
  }
  std::vector<std::size_t> order;
  for (std::size_t code = 0; code < events.size(); ++code) {
    if (events[code] != 0) {
      order.push_back(code);
    }
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return events[a] != events[b]
               ? events[a] > events[b]
               : labels.names[static_cast<name_table::code>(a)] < labels.names[static_cast<name_table::code>(b)];
  });
  table result{"Events, and customers with at least one of them, of each " + std::string{by} +
               "; all events of the log."};
  result.add(std::string{by}, labels.names.to_vector());
  result.add("events", std::move(events), quantity::count);
  result.add("customers", std::move(customers), quantity::count);
  return result.take(order);
}

}  // namespace klantreis
