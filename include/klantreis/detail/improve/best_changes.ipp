// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "klantreis/detail/improve/rows.hpp"
#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/improve.hpp"

namespace klantreis {
namespace detail {

/// A priced change with its states, and what it meets there.
struct offered_change {
  priced_change change = {};
  std::uint32_t from = 0;
  double value = 0.0;              ///< P(conversion) from its destination
  double visits = 0.0;             ///< N_0i
  double leaves = 0.0;             ///< p_i,null
  std::vector<double> again = {};  ///< expected visits, from its destination, of the `from` of each change
};

/// Gains of sets of changes in one chain.
///
/// With changes k moving δ_k from null to j_k at i_k, the gain of a set is Σ_k N_0i_k δ_k x_k with
/// x = (I − K)⁻¹ val_j and K_kl = N_j_k,i_l δ_l (Woodbury). Where changes at one item ask for more than leaves there,
/// those to the best destinations are served first.
class change_sets {
 public:
  using set = std::vector<bool>;

  change_sets(const fitted_chain& chain, const std::vector<priced_change>& changes) {
    for (const priced_change& change : changes) {
      check(change);
      offers_.push_back({.change = change, .from = state_of(chain, change.from, true)});
    }
    std::vector<std::uint32_t> to;
    for (offered_change& offer : offers_) {
      const bool converts = offer.change.to == conversion_state;
      to.push_back(converts ? chain.goal() : state_of(chain, offer.change.to, false));
      offer.value = chain.slope().values[to.back()];
      offer.visits = chain.slope().visits[offer.from];
      offer.leaves = chain.probabilities().probability(offer.from, chain.null());
    }
    std::vector<std::size_t> order(offers_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple(-offers_[a].value, offers_[a].change.from, offers_[a].change.to) <
             std::tuple(-offers_[b].value, offers_[b].change.from, offers_[b].change.to);
    });
    std::vector<offered_change> sorted;
    std::vector<std::uint32_t> sorted_to;
    for (const std::size_t at : order) {
      sorted.push_back(std::move(offers_[at]));
      sorted_to.push_back(to[at]);
    }
    offers_ = std::move(sorted);
    for (offered_change& offer : offers_) {
      offer.again.resize(offers_.size());
    }
    for (std::size_t l = 0; l < offers_.size(); ++l) {
      const std::vector<double> at = unit(chain.counts().size(), offers_[l].from);
      const std::vector<double> column = chain.solver().solve({.rhs = at}).values;
      for (std::size_t k = 0; k < offers_.size(); ++k) {
        offers_[k].again[l] = sorted_to[k] == chain.goal() ? 0.0 : column[sorted_to[k]];
      }
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return offers_.size(); }
  [[nodiscard]] const offered_change& operator[](std::size_t at) const noexcept { return offers_[at]; }

  [[nodiscard]] double cost(const set& chosen) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < size(); ++k) {
      sum += chosen[k] ? offers_[k].change.cost : 0.0;
    }
    return sum;
  }

  /// The gain of the chosen changes together; 0 where they would keep customers for ever.
  [[nodiscard]] double gain(const set& chosen) const {
    std::vector<std::size_t> at;
    std::vector<double> moved;
    std::map<std::uint32_t, double> left;
    for (std::size_t k = 0; k < size(); ++k) {
      if (chosen[k]) {
        const auto [rest, added] = left.try_emplace(offers_[k].from, offers_[k].leaves);
        const double moves = (std::min)(offers_[k].change.amount, rest->second);
        rest->second -= moves;
        if (moves > 0.0) {
          at.push_back(k);
          moved.push_back(moves);
        }
      }
    }
    if (at.empty()) {
      return 0.0;
    }
    const auto count = static_cast<Eigen::Index>(at.size());
    Eigen::MatrixXd system = Eigen::MatrixXd::Identity(count, count);
    Eigen::VectorXd value(count);
    for (Eigen::Index k = 0; k < count; ++k) {
      const offered_change& offer = offers_[at[static_cast<std::size_t>(k)]];
      value[k] = offer.value;
      for (Eigen::Index l = 0; l < count; ++l) {
        system(k, l) -= offer.again[at[static_cast<std::size_t>(l)]] * moved[static_cast<std::size_t>(l)];
      }
    }
    const Eigen::VectorXd solved = system.partialPivLu().solve(value);
    double sum = 0.0;
    for (Eigen::Index k = 0; k < count; ++k) {
      sum += offers_[at[static_cast<std::size_t>(k)]].visits * moved[static_cast<std::size_t>(k)] * solved[k];
    }
    return std::isfinite(sum) && sum >= 0.0 && sum <= 1.0 + 1e-9 ? sum : 0.0;
  }

  /// The best of all sets within the budget; of equal ones the cheaper.
  [[nodiscard]] set best_of_all(double budget) const {
    set best(size(), false);
    double most = 0.0;
    double least_cost = 0.0;
    set chosen(size(), false);
    const std::uint64_t sets = std::uint64_t{1} << size();
    for (std::uint64_t bits = 1; bits < sets; ++bits) {
      for (std::size_t k = 0; k < size(); ++k) {
        chosen[k] = (bits >> k & 1U) != 0;
      }
      const double spent = cost(chosen);
      if (spent > budget) {
        continue;
      }
      const double found = gain(chosen);
      const bool better = found > most * (1.0 + 1e-12) + 1e-15;
      if (better || (found >= most * (1.0 - 1e-12) && most > 0.0 && spent < least_cost)) {
        best = chosen;
        most = found;
        least_cost = spent;
      }
    }
    return best;
  }

  /// Changes added one by one, most gain for the cost first, or the best single one.
  [[nodiscard]] set best_one_by_one(double budget) const {
    set chosen(size(), false);
    double spent = 0.0;
    double so_far = 0.0;
    for (;;) {
      std::size_t best = size();
      double most = 0.0;
      for (std::size_t k = 0; k < size(); ++k) {
        if (chosen[k] || spent + offers_[k].change.cost > budget) {
          continue;
        }
        chosen[k] = true;
        const double more = gain(chosen) - so_far;
        chosen[k] = false;
        const double rate = offers_[k].change.cost > 0.0 ? more / offers_[k].change.cost : more * 1e300;
        if (more > 1e-15 && rate > most) {
          most = rate;
          best = k;
        }
      }
      if (best == size()) {
        break;
      }
      chosen[best] = true;
      spent += offers_[best].change.cost;
      so_far = gain(chosen);
    }
    for (std::size_t k = 0; k < size(); ++k) {
      set alone(size(), false);
      alone[k] = true;
      if (offers_[k].change.cost <= budget && gain(alone) > so_far) {
        chosen = alone;
        so_far = gain(alone);
      }
    }
    return chosen;
  }

  /// A gain that no set within the budget exceeds.
  [[nodiscard]] double bound(double budget) const {
    const set all(size(), true);
    const double together = gain(all);
    std::map<std::uint32_t, double> asked;
    for (const offered_change& offer : offers_) {
      asked[offer.from] += offer.change.amount;
    }
    for (const offered_change& offer : offers_) {
      if (asked[offer.from] > offer.leaves) {
        return together;  // changes compete for those who leave: not supermodular
      }
    }
    std::vector<std::pair<double, double>> parts;  // what each adds to all the others, and its cost
    for (std::size_t k = 0; k < size(); ++k) {
      set others = all;
      others[k] = false;
      if (offers_[k].change.cost <= budget) {
        parts.emplace_back(together - gain(others), offers_[k].change.cost);
      }
    }
    std::sort(parts.begin(), parts.end(),
              [](const auto& a, const auto& b) { return a.first * b.second > b.first * a.second; });
    double sum = 0.0;
    for (const auto& [more, price] : parts) {
      const double share = price > 0.0 ? (std::min)(1.0, budget / price) : 1.0;
      sum += share * more;
      budget -= share * price;
    }
    return (std::min)(sum, together);
  }

 private:
  static void check(const priced_change& change) {
    if (!(change.amount > 0.0 && change.amount <= 1.0)) {
      throw input_error("the amount to move at " + quoted(change.from) + " is " + number_text(change.amount) +
                        "; it must lie between 0 and 1 (0.01 is one percentage point)");
    }
    if (!(change.cost >= 0.0) || std::isinf(change.cost)) {
      throw input_error("the cost of the change at " + quoted(change.from) + " is " + number_text(change.cost) +
                        "; it must be a number of 0 or more");
    }
  }

  [[nodiscard]] static std::uint32_t state_of(const fitted_chain& chain, const std::string& name, bool or_start) {
    std::vector<std::string> items;
    for (std::uint32_t state = or_start ? 0U : 1U; state < chain.counts().size(); ++state) {
      if (chain.name(state) == name) {
        return state;
      }
      items.push_back(chain.name(state));
    }
    const auto similar = similar_names(name, items);
    throw input_error("no settled journey visits " + quoted(name) +
                      (similar.empty() ? "; name an item of the paths" : "; did you mean " + quoted(similar[0]) + "?"));
  }

  std::vector<offered_change> offers_;  // those to the best destinations first
};

/// `run` is the scenario with the chosen changes.
[[nodiscard]] inline table best_changes_table(const change_sets& sets, const change_sets::set& chosen, const table& run,
                                              double conversions) {
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<double> amount;
  std::vector<double> cost;
  std::vector<double> spent;
  std::vector<double> alone;
  double sum = 0.0;
  for (std::size_t k = 0; k < sets.size(); ++k) {
    if (chosen[k]) {
      change_sets::set one(sets.size(), false);
      one[k] = true;
      sum += sets[k].change.cost;
      from.push_back(sets[k].change.from);
      to.push_back(sets[k].change.to);
      amount.push_back(sets[k].change.amount);
      cost.push_back(sets[k].change.cost);
      spent.push_back(sum);
      alone.push_back(sets.gain(one));
    }
  }
  std::vector<std::size_t> after(from.size());
  std::iota(after.begin(), after.end(), std::size_t{1});
  const table rows = run.take(after);
  table result{
      "The changes that together gain most conversions within the budget, in the order in which they are made. spent, "
      "gain and conversions are those of the changes so far; gain_alone that of the change by itself. Exact, in the "
      "Markov chain of the settled journeys."};
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("amount", std::move(amount), quantity::share);
  result.add("cost", std::move(cost), quantity::amount);
  result.add("spent", std::move(spent), quantity::amount);
  result.add("gain_alone", std::move(alone), quantity::share);
  result.add("gain", rows.numbers("change"), quantity::share);
  result.add("lower", rows.numbers("change_lower"), quantity::share);
  result.add("upper", rows.numbers("change_upper"), quantity::share);
  std::vector<double> gained;
  for (const double total : rows.numbers("conversions")) {
    gained.push_back(total - conversions);
  }
  result.add("conversions", std::move(gained));
  result.add("n", rows.integers("n"), quantity::count);
  result.add("marks", rows.texts("marks"));
  return result;
}

template <typename Source>
[[nodiscard]] table best_changes_of(const Source& source, const path_table& paths,
                                    const std::vector<priced_change>& changes, double budget,
                                    const best_changes_options& options) {
  if (changes.empty()) {
    throw input_error("there is no change to choose from; offer some, each with its cost");
  }
  if (!(budget >= 0.0)) {
    throw input_error("the budget is " + number_text(budget) + "; it must be 0 or more");
  }
  const fitted_chain chain(paths);
  const auto count = static_cast<double>(changes.size());
  check_improve_work(changes.size(), chain.solve_work() + std::pow(count, 4.0), "offer fewer changes, or ");
  const change_sets sets(chain, changes);
  const bool exact = changes.size() <= (std::min)(options.exact_up_to, std::size_t{24});
  const change_sets::set chosen = exact ? sets.best_of_all(budget) : sets.best_one_by_one(budget);
  std::vector<journey_edit> edits;
  for (std::size_t k = 0; k < sets.size(); ++k) {
    if (chosen[k]) {
      const priced_change& change = sets[k].change;
      edits.push_back(
          {.what = journey_edit::kind::move, .item = change.from, .to = change.to, .amount = change.amount});
    }
  }
  const table run = what_if(source, edits,
                            {.by = options.by,
                             .collapse = options.collapse,
                             .intervals = options.intervals,
                             .min_n = options.min_n,
                             .level = options.level,
                             .threads = options.threads});
  table result = best_changes_table(sets, chosen, run, run.numbers("conversions")[0]);
  for (const auto& [name, value] : run.options()) {
    result.set_option(name, value);
  }
  result.set_option("budget", number_text(budget));
  result.set_option("method", exact ? "exact" : "greedy");
  result.set_option("gain", number_text(sets.gain(chosen)));
  result.set_option("bound", number_text(exact ? sets.gain(chosen) : sets.bound(budget)));
  return result;
}

}  // namespace detail

KLANTREIS_INLINE table best_changes(const path_table& paths, const std::vector<priced_change>& changes, double budget,
                                    const best_changes_options& options) {
  return detail::best_changes_of(paths, paths, changes, budget, options);
}

KLANTREIS_INLINE table best_changes(const journey_set& journeys, const std::vector<priced_change>& changes,
                                    double budget, const best_changes_options& options) {
  return detail::best_changes_of(journeys, detail::paths_for(journeys, options, "best_changes"), changes, budget,
                                 options);
}

}  // namespace klantreis
