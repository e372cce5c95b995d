// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/engine.hpp"
#include "klantreis/markov/absorbing_chain.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/markov/sensitivity.hpp"
#include "klantreis/markov/solver.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis::detail {

/// Eight numbers that are computed together.
inline constexpr std::size_t influence_lanes = 8;
using influence_lane = std::array<double, influence_lanes>;

/// A number for each transition of a chain, for eight statistics: first the derivative of the statistic by the
/// probability, then, centred, what one such transition adds to the influence value of its customer.
struct transition_weights {
  std::vector<influence_lane> edge;        ///< by edge of the chain
  std::vector<influence_lane> conversion;  ///< by state
  std::vector<influence_lane> null;        ///< by state
  /// By state, and empty where the statistics do not depend on it: the derivative by the mean value that a visit's
  /// conversion pays, and by the mean time a visit takes.
  std::vector<influence_lane> paid = {};
  std::vector<influence_lane> time = {};

  explicit transition_weights(const order_chain& chain)
      : edge(chain.edges()), conversion(chain.size()), null(chain.size()) {}
};

/// How long each customer stayed in the states of a chain.
struct state_times {
  std::vector<std::size_t> offsets = {};  ///< by customer, as those of the units of the paths
  std::vector<std::uint32_t> states = {};
  std::vector<double> seconds = {};

  [[nodiscard]] bool empty() const noexcept { return offsets.empty(); }
};

/// The chain of order 1 of a path table, with its customers.
///
/// Source of the influence values: ψ_u = Σ over the transitions i → j of customer u of (G_ij − Σ_l p_il G_il) / n_i,
/// with G_ij the derivative of the statistic by p_ij and n_i the visits of i.
class fitted_chain {
 public:
  explicit fitted_chain(const path_table& paths)
      : fitted_chain(paths, [](const order_chain&) { return state_times{}; }) {}

  /// `times_of(counts)` gives the times in the states of the chain.
  template <typename TimesOf>
  fitted_chain(const path_table& paths, TimesOf&& times_of)
      : paths_(&paths),
        counts_(make_order_chain(paths, {.order = 1, .self_transitions = true})),
        probabilities_(counts_.to_absorbing()),
        solver_(probabilities_),
        goal_(static_cast<absorbing_chain::state>(counts_.size())),
        slope_(sensitivity_of_absorption(solver_, order_chain::start, goal_)),
        visitors_(counts_.size(), 0.0),
        times_(times_of(counts_)) {
    count_customers();
    for (std::size_t state = 0; state < counts_.size(); ++state) {
      paid_.push_back(counts_.values()[state] / counts_.visits()[state]);
    }
    seconds_.resize(times_.empty() ? 0 : counts_.size());
    for (std::size_t at = 0; at < times_.states.size(); ++at) {
      seconds_[times_.states[at]] += times_.seconds[at] / counts_.visits()[times_.states[at]];
    }
  }
  fitted_chain(const fitted_chain&) = delete;
  fitted_chain& operator=(const fitted_chain&) = delete;

  [[nodiscard]] const order_chain& counts() const noexcept { return counts_; }
  [[nodiscard]] const absorbing_chain& probabilities() const noexcept { return probabilities_; }
  [[nodiscard]] const transient_solver& solver() const noexcept { return solver_; }
  [[nodiscard]] absorbing_chain::state goal() const noexcept { return goal_; }
  [[nodiscard]] absorbing_chain::state null() const noexcept { return goal_ + 1; }
  /// P(conversion).
  [[nodiscard]] double conversion_rate() const noexcept { return slope_.values[order_chain::start]; }
  /// N_0i by state and P(conversion | j) by state, the outcomes among them.
  [[nodiscard]] const chain_sensitivity& slope() const noexcept { return slope_; }

  /// Customers with a settled journey, those of them who converted, and those who visit each state.
  [[nodiscard]] double customers() const noexcept { return customers_; }
  [[nodiscard]] double converting() const noexcept { return converting_; }
  [[nodiscard]] double visitors(std::size_t state) const noexcept { return visitors_[state]; }

  /// By state: the mean value of a visit, which its conversion pays.
  [[nodiscard]] const std::vector<double>& paid() const noexcept { return paid_; }
  /// By state: the mean seconds of a visit, up to the next one or the end; empty without times.
  [[nodiscard]] const std::vector<double>& seconds() const noexcept { return seconds_; }

  /// The item of a state, `(start)`, `(conversion)` or `(null)`.
  [[nodiscard]] std::string name(absorbing_chain::state state) const {
    if (state == order_chain::start || probabilities_.is_absorbing(state)) {
      return std::string{probabilities_.name(state)};
    }
    return std::string{counts_.names()[counts_.window(state).front()]};
  }

  /// What solving one equation of the chain costs, in additions: a hundred iterations, which most chains do not need.
  [[nodiscard]] double solve_work() const noexcept {
    return 100.0 * static_cast<double>(counts_.edges() + counts_.size());
  }

  /// What one pass over the customers costs, in additions for each statistic.
  [[nodiscard]] double pass_work() const noexcept {
    return 3.0 * static_cast<double>(counts_.edges() + counts_.size()) +
           static_cast<double>(counts_.path_edges().size() + paths_->units().size() + 2 * paths_->size());
  }

  /// The moments of the influence values of eight statistics, from their derivatives.
  [[nodiscard]] std::array<influence_sum, influence_lanes> influence(transition_weights derivatives) const {
    centre(derivatives);
    // ψ of one journey, by path and end.
    std::vector<influence_lane> converted(paths_->size());
    std::vector<influence_lane> ended(paths_->size());
    for (const std::size_t path : each({0, paths_->size()})) {
      influence_lane sum{};
      for (std::uint64_t at = counts_.path_offsets()[path]; at < counts_.path_offsets()[path + 1]; ++at) {
        add(sum, derivatives.edge[counts_.path_edges()[at]]);
      }
      converted[path] = ended[path] = sum;
      add(converted[path], derivatives.conversion[counts_.path_ends()[path]]);
      add(ended[path], derivatives.null[counts_.path_ends()[path]]);
    }
    const bool pays = !derivatives.paid.empty();
    const bool stays = !derivatives.time.empty() && !times_.empty();
    influence_lane psi{};
    influence_lane sum{};
    influence_lane sum2{};
    influence_lane sum4{};
    for_each_customer([&](double times, std::size_t customer, auto&& for_each_journey) {
      psi.fill(0.0);
      for_each_journey([&](std::size_t path, bool conversion, double value) {
        add(psi, conversion ? converted[path] : ended[path]);
        if (pays && conversion) {
          add(psi, derivatives.paid[counts_.path_ends()[path]], value);
        }
      });
      if (stays) {
        for (std::size_t at = times_.offsets[customer]; at < times_.offsets[customer + 1]; ++at) {
          add(psi, derivatives.time[times_.states[at]], times_.seconds[at]);
        }
      }
      for (std::size_t k = 0; k < influence_lanes; ++k) {
        const double square = psi[k] * psi[k];
        sum[k] += times * psi[k];
        sum2[k] += times * square;
        sum4[k] += times * square * square;
      }
    });
    std::array<influence_sum, influence_lanes> result;
    for (std::size_t k = 0; k < influence_lanes; ++k) {
      result[k] = {customers_, sum[k], sum2[k], sum4[k]};
    }
    return result;
  }

 private:
  static void add(influence_lane& sum, const influence_lane& more) noexcept {
    for (std::size_t k = 0; k < influence_lanes; ++k) {
      sum[k] += more[k];
    }
  }

  static void add(influence_lane& sum, const influence_lane& more, double times) noexcept {
    for (std::size_t k = 0; k < influence_lanes; ++k) {
      sum[k] += times * more[k];
    }
  }

  // A reward r_i per visit adds (reward of the customer − r_i visits) / n_i: the second part is one of the visits.
  void centre(transition_weights& weights) const {
    for (std::size_t state = 0; state < counts_.size(); ++state) {
      const double visits = counts_.visits()[state];
      const auto first = static_cast<std::size_t>(counts_.edge_offsets()[state]);
      const auto last = static_cast<std::size_t>(counts_.edge_offsets()[state + 1]);
      influence_lane mean{};
      for (std::size_t k = 0; k < influence_lanes; ++k) {
        mean[k] = counts_.conversions()[state] * weights.conversion[state][k] +
                  counts_.nulls()[state] * weights.null[state][k];
        for (std::size_t edge = first; edge < last; ++edge) {
          mean[k] += counts_.weights()[edge] * weights.edge[edge][k];
        }
        mean[k] /= visits;
        if (!weights.paid.empty()) {
          mean[k] += weights.paid[state][k] * paid_[state];
          weights.paid[state][k] /= visits;
        }
        if (!weights.time.empty() && !seconds_.empty()) {
          mean[k] += weights.time[state][k] * seconds_[state];
          weights.time[state][k] /= visits;
        }
        weights.conversion[state][k] = (weights.conversion[state][k] - mean[k]) / visits;
        weights.null[state][k] = (weights.null[state][k] - mean[k]) / visits;
      }
      for (std::size_t edge = first; edge < last; ++edge) {
        for (std::size_t k = 0; k < influence_lanes; ++k) {
          weights.edge[edge][k] = (weights.edge[edge][k] - mean[k]) / visits;
        }
      }
    }
  }

  // Calls use(times, customer, for_each_journey) for each customer with a settled journey. Without customers, each
  // conversion and each null counts as one of its own; equal ones come together, `times` of them.
  template <typename Use>
  void for_each_customer(Use&& use) const {
    if (!paths_->has_units()) {
      for (const std::size_t path : each({0, paths_->size()})) {
        for (const bool converted : {true, false}) {
          const double times = converted ? paths_->conversions()[path] : paths_->nulls()[path];
          if (times > 0.0) {
            const double value = converted ? paths_->values()[path] / times : 0.0;
            use(times, 0, [&](auto&& journey) { journey(path, converted, value); });
          }
        }
      }
      return;
    }
    const auto offsets = paths_->unit_offsets();
    const auto units = paths_->units();
    const auto open = [](const path_unit& unit) { return unit.outcome == path_unit::kind::open; };
    for (std::size_t customer = 0; customer + 1 < offsets.size(); ++customer) {
      const auto own = units.subspan(offsets[customer], offsets[customer + 1] - offsets[customer]);
      if (!std::all_of(own.begin(), own.end(), open)) {
        use(1.0, customer, [&](auto&& journey) {
          for (const path_unit& unit : own) {
            if (!open(unit)) {
              journey(std::size_t{unit.path}, unit.outcome == path_unit::kind::conversion, unit.value);
            }
          }
        });
      }
    }
  }

  void count_customers() {
    std::vector<std::size_t> last_seen(counts_.size(), 0);
    std::size_t number = 0;
    for_each_customer([&](double times, std::size_t, auto&& for_each_journey) {
      ++number;
      bool any_conversion = false;
      const auto meet = [&](std::size_t state) {
        if (last_seen[state] != number) {
          last_seen[state] = number;
          visitors_[state] += times;
        }
      };
      meet(order_chain::start);
      for_each_journey([&](std::size_t path, bool conversion, double) {
        any_conversion = any_conversion || conversion;
        for (std::uint64_t at = counts_.path_offsets()[path]; at < counts_.path_offsets()[path + 1]; ++at) {
          meet(counts_.targets()[counts_.path_edges()[at]]);
        }
      });
      customers_ += times;
      converting_ += any_conversion ? times : 0.0;
    });
  }

  const path_table* paths_;
  order_chain counts_;
  absorbing_chain probabilities_;
  transient_solver solver_;
  absorbing_chain::state goal_;
  chain_sensitivity slope_;
  std::vector<double> visitors_;
  state_times times_;
  std::vector<double> paid_;
  std::vector<double> seconds_;
  double customers_ = 0.0;
  double converting_ = 0.0;
};

}  // namespace klantreis::detail
