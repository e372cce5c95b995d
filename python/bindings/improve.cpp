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
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

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
         double min_n, unsigned threads, const std::vector<std::string>& controllable, bool all_items,
         const std::string& rank_by) {
        return improve(journeys, improve_options{.by = by,
                                                 .collapse = collapse,
                                                 .amount = amount,
                                                 .intervals = intervals,
                                                 .min_n = min_n,
                                                 .level = level,
                                                 .threads = threads,
                                                 .controllable = controllable,
                                                 .all_items = all_items,
                                                 .rank_by = rank_by});
      },
      py::arg("journeys"), py::kw_only(), py::arg("amount"), py::arg("by"), py::arg("collapse"), py::arg("intervals"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), py::arg("controllable"), py::arg("all_items"),
      py::arg("rank_by"), released());
  m.def(
      "make_or_break",
      [](const Journeys& journeys, const std::string& by, bool collapse, bool intervals, double level, double min_n,
         unsigned threads, double limit) {
        const make_or_break_options options{.by = by,
                                            .collapse = collapse,
                                            .intervals = intervals,
                                            .min_n = min_n,
                                            .level = level,
                                            .threads = threads,
                                            .limit = limit};
        return std::tuple(make_or_break(journeys, options), choke_points(journeys, options), loops(journeys, options));
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("intervals"), py::arg("level"),
      py::arg("min_n"), py::arg("threads"), py::arg("limit"), released());
  m.def(
      "best_changes",
      [](const Journeys& journeys, const std::vector<std::tuple<std::string, std::string, double, double>>& offers,
         double budget, const std::string& by, bool collapse, bool intervals, double level, double min_n,
         unsigned threads, std::size_t exact_up_to) {
        std::vector<priced_change> changes;
        for (const auto& [from, to, amount, cost] : offers) {
          changes.push_back({.from = from, .to = to, .amount = amount, .cost = cost});
        }
        return best_changes(journeys, changes, budget,
                            {.by = by,
                             .collapse = collapse,
                             .intervals = intervals,
                             .min_n = min_n,
                             .level = level,
                             .threads = threads,
                             .exact_up_to = exact_up_to});
      },
      py::arg("journeys"), py::arg("changes"), py::kw_only(), py::arg("budget"), py::arg("by"), py::arg("collapse"),
      py::arg("intervals"), py::arg("level"), py::arg("min_n"), py::arg("threads"), py::arg("exact_up_to"), released());
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
