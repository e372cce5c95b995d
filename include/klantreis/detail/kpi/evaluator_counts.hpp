// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/detail/kpi/evaluator.hpp"

// Arguments, and the measures of events: counts, columns, shares of counts, concentration, aggregates.

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
    for (const customer_total& total : customer_totals(own)) {
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
