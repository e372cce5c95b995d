// SPDX-License-Identifier: MIT
#include "klantreis/interchange.hpp"

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

void bind_interchange(py::module_& m) {
  m.def("event_table", &event_table, py::arg("journeys"), py::kw_only(), py::arg("by_journey"), released());
}

}  // namespace klantreis::bindings
