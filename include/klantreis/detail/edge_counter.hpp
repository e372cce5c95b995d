// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/statistics/influence.hpp"

namespace klantreis::detail {

/// Counts transitions customer by customer, and what their intervals need.
///
/// Transitions get an index when they are first seen. Up to `dense_states` states a matrix finds the index, beyond a
/// hash table does; everything else is as long as there are distinct transitions. Per customer only what that customer
/// touched is looked at.
class edge_counter {
 public:
  using state = std::uint32_t;
  static constexpr std::size_t dense_states = 516;

  edge_counter() = default;
  /// Sinks are the states 1 … `sinks`: nothing leaves them, so their visits are arrivals.
  edge_counter(std::size_t states, state sinks) : states_(states), sinks_(sinks), rows_(states), row_count_(states, 0) {
    slots_.assign(states <= dense_states ? states * states : 1024, 0);
  }

  /// The index of a transition, which is added when it is new.
  std::size_t index_of(state from, state to) {
    if (states_ <= dense_states) {
      std::uint32_t& slot = slots_[from * states_ + to];
      if (slot == 0) {
        slot = append(from, to);
      }
      return slot - 1;
    }
    std::size_t slot = find(from, to);
    if (slots_[slot] == 0) {
      if (2 * (edges_.size() + 1) > slots_.size()) {
        rehash();
        slot = find(from, to);
      }
      slots_[slot] = append(from, to);
    }
    return slots_[slot] - 1;
  }

  /// Counts a transition of the current customer and returns its index.
  std::size_t step(state from, state to) {
    const std::size_t index = index_of(from, to);
    if (edges_[index].count++ == 0) {
      touched_.push_back(index);
    }
    return index;
  }

  /// Ends the current customer, who stands for `weight` alike.
  void finish_customer(double weight = 1.0) {
    for (const std::size_t index : touched_) {
      const edge& one = edges_[index];
      visit(one.from, one.count);
      if (is_sink(one.to)) {
        visit(one.to, one.count);
      }
    }
    for (const std::size_t index : touched_) {
      edge& one = edges_[index];
      const auto events = static_cast<double>(one.count);
      const auto visits = static_cast<double>(row_count_[one.from]);
      if (weight == 1.0) {
        one.cell.add(events, visits);
      } else {
        event_moments moments;
        moments.add(events, visits);
        one.cell += scaled(moments, weight);
      }
      one.count = 0;
    }
    for (const state row : touched_rows_) {
      visit_moments one;
      one.add(static_cast<double>(row_count_[row]));
      rows_[row] += weight == 1.0 ? one : scaled(one, weight);
      row_count_[row] = 0;
    }
    touched_.clear();
    touched_rows_.clear();
  }

  [[nodiscard]] std::size_t size() const noexcept { return edges_.size(); }
  [[nodiscard]] std::size_t states() const noexcept { return states_; }
  [[nodiscard]] state from(std::size_t index) const noexcept { return edges_[index].from; }
  [[nodiscard]] state to(std::size_t index) const noexcept { return edges_[index].to; }
  [[nodiscard]] const event_moments& cell(std::size_t index) const noexcept { return edges_[index].cell; }
  [[nodiscard]] const visit_moments& row(std::size_t at) const noexcept { return rows_[at]; }
  [[nodiscard]] bool is_sink(state at) const noexcept { return at >= 1 && at <= sinks_; }

  void add_cell(state from, state to, const event_moments& moments) { edges_[index_of(from, to)].cell += moments; }
  void add_row(state at, const visit_moments& moments) { rows_[at] += moments; }

 private:
  // Counting with many touchpoints waits for memory, so what is used together stands together.
  struct edge {
    state from;
    state to;
    std::uint64_t count;  // of the current customer
    event_moments cell;
  };

  static event_moments scaled(event_moments m, double weight) noexcept {
    return {m.e * weight, m.e2 * weight, m.ev * weight, m.e4 * weight, m.e3v * weight, m.e2v2 * weight, m.ev3 * weight};
  }
  static visit_moments scaled(visit_moments m, double weight) noexcept {
    return {m.customers * weight, m.v * weight, m.v2 * weight, m.v4 * weight};
  }

  void visit(state row, std::uint64_t times) {
    if (row_count_[row] == 0) {
      touched_rows_.push_back(row);
    }
    row_count_[row] += times;
  }

  std::uint32_t append(state from, state to) {
    if (edges_.size() >= name_table::max_size) {
      throw limit_error("more than " + std::to_string(name_table::max_size) + " distinct transitions; group the " +
                        "touchpoints first");
    }
    edges_.push_back({from, to, 0, {}});
    return static_cast<std::uint32_t>(edges_.size());
  }

  [[nodiscard]] std::size_t find(state from, state to) const noexcept {
    const std::uint64_t key = (static_cast<std::uint64_t>(from) << 32U) | to;
    const std::uint64_t mixed = (key ^ (key >> 29U)) * 0x9E3779B97F4A7C15ULL;
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = static_cast<std::size_t>(mixed >> 32U) & mask;
    while (slots_[slot] != 0 && !(edges_[slots_[slot] - 1].from == from && edges_[slots_[slot] - 1].to == to)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  void rehash() {
    slots_.assign(std::bit_ceil(slots_.size() + 1), 0);
    for (std::size_t index = 0; index < edges_.size(); ++index) {
      slots_[find(edges_[index].from, edges_[index].to)] = static_cast<std::uint32_t>(index + 1);
    }
  }

  std::size_t states_ = 0;
  state sinks_ = 0;
  std::vector<std::uint32_t> slots_;  // index + 1; 0 is empty
  std::vector<edge> edges_;
  std::vector<visit_moments> rows_;
  std::vector<std::uint64_t> row_count_;  // of the current customer
  std::vector<std::size_t> touched_;
  std::vector<state> touched_rows_;
};

}  // namespace klantreis::detail
