// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/pair_counts.hpp"
#include "klantreis/detail/patterns/path_corpus.hpp"
#include "klantreis/detail/share_cases.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/patterns/around.hpp"

namespace klantreis::detail {

inline constexpr std::string_view other_label = "(other)";

/// The windows of a journey: steps before and after each visit that is asked for.
struct window_question {
  std::uint32_t at = 0;
  std::size_t before = 0;
  std::size_t after = 0;
  occurrence which = occurrence::first;

  [[nodiscard]] std::size_t size() const noexcept { return before + 1 + after; }
};

/// What a journey goes through: `(start)`, its items, its end.
inline void write_route(const path_corpus& corpus, std::size_t journey, std::vector<std::uint32_t>& route) {
  const auto path = corpus.path(journey);
  route.assign(1, corpus.states().start);
  route.insert(route.end(), path.begin(), path.end());
  route.push_back(corpus.ends[journey]);
}

/// Calls `use(place)` for the places of a route that hold `at`, as `which` says.
template <typename Use>
void for_each_visit(std::span<const std::uint32_t> route, std::uint32_t at, occurrence which, Use&& use) {
  if (which == occurrence::last) {
    const auto found = std::find(route.rbegin(), route.rend(), at);
    if (found != route.rend()) {
      use(route.size() - 1 - static_cast<std::size_t>(found - route.rbegin()));
    }
    return;
  }
  for (std::size_t place = 0; place < route.size(); ++place) {
    if (route[place] == at) {
      use(place);
      if (which == occurrence::first) {
        return;
      }
    }
  }
}

/// Calls `use(window)` for each window of a journey.
template <typename Use>
void for_each_window(const path_corpus& corpus, std::size_t journey, const window_question& question,
                     std::vector<std::uint32_t>& route, std::vector<std::uint32_t>& window, Use&& use) {
  write_route(corpus, journey, route);
  for_each_visit(route, question.at, question.which, [&](std::size_t place) {
    window.clear();
    for (std::size_t step = 0; step < question.size(); ++step) {
      const std::size_t there = place + step < question.before ? 0 : place + step - question.before;
      window.push_back(route[(std::min)(there, route.size() - 1)]);
    }
    use(std::span<const std::uint32_t>{window});
  });
}

/// What is counted of the windows.
struct window_counts {
  share_counter shares;  ///< cells: {step, label}, or of moves {step, from, to}
  pair_counts reached;   ///< (step, label): windows that are there for the first time on the way from the visit

  window_counts& operator+=(const window_counts& other) {
    shares += other.shares;
    reached += other.reached;
    return *this;
  }
};

/// Counts the windows, with `shown[label]` in place of each label.
inline window_counts count_windows(const path_corpus& corpus, const window_question& question,
                                   std::span<const std::uint32_t> shown, bool moves, unsigned threads) {
  const state_codes states = corpus.states();
  return count_in_slices(corpus.customer_count(), worker_count(threads), 4096, [&](index_range range) {
    window_counts part;
    std::vector<std::uint32_t> route;
    std::vector<std::uint32_t> window;
    std::vector<std::uint64_t> seen(corpus.names.size() + 1, 0);  // the walk that was there last
    std::uint64_t walk = 0;
    const auto look = [&](std::size_t step, std::uint32_t label) {
      if (seen[label] != walk) {
        seen[label] = walk;
        part.reached.add(static_cast<std::uint32_t>(step), label);
      }
    };
    for (const std::size_t customer : each(range)) {
      for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
        const unsigned group = corpus.groups[journey];
        for_each_window(corpus, journey, question, route, window, [&](std::span<const std::uint32_t>) {
          part.shares.unit(group);
          for (std::uint32_t& label : window) {
            label = shown[label];
          }
          if (moves) {
            for (std::uint32_t step = 0; step + 1 < window.size(); ++step) {
              const bool moved =
                  window[step + 1] != states.start && (window[step] < states.start + 1 || window[step] > states.open);
              if (moved) {
                part.shares.hit(std::array{step, window[step], window[step + 1]}, group);
              }
            }
            return;
          }
          for (std::uint32_t step = 0; step < window.size(); ++step) {
            part.shares.hit(std::array{step, window[step]}, group);
          }
          ++walk;
          for (std::size_t step = question.before; step < window.size(); ++step) {
            look(step, window[step]);
          }
          ++walk;
          for (std::size_t step = question.before; step-- > 0;) {
            look(step, window[step]);
          }
        });
      }
      part.shares.end_customer();
    }
    return part;
  });
}

/// What windows are asked for, checked.
struct window_plan {
  window_question question;
  std::vector<std::uint32_t> targets;
  std::vector<std::uint32_t> shown;  ///< by label: itself, or that of the others
  name_table names;                  ///< of labels, with that of the others
};

[[nodiscard]] inline window_plan plan_windows(const path_corpus& corpus, const around_options& options) {
  if (options.before + options.after == 0) {
    throw input_error("before and after are both 0, so there are no steps around " + quoted(options.at) +
                      "; give one of them");
  }
  if ((std::max)(options.before, options.after) > max_steps_around) {
    throw limit_error(std::to_string((std::max)(options.before, options.after)) + " steps around a visit; at most " +
                      std::to_string(max_steps_around) + " are possible on each side");
  }
  if (!(options.threshold >= 0.0 && options.threshold <= 1.0)) {
    throw input_error("threshold is " + std::to_string(options.threshold) + "; it is a share from 0 to 1");
  }
  window_plan plan;
  plan.question = {corpus_code(corpus, options.at, options.by), options.before, options.after, options.which};
  for (const std::string& target : options.targets) {
    plan.targets.push_back(corpus_code(corpus, target, options.by));
  }
  plan.names = corpus.names;
  const std::uint32_t other = plan.names.intern(other_label);
  plan.shown.resize(corpus.names.size());
  std::iota(plan.shown.begin(), plan.shown.end(), 0U);
  if (options.threshold > 0.0) {
    const window_counts all = count_windows(corpus, plan.question, plan.shown, false, options.threads);
    std::vector<bool> is_kept(corpus.names.size(), false);
    const auto population = all.shares.population();
    const auto hits = all.shares.hits();
    for (std::size_t cell = 0; cell < hits.size(); ++cell) {
      for (const unsigned group : {0U, 1U}) {
        const rate_moments moments = case_moments(population, hits[cell], group);
        if (moments.events.e >= options.threshold * moments.visits.v && moments.events.e > 0.0) {
          is_kept[all.shares.cell(cell)[1]] = true;
        }
      }
    }
    for (const std::uint32_t target : plan.targets) {
      is_kept[target] = true;
    }
    for (std::uint32_t label = 0; label < corpus.items; ++label) {
      plan.shown[label] = is_kept[label] ? label : other;
    }
  }
  return plan;
}

inline void set_window_options(table& result, const path_corpus& corpus, const around_options& options) {
  result.set_option("at", options.at);
  result.set_option("before", std::to_string(options.before));
  result.set_option("after", std::to_string(options.after));
  result.set_option("which", options.which == occurrence::first  ? "first"
                             : options.which == occurrence::last ? "last"
                                                                 : "every");
  std::string targets;
  for (const std::string& target : options.targets) {
    targets += (targets.empty() ? "" : ", ") + target;
  }
  result.set_option("targets", targets.empty() ? "none" : targets);
  result.set_option("threshold", std::to_string(options.threshold));
  set_corpus_options(result, corpus, options.by);
  set_interval_options(result, options.intervals);
}

}  // namespace klantreis::detail
