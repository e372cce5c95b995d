// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/kpi/expression.hpp"

// The measures that expressions may call, and their arguments.

namespace klantreis::detail {

struct measure_spec {
  std::string_view name;
  std::vector<std::string_view> positional;  ///< `of…` takes all that follow
  std::vector<std::string_view> options;
  bool takes_events = false;  ///< also the arguments that choose events
  std::string_view meaning;
};

/// What chooses events, for measures that count them.
inline constexpr std::string_view event_options[]{"of", "touchpoint", "outcome", "phase", "channel", "where"};

[[nodiscard]] inline const std::vector<measure_spec>& measure_specs() {
  static const std::vector<measure_spec> specs{
      {"count", {"of…"}, {}, true, "events"},
      {"customers", {"of…"}, {"at_least"}, true, "customers with such an event, or at least so many"},
      {"sum", {"column"}, {}, true, "the sum of a column of numbers over events"},
      {"mean", {"column"}, {}, true, "the mean of a column of numbers over events that have it"},
      {"median", {"column"}, {}, true, "its median"},
      {"quantile", {"column", "q"}, {}, true, "its quantile q"},
      {"maximum", {"column"}, {}, true, "its largest value"},
      {"last", {"column"}, {}, false, "the mean of the rows of the last date of a table of aggregates"},
      {"aggregate", {"name"}, {"stat"}, false, "sum (or stat=mean, last) of a figure in a table of aggregates"},
      {"ratio", {"numerator", "denominator"}, {}, false, "numerator / denominator"},
      {"share",
       {"part", "whole"},
       {},
       false,
       "part / whole, where both count events or customers and the part is among the whole"},
      {"share_of_customers",
       {"of…"},
       {"among", "before", "after", "within", "at_least"},
       true,
       "the share of customers (among=: those with such an event) with an event, or at least so many; before= or "
       "after= the first of some event, within= a time of the beginning"},
      {"share_without",
       {"of…"},
       {"without", "within"},
       true,
       "the share of customers with an event whom no outcome follows (in time) after the first one"},
      {"share_of_events", {"of…"}, {}, true, "the share of events that meet where=, of those of which it is known"},
      {"share_above", {"column", "limit"}, {}, true, "the share of events whose number is above the limit"},
      {"share_at_least", {"column", "limit"}, {}, true, "the share of events whose number is the limit or more"},
      {"nps",
       {"column"},
       {"promoter", "detractor"},
       true,
       "100 × (answers from promoter=9 up − answers up to detractor=6) / answers"},
      {"duration",
       {"from", "to"},
       {"stat", "q", "limit", "id", "pair"},
       false,
       "the time from an event (first_event: the customer's first) to the next such event: stat=median, mean, p90, "
       "max, quantile with q=, or share_within with limit=; pair=last counts from the last beginning before the end, "
       "pair=first from the first; id= pairs events with the same label only"},
      {"share_between",
       {"of"},
       {"from", "to", "id", "pair"},
       false,
       "the share of pairs from … to with an event in between"},
      {"unanswered", {"from", "to"}, {"id", "pair"}, false, "events from that no event to follows"},
      {"share_answered", {"from", "to"}, {"id", "pair"}, false, "the share of events from that an event to follows"},
      {"actions_before",
       {"outcome"},
       {"stat", "q"},
       false,
       "the number of events before the customer's first outcome: stat=mean, median, p90, max, quantile with q="},
      {"followed_by", {"of", "next"}, {}, false, "the share of events whose next event is one of next"},
      {"not_followed_by", {"of", "next"}, {}, false, "the share of events whose next event is none of next"},
      {"exposure",
       {"touchpoint"},
       {"of", "among", "outcome"},
       false,
       "the share of customers with the outcome who met the touchpoint before it"},
      {"exposure_effect",
       {"touchpoint"},
       {"of", "outcome"},
       false,
       "share with the outcome among customers who met the touchpoint (before it) − among the others; an association"},
      {"channel_share",
       {"phase", "channel"},
       {},
       false,
       "the share of customers in a phase who used the channel there"},
      {"issues", {"of…"}, {"issue", "window"}, true, "problems that customers made contact about"},
      {"fcr", {"of…"}, {"issue", "window"}, true, "the share of problems that took one contact"},
      {"repeat_contacts",
       {"of…"},
       {"issue", "window"},
       true,
       "the share of contacts that were not the first of a problem"},
      {"contacts_per_issue", {"of…"}, {"issue", "window"}, true, "contacts / problems"},
      {"agents_per_issue", {"of…"}, {"issue", "window", "agent"}, true, "the mean number of people per problem"},
      {"issues_with",
       {"of…"},
       {"issue", "window", "agent", "contacts", "agents"},
       true,
       "the share of problems with so many contacts= or agents="},
      {"k_factor",
       {},
       {"referrer", "outcome"},
       false,
       "customers with the outcome who were referred / with the outcome"},
      {"repeats", {"of…"}, {}, true, "events that are not the customer's first"},
      {"lorenz_top",
       {"share"},
       {"column"},
       true,
       "the part of the sum of a column (value) that the top share of customers has, rounded up to whole customers"},
      {"gini", {}, {"column"}, true, "Gini's coefficient of the sums of customers"},
      {"customers_for", {"share"}, {"column"}, true, "the fewest customers who have a share of the sum"},
      {"smallest_share", {"share"}, {"column"}, true, "the smallest share of customers who have a share of the sum"},
  };
  return specs;
}

[[nodiscard]] inline const measure_spec* find_measure(std::string_view name) noexcept {
  for (const measure_spec& spec : measure_specs()) {
    if (spec.name == name) {
      return &spec;
    }
  }
  return nullptr;
}

[[nodiscard]] inline bool is_operator(const kpi_expression& expression) noexcept {
  return expression.what == kpi_expression::kind::call && expression.text.size() == 1 &&
         std::string_view{"+-*/"}.find(expression.text.front()) != std::string_view::npos;
}

[[nodiscard]] inline bool accepts(const measure_spec& spec, std::string_view option) noexcept {
  const auto among = [option](const auto& names) {
    return std::find(std::begin(names), std::end(names), option) != std::end(names);
  };
  return among(spec.positional) || among(spec.options) || (spec.takes_events && among(event_options));
}

}  // namespace klantreis::detail
