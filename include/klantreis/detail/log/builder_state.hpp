// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/log/data.hpp"
#include "klantreis/detail/log/rows.hpp"

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

  detail::bulk_vector<std::uint64_t> keys;
  name_table id_names;
  detail::bulk_vector<std::int64_t> times;
  detail::bulk_vector<std::int64_t> orders;
  detail::label_collector touchpoint;
  std::vector<detail::label_collector> labels;
  detail::number_store values;
  detail::number_store costs;
  std::vector<detail::number_column> numbers;

  std::uint64_t rows = 0;
  std::array<log_health::rejection, static_cast<std::size_t>(detail::row_fault::count)> rejected{};

  using fault_list = std::vector<detail::row_fault>;

  void start(const event_batch& batch);
  void check_layout(const event_batch& batch) const;
  [[nodiscard]] detail::kept_rows wanted_rows(const column_view& touchpoints) const;
  void append_customers(const column_view& view, const detail::kept_rows& rows, fault_list& faults);
  void append_texts(const column_view& view, const detail::kept_rows& rows, fault_list& faults);
  void append_times(const column_view& view, const detail::kept_rows& rows, fault_list& faults);
  void append_orders(const column_view& view, const detail::kept_rows& rows, fault_list& faults);
  void check_faults(const event_batch& batch, const detail::kept_rows& rows, const fault_list& faults);
};

}  // namespace klantreis
