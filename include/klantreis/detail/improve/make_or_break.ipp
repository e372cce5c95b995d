// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/detail/improve/rows.hpp"
#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/graph.hpp"
#include "klantreis/improve.hpp"
#include "klantreis/markov/removal.hpp"

namespace klantreis {
namespace detail {

class removal_analysis {
 public:
  removal_analysis(const path_table& paths, const make_or_break_options& options)
      : paths_(&paths), options_(options), chain_(paths), estimates_(chain_.counts().size()) {}

  [[nodiscard]] table result() {
    const interval_options intervals{.level = options_.level, .min_n = options_.min_n};
    check_improve_work(chain_.counts().size(), chain_.solve_work(), "");
    removal_ = removal_effects(chain_.solver(), order_chain::start, chain_.goal());
    for (std::size_t state = 1; state < estimates_.size(); ++state) {
      estimates_[state].value = removal_.effect[state];
      mark_few(estimates_[state].marks, chain_.visitors(state), intervals);
    }
    if (options_.intervals) {
      find_intervals(intervals);
    }
    return make_table(intervals);
  }

 private:
  void find_intervals(const interval_options& intervals) {
    const auto sums =
        influence_in_blocks(chain_, chain_.counts().size() - 1, options_.threads,
                            [this](index_range range, transition_weights& weights) { fill(range, weights); });
    for (std::size_t state = 1; state < estimates_.size(); ++state) {
      const estimate found = sums[state - 1].prob_interval(removal_.effect[state], chain_.converting(), intervals);
      estimates_[state].lower = found.lower;
      estimates_[state].upper = found.upper;
      estimates_[state].marks |= found.marks;
    }
  }

  // Without state s: N'_0k = N_0k − N_0s N_sk / N_ss and val'_l = val_l − N_ls val_s / N_ss. The derivative of
  // 1 − b'_0 / b_0 by p_kl is ((1 − RE) N_0k val_l − N'_0k val'_l) / b_0, the second term absent in row s.
  void fill(index_range range, transition_weights& weights) const {
    const order_chain& counts = chain_.counts();
    const double rate = chain_.conversion_rate();
    if (!(rate > 0.0)) {
      return;
    }
    std::vector<std::vector<double>> units;
    for (const std::size_t at : each(range)) {
      units.push_back(unit(counts.size(), at + 1));
    }
    std::vector<transient_solver::problem> problems;
    for (const auto& one : units) {
      problems.push_back({.rhs = one});
    }
    std::vector<std::vector<double>> into(units.size());
    std::vector<std::vector<double>> onward(units.size());
    chain_.solver().solve(
        problems, transient_solver::direction::forward,
        [&](std::size_t k, transient_solver::solution&& found) { into[k] = std::move(found.values); });
    chain_.solver().solve(
        problems, transient_solver::direction::transposed,
        [&](std::size_t k, transient_solver::solution&& found) { onward[k] = std::move(found.values); });
    const auto& [visits, values] = chain_.slope();
    for (std::size_t slot = 0; slot < units.size(); ++slot) {
      const std::size_t s = range.begin + slot + 1;
      const double kept = 1.0 - removal_.effect[s];
      const double own = into[slot][s];
      for (std::size_t k = 0; k < counts.size(); ++k) {
        const double without = k == s ? 0.0 : visits[k] - visits[s] * onward[slot][k] / own;
        for (std::uint64_t edge = counts.edge_offsets()[k]; edge < counts.edge_offsets()[k + 1]; ++edge) {
          const std::uint32_t l = counts.targets()[edge];
          const double value = l == s ? 0.0 : values[l] - into[slot][l] * values[s] / own;
          weights.edge[edge][slot] = (kept * visits[k] * values[l] - without * value) / rate;
        }
        weights.conversion[k][slot] = (kept * visits[k] - without) / rate;
      }
    }
  }

  // The most promising step from a state; empty when none leads to a conversion.
  [[nodiscard]] std::string next_best(absorbing_chain::state state) const {
    const absorbing_chain& chain = chain_.probabilities();
    if (chain.probability(state, chain_.goal()) > 0.0) {
      return chain_.name(chain_.goal());
    }
    double most = 0.0;
    std::string best;
    for (const std::uint32_t next : chain.within().columns_of(state)) {
      if (chain_.slope().values[next] > most) {
        most = chain_.slope().values[next];
        best = chain_.name(next);
      }
    }
    return best;
  }

  [[nodiscard]] table make_table(const interval_options& intervals) const {
    std::vector<std::string> items;
    std::vector<double> effect;
    std::vector<double> lower;
    std::vector<double> upper;
    std::vector<bool> dominator;
    std::vector<bool> above;
    std::vector<double> probability;
    std::vector<std::string> next;
    std::vector<double> reach;
    std::vector<std::int64_t> customers;
    std::vector<std::string> marks;
    for (absorbing_chain::state state = 1; state < estimates_.size(); ++state) {
      items.push_back(chain_.name(state));
      effect.push_back(estimates_[state].value);
      lower.push_back(estimates_[state].lower);
      upper.push_back(estimates_[state].upper);
      // What remains without the state is exactly 0 only where the graph leaves no way.
      dominator.push_back(removal_.probability > 0.0 && removal_.without[state] == 0.0);
      above.push_back(estimates_[state].value > options_.limit);
      probability.push_back(chain_.slope().values[state]);
      next.push_back(next_best(state));
      reach.push_back(chain_.visitors(state) / chain_.customers());
      customers.push_back(std::llround(chain_.visitors(state)));
      marks.push_back(to_text(estimates_[state].marks));
    }
    const auto order = ranked(effect, [&](std::size_t k) { return std::string_view{items[k]}; });
    table result{
        "Removal effect: the part of the conversions that is lost when every journey ends at the item, in the Markov "
        "chain of the settled journeys. A dominator stands on every way to the conversion."};
    constexpr std::array<std::string_view, 10> columns{
        "removal_effect", "lower", "upper", "is_dominator", "above_limit", "conversion_probability",
        "next_best",      "reach", "n",     "marks"};
    if (std::find(columns.begin(), columns.end(), paths_->by()) != columns.end()) {
      throw input_error("the attribute " + quoted(paths_->by()) + " has the name of a column of the result; rename it");
    }
    result.add(paths_->by(), std::move(items));
    result.add("removal_effect", std::move(effect), quantity::share);
    result.add("lower", std::move(lower), quantity::share);
    result.add("upper", std::move(upper), quantity::share);
    result.add("is_dominator", std::move(dominator));
    result.add("above_limit", std::move(above));
    result.add("conversion_probability", std::move(probability), quantity::share);
    result.add("next_best", std::move(next));
    result.add("reach", std::move(reach), quantity::share);
    result.add("n", std::move(customers), quantity::count);
    result.add("marks", std::move(marks));
    result = result.take(order);
    result.set_option("by", paths_->by());
    result.set_option("limit", number_text(options_.limit));
    result.set_option("intervals", options_.intervals ? "by customers" : "none");
    set_interval_options(result, intervals);
    return result;
  }

  const path_table* paths_;
  make_or_break_options options_;
  fitted_chain chain_;
  state_removal removal_;
  std::vector<estimate> estimates_;
};

}  // namespace detail

KLANTREIS_INLINE table make_or_break(const path_table& paths, const make_or_break_options& options) {
  return detail::removal_analysis{paths, options}.result();
}

KLANTREIS_INLINE table make_or_break(const journey_set& journeys, const make_or_break_options& options) {
  table result = make_or_break(detail::paths_for(journeys, options, "make_or_break"), options);
  detail::set_journey_options(result, journeys, options);
  return result;
}

}  // namespace klantreis
