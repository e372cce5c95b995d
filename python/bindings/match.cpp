// SPDX-License-Identifier: MIT
#include "klantreis/match.hpp"

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
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

path_search_options options_of(const std::string& by, bool collapse, const std::string& unit, const std::string& entry,
                               bool require_known, double level, double min_n, unsigned threads) {
  path_search_options options{.by = by,
                              .collapse = collapse,
                              .require_known = require_known,
                              .intervals = {.level = level, .min_n = min_n},
                              .threads = threads};
  if (unit == "customer") {
    options.unit = match_unit::customer;
  } else if (unit != "journey") {
    throw input_error("unit is " + quoted(unit) + "; it must be 'journey' or 'customer'");
  }
  if (entry == "latest") {
    options.entry = match_entry::latest;
  } else if (entry != "earliest") {
    throw input_error("entry is " + quoted(entry) + "; it must be 'earliest' or 'latest'");
  }
  return options;
}

/// Defines a function of journeys, a pattern and options.
template <typename Result>
void bind_search(py::module_& m, const char* name,
                 Result (*function)(const journey_set&, const path_pattern&, const path_search_options&)) {
  m.def(
      name,
      [function](const journey_set& journeys, const path_pattern& pattern, const std::string& by, bool collapse,
                 const std::string& unit, const std::string& entry, bool require_known, double level, double min_n,
                 unsigned threads) {
        return function(journeys, pattern, options_of(by, collapse, unit, entry, require_known, level, min_n, threads));
      },
      py::arg("journeys"), py::arg("pattern"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("unit"),
      py::arg("entry"), py::arg("require_known"), py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
}

}  // namespace

void bind_match(py::module_& m) {
  py::class_<path_pattern>(m, "PathPattern")
      .def(py::init<std::string_view>(), py::arg("text"))
      .def_property_readonly("text", &path_pattern::text)
      .def_property_readonly("parts", &path_pattern::parts)
      .def_property_readonly("needs_times", &path_pattern::needs_times);
  m.def("pattern_funnel", [](const path_pattern& pattern) {
    const pattern_funnel asked = funnel_of(pattern);
    const auto microseconds = [](const std::optional<duration>& length) {
      return length ? std::optional{length->count()} : std::nullopt;
    };
    std::vector<std::optional<std::int64_t>> windows;
    for (const auto& one : asked.options.step_windows) {
      windows.push_back(microseconds(one));
    }
    std::vector<std::tuple<funnel_step, std::size_t, std::size_t>> exclude;
    for (const funnel_exclusion& one : asked.options.exclude) {
      exclude.emplace_back(one.what, one.after, one.before);
    }
    return std::tuple(asked.steps, asked.options.order == funnel_order::strict, microseconds(asked.options.window),
                      std::move(windows), std::move(exclude));
  });
  py::class_<match_counts>(m, "MatchCounts")
      .def("__iadd__", &match_counts::operator+=)
      .def_property_readonly("notes", &match_counts::notes)
      .def(
          "summary",
          [](const match_counts& counts, double level, double min_n) {
            return match_summary(counts, {.level = level, .min_n = min_n});
          },
          py::arg("level"), py::arg("min_n"))
      .def(
          "times",
          [](const match_counts& counts, double level, double min_n) {
            return match_times(counts, {.level = level, .min_n = min_n});
          },
          py::arg("level"), py::arg("min_n"));
  bind_search(m, "count_matches", &count_matches);
  bind_search(m, "match_list", &match_list);
  bind_search(m, "match_parts", &match_parts);
  bind_search(m, "match_funnel", &match_funnel);
  bind_search(m, "matches_of_units", &matches_of_units);
}

}  // namespace klantreis::bindings
