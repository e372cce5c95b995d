// SPDX-License-Identifier: MIT
// How long a call goes on after it was asked to stop: one line of JSON for each job.
//
//     stop FILE [threads] [job ...]
//
// FILE is what generate.py --binary writes. Each job runs once to its end, and then again as often as there are moments
// at which it is stopped. `seconds` is what it takes, `longest` the most seconds from the request to the end.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "columns.hpp"
#include "klantreis/attribution.hpp"
#include "klantreis/dropoff.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/funnel.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/match.hpp"
#include "klantreis/parts.hpp"
#include "klantreis/patterns.hpp"
#include "klantreis/store.hpp"
#include "klantreis/timing.hpp"
#include "klantreis/transitions.hpp"

namespace {

using namespace klantreis;
using benchmarks::input;
using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point began) {
  return std::chrono::duration<double>(clock_type::now() - began).count();
}

event_batch batch_of(const input& columns) {
  event_batch batch;
  batch.customer = columns.id_texts.empty() ? column_view{std::span<const std::int64_t>{columns.customers}}
                                            : column_view{std::span<const std::string_view>{columns.id_texts}};
  batch.time = column_view::timestamps(columns.times, 1'000'000);
  batch.touchpoint = column_view::dictionary(columns.touchpoints, columns.names);
  batch.value = column_view{std::span<const double>{columns.values}};
  return batch;
}

event_log build(const event_batch& batch, unsigned threads) {
  log_builder builder{{.threads = threads}};
  builder.append(batch);
  return builder.finish();
}

std::vector<std::string> wanted;  // all jobs when it is empty

template <typename Work>
void measure(const std::string& job, const Work& work) {
  if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), job) == wanted.end()) {
    return;
  }
  const auto began = clock_type::now();
  (void)work();
  const double whole = seconds_since(began);
  double longest = 0.0;
  unsigned stopped = 0;
  constexpr unsigned moments = 12;
  for (unsigned moment = 0; moment < moments; ++moment) {
    std::stop_source source;
    clock_type::time_point asked = clock_type::time_point::max();
    std::jthread other{[&] {
      std::this_thread::sleep_for(std::chrono::duration<double>(whole * (moment + 0.5) / moments));
      asked = clock_type::now();
      source.request_stop();
    }};
    try {
      const work_scope scope{source.get_token()};
      (void)work();
    } catch (const work_stopped&) {
    }
    const auto ended = clock_type::now();
    other.join();
    if (asked < ended) {
      ++stopped;
      longest = (std::max)(longest, std::chrono::duration<double>(ended - asked).count());
    }
  }
  std::printf("{\"job\": \"%s\", \"seconds\": %.3f, \"stopped\": %u, \"longest\": %.4f}\n", job.c_str(), whole, stopped,
              longest);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "stop FILE [threads] [job ...]\n";
    return 1;
  }
  input columns = benchmarks::read_columns(argv[1]);
  const auto threads = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 2);
  wanted.assign(argv + (std::min)(argc, 3), argv + argc);
  const event_batch batch = batch_of(columns);
  measure("log", [&] { return build(batch, threads); });
  {
    benchmarks::make_texts(columns);
    const event_batch named = batch_of(columns);
    measure("log, ids as texts", [&] { return build(named, threads); });
  }
  const event_log log = build(batch, threads);
  const journey_options cut{.conversion = {"purchase"}, .threads = threads};
  measure("journeys", [&] { return make_journeys(log, cut); });
  const journey_set journeys = make_journeys(log, cut);
  measure("transitions", [&] { return transitions(count_transitions(journeys, {.threads = threads}), {}, threads); });
  const std::vector<funnel_step> steps{{"visit"}, {"product"}, {"cart"}, {"purchase"}};
  measure("funnel", [&] { return funnel(journeys, steps, {.window = std::chrono::days{7}, .threads = threads}); });
  measure("drop-off", [&] { return drop_off(journeys, {.threads = threads}); });
  measure("step matrix", [&] { return step_matrix(journeys, {.threads = threads}); });
  measure("variants", [&] { return variants(journeys, {.limit = 100, .threads = threads}); });
  measure("trigrams", [&] { return count_ngrams(journeys, {.length = 3, .threads = threads}); });
  measure("return cohorts", [&] { return return_cohorts(journeys, {.threads = threads}); });
  measure("survival", [&] { return survival(collect_spells(journeys, {.threads = threads}), {}); });
  measure("path pattern",
          [&] { return count_matches(journeys, path_pattern{"visit ->> product ->> cart"}, {.threads = threads}); });
  measure("paths", [&] { return make_paths(journeys, {.threads = threads}); });
  const path_table paths = make_paths(journeys, {.threads = threads});
  measure("paths, merged", [&] {
    path_table twice = paths;
    return twice += paths;
  });
  measure("paths as a table", [&] { return paths.to_table(); });
  measure("variants of paths", [&] { return variants(paths, {.threads = threads}); });
  measure("credit, linear", [&] { return attribute(journeys, linear{}, {.threads = threads}); });
  for (const unsigned order : {1U, 2U, 3U}) {
    measure("credit, Markov of order " + std::to_string(order),
            [&] { return attribute(paths, markov_model{.order = order}, {.threads = threads}); });
  }
  measure("credit, logistic", [&] { return attribute(paths, logistic{}, {.threads = threads}); });
  measure("credit, 10 replicates",
          [&] { return attribute_by_bootstrap(paths, linear{}, {.threads = threads}, {.replicates = 10, .seed = 1}); });
  measure("counts to bytes and back", [&] { return counts_from_bytes(to_bytes(part_counts{paths})); });
  measure("log to bytes and back", [&] { return log_from_bytes(to_bytes(log)); });
  const event_log more = [&] {
    log_builder builder{{.threads = threads}};
    const std::size_t size = columns.times.size() / 100;
    event_batch part;
    part.customer = column_view{std::span<const std::int64_t>{columns.customers}.first(size)};
    part.time = column_view::timestamps(std::span<const std::int64_t>{columns.times}.first(size), 1'000'000);
    part.touchpoint =
        column_view::dictionary(std::span<const std::uint32_t>{columns.touchpoints}.first(size), columns.names);
    part.value = column_view{std::span<const double>{columns.values}.first(size)};
    builder.append(part);
    return builder.finish();
  }();
  measure("update by a hundredth", [&] { return updated(log, more); });
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "klantreis-stop";
  measure("to disk and back", [&] {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    event_spill rows{folder.string(), {.reading = {.threads = threads}, .partitions = 8}};
    rows.append(batch);
    rows.finish();
    for (std::size_t part = 0; part < rows.partitions(); ++part) {
      (void)rows.log(part);
    }
    return 0;
  });
  std::filesystem::remove_all(folder);
  return 0;
}
