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

/// What a chain of rows must respect.
struct rules {
  std::vector<funnel_step> steps = {};
  std::optional<std::int64_t> window = std::nullopt;
  std::optional<std::int64_t> step_window = std::nullopt;
  bool directly = false;
  std::string excluded = {};  // a name that may not stand between two steps; empty: none
};

/// The deepest step that rows from `next` on can reach when `filled` steps are filled, the last of them by `last`.
std::size_t deepest(const rows& events, const rules& asked, std::size_t filled, std::size_t next, std::int64_t start,
                    std::size_t last) {
  std::size_t best = filled;
  for (std::size_t row = next; row < events.size() && filled < asked.steps.size(); ++row) {
    const std::int64_t now = events[row].seconds;
    const std::int64_t began = filled == 0 ? now : start;
    const bool fits = filled == 0 || (!(asked.step_window && now - events[last].seconds > *asked.step_window) &&
                                      !(asked.directly && row != last + 1));
    if (fits && matches(asked.steps[filled], events[row].touchpoint) &&
        !(asked.window && now - began > *asked.window)) {
      best = std::max(best, deepest(events, asked, filled + 1, row + 1, began, row));
    }
    if (filled != 0 && events[row].touchpoint == asked.excluded) {
      break;
    }
  }
  return best;
}

/// The most steps, from `step` on, that different rows from `begin` to `end` fill.
std::size_t most_steps(const rows& events, const std::vector<funnel_step>& steps, std::size_t begin, std::size_t end,
                       std::size_t step, std::uint64_t used) {
  if (step == steps.size()) {
    return 0;
  }
  std::size_t best = most_steps(events, steps, begin, end, step + 1, used);
  for (std::size_t row = begin; row < end; ++row) {
    if ((used >> row & 1U) == 0 && matches(steps[step], events[row].touchpoint)) {
      best = std::max(best, 1 + most_steps(events, steps, begin, end, step + 1, used | (std::uint64_t{1} << row)));
    }
  }
  return best;
}

std::size_t any_order(const rows& events, const rules& asked) {
  std::size_t best = 0;
  for (std::size_t begin = 0; begin < events.size(); ++begin) {
    std::size_t end = begin;
    while (end < events.size() && !(asked.window && events[end].seconds - events[begin].seconds > *asked.window)) {
      ++end;
    }
    best = std::max(best, most_steps(events, asked.steps, begin, end, 0, 0));
  }
  return best;
}

template <typename Level>
std::vector<std::uint64_t> reached_by_search(const rows& events, std::size_t steps, Level&& level) {
  std::map<std::string, rows> customers;
  for (const test::event& event : events) {
    customers[event.customer].push_back(event);
  }
  std::vector<std::uint64_t> reached(steps, 0);
  for (auto& [name, own] : customers) {
    std::stable_sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
    std::for_each_n(reached.begin(), level(own), [](std::uint64_t& count) { ++count; });
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
  const klantreis::event_log log = test::log_of(events);
  const auto require_equal = [&](const rules& asked, const char* what) {
    const auto fast = klantreis::count_funnel(log, steps, options).reached();
    const auto slow =
        reached_by_search(events, steps.size(), [&](const rows& own) { return deepest(own, asked, 0, 0, 0, 0); });
    fuzz::require(fast == slow, what, events);
  };
  const rules plain{.steps = steps, .window = window};
  require_equal(plain, "the funnel equals the search");

  // Every choice of rows for every step: only of short logs.
  if (events.size() <= 14) {
    options.order = klantreis::funnel_order::any;
    fuzz::require(klantreis::count_funnel(log, steps, options).reached() ==
                      reached_by_search(events, steps.size(), [&](const rows& own) { return any_order(own, plain); }),
                  "the funnel in any order equals the search", events);
  }

  options.order = klantreis::funnel_order::strict;
  rules strict = plain;
  strict.directly = true;
  require_equal(strict, "the strict funnel equals the search");

  options.order = klantreis::funnel_order::ordered;
  rules stepwise = plain;
  stepwise.step_window = 3;
  options.step_windows = {std::chrono::seconds{3}};
  require_equal(stepwise, "windows from step to step equal the search");

  if (steps.size() > 1) {
    rules excluding = stepwise;
    excluding.excluded = "d";
    options.exclude = {{.what = "d"}};
    require_equal(excluding, "excluded events equal the search");
  }
  return 0;
}
