// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/detail/kpi/evaluator.hpp"

// The measures of customers: shares of them, what follows what, exposure, problems.

namespace klantreis::detail {

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

}  // namespace klantreis::detail
