// SPDX-License-Identifier: MIT
#include "klantreis/prepare.hpp"

#include <pybind11/stl.h>

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

std::optional<duration> length_of(std::optional<std::int64_t> micros) {
  return micros ? std::optional{duration{*micros}} : std::nullopt;
}

std::vector<match_label> labels_of(const std::vector<std::pair<std::string, path_pattern>>& labels) {
  std::vector<match_label> result;
  for (const auto& [label, pattern] : labels) {
    result.push_back({label, pattern});
  }
  return result;
}

void bind_events(py::module_& m) {
  m.def(
      "note_preparation", [](event_log& log, const std::string& text) { log = with_preparation(std::move(log), text); },
      py::arg("log"), py::arg("text"), released());
  m.def(
      "rename_labels",
      [](const event_log& log, const std::vector<std::tuple<std::string, std::string, bool>>& rules,
         const std::string& by) {
        std::vector<rename_rule> wanted;
        for (const auto& [from, to, is_regex] : rules) {
          wanted.push_back({from, to, is_regex});
        }
        return rename_labels(log, wanted, by);
      },
      py::arg("log"), py::arg("rules"), py::kw_only(), py::arg("by"), released());
  const auto url = [](bool host, bool query, bool fragment, std::string id) {
    return url_options{.keep_host = host, .keep_query = query, .keep_fragment = fragment, .id = std::move(id)};
  };
  m.def(
      "clean_url",
      [url](const std::string& text, bool host, bool query, bool fragment, const std::string& id) {
        return clean_url(text, url(host, query, fragment, id));
      },
      py::arg("text"), py::kw_only(), py::arg("host"), py::arg("query"), py::arg("fragment"), py::arg("id"));
  m.def(
      "clean_urls",
      [url](const event_log& log, bool host, bool query, bool fragment, const std::string& id, const std::string& by) {
        return clean_urls(log, url(host, query, fragment, id), by);
      },
      py::arg("log"), py::kw_only(), py::arg("host"), py::arg("query"), py::arg("fragment"), py::arg("id"),
      py::arg("by"), released());
  m.def(
      "collapse_repeats",
      [](const event_log& log, const std::vector<std::string>& only, std::optional<std::int64_t> within,
         const std::string& by) {
        return collapse_repeats(log, {.by = by, .only = only, .within = length_of(within)});
      },
      py::arg("log"), py::kw_only(), py::arg("only"), py::arg("within"), py::arg("by"), released());
  m.def("select_events", &select_events, py::arg("log"), py::arg("event"), py::kw_only(), py::arg("keep"),
        py::arg("by"), released());
  m.def("select_customers", &select_customers, py::arg("log"), py::arg("pattern"), py::kw_only(), py::arg("keep"),
        py::arg("by"), released());
  m.def("select_journeys", &select_journeys, py::arg("journeys"), py::arg("pattern"), py::kw_only(), py::arg("keep"),
        py::arg("by"), released());
  m.def(
      "trim",
      [](const event_log& log, const std::optional<path_pattern>& from, const std::optional<path_pattern>& until,
         bool last_from, bool last_until, bool keep_unmatched, std::optional<std::int64_t> since,
         std::optional<std::int64_t> before, std::optional<std::int64_t> within, const std::string& by) {
        return trim(log, {.from = from,
                          .until = until,
                          .last_from = last_from,
                          .last_until = last_until,
                          .keep_unmatched = keep_unmatched,
                          .since = instant_of(since),
                          .before = instant_of(before),
                          .within = length_of(within),
                          .by = by});
      },
      py::arg("log"), py::kw_only(), py::arg("start"), py::arg("until"), py::arg("last_from"), py::arg("last_until"),
      py::arg("keep_unmatched"), py::arg("since"), py::arg("before"), py::arg("within"), py::arg("by"), released());
  m.def("add_start_end", &add_start_end, py::arg("log"), py::kw_only(), py::arg("start"), py::arg("end"), released());
  m.def("daily_states", &daily_states, py::arg("log"), py::kw_only(), py::arg("keep_last_dormant"), released());
}

void bind_labels(py::module_& m) {
  m.def(
      "split",
      [](const event_log& log, const std::string& name, std::optional<std::int64_t> gap,
         const std::optional<path_pattern>& at, const std::optional<path_pattern>& after, const std::string& by) {
        return split(log, {.name = name, .gap = length_of(gap), .at = at, .after = after, .by = by});
      },
      py::arg("log"), py::kw_only(), py::arg("name"), py::arg("gap"), py::arg("at"), py::arg("after"), py::arg("by"),
      released());
  m.def(
      "label_customers",
      [](const event_log& log, const std::vector<std::pair<std::string, path_pattern>>& labels, const std::string& name,
         const std::string& otherwise, const std::string& by) {
        return label_customers(log, labels_of(labels), {.name = name, .otherwise = otherwise, .by = by});
      },
      py::arg("log"), py::arg("labels"), py::kw_only(), py::arg("name"), py::arg("otherwise"), py::arg("by"),
      released());
  m.def(
      "label_journeys",
      [](const journey_set& journeys, const std::vector<std::pair<std::string, path_pattern>>& labels,
         const std::string& name, const std::string& otherwise, const std::string& by) {
        return label_journeys(journeys, labels_of(labels), {.name = name, .otherwise = otherwise, .by = by});
      },
      py::arg("journeys"), py::arg("labels"), py::kw_only(), py::arg("name"), py::arg("otherwise"), py::arg("by"),
      released());
  m.def(
      "label_new",
      [](const event_log& log, std::optional<std::int64_t> since, const std::vector<std::string>& ids,
         const std::string& name) {
        return since ? label_new(log, *instant_of(since), name) : label_new(log, ids, name);
      },
      py::arg("log"), py::kw_only(), py::arg("since"), py::arg("ids"), py::arg("name"), released());
  m.def(
      "label_lost",
      [](const event_log& log, std::int64_t after, const std::string& name) {
        return label_lost(log, duration{after}, name);
      },
      py::arg("log"), py::kw_only(), py::arg("after"), py::arg("name"), released());
  m.def(
      "label_returning",
      [](const event_log& log, std::int64_t gap, const std::string& name) {
        return label_returning(log, duration{gap}, name);
      },
      py::arg("log"), py::kw_only(), py::arg("gap"), py::arg("name"), released());
  m.def(
      "label_cropped",
      [](const event_log& log, std::optional<std::int64_t> left, std::optional<std::int64_t> right,
         const std::string& name) { return label_cropped(log, length_of(left), length_of(right), name); },
      py::arg("log"), py::kw_only(), py::arg("left"), py::arg("right"), py::arg("name"), released());
  m.def(
      "sample_customers",
      [](const event_log& log, std::optional<double> share, std::size_t customers, std::uint64_t seed) {
        return share ? sample_customers(log, *share, seed) : sample_customers(log, customers, seed);
      },
      py::arg("log"), py::kw_only(), py::arg("share"), py::arg("customers"), py::arg("seed"), released());
}

}  // namespace

void bind_prepare(py::module_& m) {
  bind_events(m);
  bind_labels(m);
}

}  // namespace klantreis::bindings
