// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "klantreis/detail/funnel/keyed.hpp"
#include "klantreis/funnel/views.hpp"

namespace klantreis {
namespace detail {

/// The rows of one table after those of another with the same columns.
inline void append_rows(std::vector<column>& to, const table& from) {
  if (to.empty()) {
    to = from.columns();
    return;
  }
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::visit(
        [&](auto& cells) {
          const auto& more = std::get<std::decay_t<decltype(cells)>>(from.columns()[i].data);
          cells.insert(cells.end(), more.begin(), more.end());
        },
        to[i].data);
  }
}

/// The code of the value under which a unit counts.
inline std::uint32_t value_of_unit(const label_column& labels, std::uint32_t none, const breakdown_options& breakdown,
                                   const funnel_match& found, std::size_t begin, std::size_t end) {
  if (breakdown.attribution == breakdown_by::step) {
    const std::uint64_t row = found.rows[breakdown.step - 1];
    return row == no_row ? none : labels.codes[row];
  }
  const bool forward = breakdown.attribution == breakdown_by::first;
  for (std::size_t i = 0; i < end - begin; ++i) {
    const std::size_t event = forward ? begin + i : end - 1 - i;
    if (labels.codes[event] != none) {
      return labels.codes[event];
    }
  }
  return none;
}

inline table breakdown_table(const funnel_plan& plan, const breakdown_options& breakdown) {
  if (breakdown.attribution == breakdown_by::step && (breakdown.step < 1 || breakdown.step > plan.steps.size())) {
    throw input_error("the breakdown is by step " + std::to_string(breakdown.step) +
                      "; the funnel has the steps 1 to " + std::to_string(plan.steps.size()));
  }
  const label_column& labels = plan.log.labels(breakdown.attribute);
  const auto known_none = labels.names.find(none_label);
  const auto none = known_none ? *known_none : static_cast<std::uint32_t>(labels.names.size());
  const bool all = breakdown.attribution == breakdown_by::all;
  keyed_partials total =
      count_by_key(plan, [&](keyed_partials& part, unit_follower& follower, std::size_t begin, std::size_t end) {
        if (!all) {
          const funnel_match& found = follower.follow(begin, end);
          part.add(value_of_unit(labels, none, breakdown, found, begin, end), found);
          return;
        }
        std::set<std::uint32_t> codes;
        for (std::size_t event = begin; event < end; ++event) {
          if (plan.matcher.bits(event).steps != 0) {
            codes.insert(labels.codes[event]);
          }
        }
        for (const std::uint32_t code : codes) {
          part.add(code, follower.follow(begin, end, {.codes = labels.codes, .code = code}));
        }
      });

  std::vector<std::pair<std::string, const funnel_partial*>> groups;
  for (const auto& [key, part] : total.parts) {
    const auto code = static_cast<std::uint32_t>(key);
    groups.emplace_back(code < labels.names.size() ? std::string{labels.names[code]} : std::string{none_label}, &part);
  }
  std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    const std::uint64_t left = a.second->counts.units();
    const std::uint64_t right = b.second->counts.units();
    return left != right ? left > right : a.first < b.first;
  });
  constexpr std::array<const char*, 4> words{
      "of the first event that has one", "of the last event that has one",
      "of every event: the funnel is counted for each value on the events that carry it",
      "of the event that filled the step"};
  std::vector<std::string> values;
  std::vector<column> columns;
  for (const auto& [name, part] : groups) {
    append_rows(columns, funnel(part->finished(), plan.options.intervals));
    values.insert(values.end(), plan.steps.size(), name);
  }
  table result{plan.definition() + " Each counts under the " + breakdown.attribute + " " +
               words[static_cast<std::size_t>(breakdown.attribution)] + ". " +
               funnel_columns_text(plan.options.unit == funnel_unit::journey)};
  result.add(breakdown.attribute == "step" || breakdown.attribute == "label" ? "value" : breakdown.attribute,
             std::move(values));
  if (columns.empty()) {
    columns = funnel(funnel_partial{plan}.finished(), plan.options.intervals).head(0).columns();
  }
  for (column& one : columns) {
    result.add(std::move(one.name), std::move(one.data), one.what);
  }
  set_funnel_options(result, plan);
  constexpr std::array<const char*, 4> names{"first", "last", "all", "step"};
  result.set_option("breakdown", breakdown.attribute);
  result.set_option(
      "attribution",
      names[static_cast<std::size_t>(breakdown.attribution)] +
          (breakdown.attribution == breakdown_by::step ? " " + std::to_string(breakdown.step) : std::string{}));
  return result;
}

}  // namespace detail

KLANTREIS_INLINE table funnel_breakdown(const event_log& log, const std::vector<funnel_step>& steps,
                                        const breakdown_options& breakdown, const funnel_options& options) {
  return detail::breakdown_table(detail::funnel_plan{log, nullptr, steps, options}, breakdown);
}
KLANTREIS_INLINE table funnel_breakdown(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                        const breakdown_options& breakdown, const funnel_options& options) {
  return detail::breakdown_table(detail::funnel_plan{journeys.log(), &journeys, steps, options}, breakdown);
}

}  // namespace klantreis
