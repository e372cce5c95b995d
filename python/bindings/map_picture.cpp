// SPDX-License-Identifier: MIT
#include "klantreis/map/picture.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

using optional_number = std::optional<double>;
using phase_row = std::tuple<std::string, std::uint64_t, std::uint64_t, std::uint64_t, optional_number, optional_number,
                             optional_number, std::uint64_t>;
using touchpoint_row = std::tuple<std::string, std::uint64_t, double>;
using kpi_row = std::tuple<std::string, std::string, std::string, std::string>;

double or_null(const optional_number& number) { return number.value_or(std::numeric_limits<double>::quiet_NaN()); }

}  // namespace

void bind_map_picture(py::module_& m) {
  m.def(
      "map_svg",
      [](const std::string& json, const std::vector<phase_row>& phases, const std::vector<touchpoint_row>& touchpoints,
         const std::vector<kpi_row>& kpis, const std::string& language, std::size_t most, std::uint64_t min_answers) {
        map_figures figures;
        for (const auto& [id, reach, left, at_rest, emotion, lower, upper, answers] : phases) {
          figures.phases.push_back({.id = id,
                                    .reach = reach,
                                    .left = left,
                                    .at_rest = at_rest,
                                    .emotion = or_null(emotion),
                                    .emotion_lower = or_null(lower),
                                    .emotion_upper = or_null(upper),
                                    .answers = answers});
        }
        for (const auto& [id, customers, leave] : touchpoints) {
          figures.touchpoints.push_back({.id = id, .customers = customers, .leave_share = leave});
        }
        for (const auto& [id, phase, text, status] : kpis) {
          figures.kpis.push_back({.id = id, .phase = phase, .text = text, .status = status});
        }
        return map_svg(parse_map(json), figures,
                       {.language = language, .touchpoints = most, .min_answers = min_answers});
      },
      py::arg("json"), py::kw_only(), py::arg("phases"), py::arg("touchpoints"), py::arg("kpis"), py::arg("language"),
      py::arg("most"), py::arg("min_answers"), released());
}

}  // namespace klantreis::bindings
