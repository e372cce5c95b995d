// SPDX-License-Identifier: MIT
#include "klantreis/timing.hpp"

#include <pybind11/stl.h>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "instants.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

std::uint32_t cause_of(const std::string& outcome) {
  if (outcome == "conversion") {
    return spell::conversion;
  }
  if (outcome == "exit") {
    return spell::exit;
  }
  if (outcome == "move") {
    return spell::move;
  }
  if (outcome == "any") {
    return 0;
  }
  throw input_error("outcome is " + quoted(outcome) + "; it must be 'conversion', 'exit', 'move' or 'any'");
}

wait_until until_of(const std::string& until) {
  if (until == "end") {
    return wait_until::end;
  }
  if (until == "leaving") {
    return wait_until::leaving;
  }
  throw input_error("until is " + quoted(until) + "; it must be 'end' or 'leaving'");
}

timed timed_of(const std::string& of) {
  if (of == "journeys") {
    return timed::journeys;
  }
  if (of == "conversions") {
    return timed::conversions;
  }
  if (of == "visits") {
    return timed::visits;
  }
  if (of == "transitions") {
    return timed::transitions;
  }
  throw input_error("of is " + quoted(of) + "; it must be 'journeys', 'conversions', 'visits' or 'transitions'");
}

}  // namespace

void bind_timing(py::module_& m) {
  py::class_<spell_set>(m, "SpellSet");
  m.def(
      "spells",
      [](const std::vector<double>& times, const std::vector<std::uint32_t>& causes,
         const std::vector<std::uint32_t>& customers, const std::vector<std::string>& groups) {
        std::map<std::string, std::vector<spell>> by_group;
        for (std::size_t i = 0; i < times.size(); ++i) {
          by_group[groups.at(i)].push_back({times[i], causes.at(i), customers.at(i)});
        }
        std::vector<spell_set::group> all;
        for (auto& [name, spells] : by_group) {
          all.push_back({name, {}, std::move(spells)});
        }
        return spell_set::from_groups(std::move(all));
      },
      py::arg("times"), py::arg("causes"), py::arg("customers"), py::arg("groups"));
  m.def(
      "collect_spells",
      [](const journey_set& journeys, const std::string& by, const std::string& until, const std::string& segment,
         std::optional<std::int64_t> from, std::optional<std::int64_t> before, unsigned threads) {
        return collect_spells(journeys, {.by = by,
                                         .until = until_of(until),
                                         .segment = segment,
                                         .from = instant_of(from),
                                         .before = instant_of(before),
                                         .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("until"), py::arg("segment"), py::arg("from_"),
      py::arg("before"), py::arg("threads"), released());
  m.def(
      "survival",
      [](const spell_set& spells, const std::vector<double>& at, double level, double min_n) {
        return survival(spells, at, {.level = level, .min_n = min_n});
      },
      py::arg("spells"), py::kw_only(), py::arg("at"), py::arg("level"), py::arg("min_n"), released());
  m.def(
      "survival_quantiles",
      [](const spell_set& spells, const std::vector<double>& shares, double level, double min_n) {
        return survival_quantiles(spells, shares, {.level = level, .min_n = min_n});
      },
      py::arg("spells"), py::kw_only(), py::arg("shares"), py::arg("level"), py::arg("min_n"), released());
  m.def(
      "log_rank",
      [](const spell_set& spells, const std::string& outcome) {
        log_rank_tables found = log_rank(spells, cause_of(outcome));
        return std::tuple(std::move(found.test), std::move(found.groups));
      },
      py::arg("spells"), py::kw_only(), py::arg("outcome"), released());
  m.def(
      "cohort_rate",
      [](const journey_set& journeys, const std::vector<std::int64_t>& within, const std::string& segment, double level,
         double min_n, unsigned threads) {
        std::vector<duration> horizons;
        for (const std::int64_t length : within) {
          horizons.emplace_back(length);
        }
        return cohort_rate(journeys, {.within = std::move(horizons),
                                      .segment = segment,
                                      .intervals = {.level = level, .min_n = min_n},
                                      .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("within"), py::arg("segment"), py::arg("level"), py::arg("min_n"),
      py::arg("threads"), released());
  m.def(
      "return_cohorts",
      [](const journey_set& journeys, std::int64_t period, std::optional<std::size_t> periods, double level,
         double min_n, unsigned threads) {
        return return_cohorts(journeys, {.period = duration{period},
                                         .periods = periods,
                                         .intervals = {.level = level, .min_n = min_n},
                                         .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("period"), py::arg("periods"), py::arg("level"), py::arg("min_n"),
      py::arg("threads"), released());
  m.def(
      "durations",
      [](const journey_set& journeys, const std::string& of, const std::string& by, bool collapse,
         const std::string& segment, const std::vector<double>& quantiles, double level, double min_n,
         unsigned threads) {
        return durations(journeys, {.of = timed_of(of),
                                    .by = by,
                                    .collapse = collapse,
                                    .segment = segment,
                                    .quantiles = quantiles,
                                    .intervals = {.level = level, .min_n = min_n},
                                    .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("of"), py::arg("by"), py::arg("collapse"), py::arg("segment"),
      py::arg("quantiles"), py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "silence",
      [](const journey_set& journeys, std::int64_t step, std::size_t steps, std::size_t horizon, bool after_conversions,
         double level, double min_n, unsigned threads) {
        return silence(journeys, {.step = duration{step},
                                  .steps = steps,
                                  .horizon = horizon,
                                  .after_conversions = after_conversions,
                                  .intervals = {.level = level, .min_n = min_n},
                                  .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("step"), py::arg("steps"), py::arg("horizon"),
      py::arg("after_conversions"), py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "expected_times",
      [](const journey_set& journeys, const std::string& by, bool collapse, double level, double min_n) {
        return expected_times(journeys,
                              {.by = by, .collapse = collapse, .intervals = {.level = level, .min_n = min_n}});
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("level"), py::arg("min_n"),
      released());
}

}  // namespace klantreis::bindings
