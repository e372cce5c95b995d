// SPDX-License-Identifier: MIT
#include "klantreis/table.hpp"

#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "arrow_interop.hpp"
#include "bindings.hpp"

namespace klantreis::bindings {

namespace {

using value_list = py::typing::List<py::object>;

constexpr std::array<std::pair<quantity, const char*>, 6> quantity_names{{{quantity::plain, "plain"},
                                                                          {quantity::count, "count"},
                                                                          {quantity::share, "share"},
                                                                          {quantity::seconds, "seconds"},
                                                                          {quantity::moment, "moment"},
                                                                          {quantity::amount, "amount"}}};

const char* name_of(quantity what) {
  for (const auto& [value, name] : quantity_names) {
    if (value == what) {
      return name;
    }
  }
  return "plain";
}

quantity quantity_of(const std::string& wanted) {
  std::string known;
  for (const auto& [value, name] : quantity_names) {
    if (wanted == name) {
      return value;
    }
    known += std::string{" "} + name;
  }
  throw input_error("no quantity " + quoted(wanted) + "; there are:" + known);
}

value_list to_list(const std::vector<std::int64_t>& values) { return py::cast(values); }

value_list to_list(const std::vector<double>& values) {
  value_list result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[i] = std::isnan(values[i]) ? py::object{py::none()} : py::object{py::float_(values[i])};
  }
  return result;
}

value_list to_list(const std::vector<std::string>& values) {
  value_list result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    // Names come from users' logs, and not all of those are valid UTF-8.
    result[i] = py::reinterpret_steal<py::object>(
        PyUnicode_DecodeUTF8(values[i].data(), static_cast<py::ssize_t>(values[i].size()), "replace"));
  }
  return result;
}

value_list to_list(const std::vector<bool>& values) {
  value_list result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[i] = py::bool_(values[i]);
  }
  return result;
}

const char* type_of(const column& c) {
  constexpr std::array names{"integer", "number", "text", "boolean"};
  return names[c.data.index()];
}

column::data_type to_data(const std::string& name, const std::string& type, const value_list& values) {
  try {
    if (type == "integer") {
      return values.cast<std::vector<std::int64_t>>();
    }
    if (type == "number") {
      std::vector<double> numbers;
      numbers.reserve(values.size());
      for (const auto value : values) {
        numbers.push_back(value.is_none() ? std::numeric_limits<double>::quiet_NaN() : value.cast<double>());
      }
      return numbers;
    }
    if (type == "text") {
      return values.cast<std::vector<std::string>>();
    }
    return values.cast<std::vector<bool>>();
  } catch (const py::cast_error&) {
    throw input_error("column " + quoted(name) + " holds a value that is no " + type);
  }
}

/// The bytes of a column of numbers, for consumers that read memory.
py::bytes raw_bytes(const table& self, const std::string& name) {
  const column& c = self.at(name);
  const auto bytes = [](const auto& values) {
    return py::bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
  };
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&c.data)) {
    return bytes(*integers);
  }
  return bytes(self.numbers(name));
}

}  // namespace

void bind_table(py::module_& m) {
  py::class_<table>(m, "Table")
      .def(py::init([](const std::vector<std::tuple<std::string, std::string, value_list, std::string>>& columns,
                       std::string definition, const std::vector<std::pair<std::string, std::string>>& options) {
             table result{std::move(definition)};
             for (const auto& [name, type, values, what] : columns) {
               if (result.contains(name)) {
                 throw input_error("column " + quoted(name) + " is given twice");
               }
               if (!result.columns().empty() && values.size() != result.rows()) {
                 throw input_error("column " + quoted(name) + " has " + std::to_string(values.size()) +
                                   " rows, those before it have " + std::to_string(result.rows()));
               }
               result.add(name, to_data(name, type, values), quantity_of(what));
             }
             for (const auto& [name, value] : options) {
               result.set_option(name, value);
             }
             return result;
           }),
           py::arg("columns"), py::arg("definition") = "",
           py::arg("options") = std::vector<std::pair<std::string, std::string>>{})
      .def_property_readonly("rows", &table::rows)
      .def_property_readonly("names",
                             [](const table& self) {
                               std::vector<std::string> names;
                               for (const auto& c : self.columns()) {
                                 names.push_back(c.name);
                               }
                               return names;
                             })
      .def_property_readonly("definition", &table::definition)
      .def_property_readonly("options",
                             [](const table& self) {
                               py::typing::Dict<py::str, py::str> result;
                               for (const auto& [name, value] : self.options()) {
                                 result[py::str(name)] = value;
                               }
                               return result;
                             })
      .def("column",
           [](const table& self, const std::string& name) {
             return std::visit([](const auto& values) { return to_list(values); }, self.at(name).data);
           })
      .def("raw_bytes", &raw_bytes)
      .def("type", [](const table& self, const std::string& name) { return type_of(self.at(name)); })
      .def("quantity", [](const table& self, const std::string& name) { return name_of(self.at(name).what); })
      .def("head", &table::head)
      .def("take",
           [](const table& self, const std::vector<std::size_t>& order) {
             for (const auto row : order) {
               if (row >= self.rows()) {
                 throw py::index_error("no row " + std::to_string(row) + " in a table of " +
                                       std::to_string(self.rows()));
               }
             }
             return self.take(order);
           })
      .def(
          "__arrow_c_stream__",
          [](const table& self, const py::object& /* requested_schema: a wish that may be ignored */) -> py::object {
            return stream_capsule(self);
          },
          py::arg("requested_schema") = py::none());
}

}  // namespace klantreis::bindings
