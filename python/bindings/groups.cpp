// SPDX-License-Identifier: MIT
#include "klantreis/groups.hpp"

#include <pybind11/stl.h>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

using cost_list = std::vector<std::tuple<std::string, std::string, double>>;
using named_paths = std::vector<std::vector<std::string>>;

distance_options distance_options_of(const std::string& metric, const std::string& substitution, double constant,
                                     const cost_list& costs, std::optional<double> indel,
                                     std::optional<std::size_t> places, std::size_t ngram, bool relative,
                                     unsigned threads) {
  distance_options options{.metric = to_sequence_metric(metric),
                           .substitution = substitution == "given"      ? substitution_rule::given
                                           : substitution == "constant" ? substitution_rule::constant
                                                                        : substitution_rule::transition_rates,
                           .constant = constant,
                           .indel = indel,
                           .places = places,
                           .ngram = ngram,
                           .relative = relative,
                           .threads = threads};
  for (const auto& [first, second, cost] : costs) {
    options.costs.push_back({first, second, cost});
  }
  return options;
}

path_table table_of(const named_paths& paths, const std::vector<double>& weights) {
  path_table result;
  for (std::size_t index = 0; index < paths.size(); ++index) {
    const std::vector<std::string_view> items(paths[index].begin(), paths[index].end());
    result.add(items, 0.0, weights[index]);
  }
  return result;
}

std::vector<std::string> texts_of(const weighted_sequences& sequences) {
  std::vector<std::string> texts;
  for (std::size_t index = 0; index < sequences.size(); ++index) {
    texts.push_back(join_path(sequences.names, sequences[index]));
  }
  return texts;
}

/// The distinct paths of a table, their weights, and the distances among them as the bytes of doubles.
template <typename Paths>
std::tuple<std::vector<std::string>, std::vector<double>, py::bytes> distances_among(Paths&& paths_of,
                                                                                     const distance_options& options) {
  std::tuple<std::vector<std::string>, std::vector<double>> found;
  std::vector<double> matrix;
  {
    const long_call call;
    const path_sequences all = sequences_of(paths_of());
    std::vector<std::uint32_t> chosen(all.sequences.size());
    std::iota(chosen.begin(), chosen.end(), 0U);
    const sequence_distances distances{all.sequences, options};
    matrix = distance_matrix(distances, chosen, options.threads);
    found = {texts_of(all.sequences), all.sequences.weights};
  }
  return {std::move(std::get<0>(found)), std::move(std::get<1>(found)),
          py::bytes(reinterpret_cast<const char*>(matrix.data()), matrix.size() * sizeof(double))};
}

}  // namespace

void bind_groups(py::module_& m) {
  py::class_<distance_options>(m, "DistanceOptions")
      .def(py::init(&distance_options_of), py::kw_only(), py::arg("metric"), py::arg("substitution"),
           py::arg("constant"), py::arg("costs"), py::arg("indel"), py::arg("places"), py::arg("ngram"),
           py::arg("relative"), py::arg("threads"));
  py::class_<cluster_options>(m, "ClusterOptions")
      .def(py::init([](const std::string& by, bool collapse, std::vector<std::size_t> numbers, std::size_t folds,
                       std::size_t sample, std::uint64_t seed, double smoothing, bool ends, std::size_t starts,
                       std::size_t iterations, double tolerance, const distance_options& distance,
                       const std::optional<std::string>& linkage, double level, double min_n, unsigned threads) {
             return cluster_options{.by = by,
                                    .collapse = collapse,
                                    .numbers = std::move(numbers),
                                    .folds = folds,
                                    .sample = sample,
                                    .seed = seed,
                                    .mixture = {.smoothing = smoothing,
                                                .ends = ends,
                                                .starts = starts,
                                                .iterations = iterations,
                                                .tolerance = tolerance},
                                    .distance = distance,
                                    .linkage = linkage ? std::optional{to_linkage_rule(*linkage)} : std::nullopt,
                                    .intervals = {.level = level, .min_n = min_n},
                                    .threads = threads};
           }),
           py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("numbers"), py::arg("folds"), py::arg("sample"),
           py::arg("seed"), py::arg("smoothing"), py::arg("ends"), py::arg("starts"), py::arg("iterations"),
           py::arg("tolerance"), py::arg("distance"), py::arg("linkage"), py::arg("level"), py::arg("min_n"),
           py::arg("threads"));
  py::class_<clustering>(m, "Clustering")
      .def_property_readonly("clusters", [](const clustering& found) { return found.clusters; })
      .def_property_readonly("choice", [](const clustering& found) { return found.choice; })
      .def_property_readonly("merges", [](const clustering& found) { return found.merges; })
      .def_property_readonly("cluster_of",
                             [](const clustering& found) {
                               std::vector<std::int64_t> numbers;
                               numbers.reserve(found.cluster_of.size());
                               for (const std::uint32_t cluster : found.cluster_of) {
                                 numbers.push_back(cluster == no_cluster ? 0 : std::int64_t{cluster} + 1);
                               }
                               return numbers;
                             })
      .def_property_readonly("certainty", [](const clustering& found) { return found.certainty; })
      .def_property_readonly("log_likelihoods", [](const clustering& found) { return found.mixture.log_likelihoods; })
      .def_property_readonly("objectives", [](const clustering& found) { return found.mixture.objectives; })
      .def("transitions", &cluster_transitions, released());

  m.def("cluster_by_mixture", &cluster_by_mixture, py::arg("journeys"), py::arg("options"), released());
  m.def("cluster_by_distance", &cluster_by_distance, py::arg("journeys"), py::arg("options"), released());
  m.def("cluster_features", &cluster_features, py::arg("journeys"), py::arg("found"), py::arg("options"), released());
  m.def(
      "typical_journeys",
      [](const journey_set& journeys, const std::string& segment, const std::string& by, bool collapse,
         const distance_options& distance, std::size_t sample, std::uint64_t seed, unsigned threads) {
        return typical_journeys(journeys, {.segment = segment,
                                           .by = by,
                                           .collapse = collapse,
                                           .distance = distance,
                                           .sample = sample,
                                           .seed = seed,
                                           .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("segment"), py::arg("by"), py::arg("collapse"), py::arg("distance"),
      py::arg("sample"), py::arg("seed"), py::arg("threads"), released());
  m.def(
      "distances_of_paths",
      [](const path_table& paths, const distance_options& options) {
        return distances_among([&]() -> const path_table& { return paths; }, options);
      },
      py::arg("paths"), py::arg("options"));
  m.def(
      "distances_of_sequences",
      [](const named_paths& paths, const std::vector<double>& weights, const distance_options& options) {
        return distances_among([&] { return table_of(paths, weights); }, options);
      },
      py::arg("paths"), py::arg("weights"), py::arg("options"));
}

}  // namespace klantreis::bindings
