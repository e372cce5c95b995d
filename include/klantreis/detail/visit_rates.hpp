// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis::detail {

/// Visits to rows and events among them, gathered customer by customer, for rates with intervals by customers.
///
///     for each customer: visit(row) …, event(row) …, end_customer()
class visit_rates {
 public:
  void resize(std::size_t rows) {
    visits_.resize(rows);
    events_.resize(rows);
    own_visits_.resize(rows);
    own_events_.resize(rows);
  }
  [[nodiscard]] std::size_t size() const noexcept { return visits_.size(); }

  void visit(std::size_t row) {
    if (own_visits_[row]++ == 0) {
      touched_.push_back(row);
    }
  }
  /// Counts an event of a visit to `row` that was counted before.
  void event(std::size_t row) { ++own_events_[row]; }

  void end_customer() {
    for (const std::size_t row : touched_) {
      const auto visits = static_cast<double>(own_visits_[row]);
      visits_[row].add(visits);
      if (own_events_[row] != 0) {
        events_[row].add(static_cast<double>(own_events_[row]), visits);
      }
      own_visits_[row] = 0;
      own_events_[row] = 0;
    }
    touched_.clear();
  }

  [[nodiscard]] const std::vector<visit_moments>& visits() const noexcept { return visits_; }
  [[nodiscard]] const std::vector<event_moments>& events() const noexcept { return events_; }

  visit_rates& operator+=(const visit_rates& other) {
    if (other.size() > size()) {
      resize(other.size());
    }
    for (std::size_t row = 0; row < other.size(); ++row) {
      add(row, other, row);
    }
    return *this;
  }
  /// Adds row `from` of `other` to row `row`.
  void add(std::size_t row, const visit_rates& other, std::size_t from) {
    add(row, other.visits_[from], other.events_[from]);
  }
  void add(std::size_t row, const visit_moments& visits, const event_moments& events) {
    visits_[row] += visits;
    events_[row] += events;
  }

 private:
  std::vector<visit_moments> visits_;
  std::vector<event_moments> events_;
  std::vector<std::uint64_t> own_visits_;  // of the customer at hand
  std::vector<std::uint64_t> own_events_;
  std::vector<std::size_t> touched_;
};

/// Codes for the states that klantreis adds, right after those of the items.
struct state_codes {
  explicit state_codes(std::size_t items) noexcept
      : start(static_cast<std::uint32_t>(items)),
        conversion(start + 1),
        null(start + 2),
        end(start + 3),
        open(start + 4) {}

  [[nodiscard]] std::uint32_t of(std::string_view state) const noexcept {
    return state == conversion_state ? conversion : state == null_state ? null : state == end_state ? end : open;
  }

  /// The names of the items followed by those of the states.
  [[nodiscard]] name_table with_names(const name_table& items) const {
    name_table names = items;
    for (const std::string_view state : {start_state, conversion_state, null_state, end_state, open_state}) {
      names.intern(state);
    }
    return names;
  }

  std::uint32_t start;
  std::uint32_t conversion;
  std::uint32_t null;
  std::uint32_t end;
  std::uint32_t open;
};

/// The columns of an estimate, row by row.
struct estimate_columns {
  std::vector<double> value;
  std::vector<double> lower;
  std::vector<double> upper;
  std::vector<std::int64_t> n;
  std::vector<std::string> marks;

  void add(const estimate& row) {
    value.push_back(row.value);
    lower.push_back(row.lower);
    upper.push_back(row.upper);
    n.push_back(static_cast<std::int64_t>(row.n));
    marks.push_back(to_text(row.marks));
  }
};

}  // namespace klantreis::detail
