// SPDX-License-Identifier: MIT
#include "klantreis/parts.hpp"

#include <pybind11/stl.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "funnel.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

/// Counts of one kind; a class of its own, since pybind11 would take a variant apart.
struct part {
  part_counts counts;

  template <typename Counts>
  [[nodiscard]] const Counts& as() const {
    return std::get<Counts>(counts);
  }
};

/// Counts that have a class of their own in Python: into a part, and out of it.
template <typename Counts>
void bind_wrapped(py::module_& m, const std::string& kind) {
  m.def(("part_of_" + kind).c_str(), [](const Counts& counts) { return part{counts}; }, py::arg("counts"), released());
  m.def((kind + "_of_part").c_str(), [](const part& given) { return given.as<Counts>(); }, py::arg("part"), released());
}

void bind_counting(py::module_& m) {
  m.def(
      "count_transitions",
      [](const journey_set& journeys, const std::string& by, bool collapse, bool times, unsigned threads) {
        return part{count_transitions(journeys, {.by = by, .collapse = collapse, .times = times, .threads = threads})};
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("times"), py::arg("threads"),
      released());
  m.def("count_paths", [](const path_table& paths) { return part{paths}; }, py::arg("paths"), released());
  m.def(
      "count_funnel",
      [](const journey_set& journeys, const funnel_request& request) {
        funnel_options options = request.options;
        options.require_known = false;  // another part may have the name
        return part{count_funnel(journeys, request.steps, options)};
      },
      py::arg("journeys"), py::arg("request"), released());
  m.def(
      "count_drop_off",
      [](const journey_set& journeys, const std::string& by, bool collapse, const std::string& units,
         unsigned threads) {
        const auto counted = known_option<visit_units>(
            "units", units, {{"journeys", visit_units::journeys}, {"visits", visit_units::visits}});
        return part{count_drop_off(journeys, {.by = by, .collapse = collapse, .units = counted, .threads = threads})};
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("units"), py::arg("threads"),
      released());
  m.def(
      "count_step_matrix",
      [](const journey_set& journeys, std::size_t steps, const std::string& by, bool collapse, unsigned threads) {
        return part{count_steps(journeys, {.steps = steps, .by = by, .collapse = collapse, .threads = threads})};
      },
      py::arg("journeys"), py::kw_only(), py::arg("steps"), py::arg("by"), py::arg("collapse"), py::arg("threads"),
      released());
  m.def(
      "count_variants",
      [](const journey_set& journeys, const std::string& by, bool collapse, unsigned threads) {
        return part{count_variants(journeys, {.by = by, .collapse = collapse, .threads = threads})};
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("threads"), released());
  m.def(
      "count_return_cohorts",
      [](const journey_set& journeys, std::int64_t period, unsigned threads) {
        return part{count_return_cohorts(journeys, {.period = duration{period}, .threads = threads})};
      },
      py::arg("journeys"), py::kw_only(), py::arg("period"), py::arg("threads"), released());
  bind_wrapped<match_counts>(m, "matches");
  bind_wrapped<measure_counts>(m, "measure");
  bind_wrapped<conformance_counts>(m, "conformance");
  m.def("count_spells", [](const spell_set& spells) { return part{spells}; }, py::arg("spells"), released());
  m.def(
      "count_cohort_rate",
      [](const journey_set& journeys, const std::vector<std::int64_t>& within, const std::string& segment,
         unsigned threads) {
        std::vector<duration> horizons;
        for (const std::int64_t length : within) {
          horizons.emplace_back(length);
        }
        return part{
            count_cohort_rate(journeys, {.within = std::move(horizons), .segment = segment, .threads = threads})};
      },
      py::arg("journeys"), py::kw_only(), py::arg("within"), py::arg("segment"), py::arg("threads"), released());
}

void bind_results(py::module_& m) {
  m.def(
      "transitions_of_part",
      [](const part& given, double level, double min_n, unsigned threads) {
        return transitions(given.as<transition_counts>(), {.level = level, .min_n = min_n}, threads);
      },
      py::arg("part"), py::kw_only(), py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def("paths_of_part", [](const part& given) { return given.as<path_table>(); }, py::arg("part"), released());
  m.def(
      "funnel_of_part",
      [](const part& given, double level, double min_n) {
        return funnel(given.as<funnel_counts>(), {.level = level, .min_n = min_n});
      },
      py::arg("part"), py::kw_only(), py::arg("level"), py::arg("min_n"), released());
  m.def(
      "drop_off_of_part",
      [](const part& given, double level, double min_n) {
        drop_off_tables found = drop_off(given.as<drop_off_counts>(), {.level = level, .min_n = min_n});
        return std::tuple(std::move(found.items), std::move(found.before), std::move(found.next), std::move(found.open),
                          std::move(found.returned));
      },
      py::arg("part"), py::kw_only(), py::arg("level"), py::arg("min_n"), released());
  m.def(
      "step_matrix_of_part", [](const part& given) { return step_matrix(given.as<step_matrix_counts>()); },
      py::arg("part"), released());
  m.def(
      "variants_of_part",
      [](const part& given, std::optional<std::size_t> limit, double level, double min_n) {
        return variants(given.as<variant_counts>(), {.limit = limit, .intervals = {.level = level, .min_n = min_n}});
      },
      py::arg("part"), py::kw_only(), py::arg("limit"), py::arg("level"), py::arg("min_n"), released());
  m.def("spells_of_part", [](const part& given) { return given.as<spell_set>(); }, py::arg("part"), released());
  m.def(
      "return_cohorts_of_part",
      [](const part& given, std::optional<std::size_t> periods, double level, double min_n) {
        return return_cohorts(given.as<return_cohort_counts>(),
                              {.periods = periods, .intervals = {.level = level, .min_n = min_n}});
      },
      py::arg("part"), py::kw_only(), py::arg("periods"), py::arg("level"), py::arg("min_n"), released());
  m.def(
      "cohort_rate_of_part",
      [](const part& given, double level, double min_n) {
        return cohort_rate(given.as<cohort_rate_counts>(), {.level = level, .min_n = min_n});
      },
      py::arg("part"), py::kw_only(), py::arg("level"), py::arg("min_n"), released());
}

}  // namespace

void bind_parts(py::module_& m) {
  py::class_<part>(m, "PartCounts")
      .def_property_readonly("kind", [](const part& given) { return std::string{kind_of(given.counts)}; })
      .def(
          "merge", [](part& total, const part& more) { merge(total.counts, more.counts); }, py::arg("more"), released())
      .def(
          "copy", [](const part& given) { return given; }, released())
      .def(
          "split",
          [](const part& given, std::size_t pieces) {
            std::vector<part> result;
            for (part_counts& piece : split(given.counts, pieces)) {
              result.push_back({std::move(piece)});
            }
            return result;
          },
          py::arg("pieces"), released())
      .def("to_bytes",
           [](const part& given) {
             std::string bytes;
             {
               const long_call working;
               bytes = to_bytes(given.counts);
             }
             return py::bytes(bytes);
           })
      .def_static(
          "from_bytes",
          [](const py::bytes& bytes) {
            const std::string_view view = bytes;
            const long_call working;
            return part{counts_from_bytes(view)};
          },
          py::arg("bytes"));
  py::class_<top_variants>(m, "TopVariants")
      .def(py::init([](std::size_t limit, double level, double min_n) {
             return top_variants{{.limit = limit, .intervals = {.level = level, .min_n = min_n}}};
           }),
           py::kw_only(), py::arg("limit"), py::arg("level"), py::arg("min_n"))
      .def(
          "add", [](top_variants& top, const part& piece) { top.add(piece.as<variant_counts>()); }, py::arg("piece"),
          released())
      .def("result", &top_variants::result, released());
  bind_counting(m);
  bind_results(m);
}

}  // namespace klantreis::bindings
