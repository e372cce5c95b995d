// SPDX-License-Identifier: MIT
#include "klantreis/kpi.hpp"

#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrow_interop.hpp"
#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

kpi_direction direction_of(const std::string& text) {
  if (text.empty()) {
    return kpi_direction::none;
  }
  if (text != "up" && text != "down") {
    throw input_error("the direction is " + quoted(text) + "; it is up or down");
  }
  return text == "up" ? kpi_direction::up : kpi_direction::down;
}

kpi_period period_of(const std::string& text) {
  if (text.empty()) {
    return kpi_period::none;
  }
  if (text == "day") {
    return kpi_period::day;
  }
  if (text == "week") {
    return kpi_period::week;
  }
  if (text == "month") {
    return kpi_period::month;
  }
  throw input_error("period is " + quoted(text) + "; it is day, week or month");
}

}  // namespace

void bind_kpi(py::module_& m) {
  py::class_<kpi_definition>(m, "KpiDefinition")
      .def(py::init([](std::string id, const std::string& measure, bool is_json, std::string name, std::string unit,
                       const std::string& direction, std::optional<double> target, std::string source,
                       bool from_aggregates) {
             kpi_definition made;
             made.measure = is_json ? measure_from_json(parse_json(measure)) : parse_expression(measure);
             check_measure(made.measure);
             made.id = std::move(id);
             made.name = std::move(name);
             made.unit = std::move(unit);
             made.direction = direction_of(direction);
             made.target = target;
             made.source = std::move(source);
             made.from_aggregates = from_aggregates;
             return made;
           }),
           py::arg("id"), py::arg("measure"), py::kw_only(), py::arg("is_json") = false, py::arg("name") = "",
           py::arg("unit") = "", py::arg("direction") = "", py::arg("target") = py::none(), py::arg("source") = "",
           py::arg("from_aggregates") = false)
      .def_readonly("id", &kpi_definition::id)
      .def_property_readonly("formula", [](const kpi_definition& self) { return to_text(self.measure); });

  py::class_<kpi_aggregates>(m, "KpiAggregates")
      .def(py::init<>())
      .def_property_readonly("rows", &kpi_aggregates::size)
      .def(
          "append",
          [](kpi_aggregates& self, const py::object& source, const std::string& date, const std::string& kpi,
             const std::string& channel, const std::string& value) {
            arrow_stream stream = import_stream(source);
            const long_call working;
            self += read_aggregates(stream.get(), {.date = date, .kpi = kpi, .channel = channel, .value = value});
          },
          py::arg("source"), py::kw_only(), py::arg("date"), py::arg("kpi"), py::arg("channel"), py::arg("value"));

  m.def("kpi_library_table", &kpi_library_table);
  m.def("kpi_measures", &kpi_measures);
  m.def("kpi_definitions", [](const std::string& map) { return kpi_definitions(parse_map(map)); }, py::arg("map"));
  m.def("has_map", [](const journey_set& journeys) { return journeys.log().map() != nullptr; }, py::arg("journeys"));
  m.def(
      "kpi_definitions_of",
      [](const journey_set& journeys) {
        const journey_map* map = journeys.log().map();
        return map == nullptr ? kpi_library() : kpi_definitions(*map);
      },
      py::arg("journeys"));
  m.def("kpi_places", [](const std::string& map) { return kpi_places(parse_map(map)); }, py::arg("map"));

  const auto options = [](std::string by, const std::string& period, std::vector<std::string> select, double level,
                          double min_n, double too_few, unsigned threads) {
    return kpi_options{.by = std::move(by),
                       .period = period_of(period),
                       .select = std::move(select),
                       .intervals = {.level = level, .min_n = min_n},
                       .too_few = too_few,
                       .threads = threads};
  };
  m.def(
      "kpis",
      [options](const journey_set& journeys, const std::optional<std::vector<kpi_definition>>& definitions,
                const kpi_aggregates& aggregates, const std::string& by, const std::string& period,
                const std::vector<std::string>& select, double level, double min_n, double too_few, unsigned threads) {
        const kpi_options chosen = options(by, period, select, level, min_n, too_few, threads);
        return definitions ? kpis(journeys, *definitions, aggregates, chosen) : kpis(journeys, aggregates, chosen);
      },
      py::arg("journeys"), py::arg("definitions"), py::arg("aggregates"), py::kw_only(), py::arg("by"),
      py::arg("period"), py::arg("select"), py::arg("level"), py::arg("min_n"), py::arg("too_few"), py::arg("threads"),
      released());
  m.def(
      "benchmarks",
      [options](const journey_set& journeys, const kpi_aggregates& aggregates, double level, double min_n,
                unsigned threads) {
        return benchmarks(journeys, aggregates, options({}, {}, {}, level, min_n, kpi_options{}.too_few, threads));
      },
      py::arg("journeys"), py::arg("aggregates"), py::kw_only(), py::arg("level"), py::arg("min_n"), py::arg("threads"),
      released());
  m.def(
      "attention",
      [](const table& figures, const std::optional<std::string>& map) {
        if (!map) {
          return attention(figures);
        }
        const journey_map read = parse_map(*map);
        return attention(figures, &read);
      },
      py::arg("figures"), py::arg("map"));
  m.def("phase_scores", &phase_scores, py::arg("figures"));
  m.def(
      "value_concentration",
      [](const journey_set& journeys, const std::string& outcome, unsigned threads) {
        return value_concentration(journeys, {.outcome = outcome, .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("outcome"), py::arg("threads"), released());
}

}  // namespace klantreis::bindings
