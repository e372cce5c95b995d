// SPDX-License-Identifier: MIT
#include "klantreis/measure.hpp"

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

using named_phase = std::tuple<std::string, bool, double, std::vector<std::string>>;
using named_move = std::tuple<std::string, std::string, std::string, double, std::optional<std::int64_t>>;
using named_touchpoint = std::tuple<std::string, std::string, double, bool, bool, std::string>;
using named_score = std::tuple<std::string, std::string, double, double>;

journey_design design_from(const std::string& level, const std::vector<named_phase>& phases,
                           const std::vector<named_move>& moves, const std::vector<named_touchpoint>& touchpoints,
                           const std::vector<named_score>& scores) {
  journey_design design{.level = level};
  for (const auto& [name, measured, emotion, labels] : phases) {
    design.phases.push_back({.name = name, .measured = measured, .emotion = emotion, .labels = labels});
  }
  for (const auto& [from, to, kind, expected, max_time] : moves) {
    design.moves.push_back({.from = from, .to = to, .kind = kind, .expected = expected});
    if (max_time) {
      design.moves.back().max_time = duration{*max_time};
    }
  }
  for (const auto& [name, phase, emotion, cta, onstage, owner] : touchpoints) {
    design.touchpoints.push_back(
        {.name = name, .phase = phase, .emotion = emotion, .call_to_action = cta, .onstage = onstage, .owner = owner});
  }
  for (const auto& [column, touchpoint, low, high] : scores) {
    design.scores.push_back({.column = column, .touchpoint = touchpoint, .low = low, .high = high});
  }
  design.check();
  return design;
}

calendar_period period_of(const std::string& name) {
  if (name == "day") {
    return calendar_period::day;
  }
  if (name == "week") {
    return calendar_period::week;
  }
  if (name == "month") {
    return calendar_period::month;
  }
  throw input_error("the period is " + quoted(name) + "; it must be 'day', 'week' or 'month'");
}

std::vector<instant> instants_of(const std::vector<std::int64_t>& micros) {
  std::vector<instant> at;
  for (const std::int64_t one : micros) {
    at.push_back(instant{duration{one}});
  }
  return at;
}

std::optional<duration> length_of(std::optional<std::int64_t> micros) {
  return micros ? std::optional{duration{*micros}} : std::nullopt;
}

}  // namespace

void bind_measure(py::module_& m) {
  py::class_<journey_design>(m, "JourneyDesign")
      .def(py::init(&design_from), py::kw_only(), py::arg("level"), py::arg("phases"), py::arg("moves"),
           py::arg("touchpoints"), py::arg("scores"))
      .def_static(
          "from_map",
          [](const std::string& json, const std::string& level) { return design_of(parse_map(json), level); },
          py::arg("json"), py::arg("level"), released())
      .def_readonly("level", &journey_design::level)
      .def_property_readonly("phases",
                             [](const journey_design& design) {
                               std::vector<std::string> names;
                               for (const designed_phase& phase : design.phases) {
                                 names.push_back(phase.name);
                               }
                               return names;
                             })
      .def_property_readonly(
          "labels",
          [](const journey_design& design) {
            std::vector<std::vector<std::string>> labels;
            for (const designed_phase& phase : design.phases) {
              labels.push_back(phase.labels.empty() ? std::vector<std::string>{phase.name} : phase.labels);
            }
            return labels;
          })
      .def_property_readonly("moves",
                             [](const journey_design& design) {
                               std::vector<std::tuple<std::string, std::string, std::string>> moves;
                               for (const designed_move& move : design.moves) {
                                 moves.emplace_back(move.from, move.to, move.kind);
                               }
                               return moves;
                             })
      .def_property_readonly("touchpoints",
                             [](const journey_design& design) {
                               std::vector<std::pair<std::string, std::string>> touchpoints;
                               for (const designed_touchpoint& one : design.touchpoints) {
                                 touchpoints.emplace_back(one.name, one.phase);
                               }
                               return touchpoints;
                             })
      .def_property_readonly("phases_without_touchpoints", &phases_without_touchpoints);

  py::class_<measure_counts>(m, "MeasureCounts")
      .def_property_readonly("customers", &measure_counts::customers)
      .def_property_readonly("journeys", &measure_counts::journeys)
      .def_property_readonly("open", &measure_counts::open_journeys)
      .def_property_readonly("outside", &measure_counts::outside)
      .def(
          "items",
          [](const measure_counts& counts, double level, double min_n) {
            return measured_items(counts, {.level = level, .min_n = min_n});
          },
          py::arg("level"), py::arg("min_n"), released())
      .def(
          "attrition",
          [](const measure_counts& counts, double level, double min_n) {
            return attrition(counts, {.level = level, .min_n = min_n});
          },
          py::arg("level"), py::arg("min_n"), released())
      .def(
          "emotions",
          [](const measure_counts& counts, double level, double min_n) {
            return emotions(counts, {.level = level, .min_n = min_n});
          },
          py::arg("level"), py::arg("min_n"), released())
      .def(
          "plus",
          [](const measure_counts& counts, const measure_counts& other) {
            measure_counts sum = counts;
            sum += other;
            return sum;
          },
          py::arg("other"), released());

  m.def(
      "count_measure",
      [](const journey_set& journeys, const journey_design& design, const std::string& by, const std::string& from,
         const std::string& to, unsigned threads) {
        return count_measure(journeys, design, {.by = by, .scope_from = from, .scope_to = to, .threads = threads});
      },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("by"), py::arg("scope_from"), py::arg("scope_to"),
      py::arg("threads"), released());
  m.def("low_answers", &low_answers, py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("limit"),
        released());
  m.def(
      "returns_by_experience",
      [](const journey_set& journeys, const journey_design& design, double tolerance, double level, double min_n,
         unsigned threads) {
        return returns_by_experience(journeys, design, tolerance, {.level = level, .min_n = min_n}, threads);
      },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("tolerance"), py::arg("level"), py::arg("min_n"),
      py::arg("threads"), released());
  m.def(
      "calls_to_action",
      [](const journey_set& journeys, const journey_design& design, double level, double min_n, unsigned threads) {
        return calls_to_action(journeys, design, {.level = level, .min_n = min_n}, threads);
      },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("level"), py::arg("min_n"), py::arg("threads"),
      released());
  m.def(
      "design_scores",
      [](const journey_design& design, const std::vector<std::tuple<std::string, std::string, std::string>>& kpis,
         const table* felt) {
        std::vector<kpi_status> rows;
        for (const auto& [phase, kpi, status] : kpis) {
          rows.push_back({.phase = phase, .kpi = kpi, .status = status});
        }
        return design_scores(design, rows, felt);
      },
      py::arg("design"), py::arg("kpis"), py::arg("emotions").none(true), released());

  m.def(
      "phase_at",
      [](const journey_set& journeys, const journey_design& design, const std::string& customer, std::int64_t at) {
        return phase_at(journeys, design, customer, instant{duration{at}});
      },
      py::arg("journeys"), py::arg("design"), py::arg("customer"), py::arg("at"), released());
  m.def("phase_history", &phase_history, py::arg("journeys"), py::arg("design"), py::arg("customers"),
        py::arg("threads"), released());
  m.def(
      "timeline",
      [](const journey_set& journeys, const journey_design& design, const std::string& customer) {
        return timeline(journeys, design, customer);
      },
      py::arg("journeys"), py::arg("design"), py::arg("customer"), released());
  m.def(
      "occupancy",
      [](const journey_set& journeys, const journey_design& design, const std::vector<std::int64_t>& at,
         std::optional<std::int64_t> silence,
         unsigned threads) { return occupancy(journeys, design, instants_of(at), length_of(silence), threads); },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("at"), py::arg("silence"), py::arg("threads"),
      released());
  m.def(
      "relationship",
      [](const journey_set& journeys, const std::vector<std::string>& ambassador, const std::vector<std::int64_t>& at,
         const std::string& period, unsigned threads) {
        relationship_tables found = relationship(
            journeys,
            {.ambassador = ambassador, .at = instants_of(at), .period = period_of(period), .threads = threads});
        return std::pair(std::move(found.levels), std::move(found.moves));
      },
      py::arg("journeys"), py::kw_only(), py::arg("ambassador"), py::arg("at"), py::arg("period"), py::arg("threads"),
      released());
  m.def(
      "phase_cohorts",
      [](const journey_set& journeys, const journey_design& design, const std::string& period,
         std::optional<std::int64_t> within, bool current, double level, double min_n, unsigned threads) {
        return phase_cohorts(journeys, design,
                             {.period = period_of(period),
                              .within = length_of(within),
                              .current = current,
                              .intervals = {.level = level, .min_n = min_n},
                              .threads = threads});
      },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("period"), py::arg("within"), py::arg("current"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());

  m.def(
      "phase_reach",
      [](const journey_set& journeys, const journey_design& design, const std::string& by, const std::string& phase,
         double level, double min_n, unsigned threads) {
        return phase_reach(
            journeys, design,
            {.by = by, .phase = phase, .intervals = {.level = level, .min_n = min_n}, .threads = threads});
      },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("by"), py::arg("phase"), py::arg("level"),
      py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "period_reach",
      [](const journey_set& journeys, const journey_design& design, const std::string& period, const std::string& by,
         const std::string& phase, unsigned threads) {
        return period_reach(journeys, design, period_of(period), {.by = by, .phase = phase, .threads = threads});
      },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("period"), py::arg("by"), py::arg("phase"),
      py::arg("threads"), released());
  m.def(
      "reach_overlap",
      [](const journey_set& journeys, const journey_design& design, const std::string& by, const std::string& phase,
         unsigned threads) { return reach_overlap(journeys, design, {.by = by, .phase = phase, .threads = threads}); },
      py::arg("journeys"), py::arg("design"), py::kw_only(), py::arg("by"), py::arg("phase"), py::arg("threads"),
      released());
  m.def(
      "label_positions",
      [](const journey_set& journeys, const std::string& by, double level, double min_n, unsigned threads) {
        return label_positions(journeys, {.by = by, .intervals = {.level = level, .min_n = min_n}, .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("level"), py::arg("min_n"), py::arg("threads"),
      released());
  m.def("inventory", &inventory, py::arg("journeys"), py::arg("design"), py::arg("threads"), released());
}

}  // namespace klantreis::bindings
