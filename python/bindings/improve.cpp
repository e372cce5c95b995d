// SPDX-License-Identifier: MIT
#include "klantreis/improve.hpp"

#include <pybind11/stl.h>

#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"

namespace klantreis::bindings {

namespace {

using released = py::call_guard<py::gil_scoped_release>;
// What, item, to, amount, name, success.
using named_edit = std::tuple<std::string, std::string, std::string, double, std::string, double>;

journey_edit edit_of(const named_edit& named) {
  using kind = journey_edit::kind;
  constexpr std::array<std::pair<std::string_view, kind>, 8> kinds{{{"move", kind::move},
                                                                    {"remove", kind::remove},
                                                                    {"bypass", kind::bypass},
                                                                    {"clear", kind::clear},
                                                                    {"strengthen", kind::strengthen},
                                                                    {"attract", kind::attract},
                                                                    {"insert", kind::insert},
                                                                    {"volume", kind::volume}}};
  const auto& [what, item, to, amount, name, success] = named;
  for (const auto& [text, chosen] : kinds) {
    if (text == what) {
      return {.what = chosen, .item = item, .to = to, .amount = amount, .name = name, .success = success};
    }
  }
  std::string known;
  for (const auto& [text, chosen] : kinds) {
    known += (known.empty() ? "" : ", ") + std::string{text};
  }
  throw input_error("an edit is " + quoted(what) + "; it must be one of " + known);
}

std::vector<journey_edit> edits_of(const std::vector<named_edit>& named) {
  std::vector<journey_edit> edits;
  for (const named_edit& one : named) {
    edits.push_back(edit_of(one));
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
         bool intervals, double level, double min_n, unsigned threads) {
        return what_if(journeys, edits_of(edits),
                       what_if_options{.by = by,
                                       .collapse = collapse,
                                       .intervals = intervals,
                                       .min_n = min_n,
                                       .level = level,
                                       .threads = threads});
      },
      py::arg("journeys"), py::arg("edits"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("intervals"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "scenario",
      [](const Journeys& journeys, const std::string& by, bool collapse, bool intervals, double level, double min_n,
         unsigned threads) {
        return scenario(journeys, what_if_options{.by = by,
                                                  .collapse = collapse,
                                                  .intervals = intervals,
                                                  .min_n = min_n,
                                                  .level = level,
                                                  .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("intervals"), py::arg("level"),
      py::arg("min_n"), py::arg("threads"), released());
}

}  // namespace

void bind_improve(py::module_& m) {
  py::class_<scenario>(m, "Scenario")
      .def(
          "then", [](const scenario& before, const named_edit& edit) { return before.then(edit_of(edit)); },
          py::arg("edit"), released())
      .def("undo", &scenario::undo)
      .def_property_readonly("size", [](const scenario& one) { return one.edits().size(); })
      .def("conversion_rate", &scenario::conversion_rate, released())
      .def("result", &scenario::result, released());
  bind_analyses<journey_set>(m);
  bind_analyses<path_table>(m);
}

}  // namespace klantreis::bindings
