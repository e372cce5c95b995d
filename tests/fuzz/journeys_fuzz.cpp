// SPDX-License-Identifier: MIT
// Cutting, paths and transitions of small logs under any options: nothing is lost, nothing is counted twice.
#include "klantreis/journeys.hpp"

#include <string>
#include <vector>

#include "fuzz/bytes.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/transitions.hpp"

namespace {

using namespace klantreis;

journey_options options_of(fuzz::source& bytes) {
  journey_options options;
  options.threads = 1;
  for (const char* name : {"a", "b", "c", "d"}) {
    if (bytes.below(4) == 0) {
      options.conversion.emplace_back(name);
    }
  }
  options.after = static_cast<after_conversion>(bytes.below(3));
  const std::size_t inactivity = bytes.below(16);
  const std::size_t gap = bytes.below(16);
  if (inactivity > 0) {
    options.inactivity = std::chrono::seconds{inactivity};
  }
  if (gap > 0 && (inactivity == 0 || gap <= inactivity)) {
    options.gap = std::chrono::seconds{gap};
  }
  if (const std::size_t until = bytes.below(32); until > 0) {
    options.observed_until = instant{std::chrono::seconds{until * 4}};
  }
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::source bytes{data, size};
  const journey_options options = options_of(bytes);
  const auto events = fuzz::events_of(bytes, 200);
  if (events.empty()) {
    return 0;
  }
  const event_log log = test::log_of(events);
  journey_set journeys;
  try {
    journeys = make_journeys(log, options);
  } catch (const input_error&) {
    return 0;  // a conversion that no event names, or an observation that ends before the log begins
  }

  std::uint64_t end = 0;
  std::uint64_t conversions = 0;
  std::uint64_t nulls = 0;
  std::uint64_t open = 0;
  for (std::size_t i = 0; i < journeys.size(); ++i) {
    const journey item = journeys[i];
    fuzz::require(
        end <= item.begin && item.begin < item.end && item.begin <= item.path_end && item.path_end <= item.end,
        "journeys have events and do not overlap", events);
    end = item.end;
    conversions += item.is_conversion() ? 1U : 0U;
    nulls += item.is_null() ? 1U : 0U;
    open += item.is_open() ? 1U : 0U;
  }
  fuzz::require(end <= log.events(), "journeys stay within the log", events);
  fuzz::require(conversions == journeys.conversions() && nulls == journeys.nulls() && open == journeys.open(),
                "each journey is counted once", events);

  const path_table paths = make_paths(journeys);
  fuzz::require(paths.total_conversions() == static_cast<double>(conversions) &&
                    paths.total_nulls() == static_cast<double>(nulls) &&
                    paths.total_open() == static_cast<double>(open),
                "paths keep every journey", events);

  const transition_counts counts = count_transitions(journeys, {.threads = 1});
  fuzz::require(counts.journeys() == static_cast<double>(conversions + nulls), "every settled journey starts once",
                events);
  double arriving = 0.0;
  for (std::size_t from = 0; from < counts.states().size(); ++from) {
    const index_range leaving = counts.row(static_cast<transition_counts::state>(from));
    for (std::size_t transition = leaving.begin; transition < leaving.end; ++transition) {
      fuzz::require(counts.weight(transition) > 0.0, "a transition that is listed was taken", events);
      const auto to = counts.target(transition);
      const bool ends =
          to == transition_counts::conversion || to == transition_counts::null || to == transition_counts::end;
      arriving += ends ? counts.weight(transition) : 0.0;
    }
  }
  fuzz::require(arriving == counts.journeys(), "every settled journey ends once", events);
  return 0;
}
