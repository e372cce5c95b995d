// SPDX-License-Identifier: MIT
#include "klantreis/conformance.hpp"

#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

using named_transition = std::tuple<std::string, std::vector<std::string>, std::vector<std::string>>;
using named_step = std::tuple<std::string, std::optional<std::int64_t>, double, std::string>;

const char* name_of(alignment::step_kind kind) {
  return kind == alignment::step_kind::both         ? "both"
         : kind == alignment::step_kind::only_trace ? "only_trace"
                                                    : "only_design";
}

petri_net net_from(const std::vector<named_transition>& transitions, const std::string& source,
                   const std::string& sink) {
  petri_net net{.source = source, .sink = sink};
  for (const auto& [name, inputs, outputs] : transitions) {
    net.transitions.push_back({.name = name, .inputs = inputs, .outputs = outputs});
  }
  net.check();
  return net;
}

}  // namespace

void bind_conformance(py::module_& m) {
  py::class_<conformance_counts>(m, "ConformanceCounts")
      .def(
          "tables",
          [](const conformance_counts& counts, double level, double min_n) {
            conformance_tables found = conformance(counts, {.level = level, .min_n = min_n});
            return std::tuple(std::move(found.arrows), std::move(found.deviations), std::move(found.moves),
                              std::move(found.summary));
          },
          py::arg("level"), py::arg("min_n"), released())
      .def(
          "plus",
          [](const conformance_counts& counts, const conformance_counts& other) {
            conformance_counts sum = counts;
            sum += other;
            return sum;
          },
          py::arg("other"), released());
  m.def(
      "count_conformance",
      [](const journey_set& journeys, const journey_design& design, unsigned threads) {
        return count_conformance(journeys, design, {.threads = threads});
      },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("threads"), released());
  m.def(
      "alignments",
      [](const journey_set& journeys, const journey_design& design, const std::vector<std::string>& starts,
         const std::vector<std::string>& ends,
         unsigned threads) { return alignments(journeys, design, {.starts = starts, .ends = ends}, threads); },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("starts"), py::arg("ends"), py::arg("threads"),
      released());
  m.def(
      "journey_conformity",
      [](const journey_set& journeys, const journey_design& design, const std::vector<std::string>& starts,
         const std::vector<std::string>& ends,
         unsigned threads) { return journey_conformity(journeys, design, {.starts = starts, .ends = ends}, threads); },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("starts"), py::arg("ends"), py::arg("threads"),
      released());
  m.def(
      "align",
      [](const journey_design& design, const std::vector<std::string>& trace, const std::vector<std::string>& starts,
         const std::vector<std::string>& ends) {
        const alignment found = aligner{design, {.starts = starts, .ends = ends}}.align(trace);
        std::vector<std::pair<std::string, std::string>> steps;
        for (const alignment::step& step : found.steps) {
          steps.emplace_back(name_of(step.kind), step.phase);
        }
        return std::tuple(found.cost, found.fitness, std::move(steps));
      },
      py::arg("design"), py::arg("trace"), py::kw_only(), py::arg("starts"), py::arg("ends"), released());
  m.def(
      "check_walkthrough",
      [](const journey_design& design, const std::vector<named_step>& given, const std::vector<std::string>& starts,
         const std::vector<std::string>& ends) {
        std::vector<walkthrough_step> steps;
        for (const auto& [touchpoint, at, emotion, note] : given) {
          steps.push_back({.touchpoint = touchpoint, .emotion = emotion, .note = note});
          if (at) {
            steps.back().at = instant{duration{*at}};
          }
        }
        walkthrough_tables found = check_walkthrough(design, steps, {.starts = starts, .ends = ends});
        return std::pair(std::move(found.steps), std::move(found.summary));
      },
      py::arg("design"), py::arg("steps"), py::kw_only(), py::arg("starts"), py::arg("ends"), released());
  m.def(
      "token_replay",
      [](const journey_set& journeys, const std::vector<named_transition>& transitions, const std::string& source,
         const std::string& sink, const std::string& by, unsigned threads) {
        return replay_table(token_replay(net_from(transitions, source, sink), journeys, by, threads));
      },
      py::arg("journeys"), py::arg("transitions"), py::kw_only(), py::arg("source"), py::arg("sink"), py::arg("by"),
      py::arg("threads"), released());
  m.def(
      "replay_traces",
      [](const std::vector<std::pair<std::vector<std::string>, std::uint64_t>>& traces,
         const std::vector<named_transition>& transitions, const std::string& source, const std::string& sink) {
        const petri_net net = net_from(transitions, source, sink);
        replay_counts counts;
        for (const auto& [trace, times] : traces) {
          counts += replay(net, trace, times);
        }
        return replay_table(counts);
      },
      py::arg("traces"), py::arg("transitions"), py::kw_only(), py::arg("source"), py::arg("sink"), released());
}

}  // namespace klantreis::bindings
