// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/detail/kpi/evaluator.hpp"

// What each measure does with its arguments.

namespace klantreis::detail {

inline kpi_events kpi_evaluator::events_of(const arguments& given, std::string_view fallback) const {
  kpi_events events;
  bool chosen = false;
  for (const std::string_view option : event_options) {
    if (const kpi_expression* value = given.find(option)) {
      names_.add_option(events, option, *value);
      chosen = chosen || option == "of" || option == "touchpoint" || option == "outcome";
    }
  }
  if (!chosen && !fallback.empty()) {
    names_.add_names(events, {std::string{fallback}}, true);
  }
  return events;
}

inline kpi_events kpi_evaluator::events_at(const arguments& given, std::string_view argument,
                                           std::string_view fallback) const {
  if (const kpi_expression* value = given.find(argument)) {
    return names_.events_named(*value, argument == "outcome" || argument == "without");
  }
  kpi_events events;
  names_.add_names(events, {std::string{fallback}}, true);
  return events;
}

inline std::optional<std::int64_t> kpi_evaluator::ticks_at(const arguments& given, std::string_view argument) const {
  if (const kpi_expression* value = given.find(argument)) {
    const duration length = expression_duration(*value, argument);
    if (!frame_.has_times()) {
      throw kpi_absent{"the log has no times"};
    }
    return frame_.ticks(length, argument);
  }
  return std::nullopt;
}

inline const label_column* kpi_evaluator::labels_at(const arguments& given, std::string_view argument,
                                                    std::string_view fallback) const {
  const kpi_expression* value = given.find(argument);
  for (const std::string& name :
       value == nullptr ? std::vector{std::string{fallback}} : expression_names(*value, argument)) {
    if (const label_column* labels = names_.find_labels(name)) {
      return labels;
    }
  }
  return nullptr;
}

inline kpi_result kpi_evaluator::statistic(std::vector<kpi_unit> units, const arguments& given,
                                           std::string_view fallback, quantity what) const {
  const kpi_expression* asked = given.find("stat");
  const std::string stat = asked == nullptr ? std::string{fallback} : expression_name(*asked, "stat");
  if (stat == "mean") {
    for (kpi_unit& unit : units) {
      unit.y = 1.0;
    }
    return ratios(std::move(units), false, what);
  }
  double q = 0.5;
  if (stat == "p90") {
    q = 0.9;
  } else if (stat == "max") {
    q = 1.0;
  } else if (stat == "quantile") {
    q = expression_number(given.at("q"), "q");
  } else if (stat != "median") {
    throw input_error("no statistic " + quoted(stat) + "; there are mean, median, p90, max and quantile");
  }
  return by_slot_figures(std::move(units), what, [&](std::span<const kpi_unit> own) {
    return quantile_figure(own, q, frame_.options().intervals);
  });
}

inline kpi_result kpi_evaluator::counted(const arguments& given) {
  const bool repeats = given.measure() == "repeats";
  const kpi_events events = events_of(given, repeats ? "conversion" : "");
  if (!events.missing.empty()) {
    return absent(events.missing);
  }
  if (given.measure() == "customers") {
    const kpi_expression* least = given.find("at_least");
    return totals(customer_units(frame_, events, least == nullptr ? 1.0 : expression_number(*least, "at_least")),
                  quantity::count);
  }
  if (!repeats) {
    return totals(event_units(frame_, events), quantity::count);
  }
  return totals(frame_.gather([&](std::size_t customer, std::uint64_t first, std::uint64_t last, auto& out) {
    bool seen = false;
    for (std::uint64_t event = first; event < last; ++event) {
      if (events(event)) {
        out.push_back({static_cast<std::uint32_t>(customer), frame_.slot(customer, event), seen ? 1.0 : 0.0, 1.0});
        seen = true;
      }
    }
  }),
                quantity::count);
}

inline kpi_result kpi_evaluator::column_figure(const arguments& given) {
  const std::string column = expression_name(given.at("column"), "a column");
  const kpi_events events = events_of(given);
  if (!events.missing.empty()) {
    return absent(events.missing);
  }
  const auto values = names_.find_numbers(column);
  if (!values) {
    return absent("the log has no numbers " + quoted(column));
  }
  std::vector<kpi_unit> units = event_units(frame_, events, values);
  const std::string_view measure = given.measure();
  const quantity what =
      column.size() > 2 && column.substr(column.size() - 2) == "_s" ? quantity::seconds : quantity::plain;
  if (measure == "sum") {
    return totals(std::move(units), what);
  }
  if (measure == "mean") {
    return ratios(std::move(units), false, what);
  }
  if (measure == "median" || measure == "quantile" || measure == "maximum") {
    const double q = measure == "median" ? 0.5 : measure == "maximum" ? 1.0 : expression_number(given.at("q"), "q");
    return by_slot_figures(std::move(units), what, [&](std::span<const kpi_unit> own) {
      return quantile_figure(own, q, frame_.options().intervals);
    });
  }
  if (measure == "nps") {
    const auto limit = [&](std::string_view name, double fallback) {
      const kpi_expression* value = given.find(name);
      return value == nullptr ? fallback : expression_number(*value, name);
    };
    const double promoter = limit("promoter", 9.0);
    const double detractor = limit("detractor", 6.0);
    for (kpi_unit& unit : units) {
      unit.x = unit.x >= promoter ? 1.0 : unit.x <= detractor ? -1.0 : 0.0;
    }
    return by_slot_figures(std::move(units), quantity::plain,
                           [&](std::span<const kpi_unit> own) { return nps_figure(own, frame_.options().intervals); });
  }
  const double limit = expression_number(given.at("limit"), "limit");
  for (kpi_unit& unit : units) {
    unit.x = (measure == "share_above" ? unit.x > limit : unit.x >= limit) ? 1.0 : 0.0;
  }
  return ratios(std::move(units), true, quantity::share);
}

inline kpi_result kpi_evaluator::share_of(const arguments& given) {
  const result part = evaluate(given.at("part"));
  const result whole = evaluate(given.at("whole"));
  for (const auto& side : {part, whole}) {
    if (!side->missing.empty()) {
      return absent(side->missing);
    }
  }
  kpi_result found;
  found.what = quantity::share;
  for (std::size_t slot = 0; slot < frame_.slots().size(); ++slot) {
    const kpi_figure& x = part->slots[slot];
    const kpi_figure& y = whole->slots[slot];
    if (!x.linear || !y.linear || x.degree != 1 || y.degree != 1) {
      throw input_error("share(" + to_text(given.at("part")) + ", " + to_text(given.at("whole")) +
                        "): both must be counts or sums; use ratio for other figures");
    }
    std::vector<kpi_unit> units;
    auto at = x.influences.begin();
    for (const kpi_influence& one : y.influences) {
      for (; at != x.influences.end() && at->customer < one.customer; ++at) {
        units.push_back({at->customer, 0, at->psi, 0.0});
      }
      const bool both = at != x.influences.end() && at->customer == one.customer;
      units.push_back({one.customer, 0, both ? at->psi : 0.0, one.psi});
      at += both ? 1 : 0;
    }
    for (; at != x.influences.end(); ++at) {
      units.push_back({at->customer, 0, at->psi, 0.0});
    }
    for (const kpi_unit& unit : units) {
      if (unit.x < 0.0 || unit.x > unit.y) {
        throw input_error("share(" + to_text(given.at("part")) + ", " + to_text(given.at("whole")) +
                          "): a customer has more of the part than of the whole; use ratio");
      }
    }
    found.slots.push_back(ratio_figure(units, true, frame_.options().intervals));
  }
  return found;
}

inline kpi_result kpi_evaluator::customers_share(const arguments& given) {
  const std::string_view measure = given.measure();
  if (measure == "channel_share") {
    customer_share asked;
    asked.among.emplace();
    names_.add_option(*asked.among, "phase", given.at("phase"));
    asked.target = *asked.among;
    names_.add_option(asked.target, "channel", given.at("channel"));
    if (!asked.target.missing.empty()) {
      return absent(asked.target.missing);
    }
    // Whether a channel was used is a matter of what was seen, not of what a customer ended with.
    return ratios(frame_.gather([&](std::size_t customer, std::uint64_t first, std::uint64_t last, auto& out) {
      const std::uint64_t begin = first_match(*asked.among, first, last);
      if (begin != no_walk_event) {
        const bool used = first_match(asked.target, begin, last) != no_walk_event;
        out.push_back(
            {static_cast<std::uint32_t>(customer), frame_.customer_slot(customer, begin), used ? 1.0 : 0.0, 1.0});
      }
    }),
                  true, quantity::share);
  }
  if (measure == "k_factor") {
    const kpi_events outcome = events_at(given, "outcome", "conversion");
    const label_column* referrer = labels_at(given, "referrer", "referrer");
    if (referrer == nullptr || !outcome.missing.empty()) {
      return absent(referrer == nullptr ? "the log has no 'referrer'" : outcome.missing);
    }
    const auto none = referrer->names.find(none_label);
    return ratios(frame_.gather([&](std::size_t customer, std::uint64_t first, std::uint64_t last, auto& out) {
      if (first_match(outcome, first, last) == no_walk_event) {
        return;
      }
      bool referred = false;
      for (std::uint64_t event = first; event < last; ++event) {
        referred = referred || !none || referrer->codes[event] != *none;
      }
      out.push_back(
          {static_cast<std::uint32_t>(customer), frame_.customer_slot(customer, first), referred ? 1.0 : 0.0, 1.0});
    }),
                  true, quantity::share);
  }
  if (measure == "share_without") {
    const kpi_expression* outcome = given.find("outcome");
    kpi_events of;
    for (const std::string_view option : {"of", "touchpoint", "phase", "channel", "where"}) {
      if (const kpi_expression* value = given.find(option)) {
        names_.add_option(of, option, *value);
      }
    }
    const kpi_events without =
        outcome != nullptr ? names_.events_named(*outcome, true) : events_at(given, "without", "conversion");
    if (!of.missing.empty() || !without.missing.empty()) {
      return absent(of.missing.empty() ? without.missing : of.missing);
    }
    return ratios(without_units(frame_, of, without, ticks_at(given, "within")), true, quantity::share);
  }
  customer_share asked;
  asked.target = events_of(given);
  std::string missing = asked.target.missing;
  const auto optional_events = [&](std::string_view name) -> std::optional<kpi_events> {
    if (const kpi_expression* value = given.find(name)) {
      kpi_events events = names_.events_named(*value, false);
      missing = missing.empty() ? events.missing : missing;
      return events;
    }
    return std::nullopt;
  };
  asked.among = optional_events("among");
  asked.before = optional_events("before");
  asked.after = optional_events("after");
  if (!missing.empty()) {
    return absent(missing);
  }
  asked.within = ticks_at(given, "within");
  if (const kpi_expression* least = given.find("at_least")) {
    asked.least = expression_number(*least, "at_least");
  }
  return ratios(share_units(frame_, asked), true, quantity::share);
}

inline kpi_result kpi_evaluator::events_share(const arguments& given) {
  kpi_events all;
  kpi_events known;
  for (const std::string_view option : event_options) {
    if (const kpi_expression* value = given.find(option); value != nullptr && option != "where") {
      names_.add_option(all, option, *value);
    }
  }
  kpi_events met = all;
  const kpi_expression& where = given.at("where");
  names_.add_where(met, where);
  known = all;
  kpi_expression is_known = kpi_expression::of_mapping();
  is_known.options.emplace_back("known", kpi_expression::of_text("true"));
  kpi_expression columns = kpi_expression::of_mapping();
  for (const auto& [column, condition] : where.options) {
    columns.options.emplace_back(column, is_known);
  }
  names_.add_where(known, columns);
  for (const kpi_events* events : {&all, &met, &known}) {
    if (!events->missing.empty()) {
      return absent(events->missing);
    }
  }
  return ratios(frame_.gather([&](std::size_t customer, std::uint64_t first, std::uint64_t last, auto& out) {
    for (std::uint64_t event = first; event < last; ++event) {
      if (known(event)) {
        out.push_back(
            {static_cast<std::uint32_t>(customer), frame_.slot(customer, event), met(event) ? 1.0 : 0.0, 1.0});
      }
    }
  }),
                true, quantity::share);
}

inline kpi_result kpi_evaluator::paired(const arguments& given) {
  pairing asked;
  const kpi_expression& from = given.at("from");
  if (from.what != kpi_expression::kind::text || from.text != "first_event") {
    asked.from = names_.events_named(from, false);
  }
  asked.to = names_.events_named(given.at("to"), false);
  if (given.measure() == "share_between") {
    asked.between = names_.events_named(given.at("of"), false);
  }
  for (const kpi_events* events :
       {asked.from ? &*asked.from : &asked.to, &asked.to, asked.between ? &*asked.between : &asked.to}) {
    if (!events->missing.empty()) {
      return absent(events->missing);
    }
  }
  if (given.find("id") != nullptr && (asked.id = labels_at(given, "id", "")) == nullptr) {
    return absent("the log has no " + quoted(to_text(given.at("id"))));
  }
  if (const kpi_expression* pair = given.find("pair")) {
    const std::string which = expression_name(*pair, "pair");
    if (which != "last" && which != "first") {
      throw input_error("pair is " + quoted(which) + "; it is last or first");
    }
    asked.last = which == "last";
  }
  const std::string_view measure = given.measure();
  if (measure == "duration" && !frame_.has_times()) {
    return absent("the log has no times");
  }
  std::vector<kpi_unit> units = pair_units(frame_, asked);
  if (measure == "unanswered") {
    for (kpi_unit& unit : units) {
      unit.x = 1.0 - unit.y;
    }
    return totals(std::move(units), quantity::count);
  }
  if (measure == "share_answered") {
    for (kpi_unit& unit : units) {
      unit.x = unit.y;
      unit.y = 1.0;
    }
    return ratios(std::move(units), true, quantity::share);
  }
  units.erase(std::remove_if(units.begin(), units.end(), [](const kpi_unit& unit) { return unit.y == 0.0; }),
              units.end());
  if (measure == "share_between") {
    return ratios(std::move(units), true, quantity::share);
  }
  const kpi_expression* stat = given.find("stat");
  if (stat != nullptr && expression_name(*stat, "stat") == "share_within") {
    const double limit = static_cast<double>(expression_duration(given.at("limit"), "limit").count()) / 1e6;
    for (kpi_unit& unit : units) {
      unit.x = unit.x <= limit ? 1.0 : 0.0;
    }
    return ratios(std::move(units), true, quantity::share);
  }
  return statistic(std::move(units), given, "median", quantity::seconds);
}

inline kpi_result kpi_evaluator::exposed(const arguments& given) {
  const kpi_expression& touched = given.find("touchpoint") != nullptr ? given.at("touchpoint") : given.at("of");
  const kpi_events touchpoint = names_.events_named(touched, false);
  const kpi_expression* among = given.find("among");
  const kpi_events outcome = given.find("outcome") == nullptr && among != nullptr
                                 ? names_.events_named(*among, true)
                                 : events_at(given, "outcome", "conversion");
  if (!touchpoint.missing.empty() || !outcome.missing.empty()) {
    return absent(touchpoint.missing.empty() ? outcome.missing : touchpoint.missing);
  }
  std::vector<kpi_unit> units = exposure_units(frame_, touchpoint, outcome);
  if (given.measure() == "exposure") {
    units.erase(std::remove_if(units.begin(), units.end(), [](const kpi_unit& unit) { return unit.x == 0.0; }),
                units.end());
    for (kpi_unit& unit : units) {
      unit.x = unit.y;
      unit.y = 1.0;
    }
    return ratios(std::move(units), true, quantity::share);
  }
  return by_slot_figures(std::move(units), quantity::share, [&](std::span<const kpi_unit> own) {
    std::uint64_t n[2]{};
    std::uint64_t with[2]{};
    for (const kpi_unit& unit : own) {
      const std::size_t group = unit.y > 0.0 ? 0 : 1;
      ++n[group];
      with[group] += unit.x > 0.0 ? 1U : 0U;
    }
    const interval_options& intervals = frame_.options().intervals;
    kpi_figure figure;
    figure.positive = false;
    figure.found =
        difference(share_of_customers(with[0], n[0], intervals), share_of_customers(with[1], n[1], intervals));
    return figure;
  });
}

inline kpi_result kpi_evaluator::followed(const arguments& given) {
  if (given.measure() == "actions_before") {
    const kpi_events outcome = events_at(given, "outcome", "conversion");
    return outcome.missing.empty() ? statistic(action_units(frame_, outcome), given, "mean", quantity::plain)
                                   : absent(outcome.missing);
  }
  const kpi_events of = names_.events_named(given.at("of"), false);
  const kpi_events next = names_.events_named(given.at("next"), false);
  if (!of.missing.empty() || !next.missing.empty()) {
    return absent(of.missing.empty() ? next.missing : of.missing);
  }
  return ratios(followed_units(frame_, of, next, given.measure() == "not_followed_by"), true, quantity::share);
}

inline kpi_result kpi_evaluator::issue_figure(const arguments& given) {
  const std::string_view measure = given.measure();
  issue_search asked;
  asked.contacts = events_of(given, "contact");
  if (!asked.contacts.missing.empty()) {
    return absent(asked.contacts.missing);
  }
  if (given.find("issue") != nullptr && (asked.issue = labels_at(given, "issue", "")) == nullptr) {
    return absent("the log has no " + quoted(to_text(given.at("issue"))));
  }
  if (given.find("issue") == nullptr) {
    for (const char* name : {"issue", "topic"}) {
      asked.issue = asked.issue == nullptr ? names_.find_labels(name) : asked.issue;
    }
  }
  asked.window = ticks_at(given, "window");
  const kpi_expression* agents = given.find("agents");
  if (measure == "agents_per_issue" || agents != nullptr) {
    asked.agent = labels_at(given, "agent", "agent");
    if (asked.agent == nullptr) {
      return absent("the log has no 'agent'");
    }
  }
  const kpi_expression* contacts = given.find("contacts");
  if (measure == "issues_with" && contacts == nullptr && agents == nullptr) {
    throw input_error("issues_with needs contacts= or agents=, as in issues_with(contacts={gt: 1})");
  }
  // A condition on a number that is not in the log but counted here: the same rules, one test at a time.
  const auto meets = [](const kpi_expression* condition, double number) {
    if (condition == nullptr) {
      return true;
    }
    if (condition->what == kpi_expression::kind::number) {
      return number == condition->number;
    }
    if (condition->what != kpi_expression::kind::mapping) {
      throw input_error("the condition " + to_text(*condition) + " is none; give one such as {gt: 1}");
    }
    return std::all_of(condition->options.begin(), condition->options.end(), [number](const auto& one) {
      const auto& [test, operand] = one;
      if (test == "between" && operand.what == kpi_expression::kind::list && operand.items.size() == 2) {
        return number >= expression_number(operand.items[0], test) &&
               number <= expression_number(operand.items[1], test);
      }
      const double limit = expression_number(operand, test);
      if (test == "gt")
        return number > limit;
      if (test == "gte")
        return number >= limit;
      if (test == "lt")
        return number < limit;
      if (test == "lte")
        return number <= limit;
      if (test == "eq")
        return number == limit;
      throw input_error("no condition " + quoted(test) + " on a count; there are eq, gt, gte, lt, lte and between");
    });
  };
  std::vector<kpi_unit> units;
  for (const issue_episode& issue : find_issues(frame_, asked)) {
    kpi_unit unit{issue.customer, issue.slot, 1.0, 1.0};
    if (measure == "fcr") {
      unit.x = issue.contacts == 1.0 ? 1.0 : 0.0;
    } else if (measure == "repeat_contacts") {
      unit.x = issue.contacts - 1.0;
      unit.y = issue.contacts;
    } else if (measure == "contacts_per_issue") {
      unit.x = issue.contacts;
    } else if (measure == "agents_per_issue") {
      unit.x = issue.agents;
    } else if (measure == "issues_with") {
      unit.x = meets(contacts, issue.contacts) && meets(agents, issue.agents) ? 1.0 : 0.0;
    }
    units.push_back(unit);
  }
  if (measure == "issues") {
    return totals(std::move(units), quantity::count);
  }
  const bool share = measure == "fcr" || measure == "repeat_contacts" || measure == "issues_with";
  return ratios(std::move(units), share, share ? quantity::share : quantity::plain);
}

inline kpi_result kpi_evaluator::concentrated(const arguments& given) {
  const kpi_expression* column = given.find("column");
  const std::string name = column == nullptr ? "value" : expression_name(*column, "a column");
  const kpi_events events = events_of(given, "conversion");
  if (!events.missing.empty()) {
    return absent(events.missing);
  }
  const auto values = names_.find_numbers(name);
  if (!values) {
    return absent("the log has no numbers " + quoted(name));
  }
  const std::string_view measure = given.measure();
  const double share = measure == "gini" ? 0.0 : expression_number(given.at("share"), "share");
  std::vector<kpi_unit> units = event_units(frame_, events, values);
  const quantity what = measure == "customers_for" ? quantity::count : quantity::share;
  return by_slot_figures(std::move(units), what, [&](std::span<const kpi_unit> own) {
    std::vector<double> amounts;
    for (const customer_total& total : totals_of(own)) {
      amounts.push_back(total.x);
    }
    const interval_options& intervals = frame_.options().intervals;
    kpi_figure figure;
    if (measure == "gini") {
      figure.found = gini(amounts, intervals);
    } else if (measure == "lorenz_top") {
      figure.found = top_share(amounts, share, intervals);
    } else {
      const auto fewest = static_cast<double>(fewest_for(amounts, share));
      figure.found.n = static_cast<double>(amounts.size());
      figure.found.value = fewest == 0.0 ? null_value : measure == "customers_for" ? fewest : fewest / figure.found.n;
      figure.found.marks = figure.found.n < intervals.min_n ? mark::few_customers : mark::none;
    }
    return figure;
  });
}

inline kpi_result kpi_evaluator::aggregated(const std::string& name, const std::string& stat) {
  if (stat != "sum" && stat != "mean" && stat != "last") {
    throw input_error("no statistic " + quoted(stat) + " of aggregates; there are sum, mean and last");
  }
  const auto has = [this](const std::string& wanted) {
    return std::find(aggregates_.kpis.begin(), aggregates_.kpis.end(), wanted) != aggregates_.kpis.end();
  };
  const std::string& kpi = has(name) ? name : id_;
  if (!has(kpi)) {
    return absent("the aggregates have no " + quoted(name));
  }
  const kpi_slots& slots = frame_.slots();
  struct sums {
    double sum = 0.0;
    double count = 0.0;
    std::int64_t last = (std::numeric_limits<std::int64_t>::min)();
  };
  std::vector<sums> found(slots.size());
  const bool by_channel = frame_.options().by == "channel";
  for (std::size_t row = 0; row < aggregates_.size(); ++row) {
    if (aggregates_.kpis[row] != kpi) {
      continue;
    }
    std::size_t group = 0;
    if (!frame_.options().by.empty()) {
      const std::string label =
          by_channel && !aggregates_.channels[row].empty() ? aggregates_.channels[row] : std::string{none_label};
      group =
          static_cast<std::size_t>(std::find(slots.groups.begin(), slots.groups.end(), label) - slots.groups.begin());
    }
    const std::int64_t date = frame_.ticks_of(aggregates_.dates[row]);
    if (!frame_.is_observed(date)) {
      continue;
    }
    const std::size_t period = slots.period_begin.empty() ? 0 : frame_.period_at(date);
    sums& here = found[group * slots.periods.size() + period];
    if (stat == "last" && aggregates_.dates[row] != here.last) {
      if (aggregates_.dates[row] < here.last) {
        continue;
      }
      here = {.sum = 0.0, .count = 0.0, .last = aggregates_.dates[row]};
    }
    here.sum += aggregates_.values[row];
    here.count += 1.0;
  }
  kpi_result whole;
  for (const sums& here : found) {
    kpi_figure figure = constant_figure(stat == "sum"      ? here.sum
                                        : here.count > 0.0 ? here.sum / here.count
                                                           : null_value);
    figure.aggregate = true;
    if (here.count == 0.0) {
      figure.found.value = null_value;
    }
    whole.slots.push_back(std::move(figure));
  }
  return whole;
}

}  // namespace klantreis::detail
