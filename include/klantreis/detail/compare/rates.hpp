// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/compare/sample.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/rate_differences.hpp"
#include "klantreis/detail/visit_rates.hpp"

namespace klantreis::detail {

/// All rates of two groups, with their differences.
class rate_comparison {
 public:
  /// Without `changes` only the rates of the groups have a meaning.
  rate_comparison(const compared_sample& sample, const interval_options& options, bool changes = true)
      : sample_(&sample), options_(options), matched_(changes && sample.shared_customers() > 0) {
    for (std::size_t group = 0; group < 2; ++group) {
      count(sample[group], moments_[group]);
    }
    if (matched_) {
      match();
    }
  }

  [[nodiscard]] std::vector<compared_rate> rows() const {
    std::vector<compared_rate> result;
    result.push_back(conversion());
    if (sample_->has_values()) {
      result.push_back(value());
    }
    for (std::uint32_t state = 1; state < sample_->size(); ++state) {
      result.push_back(exit(state));
    }
    for (std::size_t edge = 0; edge < sample_->edges().size(); ++edge) {
      const auto [from, to] = sample_->edges()[edge];
      if (from == 0 || to != sample_->null()) {
        result.push_back(transition(edge));
      }
    }
    for (std::uint32_t state = 1; state < sample_->size(); ++state) {
      result.push_back(reach(state));
    }
    return result;
  }

  /// Customers of a group who visit a state.
  [[nodiscard]] double customers(std::size_t group, std::uint32_t state) const {
    return moments_[group].visits[state].customers;
  }

  [[nodiscard]] compared_rate conversion() const {
    compared_rate row{.rate = "conversion_rate"};
    finish(row, {moments_[0].visits[0], moments_[1].visits[0]}, {moments_[0].converted, moments_[1].converted},
           conversion_change_);
    return row;
  }

  [[nodiscard]] compared_rate value() const {
    compared_rate row{.rate = "value_per_journey"};
    const auto of_group = [&](std::size_t group) {
      return moments_[group].value.log_interval(mean_value(group), {}, options_);
    };
    row.first = of_group(0);
    row.second = of_group(1);
    row.second_sum = moments_[1].value;
    const double change = row.second.value - row.first.value;
    if (matched_) {
      plain_change(row, change, value_change_.variance(), value_change_, options_);
    } else {
      influence_sum pooled = moments_[0].value;
      pooled += moments_[1].value;
      plain_change(row, change, moments_[0].value.variance() + moments_[1].value.variance(), pooled, options_);
    }
    row.change.marks |= row.first.marks | row.second.marks;
    return row;
  }

  /// The rate of the journeys that end in a null right after an item.
  [[nodiscard]] compared_rate exit(std::uint32_t state) const {
    compared_rate row{.rate = "exit_rate", .from = std::string{sample_->name(state)}};
    const index_range edges = sample_->row(state);
    // Of its destinations, null has the largest number.
    const bool leaves = sample_->edges()[edges.end - 1].to == sample_->null();
    if (leaves) {
      finish_edge(row, edges.end - 1);
    } else {
      finish(row, {moments_[0].visits[state], moments_[1].visits[state]}, {}, influence_sum{});
    }
    return row;
  }

  [[nodiscard]] compared_rate transition(std::size_t edge) const {
    const auto [from, to] = sample_->edges()[edge];
    compared_rate row{
        .rate = "transition", .from = std::string{sample_->name(from)}, .to = std::string{sample_->name(to)}};
    finish_edge(row, edge);
    return row;
  }

  /// The share of customers who visit an item.
  [[nodiscard]] compared_rate reach(std::uint32_t state) const {
    compared_rate row{.rate = "reach", .from = std::string{sample_->name(state)}};
    std::array<rate_moments, 2> moments;
    for (std::size_t group = 0; group < 2; ++group) {
      const auto all = static_cast<double>((*sample_)[group].customers.size());
      const double came = moments_[group].visits[state].customers;
      moments[group] = share_moments(came, all);
      (group == 0 ? row.first : row.second) =
          share_of_customers(static_cast<std::uint64_t>(came), static_cast<std::uint64_t>(all), options_);
    }
    row.second_sum = rate_influence(moments[1].visits, moments[1].events);
    if (matched_) {
      matched_change(row, reach_change_[state], moments[0], moments[1], options_);
    } else {
      separate_change(row, moments[0], moments[1]);
    }
    return row;
  }

 private:
  struct group_moments {
    std::vector<visit_moments> visits;  // by state
    std::vector<event_moments> events;  // by edge
    event_moments converted;
    influence_sum value;
  };

  void count(const compared_group& group, group_moments& moments) const {
    moments.visits.resize(sample_->size());
    moments.events.resize(sample_->edges().size());
    std::vector<double> own(sample_->size());
    const double mean = total(group.values) / group.visits[0];
    for (std::size_t place = 0; place < group.customers.size(); ++place) {
      double converted = 0.0;
      for (const compared_entry& entry : group.of(place)) {
        own[sample_->edges()[entry.edge].from] += entry.count;
      }
      const double journeys = own[0];
      for (const compared_entry& entry : group.of(place)) {
        const auto [from, to] = sample_->edges()[entry.edge];
        moments.events[entry.edge].add(entry.count, own[from]);
        converted += to == sample_->conversion() ? entry.count : 0.0;
      }
      if (converted > 0.0) {
        moments.converted.add(converted, journeys);
      }
      for (const compared_entry& entry : group.of(place)) {
        double& visits = own[sample_->edges()[entry.edge].from];
        if (visits > 0.0) {
          moments.visits[sample_->edges()[entry.edge].from].add(visits);
          visits = 0.0;
        }
      }
      moments.value.add((group.values[place] - mean * journeys) / group.visits[0]);
    }
  }

  static double total(const std::vector<double>& values) {
    double sum = 0.0;
    for (const double value : values) {
      sum += value;
    }
    return sum;
  }

  [[nodiscard]] double mean_value(std::size_t group) const {
    return total((*sample_)[group].values) / (*sample_)[group].visits[0];
  }

  // ψ of the second group less that of the first, customer by customer.
  void match() {
    const std::size_t states = sample_->size();
    edge_change_.resize(sample_->edges().size());
    reach_change_.resize(states);
    std::array<std::vector<double>, 2> visits{std::vector<double>(states), std::vector<double>(states)};
    std::array<std::vector<double>, 2> counts{std::vector<double>(sample_->edges().size()),
                                              std::vector<double>(sample_->edges().size())};
    const std::array<double, 2> means{mean_value(0), mean_value(1)};
    std::vector<std::uint32_t> rows;
    for_each_pair(sample_->first().customers, sample_->second().customers, [&](std::size_t a, std::size_t b) {
      const std::array<std::size_t, 2> places{a, b};
      rows.clear();
      double conversion = 0.0;
      double value = 0.0;
      for (std::size_t group = 0; group < 2; ++group) {
        if (places[group] == static_cast<std::size_t>(-1)) {
          continue;
        }
        const compared_group& own = (*sample_)[group];
        const double sign = group == 1 ? 1.0 : -1.0;
        double converted = 0.0;
        for (const compared_entry& entry : own.of(places[group])) {
          const auto [from, to] = sample_->edges()[entry.edge];
          if (visits[0][from] == 0.0 && visits[1][from] == 0.0) {
            rows.push_back(from);
          }
          visits[group][from] += entry.count;
          counts[group][entry.edge] = entry.count;
          converted += to == sample_->conversion() ? entry.count : 0.0;
        }
        const double journeys = visits[group][0];
        conversion += sign * (converted - moments_[group].converted.e / own.visits[0] * journeys) / own.visits[0];
        value += sign * (own.values[places[group]] - means[group] * journeys) / own.visits[0];
      }
      conversion_change_.add(conversion);
      value_change_.add(value);
      for (std::uint32_t state = 1; state < states; ++state) {
        double psi = 0.0;
        for (std::size_t group = 0; group < 2; ++group) {
          if (places[group] != static_cast<std::size_t>(-1)) {
            const auto all = static_cast<double>((*sample_)[group].customers.size());
            const double share = moments_[group].visits[state].customers / all;
            psi += (group == 1 ? 1.0 : -1.0) * ((visits[group][state] > 0.0 ? 1.0 : 0.0) - share) / all;
          }
        }
        reach_change_[state].add(psi);
      }
      for (const std::uint32_t row : rows) {
        const index_range edges = sample_->row(row);
        for (std::size_t edge = edges.begin; edge < edges.end; ++edge) {
          double psi = 0.0;
          for (std::size_t group = 0; group < 2; ++group) {
            const compared_group& own = (*sample_)[group];
            if (visits[group][row] > 0.0) {
              psi += (group == 1 ? 1.0 : -1.0) *
                     (counts[group][edge] - own.counts[edge] / own.visits[row] * visits[group][row]) / own.visits[row];
            }
            counts[group][edge] = 0.0;
          }
          edge_change_[edge].add(psi);
        }
        visits[0][row] = visits[1][row] = 0.0;
      }
    });
  }

  void finish_edge(compared_rate& row, std::size_t edge) const {
    const std::uint32_t from = sample_->edges()[edge].from;
    finish(row, {moments_[0].visits[from], moments_[1].visits[from]},
           {moments_[0].events[edge], moments_[1].events[edge]}, matched_ ? edge_change_[edge] : influence_sum{});
  }

  void finish(compared_rate& row, const std::array<visit_moments, 2>& visits,
              const std::array<event_moments, 2>& events, const influence_sum& change) const {
    row.first = rate_interval(visits[0], events[0], options_);
    row.second = rate_interval(visits[1], events[1], options_);
    row.second_sum = rate_influence(visits[1], events[1]);
    if (!(visits[0].v > 0.0 && visits[1].v > 0.0)) {
      row.change = {.value = null_value,
                    .n = visits[0].customers + visits[1].customers,
                    .marks = row.first.marks | row.second.marks};
      return;
    }
    if (matched_) {
      matched_change(row, change, {visits[0], events[0]}, {visits[1], events[1]}, options_);
    } else {
      separate_change(row, {visits[0], events[0]}, {visits[1], events[1]});
    }
  }

  const compared_sample* sample_;
  interval_options options_;
  bool matched_;
  std::array<group_moments, 2> moments_;
  influence_sum conversion_change_;
  influence_sum value_change_;
  std::vector<influence_sum> edge_change_;
  std::vector<influence_sum> reach_change_;
};

}  // namespace klantreis::detail
