// SPDX-License-Identifier: MIT
#include "klantreis/store.hpp"

#include <pybind11/stl.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "append_columns.hpp"
#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

void bind_store(py::module_& m) {
  m.def(
      "log_to_bytes",
      [](const event_log& log, const std::string& note) {
        std::string bytes;
        {
          const long_call working;
          bytes = to_bytes(log, note);
        }
        return py::bytes(bytes);
      },
      py::arg("log"), py::arg("note"));
  m.def(
      "log_from_bytes",
      [](const py::bytes& bytes) {
        const std::string_view view = bytes;
        const long_call working;
        std::string note;
        event_log log = log_from_bytes(view, &note);
        return std::pair{std::move(log), std::move(note)};
      },
      py::arg("bytes"));
  m.def(
      "updated_log",
      [](const event_log& log, const event_log& more, const std::string& order) { return updated(log, more, order); },
      py::arg("log"), py::arg("more"), py::kw_only(), py::arg("order"), released());

  py::class_<event_spill>(m, "EventSpill")
      .def(
          py::init([](const std::string& folder, std::size_t partitions, std::uint64_t buffer_bytes, bool drop_bad_rows,
                      std::int64_t ticks_per_second, std::vector<std::pair<std::string, std::string>> phases,
                      std::vector<std::string> only, unsigned threads) {
            return event_spill{folder,
                               {.reading = {.on_bad = drop_bad_rows ? bad_rows::drop : bad_rows::stop,
                                            .ticks_per_second = ticks_per_second,
                                            .phase_of_touchpoint = std::move(phases),
                                            .only = std::move(only),
                                            .threads = threads},
                                .partitions = partitions,
                                .buffer_bytes = buffer_bytes}};
          }),
          py::arg("folder"), py::kw_only(), py::arg("partitions"), py::arg("buffer_bytes"), py::arg("drop_bad_rows"),
          py::arg("ticks_per_second"), py::arg("phases"), py::arg("only"), py::arg("threads"))
      .def_property_readonly("partitions", &event_spill::partitions)
      .def_property_readonly("rows", &event_spill::rows)
      .def_property_readonly("largest", &event_spill::largest)
      .def_property_readonly("bytes", &event_spill::bytes)
      .def("names", &event_spill::names, py::arg("label"))
      .def("append", &append_columns<event_spill>, py::arg("source"), py::kw_only(), py::arg("customer"),
           py::arg("touchpoint"), py::arg("time"), py::arg("order"), py::arg("channel"), py::arg("phase"),
           py::arg("value"), py::arg("cost"), py::arg("attributes"), py::arg("numbers"))
      .def("finish", &event_spill::finish, released())
      .def("builder", &event_spill::builder, py::arg("partition"), released());
}

}  // namespace klantreis::bindings
