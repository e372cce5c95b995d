// SPDX-License-Identifier: MIT
#include "klantreis/patterns.hpp"

#include <pybind11/stl.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

void bind_variants(py::module_& m) {
  m.def(
      "variants",
      [](const journey_set& journeys, const std::string& by, bool collapse, std::optional<std::size_t> limit,
         double level, double min_n, unsigned threads) {
        return variants(journeys, {.by = by,
                                   .collapse = collapse,
                                   .limit = limit,
                                   .intervals = {.level = level, .min_n = min_n},
                                   .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("limit"), py::arg("level"),
      py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "variants_of_paths",
      [](const path_table& paths, std::optional<std::size_t> limit, double level, double min_n) {
        return variants(paths, {.limit = limit, .intervals = {.level = level, .min_n = min_n}});
      },
      py::arg("paths"), py::kw_only(), py::arg("limit"), py::arg("level"), py::arg("min_n"), released());
}

void bind_ways(py::module_& m) {
  const auto options = [](std::size_t steps, const std::string& by, bool collapse, double level, double min_n,
                          unsigned threads) {
    return ways_options{.steps = steps,
                        .by = by,
                        .collapse = collapse,
                        .intervals = {.level = level, .min_n = min_n},
                        .threads = threads};
  };
  m.def(
      "ways_in",
      [options](const journey_set& journeys, const std::string& to, std::size_t steps, const std::string& by,
                bool collapse, double level, double min_n, unsigned threads) {
        return ways_in(journeys, to, options(steps, by, collapse, level, min_n, threads));
      },
      py::arg("journeys"), py::arg("to"), py::kw_only(), py::arg("steps"), py::arg("by"), py::arg("collapse"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "ways_out",
      [options](const journey_set& journeys, const std::string& from, std::size_t steps, const std::string& by,
                bool collapse, double level, double min_n, unsigned threads) {
        return ways_out(journeys, from, options(steps, by, collapse, level, min_n, threads));
      },
      py::arg("journeys"), py::arg("from_"), py::kw_only(), py::arg("steps"), py::arg("by"), py::arg("collapse"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "entries",
      [options](const journey_set& journeys, std::size_t steps, const std::vector<std::string>& without,
                const std::string& by, bool collapse, double level, double min_n, unsigned threads) {
        ways_options asked = options(steps, by, collapse, level, min_n, threads);
        asked.without = without;
        return entries(journeys, asked);
      },
      py::arg("journeys"), py::kw_only(), py::arg("steps"), py::arg("without"), py::arg("by"), py::arg("collapse"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
}

void bind_likely_paths(py::module_& m) {
  m.def(
      "likely_paths",
      [](const journey_set& journeys, std::size_t limit, unsigned order, const std::string& by, bool collapse,
         const std::string& to, unsigned threads) {
        return likely_paths(
            journeys, {.limit = limit, .order = order, .by = by, .collapse = collapse, .to = to, .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("limit"), py::arg("order"), py::arg("by"), py::arg("collapse"),
      py::arg("to"), py::arg("threads"), released());
  m.def(
      "likely_paths_of_paths",
      [](const path_table& paths, std::size_t limit, unsigned order, const std::string& to) {
        return likely_paths(paths, {.limit = limit, .order = order, .to = to});
      },
      py::arg("paths"), py::kw_only(), py::arg("limit"), py::arg("order"), py::arg("to"), released());
}

}  // namespace

void bind_patterns(py::module_& m) {
  bind_variants(m);
  bind_ways(m);
  bind_likely_paths(m);
  m.def(
      "step_matrix",
      [](const journey_set& journeys, std::size_t steps, const std::string& by, bool collapse, unsigned threads) {
        return step_matrix(journeys, {.steps = steps, .by = by, .collapse = collapse, .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("steps"), py::arg("by"), py::arg("collapse"), py::arg("threads"),
      released());
}

}  // namespace klantreis::bindings
