// SPDX-License-Identifier: MIT
// Any bytes as a measure, as text and as JSON: refused with a message, or read, printed, read back and measured.
#include <string>

#include "cpp/support/small_log.hpp"
#include "fuzz/bytes.hpp"
#include "klantreis/kpi.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace klantreis;
  static const journey_set journeys = make_journeys(test::log_of(test::webshop_events()), {.conversion = {"order"}});
  fuzz::source bytes{data, size};
  const bool is_json = bytes.below(2) == 1;
  std::string text;
  while (!bytes.empty()) {
    text += static_cast<char>(bytes.byte());
  }
  kpi_definition definition;
  definition.id = "it";
  definition.target = 0.5;
  definition.direction = kpi_direction::up;
  try {
    definition.measure = is_json ? measure_from_json(parse_json(text)) : parse_expression(text);
  } catch (const input_error&) {
    return 0;
  }
  if (!is_json) {
    fuzz::require(parse_expression(to_text(definition.measure)) == definition.measure,
                  "a measure reads back as it was");
  }
  try {
    const table found = kpis(journeys, std::span{&definition, 1});
    fuzz::require(found.rows() == 1, "a figure has one row");
  } catch (const input_error&) {
  }
  return 0;
}
