// SPDX-License-Identifier: MIT
// The engine beside a plain reference that shares no code with it: journeys, transitions, paths, n-grams, step matrix
// and funnel of small logs with ties, equal events and single ones, under any options and on several threads.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/bytes.hpp"
#include "klantreis/funnel.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/patterns/ngrams.hpp"
#include "klantreis/patterns/step_matrix.hpp"
#include "klantreis/transitions.hpp"

namespace {

using namespace klantreis;

using texts = std::vector<std::string>;

/// A journey of the reference: the items of its path, and its end.
struct plain_journey {
  texts path;
  bool converted = false;
  bool settled = true;
};

struct request {
  std::vector<std::string> conversion;
  after_conversion after = after_conversion::start_new;
  std::optional<std::int64_t> gap;
  std::optional<std::int64_t> inactivity;
  std::optional<std::int64_t> until;
};

using customers = std::map<std::string, std::vector<test::event>>;

/// The events of each customer in order: by time, then as they came.
customers grouped(const std::vector<test::event>& events) {
  customers result;
  for (const test::event& one : events) {
    result[one.customer].push_back(one);
  }
  for (auto& [who, own] : result) {
    std::stable_sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
  }
  return result;
}

std::vector<plain_journey> plain_journeys(const customers& all, const request& asked, std::int64_t until) {
  const std::optional<std::int64_t> gap = asked.gap ? asked.gap : asked.inactivity;
  const auto converts = [&](const test::event& one) {
    return std::find(asked.conversion.begin(), asked.conversion.end(), one.touchpoint) != asked.conversion.end();
  };
  std::vector<plain_journey> result;
  for (const auto& [who, own] : all) {
    plain_journey now;
    bool is_begun = false;
    bool has_stopped = false;
    std::int64_t last = 0;
    std::int64_t judged = 0;  // the event that tells whether the journey is settled
    const auto finish = [&] {
      if (is_begun) {
        now.settled = !asked.inactivity || until - judged >= *asked.inactivity;
        result.push_back(now);
      }
      now = {};
      is_begun = false;
    };
    for (const test::event& one : own) {
      if (one.seconds > until || has_stopped) {
        continue;
      }
      if (is_begun && gap && one.seconds - last > *gap) {
        finish();
      }
      is_begun = true;
      last = one.seconds;
      const bool goes_on = asked.after == after_conversion::go_on;
      if (!goes_on || !now.converted) {
        judged = one.seconds;
      }
      if (converts(one)) {
        now.converted = true;
        if (!goes_on) {
          has_stopped = asked.after == after_conversion::stop;
          finish();
          continue;
        }
      }
      now.path.push_back(one.touchpoint);
    }
    finish();
  }
  return result;
}

/// The level of the default funnel by trying every choice of rows.
std::size_t plain_level(const std::vector<test::event>& own, const texts& steps, std::optional<std::int64_t> window) {
  std::size_t best = 0;
  for (std::size_t first = 0; first < own.size(); ++first) {
    std::size_t level = 0;
    for (std::size_t at = first; at < own.size() && level < steps.size(); ++at) {
      const bool inside = !window || own[at].seconds - own[first].seconds <= *window;
      if (own[at].touchpoint == steps[level] && inside) {
        ++level;
      } else if (level == 0) {
        break;  // chains that begin here begin with the first step
      }
    }
    best = (std::max)(best, level);
  }
  return best;
}

std::string joined(const texts& path) {
  std::string text;
  for (const std::string& item : path) {
    text += item + ">";
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::source bytes{data, size};
  request asked;
  for (const char* name : {"a", "b", "c", "d"}) {
    if (bytes.below(4) == 0) {
      asked.conversion.emplace_back(name);
    }
  }
  asked.after = static_cast<after_conversion>(bytes.below(3));
  const auto inactivity = static_cast<std::int64_t>(bytes.below(16));
  const auto gap = static_cast<std::int64_t>(bytes.below(16));
  const auto until = static_cast<std::int64_t>(bytes.below(32)) * 4;
  if (inactivity > 0) {
    asked.inactivity = inactivity;
  }
  if (gap > 0 && (inactivity == 0 || gap <= inactivity)) {
    asked.gap = gap;
  }
  if (until > 0) {
    asked.until = until;
  }
  const unsigned threads = bytes.below(32) == 0 ? 3 : 1;
  const bool collapse = bytes.below(3) == 0;
  const std::size_t length = 1 + bytes.below(4);
  const auto window = static_cast<std::int64_t>(bytes.below(12));
  const auto events = fuzz::events_of(bytes, 40);
  if (events.empty()) {
    return 0;
  }

  journey_options options{.conversion = asked.conversion, .after = asked.after, .threads = threads};
  const auto seconds = [](const std::optional<std::int64_t>& given) {
    return given ? std::optional<duration>{std::chrono::seconds{*given}} : std::nullopt;
  };
  options.gap = seconds(asked.gap);
  options.inactivity = seconds(asked.inactivity);
  if (asked.until) {
    options.observed_until = instant{std::chrono::seconds{*asked.until}};
  }
  journey_set journeys;
  try {
    journeys = make_journeys(test::log_of(events), options);
  } catch (const input_error&) {
    return 0;  // a conversion that no event names, or an observation that ends before the log begins
  }

  const customers all = grouped(events);
  std::int64_t last = 0;
  for (const test::event& one : events) {
    last = (std::max)(last, one.seconds);
  }
  const auto expected = plain_journeys(all, asked, asked.until.value_or(last));
  fuzz::require(journeys.size() == expected.size(), "as many journeys as in the reference", events);

  // Of each path: conversions, nulls, open journeys.
  std::map<std::string, std::array<double, 3>> paths;
  std::map<std::pair<std::string, std::string>, double> steps;
  std::map<std::string, std::uint64_t> grams;
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> stands;
  constexpr std::size_t shown = 4;
  for (const plain_journey& one : expected) {
    texts path = one.path;
    if (collapse) {
      path.erase(std::unique(path.begin(), path.end()), path.end());
    }
    paths[joined(path)][one.settled ? one.converted ? 0 : 1 : 2] += 1.0;
    for (std::size_t first = 0; first + length <= path.size(); ++first) {
      const auto begin = path.begin() + static_cast<std::ptrdiff_t>(first);
      ++grams[joined({begin, begin + static_cast<std::ptrdiff_t>(length)})];
    }
    const bool goes_on = asked.after == after_conversion::go_on;
    const std::string end = goes_on ? "(end)" : one.converted ? "(conversion)" : "(null)";
    for (std::size_t step = 0; step < shown; ++step) {
      ++stands[{static_cast<std::int64_t>(step + 1), step < path.size() ? path[step] : one.settled ? end : "(open)"}];
    }
    if (one.settled) {
      std::string from = "(start)";
      for (const std::string& item : path) {
        steps[{std::exchange(from, item), item}] += 1.0;
      }
      steps[{from, end}] += 1.0;
    }
  }

  const path_table found_paths = make_paths(journeys, {.collapse = collapse, .threads = threads});
  fuzz::require(found_paths.size() == paths.size(), "as many distinct paths", events);
  for (std::size_t path = 0; path < found_paths.size(); ++path) {
    texts names;
    for (const std::uint32_t code : found_paths.path(path)) {
      names.emplace_back(found_paths.names()[code]);
    }
    const auto& wanted = paths[joined(names)];
    fuzz::require(found_paths.conversions()[path] == wanted[0] && found_paths.nulls()[path] == wanted[1] &&
                      found_paths.open()[path] == wanted[2],
                  "each path ends as often", events);
  }

  const transition_counts counts = count_transitions(journeys, {.collapse = collapse, .threads = threads});
  std::size_t edges = 0;
  for (std::size_t from = 0; from < counts.states().size(); ++from) {
    const auto row = counts.row(static_cast<transition_counts::state>(from));
    for (std::size_t i = row.begin; i < row.end; ++i, ++edges) {
      const std::pair edge{std::string{counts.states()[static_cast<transition_counts::state>(from)]},
                           std::string{counts.states()[counts.target(i)]}};
      fuzz::require(steps.contains(edge) && steps[edge] == counts.weight(i), "each transition as often", events);
    }
  }
  fuzz::require(edges == steps.size(), "as many transitions", events);

  const ngram_counts found_grams = count_ngrams(journeys, {.length = length, .collapse = collapse, .threads = threads});
  fuzz::require(found_grams.size() == grams.size(), "as many n-grams", events);
  for (std::size_t gram = 0; gram < found_grams.size(); ++gram) {
    texts names;
    for (const std::uint32_t code : found_grams.items(gram)) {
      names.emplace_back(found_grams.names()[code]);
    }
    fuzz::require(grams[joined(names)] == found_grams.occurrences()[gram], "each n-gram as often", events);
  }

  const table matrix = step_matrix(journeys, {.steps = shown, .collapse = collapse, .threads = threads});
  fuzz::require(matrix.rows() == stands.size(), "as many cells of the step matrix", events);
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    const std::pair cell{matrix.integers("step")[row], matrix.texts("label")[row]};
    fuzz::require(stands[cell] == matrix.integers("count")[row], "each cell of the step matrix", events);
  }

  const texts asked_steps{"a", "b", "c"};
  std::array<std::int64_t, 3> reached{};
  for (const auto& [who, own] : all) {
    const std::size_t level =
        plain_level(own, asked_steps, window > 0 ? std::optional<std::int64_t>{window} : std::nullopt);
    for (std::size_t step = 0; step < level; ++step) {
      ++reached[step];
    }
  }
  funnel_options funnel_asked{.threads = threads};
  if (window > 0) {
    funnel_asked.window = std::chrono::seconds{window};
  }
  const table levels = funnel(journeys.log(), {{"a"}, {"b"}, {"c"}}, funnel_asked);
  for (std::size_t step = 0; step < reached.size(); ++step) {
    fuzz::require(levels.integers("count")[step] == reached[step], "each step of the funnel", events);
  }
  return 0;
}
