// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "klantreis/map/model.hpp"

namespace klantreis {

/// What was measured, for a picture of the map; a map is drawn without it too.
struct map_figures {
  struct phase {
    std::string id;
    std::uint64_t reach = 0;    ///< customers
    std::uint64_t left = 0;     ///< journeys that ended here without a conversion
    std::uint64_t at_rest = 0;  ///< journeys that ended here after one
    double emotion = std::numeric_limits<double>::quiet_NaN();
    double emotion_lower = std::numeric_limits<double>::quiet_NaN();
    double emotion_upper = std::numeric_limits<double>::quiet_NaN();
    std::uint64_t answers = 0;
  };
  struct touchpoint {
    std::string id;
    std::uint64_t customers = 0;
    double leave_share = std::numeric_limits<double>::quiet_NaN();  ///< of the visits
  };
  struct kpi {
    std::string id;
    std::string phase;
    std::string text;    ///< value with unit, as it is to be shown
    std::string status;  ///< `ok`, `off`, `off, could be chance`, `too little data`, `not measured`, or empty
  };
  std::vector<phase> phases = {};
  std::vector<touchpoint> touchpoints = {};
  std::vector<kpi> kpis = {};
};

struct map_svg_options {
  std::string language = "en";     ///< of the words around the map: `en` or `nl`
  std::size_t touchpoints = 12;    ///< shown in a phase, those with most customers; the rest is counted
  std::uint64_t min_answers = 30;  ///< emotions of fewer answers are drawn hollow
};

/// Draws the map: phases as columns; what customers do, touchpoints, needs, the expected and measured emotion, the line
/// of visibility, what happens behind it, and KPIs as lanes.
///
/// One SVG without links or script that follows the light or dark mode of its reader. Each phase is a group with
/// `data-phase`, each touchpoint one with `data-touchpoint`; the expected emotion is one polyline with a point for each
/// phase that has one. Names are escaped, wrapped to three lines and whole in a `<title>`.
/// \throws input_error when the language is unknown.
[[nodiscard]] std::string map_svg(const journey_map& map, const map_figures& figures = {},
                                  const map_svg_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/map/picture.ipp"
#endif
