// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/improve/rows.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/improve.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/markov/sensitivity.hpp"

namespace klantreis {
namespace detail {

/// The probabilities of a chain, to be edited.
class editable_chain {
 public:
  explicit editable_chain(const order_chain& counts) : counts_(&counts) {
    const absorbing_chain chain = counts.to_absorbing();
    for (absorbing_chain::state s = 0; s < chain.size(); ++s) {
      (chain.is_absorbing(s) ? outcomes_ : states_).emplace_back(chain.name(s));
    }
    rows_.resize(states_.size());
    for (const chain_edge& e : edges_of(chain)) {
      rows_[e.from][e.to] = chain.probability(e.from, e.to);
    }
  }

  [[nodiscard]] absorbing_chain::state goal() const noexcept {
    return static_cast<absorbing_chain::state>(states_.size());
  }

  /// Makes a change; returns true when it was capped.
  bool apply(const journey_edit& edit) {
    switch (edit.what) {
      case journey_edit::kind::move:
        return move(edit.item == start_state ? order_chain::start : state_of(edit.item),
                    edit.to == conversion_state ? goal() : state_of(edit.to), edit.amount);
      case journey_edit::kind::remove:
        rows_[state_of(edit.item)] = {{null(), 1.0}};
        return false;
      case journey_edit::kind::bypass:
        bypass(state_of(edit.item));
        return false;
      case journey_edit::kind::clear:
        clear(state_of(edit.item), edit.item);
        return false;
    }
    return false;
  }

  [[nodiscard]] absorbing_chain to_chain() const {
    std::vector<absorbing_chain::transition> steps;
    for (absorbing_chain::state i = 0; i < rows_.size(); ++i) {
      for (const auto& [j, p] : rows_[i]) {
        steps.push_back({i, j, p});
      }
    }
    return absorbing_chain::from_probabilities(states_, outcomes_, steps);
  }

 private:
  using row = std::map<absorbing_chain::state, double>;

  [[nodiscard]] absorbing_chain::state null() const noexcept { return goal() + 1; }

  [[nodiscard]] absorbing_chain::state state_of(const std::string& item) const {
    const auto code = counts_->names().find(item);
    if (!code || counts_->states_with(*code).empty()) {
      throw input_error("no settled journey visits " + quoted(item) + near(item));
    }
    return counts_->states_with(*code).front();
  }

  [[nodiscard]] std::string near(const std::string& item) const {
    const auto similar = similar_names(item, counts_->names().to_vector());
    return similar.empty() ? std::string{"; name an item of the paths"} : "; did you mean " + quoted(similar[0]) + "?";
  }

  bool move(absorbing_chain::state from, absorbing_chain::state to, double amount) {
    if (!(amount > 0.0 && amount <= 1.0)) {
      throw input_error("the amount to move is " + number_text(amount) +
                        "; it must lie between 0 and 1 (0.01 is one percentage point)");
    }
    const auto leaving = rows_[from].find(null());
    const double available = leaving == rows_[from].end() ? 0.0 : leaving->second;
    if (amount >= available) {
      if (available > 0.0) {
        rows_[from].erase(leaving);
        rows_[from][to] += available;
      }
      return amount > available;
    }
    leaving->second -= amount;
    rows_[from][to] += amount;
    return false;
  }

  void bypass(absorbing_chain::state item) {
    row onward = rows_[item];
    const auto loop = onward.extract(item);
    const double leaves = loop.empty() ? 1.0 : 1.0 - loop.mapped();
    for (row& other : rows_) {
      if (&other == &rows_[item]) {
        continue;
      }
      const auto into = other.extract(item);
      if (!into.empty()) {
        for (const auto& [next, p] : onward) {
          other[next] += into.mapped() * p / leaves;
        }
      }
    }
  }

  void clear(absorbing_chain::state item, const std::string& name) {
    row& own = rows_[item];
    const auto leaving = own.extract(null());
    if (leaving.empty()) {
      return;
    }
    if (own.empty()) {
      throw input_error("nobody goes on from " + quoted(name) +
                        ", so it cannot be cleared; move some of those who leave to a next step instead");
    }
    double rest = 0.0;
    for (const auto& [next, p] : own) {
      rest += p;
    }
    for (auto& [next, p] : own) {
      p /= rest;
    }
  }

  const order_chain* counts_;
  std::vector<std::string> states_;
  std::vector<std::string> outcomes_;
  std::vector<row> rows_;
};

[[nodiscard]] inline std::string text_of(const journey_edit& edit) {
  switch (edit.what) {
    case journey_edit::kind::move:
      return "move " + number_text(edit.amount) + " at " + edit.item + " from (null) to " + edit.to;
    case journey_edit::kind::remove:
      return "remove " + edit.item;
    case journey_edit::kind::bypass:
      return "bypass " + edit.item;
    case journey_edit::kind::clear:
      return "clear " + edit.item;
  }
  return {};
}

}  // namespace detail

KLANTREIS_INLINE table what_if(const path_table& paths, const std::vector<journey_edit>& edits,
                               const what_if_options& /*options*/) {
  const order_chain counts = make_order_chain(paths, {.order = 1, .self_transitions = true});
  detail::editable_chain chain(counts);
  std::vector<std::int64_t> step;
  std::vector<std::string> text;
  std::vector<double> rate;
  std::vector<double> change;
  std::vector<double> conversions;
  std::vector<double> steps;
  std::vector<std::string> marks;
  const auto add_row = [&](std::string edit, bool capped) {
    const absorbing_chain edited = chain.to_chain();
    const transient_solver solver(edited);
    step.push_back(static_cast<std::int64_t>(step.size()));
    text.push_back(std::move(edit));
    rate.push_back(absorption_probabilities(solver, chain.goal())[order_chain::start]);
    change.push_back(rate.back() - rate.front());
    conversions.push_back(rate.back() * counts.journeys());
    // Leaving (start) is no visit.
    steps.push_back(expected_steps(solver)[order_chain::start] - 1.0);
    marks.push_back(to_text(capped ? mark::capped : mark::none));
  };
  add_row("as it is", false);
  for (const journey_edit& edit : edits) {
    const bool capped = chain.apply(edit);
    add_row(detail::text_of(edit), capped);
  }
  table result{
      "What each change brings on top of those before it, in the Markov chain of the settled journeys: P(conversion), "
      "its change since step 0, conversions of as many journeys, and expected visits of items per journey; exact. It "
      "holds if customers behave elsewhere as they did."};
  result.add("step", std::move(step));
  result.add("edit", std::move(text));
  result.add("conversion_rate", std::move(rate), quantity::share);
  result.add("change", std::move(change), quantity::share);
  result.add("conversions", std::move(conversions));
  result.add("steps", std::move(steps));
  result.add("marks", std::move(marks));
  result.set_option("by", paths.by());
  return result;
}

KLANTREIS_INLINE table what_if(const journey_set& journeys, const std::vector<journey_edit>& edits,
                               const what_if_options& options) {
  table result = what_if(detail::paths_for(journeys, options, "what_if"), edits, options);
  detail::set_journey_options(result, journeys, options);
  return result;
}

}  // namespace klantreis
