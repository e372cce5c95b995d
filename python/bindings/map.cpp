// SPDX-License-Identifier: MIT
#include "klantreis/map.hpp"

#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <memory>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

std::optional<std::int64_t> microseconds_of(std::optional<duration> length) {
  return length ? std::optional{length->count()} : std::nullopt;
}

using columns_by_argument = py::typing::Dict<py::str, py::object>;

columns_by_argument columns_of_map(const journey_map& map) {
  const log_columns columns = map_log_columns(map);
  columns_by_argument result;
  const auto put = [&](const char* argument, std::string_view name, const std::string& column) {
    if (map.column(name) != nullptr) {
      result[argument] = column;
    }
  };
  put("customer", "customer", columns.customer);
  put("time", "time", columns.time);
  put("touchpoint", "event", columns.touchpoint);
  for (const auto& [argument, column] : {std::pair{"channel", &columns.channel}, std::pair{"value", &columns.value},
                                         std::pair{"cost", &columns.cost}, std::pair{"order", &columns.order}}) {
    if (!column->empty()) {
      result[argument] = *column;
    }
  }
  result["attributes"] = columns.attributes;
  result["numbers"] = columns.numbers;
  return result;
}

}  // namespace

void bind_map(py::module_& m) {
  py::class_<journey_map, std::shared_ptr<journey_map>>(m, "Map")
      .def(py::init([](const std::string& json) { return std::make_shared<journey_map>(parse_map(json)); }),
           py::arg("json"), released())
      .def_property_readonly("columns", &columns_of_map)
      .def_property_readonly("levels", &journey_map::levels)
      .def_property_readonly("outcomes",
                             [](const journey_map& map) {
                               std::vector<std::string> ids;
                               for (const auto& outcome : map.outcomes) {
                                 ids.push_back(outcome.id);
                               }
                               return ids;
                             })
      .def_property_readonly("primary_outcome",
                             [](const journey_map& map) {
                               const auto* outcome = map.primary_outcome();
                               return outcome == nullptr ? std::nullopt : std::optional{outcome->id};
                             })
      .def_property_readonly("inactivity", [](const journey_map& map) { return microseconds_of(map.inactivity()); })
      .def("phases_at", &journey_map::phases_at, py::arg("level"))
      .def("gaps", &map_gaps, released());

  m.def(
      "finish_mapped", [](log_builder& builder, const journey_map& map) { return apply_map(builder.finish(), map); },
      py::arg("builder"), py::arg("map"), released());
  m.def(
      "apply_map", [](const event_log& log, const journey_map& map) { return apply_map(log, map); }, py::arg("log"),
      py::arg("map"), released());
  m.def(
      "map_of",
      [](const event_log& log) {
        return log.map() == nullptr ? std::shared_ptr<journey_map>{} : std::make_shared<journey_map>(*log.map());
      },
      py::arg("log"));
  m.def(
      "outcome_events", [](const event_log& log, const std::string& outcome) { return outcome_events(log, outcome); },
      py::arg("log"), py::arg("outcome"));
  m.def(
      "event_labels",
      [](const event_log& log, const std::string& by) {
        const auto& label = log.labels(by);
        std::vector<std::string> names;
        names.reserve(label.codes.size());
        for (const auto code : label.codes) {
          names.emplace_back(label.names[code]);
        }
        return names;
      },
      py::arg("log"), py::arg("by"));
  m.def("map_coverage", &map_coverage, py::arg("log"), released());
  m.def("map_inventory", &map_inventory, py::arg("log"), released());
}

}  // namespace klantreis::bindings
