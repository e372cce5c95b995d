// SPDX-License-Identifier: MIT
#include "klantreis/map/picture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>
#include <vector>

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

/// Every element is closed by the one that stands open, and no bare & or < is left in a text.
bool is_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] == '&') {
      const auto end = xml.find(';', at);
      if (end == std::string::npos || end - at > 8) {
        return false;
      }
      at = end + 1;
    } else if (xml[at] == '<') {
      const auto end = xml.find('>', at);
      if (end == std::string::npos) {
        return false;
      }
      const auto tag = xml.substr(at + 1, end - at - 1);
      const auto name = tag.substr(0, tag.find_first_of(" /"));
      if (tag[0] == '/') {
        if (open.empty() || open.back() != tag.substr(1)) {
          return false;
        }
        open.pop_back();
      } else if (tag.back() != '/') {
        open.push_back(name);
      }
      at = end + 1;
    } else {
      ++at;
    }
  }
  return open.empty();
}

journey_map map_of(std::size_t phases, std::size_t touchpoints, const std::string& name) {
  journey_map map;
  map.journey.id = "shop";
  map.journey.name = name;
  for (std::size_t i = 0; i < phases; ++i) {
    map_phase phase;
    phase.id = "p" + std::to_string(i);
    phase.name = name + std::to_string(i);
    phase.emotion.expected = static_cast<double>(i % 5) - 2.0;
    phase.needs = {{"n" + std::to_string(i), name, {}}};
    map.phases.push_back(phase);
  }
  for (std::size_t i = 0; i < touchpoints; ++i) {
    map_touchpoint touchpoint;
    touchpoint.id = "t" + std::to_string(i);
    touchpoint.name = name;
    touchpoint.phase = "p" + std::to_string(i % phases);
    map.touchpoints.push_back(touchpoint);
  }
  return map;
}

}  // namespace

TEST_CASE("a picture has a column for each phase, a chip for each touchpoint and a point for each expected emotion",
          "[map]") {
  for (const std::size_t phases : {1U, 3U, 9U, 20U}) {
    const auto svg = map_svg(map_of(phases, 2 * phases, "Koop"));
    INFO(phases);
    CHECK(is_well_formed(svg));
    for (std::size_t i = 0; i < phases; ++i) {
      CHECK(count(svg, "data-phase=\"p" + std::to_string(i) + "\"") == 1);
    }
    for (std::size_t i = 0; i < 2 * phases; ++i) {
      CHECK(count(svg, "data-touchpoint=\"t" + std::to_string(i) + "\"") == 1);
    }
    const auto begin = svg.find("<polyline class=\"expected\" points=\"") + 35;
    CHECK(count(svg.substr(begin, svg.find('"', begin) - begin), ",") == phases);
    CHECK(count(svg, "http") == 1);  // the name space
  }
}

TEST_CASE("names are text in a picture, whatever they hold", "[map]") {
  for (const std::string name :
       {"<script>alert(1)</script>", "\"; DROP TABLE", "</svg>&amp;", "\xD7\xA7\xD7\xA0\xD7\x99\xD7\x99\xD7\x94",
        "\xF0\x9F\x9B\x92\xF0\x9F\x9B\x92", "\xFF\xFE broken", "line\nbreak\ttab"}) {
    const auto svg = map_svg(map_of(2, 3, name));
    INFO(name);
    CHECK(is_well_formed(svg));
    CHECK(count(svg, "<script") == 0);
  }
}

TEST_CASE("long names are wrapped to three lines and kept whole in the title", "[map]") {
  std::string name;
  for (int i = 0; i < 100; ++i) {
    name += "name ";
  }
  const auto svg = map_svg(map_of(1, 1, name));
  CHECK(is_well_formed(svg));
  CHECK_THAT(svg, ContainsSubstring("\u2026</text>"));
  CHECK_THAT(svg, ContainsSubstring("<title>" + name));
  // Without a blank to break at.
  CHECK(is_well_formed(map_svg(map_of(1, 1, std::string(500, 'x')))));
}

TEST_CASE("many touchpoints are shown by customers and the rest is counted", "[map]") {
  const auto map = map_of(1, 200, "Koop");
  map_figures figures;
  for (std::size_t i = 0; i < 200; ++i) {
    figures.touchpoints.push_back({.id = "t" + std::to_string(i), .customers = i, .leave_share = 0.1});
  }
  const auto svg = map_svg(map, figures, {.touchpoints = 8});
  CHECK(count(svg, "data-touchpoint=") == 8);
  CHECK_THAT(svg, ContainsSubstring("data-touchpoint=\"t199\""));
  CHECK_THAT(svg, ContainsSubstring("+ 192 more"));
}

TEST_CASE("figures are drawn, and what was not measured says so", "[map]") {
  auto map = map_of(3, 0, "Fase");
  map.phases[0].measured = false;
  map_figures figures;
  figures.phases = {{.id = "p1", .reach = 20'184, .left = 2'000, .at_rest = 10},
                    {.id = "p2", .reach = 9'000, .left = 900, .at_rest = 0, .emotion = 0.5, .answers = 12}};
  figures.kpis = {{.id = "nps_score", .phase = "p2", .text = "20.0 (3.1 to 36.9)", .status = "off"}};
  const auto svg = map_svg(map, figures);
  CHECK(is_well_formed(svg));
  CHECK_THAT(svg, ContainsSubstring("20,184") && ContainsSubstring("not measured") &&
                      ContainsSubstring("20.0 (3.1 to 36.9)") && ContainsSubstring("nps score") &&
                      ContainsSubstring("dot-few"));
  const auto dutch = map_svg(map, figures, {.language = "nl"});
  CHECK_THAT(dutch, ContainsSubstring("20.184") && ContainsSubstring("niet gemeten"));
  CHECK_THROWS_WITH(map_svg(map, figures, {.language = "de"}), ContainsSubstring("en or nl"));
}
