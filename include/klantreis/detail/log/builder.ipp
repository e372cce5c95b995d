// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "klantreis/detail/log/rows.hpp"

// The columns of one batch after another, checked row by row.

namespace klantreis {

struct log_builder::state {
  log_options options;
  bool started = false;
  bool has_time = false;
  bool has_order = false;
  bool has_value = false;
  bool has_cost = false;
  column_kind customer_kind = column_kind::absent;
  column_kind order_kind = column_kind::absent;
  std::int64_t ticks_per_second = 0;

  std::vector<std::uint64_t> keys;
  name_table id_names;
  std::vector<std::int64_t> times;
  std::vector<std::int64_t> orders;
  detail::label_collector touchpoint;
  std::vector<detail::label_collector> labels;
  std::vector<double> values;
  std::vector<double> costs;
  std::vector<number_column> numbers;

  std::uint64_t rows = 0;
  std::array<log_health::rejection, static_cast<std::size_t>(detail::row_fault::count)> rejected{};

  void start(const event_batch& batch);
  void check_layout(const event_batch& batch) const;
  void leave_out(const column_view& touchpoints, std::vector<detail::row_fault>& faults) const;
  void append_customers(const column_view& view, std::vector<detail::row_fault>& faults);
  void append_times(const column_view& view, std::vector<detail::row_fault>& faults);
  void append_orders(const column_view& view, std::vector<detail::row_fault>& faults);
  void append_amounts(const column_view& view, std::vector<double>& amounts, std::string_view name,
                      detail::row_fault nan_fault, detail::row_fault infinite_fault,
                      std::vector<detail::row_fault>& faults) const;
  void settle_faults(const event_batch& batch, std::vector<detail::row_fault>& faults, std::size_t first);
};

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
  if (keys.size() + size > 0xFFFF'FFFEULL) {
    throw limit_error("a log holds at most 4294967294 events; count the customers in shards and merge the counts");
  }
}

KLANTREIS_INLINE void log_builder::state::leave_out(const column_view& touchpoints,
                                                    std::vector<detail::row_fault>& faults) const {
  const auto wanted = [this](std::string_view name) {
    return std::find(options.only.begin(), options.only.end(), name) != options.only.end();
  };
  if (touchpoints.kind() == column_kind::dictionary) {
    std::vector<std::uint32_t> indices(touchpoints.size());
    touchpoints.dictionary_indices(indices.data());
    std::vector<std::uint8_t> keep(touchpoints.dictionary_size());
    for (std::size_t i = 0; i < keep.size(); ++i) {
      keep[i] = !touchpoints.dictionary_is_null(i) && wanted(touchpoints.dictionary_text(i)) ? 1 : 0;
    }
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (indices[i] == column_view::null_index || keep[indices[i]] == 0) {
        faults[i] = detail::row_fault::not_wanted;
      }
    }
  } else if (touchpoints.kind() == column_kind::text) {
    for (std::size_t i = 0; i < touchpoints.size(); ++i) {
      if (touchpoints.is_null(i) || !wanted(touchpoints.text(i))) {
        faults[i] = detail::row_fault::not_wanted;
      }
    }
  } else {
    throw input_error("column touchpoint holds " + touchpoints.type_name() +
                      "; to keep only some touchpoints it must be text: cast it first");
  }
}

KLANTREIS_INLINE void log_builder::state::append_customers(const column_view& view,
                                                           std::vector<detail::row_fault>& faults) {
  using detail::row_fault;
  const bool is_text = view.kind() == column_kind::text || view.kind() == column_kind::dictionary;
  const auto kind = is_text                                ? column_kind::text
                    : view.kind() == column_kind::floating ? column_kind::integer
                                                           : view.kind();
  if (kind != column_kind::text && kind != column_kind::integer && kind != column_kind::unsigned_integer) {
    throw input_error("column customer holds " + view.type_name() +
                      "; ids must be text or whole numbers: cast it first");
  }
  if (customer_kind == column_kind::absent) {
    customer_kind = kind;
  }
  if (customer_kind != kind) {
    throw input_error("column customer holds " + view.type_name() +
                      " here and another type before; cast it to one type");
  }
  const std::size_t first = keys.size();
  keys.resize(first + view.size());
  if (view.kind() == column_kind::dictionary) {
    std::vector<std::uint32_t> indices(view.size());
    view.dictionary_indices(indices.data());
    constexpr std::uint32_t unseen = 0xFFFF'FFFFU;
    std::vector<std::uint32_t> codes(view.dictionary_size(), unseen);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (faults[i] == row_fault::not_wanted) {
        continue;
      }
      if (indices[i] == 0xFFFF'FFFFU || view.dictionary_is_null(indices[i])) {
        faults[i] = row_fault::customer_null;
        continue;
      }
      auto& code = codes[indices[i]];
      if (code == unseen) {
        const auto text = view.dictionary_text(indices[i]);
        if (text.empty() || !detail::is_utf8(text)) {
          faults[i] = text.empty() ? row_fault::customer_empty : row_fault::customer_utf8;
          continue;
        }
        code = id_names.intern(text);
      }
      keys[first + i] = code;
    }
    return;
  }
  if (is_text) {
    for (std::size_t i = 0; i < view.size(); ++i) {
      if (faults[i] == row_fault::not_wanted) {
        continue;
      }
      if (view.is_null(i)) {
        faults[i] = row_fault::customer_null;
        continue;
      }
      const auto text = view.text(i);
      if (text.empty()) {
        faults[i] = row_fault::customer_empty;
      } else if (const auto found = id_names.find(text)) {
        keys[first + i] = *found;
      } else if (!detail::is_utf8(text)) {
        faults[i] = row_fault::customer_utf8;
      } else {
        keys[first + i] = id_names.intern(text);
      }
    }
    return;
  }
  if (view.kind() == column_kind::floating) {
    std::vector<double> readings(view.size());
    view.numbers(readings.data());
    for (std::size_t i = 0; i < readings.size(); ++i) {
      constexpr double largest = 9007199254740992.0;  // 2^53: above it, neighbours share a double
      if (faults[i] == row_fault::not_wanted) {
        continue;
      }
      if (view.is_null(i)) {
        faults[i] = row_fault::customer_null;
      } else if (!(std::abs(readings[i]) <= largest) || readings[i] != std::floor(readings[i])) {
        faults[i] = row_fault::customer_fraction;
      } else {
        keys[first + i] = static_cast<std::uint64_t>(static_cast<std::int64_t>(readings[i]));
      }
    }
    return;
  }
  static_assert(sizeof(std::uint64_t) == sizeof(std::int64_t));
  view.integers(reinterpret_cast<std::int64_t*>(keys.data() + first));
  if (view.may_have_nulls()) {
    for (std::size_t i = 0; i < view.size(); ++i) {
      if (faults[i] == row_fault::none && view.is_null(i)) {
        faults[i] = row_fault::customer_null;
      }
    }
  }
}

KLANTREIS_INLINE void log_builder::state::append_times(const column_view& view,
                                                       std::vector<detail::row_fault>& faults) {
  using detail::row_fault;
  std::int64_t ticks = view.ticks_per_second();
  if (view.kind() == column_kind::integer || view.kind() == column_kind::unsigned_integer) {
    ticks = options.ticks_per_second;
    if (ticks == 0) {
      throw input_error("column time holds " + view.type_name() +
                        " without a unit; say what it counts (Python: time_unit=\"s\", \"ms\", \"us\" or \"ns\")");
    }
  } else if (view.kind() != column_kind::timestamp && view.kind() != column_kind::date) {
    throw input_error("column time holds " + view.type_name() + "; cast it to a timestamp first");
  }
  if (ticks != 1 && ticks != 1'000 && ticks != 1'000'000 && ticks != 1'000'000'000) {
    throw input_error("ticks_per_second is " + std::to_string(ticks) + "; it must be 1, 1000, 1000000 or 1000000000");
  }
  if (ticks_per_second == 0) {
    ticks_per_second = ticks;
  }
  if (ticks != ticks_per_second) {
    throw input_error("column time counts in another unit here than before; cast it to one unit");
  }
  const std::size_t first = times.size();
  times.resize(first + view.size());
  view.integers(times.data() + first);
  // Years -9999 … 9999, and differences that fit 64 bits.
  constexpr std::int64_t year_limit = 253'402'300'800;
  const std::int64_t limit =
      ticks == 1'000'000'000 ? (std::numeric_limits<std::int64_t>::max)() / 2 : year_limit * ticks;
  const bool nulls = view.may_have_nulls();
  for (std::size_t i = 0; i < view.size(); ++i) {
    if (nulls && view.is_null(i)) {
      faults[i] = faults[i] == row_fault::none ? row_fault::time_null : faults[i];
    } else if (times[first + i] > limit || times[first + i] < -limit) {
      faults[i] = faults[i] == row_fault::none ? row_fault::time_range : faults[i];
    }
  }
}

KLANTREIS_INLINE void log_builder::state::append_orders(const column_view& view,
                                                        std::vector<detail::row_fault>& faults) {
  using detail::row_fault;
  const auto kind = view.kind();
  if (kind == column_kind::text || kind == column_kind::dictionary || kind == column_kind::boolean) {
    throw input_error("column order holds " + view.type_name() + "; it must be numbers or times");
  }
  if (order_kind == column_kind::absent) {
    order_kind = kind;
  }
  if (order_kind != kind) {
    throw input_error("column order holds " + view.type_name() + " here and another type before; cast it to one type");
  }
  const std::size_t first = orders.size();
  orders.resize(first + view.size());
  if (kind == column_kind::floating) {
    std::vector<double> readings(view.size());
    view.numbers(readings.data());
    for (std::size_t i = 0; i < readings.size(); ++i) {
      orders[first + i] = detail::sortable_bits(readings[i]);
      if (std::isnan(readings[i]) && !view.is_null(i) && faults[i] == row_fault::none) {
        faults[i] = row_fault::order_nan;
      }
    }
  } else {
    view.integers(orders.data() + first);
    if (kind == column_kind::unsigned_integer) {
      for (std::size_t i = first; i < orders.size(); ++i) {
        orders[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(orders[i]) ^ (std::uint64_t{1} << 63U));
      }
    }
  }
  if (view.may_have_nulls()) {
    for (std::size_t i = 0; i < view.size(); ++i) {
      if (view.is_null(i) && faults[i] == row_fault::none) {
        faults[i] = row_fault::order_null;
      }
    }
  }
}

KLANTREIS_INLINE void log_builder::state::append_amounts(const column_view& view, std::vector<double>& amounts,
                                                         std::string_view name, detail::row_fault nan_fault,
                                                         detail::row_fault infinite_fault,
                                                         std::vector<detail::row_fault>& faults) const {
  using detail::row_fault;
  if (view.kind() == column_kind::text || view.kind() == column_kind::dictionary ||
      view.kind() == column_kind::timestamp || view.kind() == column_kind::date) {
    throw input_error("column " + std::string{name} + " holds " + view.type_name() + "; it must be numbers");
  }
  const std::size_t first = amounts.size();
  amounts.resize(first + view.size());
  view.numbers(amounts.data() + first);
  for (std::size_t i = 0; i < view.size(); ++i) {
    const double amount = amounts[first + i];
    if (std::isfinite(amount) || faults[i] != row_fault::none) {
      continue;
    }
    if (std::isinf(amount)) {
      faults[i] = infinite_fault;
    } else if (!view.is_null(i)) {
      faults[i] = nan_fault;
    }
  }
}

KLANTREIS_INLINE void log_builder::state::settle_faults(const event_batch& batch,
                                                        std::vector<detail::row_fault>& faults, std::size_t first) {
  using detail::row_fault;
  const auto found = std::find_if(faults.begin(), faults.end(), [](row_fault fault) {
    return fault != row_fault::none && fault != row_fault::not_wanted;
  });
  if (found == faults.end() && options.only.empty()) {
    return;
  }
  if (found != faults.end() && options.on_bad == bad_rows::stop) {
    const auto at = static_cast<std::size_t>(found - faults.begin());
    std::string value;
    if (*found == row_fault::reserved_name) {
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
    } else if (*found == row_fault::time_range) {
      value = ": " + std::to_string(times[first + at]) + " ticks of 1/" + std::to_string(ticks_per_second) + " s";
    } else if (*found == row_fault::customer_fraction) {
      std::vector<double> readings(batch.customer.size());
      batch.customer.numbers(readings.data());
      value = ": " + detail::number_text(readings[at]);
    }
    throw input_error("row " + std::to_string(rows + at) + " (counted from 0): " + detail::fault_text(*found) + value +
                      "; pass on_bad=\"drop\" to leave such rows out and count them");
  }
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i] != row_fault::none && faults[i] != row_fault::not_wanted) {
      auto& rejection = rejected[static_cast<std::size_t>(faults[i])];
      if (rejection.rows++ == 0) {
        rejection.first_row = rows + i;
      }
    }
  }
  detail::drop_faulty(keys, first, faults);
  detail::drop_faulty(times, first, faults);
  detail::drop_faulty(orders, first, faults);
  detail::drop_faulty(values, first, faults);
  detail::drop_faulty(costs, first, faults);
  for (auto& column : numbers) {
    detail::drop_faulty(column.values, first, faults);
  }
  detail::drop_faulty(touchpoint.column.codes, first, faults);
  for (auto& label : labels) {
    detail::drop_faulty(label.column.codes, first, faults);
  }
}

KLANTREIS_INLINE void log_builder::append(const event_batch& batch) {
  using detail::row_fault;
  auto& s = *state_;
  if (!s.started) {
    s.start(batch);
  }
  s.check_layout(batch);
  const std::size_t first = s.keys.size();
  std::vector<row_fault> faults(batch.customer.size(), row_fault::none);
  if (!s.options.only.empty()) {
    s.leave_out(batch.touchpoint, faults);
  }
  s.append_customers(batch.customer, faults);
  if (s.has_time) {
    s.append_times(batch.time, faults);
  }
  if (s.has_order) {
    s.append_orders(batch.order, faults);
  }
  if (s.has_value) {
    s.append_amounts(batch.value, s.values, "value", row_fault::value_nan, row_fault::value_infinite, faults);
  }
  if (s.has_cost) {
    s.append_amounts(batch.cost, s.costs, "cost", row_fault::cost_nan, row_fault::cost_infinite, faults);
  }
  for (std::size_t i = 0; i < s.numbers.size(); ++i) {
    s.append_amounts(batch.numbers[i].second, s.numbers[i].values, s.numbers[i].name, row_fault::number_nan,
                     row_fault::number_infinite, faults);
  }
  // Names come last: a row that is left out must not leave its name behind.
  s.touchpoint.append(batch.touchpoint, faults);
  std::size_t label = 0;
  const auto collect = [&](const column_view& view) {
    if (view) {
      s.labels[label++].append(view, faults);
    }
  };
  collect(batch.channel);
  collect(batch.phase);
  for (const auto& [name, view] : batch.attributes) {
    collect(view);
  }
  s.settle_faults(batch, faults, first);
  s.rows += batch.customer.size();
}

}  // namespace klantreis
