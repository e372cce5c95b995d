// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "klantreis/detail/improve/map_items.hpp"
#include "klantreis/detail/improve/rows.hpp"
#include "klantreis/detail/improve/times.hpp"
#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/improve.hpp"

namespace klantreis {
namespace detail {

/// One transition i → j with what moving δ from null to it brings.
struct gain_row {
  absorbing_chain::state from;
  absorbing_chain::state to;
  moved_gain moved{};
  double elasticity = null_value;
  estimate gain{};
};

class gain_analysis {
 public:
  gain_analysis(const path_table& paths, const improve_options& options)
      : paths_(&paths), options_(options), chain_(paths) {
    add_rows();
  }

  /// With the log behind the paths there are times, and perhaps a map.
  gain_analysis(const path_table& paths, const journey_set& journeys, const improve_options& options)
      : paths_(&paths),
        options_(options),
        has_times_(journeys.log().has_times()),
        items_(items_of_map(journeys.log().map(), options.by)),
        chain_(paths, [&](const order_chain& counts) {
          return journeys.log().has_times() ? times_in_states(journeys, options.by, options.collapse, counts)
                                            : state_times{};
        }) {
    add_rows();
  }

  [[nodiscard]] table result() {
    find_gains();
    if (options_.intervals) {
      find_intervals();
    }
    return make_table();
  }

 private:
  [[nodiscard]] interval_options intervals() const { return {.level = options_.level, .min_n = options_.min_n}; }

  void add_rows() {
    if (options_.rank_by != "conversions" && options_.rank_by != "value") {
      throw input_error("rank_by is " + quoted(options_.rank_by) + "; it must be 'conversions' or 'value'");
    }
    if (options_.rank_by == "value" && !paths_->has_values()) {
      throw input_error("there are no values to rank by; rank by 'conversions'");
    }
    std::vector<std::string> names;
    for (absorbing_chain::state state = 0; state < chain_.counts().size(); ++state) {
      names.push_back(chain_.name(state));
    }
    for (const std::string& name : options_.controllable) {
      if (std::find(names.begin(), names.end(), name) == names.end() && !items_.contains(name)) {
        const auto similar = similar_names(name, names);
        throw input_error("no settled journey visits the controllable item " + quoted(name) +
                          (similar.empty() ? "" : "; did you mean " + quoted(similar[0]) + "?"));
      }
    }
    for (const chain_edge& e : edges_of(chain_.probabilities())) {
      if (e.to != chain_.null() && is_controllable(names[e.from])) {
        rows_.push_back({.from = e.from, .to = e.to});
      }
    }
  }

  [[nodiscard]] bool is_controllable(const std::string& name) const {
    if (!options_.controllable.empty()) {
      return std::find(options_.controllable.begin(), options_.controllable.end(), name) != options_.controllable.end();
    }
    const auto found = items_.find(name);
    return options_.all_items || found == items_.end() || found->second.controllable;
  }

  void find_gains() {
    check_improve_work(chain_.counts().size(), chain_.solve_work(), "");
    std::vector<chain_edge> edges;
    for (const gain_row& row : rows_) {
      edges.push_back({row.from, row.to});
    }
    const auto gains =
        gains_of_moving(chain_.solver(), order_chain::start, chain_.goal(), chain_.null(), edges, options_.amount);
    const auto effects = proportional_effects(chain_.solver(), order_chain::start, chain_.goal());
    std::size_t next = 0;
    for (const proportional_effect& effect : effects) {
      if (next < rows_.size() && rows_[next].from == effect.from && rows_[next].to == effect.to) {
        // Of a repeat it is 0: P(conversion) from a state is the mean of its other destinations.
        const bool repeat = effect.from == effect.to && !std::isnan(effect.elasticity);
        rows_[next++].elasticity = repeat ? 0.0 : effect.elasticity;
      }
    }
    for (std::size_t k = 0; k < rows_.size(); ++k) {
      gain_row& row = rows_[k];
      row.moved = gains[k];
      row.gain.value = gains[k].gain;
      row.gain.marks = gains[k].capped ? mark::capped : mark::none;
      mark_few(row.gain.marks, chain_.visitors(row.from), intervals());
    }
  }

  // With x = the visits of i by state of departure, y = the visits of each state from j and c = δ / (1 − δ N_ji), the
  // edited chain has visits N_0k + c N_0i y_k from the start and P(conversion | l) = val_l + c x_l val_j. The
  // derivative of the gain by p_kl is the product of the two, less N_0k val_l; where δ is all that leaves, it also
  // moves with that.
  void find_intervals() {
    std::vector<std::size_t> varied;
    for (std::size_t k = 0; k < rows_.size(); ++k) {
      if (rows_[k].gain.value > 0.0) {
        varied.push_back(k);
      }
    }
    const auto sums =
        influence_in_blocks(chain_, varied.size(), options_.threads,
                            [&](index_range range, transition_weights& weights) { fill(varied, range, weights); });
    for (std::size_t k = 0; k < varied.size(); ++k) {
      gain_row& row = rows_[varied[k]];
      const estimate found = sums[k].log_interval(row.gain.value, fallback(row), intervals());
      row.gain.lower = found.lower;
      row.gain.upper = found.upper;
      row.gain.marks |= found.marks;
    }
    for (gain_row& row : rows_) {
      if (row.gain.value == 0.0) {
        row.gain.lower = 0.0;
        row.gain.upper = most_of_nothing(row);
        row.gain.marks |= mark::boundary;
      }
    }
  }

  [[nodiscard]] amount_fallback fallback(const gain_row& row) const {
    const bool converts = row.to == chain_.goal();
    return {.n = chain_.visitors(converts ? row.from : row.to),
            .scale = chain_.slope().visits[row.from] * row.moved.moved};
  }

  // The upper bound of a gain of 0: none was seen to leave, or none to convert from `to`, among so many customers.
  [[nodiscard]] double most_of_nothing(const gain_row& row) const {
    const double z = normal_critical(options_.level);
    const double moved = row.moved.moved > 0.0
                             ? row.moved.moved
                             : (std::min)(options_.amount, wilson_share(0.0, chain_.visitors(row.from), z).upper);
    const double value = chain_.slope().values[row.to];
    return chain_.slope().visits[row.from] * moved *
           (value > 0.0 ? value : wilson_share(0.0, chain_.visitors(row.to), z).upper);
  }

  void fill(const std::vector<std::size_t>& varied, index_range range, transition_weights& weights) const {
    const std::size_t size = chain_.counts().size();
    std::vector<std::vector<double>> units(2 * influence_lanes);
    std::vector<transient_solver::problem> into;
    std::vector<transient_solver::problem> onward;
    for (const std::size_t at : each(range)) {
      const gain_row& row = rows_[varied[at]];
      const std::size_t slot = at - range.begin;
      units[slot] = unit(size, row.from);
      into.push_back({.rhs = units[slot]});
      units[influence_lanes + slot] = row.to == chain_.goal() ? std::vector<double>(size) : unit(size, row.to);
      onward.push_back({.rhs = units[influence_lanes + slot]});
    }
    std::vector<std::vector<double>> x(influence_lanes);
    std::vector<std::vector<double>> y(influence_lanes);
    chain_.solver().solve(into, transient_solver::direction::forward,
                          [&](std::size_t k, transient_solver::solution&& found) { x[k] = std::move(found.values); });
    chain_.solver().solve(onward, transient_solver::direction::transposed,
                          [&](std::size_t k, transient_solver::solution&& found) { y[k] = std::move(found.values); });
    for (const std::size_t at : each(range)) {
      const std::size_t slot = at - range.begin;
      fill_slot(rows_[varied[at]], x[slot], y[slot], slot, weights);
    }
  }

  void fill_slot(const gain_row& row, const std::vector<double>& x, const std::vector<double>& y, std::size_t slot,
                 transition_weights& weights) const {
    const order_chain& counts = chain_.counts();
    const auto& [visits, values] = chain_.slope();
    const double back = row.to == chain_.goal() ? 0.0 : x[row.to];
    const double c = row.moved.moved / (1.0 - row.moved.moved * back);
    const double goes_to = values[row.to];
    for (std::size_t k = 0; k < counts.size(); ++k) {
      const double more = c * visits[row.from] * y[k];
      for (std::uint64_t edge = counts.edge_offsets()[k]; edge < counts.edge_offsets()[k + 1]; ++edge) {
        const std::uint32_t l = counts.targets()[edge];
        const double better = c * x[l] * goes_to;
        weights.edge[edge][slot] = visits[k] * better + more * (values[l] + better);
      }
      weights.conversion[k][slot] = more;
    }
    if (row.moved.capped) {
      weights.null[row.from][slot] = visits[row.from] * (1.0 + c * y[row.from]) * (goes_to + c * back * goes_to);
    }
  }

  /// What is still to come after `to`, when the transition is taken.
  struct still_to_come {
    std::vector<double> value;
    std::vector<double> steps;
    std::vector<double> time;
  };

  [[nodiscard]] still_to_come find_still_to_come() const {
    std::vector<double> each(chain_.counts().size(), 1.0);
    each[order_chain::start] = 0.0;  // leaving (start) is no visit
    still_to_come found;
    found.steps = chain_.solver().solve({.rhs = each}).values;
    if (paths_->has_values()) {
      found.value = chain_.solver().solve({.rhs = chain_.paid()}).values;
    }
    if (has_times_) {
      found.time = chain_.solver().solve({.rhs = chain_.seconds()}).values;
    }
    return found;
  }

  [[nodiscard]] table make_table() const {
    std::vector<double> gains;
    std::vector<std::string> from;
    std::vector<std::string> to;
    for (const gain_row& row : rows_) {
      gains.push_back(row.gain.value);
      from.push_back(chain_.name(row.from));
      to.push_back(chain_.name(row.to));
    }
    const auto numbers = [&](auto&& number) {
      std::vector<double> values;
      for (const gain_row& row : rows_) {
        values.push_back(number(row));
      }
      return values;
    };
    const double journeys = chain_.counts().journeys();
    const auto& slope = chain_.slope();
    const still_to_come next = find_still_to_come();
    const bool has_values = paths_->has_values();
    const auto worth = [&](const gain_row& row) {
      return row.to == chain_.goal() ? chain_.counts().values()[row.from] / chain_.counts().conversions()[row.from]
                                     : next.value[row.to];
    };
    const auto after = [&](const std::vector<double>& amounts, const gain_row& row) {
      return row.to == chain_.goal() ? 0.0 : amounts[row.to];
    };
    const std::vector<double> value =
        has_values ? numbers([&](const gain_row& row) { return row.moved.arrivals * worth(row) * journeys; })
                   : std::vector<double>{};
    const auto order =
        ranked(options_.rank_by == "value" ? value : gains, [&](std::size_t k) { return std::tie(from[k], to[k]); });
    table result{
        "Gain: the change of P(conversion) when this transition alone gets the amount more probability, taken from "
        "those who leave at `from`, in the Markov chain of the settled journeys; exact. It holds if those who are "
        "kept behave from `to` onwards as others did."};
    std::vector<std::string> owner;
    for (const std::string& name : from) {
      const auto found = items_.find(name);
      owner.push_back(found == items_.end() ? "" : found->second.owner);
    }
    result.add("from", std::move(from));
    result.add("to", std::move(to));
    if (!items_.empty()) {
      result.add("owner", std::move(owner));
    }
    result.add("probability",
               numbers([&](const gain_row& row) { return chain_.probabilities().probability(row.from, row.to); }),
               quantity::share);
    result.add("gain", gains, quantity::share);
    result.add("lower", numbers([](const gain_row& row) { return row.gain.lower; }), quantity::share);
    result.add("upper", numbers([](const gain_row& row) { return row.gain.upper; }), quantity::share);
    result.add("conversions", numbers([&](const gain_row& row) { return row.gain.value * journeys; }));
    if (has_values) {
      result.add("value", value, quantity::amount);
    }
    result.add("steps", numbers([&](const gain_row& row) { return row.moved.arrivals * after(next.steps, row); }));
    if (has_times_) {
      result.add("time", numbers([&](const gain_row& row) { return row.moved.arrivals * after(next.time, row); }),
                 quantity::seconds);
    }
    result.add("sensitivity", numbers([&](const gain_row& row) { return slope(row.from, row.to); }));
    if (has_values) {
      result.add("sensitivity_value", numbers([&](const gain_row& row) { return slope.visits[row.from] * worth(row); }),
                 quantity::amount);
    }
    result.add("sensitivity_steps",
               numbers([&](const gain_row& row) { return slope.visits[row.from] * after(next.steps, row); }));
    if (has_times_) {
      result.add("sensitivity_time",
                 numbers([&](const gain_row& row) { return slope.visits[row.from] * after(next.time, row); }),
                 quantity::seconds);
    }
    result.add("elasticity", numbers([](const gain_row& row) { return row.elasticity; }));
    result.add("reach", numbers([&](const gain_row& row) { return chain_.visitors(row.from) / chain_.customers(); }),
               quantity::share);
    std::vector<std::int64_t> customers;
    std::vector<std::string> marks;
    for (const gain_row& row : rows_) {
      customers.push_back(std::llround(chain_.visitors(row.from)));
      marks.push_back(to_text(row.gain.marks));
    }
    result.add("n", std::move(customers), quantity::count);
    result.add("marks", std::move(marks));
    result = result.take(order);
    result.set_option("by", paths_->by());
    result.set_option("amount", number_text(options_.amount));
    result.set_option("intervals", options_.intervals ? "by customers" : "none");
    result.set_option("items", !options_.controllable.empty()         ? "those named controllable"
                               : items_.empty() || options_.all_items ? "all"
                                                                      : "those the map calls controllable");
    set_interval_options(result, intervals());
    return result;
  }

  const path_table* paths_;
  improve_options options_;
  bool has_times_ = false;
  map_items items_ = {};
  fitted_chain chain_;
  std::vector<gain_row> rows_ = {};
};

}  // namespace detail

KLANTREIS_INLINE table improve(const path_table& paths, const improve_options& options) {
  return detail::gain_analysis{paths, options}.result();
}

KLANTREIS_INLINE table improve(const journey_set& journeys, const improve_options& options) {
  const path_table paths = detail::paths_for(journeys, options, "improve");
  table result = detail::gain_analysis{paths, journeys, options}.result();
  detail::set_journey_options(result, journeys, options);
  return result;
}

}  // namespace klantreis
