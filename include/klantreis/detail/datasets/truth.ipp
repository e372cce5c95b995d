// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "klantreis/datasets.hpp"
#include "klantreis/detail/datasets/rows.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/removal.hpp"

namespace klantreis {
namespace detail {

/// The acquisition chain of one group in one period; journeys begin in `(arrival)`, `(referred)` or `(return)`.
[[nodiscard]] inline absorbing_chain webshop_chain(const webshop_parameters& p, const webshop_parameters::group& group,
                                                   unsigned period) {
  const auto rows = effective_rows(p, group, period);
  std::vector<std::string> states{"(arrival)", "(referred)", "(return)"};
  std::vector<std::uint32_t> state_of(p.touchpoints.size(), 0);
  for (std::size_t i = 0; i < p.touchpoints.size(); ++i) {
    if (!rows.of[i].empty()) {
      state_of[i] = static_cast<std::uint32_t>(states.size());
      states.push_back(p.touchpoints[i].name);
    }
  }
  const auto converted = static_cast<std::uint32_t>(states.size());
  std::vector<absorbing_chain::transition> transitions;
  const auto starts = [&](std::uint32_t from, const webshop_parameters::row& row) {
    for (const auto& [name, probability] : row) {
      transitions.push_back({from, state_of[touchpoint_number(p, name)], probability});
    }
  };
  starts(0, p.arrivals);
  starts(1, {{"referral_visit", 1.0}});
  starts(2, p.returns);
  for (std::size_t i = 0; i < rows.of.size(); ++i) {
    for (const auto& [to, probability] : rows.of[i]) {
      const auto target = to == webshop_rows::order  ? converted
                          : to == webshop_rows::null ? converted + 1
                                                     : state_of[to];
      transitions.push_back({state_of[i], target, probability});
    }
  }
  return absorbing_chain::from_probabilities(states, {std::string{conversion_state}, std::string{null_state}},
                                             transitions);
}

/// Who a row of the truth is about.
struct webshop_labels {
  std::vector<std::string> segment, kind, device, period;

  void add(const webshop_parameters::group& group, unsigned which) {
    segment.push_back(group.segment);
    kind.push_back(group.kind);
    device.push_back(group.device);
    period.emplace_back(which == 0 ? "before" : "after");
  }
  void put(table& result, bool with_period) {
    result.add("segment", std::move(segment));
    result.add("kind", std::move(kind));
    result.add("device", std::move(device));
    if (with_period) {
      result.add("period", std::move(period));
    }
  }
};

}  // namespace detail

KLANTREIS_INLINE webshop_truth_tables webshop_truth(const webshop_parameters& parameters) {
  const std::vector<std::string> origins{"arrival", "referred", "return"};
  detail::webshop_labels moves, rates, removals, changes;
  std::vector<std::string> from, to, origin, touchpoint, change_origin;
  std::vector<double> probability, conversion, steps, effect, share, before, after, difference;
  for (const auto& group : parameters.groups) {
    std::vector<double> was;
    for (unsigned period = 0; period < 2; ++period) {
      const auto chain = detail::webshop_chain(parameters, group, period);
      const transient_solver solver{chain};
      const auto reachable = chain.reachable_from(0);
      for (absorbing_chain::state i = 0; i < chain.transient_size(); ++i) {
        for (absorbing_chain::state j = 0; j < chain.size(); ++j) {
          if (reachable[i] && chain.probability(i, j) > 0.0) {
            moves.add(group, period);
            from.emplace_back(i == 0 ? start_state : chain.name(i));
            to.emplace_back(chain.name(j));
            probability.push_back(chain.probability(i, j));
          }
        }
      }
      const auto converts = absorption_probabilities(solver, chain.find(conversion_state));
      const auto length = expected_steps(solver);
      for (absorbing_chain::state start = 0; start < origins.size(); ++start) {
        rates.add(group, period);
        origin.push_back(origins[start]);
        conversion.push_back(converts[start]);
        steps.push_back(length[start] - 1.0);
        if (period == 0) {
          was.push_back(converts[start]);
        } else {
          changes.add(group, period);
          change_origin.push_back(origins[start]);
          before.push_back(was[start]);
          after.push_back(converts[start]);
          difference.push_back(converts[start] - was[start]);
        }
      }
      const auto removed = removal_effects(solver, 0, chain.find(conversion_state));
      double sum = 0.0;
      for (absorbing_chain::state i = 3; i < chain.transient_size(); ++i) {
        sum += reachable[i] ? removed.effect[i] : 0.0;
      }
      for (absorbing_chain::state i = 3; i < chain.transient_size(); ++i) {
        if (reachable[i]) {
          removals.add(group, period);
          touchpoint.emplace_back(chain.name(i));
          effect.push_back(removed.effect[i]);
          share.push_back(removed.effect[i] / sum);
        }
      }
    }
  }
  webshop_truth_tables truth;
  truth.transitions = table{"Transition probabilities of the acquisition of each group, from the parameters."};
  moves.put(truth.transitions, true);
  truth.transitions.add("from", std::move(from));
  truth.transitions.add("to", std::move(to));
  truth.transitions.add("probability", std::move(probability), quantity::share);
  truth.conversion = table{
      "Probability that a journey of this origin ends in an order, and the mean number of touchpoints before its end; "
      "computed from the parameters."};
  rates.put(truth.conversion, true);
  truth.conversion.add("origin", std::move(origin));
  truth.conversion.add("conversion_rate", std::move(conversion), quantity::share);
  truth.conversion.add("steps", std::move(steps));
  truth.removal_effects = table{
      "Part of the conversions of arrivals that is lost when every journey that comes to the touchpoint ends there; "
      "computed from the parameters. share: the effects as parts of their sum."};
  removals.put(truth.removal_effects, true);
  truth.removal_effects.add("touchpoint", std::move(touchpoint));
  truth.removal_effects.add("removal_effect", std::move(effect), quantity::share);
  truth.removal_effects.add("share", std::move(share), quantity::share);
  truth.improvement = table{"Conversion rate before and after the improvement, computed from the parameters."};
  changes.put(truth.improvement, false);
  truth.improvement.add("origin", std::move(change_origin));
  truth.improvement.add("before", std::move(before), quantity::share);
  truth.improvement.add("after", std::move(after), quantity::share);
  truth.improvement.add("difference", std::move(difference));
  return truth;
}

}  // namespace klantreis
