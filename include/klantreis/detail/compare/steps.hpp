// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/compare/comparison.hpp"
#include "klantreis/detail/compare/sample.hpp"
#include "klantreis/detail/funnel/feed.hpp"
#include "klantreis/detail/funnel/own_matchers.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/rate_differences.hpp"
#include "klantreis/funnel.hpp"

namespace klantreis::detail {

/// How far each customer of a group came in a funnel.
struct group_levels {
  std::vector<std::uint32_t> customers;  ///< rising
  std::vector<std::size_t> levels;

  /// Customers who reached a step, counted from 1; all of them at 0.
  [[nodiscard]] double reached(std::size_t step) const {
    return static_cast<double>(
        std::count_if(levels.begin(), levels.end(), [step](std::size_t level) { return level >= step; }));
  }
};

class group_funnel {
 public:
  group_funnel(const journey_group& first, const journey_group& second, const compare_options& options)
      : same_log_(first.journeys.log().offsets().data() == second.journeys.log().offsets().data()) {
    levels_ = {levels_of(first, options), levels_of(second, options)};
  }

  [[nodiscard]] const group_levels& operator[](std::size_t group) const noexcept { return levels_[group]; }

 private:
  group_levels levels_of(const journey_group& group, const compare_options& options) {
    const journey_set& journeys = group.journeys;
    const event_log& log = journeys.log();
    const event_matcher matcher{log, options.steps, {}, options.by, false};
    match_rules rules;
    rules.steps = options.steps.size();
    if (options.window) {
      if (!log.has_times()) {
        throw input_error("the log has no time, so a funnel in it has no window; leave the window out");
      }
      rules.window = static_cast<std::uint64_t>(to_ticks(*options.window, log.ticks_per_second(), "window"));
    }
    chain_matcher chains{rules};
    funnel_match match;
    // The journeys of a customer that are in the group, as if nothing lay between them.
    std::vector<fed_event> events;
    std::vector<std::pair<std::uint32_t, std::size_t>> found;
    std::size_t at = 0;
    for (std::size_t customer = 0; customer < journeys.customers() && at < group.members.size(); ++customer) {
      events.clear();
      bool any = false;
      for (; at < group.members.size() && group.members[at] < journeys.customer_offsets()[customer + 1]; ++at) {
        const journey piece = journeys[group.members[at]];
        for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
          any = true;
          const std::uint64_t steps = matcher.bits(static_cast<std::size_t>(event)).steps;
          if (steps != 0) {
            events.push_back(
                {log.has_times() ? log.times()[event] : static_cast<std::int64_t>(event), steps, 0, event});
          }
        }
      }
      if (any) {
        match.clear(rules.steps);
        chains.match(events, match);
        const std::uint32_t number =
            same_log_ ? static_cast<std::uint32_t>(customer) : ids_.intern(log.customer_id(customer));
        found.emplace_back(number, match.level);
      }
    }
    std::sort(found.begin(), found.end());
    group_levels result;
    for (const auto& [customer, level] : found) {
      result.customers.push_back(customer);
      result.levels.push_back(level);
    }
    return result;
  }

  bool same_log_;
  name_table ids_;
  std::array<group_levels, 2> levels_;
};

/// The rate of those at `base` who reach `step`, in both groups, with its difference.
inline compared_rate step_difference(const group_funnel& levels, std::size_t base, std::size_t step, bool matched,
                                     const interval_options& options) {
  compared_rate row;
  std::array<rate_moments, 2> moments;
  for (std::size_t group = 0; group < 2; ++group) {
    const double n = levels[group].reached(base);
    const double came = levels[group].reached(step);
    moments[group] = share_moments(came, n);
    (group == 0 ? row.first : row.second) =
        share_of_customers(static_cast<std::uint64_t>(came), static_cast<std::uint64_t>(n), options);
  }
  if (!(moments[0].visits.v > 0.0 && moments[1].visits.v > 0.0)) {
    row.change = {.value = null_value, .marks = row.first.marks | row.second.marks};
    return row;
  }
  if (!matched) {
    separate_change(row, moments[0], moments[1]);
    return row;
  }
  influence_sum psi;
  for_each_pair(levels[0].customers, levels[1].customers, [&](std::size_t a, std::size_t b) {
    const std::array<std::size_t, 2> places{a, b};
    double value = 0.0;
    bool takes_part = false;
    for (std::size_t group = 0; group < 2; ++group) {
      if (places[group] == static_cast<std::size_t>(-1) || levels[group].levels[places[group]] < base) {
        continue;
      }
      takes_part = true;
      const double came = levels[group].levels[places[group]] >= step ? 1.0 : 0.0;
      value += (group == 1 ? 1.0 : -1.0) * (came - moments[group].events.e / moments[group].visits.v) /
               moments[group].visits.v;
    }
    if (takes_part) {
      psi.add(value);
    }
  });
  matched_change(row, psi, moments[0], moments[1], options);
  return row;
}

inline table funnel_differences(const journey_group& first, const journey_group& second,
                                const compare_options& options) {
  if (options.steps.size() > max_funnel_steps) {
    throw limit_error("the funnel has " + std::to_string(options.steps.size()) + " steps; at most " +
                      std::to_string(max_funnel_steps) + " can be followed");
  }
  // One of two logs may lack a touchpoint that is new or was given up.
  for (const funnel_step& step : options.steps) {
    for (const std::string& name : step.names) {
      const name_table& names = second.journeys.log().labels(options.by).names;
      if (!names.find(name) && !first.journeys.log().labels(options.by).names.find(name)) {
        throw input_error(unknown_label_message(name, options.by, names));
      }
    }
  }
  const group_funnel levels(first, second, options);
  bool matched = false;
  for_each_pair(levels[0].customers, levels[1].customers, [&](std::size_t a, std::size_t b) {
    matched = matched || (a != static_cast<std::size_t>(-1) && b != static_cast<std::size_t>(-1));
  });
  std::vector<std::int64_t> step;
  std::vector<std::string> label;
  std::vector<std::int64_t> count_first;
  std::vector<std::int64_t> count_second;
  std::vector<compared_rate> from_previous;
  std::vector<estimate> from_first;
  for (std::size_t k = 1; k <= options.steps.size(); ++k) {
    step.push_back(static_cast<std::int64_t>(k));
    label.push_back(options.steps[k - 1].label());
    count_first.push_back(static_cast<std::int64_t>(levels[0].reached(k)));
    count_second.push_back(static_cast<std::int64_t>(levels[1].reached(k)));
    from_previous.push_back(step_difference(levels, k - 1, k, matched, options.intervals));
    from_first.push_back(step_difference(levels, 1, k, matched, options.intervals).change);
  }
  table result{
      "How many customers of each group reach each step: first and second are the shares of those at the step before "
      "(at step 1 of all customers), difference the second less the first; from_first the difference of the shares of "
      "those at step 1. p_adjusted: Holm's, over the steps."};
  result.add("step", std::move(step), quantity::count);
  result.add("label", std::move(label));
  result.add("count_first", std::move(count_first), quantity::count);
  result.add("count_second", std::move(count_second), quantity::count);
  add_differences(result, from_previous);
  add_estimates(result, "from_first", from_first);
  result.set_option("window", options.window ? duration_option(*options.window) : "none");
  return result;
}

/// Journeys and conversions of each customer in each stratum.
inline table stratum_differences(const journey_group& first, const journey_group& second,
                                 const compare_options& options) {
  const bool same_log = first.journeys.log().offsets().data() == second.journeys.log().offsets().data();
  name_table ids;
  name_table strata;
  std::vector<stratum_count> counts;
  for (const journey_group* group : {&first, &second}) {
    const journey_set& journeys = group->journeys;
    const label_column& labels = journeys.log().labels(options.strata);
    std::size_t at = 0;
    for (std::size_t customer = 0; customer < journeys.customers() && at < group->members.size(); ++customer) {
      std::map<std::uint32_t, stratum_count> own;
      for (; at < group->members.size() && group->members[at] < journeys.customer_offsets()[customer + 1]; ++at) {
        const journey piece = journeys[group->members[at]];
        if (piece.settled) {
          stratum_count& count = own[strata.intern(labels.names[labels.codes[piece.begin]])];
          count.visits += 1.0;
          count.events += piece.converted ? 1.0 : 0.0;
        }
      }
      if (!own.empty()) {
        const std::uint32_t number =
            same_log ? static_cast<std::uint32_t>(customer) : ids.intern(journeys.log().customer_id(customer));
        for (auto& [stratum, count] : own) {
          counts.push_back({number, stratum, group == &second, count.events, count.visits});
        }
      }
    }
  }
  std::vector<std::uint32_t> order(strata.size());
  for (std::uint32_t stratum = 0; stratum < order.size(); ++stratum) {
    order[stratum] = stratum;
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return strata[a] < strata[b]; });

  std::vector<std::string> names;
  std::vector<estimate> rates[2];
  std::vector<estimate> changes;
  std::vector<double> weights;
  const auto add = [&](std::string name, const std::vector<stratum_count>& part, bool all) {
    visit_moments visits[2];
    event_moments events[2];
    for (const stratum_count& one : part) {
      visits[one.second ? 1 : 0].add(one.visits);
      if (one.events > 0.0) {
        events[one.second ? 1 : 0].add(one.events, one.visits);
      }
    }
    names.push_back(std::move(name));
    for (int group = 0; group < 2; ++group) {
      rates[group].push_back(all ? estimate{.n = visits[group].customers}
                                 : rate_interval(visits[group], events[group], options.intervals));
    }
    const double both = visits[0].v + visits[1].v;
    weights.push_back(all || !(both > 0.0) ? null_value : visits[0].v * visits[1].v / both);
    std::vector<std::uint32_t> customers[2];
    for (const stratum_count& one : part) {
      customers[one.second ? 1 : 0].push_back(one.customer);
    }
    std::sort(customers[0].begin(), customers[0].end());
    const bool matched = std::any_of(customers[1].begin(), customers[1].end(), [&](std::uint32_t customer) {
      return std::binary_search(customers[0].begin(), customers[0].end(), customer);
    });
    changes.push_back(all || matched ? mantel_haenszel(part, options.intervals)
                                     : difference(rates[1].back(), rates[0].back()));
  };
  for (const std::uint32_t stratum : order) {
    std::vector<stratum_count> part;
    std::copy_if(counts.begin(), counts.end(), std::back_inserter(part),
                 [stratum](const stratum_count& one) { return one.stratum == stratum; });
    add(std::string{strata[stratum]}, part, false);
  }
  add("(all)", counts, true);
  double total = 0.0;
  for (const double weight : weights) {
    total += std::isnan(weight) ? 0.0 : weight;
  }
  for (double& weight : weights) {
    weight /= total;
  }
  table result{
      "The conversion rate of both groups among the journeys of each label, and their difference, second less first. "
      "(all) is Mantel and Haenszel's difference, in which journeys are compared with those of the same label only; "
      "weight: of the label in it."};
  result.add("stratum", std::move(names));
  add_estimates(result, "first", rates[0]);
  add_estimates(result, "second", rates[1]);
  add_estimates(result, "difference", changes, quantity::share, true);
  result.add("weight", std::move(weights), quantity::share);
  result.add("n_first", column_of_counts(rates[0], [](const estimate& row) { return row.n; }), quantity::count);
  result.add("n_second", column_of_counts(rates[1], [](const estimate& row) { return row.n; }), quantity::count);
  result.add("marks", column_of_texts(changes, [](const estimate& row) { return to_text(row.marks); }));
  result.set_option("strata", options.strata);
  return result;
}

}  // namespace klantreis::detail
