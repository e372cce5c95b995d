// SPDX-License-Identifier: MIT
#include "klantreis/hypotheses.hpp"

#include <pybind11/stl.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

using belief_list = std::vector<std::tuple<std::string, std::string, double>>;
using hypothesis_list = std::vector<std::pair<std::string, belief_list>>;

std::vector<hypothesis> hypotheses_of(const hypothesis_list& given) {
  std::vector<hypothesis> result;
  for (const auto& [name, beliefs] : given) {
    result.push_back({.name = name});
    for (const auto& [from, to, weight] : beliefs) {
      result.back().beliefs.push_back({from, to, weight});
    }
  }
  return result;
}

}  // namespace

void bind_hypotheses(py::module_& m) {
  m.def(
      "hypotheses",
      [](const journey_set& journeys, const hypothesis_list& given, const std::vector<double>& strengths,
         const std::string& by, bool collapse, unsigned threads) {
        return compare_hypotheses(
            count_transitions(journeys, {.by = by, .collapse = collapse, .times = false, .threads = threads}),
            hypotheses_of(given), {.strengths = strengths});
      },
      py::arg("journeys"), py::arg("given"), py::kw_only(), py::arg("strengths"), py::arg("by"), py::arg("collapse"),
      py::arg("threads"), released());
  m.def(
      "hypotheses_of_paths",
      [](const path_table& paths, const hypothesis_list& given, const std::vector<double>& strengths) {
        return compare_hypotheses(count_transitions(paths), hypotheses_of(given), {.strengths = strengths});
      },
      py::arg("paths"), py::arg("given"), py::kw_only(), py::arg("strengths"), released());
  m.def(
      "hypotheses_of_counts",
      [](const belief_list& counts, const hypothesis_list& given, const std::vector<double>& strengths) {
        std::vector<named_transition> edges;
        for (const auto& [from, to, weight] : counts) {
          edges.push_back({from, to, weight});
        }
        return compare_hypotheses(transition_counts::from_edges(edges), hypotheses_of(given), {.strengths = strengths});
      },
      py::arg("counts"), py::arg("given"), py::kw_only(), py::arg("strengths"), released());
  m.def(
      "changes",
      [](const journey_set& journeys, const std::string& by, bool collapse, std::int64_t every, std::size_t periods,
         double level, double min_n, unsigned threads) {
        return changes(journeys, {.by = by,
                                  .collapse = collapse,
                                  .every = duration{every},
                                  .periods = periods,
                                  .intervals = {.level = level, .min_n = min_n},
                                  .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("every"), py::arg("periods"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
}

}  // namespace klantreis::bindings
