// SPDX-License-Identifier: MIT
// The funnel against the search over all choices of rows.
#include "klantreis/funnel.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "fuzz/bytes.hpp"

namespace {

using klantreis::funnel_step;
using rows = std::vector<test::event>;

bool matches(const funnel_step& step, const std::string& name) {
  return std::find(step.names.begin(), step.names.end(), name) != step.names.end();
}

/// The deepest step that rows from `next` on can reach when `filled` steps are filled.
std::size_t deepest(const rows& events, const std::vector<funnel_step>& steps, std::optional<std::int64_t> window,
                    std::size_t filled, std::size_t next, std::int64_t start) {
  std::size_t best = filled;
  for (std::size_t row = next; row < events.size() && filled < steps.size(); ++row) {
    const std::int64_t began = filled == 0 ? events[row].seconds : start;
    if (matches(steps[filled], events[row].touchpoint) && (!window || events[row].seconds - began <= *window)) {
      best = std::max(best, deepest(events, steps, window, filled + 1, row + 1, began));
    }
  }
  return best;
}

std::vector<std::uint64_t> reached_by_search(const rows& events, const std::vector<funnel_step>& steps,
                                             std::optional<std::int64_t> window) {
  std::map<std::string, rows> customers;
  for (const test::event& event : events) {
    customers[event.customer].push_back(event);
  }
  std::vector<std::uint64_t> reached(steps.size(), 0);
  for (auto& [name, own] : customers) {
    std::stable_sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
    const std::size_t level = deepest(own, steps, window, 0, 0, 0);
    std::for_each_n(reached.begin(), level, [](std::uint64_t& count) { ++count; });
  }
  return reached;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::source bytes{data, size};
  std::vector<funnel_step> steps;
  const std::size_t count = 1 + bytes.below(4);
  for (std::size_t k = 0; k < count; ++k) {
    // Each bit of the byte lets one of the names count for this step.
    const std::size_t bits = 1 + bytes.below(15);
    std::vector<std::string> names;
    for (std::size_t bit = 0; bit < 4; ++bit) {
      if ((bits >> bit & 1U) != 0) {
        names.emplace_back(1, static_cast<char>('a' + bit));
      }
    }
    steps.emplace_back(std::move(names));
  }
  const std::size_t length = 1 + bytes.below(24);
  const auto window = length == 24 ? std::nullopt : std::optional{static_cast<std::int64_t>(length)};
  const rows events = fuzz::events_of(bytes, 24);
  if (events.empty()) {
    return 0;
  }
  klantreis::funnel_options options;
  options.threads = 1;
  if (window) {
    options.window = std::chrono::seconds{*window};
  }
  const auto fast = klantreis::count_funnel(test::log_of(events), steps, options).reached();
  fuzz::require(fast == reached_by_search(events, steps, window), "the funnel equals the search", events);
  return 0;
}
