// SPDX-License-Identifier: MIT
#include "klantreis/graph_measures.hpp"

#include <pybind11/stl.h>

#include <cstddef>
#include <string>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

void bind_graph_measures(py::module_& m) {
  m.def(
      "graph_measures",
      [](const journey_graph& graph, const std::string& length, double damping) {
        return graph_measures(graph, to_edge_length(length), damping);
      },
      py::arg("graph"), py::kw_only(), py::arg("length"), py::arg("damping"), released());
  m.def(
      "shortest_paths",
      [](const journey_graph& graph, const std::string& from, const std::string& to, std::size_t limit,
         const std::string& length) { return shortest_paths(graph, from, to, limit, to_edge_length(length)); },
      py::arg("graph"), py::arg("from_"), py::arg("to"), py::kw_only(), py::arg("limit"), py::arg("length"),
      released());
}

}  // namespace klantreis::bindings
