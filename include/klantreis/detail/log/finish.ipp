// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "klantreis/detail/log/builder.ipp"
#include "klantreis/detail/log/data.hpp"
#include "klantreis/detail/log/duplicates.hpp"
#include "klantreis/detail/log/group.hpp"
#include "klantreis/engine.hpp"

// What was collected becomes a log: grouped, sorted, gathered, counted.

namespace klantreis {

namespace detail {

template <typename Column>
void gather(Column& column, std::span<const std::uint32_t> rows, unsigned workers) {
  if (column.empty() || rows.empty()) {
    return;
  }
  Column sorted(column.size());
  run_parallel(workers, [&](unsigned worker) {
    const auto part = slice(rows.size(), worker, workers);
    for (std::size_t i = part.begin; i < part.end; ++i) {
      sorted[i] = column[rows[i]];
    }
  });
  column = std::move(sorted);
}

}  // namespace detail

KLANTREIS_INLINE event_log log_builder::finish() {
  state s = std::move(*state_);
  *state_ = state{};
  state_->options = s.options;
  auto data = std::make_shared<detail::log_data>();
  const unsigned workers = worker_count(s.options.threads);

  data->health.rows = s.rows;
  data->health.events = s.size();
  for (std::size_t fault = 1; fault < s.rejected.size(); ++fault) {
    if (s.rejected[fault].rows != 0) {
      data->health.rejected.push_back(s.rejected[fault]);
      data->health.rejected.back().reason = detail::fault_text(static_cast<detail::row_fault>(fault));
    }
  }
  data->ticks_per_second = s.has_time ? s.ticks_per_second : 0;
  data->touchpoint.names = std::move(s.touchpoint.column.names);
  data->has_text_ids = s.customer_kind == column_kind::text;
  data->has_unsigned_ids = s.customer_kind == column_kind::unsigned_integer;
  data->id_names = std::move(s.id_names);

  // Without time the order column alone sorts.
  if (!s.has_time) {
    s.times = std::move(s.orders);
    s.orders = {};
    s.bounds.add(s.times);
  }
  const bool with_rows = s.has_value || s.has_cost || !s.numbers.empty() || !s.labels.empty();
  auto grouped = detail::row_grouper{s.pieces.empty() ? detail::event_rows{std::move(s.keys), std::move(s.times)}
                                                      : detail::event_rows{std::move(s.pieces)},
                                     std::move(s.touchpoint.column.codes),
                                     s.bounds,
                                     data->touchpoint.names.size(),
                                     s.orders,
                                     with_rows,
                                     workers}
                     .group();
  s.owners.clear();
  data->offsets = std::move(grouped.offsets);
  data->keys = std::move(grouped.keys);
  data->touchpoint.codes = std::move(grouped.touchpoints);
  data->values = std::move(s.values).sorted(grouped.rows, workers);
  data->costs = std::move(s.costs).sorted(grouped.rows, workers);
  data->numbers = std::move(s.numbers);
  for (auto& column : data->numbers) {
    column.values = std::move(column.values).sorted(grouped.rows, workers);
  }
  detail::gather(s.orders, grouped.rows, workers);
  for (auto& label : s.labels) {
    detail::gather(label.column.codes, grouped.rows, workers);
    data->labels.push_back(std::move(label.column));
    data->labels.back().is_phase = data->labels.back().name == "phase";
  }
  data->health.customers = data->keys.size();
  data->health.ties = grouped.ties;
  if (grouped.ties != 0) {
    data->health.duplicates = detail::count_duplicates(*data, grouped.times, s.orders);
  }
  if (s.has_time) {
    data->times = std::move(grouped.times);
    data->last_time = data->times.empty() ? 0 : s.bounds.last;
  }
  if (!s.options.phase_of_touchpoint.empty()) {
    const bool has_column = std::any_of(data->labels.begin(), data->labels.end(),
                                        [](const label_column& label) { return label.name == "phase"; });
    if (has_column) {
      throw input_error("phases are given both as a column and per touchpoint; keep one of them");
    }
    label_column phase{.name = "phase", .names = {}, .codes = {}, .is_phase = true};
    std::vector<std::uint32_t> phase_of(data->touchpoint.names.size(), 0xFFFF'FFFFU);
    for (const auto& [touchpoint, name] : s.options.phase_of_touchpoint) {
      if (name.empty() || is_reserved_name(name) || !detail::is_utf8(name)) {
        throw input_error("phase " + quoted(name) + " of touchpoint " + quoted(touchpoint) +
                          " is not a usable name; rename it");
      }
      const auto code = phase.names.intern(name);
      if (const auto found = data->touchpoint.names.find(touchpoint)) {
        phase_of[*found] = code;
      }
    }
    phase.codes.resize(data->touchpoint.codes.size());
    for (std::size_t i = 0; i < phase.codes.size(); ++i) {
      auto& code = phase_of[data->touchpoint.codes[i]];
      if (code == 0xFFFF'FFFFU) {
        code = phase.names.intern(none_label);
      }
      phase.codes[i] = code;
    }
    data->labels.push_back(std::move(phase));
  }
  return event_log{std::move(data)};
}

}  // namespace klantreis
