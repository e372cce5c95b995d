// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/log/data.hpp"
#include "klantreis/detail/log/event_rows.hpp"
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

  // Keys and times stand here, or in pieces that the owners keep alive.
  detail::bulk_vector<std::uint64_t> keys;
  detail::bulk_vector<std::int64_t> times;
  detail::time_bounds bounds;  // of the times
  std::vector<detail::row_piece> pieces;
  std::vector<std::shared_ptr<const void>> owners;
  name_table id_names;
  detail::bulk_vector<std::int64_t> orders;
  detail::label_collector touchpoint;
  std::vector<detail::label_collector> labels;
  detail::number_store values;
  detail::number_store costs;
  std::vector<detail::number_column> numbers;

  std::uint64_t rows = 0;
  std::array<log_health::rejection, static_cast<std::size_t>(detail::row_fault::count)> rejected{};

  using fault_list = detail::fault_list;

  void start(const event_batch& batch);
  void check_layout(const event_batch& batch) const;
  [[nodiscard]] detail::kept_rows wanted_rows(const column_view& touchpoints) const;
  [[nodiscard]] std::size_t size() const noexcept { return touchpoint.column.codes.size(); }
  void copy_pieces();
  void check_customers(const column_view& view);
  void check_unit(const column_view& view);
  [[nodiscard]] std::optional<detail::row_piece> readable_in_place(const event_batch& batch,
                                                                   const detail::kept_rows& kept) const;
  void append_customers(const column_view& view, const detail::kept_rows& kept, fault_list& faults);
  void append_texts(const column_view& view, const detail::kept_rows& kept, fault_list& faults);
  [[nodiscard]] detail::time_bounds append_times(const column_view& view, const detail::kept_rows& kept,
                                                 fault_list& faults);
  [[nodiscard]] detail::time_bounds check_times(const column_view& view, const detail::kept_rows& kept,
                                                const std::int64_t* read, fault_list& faults) const;
  void append_orders(const column_view& view, const detail::kept_rows& kept, fault_list& faults);
  void check_faults(const event_batch& batch, const detail::kept_rows& kept, const fault_list& faults);
};

}  // namespace klantreis
