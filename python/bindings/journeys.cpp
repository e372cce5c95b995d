// SPDX-License-Identifier: MIT
#include "klantreis/journeys.hpp"

#include <pybind11/stl.h>

#include "bindings.hpp"
#include "klantreis/summary.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

after_conversion after_of(const std::string& name) {
  if (name == "new") {
    return after_conversion::start_new;
  }
  if (name == "stop") {
    return after_conversion::stop;
  }
  if (name == "continue") {
    return after_conversion::go_on;
  }
  throw input_error("after_conversion is " + quoted(name) + "; it must be 'new', 'stop' or 'continue'");
}

}  // namespace

void bind_journeys(py::module_& m) {
  py::class_<journey_set>(m, "JourneySet")
      .def(py::init<>())
      .def_property_readonly("log", &journey_set::log)
      .def_property_readonly("size", &journey_set::size)
      .def_property_readonly("customers", &journey_set::customers)
      .def_property_readonly("settled_customers", &journey_set::settled_customers)
      .def_property_readonly("conversions", &journey_set::conversions)
      .def_property_readonly("nulls", &journey_set::nulls)
      .def_property_readonly("open", &journey_set::open)
      .def(
          "recut",
          [](const journey_set& journeys, const std::string& after) { return journeys.recut(after_of(after)); },
          py::arg("after"), released())
      .def("notes", &journey_set::notes, released())
      .def(
          "summary",
          [](const journey_set& journeys, double level, double min_n) {
            return journey_summary(journeys, {.level = level, .min_n = min_n});
          },
          py::arg("level") = 0.95, py::arg("min_n") = 30.0, released());

  m.def(
      "make_journeys",
      [](const event_log& log, const std::vector<std::string>& conversion, const std::string& after,
         std::optional<std::int64_t> gap, std::optional<std::int64_t> inactivity,
         std::optional<std::int64_t> observed_until, unsigned threads) {
        journey_options options{.conversion = conversion, .after = after_of(after), .threads = threads};
        if (gap) {
          options.gap = duration{*gap};
        }
        if (inactivity) {
          options.inactivity = duration{*inactivity};
        }
        if (observed_until) {
          options.observed_until = instant{duration{*observed_until}};
        }
        return make_journeys(log, options);
      },
      py::arg("log"), py::kw_only(), py::arg("conversion"), py::arg("after"), py::arg("gap") = py::none(),
      py::arg("inactivity") = py::none(), py::arg("observed_until") = py::none(), py::arg("threads") = 0, released());
}

}  // namespace klantreis::bindings
