// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/compare/sample.hpp"
#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/absorbing_chain.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/sensitivity.hpp"
#include "klantreis/markov/solver.hpp"

namespace klantreis::detail {

/// One row's part of a change.
struct change_part {
  double part = 0.0;
  double variance = null_value;
  influence_sum pooled = {};  ///< of both groups, for the degrees of freedom
};

/// The parts of all rows, then the total.
struct change_parts {
  std::vector<change_part> conversion = {};
  std::vector<change_part> value = {};  ///< of the value of a journey; empty without values
};

/// The change of P(conversion), and of the value of a journey, from the first group to the second, taken apart into
/// rows.
class change_decomposition {
 public:
  explicit change_decomposition(const compared_sample& sample)
      : sample_(&sample), sides_{side(sample, 0), side(sample, 1)} {
    for (std::size_t g = 0; g < 2; ++g) {
      slopes_[g] = sensitivity_of_absorption(sides_[g].solver, 0, sample.conversion());
      converts_.values[g] = slopes_[g].values;
      if (sample.has_values()) {
        earns_.values[g] = sides_[g].solver.solve({.rhs = sides_[g].paid}).values;
        earns_.values[g].resize(sample.size() + 2);  // outcomes pay nothing after the conversion was paid
      }
    }
    earns_.is_paid = true;
    for (std::size_t edge = 0; edge < sample.edges().size(); ++edge) {
      delta_.push_back(sides_[1].probability[edge] - sides_[0].probability[edge]);
    }
  }

  [[nodiscard]] double before() const { return slopes_[0].values[0]; }
  [[nodiscard]] double after() const { return slopes_[1].values[0]; }
  /// Expected visits of a state in one of the groups.
  [[nodiscard]] double visits(std::size_t group, std::uint32_t state) const { return slopes_[group].visits[state]; }
  [[nodiscard]] double probability(std::size_t group, std::size_t edge) const {
    return sides_[group].probability[edge];
  }

  /// Part of one destination within its row, where one as good as the row's average counts 0.
  [[nodiscard]] double destination_part(std::size_t edge) const {
    const auto [i, j] = sample_->edges()[edge];
    const auto& [before, after] = slopes_;
    return 0.5 * delta_[edge] *
           (before.visits[i] * (after.values[j] - after.values[i]) +
            after.visits[i] * (before.values[j] - before.values[i]));
  }

  [[nodiscard]] change_parts parts(unsigned threads) const {
    const std::uint32_t size = sample_->size();
    change_parts result{.conversion = parts_of(converts_)};
    if (sample_->has_values()) {
      result.value = parts_of(earns_);
    }
    check_work();
    const std::size_t blocks = (size + 1 + lanes - 1) / lanes;
    const auto workers = static_cast<unsigned>(std::min<std::size_t>(worker_count(threads), blocks));
    run_parallel(workers, [&](unsigned worker) {
      for (std::size_t block = worker; block < blocks; block += workers) {
        find_variances({block * lanes, (std::min)(std::size_t{size} + 1, (block + 1) * lanes)}, result);
      }
    });
    return result;
  }

 private:
  static constexpr std::size_t lanes = 8;
  using lane = std::array<double, lanes>;

  /// What a journey comes to from each state, outcomes included, in each group.
  struct outcome {
    std::array<std::vector<double>, 2> values;
    bool is_paid = false;  ///< visits pay; else only the outcome counts
  };

  /// Of a statistic: how it changes with what customers do.
  struct slope_weights {
    std::array<std::vector<lane>, 2> edges;
    std::array<std::vector<lane>, 2> payments;  // by state; empty where nothing is paid
  };

  /// What the derivatives by a row's transitions need.
  struct row_solutions {
    std::array<std::vector<double>, 2> into;     // N_li by l
    std::array<std::vector<double>, 2> through;  // (Δ_i N)_k by k
  };

  /// The chain of one group; rows that it never visits are those of the other.
  struct side_data {
    absorbing_chain chain;
    std::vector<double> probability;  // by edge
    std::vector<double> paid;         // by state: mean value of a visit's conversion
    transient_solver solver;

    side_data(absorbing_chain given, std::vector<double> p, std::vector<double> m)
        : chain(std::move(given)), probability(std::move(p)), paid(std::move(m)), solver(chain) {}
    // The solver knows the chain by its place.
    side_data(const side_data&) = delete;
    side_data& operator=(const side_data&) = delete;
  };

  static side_data side(const compared_sample& sample, std::size_t group) {
    std::vector<std::string> names;
    for (std::uint32_t state = 0; state < sample.size(); ++state) {
      names.emplace_back(sample.name(state));
    }
    std::vector<double> probability(sample.edges().size());
    std::vector<double> paid(sample.size());
    std::vector<absorbing_chain::transition> steps;
    for (std::uint32_t i = 0; i < sample.size(); ++i) {
      const compared_group& source = sample[sample[group].visits_state(i) ? group : 1 - group];
      paid[i] = source.paid[i] / source.visits[i];
      for (std::size_t edge = sample.row(i).begin; edge < sample.row(i).end; ++edge) {
        probability[edge] = source.counts[edge] / source.visits[i];
        if (probability[edge] > 0.0) {
          steps.push_back({i, sample.edges()[edge].to, probability[edge]});
        }
      }
    }
    return {absorbing_chain::from_probabilities(names, {std::string{conversion_state}, std::string{null_state}}, steps),
            std::move(probability), std::move(paid)};
  }

  // Σ_j Δ_ij values_j
  [[nodiscard]] double drift(std::uint32_t i, const std::vector<double>& values) const {
    double sum = 0.0;
    for (std::size_t edge = sample_->row(i).begin; edge < sample_->row(i).end; ++edge) {
      sum += delta_[edge] * values[sample_->edges()[edge].to];
    }
    return sum;
  }

  // What a visit of a row pays more in the second group.
  [[nodiscard]] double extra_pay(std::uint32_t i) const { return sides_[1].paid[i] - sides_[0].paid[i]; }

  [[nodiscard]] std::vector<change_part> parts_of(const outcome& what) const {
    const std::uint32_t size = sample_->size();
    std::vector<change_part> result(size + 1);
    for (std::uint32_t i = 0; i < size; ++i) {
      const double more = what.is_paid ? extra_pay(i) : 0.0;
      result[i].part = 0.5 * (slopes_[0].visits[i] * (drift(i, what.values[1]) + more) +
                              slopes_[1].visits[i] * (drift(i, what.values[0]) + more));
    }
    result[size].part = what.values[1][0] - what.values[0][0];
    return result;
  }

  void check_work() const {
    const double customers = static_cast<double>(sample_->first().entries.size() + sample_->second().entries.size());
    const double solves = 400.0 * static_cast<double>(sample_->edges().size() + sample_->size());
    if (static_cast<double>(sample_->size()) * (customers + solves) > 5e11) {
      throw limit_error("the intervals of " + std::to_string(sample_->size()) +
                        " parts would take too long; compare by a coarser label, such as the channel or the phase");
    }
  }

  void find_variances(index_range range, change_parts& result) const {
    std::vector<row_solutions> solutions;
    for (const std::size_t row : each(range)) {
      solutions.push_back(row < sample_->size() ? solve_row(static_cast<std::uint32_t>(row)) : row_solutions{});
    }
    add_up(weights_of(converts_, range, solutions), range, result.conversion);
    if (!result.value.empty()) {
      add_up(weights_of(earns_, range, solutions), range, result.value);
    }
  }

  [[nodiscard]] row_solutions solve_row(std::uint32_t i) const {
    const std::uint32_t size = sample_->size();
    const std::vector<double> at = unit(size, i);
    std::vector<double> change(size);
    for (std::size_t edge = sample_->row(i).begin; edge < sample_->row(i).end; ++edge) {
      if (sample_->edges()[edge].to < size) {
        change[sample_->edges()[edge].to] = delta_[edge];
      }
    }
    row_solutions found;
    for (std::size_t g = 0; g < 2; ++g) {
      found.into[g] = sides_[g].solver.solve({.rhs = at}).values;
      found.through[g] = sides_[g].solver.solve({.rhs = change}, transient_solver::direction::transposed).values;
    }
    return found;
  }

  // The derivative of D_i by p_kl of either group, with val what a journey comes to, d_i the drift of row i and m_k
  // what a visit pays, where visits pay:
  //   first:  −½ 1{k=i} (N^A_0i val^B_l + N^B_0i val^A_l) + ½ N^A_0k N^A_li (d^B_i + m^B_i − m^A_i)
  //           + ½ N^B_0i (Δ_i N^A)_k val^A_l
  //   second: the same with the groups exchanged and the sign of the first term and of the m turned.
  // By m_k: −½ 1{k=i} (N^A_0i + N^B_0i) + ½ N^B_0i (Δ_i N^A)_k, and in the same way for the second group.
  // The total is a difference of what the start comes to: −N^A_0k val^A_l and N^B_0k val^B_l, by m_k −N^A_0k and
  // N^B_0k.
  [[nodiscard]] slope_weights weights_of(const outcome& what, index_range range,
                                         const std::vector<row_solutions>& solutions) const {
    const std::uint32_t size = sample_->size();
    slope_weights weights;
    for (std::size_t g = 0; g < 2; ++g) {
      weights.edges[g].resize(sample_->edges().size());
      weights.payments[g].resize(what.is_paid ? size : 0);
    }
    for (const std::size_t row : each(range)) {
      const std::size_t slot = row - range.begin;
      const auto i = static_cast<std::uint32_t>(row);
      const auto& [into, through] = solutions[slot];
      const double more = what.is_paid && i < size ? extra_pay(i) : 0.0;
      for (std::size_t g = 0; g < 2; ++g) {
        const std::vector<double>& own_values = what.values[g];
        const std::vector<double>& other_values = what.values[1 - g];
        const std::vector<double>& own_visits = slopes_[g].visits;
        const std::vector<double>& other_visits = slopes_[1 - g].visits;
        const double sign = g == 0 ? -1.0 : 1.0;
        const double moves = i < size ? drift(i, other_values) + more : 0.0;
        for (std::size_t edge = 0; edge < sample_->edges().size(); ++edge) {
          const auto [k, l] = sample_->edges()[edge];
          double slope = 0.0;
          if (i == size) {
            slope = sign * own_visits[k] * own_values[l];
          } else {
            slope = 0.5 * (l < size ? own_visits[k] * into[g][l] * moves : 0.0) +
                    0.5 * other_visits[i] * through[g][k] * own_values[l];
            if (k == i) {
              slope += sign * 0.5 * (own_visits[i] * other_values[l] + other_visits[i] * own_values[l]);
            }
          }
          weights.edges[g][edge][slot] = slope;
        }
        for (std::uint32_t k = 0; k < weights.payments[g].size(); ++k) {
          weights.payments[g][k][slot] = i == size
                                             ? sign * own_visits[k]
                                             : 0.5 * other_visits[i] * through[g][k] +
                                                   (k == i ? sign * 0.5 * (own_visits[i] + other_visits[i]) : 0.0);
        }
      }
    }
    lend_rows(weights);
    for (std::size_t g = 0; g < 2; ++g) {
      centre(g, weights.edges[g], weights.payments[g]);
    }
    return weights;
  }

  // Where a group uses the row of the other, the other's visits vary both.
  void lend_rows(slope_weights& weights) const {
    const auto lend = [](lane& to, const lane& from) {
      for (std::size_t slot = 0; slot < lanes; ++slot) {
        to[slot] += from[slot];
      }
    };
    for (std::uint32_t k = 0; k < sample_->size(); ++k) {
      for (std::size_t g = 0; g < 2; ++g) {
        if ((*sample_)[g].visits_state(k)) {
          continue;
        }
        for (std::size_t edge = sample_->row(k).begin; edge < sample_->row(k).end; ++edge) {
          lend(weights.edges[1 - g][edge], weights.edges[g][edge]);
        }
        if (!weights.payments[g].empty()) {
          lend(weights.payments[1 - g][k], weights.payments[g][k]);
        }
      }
    }
  }

  // From derivatives to what a customer's transitions and payments weigh: each counts against the mean of its row.
  void centre(std::size_t g, std::vector<lane>& edges, std::vector<lane>& payments) const {
    const compared_group& group = (*sample_)[g];
    const side_data& side = sides_[g];
    for (std::uint32_t k = 0; k < sample_->size(); ++k) {
      const index_range row = sample_->row(k);
      lane mean{};
      for (std::size_t slot = 0; slot < lanes; ++slot) {
        for (std::size_t edge = row.begin; edge < row.end; ++edge) {
          mean[slot] += side.probability[edge] * edges[edge][slot];
        }
        if (!payments.empty()) {
          mean[slot] += side.paid[k] * payments[k][slot];
          payments[k][slot] = group.visits_state(k) ? payments[k][slot] / group.visits[k] : 0.0;
        }
        for (std::size_t edge = row.begin; edge < row.end; ++edge) {
          edges[edge][slot] = group.visits_state(k) ? (edges[edge][slot] - mean[slot]) / group.visits[k] : 0.0;
        }
      }
    }
  }

  void add_up(const slope_weights& weights, index_range range, std::vector<change_part>& result) const {
    const auto psi_of = [&](std::size_t g, std::size_t place) {
      lane psi{};
      for (const compared_entry& entry : (*sample_)[g].of(place)) {
        for (std::size_t slot = 0; slot < lanes; ++slot) {
          psi[slot] += entry.count * weights.edges[g][entry.edge][slot];
        }
      }
      if (!weights.payments[g].empty()) {
        for (const compared_payment& payment : (*sample_)[g].payments_of(place)) {
          for (std::size_t slot = 0; slot < lanes; ++slot) {
            psi[slot] += payment.value * weights.payments[g][payment.state][slot];
          }
        }
      }
      return psi;
    };
    const std::size_t size = range.end - range.begin;
    if (sample_->shared_customers() > 0) {
      for_each_pair(sample_->first().customers, sample_->second().customers, [&](std::size_t a, std::size_t b) {
        lane psi{};
        for (std::size_t g = 0; g < 2; ++g) {
          const std::size_t place = g == 0 ? a : b;
          if (place != static_cast<std::size_t>(-1)) {
            const lane own = psi_of(g, place);
            for (std::size_t slot = 0; slot < lanes; ++slot) {
              psi[slot] += own[slot];
            }
          }
        }
        for (std::size_t slot = 0; slot < size; ++slot) {
          result[range.begin + slot].pooled.add(psi[slot]);
        }
      });
      for (std::size_t slot = 0; slot < size; ++slot) {
        result[range.begin + slot].variance = result[range.begin + slot].pooled.variance();
      }
      return;
    }
    std::array<influence_sum, lanes> variance_of_group;
    for (std::size_t slot = 0; slot < size; ++slot) {
      result[range.begin + slot].variance = 0.0;
    }
    for (std::size_t g = 0; g < 2; ++g) {
      variance_of_group.fill({});
      for (std::size_t place = 0; place < (*sample_)[g].customers.size(); ++place) {
        const lane psi = psi_of(g, place);
        for (std::size_t slot = 0; slot < size; ++slot) {
          variance_of_group[slot].add(psi[slot]);
        }
      }
      for (std::size_t slot = 0; slot < size; ++slot) {
        result[range.begin + slot].pooled += variance_of_group[slot];
        result[range.begin + slot].variance += variance_of_group[slot].variance();
      }
    }
  }

  const compared_sample* sample_;
  std::array<side_data, 2> sides_;
  std::array<chain_sensitivity, 2> slopes_;
  outcome converts_;
  outcome earns_;              // without values empty
  std::vector<double> delta_;  // by edge: second less first
};

}  // namespace klantreis::detail
