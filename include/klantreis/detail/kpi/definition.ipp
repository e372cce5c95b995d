// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/kpi/library.hpp"
#include "klantreis/detail/kpi/measures.hpp"
#include "klantreis/kpi/definition.hpp"

namespace klantreis {
namespace detail {

[[nodiscard]] inline bool is_measure_name(std::string_view name) noexcept {
  return find_measure(name) != nullptr || name == "+" || name == "-" || name == "*" || name == "/";
}

[[nodiscard]] inline std::string known_measures() {
  std::string text;
  for (const measure_spec& spec : measure_specs()) {
    text += (text.empty() ? "" : ", ") + std::string{spec.name};
  }
  return text;
}

/// Arguments that are figures themselves.
[[nodiscard]] inline bool takes_figure(std::string_view option) noexcept {
  return option == "numerator" || option == "denominator" || option == "part" || option == "whole";
}

[[nodiscard]] inline kpi_expression argument_from_json(const json_value& value, std::string_view path) {
  if (value.is_number()) {
    return kpi_expression::of_number(value.number());
  }
  if (value.is_text()) {
    return kpi_expression::of_text(value.text());
  }
  if (value.is_boolean()) {
    return kpi_expression::of_text(value.boolean() ? "true" : "false");
  }
  if (value.is_array()) {
    kpi_expression list = kpi_expression::of_list({});
    for (const json_value& item : value.array()) {
      list.items.push_back(argument_from_json(item, path));
    }
    return list;
  }
  if (value.is_object()) {
    kpi_expression mapping = kpi_expression::of_mapping();
    for (const json_member& member : value.object()) {
      mapping.options.emplace_back(member.name, argument_from_json(member.value, path));
    }
    return mapping;
  }
  throw input_error(std::string{path} + " holds " + std::string{value.type_name()} +
                    "; give a name, a number, a list or conditions");
}

inline void add_json_option(kpi_expression& call, const json_member& member, std::string_view path) {
  if (call.find(member.name) != nullptr) {
    throw input_error(std::string{path} + ": " + quoted(member.name) + " is given twice");
  }
  call.options.emplace_back(member.name, takes_figure(member.name) ? measure_from_json(member.value, path)
                                                                   : argument_from_json(member.value, path));
}

inline void check_expression(const kpi_expression& expression, std::size_t depth) {
  if (depth > max_expression_depth) {
    throw limit_error("the measure nests deeper than " + std::to_string(max_expression_depth) + " levels");
  }
  using kind = kpi_expression::kind;
  if (expression.what == kind::call) {
    const measure_spec* spec = find_measure(expression.text);
    if (spec == nullptr && !is_operator(expression)) {
      std::vector<std::string> known;
      for (const measure_spec& one : measure_specs()) {
        known.emplace_back(one.name);
      }
      const auto near = similar_names(expression.text, known);
      throw input_error("there is no measure " + quoted(expression.text) +
                        (near.empty() ? "; there are " + known_measures() : "; did you mean " + quoted(near[0]) + "?"));
    }
    for (const auto& [option, value] : expression.options) {
      if (spec == nullptr || !accepts(*spec, option)) {
        std::string message = expression.text + " takes no " + quoted(option);
        if (spec != nullptr) {
          message += "; it takes";
          for (const auto* names : {&spec->positional, &spec->options}) {
            for (const std::string_view name : *names) {
              message += " " + std::string{name};
            }
          }
          for (const std::string_view name : event_options) {
            message += spec->takes_events ? " " + std::string{name} : "";
          }
        }
        throw input_error(message);
      }
    }
  }
  for (const kpi_expression& item : expression.items) {
    check_expression(item, depth + 1);
  }
  for (const auto& [option, value] : expression.options) {
    check_expression(value, depth + 1);
  }
}

inline void append_place(std::string& to, const std::string& place) {
  if (!place.empty() && (", " + to + ", ").find(", " + place + ", ") == std::string::npos) {
    to += (to.empty() ? "" : ", ") + place;
  }
}

[[nodiscard]] inline const kpi_definition* find_in_library(std::string_view id) {
  const auto& library = kpi_library();
  const auto found = std::find_if(library.begin(), library.end(), [id](const auto& one) { return one.id == id; });
  return found == library.end() ? nullptr : &*found;
}

[[nodiscard]] inline kpi_definition figure_definition(const journey_map& map, const std::string& id) {
  const kpi_definition* known = find_in_library(id);
  const map_kpi* own = find_item(map.kpis, id);
  kpi_definition result;
  if (known != nullptr) {
    result = *known;
  }
  result.id = id;
  if (result.unit == "amount" && !map.journey.currency.empty()) {
    result.unit = map.journey.currency;
  }
  if (own == nullptr) {
    return result;
  }
  if (!own->name.empty()) {
    result.name = own->name;
  }
  if (!own->measure.is_null()) {
    result.measure = measure_from_json(own->measure, "kpis." + id + ".measure");
    check_measure(result.measure);
    result.from_aggregates = own->source == map_kpi::source_type::aggregate;
    result.source = "the map";
    result.interval = own->ci.empty() ? result.interval : own->ci;
  }
  if (!own->unit.empty()) {
    result.unit = own->unit;
  }
  if (own->direction != map_kpi::direction_type::unknown) {
    result.direction = own->direction == map_kpi::direction_type::up ? kpi_direction::up : kpi_direction::down;
  }
  result.target = own->target;
  result.phase = own->phase;
  result.touchpoint = own->touchpoint;
  return result;
}

/// Every phase and touchpoint where a figure stands, in the order of the map.
template <typename Use>
void for_each_place(const journey_map& map, Use&& use) {
  for (const map_phase& phase : map.phases) {
    for (const std::string& id : phase.kpis) {
      use(id, &phase, static_cast<const map_touchpoint*>(nullptr));
    }
    for (const map_touchpoint& touchpoint : map.touchpoints) {
      if (touchpoint.phase == phase.id) {
        for (const std::string& id : touchpoint.kpis) {
          use(id, &phase, &touchpoint);
        }
      }
    }
  }
}

}  // namespace detail

KLANTREIS_INLINE const std::vector<kpi_definition>& kpi_library() {
  static const std::vector<kpi_definition> library = [] {
    std::vector<kpi_definition> made;
    for (const auto& entry : detail::library_entries()) {
      kpi_definition definition;
      definition.id = entry.id;
      definition.name = entry.name;
      definition.measure = parse_expression(entry.formula);
      definition.unit = entry.unit;
      definition.direction = entry.direction;
      definition.interval = entry.interval;
      definition.source = entry.source;
      definition.from_aggregates = std::string_view{entry.interval} == "none (no customers)";
      made.push_back(std::move(definition));
    }
    return made;
  }();
  return library;
}

KLANTREIS_INLINE table kpi_library_table() {
  std::array<std::vector<std::string>, 7> columns;
  constexpr std::array<const char*, 3> directions{"", "up", "down"};
  for (const kpi_definition& one : kpi_library()) {
    const std::array<std::string, 7> row{
        one.id,       one.name,  to_text(one.measure), one.unit, directions[static_cast<std::size_t>(one.direction)],
        one.interval, one.source};
    for (std::size_t i = 0; i < row.size(); ++i) {
      columns[i].push_back(row[i]);
    }
  }
  table result{
      "The key figures that need no definition of their own. In formulas `conversion` is what the journeys call a "
      "conversion; of several names those count that the log has."};
  constexpr std::array<const char*, 7> names{"kpi", "name", "formula", "unit", "direction", "interval", "source"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    result.add(names[i], std::move(columns[i]));
  }
  return result;
}

KLANTREIS_INLINE table kpi_measures() {
  std::vector<std::string> names;
  std::vector<std::string> arguments;
  std::vector<std::string> meanings;
  for (const detail::measure_spec& spec : detail::measure_specs()) {
    names.emplace_back(spec.name);
    std::string text;
    const auto add = [&text](std::string_view name) { text += (text.empty() ? "" : ", ") + std::string{name}; };
    for (const std::string_view name : spec.positional) {
      add(name);
    }
    for (const std::string_view name : spec.options) {
      add(std::string{name} + "=");
    }
    for (const std::string_view name : detail::event_options) {
      if (spec.takes_events && (name != "of" || text.rfind("of", 0) != 0)) {
        add(std::string{name} + "=");
      }
    }
    arguments.push_back(std::move(text));
    meanings.emplace_back(spec.meaning);
  }
  table result{
      "The measures that expressions may call, beside + - * / and numbers. Arguments stand in order or by name. Events "
      "are chosen by of= (touchpoints or outcomes), phase=, channel= and where= (conditions on columns)."};
  result.add("measure", std::move(names));
  result.add("arguments", std::move(arguments));
  result.add("meaning", std::move(meanings));
  return result;
}

KLANTREIS_INLINE kpi_expression measure_from_json(const json_value& value, std::string_view path) {
  if (value.is_number()) {
    return kpi_expression::of_number(value.number());
  }
  if (value.is_text()) {
    try {
      return parse_expression(value.text());
    } catch (const limit_error&) {
      throw;
    } catch (const input_error& error) {
      throw input_error(std::string{path} + ": " + error.what());
    }
  }
  if (!value.is_object()) {
    throw input_error(std::string{path} + " is " + std::string{value.type_name()} +
                      "; give a measure such as {count: order} or an expression as text");
  }
  const auto& members = value.object();
  const auto name = std::find_if(members.begin(), members.end(),
                                 [](const json_member& member) { return detail::is_measure_name(member.name); });
  if (name == members.end()) {
    throw input_error(std::string{path} +
                      (members.empty() ? " is empty" : " has no measure, only " + quoted(members[0].name)) +
                      "; there are " + detail::known_measures());
  }
  kpi_expression call = kpi_expression::of_call(name->name);
  const bool figures = name->name == "ratio" || name->name == "share" || detail::find_measure(name->name) == nullptr;
  if (name->value.is_array() && figures) {
    for (const json_value& item : name->value.array()) {
      call.items.push_back(measure_from_json(item, path));
    }
  } else if (name->value.is_object()) {
    for (const json_member& member : name->value.object()) {
      detail::add_json_option(call, member, path);
    }
  } else if (!name->value.is_null()) {
    call.items.push_back(detail::argument_from_json(name->value, path));
  }
  for (const json_member& member : members) {
    if (&member != &*name) {
      detail::add_json_option(call, member, path);
    }
  }
  return call;
}

KLANTREIS_INLINE void check_measure(const kpi_expression& measure) { detail::check_expression(measure, 0); }

KLANTREIS_INLINE std::vector<kpi_definition> kpi_definitions(const journey_map& map) {
  std::vector<kpi_definition> result;
  std::vector<bool> in_phase;
  const auto definition = [&](const std::string& id) -> std::size_t {
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (result[i].id == id) {
        return i;
      }
    }
    result.push_back(detail::figure_definition(map, id));
    in_phase.push_back(!result.back().phase.empty());
    return result.size() - 1;
  };
  detail::for_each_place(map, [&](const std::string& id, const map_phase* phase, const map_touchpoint* touchpoint) {
    const std::size_t at = definition(id);
    const map_kpi* own = find_item(map.kpis, id);
    if (touchpoint == nullptr && (own == nullptr || own->phase.empty())) {
      if (!in_phase[at]) {
        result[at].phase.clear();
        in_phase[at] = true;
      }
      detail::append_place(result[at].phase, phase->id);
    }
    if (touchpoint != nullptr && (own == nullptr || own->touchpoint.empty())) {
      detail::append_place(result[at].touchpoint, touchpoint->id);
      if (!in_phase[at]) {
        detail::append_place(result[at].phase, phase->id);
      }
    }
  });
  for (const map_kpi& kpi : map.kpis) {
    static_cast<void>(definition(kpi.id));
  }
  return result;
}

KLANTREIS_INLINE table kpi_places(const journey_map& map) {
  std::array<std::vector<std::string>, 4> columns;
  const auto add = [&columns](const std::string& id, const std::string& phase, const std::string& touchpoint,
                              const std::string& owner) {
    columns[0].push_back(id);
    columns[1].push_back(phase);
    columns[2].push_back(touchpoint);
    columns[3].push_back(owner);
  };
  detail::for_each_place(map, [&](const std::string& id, const map_phase* phase, const map_touchpoint* touchpoint) {
    add(id, phase->id, touchpoint == nullptr ? "" : touchpoint->id,
        touchpoint == nullptr ? phase->owner : touchpoint->owner);
  });
  for (const map_kpi& kpi : map.kpis) {
    if (!kpi.phase.empty() || !kpi.touchpoint.empty() ||
        std::find(columns[0].begin(), columns[0].end(), kpi.id) == columns[0].end()) {
      add(kpi.id, kpi.phase, kpi.touchpoint, "");
    }
  }
  table result{"Where the key figures of the map live: a row for each phase or touchpoint that lists one."};
  constexpr std::array<const char*, 4> names{"kpi", "phase", "touchpoint", "owner"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    result.add(names[i], std::move(columns[i]));
  }
  return result;
}

}  // namespace klantreis
