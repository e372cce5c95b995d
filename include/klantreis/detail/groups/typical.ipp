// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/groups/clusters.hpp"
#include "klantreis/groups/typical.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/patterns.hpp"

namespace klantreis {
namespace detail {

struct segment_counts {
  std::string name;
  std::vector<double> conversions;  // by path
  std::vector<double> nulls;
  std::vector<double> values;
  std::uint64_t journeys = 0;
  std::uint64_t customers = 0;
  std::size_t last_customer = static_cast<std::size_t>(-1);

  void add(const path_unit& unit, std::size_t customer) {
    (unit.outcome == path_unit::kind::conversion ? conversions : nulls)[unit.path] += 1.0;
    values[unit.path] += unit.value;
    ++journeys;
    customers += customer != last_customer ? 1U : 0U;
    last_customer = customer;
  }
};

inline std::vector<segment_counts> count_segments(const journey_set& journeys, const path_table& paths,
                                                  const std::string& segment) {
  const bool by_outcome = segment == "outcome" && !journeys.log().has_labels(segment);
  const label_column* labels = segment.empty() || by_outcome ? nullptr : &journeys.log().labels(segment);
  std::vector<segment_counts> found;
  std::vector<std::size_t> segment_of(labels == nullptr ? 2 : labels->names.size(), no_sequence);
  for (std::size_t customer = 0; customer < journeys.customers(); ++customer) {
    for (std::size_t index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
         ++index) {
      const path_unit& unit = paths.units()[index];
      if (unit.outcome == path_unit::kind::open) {
        continue;
      }
      const bool converted = unit.outcome == path_unit::kind::conversion;
      const std::size_t code = labels != nullptr ? labels->codes[journeys[index].begin]
                               : by_outcome      ? (converted ? 1U : 0U)
                                                 : 0U;
      if (segment_of[code] == no_sequence) {
        segment_of[code] = found.size();
        const std::string name{labels != nullptr ? labels->names[static_cast<std::uint32_t>(code)]
                               : by_outcome      ? (converted ? conversion_state : null_state)
                                                 : std::string_view{"(all)"}};
        const std::vector<double> zeros(paths.size(), 0.0);
        found.push_back({name, zeros, zeros, zeros});
      }
      found[segment_of[code]].add(unit, customer);
    }
  }
  std::sort(found.begin(), found.end(), [](const segment_counts& a, const segment_counts& b) {
    return a.journeys != b.journeys ? a.journeys > b.journeys : a.name < b.name;
  });
  return found;
}

struct medoid_path {
  std::string path;
  double distance = null_value;
};

inline medoid_path find_medoid(const weighted_sequences& sequences, const distance_options& options, unsigned threads) {
  const sequence_distances distances{sequences, options};
  const std::size_t size = sequences.size();
  std::vector<double> sums(size, 0.0);
  const unsigned workers = worker_count(threads);
  run_parallel(workers, [&](unsigned worker) {
    sequence_distances::workspace space;
    for (std::size_t a = worker; a < size; a += workers) {
      check_stop();
      for (std::size_t b = 0; b < size; ++b) {
        // The smaller number first, so that rounding is the same both ways.
        sums[a] += sequences.weights[b] * distances((std::min)(a, b), (std::max)(a, b), space);
      }
    }
  });
  std::size_t best = 0;
  for (std::size_t at = 1; at < size; ++at) {
    const bool nearer = sums[at] < sums[best];
    const bool heavier = sums[at] == sums[best] && sequences.weights[at] > sequences.weights[best];
    best = nearer || heavier ? at : best;
  }
  return {join_path(sequences.names, sequences[best]), sums[best] / sequences.total_weight()};
}

}  // namespace detail

KLANTREIS_INLINE table typical_journeys(const journey_set& journeys, const typical_options& options) {
  require_cut(journeys, "typical");
  if (options.sample < 1) {
    throw input_error("a sample of 0 distinct sequences has no medoid; give at least 1");
  }
  const path_table paths = make_paths(
      journeys, {.by = options.by, .collapse = options.collapse, .lookback = {}, .threads = options.threads});
  const auto segments = detail::count_segments(journeys, paths, options.segment);
  std::vector<std::string> names;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> customers;
  std::vector<std::string> medoids;
  std::vector<double> distances;
  std::vector<std::string> likely;
  std::vector<std::string> ends;
  std::vector<double> probabilities;
  std::vector<std::int64_t> compared;
  for (const detail::segment_counts& segment : segments) {
    const path_table own = paths.with_counts(segment.conversions, segment.nulls, segment.values);
    const path_sequences all = sequences_of(own);
    const detail::sequence_sample sample = detail::draw_sequences(own, all, options.sample, options.seed);
    const weighted_sequences drawn = take_sequences(all.sequences, sample.chosen, sample.weights);
    const detail::medoid_path medoid = detail::find_medoid(drawn, options.distance, options.threads);
    const bool converts = own.total_conversions() > 0.0;
    const table path = likely_paths(own, {.limit = 1, .to = std::string{converts ? conversion_state : null_state}});
    names.push_back(segment.name);
    counts.push_back(static_cast<std::int64_t>(segment.journeys));
    customers.push_back(static_cast<std::int64_t>(segment.customers));
    medoids.push_back(medoid.path);
    distances.push_back(medoid.distance);
    likely.push_back(path.rows() > 0 ? path.texts("path")[0] : std::string{});
    ends.emplace_back(converts ? conversion_state : null_state);
    probabilities.push_back(path.rows() > 0 ? path.numbers("probability")[0] : null_value);
    compared.push_back(static_cast<std::int64_t>(drawn.size()));
  }
  table result{
      "The typical journey of each segment. medoid: the path of a settled journey that is least far from the others on "
      "average (distance); compared: the distinct paths it was chosen from, the most frequent ones where there are "
      "more "
      "than the sample takes. likely_path: the most probable path under the Markov chain of the segment among those "
      "that "
      "end in ends_in; probability: of all its journeys that start. n: customers."};
  result.add("segment", std::move(names));
  result.add("journeys", std::move(counts), quantity::count);
  result.add("n", std::move(customers), quantity::count);
  result.add("medoid", std::move(medoids));
  result.add("distance", std::move(distances));
  result.add("compared", std::move(compared), quantity::count);
  result.add("likely_path", std::move(likely));
  result.add("ends_in", std::move(ends));
  result.add("probability", std::move(probabilities), quantity::share);
  result.set_option("segment", options.segment.empty() ? "none" : options.segment);
  result.set_option("by", options.by);
  result.set_option("collapse", detail::items_of(journeys, options.by, options.collapse).collapse ? "yes" : "no");
  result.set_option("method", std::string{to_text(options.distance.metric)});
  result.set_option("sample", std::to_string(options.sample));
  for (const auto& [name, value] : detail::cut_options(journeys)) {
    result.set_option(name, value);
  }
  return result;
}

}  // namespace klantreis
