// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "klantreis/detail/log/builder_state.hpp"
#include "klantreis/detail/log/columns.ipp"

// The columns of one batch after another, checked row by row.

namespace klantreis {

KLANTREIS_INLINE log_builder::log_builder(log_options options) : state_(std::make_unique<state>()) {
  state_->options = std::move(options);
}
KLANTREIS_INLINE log_builder::~log_builder() = default;
KLANTREIS_INLINE log_builder::log_builder(log_builder&&) noexcept = default;
KLANTREIS_INLINE log_builder& log_builder::operator=(log_builder&&) noexcept = default;

KLANTREIS_INLINE void log_builder::state::start(const event_batch& batch) {
  if (!batch.customer || !batch.touchpoint) {
    throw input_error(std::string{"a log needs a "} + (batch.customer ? "touchpoint" : "customer") + " column");
  }
  if (!batch.time && !batch.order) {
    throw input_error(
        "a log needs a time or an order column: without either, the order of a customer's events is unknown");
  }
  started = true;
  has_time = static_cast<bool>(batch.time);
  has_order = static_cast<bool>(batch.order);
  has_value = static_cast<bool>(batch.value);
  has_cost = static_cast<bool>(batch.cost);
  touchpoint.column.name = "touchpoint";
  touchpoint.required = true;
  const auto add = [this](std::string_view name, const column_view& view) {
    if (view) {
      detail::label_collector collector;
      collector.column.name = name;
      labels.push_back(std::move(collector));
    }
  };
  add("channel", batch.channel);
  add("phase", batch.phase);
  for (const auto& [name, view] : batch.attributes) {
    if (!view) {
      throw input_error("attribute " + quoted(name) + " has no column");
    }
    for (const auto taken : {"touchpoint", "customer", "time", "order", "value", "cost", "channel", "phase"}) {
      if (name == taken && (name == "touchpoint" || std::any_of(labels.begin(), labels.end(), [&](const auto& label) {
                              return label.column.name == name;
                            }))) {
        throw input_error("attribute " + quoted(name) + " has the name of another column; rename it");
      }
    }
    for (const auto& label : labels) {
      if (label.column.name == name) {
        throw input_error("attribute " + quoted(name) + " is given twice");
      }
    }
    add(name, view);
  }
  for (const auto& [name, view] : batch.numbers) {
    if (!view) {
      throw input_error("numeric column " + quoted(name) + " has no column");
    }
    if (name == "value" || name == "cost") {
      throw input_error("numeric column " + quoted(name) + " has the name of another column; give it as the " + name);
    }
    for (const auto& other : numbers) {
      if (other.name == name) {
        throw input_error("numeric column " + quoted(name) + " is given twice");
      }
    }
    numbers.push_back({.name = name, .values = {}});
  }
}

KLANTREIS_INLINE void log_builder::state::check_layout(const event_batch& batch) const {
  const auto same = [](bool was, const column_view& view, const char* name) {
    if (was != static_cast<bool>(view)) {
      throw input_error(std::string{"column "} + name + " must be present in every batch or in none");
    }
  };
  same(true, batch.customer, "customer");
  same(true, batch.touchpoint, "touchpoint");
  same(has_time, batch.time, "time");
  same(has_order, batch.order, "order");
  same(has_value, batch.value, "value");
  same(has_cost, batch.cost, "cost");
  const std::size_t size = batch.customer.size();
  const auto length = [size](const column_view& view, std::string_view name) {
    if (view && view.size() != size) {
      throw input_error("column " + quoted(name) + " has " + std::to_string(view.size()) + " rows, customer has " +
                        std::to_string(size));
    }
  };
  length(batch.touchpoint, "touchpoint");
  length(batch.time, "time");
  length(batch.order, "order");
  length(batch.channel, "channel");
  length(batch.phase, "phase");
  length(batch.value, "value");
  length(batch.cost, "cost");
  std::size_t label = 0;
  const auto labelled = [&](std::string_view name, const column_view& view) {
    if (!view) {
      return;
    }
    length(view, name);
    if (label >= labels.size() || labels[label].column.name != name) {
      throw input_error("column " + quoted(name) + " must be present in every batch or in none");
    }
    ++label;
  };
  labelled("channel", batch.channel);
  labelled("phase", batch.phase);
  for (const auto& [name, view] : batch.attributes) {
    labelled(name, view);
  }
  if (label != labels.size()) {
    throw input_error("column " + quoted(labels[label].column.name) + " must be present in every batch or in none");
  }
  if (batch.numbers.size() != numbers.size()) {
    throw input_error("a batch has " + std::to_string(batch.numbers.size()) + " numeric columns, the first had " +
                      std::to_string(numbers.size()) + "; give the same in every batch");
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    length(batch.numbers[i].second, batch.numbers[i].first);
    if (batch.numbers[i].first != numbers[i].name || !batch.numbers[i].second) {
      throw input_error("column " + quoted(numbers[i].name) + " must be present in every batch or in none");
    }
  }
  if (this->size() + size > 0xFFFF'FFFEULL) {
    throw limit_error("a log holds at most 4294967294 events; count the customers in shards and merge the counts");
  }
}

/// Refuses or counts the faulty rows.
KLANTREIS_INLINE void log_builder::state::check_faults(const event_batch& batch, const detail::kept_rows& kept,
                                                       const fault_list& faults) {
  using detail::row_fault;
  if (!faults.any()) {
    return;
  }
  if (options.on_bad == bad_rows::stop) {
    std::size_t place = 0;
    while (faults[place] == row_fault::none) {
      ++place;
    }
    const row_fault found = faults[place];
    const std::size_t at = kept[place];
    std::string value;
    if (found == row_fault::reserved_name) {
      // Any of the label columns may hold it.
      const auto look = [&](const column_view& view) {
        if (value.empty() && view && view.kind() == column_kind::text && !view.is_null(at) &&
            is_reserved_name(view.text(at))) {
          value = ": " + quoted(view.text(at)) + " is what klantreis calls a state of its own; rename it";
        }
      };
      look(batch.touchpoint);
      look(batch.channel);
      look(batch.phase);
    } else if (found == row_fault::time_range) {
      value = ": " + std::to_string(times[times.size() - faults.size() + place]) + " ticks of 1/" +
              std::to_string(ticks_per_second) + " s";
    } else if (found == row_fault::customer_fraction) {
      std::vector<double> readings(batch.customer.size());
      batch.customer.numbers(readings.data());
      value = ": " + detail::number_text(readings[at]);
    }
    throw input_error("row " + std::to_string(rows + at) + " (counted from 0): " + detail::fault_text(found) + value +
                      "; pass on_bad=\"drop\" to leave such rows out and count them");
  }
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i] != row_fault::none) {
      auto& rejection = rejected[static_cast<std::size_t>(faults[i])];
      if (rejection.rows++ == 0) {
        rejection.first_row = rows + kept[i];
      }
    }
  }
}

/// The keys and times of a batch whose memory lives on, unless they must be converted or others were copied before.
KLANTREIS_INLINE std::optional<detail::row_piece> log_builder::state::readable_in_place(
    const event_batch& batch, const detail::kept_rows& kept) const {
  const std::int64_t* const ids =
      customer_kind == column_kind::text || !batch.time ? nullptr : batch.customer.plain_integers();
  const std::int64_t* const moments = ids == nullptr ? nullptr : batch.time.plain_integers();
  const auto is_text = [](const column_view& view) { return view.kind() == column_kind::text; };
  // A batch with texts is mostly texts: keeping it would take more than copying the rest.
  const bool texts = is_text(batch.touchpoint) || is_text(batch.channel) || is_text(batch.phase) ||
                     std::any_of(batch.attributes.begin(), batch.attributes.end(),
                                 [&](const auto& attribute) { return is_text(attribute.second); });
  if (moments == nullptr || texts || !kept.all || !keys.empty()) {
    return std::nullopt;
  }
  // Signed and unsigned forms of one type may read each other's memory.
  return detail::row_piece{reinterpret_cast<const std::uint64_t*>(ids), moments, kept.count};
}

KLANTREIS_INLINE void log_builder::append(const event_batch& batch) { append(batch, nullptr); }

KLANTREIS_INLINE void log_builder::append(const event_batch& batch, std::shared_ptr<const void> owner) {
  using detail::row_fault;
  auto& s = *state_;
  if (!s.started) {
    s.start(batch);
  }
  s.check_layout(batch);
  s.check_customers(batch.customer);
  if (s.has_time) {
    s.check_unit(batch.time);
  }
  const detail::kept_rows kept = s.wanted_rows(batch.touchpoint);
  const std::size_t first = s.size();
  detail::fault_list faults{kept.count};
  detail::time_bounds bounds;
  const auto in_place = owner == nullptr ? std::nullopt : s.readable_in_place(batch, kept);
  if (in_place) {
    bounds = s.check_times(batch.time, kept, in_place->times, faults);
  } else {
    s.copy_pieces();
    s.append_customers(batch.customer, kept, faults);
    if (s.has_time) {
      bounds = s.append_times(batch.time, kept, faults);
    }
  }
  check_stop();
  if (s.has_order) {
    s.append_orders(batch.order, kept, faults);
  }
  std::vector<detail::amounts> amounts;
  if (s.has_value) {
    amounts.emplace_back(batch.value, "value", row_fault::value_nan, row_fault::value_infinite, s.values);
  }
  if (s.has_cost) {
    amounts.emplace_back(batch.cost, "cost", row_fault::cost_nan, row_fault::cost_infinite, s.costs);
  }
  for (std::size_t i = 0; i < s.numbers.size(); ++i) {
    amounts.emplace_back(batch.numbers[i].second, s.numbers[i].name, row_fault::number_nan, row_fault::number_infinite,
                         s.numbers[i].values);
  }
  for (auto& column : amounts) {
    check_stop();
    column.read(kept, faults);
  }
  // Names come last: a row that is left out must not leave its name behind.
  s.touchpoint.append(batch.touchpoint, kept, faults);
  std::size_t label = 0;
  const auto collect = [&](const column_view& view) {
    if (view) {
      s.labels[label++].append(view, kept, faults);
    }
  };
  collect(batch.channel);
  collect(batch.phase);
  for (const auto& [name, view] : batch.attributes) {
    collect(view);
  }
  s.check_faults(batch, kept, faults);
  for (auto& column : amounts) {
    column.store(faults);
  }
  if (in_place) {
    s.pieces.push_back(*in_place);
    s.owners.push_back(std::move(owner));
  }
  if (faults.any()) {
    s.copy_pieces();
    detail::drop_faulty(s.keys, first, faults);
    detail::drop_faulty(s.times, first, faults);
    detail::drop_faulty(s.orders, first, faults);
    detail::drop_faulty(s.touchpoint.column.codes, first, faults);
    for (auto& collector : s.labels) {
      detail::drop_faulty(collector.column.codes, first, faults);
    }
    if (s.has_time) {
      bounds = {};
      bounds.add(std::span<const std::int64_t>{s.times}.subspan(first));
    }
  }
  s.bounds.add(bounds);
  s.rows += batch.customer.size();
}

}  // namespace klantreis
