// SPDX-License-Identifier: MIT
#include "klantreis/improve.hpp"

#include <pybind11/stl.h>

#include <string>
#include <tuple>
#include <vector>

#include "bindings.hpp"

namespace klantreis::bindings {

namespace {

using released = py::call_guard<py::gil_scoped_release>;
using named_edit = std::tuple<std::string, std::string, std::string, double>;

std::vector<journey_edit> edits_of(const std::vector<named_edit>& named) {
  using kind = journey_edit::kind;
  std::vector<journey_edit> edits;
  for (const auto& [what, item, to, amount] : named) {
    const kind chosen =
        what == "move"     ? kind::move
        : what == "remove" ? kind::remove
        : what == "bypass" ? kind::bypass
        : what == "clear"
            ? kind::clear
            : throw input_error("an edit is " + quoted(what) + "; it must be move, remove, bypass or clear");
    edits.push_back({.what = chosen, .item = item, .to = to, .amount = amount});
  }
  return edits;
}

template <typename Journeys>
void bind_analyses(py::module_& m) {
  m.def(
      "improve",
      [](const Journeys& journeys, double amount, const std::string& by, bool collapse, bool intervals, double level,
         double min_n, unsigned threads) {
        return improve(journeys, improve_options{.by = by,
                                                 .collapse = collapse,
                                                 .amount = amount,
                                                 .intervals = intervals,
                                                 .min_n = min_n,
                                                 .level = level,
                                                 .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("amount"), py::arg("by"), py::arg("collapse"), py::arg("intervals"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "make_or_break",
      [](const Journeys& journeys, const std::string& by, bool collapse, bool intervals, double level, double min_n,
         unsigned threads) {
        return make_or_break(journeys, make_or_break_options{.by = by,
                                                             .collapse = collapse,
                                                             .intervals = intervals,
                                                             .min_n = min_n,
                                                             .level = level,
                                                             .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("intervals"), py::arg("level"),
      py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "what_if",
      [](const Journeys& journeys, const std::vector<named_edit>& edits, const std::string& by, bool collapse,
         unsigned threads) {
        return what_if(journeys, edits_of(edits), what_if_options{.by = by, .collapse = collapse, .threads = threads});
      },
      py::arg("journeys"), py::arg("edits"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("threads"),
      released());
}

}  // namespace

void bind_improve(py::module_& m) {
  bind_analyses<journey_set>(m);
  bind_analyses<path_table>(m);
}

}  // namespace klantreis::bindings
