// SPDX-License-Identifier: MIT
#include "klantreis/paths.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "arrow_interop.hpp"
#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

void bind_paths(py::module_& m) {
  py::class_<path_table>(m, "PathTable")
      .def(py::init<>())
      .def_property_readonly("size", &path_table::size)
      .def_property_readonly("by", &path_table::by)
      .def_property_readonly("names", [](const path_table& paths) { return paths.names().to_vector(); })
      .def_property_readonly("has_values", &path_table::has_values)
      .def_property_readonly("has_customers", &path_table::has_units)
      .def_property_readonly("conversions", &path_table::total_conversions)
      .def_property_readonly("nulls", &path_table::total_nulls)
      .def_property_readonly("open", &path_table::total_open)
      .def_property_readonly("value", &path_table::total_value)
      .def_property_readonly("rejected",
                             [](const path_table& paths) {
                               std::vector<std::pair<std::string, std::uint64_t>> reasons;
                               for (const auto& rejection : paths.rejected()) {
                                 reasons.emplace_back(rejection.reason, rejection.rows);
                               }
                               return reasons;
                             })
      .def(
          "append",
          [](path_table& paths, const py::object& source, const std::string& path, const std::string& conversions,
             const std::string& nulls, const std::string& value, const std::string& separator, bool drop_bad_rows) {
            if (separator.size() != 1) {
              throw input_error("sep is " + quoted(separator) + "; it must be one ASCII character, such as '>'");
            }
            arrow_stream stream = import_stream(source);
            const long_call working;
            arrow_reader reader{stream.get()};
            while (const auto batch = reader.next()) {
              const auto column = [&batch](const std::string& name) {
                return name.empty() ? column_view{} : batch->column(name);
              };
              append_paths(paths, batch->column(path), column(conversions), column(nulls), column(value),
                           separator.front(), drop_bad_rows ? bad_rows::drop : bad_rows::stop);
            }
          },
          py::arg("source"), py::kw_only(), py::arg("path"), py::arg("conversions") = "", py::arg("nulls") = "",
          py::arg("value") = "", py::arg("sep") = ">", py::arg("drop_bad_rows") = false)
      .def("merge", &path_table::operator+=, py::arg("other"), py::return_value_policy::reference_internal)
      .def("rows",
           [](const path_table& paths) {
             // (items, conversions, nulls) in the order of first appearance
             std::vector<std::tuple<std::vector<std::string>, double, double>> rows;
             for (std::size_t p = 0; p < paths.size(); ++p) {
               std::vector<std::string> items;
               for (const std::uint32_t item : paths.path(p)) {
                 items.emplace_back(paths.names()[item]);
               }
               rows.emplace_back(std::move(items), paths.conversions()[p], paths.nulls()[p]);
             }
             return rows;
           })
      .def_property_readonly("options_key", &path_table::options_key)
      .def("described", &path_table::described, py::arg("by"), py::arg("options"))
      .def(
          "without_customers",
          [](const path_table& paths) {
            const auto numbers = [](std::span<const double> all) {
              return std::vector<double>(all.begin(), all.end());
            };
            return paths.with_counts(numbers(paths.conversions()), numbers(paths.nulls()), numbers(paths.values()));
          },
          released())
      .def("to_table", &path_table::to_table, released());

  m.def(
      "make_paths",
      [](const journey_set& journeys, const std::string& by, bool collapse, std::optional<std::int64_t> lookback,
         std::size_t lookback_touches, const std::vector<std::string>& exclude, bool reuse_touches, bool require_known,
         unsigned threads) {
        path_options options{.by = by,
                             .collapse = collapse,
                             .lookback_touches = lookback_touches,
                             .exclude = exclude,
                             .reuse_touches = reuse_touches,
                             .require_known = require_known,
                             .threads = threads};
        if (lookback) {
          options.lookback = duration{*lookback};
        }
        return make_paths(journeys, options);
      },
      py::arg("journeys"), py::kw_only(), py::arg("by") = "touchpoint", py::arg("collapse") = false,
      py::arg("lookback") = py::none(), py::arg("lookback_touches") = 0,
      py::arg("exclude") = std::vector<std::string>{}, py::arg("reuse_touches") = false,
      py::arg("require_known") = true, py::arg("threads") = 0, released());

  m.def(
      "transform_paths",
      [](const path_table& paths, const std::string& kind, const std::string& item, std::size_t last) {
        return transform_paths(paths, to_path_transform(kind), {.item = item, .last = last});
      },
      py::arg("paths"), py::kw_only(), py::arg("kind"), py::arg("item"), py::arg("last"), released());
}

}  // namespace klantreis::bindings
