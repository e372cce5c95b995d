// SPDX-License-Identifier: MIT

// How far do customers get on our map?
//
// The map says which phases there are and which events belong to them. Here it stands in the program; a service would
// read it with load_map("journey.json").

#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "klantreis.hpp"

namespace {

constexpr auto design = R"({
  "klantreis": 1,
  "journey": {"id": "shop"},
  "phases": [
    {"id": "orientation", "rollup": {"p2": "before"}},
    {"id": "purchase", "rollup": {"p2": "before"}},
    {"id": "service", "rollup": {"p2": "after"}}
  ],
  "touchpoints": [
    {"id": "product_page", "phase": "orientation", "match": {"event": {"prefix": "view"}}},
    {"id": "question_before", "phase": "orientation", "match": {"event": "faq"}, "when": {"before": "order"}},
    {"id": "question_after", "phase": "service", "match": {"event": "faq"}},
    {"id": "order", "phase": "purchase"},
    {"id": "call", "phase": "service"}
  ],
  "outcomes": [{"id": "order"}]
})";

}  // namespace

int main() {
  const std::vector<std::string> customers{"anna", "anna", "anna", "anna", "bram", "bram", "carla", "carla"};
  const std::vector<std::string> names{"view_washer", "faq", "order", "faq", "view_dryer", "chat", "faq", "order"};
  const std::vector<std::int64_t> times{0, 60, 120, 86'400, 0, 30, 10, 20};

  const auto map = klantreis::parse_map(design);
  const auto log = klantreis::apply_map(
      klantreis::event_log::from_columns(std::span<const std::string>{customers}, std::span<const std::int64_t>{times},
                                         std::span<const std::string>{names}),
      map);

  // The same events by phase, by a coarser level, and by the touchpoints of the map.
  for (const char* by : {"phase", "p2", "touchpoint"}) {
    std::cout << klantreis::to_text(klantreis::label_counts(log, by)) << '\n';
  }

  // What the design has and the log has not, and the other way round.
  const auto coverage = klantreis::map_coverage(log);
  for (std::size_t row = 0; row < coverage.rows(); ++row) {
    std::cout << coverage.texts("kind")[row] << ": " << coverage.texts("item")[row] << '\n';
  }

  // The map knows what converts.
  const auto journeys = klantreis::make_journeys(log, klantreis::map_journey_options(log));
  std::cout << '\n' << journeys.conversions() << " of " << journeys.customers() << " customers ordered\n";
}
