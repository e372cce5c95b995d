// SPDX-License-Identifier: MIT
#include "klantreis/log.hpp"

#include <pybind11/stl.h>

#include "append_columns.hpp"
#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

void bind_log(py::module_& m) {
  py::class_<event_log>(m, "EventLog")
      .def(py::init<>())
      .def_property_readonly("events", &event_log::events)
      .def_property_readonly("customers", &event_log::customers)
      .def_property_readonly("has_times", &event_log::has_times)
      .def_property_readonly("has_values", [](const event_log& log) { return !log.values().empty(); })
      .def_property_readonly("has_costs", [](const event_log& log) { return !log.costs().empty(); })
      .def_property_readonly("ticks_per_second", &event_log::ticks_per_second)
      .def_property_readonly("last_time", &event_log::last_time)
      .def_property_readonly("touchpoints", [](const event_log& log) { return log.touchpoint_names().to_vector(); })
      .def_property_readonly("label_names", &event_log::label_names)
      .def_property_readonly("number_names", &event_log::number_names)
      .def(
          "labels", [](const event_log& log, const std::string& by) { return log.labels(by).names.to_vector(); },
          py::arg("by"))
      .def("customer_id", &event_log::customer_id, py::arg("index"))
      .def("health", &health_table, released())
      .def("label_counts", &label_counts, py::arg("by"), released());

  py::class_<log_builder>(m, "LogBuilder")
      .def(py::init([](bool drop_bad_rows, std::int64_t ticks_per_second,
                       std::vector<std::pair<std::string, std::string>> phases, std::vector<std::string> only,
                       unsigned threads) {
             return log_builder{log_options{.on_bad = drop_bad_rows ? bad_rows::drop : bad_rows::stop,
                                            .ticks_per_second = ticks_per_second,
                                            .phase_of_touchpoint = std::move(phases),
                                            .only = std::move(only),
                                            .threads = threads}};
           }),
           py::kw_only(), py::arg("drop_bad_rows") = false, py::arg("ticks_per_second") = 0,
           py::arg("phases") = std::vector<std::pair<std::string, std::string>>{},
           py::arg("only") = std::vector<std::string>{}, py::arg("threads") = 0)
      .def("append", &append_columns<log_builder>, py::arg("source"), py::kw_only(), py::arg("customer"),
           py::arg("touchpoint"), py::arg("time") = "", py::arg("order") = "", py::arg("channel") = "",
           py::arg("phase") = "", py::arg("value") = "", py::arg("cost") = "",
           py::arg("attributes") = std::vector<std::string>{}, py::arg("numbers") = std::vector<std::string>{})
      .def("finish", &log_builder::finish, released());
}

}  // namespace klantreis::bindings
