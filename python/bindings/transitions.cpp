// SPDX-License-Identifier: MIT
#include "klantreis/transitions.hpp"

#include <pybind11/stl.h>

#include <string>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

void bind_transitions(py::module_& m) {
  m.def(
      "transitions",
      [](const journey_set& journeys, const std::string& by, bool collapse, double level, double min_n,
         unsigned threads) {
        return transitions(count_transitions(journeys, {.by = by, .collapse = collapse, .threads = threads}),
                           {.level = level, .min_n = min_n}, threads);
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("level"), py::arg("min_n"),
      py::arg("threads"), released());
  m.def(
      "transitions_of_paths",
      [](const path_table& paths, double level, double min_n) {
        return transitions(count_transitions(paths), {.level = level, .min_n = min_n});
      },
      py::arg("paths"), py::kw_only(), py::arg("level"), py::arg("min_n"), released());
}

}  // namespace klantreis::bindings
