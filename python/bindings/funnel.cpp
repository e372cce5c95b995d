// SPDX-License-Identifier: MIT
#include "klantreis/funnel.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings.hpp"

namespace klantreis::bindings {

namespace {

template <typename Source>
table funnel_of(const Source& source, const std::vector<std::vector<std::string>>& steps,
                std::optional<std::int64_t> window, const std::string& by, double level, double min_n,
                unsigned threads) {
  funnel_options options{
      .by = by, .require_known = true, .intervals = {.level = level, .min_n = min_n}, .threads = threads};
  if (window) {
    options.window = duration{*window};
  }
  return funnel(source, std::vector<funnel_step>(steps.begin(), steps.end()), options);
}

template <typename Source>
void define(py::module_& m) {
  m.def("funnel", &funnel_of<Source>, py::arg("source"), py::arg("steps"), py::kw_only(), py::arg("window"),
        py::arg("by"), py::arg("level"), py::arg("min_n"), py::arg("threads"),
        py::call_guard<py::gil_scoped_release>());
}

}  // namespace

void bind_funnel(py::module_& m) {
  define<journey_set>(m);
  define<event_log>(m);
}

}  // namespace klantreis::bindings
