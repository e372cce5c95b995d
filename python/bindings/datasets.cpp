// SPDX-License-Identifier: MIT
#include "klantreis/datasets.hpp"

#include <pybind11/stl.h>

#include <string>
#include <tuple>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

void bind_datasets(py::module_& m) {
  const auto parameters_of = [](const std::string& json) {
    return parse_webshop_parameters(json.empty() ? webshop_parameters_json() : std::string_view{json});
  };
  m.def("webshop_parameters", [] { return std::string{webshop_parameters_json()}; });
  m.def(
      "webshop_events",
      [parameters_of](const std::string& parameters, std::size_t customers, std::uint64_t seed, unsigned threads) {
        return webshop_events(parameters_of(parameters), {.customers = customers, .seed = seed, .threads = threads});
      },
      py::kw_only(), py::arg("parameters"), py::arg("customers"), py::arg("seed"), py::arg("threads"), released());
  m.def(
      "webshop_log",
      [parameters_of](const std::string& parameters, std::size_t customers, std::uint64_t seed, unsigned threads) {
        return webshop_log(parameters_of(parameters), {.customers = customers, .seed = seed, .threads = threads});
      },
      py::kw_only(), py::arg("parameters"), py::arg("customers"), py::arg("seed"), py::arg("threads"), released());
  m.def(
      "webshop_truth",
      [parameters_of](const std::string& parameters) {
        auto truth = webshop_truth(parameters_of(parameters));
        return std::tuple{std::move(truth.transitions), std::move(truth.conversion), std::move(truth.removal_effects),
                          std::move(truth.improvement)};
      },
      py::kw_only(), py::arg("parameters"), released());
}

}  // namespace klantreis::bindings
