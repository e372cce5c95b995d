// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "klantreis/compare/groups.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis::detail {

/// A transition of either group. `from` is 0 for (start), else 1 + the number of an item.
struct compared_edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

/// What one customer did in one group.
struct compared_entry {
  std::uint32_t edge = 0;
  double count = 0.0;
};

/// The value of a conversion of one customer and the state from which it came.
struct compared_payment {
  std::uint32_t state = 0;
  double value = 0.0;
};

/// The settled journeys of one group, customer by customer.
struct compared_group {
  std::vector<std::uint32_t> customers;         ///< with a settled journey, rising
  std::vector<std::size_t> offsets{0};          ///< entries of each of them
  std::vector<compared_entry> entries;          ///< by edge
  std::vector<std::size_t> payment_offsets{0};  ///< payments of each of them
  std::vector<compared_payment> payments;       ///< none where there are no values
  std::vector<double> values;                   ///< of each customer's conversions
  std::vector<double> counts;                   ///< by edge
  std::vector<double> visits;                   ///< by state
  std::vector<double> paid;                     ///< by state: the value of the conversions that end there

  [[nodiscard]] std::span<const compared_entry> of(std::size_t place) const noexcept {
    return std::span{entries}.subspan(offsets[place], offsets[place + 1] - offsets[place]);
  }
  [[nodiscard]] std::span<const compared_payment> payments_of(std::size_t place) const noexcept {
    return std::span{payments}.subspan(payment_offsets[place], payment_offsets[place + 1] - payment_offsets[place]);
  }
  /// Whether the group was ever in a state.
  [[nodiscard]] bool visits_state(std::uint32_t state) const noexcept { return visits[state] > 0.0; }
};

/// Two groups counted with the same names, edges and customers.
class compared_sample {
 public:
  compared_sample(const journey_group& first, const journey_group& second, const std::string& by, bool collapse)
      : same_log_(first.journeys.log().offsets().data() == second.journeys.log().offsets().data()) {
    add(first, by, collapse, groups_[0]);
    add(second, by, collapse, groups_[1]);
    finish();
  }

  [[nodiscard]] const compared_group& first() const noexcept { return groups_[0]; }
  [[nodiscard]] const compared_group& second() const noexcept { return groups_[1]; }
  [[nodiscard]] const compared_group& operator[](std::size_t group) const noexcept { return groups_[group]; }

  /// Transient states, (start) among them. After them come (conversion) and (null).
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(items_.size()) + 1; }
  [[nodiscard]] std::uint32_t conversion() const noexcept { return size(); }
  [[nodiscard]] std::uint32_t null() const noexcept { return size() + 1; }
  [[nodiscard]] std::string_view name(std::uint32_t state) const noexcept {
    return state == 0              ? start_state
           : state == conversion() ? conversion_state
           : state == null()       ? null_state
                                   : items_[state - 1];
  }

  [[nodiscard]] const std::vector<compared_edge>& edges() const noexcept { return edges_; }
  /// Edges that leave a state: `[row(state).begin, row(state).end)`, by destination.
  [[nodiscard]] index_range row(std::uint32_t state) const noexcept { return {rows_[state], rows_[state + 1]}; }
  [[nodiscard]] bool has_values() const noexcept { return has_values_; }
  [[nodiscard]] std::uint64_t shared_customers() const noexcept { return shared_; }

 private:
  // Edges are known by these until the number of items is.
  static constexpr std::uint32_t open_conversion = 0xFFFF'FFFEU;
  static constexpr std::uint32_t open_null = 0xFFFF'FFFFU;

  std::uint32_t edge_of(std::uint32_t from, std::uint32_t to) {
    const auto [found, added] = edge_codes_.try_emplace(static_cast<std::uint64_t>(from) << 32U | to,
                                                        static_cast<std::uint32_t>(edges_.size()));
    if (added) {
      edges_.push_back({from, to});
      scratch_.push_back(0.0);
    }
    return found->second;
  }

  std::uint32_t customer_of(const event_log& log, std::size_t customer) {
    if (same_log_) {
      return static_cast<std::uint32_t>(customer);
    }
    return ids_.intern(log.customer_id(customer));
  }

  void add(const journey_group& source, const std::string& by, bool collapse, compared_group& group) {
    const journey_set& journeys = source.journeys;
    const item_source items = items_of(journeys, by, collapse);
    std::vector<std::uint32_t> state_of(items.names->size());
    has_values_ = has_values_ || !journeys.log().values().empty();
    std::size_t at = 0;
    for (std::size_t customer = 0; customer < journeys.customers() && at < source.members.size(); ++customer) {
      const std::uint64_t end = journeys.customer_offsets()[customer + 1];
      touched_.clear();
      double value = 0.0;
      for (; at < source.members.size() && source.members[at] < end; ++at) {
        const std::uint64_t index = source.members[at];
        const journey piece = journeys[index];
        if (!piece.settled) {
          continue;
        }
        std::uint32_t here = 0;
        items.for_each(piece, [&](std::uint32_t code, std::uint64_t) {
          if (state_of[code] == 0) {
            state_of[code] = items_.intern((*items.names)[code]) + 1;
          }
          touch(edge_of(here, state_of[code]));
          here = state_of[code];
        });
        touch(edge_of(here, piece.converted ? open_conversion : open_null));
        if (piece.converted && has_values_) {
          const double paid = journeys.value(index);
          value += paid;
          group.payments.push_back({here, paid});
        }
      }
      if (!touched_.empty()) {
        group.customers.push_back(customer_of(journeys.log(), customer));
        group.values.push_back(value);
        for (const std::uint32_t edge : touched_) {
          group.entries.push_back({edge, scratch_[edge]});
          scratch_[edge] = 0.0;
        }
        group.offsets.push_back(group.entries.size());
        group.payment_offsets.push_back(group.payments.size());
      }
    }
    if (group.customers.empty()) {
      throw input_error("the group " + quoted(source.name) + " has no settled journey" +
                        (source.members.empty() ? "; no journey passes its conditions"
                                                : "; give it a later observed_until or a shorter inactivity"));
    }
  }

  void touch(std::uint32_t edge) {
    if (scratch_[edge] == 0.0) {
      touched_.push_back(edge);
    }
    scratch_[edge] += 1.0;
  }

  // Orders the edges by row and destination, the customers by number, and adds up the counts.
  void finish() {
    for (compared_edge& edge : edges_) {
      edge.to = edge.to == open_conversion ? conversion() : edge.to == open_null ? null() : edge.to;
    }
    std::vector<std::uint32_t> order(edges_.size());
    for (std::uint32_t edge = 0; edge < order.size(); ++edge) {
      order[edge] = edge;
    }
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return edges_[a].from != edges_[b].from ? edges_[a].from < edges_[b].from : edges_[a].to < edges_[b].to;
    });
    std::vector<std::uint32_t> new_number(order.size());
    std::vector<compared_edge> sorted;
    rows_.assign(size() + 1, 0);
    for (const std::uint32_t edge : order) {
      new_number[edge] = static_cast<std::uint32_t>(sorted.size());
      sorted.push_back(edges_[edge]);
      ++rows_[edges_[edge].from + 1];
    }
    for (std::size_t state = 0; state < size(); ++state) {
      rows_[state + 1] += rows_[state];
    }
    edges_ = std::move(sorted);
    for (compared_group& group : groups_) {
      finish(group, new_number);
    }
    for (std::size_t a = 0, b = 0; a < first().customers.size() && b < second().customers.size();) {
      const std::uint32_t left = first().customers[a];
      const std::uint32_t right = second().customers[b];
      shared_ += left == right ? 1 : 0;
      a += left <= right ? 1 : 0;
      b += right <= left ? 1 : 0;
    }
    edge_codes_.clear();
  }

  void finish(compared_group& group, const std::vector<std::uint32_t>& new_number) {
    if (!same_log_) {
      sort_customers(group);
    }
    group.counts.assign(edges_.size(), 0.0);
    group.visits.assign(size(), 0.0);
    group.paid.assign(size(), 0.0);
    for (const compared_payment& payment : group.payments) {
      group.paid[payment.state] += payment.value;
    }
    for (compared_entry& entry : group.entries) {
      entry.edge = new_number[entry.edge];
      group.counts[entry.edge] += entry.count;
      group.visits[edges_[entry.edge].from] += entry.count;
    }
    for (std::size_t place = 0; place < group.customers.size(); ++place) {
      std::sort(group.entries.begin() + static_cast<std::ptrdiff_t>(group.offsets[place]),
                group.entries.begin() + static_cast<std::ptrdiff_t>(group.offsets[place + 1]),
                [](const compared_entry& a, const compared_entry& b) { return a.edge < b.edge; });
    }
  }

  static void sort_customers(compared_group& group) {
    std::vector<std::size_t> order(group.customers.size());
    for (std::size_t place = 0; place < order.size(); ++place) {
      order[place] = place;
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return group.customers[a] < group.customers[b]; });
    compared_group sorted;
    for (const std::size_t place : order) {
      sorted.customers.push_back(group.customers[place]);
      sorted.values.push_back(group.values[place]);
      const auto own = group.of(place);
      sorted.entries.insert(sorted.entries.end(), own.begin(), own.end());
      sorted.offsets.push_back(sorted.entries.size());
      const auto paid = group.payments_of(place);
      sorted.payments.insert(sorted.payments.end(), paid.begin(), paid.end());
      sorted.payment_offsets.push_back(sorted.payments.size());
    }
    group = std::move(sorted);
  }

  bool same_log_;
  bool has_values_ = false;
  std::array<compared_group, 2> groups_;
  name_table items_;
  name_table ids_;
  std::vector<compared_edge> edges_;
  std::vector<std::size_t> rows_;
  std::unordered_map<std::uint64_t, std::uint32_t> edge_codes_;
  std::vector<double> scratch_;  // by edge, of the customer at hand
  std::vector<std::uint32_t> touched_;
  std::uint64_t shared_ = 0;
};

/// Calls `use(place in the first group, place in the second)` for each customer; `absent` where a group lacks it.
template <typename Use>
void for_each_pair(const std::vector<std::uint32_t>& first, const std::vector<std::uint32_t>& second, Use&& use) {
  constexpr auto absent = static_cast<std::size_t>(-1);
  for (std::size_t a = 0, b = 0; a < first.size() || b < second.size();) {
    const bool take_a = a < first.size() && (b == second.size() || first[a] <= second[b]);
    const bool take_b = b < second.size() && (a == first.size() || second[b] <= first[a]);
    use(take_a ? a : absent, take_b ? b : absent);
    a += take_a ? 1 : 0;
    b += take_b ? 1 : 0;
  }
}

}  // namespace klantreis::detail
