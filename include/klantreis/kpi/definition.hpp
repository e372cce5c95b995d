// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/kpi/expression.hpp"
#include "klantreis/map.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// Which way a key figure should go.
enum class kpi_direction : std::uint8_t { none, up, down };

/// A key figure: what it is, how it is measured, and what is aimed at.
struct kpi_definition {
  std::string id;
  std::string name = {};
  kpi_expression measure = kpi_expression::of_mapping();  ///< `{}`: nobody says how
  std::string unit = {};  ///< `share`, `customers`, `s`, `min`, `h`, `d`, `EUR` …; lengths of time are shown in it
  kpi_direction direction = kpi_direction::none;
  std::optional<double> target = std::nullopt;
  std::string interval = {};     ///< how its interval is made
  std::string source = {};       ///< where the formula comes from
  std::string phase = {};        ///< where it lives on the map
  std::string touchpoint = {};   ///< as `phase`
  bool from_aggregates = false;  ///< measured from tables without customers
};

/// The key figures that klantreis knows, each defined once.
[[nodiscard]] const std::vector<kpi_definition>& kpi_library();

/// The library as a table: `kpi, name, formula, unit, direction, interval, source`.
[[nodiscard]] table kpi_library_table();

/// The key figures of a map in the order of its phases and touchpoints, then those that stand nowhere: ids that the map
/// defines, and ids of the library. What neither says how to measure has the measure `{}` and is never measured.
/// \throws input_error when a measure cannot be read; the message names the place.
[[nodiscard]] std::vector<kpi_definition> kpi_definitions(const journey_map& map);

/// Where the key figures of a map live: `kpi, phase, touchpoint, owner`, a row for each place; empty text where a
/// figure has no phase or touchpoint.
[[nodiscard]] table kpi_places(const journey_map& map);

/// Reads a measure from its JSON form: an object with the name of a measure, as in
/// `{"quantile": {"column": "wait_s", "q": 0.9, "of": ["contact"]}}`, or an expression as text.
/// \throws input_error naming `path` and the remedy.
[[nodiscard]] kpi_expression measure_from_json(const json_value& value, std::string_view path = "measure");

/// \throws input_error when the expression calls a measure or an option that does not exist; the message lists those
///         there are.
void check_measure(const kpi_expression& measure);

/// The measures that expressions may call: `measure, arguments, meaning`.
[[nodiscard]] table kpi_measures();

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/kpi/definition.ipp"
#endif
