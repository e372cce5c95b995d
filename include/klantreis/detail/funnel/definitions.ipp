// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "klantreis/detail/funnel/partial.hpp"
#include "klantreis/funnel/views.hpp"

namespace klantreis {
namespace detail {

/// A definition among those that are compared.
struct named_definition {
  std::string name;
  funnel_options options;
};

inline std::vector<named_definition> definitions_for(const event_log& log, const journey_set* journeys,
                                                     std::size_t steps, const funnel_options& asked) {
  funnel_options plain;
  plain.window = asked.window;
  plain.by = asked.by;
  plain.require_known = asked.require_known;
  plain.intervals = asked.intervals;
  plain.threads = asked.threads;
  std::vector<named_definition> result;
  const auto put = [&](std::string name, auto&& change) {
    funnel_options options = plain;
    change(options);
    const dialect_entry& entry = entry_of(options.dialect);
    if (steps > entry.most_steps) {
      return;
    }
    if (!entry.takes_window) {
      options.window.reset();
    }
    result.push_back({std::move(name), std::move(options)});
  };
  put("klantreis", [](auto&) {});
  put("klantreis, one event for several steps", [](auto& o) { o.repeats = step_repeats::reuse; });
  put("klantreis, strict", [](auto& o) { o.order = funnel_order::strict; });
  put("klantreis, any order", [](auto& o) { o.order = funnel_order::any; });
  put("klantreis, open", [](auto& o) {
    o.order = funnel_order::open;
    o.window.reset();
  });
  if (asked.window) {
    put("klantreis, no window", [](auto& o) { o.window.reset(); });
  }
  if (journeys != nullptr) {
    put("klantreis, by journey", [](auto& o) { o.unit = funnel_unit::journey; });
  }
  const std::vector<std::pair<std::string_view, std::vector<std::string>>> others{
      {"clickhouse", {}},
      {"clickhouse", {"strict_once"}},
      {"clickhouse", {"strict_increase"}},
      {"clickhouse", {"strict_deduplication"}},
      {"clickhouse", {"strict_order"}},
      {"clickhouse", {"strict_order", "allow_reentry"}},
      {"posthog", {}},
      {"posthog", {"strict"}},
      {"posthog", {"unordered"}},
      {"retentioneering", {}},
      {"retentioneering", {"closed"}},
      {"retentioneering", {"hybrid"}},
      {"retentioneering", {"open"}},
      {"ga4", {}},
      {"ga4", {"directly"}},
      {"ga4", {"open"}},
      {"plausible", {}},
      {"plausible", {"strict"}},
      {"umami", {}},
  };
  for (const auto& [name, modes] : others) {
    if (name == "plausible" && !log.has_times()) {
      continue;
    }
    const funnel_dialect dialect = make_funnel_dialect(name, modes);
    put(to_text(dialect), [&](auto& o) { o.dialect = dialect; });
  }
  return result;
}

inline table definitions_table(const event_log& log, const journey_set* journeys, const std::vector<funnel_step>& steps,
                               const funnel_options& asked) {
  std::vector<std::string> names;
  std::vector<std::string> windows;
  std::vector<std::int64_t> step_column;
  std::vector<std::string> labels;
  std::vector<std::int64_t> counts_column;
  std::vector<std::int64_t> n_column;
  std::array<std::vector<double>, 3> rates;
  std::vector<std::string> marks;
  for (const auto& [name, options] : definitions_for(log, journeys, steps.size(), asked)) {
    const funnel_counts counts =
        journeys != nullptr ? count_funnel(*journeys, steps, options) : count_funnel(log, steps, options);
    const std::vector<std::uint64_t> reached = counts.reached();
    const std::string window = std::holds_alternative<plausible_dialect>(options.dialect) ? "1d"
                               : options.window ? duration_option(*options.window)
                                                : "none";
    for (std::size_t step = 0; step < steps.size(); ++step) {
      const estimate rate = counts.rate_from_first(step, asked.intervals);
      names.push_back(name);
      windows.push_back(window);
      step_column.push_back(static_cast<std::int64_t>(step + 1));
      labels.push_back(counts.label(step));
      counts_column.push_back(static_cast<std::int64_t>(reached[step]));
      n_column.push_back(static_cast<std::int64_t>(rate.n));
      rates[0].push_back(rate.value);
      rates[1].push_back(rate.lower);
      rates[2].push_back(rate.upper);
      marks.push_back(to_text(rate.marks));
    }
  }
  table result{
      "One funnel by every definition: customers (by journey: journeys) at each step, and the share of those at step 1 "
      "who reached the step too. Definitions differ in what may stand between steps, whether one event may fill "
      "several, "
      "in the window, and in the order of events of one instant."};
  result.add("definition", std::move(names));
  result.add("window", std::move(windows));
  result.add("step", std::move(step_column));
  result.add("label", std::move(labels));
  result.add("count", std::move(counts_column), quantity::count);
  result.add("n", std::move(n_column), quantity::count);
  result.add("rate_from_first", std::move(rates[0]), quantity::share);
  result.add("lower", std::move(rates[1]), quantity::share);
  result.add("upper", std::move(rates[2]), quantity::share);
  result.add("marks", std::move(marks));
  result.set_option("steps", funnel_text(steps));
  result.set_option("by", asked.by);
  result.set_option("window", asked.window ? duration_option(*asked.window) : "none");
  set_interval_options(result, asked.intervals);
  return result;
}

}  // namespace detail

KLANTREIS_INLINE table compare_definitions(const event_log& log, const std::vector<funnel_step>& steps,
                                           const funnel_options& options) {
  return detail::definitions_table(log, nullptr, steps, options);
}
KLANTREIS_INLINE table compare_definitions(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                           const funnel_options& options) {
  return detail::definitions_table(journeys.log(), &journeys, steps, options);
}

}  // namespace klantreis
