// SPDX-License-Identifier: MIT
#include "klantreis/funnel.hpp"

#include <pybind11/stl.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bindings.hpp"
#include "funnel.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

using given_test = std::tuple<std::string, std::string, std::vector<std::string>, double>;

/// The column_comparison by its sign; one of a name or of several when there is none.
column_comparison comparison_of(const std::string& sign) {
  return known_option<column_comparison>("comparison", sign,
                                         {{"in", column_comparison::one_of},
                                          {"not in", column_comparison::none_of},
                                          {"<", column_comparison::less},
                                          {"<=", column_comparison::at_most},
                                          {">", column_comparison::greater},
                                          {">=", column_comparison::at_least}});
}

std::optional<duration> length_of(std::optional<std::int64_t> microseconds) {
  return microseconds ? std::optional{duration{*microseconds}} : std::nullopt;
}

funnel_step step_of(const std::vector<std::string>& names, const std::vector<std::vector<given_test>>& conditions) {
  std::vector<step_condition> made;
  for (const auto& given : conditions) {
    step_condition condition;
    for (const auto& [column, sign, values, number] : given) {
      condition.all.push_back({.column = column, .how = comparison_of(sign), .names = values, .number = number});
    }
    made.push_back(std::move(condition));
  }
  return {names, std::move(made)};
}

funnel_request request_of(const std::vector<funnel_step>& steps, std::optional<std::int64_t> window,
                          const std::string& by, const std::string& order,
                          const std::vector<std::optional<std::int64_t>>& step_windows,
                          const std::vector<std::tuple<funnel_step, std::size_t, std::size_t>>& exclude,
                          const std::vector<std::size_t>& optional_steps, const std::string& repeats,
                          const std::string& unit, const std::string& entry, const std::string& dialect,
                          const std::vector<std::string>& modes, double level, double min_n, unsigned threads) {
  funnel_request request{.steps = steps, .options = {}};
  funnel_options& options = request.options;
  options.window = length_of(window);
  options.by = by;
  options.require_known = true;
  options.intervals = {.level = level, .min_n = min_n};
  options.threads = threads;
  options.order = known_option<funnel_order>("order", order,
                                             {{"ordered", funnel_order::ordered},
                                              {"strict", funnel_order::strict},
                                              {"any", funnel_order::any},
                                              {"open", funnel_order::open}});
  for (const auto& one : step_windows) {
    options.step_windows.push_back(length_of(one));
  }
  for (const auto& [what, after, before] : exclude) {
    options.exclude.push_back({.what = what, .after = after, .before = before});
  }
  options.optional_steps = optional_steps;
  options.repeats = known_option<step_repeats>("repeats", repeats,
                                               {{"distinct", step_repeats::distinct}, {"reuse", step_repeats::reuse}});
  options.unit =
      known_option<funnel_unit>("unit", unit, {{"customer", funnel_unit::customer}, {"journey", funnel_unit::journey}});
  options.entry = known_option<funnel_entry>("entry", entry,
                                             {{"latest", funnel_entry::latest}, {"earliest", funnel_entry::earliest}});
  options.dialect = make_funnel_dialect(dialect, modes);
  return request;
}

breakdown_options breakdown_of(const std::string& attribute, const std::string& attribution, std::size_t step) {
  return {.attribute = attribute,
          .attribution = known_option<breakdown_by>("attribution", attribution,
                                                    {{"first", breakdown_by::first},
                                                     {"last", breakdown_by::last},
                                                     {"all", breakdown_by::all},
                                                     {"step", breakdown_by::step}}),
          .step = step};
}

period_length period_length_of(const std::string& name) {
  return known_option<period_length>("period", name,
                                     {{"hour", period_length::hour},
                                      {"day", period_length::day},
                                      {"week", period_length::week},
                                      {"month", period_length::month}});
}

sequence_options sequence_options_of(const funnel_options& options) {
  return {.by = options.by,
          .require_known = options.require_known,
          .unit = options.unit,
          .intervals = options.intervals,
          .threads = options.threads};
}

template <typename Source>
void define(py::module_& m) {
  const bindings::released released;
  m.def(
      "funnel",
      [](const Source& source, const funnel_request& request) {
        return funnel(source, request.steps, request.options);
      },
      py::arg("source"), py::arg("request"), released);
  m.def(
      "funnel_breakdown",
      [](const Source& source, const funnel_request& request, const std::string& attribute,
         const std::string& attribution, std::size_t step) {
        return funnel_breakdown(source, request.steps, breakdown_of(attribute, attribution, step), request.options);
      },
      py::arg("source"), py::arg("request"), py::arg("attribute"), py::arg("attribution"), py::arg("step"), released);
  m.def(
      "funnel_trend",
      [](const Source& source, const funnel_request& request, const std::string& period) {
        return funnel_trend(source, request.steps, period_length_of(period), request.options);
      },
      py::arg("source"), py::arg("request"), py::arg("period"), released);
  m.def(
      "funnel_times",
      [](const Source& source, const funnel_request& request, std::size_t from_step, std::size_t to_step,
         std::optional<std::size_t> bins) {
        return funnel_times(source, request.steps, {.from_step = from_step, .to_step = to_step, .bins = bins},
                            request.options);
      },
      py::arg("source"), py::arg("request"), py::arg("from_step"), py::arg("to_step"), py::arg("bins"), released);
  m.def(
      "funnel_levels",
      [](const Source& source, const funnel_request& request) {
        return funnel_levels(source, request.steps, request.options);
      },
      py::arg("source"), py::arg("request"), released);
  m.def(
      "funnel_customers",
      [](const Source& source, const funnel_request& request, std::size_t step, bool lost) {
        return funnel_customers(source, request.steps, step, lost, request.options);
      },
      py::arg("source"), py::arg("request"), py::arg("step"), py::arg("lost"), released);
  m.def(
      "explain_funnel",
      [](const Source& source, const std::string& customer, const funnel_request& request) {
        funnel_explanation found = explain_funnel(source, customer, request.steps, request.options);
        return std::tuple(std::move(found.events), found.level, found.is_left_out, std::move(found.reason));
      },
      py::arg("source"), py::arg("customer"), py::arg("request"), released);
  m.def(
      "compare_definitions",
      [](const Source& source, const funnel_request& request) {
        return compare_definitions(source, request.steps, request.options);
      },
      py::arg("source"), py::arg("request"), released);
  m.def(
      "predictors",
      [](const Source& source, const funnel_request& request, std::size_t from_step, std::size_t to_step, bool events,
         bool previous, const std::vector<std::string>& attributes) {
        return predictors(source, request.steps,
                          {.from_step = from_step,
                           .to_step = to_step,
                           .events = events,
                           .previous = previous,
                           .attributes = attributes},
                          request.options);
      },
      py::arg("source"), py::arg("request"), py::arg("from_step"), py::arg("to_step"), py::arg("events"),
      py::arg("previous"), py::arg("attributes"), released);
  m.def(
      "sequence_matches",
      [](const Source& source, const std::string& pattern, const funnel_request& request) {
        return sequence_matches(source, pattern, request.steps, sequence_options_of(request.options));
      },
      py::arg("source"), py::arg("pattern"), py::arg("request"), released);
  m.def(
      "retention",
      [](const Source& source, const funnel_request& request) {
        return retention(source, request.steps, sequence_options_of(request.options));
      },
      py::arg("source"), py::arg("request"), released);
}

}  // namespace

void bind_funnel(py::module_& m) {
  py::class_<funnel_step>(m, "FunnelStep")
      .def(py::init(&step_of), py::arg("names"), py::arg("conditions"))
      .def("label", &funnel_step::label);
  py::class_<funnel_request>(m, "FunnelRequest")
      .def(py::init(&request_of), py::arg("steps"), py::kw_only(), py::arg("window"), py::arg("by"), py::arg("order"),
           py::arg("step_windows"), py::arg("exclude"), py::arg("optional_steps"), py::arg("repeats"), py::arg("unit"),
           py::arg("entry"), py::arg("dialect"), py::arg("modes"), py::arg("level"), py::arg("min_n"),
           py::arg("threads"));
  m.def("funnel_dialects", [] {
    std::vector<std::tuple<std::string, std::vector<std::string>, std::string>> found;
    for (const dialect_entry& entry : funnel_dialects()) {
      found.emplace_back(entry.name, std::vector<std::string>(entry.modes.begin(), entry.modes.end()),
                         entry.definition);
    }
    return found;
  });
  define<journey_set>(m);
  define<event_log>(m);
}

}  // namespace klantreis::bindings
