// SPDX-License-Identifier: MIT
// Our side of the comparison: every job of compare.py on the columns of one file, one line of JSON for each job.
//
//     jobs [--texts] FILE [threads] [repeats] [job ...]
//
// FILE is what generate.py --binary writes; with --texts ids and touchpoints are made texts before anything is timed. A
// job that starts from journeys is timed alone; `journeys` is what it takes
// to build them, `valued` the same with values and cut by conversion. `funnel_events` starts from the events.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "columns.hpp"
#include "klantreis/attribution.hpp"
#include "klantreis/funnel.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/patterns.hpp"
#include "klantreis/timing.hpp"
#include "klantreis/transitions.hpp"

namespace {

using namespace klantreis;
using benchmarks::input;

double processor_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/// Resident megabytes: now (`VmRSS`), or at the most since the last reset (`VmHWM`).
double megabytes(std::string_view field) {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) {
      return std::strtod(line.c_str() + field.size() + 1, nullptr) / 1024.0;
    }
  }
  return 0.0;
}

void reset_peak() { std::ofstream{"/proc/self/clear_refs"} << '5'; }

std::vector<funnel_step> steps() { return {{"visit"}, {"product"}, {"cart"}, {"purchase"}}; }

event_log build(const input& columns, unsigned threads, bool valued, std::vector<std::string> only = {}) {
  log_builder builder{{.only = std::move(only), .threads = threads}};
  event_batch batch;
  batch.customer = columns.id_texts.empty() ? column_view{std::span<const std::int64_t>{columns.customers}}
                                            : column_view{std::span<const std::string_view>{columns.id_texts}};
  batch.time = column_view::timestamps(columns.times, 1'000'000);
  batch.touchpoint = columns.id_texts.empty()
                         ? column_view::dictionary(columns.touchpoints, columns.names)
                         : column_view{std::span<const std::string_view>{columns.touchpoint_texts}};
  if (valued) {
    batch.value = column_view{std::span<const double>{columns.values}};
  }
  // The columns outlive the builder, which may therefore read them where they are, as the yardstick does.
  builder.append(batch, std::shared_ptr<const void>{std::shared_ptr<void>{}, &columns});
  return builder.finish();
}

using checks = std::vector<double>;

checks check_transitions(const transition_counts& counts) {
  double inner = 0.0;
  double starts = 0.0;
  double pair = 0.0;
  for (std::size_t from = 0; from < counts.states().size(); ++from) {
    const auto row = counts.row(static_cast<transition_counts::state>(from));
    for (std::size_t i = row.begin; i < row.end; ++i) {
      const auto to = counts.target(i);
      starts += from == transition_counts::start ? counts.weight(i) : 0.0;
      if (from >= transition_counts::first_item && to >= transition_counts::first_item) {
        inner += counts.weight(i);
        if (counts.states()[static_cast<transition_counts::state>(from)] == "visit" &&
            counts.states()[to] == "product") {
          pair += counts.weight(i);
        }
      }
    }
  }
  return {inner, starts, pair};
}

checks check_funnel(const table& found) {
  const auto& reached = found.integers("count");
  checks result;
  for (std::size_t step = 0; step < reached.size(); ++step) {
    result.push_back(static_cast<double>(reached[step] - (step + 1 < reached.size() ? reached[step + 1] : 0)));
  }
  return result;
}

checks check_paths(const path_table& paths) {
  double distinct = 0.0;
  double conversions = 0.0;
  double nulls = 0.0;
  for (std::size_t path = 0; path < paths.size(); ++path) {
    if (!paths.path(path).empty()) {
      distinct += 1.0;
      conversions += paths.conversions()[path];
      nulls += paths.nulls()[path];
    }
  }
  return {distinct, conversions, nulls};
}

checks check_steps(const table& found) {
  double first = 0.0;
  double tenth = 0.0;
  double cart = 0.0;
  for (std::size_t row = 0; row < found.rows(); ++row) {
    const bool is_item = found.texts("label")[row].front() != '(';
    const auto count = static_cast<double>(found.integers("count")[row]);
    first += is_item && found.integers("step")[row] == 1 ? count : 0.0;
    tenth += is_item && found.integers("step")[row] == 10 ? count : 0.0;
    cart += found.texts("label")[row] == "cart" && found.integers("step")[row] == 3 ? count : 0.0;
  }
  return {first, tenth, cart};
}

checks check_cohorts(const table& found) {
  double cells = 0.0;
  double all = 0.0;
  double next = 0.0;
  for (std::size_t row = 0; row < found.rows(); ++row) {
    const auto returned = static_cast<double>(found.integers("returned")[row]);
    cells += returned > 0.0 ? 1.0 : 0.0;
    all += returned;
    next += found.integers("period")[row] == 1 ? returned : 0.0;
  }
  return {cells, all, next};
}

checks check_credits(const touch_credit_rows& rows) {
  checks result{static_cast<double>(rows.events.size())};
  for (const auto& parts : rows.parts) {
    double sum = 0.0;
    for (std::size_t row = 0; row < parts.size(); ++row) {
      sum += parts[row] * rows.worth[row];
    }
    result.push_back(sum);
  }
  return result;
}

class runner {
 public:
  runner(unsigned repeats, std::vector<std::string> wanted) : repeats_(repeats), wanted_(std::move(wanted)) {}

  /// `work` returns what `check` needs; only `work` is timed.
  template <typename Work, typename Check>
  void run(const std::string& job, Work&& work, Check&& check) {
    if (!wanted_.empty() && std::find(wanted_.begin(), wanted_.end(), job) == wanted_.end()) {
      return;
    }
    double wall = std::numeric_limits<double>::infinity();
    double cpu = wall;
    double peak = wall;
    checks found;
    const double before = megabytes("VmRSS:");
    for (unsigned repeat = 0; repeat < repeats_; ++repeat) {
      reset_peak();
      const double used = processor_seconds();
      const auto began = std::chrono::steady_clock::now();
      auto result = work();
      wall = (std::min)(wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
      cpu = (std::min)(cpu, processor_seconds() - used);
      peak = (std::min)(peak, megabytes("VmHWM:"));
      found = check(result);
    }
    std::printf("{\"job\": \"%s\", \"wall\": %.4f, \"cpu\": %.4f, \"before\": %.0f, \"peak\": %.0f, \"check\": [",
                job.c_str(), wall, cpu, before, peak);
    for (std::size_t i = 0; i < found.size(); ++i) {
      std::printf("%s%.17g", i == 0 ? "" : ", ", found[i]);
    }
    std::printf("]}\n");
    std::fflush(stdout);
  }

 private:
  unsigned repeats_;
  std::vector<std::string> wanted_;
};

}  // namespace

int main(int argc, char** argv) {
  const bool texts = argc > 1 && std::string_view{argv[1]} == "--texts";
  if (texts) {
    --argc;
    ++argv;
  }
  if (argc < 2) {
    std::cerr << "jobs [--texts] FILE [threads] [repeats] [job ...]\n";
    return 1;
  }
  input columns = benchmarks::read_columns(argv[1]);
  if (texts) {
    benchmarks::make_texts(columns);
  }
  const auto threads = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 2);
  const auto repeats = static_cast<unsigned>(argc > 3 ? std::atoi(argv[3]) : 3);
  runner jobs{repeats, std::vector<std::string>(argv + (std::min)(argc, 4), argv + argc)};

  const auto count_journeys = [](const journey_set& journeys) {
    return checks{static_cast<double>(journeys.size()), static_cast<double>(journeys.log().events())};
  };
  jobs.run(
      "funnel_events",
      [&] {
        return funnel(build(columns, threads, false, {"visit", "product", "cart", "purchase"}), steps(),
                      {.window = std::chrono::days{7}, .threads = threads});
      },
      check_funnel);
  jobs.run(
      "three_events",
      [&] {
        const journey_set journeys = make_journeys(build(columns, threads, false), {.threads = threads});
        table levels = funnel(journeys, steps(), {.window = std::chrono::days{7}, .threads = threads});
        return std::pair{count_transitions(journeys, {.times = false, .threads = threads}), std::move(levels)};
      },
      [](const auto& found) {
        checks result = check_transitions(found.first);
        const checks levels = check_funnel(found.second);
        result.insert(result.end(), levels.begin(), levels.end());
        return result;
      });
  jobs.run(
      "journeys", [&] { return make_journeys(build(columns, threads, false), {.threads = threads}); }, count_journeys);
  {
    const journey_set journeys = make_journeys(build(columns, threads, false), {.threads = threads});
    jobs.run(
        "transitions", [&] { return count_transitions(journeys, {.times = false, .threads = threads}); },
        check_transitions);
    jobs.run(
        "funnel", [&] { return funnel(journeys, steps(), {.window = std::chrono::days{7}, .threads = threads}); },
        check_funnel);
    jobs.run(
        "variants", [&] { return variants(journeys, {.limit = 100, .threads = threads}); },
        [](const table& found) {
          double most = 0.0;
          for (std::size_t row = 0; row < (std::min)(found.rows(), std::size_t{50}); ++row) {
            most += static_cast<double>(found.integers("count")[row]);
          }
          double distinct = 0.0;
          for (const auto& [name, value] : found.options()) {
            distinct = name == "variants" ? std::strtod(value.c_str(), nullptr) : distinct;
          }
          return checks{distinct, most};
        });
    jobs.run("step_matrix", [&] { return step_matrix(journeys, {.threads = threads}); }, check_steps);
    jobs.run(
        "trigrams", [&] { return count_ngrams(journeys, {.length = 3, .threads = threads}); },
        [](const ngram_counts& found) {
          return checks{static_cast<double>(found.size()), static_cast<double>(found.total())};
        });
    jobs.run(
        "cohorts", [&] { return return_cohorts(journeys, {.periods = std::nullopt, .threads = threads}); },
        check_cohorts);
  }
  const journey_options cut{.conversion = {"purchase"}, .threads = threads};
  jobs.run("valued", [&] { return make_journeys(build(columns, threads, true), cut); }, count_journeys);
  {
    const journey_set journeys = make_journeys(build(columns, threads, true), cut);
    jobs.run("paths", [&] { return make_paths(journeys, {.threads = threads}); }, check_paths);
    const std::vector<attribution_model> models{first_touch{}, last_touch{}, linear{}, time_decay{}};
    jobs.run("credits", [&] { return touch_credits(journeys, models, {.threads = threads}); }, check_credits);
  }
  return 0;
}
