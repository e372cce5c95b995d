// SPDX-License-Identifier: MIT
#include "klantreis/graph.hpp"

#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

void bind_graph(py::module_& m) {
  py::class_<journey_graph>(m, "JourneyGraph")
      .def_property_readonly("states", &journey_graph::states)
      .def_property_readonly("transitions", &journey_graph::transitions)
      .def("nodes", [](const journey_graph& graph) { return graph.nodes(); })
      .def("edges", [](const journey_graph& graph) { return graph.edge_table(); })
      .def(
          "dominators",
          [](const journey_graph& graph, const std::string& start, const std::string& goal) {
            return dominators(graph, start, goal);
          },
          py::arg("start"), py::arg("goal"), released())
      .def(
          "reaches",
          [](const journey_graph& graph, const std::string& start, const std::string& goal) {
            return reaches(graph, start, goal);
          },
          py::arg("start"), py::arg("goal"), released())
      .def(
          "strong_components", [](const journey_graph& graph) { return strong_components(graph); }, released())
      .def("to_dot", &to_dot, released())
      .def("to_graphml", &to_graphml, released())
      .def("to_mermaid", &to_mermaid, released())
      .def("to_json", &to_json, released());

  m.def(
      "graph",
      [](const journey_set& journeys, const std::string& by, bool collapse, double level, double min_n,
         unsigned threads) {
        return journey_graph{count_transitions(journeys, {.by = by, .collapse = collapse, .threads = threads}),
                             {.level = level, .min_n = min_n},
                             threads};
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("level"), py::arg("min_n"),
      py::arg("threads"), released());
  m.def(
      "graph_of_paths",
      [](const path_table& paths, double level, double min_n) {
        return journey_graph{count_transitions(paths), {.level = level, .min_n = min_n}};
      },
      py::arg("paths"), py::kw_only(), py::arg("level"), py::arg("min_n"), released());
}

}  // namespace klantreis::bindings
