// SPDX-License-Identifier: MIT
#include "klantreis/dropoff.hpp"

#include <pybind11/stl.h>

#include <string>
#include <tuple>
#include <utility>

#include "bindings.hpp"

namespace klantreis::bindings {

void bind_dropoff(py::module_& m) {
  m.def(
      "drop_off",
      [](const journey_set& journeys, const std::string& by, bool collapse, double level, double min_n,
         unsigned threads) {
        drop_off_tables found = drop_off(
            journeys,
            {.by = by, .collapse = collapse, .intervals = {.level = level, .min_n = min_n}, .threads = threads});
        return std::tuple(std::move(found.items), std::move(found.before), std::move(found.next));
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("level"), py::arg("min_n"),
      py::arg("threads"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace klantreis::bindings
