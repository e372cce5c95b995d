// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/absorbing_chain.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/markov/solver.hpp"

namespace klantreis::detail {

/// The same quantity for eight items: one cache line.
inline constexpr std::size_t lane_width = 8;
using lane = Eigen::Array<double, lane_width, 1>;

[[nodiscard]] inline double& at(lane& values, std::size_t i) noexcept { return values[static_cast<Eigen::Index>(i)]; }
[[nodiscard]] inline double at(const lane& values, std::size_t i) noexcept {
  return values[static_cast<Eigen::Index>(i)];
}

/// The chains that remain when one item each is removed, for eight items at once. A removed state has 0 everywhere.
struct taboo_block {
  std::vector<lane> conversion;  ///< by state: P(conversion)
  std::vector<lane> value;       ///< by state: expected value; empty without values
  std::vector<lane> visits;      ///< by state: expected visits of a journey from (start); empty unless asked for
  double error_bound = 0.0;      ///< of `conversion` at (start)
};

/// Every item is solved over every transition; so many of them take about ten minutes.
inline constexpr double most_removal_work = 1e10;

/// \throws limit_error when the removal effects of the items of a chain would take too long.
inline void check_removal_work(const order_chain& chain, std::size_t items) {
  const std::size_t transitions = chain.edges() + chain.size();
  if (static_cast<double>(items) * static_cast<double>(transitions) > most_removal_work) {
    throw limit_error("removal effects of " + std::to_string(items) + " items in a chain of " +
                      std::to_string(transitions) +
                      " transitions are more than can be computed in reasonable time; use a coarser `by`, such as the "
                      "channel or the phase, or a lower order");
  }
}

/// Solves the chains without each of some items.
class taboo_chains {
 public:
  /// `chain` must outlive this object and have journeys. Unit i consists of the states `removed[i]`, rising.
  taboo_chains(const order_chain& chain, std::vector<std::vector<std::uint32_t>> removed, bool with_values)
      : chain_(&chain),
        removed_(std::move(removed)),
        with_values_(with_values),
        probabilities_(chain.to_absorbing()),
        solver_(probabilities_) {
    const std::size_t size = chain.size();
    converts_.resize(size);
    entry_.resize(size);
    entry_[order_chain::start] = 1.0;
    for (std::size_t state = 0; state < size; ++state) {
      converts_[state] = chain.conversions()[state] / chain.visits()[state];
    }
    if (with_values) {
      pays_.resize(size);
      for (std::size_t state = 0; state < size; ++state) {
        pays_[state] = chain.values()[state] / chain.visits()[state];
      }
    }
    conversion_from_ = ways_to([&chain](std::size_t state) { return chain.conversions()[state] > 0.0; });
    value_from_ = ways_to([&chain](std::size_t state) { return chain.values()[state] != 0.0; });
  }

  [[nodiscard]] bool with_values() const noexcept { return with_values_; }
  [[nodiscard]] std::size_t blocks() const noexcept { return (removed_.size() + lane_width - 1) / lane_width; }
  [[nodiscard]] index_range items_of_block(std::size_t block) const noexcept {
    return {block * lane_width, (std::min)(removed_.size(), (block + 1) * lane_width)};
  }

  /// May be called from several threads.
  [[nodiscard]] taboo_block solve(std::size_t block, bool with_visits) const {
    taboo_block result;
    const double steps = solver_.steps_bound()[order_chain::start];
    fill(block, converts_, transient_solver::direction::forward, result.conversion,
         [&](double residual) { result.error_bound = (std::max)(result.error_bound, residual * steps); });
    if (with_values_) {
      fill(block, pays_, transient_solver::direction::forward, result.value, [](double) {});
    }
    if (with_visits) {
      fill(block, entry_, transient_solver::direction::transposed, result.visits, [](double) {});
    }
    return result;
  }

  /// 1 when every way from (start) to a conversion passes the unit, 0 when none does, else `effect`.
  [[nodiscard]] double on_graph(std::size_t unit, double effect) const {
    return decide(unit, effect, conversion_from_, chain_->conversions());
  }
  /// The same for the ways to a state whose conversions brought value.
  [[nodiscard]] double value_on_graph(std::size_t unit, double effect) const {
    return decide(unit, effect, value_from_, chain_->values());
  }

 private:
  template <typename Note>
  void fill(std::size_t block, const std::vector<double>& rhs, transient_solver::direction way,
            std::vector<lane>& by_state, Note&& note) const {
    const index_range range = items_of_block(block);
    std::vector<transient_solver::problem> problems;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      problems.push_back({.rhs = rhs, .removed = removed_[i]});
    }
    by_state.assign(chain_->size(), lane::Zero());
    solver_.solve(problems, way, [&](std::size_t i, transient_solver::solution&& solution) {
      for (std::size_t state = 0; state < by_state.size(); ++state) {
        at(by_state[state], i) = solution.values[state];
      }
      note(solution.residual);
    });
  }

  // For each state whether some way leads from it to a state that `is_goal`.
  template <typename Goal>
  [[nodiscard]] std::vector<std::uint8_t> ways_to(Goal&& is_goal) const {
    const sparse_rows back = transposed(probabilities_.within(), chain_->size());
    std::vector<std::uint8_t> found(chain_->size(), 0);
    std::vector<std::uint32_t> open;
    for (std::uint32_t state = 0; state < chain_->size(); ++state) {
      if (is_goal(state)) {
        found[state] = 1;
        open.push_back(state);
      }
    }
    while (!open.empty()) {
      const std::uint32_t state = open.back();
      open.pop_back();
      for (const std::uint32_t before : back.columns_of(state)) {
        if (found[before] == 0) {
          found[before] = 1;
          open.push_back(before);
        }
      }
    }
    return found;
  }

  [[nodiscard]] double decide(std::size_t unit, double effect, const std::vector<std::uint8_t>& leads_on,
                              std::span<const double> goal) const {
    const std::span<const std::uint32_t> states = removed_[unit];
    if (std::none_of(states.begin(), states.end(), [&](std::uint32_t state) { return leads_on[state] != 0; })) {
      return 0.0;
    }
    // Far from 1 the graph need not be asked: the solver's error is smaller by orders of magnitude.
    constexpr double doubtful = 1e-6;
    if (!(effect > 1.0 - doubtful && effect < 1.0 + doubtful)) {
      return effect;
    }
    std::vector<std::uint8_t> met(chain_->size(), 0);
    for (const std::uint32_t state : states) {
      met[state] = 1;
    }
    std::vector<std::uint32_t> open{order_chain::start};
    while (!open.empty()) {
      const std::uint32_t state = open.back();
      open.pop_back();
      if (goal[state] != 0.0) {
        return effect;
      }
      for (std::uint64_t edge = chain_->edge_offsets()[state]; edge < chain_->edge_offsets()[state + 1]; ++edge) {
        const std::uint32_t next = chain_->targets()[edge];
        if (met[next] == 0) {
          met[next] = 1;
          open.push_back(next);
        }
      }
    }
    return 1.0;
  }

  const order_chain* chain_;
  std::vector<std::vector<std::uint32_t>> removed_;
  bool with_values_;
  absorbing_chain probabilities_;
  transient_solver solver_;
  std::vector<double> converts_;
  std::vector<double> pays_;
  std::vector<double> entry_;
  std::vector<std::uint8_t> conversion_from_;
  std::vector<std::uint8_t> value_from_;
};

/// The items of a chain that have a state.
[[nodiscard]] inline std::vector<std::uint32_t> items_with_states(const order_chain& chain) {
  std::vector<std::uint32_t> items;
  for (std::uint32_t item = 0; item < chain.names().size(); ++item) {
    if (!chain.states_with(item).empty()) {
      items.push_back(item);
    }
  }
  return items;
}

/// The states of each of some items.
[[nodiscard]] inline std::vector<std::vector<std::uint32_t>> states_of_items(const order_chain& chain,
                                                                             std::span<const std::uint32_t> items) {
  std::vector<std::vector<std::uint32_t>> states;
  states.reserve(items.size());
  for (const std::uint32_t item : items) {
    const auto with_item = chain.states_with(item);
    states.emplace_back(with_item.begin(), with_item.end());
  }
  return states;
}

/// What a model removes, one by one: names, and the states that go with each.
struct removed_units {
  std::vector<std::string> names;
  std::vector<std::vector<std::uint32_t>> states;

  [[nodiscard]] std::size_t size() const noexcept { return names.size(); }
};

/// \throws input_error when a unit has no items, or one that does not occur, or a sequence longer than the order.
inline std::vector<std::uint32_t> states_of_unit(const order_chain& chain, const removal_unit& unit) {
  const std::string place = "unit " + quoted(unit.name);
  if (unit.items.empty()) {
    throw input_error(place + " has no items; give at least one");
  }
  std::vector<std::uint32_t> codes;
  for (const std::string& item : unit.items) {
    const auto code = chain.names().find(item);
    if (!code) {
      throw input_error(place + " has the item " + quoted(item) + ", which is on no path; check its name, and by");
    }
    codes.push_back(*code);
  }
  std::vector<std::uint32_t> states;
  if (!unit.sequence) {
    for (const std::uint32_t code : codes) {
      const auto with_item = chain.states_with(code);
      states.insert(states.end(), with_item.begin(), with_item.end());
    }
    std::sort(states.begin(), states.end());
    states.erase(std::unique(states.begin(), states.end()), states.end());
    return states;
  }
  if (codes.size() > chain.options().order) {
    throw input_error(place + " is a sequence of " + std::to_string(codes.size()) +
                      " items, more than a state of order " + std::to_string(chain.options().order) +
                      " holds; use an order of at least " + std::to_string(codes.size()));
  }
  for (const std::uint32_t state : chain.states_with(codes.front())) {
    const auto window = chain.window(state);
    if (std::search(window.begin(), window.end(), codes.begin(), codes.end()) != window.end()) {
      states.push_back(state);
    }
  }
  return states;
}

/// The units of a model; each item without any.
inline removed_units units_of(const order_chain& chain, const std::vector<removal_unit>& asked) {
  removed_units units;
  if (asked.empty()) {
    const std::vector<std::uint32_t> items = items_with_states(chain);
    for (const std::uint32_t item : items) {
      units.names.emplace_back(chain.names()[item]);
    }
    units.states = states_of_items(chain, items);
  }
  for (const removal_unit& unit : asked) {
    units.names.push_back(unit.name);
    units.states.push_back(states_of_unit(chain, unit));
  }
  return units;
}

}  // namespace klantreis::detail
