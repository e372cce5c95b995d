// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/improve/edited_chain.hpp"
#include "klantreis/detail/improve/rows.hpp"
#include "klantreis/detail/improve/times.hpp"
#include "klantreis/improve/scenario.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/solver.hpp"

namespace klantreis {
namespace detail {

/// What all scenarios of one root share.
struct scenario_base {
  what_if_options options;
  path_table paths;
  bool has_times;
  option_list cut;
  fitted_chain fitted;

  scenario_base(path_table given, what_if_options wanted)
      : options(std::move(wanted)), paths(std::move(given)), has_times(false), fitted(paths) {}
  scenario_base(const journey_set& journeys, what_if_options wanted)
      : options(std::move(wanted)),
        paths(paths_for(journeys, options, "what_if")),
        has_times(journeys.log().has_times()),
        fitted(paths, [&](const order_chain& counts) {
          return has_times ? times_in_states(journeys, options.by, options.collapse, counts) : state_times{};
        }) {
    cut.emplace_back("collapse", options.collapse || options.by == "phase" ? "yes" : "no");
    for (auto& option : cut_options(journeys)) {
      cut.push_back(std::move(option));
    }
  }
};

/// The expected amounts of a chain, and by state what is still to come.
struct solved_chain {
  std::vector<double> visits;
  std::vector<double> converts;
  std::vector<double> worth;
  std::vector<double> time;
  std::vector<double> steps;

  explicit solved_chain(const edited_chain& chain) {
    const absorbing_chain probabilities = chain.solvable();
    const transient_solver solver(probabilities);
    const auto goal = static_cast<absorbing_chain::state>(chain.size());
    visits = expected_visits(solver, order_chain::start);
    converts = absorption_probabilities(solver, goal);
    if (!probabilities.can_reach(goal)[order_chain::start]) {
      converts[order_chain::start] = 0.0;
    }
    std::vector<double> each(chain.size(), 1.0);
    each[order_chain::start] = 0.0;  // leaving (start) is no visit
    const std::array<transient_solver::problem, 3> problems{
        {{.rhs = chain.paid}, {.rhs = chain.seconds}, {.rhs = each}}};
    const std::array<std::vector<double>*, 3> into{&worth, &time, &steps};
    solver.solve(problems, transient_solver::direction::forward,
                 [&](std::size_t k, transient_solver::solution&& found) { *into[k] = std::move(found.values); });
  }
};

/// The state of a scenario after some of its edits.
class scenario_run {
 public:
  explicit scenario_run(const scenario_base& base) : base_(&base) {
    chains_.emplace_back(base.fitted);
    solved_.emplace_back(chains_.back());
  }

  /// Returns true when the edit was capped.
  bool add(const journey_edit& edit) {
    const chain_edit change(edit, chains_.back());
    edited_chain next = chains_.back();
    const bool capped = change.apply(next);
    solved_.emplace_back(next);
    chains_.push_back(std::move(next));
    changes_.push_back(change);
    return capped;
  }

  [[nodiscard]] const solved_chain& solved() const { return solved_.back(); }
  [[nodiscard]] const solved_chain& first() const { return solved_.front(); }
  [[nodiscard]] double volume() const { return chains_.back().volume; }

  /// Moments of the influence values of: the rate and its change; conversions, value, each per journey observed, and
  /// their changes; the changes of time and steps.
  [[nodiscard]] std::array<influence_sum, influence_lanes> influence() const {
    transition_weights weights(base_->fitted.counts());
    weights.paid.resize(base_->fitted.counts().size());
    weights.time.resize(base_->fitted.counts().size());
    const auto write = [&](const chain_slope& slope, double sign, std::initializer_list<std::size_t> slots) {
      const order_chain& counts = base_->fitted.counts();
      for (std::uint32_t i = 0; i < counts.size(); ++i) {
        for (const std::size_t slot : slots) {
          for (std::uint64_t edge = counts.edge_offsets()[i]; edge < counts.edge_offsets()[i + 1]; ++edge) {
            weights.edge[edge][slot] += sign * slope.at(i, counts.targets()[edge]);
          }
          weights.conversion[i][slot] += sign * slope.at(i, edited_goal);
          weights.null[i][slot] += sign * slope.at(i, edited_null);
          weights.paid[i][slot] += sign * slope.paid[i];
          weights.time[i][slot] += sign * slope.seconds[i];
        }
      }
    };
    const auto now = [&](what of, bool per_journey_observed) {
      chain_slope slope = slope_of(chains_.back(), solved_.back(), of, per_journey_observed);
      for (std::size_t step = changes_.size(); step > 0; --step) {
        changes_[step - 1].pull(chains_[step - 1], slope);
      }
      return slope;
    };
    const auto before = [&](what of) { return slope_of(chains_.front(), solved_.front(), of, false); };
    write(now(what::converts, false), 1.0, {0, 1});
    write(now(what::converts, true), 1.0, {2, 3});
    write(now(what::worth, true), 1.0, {4, 5});
    write(now(what::time, false), 1.0, {6});
    write(now(what::steps, false), 1.0, {7});
    write(before(what::converts), -1.0, {1, 3});
    write(before(what::worth), -1.0, {5});
    write(before(what::time), -1.0, {6});
    write(before(what::steps), -1.0, {7});
    return base_->fitted.influence(std::move(weights));
  }

 private:
  enum class what : std::uint8_t { converts, worth, time, steps };

  static std::vector<double> solved_chain::*member(what of) {
    return of == what::converts ? &solved_chain::converts
           : of == what::worth  ? &solved_chain::worth
           : of == what::time   ? &solved_chain::time
                                : &solved_chain::steps;
  }

  // Of Σ_i N_0i r_i, the expected sum of rewards r, the derivative by p_kl is N_0k times what is still to come at l, by
  // r_k it is N_0k.
  static chain_slope slope_of(const edited_chain& chain, const solved_chain& solved, what of, bool with_volume) {
    chain_slope slope(chain);
    const std::vector<double>& still = solved.*member(of);
    const double factor = with_volume ? chain.volume : 1.0;
    for (std::uint32_t k = 0; k < chain.size(); ++k) {
      const double visits = factor * solved.visits[k];
      for (const auto& [l, p] : chain.rows[k]) {
        const double onward = l == edited_goal ? (of == what::converts ? 1.0 : 0.0) : l == edited_null ? 0.0 : still[l];
        slope.rows[k][l] = visits * onward;
      }
      slope.paid[k] = of == what::worth ? visits : 0.0;
      slope.seconds[k] = of == what::time ? visits : 0.0;
    }
    slope.volume = with_volume ? still[order_chain::start] : 0.0;
    return slope;
  }

  const scenario_base* base_;
  std::vector<edited_chain> chains_;
  std::vector<solved_chain> solved_;
  std::vector<chain_edit> changes_;
};

/// One row of a scenario's result.
struct scenario_row {
  std::string edit;
  bool capped = false;
  double volume = 1.0;
  double worth = 0.0;
  double steps = 0.0;
  double time = 0.0;
  estimate rate = {};
  estimate change = {};
  estimate conversions = {};
  estimate conversions_change = {};
  estimate value = {};
  estimate value_change = {};
  estimate time_change = {};
  estimate steps_change = {};
};

[[nodiscard]] inline scenario_row row_of(const scenario_run& run, const scenario_base& base, std::string edit,
                                         bool capped) {
  const what_if_options& options = base.options;
  const double journeys = base.fitted.counts().journeys();
  const solved_chain& now = run.solved();
  const solved_chain& first = run.first();
  scenario_row row{.edit = std::move(edit), .capped = capped, .volume = run.volume()};
  const double rate = now.converts[0];
  row.steps = now.steps[0];
  row.time = now.time[0];
  const interval_options intervals{.level = options.level, .min_n = options.min_n};
  std::array<influence_sum, influence_lanes> sums;
  sums.fill(influence_sum{base.fitted.customers(), 0.0, 0.0, 0.0});
  if (options.intervals) {
    check_improve_work(1, base.fitted.pass_work() + base.fitted.solve_work(), "ask for no intervals, or ");
    sums = run.influence();
  }
  const auto times = [journeys](estimate found) {
    found.value *= journeys;
    found.lower *= journeys;
    found.upper *= journeys;
    return found;
  };
  const auto changed = [&](const influence_sum& sum, double value) {
    // Solving twice what did not change leaves a rounding error, which is no change.
    const bool same = std::abs(value) < 1e-13;
    return same ? influence_sum{sum.customers(), 0.0, 0.0, 0.0}.plain_interval(value, intervals)
                : sum.plain_interval(value, intervals);
  };
  row.rate = sums[0].prob_interval(rate, base.fitted.customers(), intervals);
  row.change = changed(sums[1], rate - first.converts[0]);
  row.conversions = times(
      sums[2].log_interval(run.volume() * rate, {.n = base.fitted.customers(), .scale = run.volume()}, intervals));
  row.conversions_change = times(changed(sums[3], run.volume() * rate - first.converts[0]));
  row.value = times(sums[4].log_interval(run.volume() * now.worth[0], {}, intervals));
  row.value_change = times(changed(sums[5], run.volume() * now.worth[0] - first.worth[0]));
  row.time_change = changed(sums[6], now.time[0] - first.time[0]);
  row.steps_change = changed(sums[7], now.steps[0] - first.steps[0]);
  if (!options.intervals) {
    for (estimate* one : {&row.rate, &row.change, &row.conversions, &row.conversions_change, &row.value,
                          &row.value_change, &row.time_change, &row.steps_change}) {
      one->lower = one->upper = null_value;
      one->marks = mark::none;
    }
  }
  row.rate.n = base.fitted.customers();
  return row;
}

[[nodiscard]] inline table scenario_table(const std::vector<scenario_row>& rows, const scenario_base& base) {
  table result{
      "What each change brings on top of those before it, in the Markov chain of the settled journeys: P(conversion) "
      "and "
      "its change since step 0, conversions of as many journeys, expected visits of items per journey; exact, with "
      "intervals by customers. It holds if customers behave elsewhere as they did."};
  const auto numbers = [&](auto&& number) {
    std::vector<double> values;
    for (const scenario_row& row : rows) {
      values.push_back(number(row));
    }
    return values;
  };
  const auto add = [&](const std::string& name, const std::string& bounds, estimate scenario_row::*which,
                       quantity what) {
    result.add(name, numbers([&](const scenario_row& row) { return (row.*which).value; }), what);
    result.add(bounds + "lower", numbers([&](const scenario_row& row) { return (row.*which).lower; }), what);
    result.add(bounds + "upper", numbers([&](const scenario_row& row) { return (row.*which).upper; }), what);
  };
  std::vector<std::int64_t> step;
  std::vector<std::string> edits;
  std::vector<std::int64_t> customers;
  std::vector<std::string> marks;
  for (const scenario_row& row : rows) {
    step.push_back(static_cast<std::int64_t>(step.size()));
    edits.push_back(row.edit);
    customers.push_back(std::llround(row.rate.n));
    marks.push_back(to_text(row.rate.marks | (row.capped ? mark::capped : mark::none)));
  }
  result.add("step", std::move(step));
  result.add("edit", std::move(edits));
  add("conversion_rate", "", &scenario_row::rate, quantity::share);
  add("change", "change_", &scenario_row::change, quantity::share);
  result.add("journeys",
             numbers([&](const scenario_row& row) { return row.volume * base.fitted.counts().journeys(); }));
  add("conversions", "conversions_", &scenario_row::conversions, quantity::plain);
  add("conversions_change", "conversions_change_", &scenario_row::conversions_change, quantity::plain);
  if (base.paths.has_values()) {
    add("value", "value_", &scenario_row::value, quantity::amount);
    add("value_change", "value_change_", &scenario_row::value_change, quantity::amount);
  }
  result.add("steps", numbers([](const scenario_row& row) { return row.steps; }));
  add("steps_change", "steps_change_", &scenario_row::steps_change, quantity::plain);
  if (base.has_times) {
    result.add("time", numbers([](const scenario_row& row) { return row.time; }), quantity::seconds);
    add("time_change", "time_change_", &scenario_row::time_change, quantity::seconds);
  }
  result.add("n", std::move(customers), quantity::count);
  result.add("marks", std::move(marks));
  result.set_option("by", base.paths.by());
  for (const auto& [name, value] : base.cut) {
    result.set_option(name, value);
  }
  result.set_option("intervals", base.options.intervals ? "by customers" : "none");
  set_interval_options(result, {.level = base.options.level, .min_n = base.options.min_n});
  return result;
}

[[nodiscard]] inline table scenario_result(const scenario_base& base, const std::vector<journey_edit>& edits) {
  scenario_run run(base);
  std::vector<scenario_row> rows;
  rows.push_back(row_of(run, base, "as it is", false));
  for (const journey_edit& edit : edits) {
    const bool capped = run.add(edit);
    rows.push_back(row_of(run, base, text_of(edit), capped));
  }
  return scenario_table(rows, base);
}

}  // namespace detail

KLANTREIS_INLINE scenario::scenario(const journey_set& journeys, const what_if_options& options)
    : base_(std::make_shared<const detail::scenario_base>(journeys, options)) {}

KLANTREIS_INLINE scenario::scenario(const path_table& paths, const what_if_options& options)
    : base_(std::make_shared<const detail::scenario_base>(paths, options)) {}

KLANTREIS_INLINE scenario scenario::then(journey_edit edit) const {
  detail::scenario_run run(*base_);
  for (const journey_edit& earlier : edits_) {
    run.add(earlier);
  }
  run.add(edit);
  scenario next = *this;
  next.edits_.push_back(std::move(edit));
  return next;
}

KLANTREIS_INLINE scenario scenario::undo() const {
  if (edits_.empty()) {
    throw input_error("there is no change to undo: this is the chain as it is");
  }
  scenario before = *this;
  before.edits_.pop_back();
  return before;
}

KLANTREIS_INLINE double scenario::conversion_rate() const {
  detail::scenario_run run(*base_);
  for (const journey_edit& edit : edits_) {
    run.add(edit);
  }
  return run.solved().converts[order_chain::start];
}

KLANTREIS_INLINE table scenario::result() const { return detail::scenario_result(*base_, edits_); }

KLANTREIS_INLINE table what_if(const path_table& paths, const std::vector<journey_edit>& edits,
                               const what_if_options& options) {
  return detail::scenario_result({paths, options}, edits);
}

KLANTREIS_INLINE table what_if(const journey_set& journeys, const std::vector<journey_edit>& edits,
                               const what_if_options& options) {
  return detail::scenario_result({journeys, options}, edits);
}

}  // namespace klantreis
