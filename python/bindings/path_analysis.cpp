// SPDX-License-Identifier: MIT
#include <pybind11/stl.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "klantreis/compare.hpp"
#include "klantreis/patterns.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

occurrence occurrence_of(const std::string& name) {
  return name == "first" ? occurrence::first : name == "last" ? occurrence::last : occurrence::every;
}

p_adjustment adjustment_of(const std::string& name) {
  return name == "holm" ? p_adjustment::holm : p_adjustment::benjamini_hochberg;
}

around_options around(const std::string& at, std::size_t before, std::size_t after, const std::string& which,
                      double threshold, const std::vector<std::string>& targets, const std::string& by, bool collapse,
                      double level, double min_n, unsigned threads) {
  return {.at = at,
          .before = before,
          .after = after,
          .which = occurrence_of(which),
          .threshold = threshold,
          .targets = targets,
          .by = by,
          .collapse = collapse,
          .intervals = {.level = level, .min_n = min_n},
          .threads = threads};
}

edge_options edges(const std::vector<double>& quantiles, const std::string& by, bool collapse, double level,
                   double min_n, unsigned threads) {
  return {.quantiles = quantiles,
          .by = by,
          .collapse = collapse,
          .intervals = {.level = level, .min_n = min_n},
          .threads = threads};
}

std::optional<duration> duration_of(std::optional<std::int64_t> microseconds) {
  return microseconds ? std::optional{duration{*microseconds}} : std::nullopt;
}

mining_options sequences(double min_support, std::size_t min_length, std::size_t max_length,
                         std::optional<std::size_t> max_gap, std::optional<std::int64_t> max_gap_time,
                         std::optional<std::int64_t> within, bool closed, const std::string& adjust,
                         std::optional<std::size_t> limit, const std::string& by, bool collapse, double level,
                         double min_n, unsigned threads) {
  return {.min_support = min_support,
          .min_length = min_length,
          .max_length = max_length,
          .max_gap = max_gap,
          .max_gap_time = duration_of(max_gap_time),
          .within = duration_of(within),
          .closed = closed,
          .adjust = adjustment_of(adjust),
          .limit = limit,
          .by = by,
          .collapse = collapse,
          .intervals = {.level = level, .min_n = min_n},
          .threads = threads};
}

void bind_around(py::module_& m) {
  const auto define = [&](const char* name, auto function) {
    m.def(
        name,
        [function](const journey_set& journeys, const std::string& at, std::size_t before, std::size_t after,
                   const std::string& which, double threshold, const std::vector<std::string>& targets,
                   const std::string& by, bool collapse, double level, double min_n, unsigned threads) {
          return function(journeys,
                          around(at, before, after, which, threshold, targets, by, collapse, level, min_n, threads));
        },
        py::arg("journeys"), py::kw_only(), py::arg("at"), py::arg("before"), py::arg("after"), py::arg("which"),
        py::arg("threshold"), py::arg("targets"), py::arg("by"), py::arg("collapse"), py::arg("level"),
        py::arg("min_n"), py::arg("threads"), released());
  };
  define("steps_around", &steps_around);
  define("flow_around", &flow_around);
  const auto define_comparison = [&](const char* name, auto function) {
    m.def(
        name,
        [function](const journey_group& first, const journey_group& second, const std::string& at, std::size_t before,
                   std::size_t after, const std::string& which, double threshold,
                   const std::vector<std::string>& targets, const std::string& by, bool collapse, double level,
                   double min_n, const std::string& adjust, unsigned threads) {
          return function(first, second,
                          around(at, before, after, which, threshold, targets, by, collapse, level, min_n, threads),
                          adjustment_of(adjust));
        },
        py::arg("first"), py::arg("second"), py::kw_only(), py::arg("at"), py::arg("before"), py::arg("after"),
        py::arg("which"), py::arg("threshold"), py::arg("targets"), py::arg("by"), py::arg("collapse"),
        py::arg("level"), py::arg("min_n"), py::arg("adjust"), py::arg("threads"), released());
  };
  define_comparison("compare_steps", &compare_steps);
  define_comparison("compare_flow", &compare_flow);
  m.def(
      "path_tree",
      [](const journey_set& journeys, const std::string& at, std::size_t before, std::size_t after,
         const std::string& which, double min_share, const std::string& by, bool collapse, double level, double min_n,
         unsigned threads) {
        return path_tree(journeys, {.at = at,
                                    .before = before,
                                    .after = after,
                                    .which = occurrence_of(which),
                                    .min_share = min_share,
                                    .by = by,
                                    .collapse = collapse,
                                    .intervals = {.level = level, .min_n = min_n},
                                    .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("at"), py::arg("before"), py::arg("after"), py::arg("which"),
      py::arg("min_share"), py::arg("by"), py::arg("collapse"), py::arg("level"), py::arg("min_n"), py::arg("threads"),
      released());
  const auto define_between = [&](const char* name, auto function) {
    m.def(
        name,
        [function](const journey_set& journeys, const std::string& from, const std::string& to,
                   const std::string& which, const std::string& by, bool collapse, double level, double min_n,
                   unsigned threads) {
          return function(journeys, from, to,
                          between_options{.which = occurrence_of(which),
                                          .by = by,
                                          .collapse = collapse,
                                          .intervals = {.level = level, .min_n = min_n},
                                          .threads = threads});
        },
        py::arg("journeys"), py::arg("from_"), py::arg("to"), py::kw_only(), py::arg("which"), py::arg("by"),
        py::arg("collapse"), py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  };
  define_between("detours", &detours);
  define_between("between", &between);
}

void bind_edges(py::module_& m) {
  const auto define = [&](const char* name, auto function) {
    m.def(
        name,
        [function](const journey_set& journeys, const std::vector<double>& quantiles, const std::string& by,
                   bool collapse, double level, double min_n, unsigned threads) {
          return function(journeys, edges(quantiles, by, collapse, level, min_n, threads));
        },
        py::arg("journeys"), py::kw_only(), py::arg("quantiles"), py::arg("by"), py::arg("collapse"), py::arg("level"),
        py::arg("min_n"), py::arg("threads"), released());
  };
  define("edge_weights", &edge_weights);
  define("hand_offs", &hand_offs);
  define("eventually_follows", &eventually_follows);
  define("rework", &rework);
}

void bind_sequences(py::module_& m) {
  const auto define = [&](const char* name, auto function) {
    m.def(
        name,
        [function](const journey_set& journeys, double min_support, std::size_t min_length, std::size_t max_length,
                   std::optional<std::size_t> max_gap, std::optional<std::int64_t> max_gap_time,
                   std::optional<std::int64_t> within, bool closed, const std::string& adjust,
                   std::optional<std::size_t> limit, const std::string& by, bool collapse, double level, double min_n,
                   unsigned threads) {
          return function(journeys, sequences(min_support, min_length, max_length, max_gap, max_gap_time, within,
                                              closed, adjust, limit, by, collapse, level, min_n, threads));
        },
        py::arg("journeys"), py::kw_only(), py::arg("min_support"), py::arg("min_length"), py::arg("max_length"),
        py::arg("max_gap"), py::arg("max_gap_time"), py::arg("within"), py::arg("closed"), py::arg("adjust"),
        py::arg("limit"), py::arg("by"), py::arg("collapse"), py::arg("level"), py::arg("min_n"), py::arg("threads"),
        released());
  };
  define("frequent_sequences", &frequent_sequences);
  define("ngrams", &ngrams);
  m.def(
      "compare_sequences",
      [](const journey_group& first, const journey_group& second, double min_support, std::size_t min_length,
         std::size_t max_length, std::optional<std::size_t> max_gap, std::optional<std::int64_t> max_gap_time,
         std::optional<std::int64_t> within, bool closed, const std::string& adjust, std::optional<std::size_t> limit,
         const std::string& by, bool collapse, double level, double min_n, unsigned threads) {
        return compare_sequences(first, second,
                                 sequences(min_support, min_length, max_length, max_gap, max_gap_time, within, closed,
                                           adjust, limit, by, collapse, level, min_n, threads));
      },
      py::arg("first"), py::arg("second"), py::kw_only(), py::arg("min_support"), py::arg("min_length"),
      py::arg("max_length"), py::arg("max_gap"), py::arg("max_gap_time"), py::arg("within"), py::arg("closed"),
      py::arg("adjust"), py::arg("limit"), py::arg("by"), py::arg("collapse"), py::arg("level"), py::arg("min_n"),
      py::arg("threads"), released());
}

void bind_complexity(py::module_& m) {
  m.def(
      "complexity",
      [](const journey_set& journeys, std::size_t alphabet, const std::string& by, bool collapse, unsigned threads) {
        return complexity(journeys, {.alphabet = alphabet, .by = by, .collapse = collapse, .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("alphabet"), py::arg("by"), py::arg("collapse"), py::arg("threads"),
      released());
  m.def(
      "complexity_by",
      [](const journey_set& journeys, const std::string& group, std::size_t alphabet, const std::string& by,
         bool collapse, double level, double min_n, unsigned threads) {
        return complexity_by(journeys,
                             {.measures = {.alphabet = alphabet, .by = by, .collapse = collapse, .threads = threads},
                              .group = group,
                              .intervals = {.level = level, .min_n = min_n}});
      },
      py::arg("journeys"), py::kw_only(), py::arg("group"), py::arg("alphabet"), py::arg("by"), py::arg("collapse"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "predictability",
      [](const journey_set& journeys, unsigned max_order, unsigned folds, const std::string& by, bool collapse,
         double level, double min_n, unsigned threads) {
        return predictability(journeys, {.max_order = max_order,
                                         .folds = folds,
                                         .by = by,
                                         .collapse = collapse,
                                         .intervals = {.level = level, .min_n = min_n},
                                         .threads = threads});
      },
      py::arg("journeys"), py::kw_only(), py::arg("max_order"), py::arg("folds"), py::arg("by"), py::arg("collapse"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
}

}  // namespace

void bind_path_analysis(py::module_& m) {
  bind_around(m);
  bind_edges(m);
  bind_sequences(m);
  bind_complexity(m);
}

}  // namespace klantreis::bindings
