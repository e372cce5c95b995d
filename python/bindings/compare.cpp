// SPDX-License-Identifier: MIT
#include "klantreis/compare.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "instants.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

using labels = std::vector<std::pair<std::string, std::string>>;

}  // namespace

void bind_compare(py::module_& m) {
  py::class_<journey_group>(m, "JourneyGroup")
      .def_readonly("name", &journey_group::name)
      .def_property_readonly("size", [](const journey_group& group) { return group.members.size(); });

  m.def(
      "select_journeys",
      [](const journey_set& journeys, const std::string& name, const labels& where, const labels& where_not,
         std::optional<std::int64_t> from, std::optional<std::int64_t> until) {
        return select_journeys(
            journeys, name,
            {.where = where, .where_not = where_not, .from = instant_of(from), .until = instant_of(until)});
      },
      py::arg("journeys"), py::kw_only(), py::arg("name"), py::arg("where"), py::arg("where_not"), py::arg("from_"),
      py::arg("until"), released());
  m.def(
      "first_labels", [](const journey_set& journeys, const std::string& by) { return first_labels(journeys, by); },
      py::arg("journeys"), py::arg("by"), released());
  m.def(
      "compare",
      [](const journey_group& first, const journey_group& second, const std::string& by, bool collapse,
         const std::vector<std::vector<std::string>>& steps, std::optional<std::int64_t> window,
         const std::string& strata, double level, double min_n, unsigned threads) {
        compare_options options{.by = by,
                                .collapse = collapse,
                                .steps = std::vector<funnel_step>(steps.begin(), steps.end()),
                                .strata = strata,
                                .intervals = {.level = level, .min_n = min_n},
                                .threads = threads};
        if (window) {
          options.window = duration{*window};
        }
        comparison found = compare(first, second, options);
        return std::tuple(std::move(found.rates), std::move(found.parts), std::move(found.destinations),
                          std::move(found.rows), std::move(found.steps), std::move(found.strata),
                          found.shared_customers);
      },
      py::arg("first"), py::arg("second"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("steps"),
      py::arg("window"), py::arg("strata"), py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "alerts",
      [](const journey_group& current, const std::vector<std::string>& rules,
         const std::optional<journey_group>& baseline, const std::string& by, bool collapse, double level, double min_n,
         unsigned threads) {
        std::vector<alert_rule> read;
        for (const std::string& rule : rules) {
          read.push_back(to_alert_rule(rule));
        }
        return alerts(
            current, read, baseline,
            {.by = by, .collapse = collapse, .intervals = {.level = level, .min_n = min_n}, .threads = threads});
      },
      py::arg("current"), py::arg("rules"), py::kw_only(), py::arg("baseline"), py::arg("by"), py::arg("collapse"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
}

}  // namespace klantreis::bindings
