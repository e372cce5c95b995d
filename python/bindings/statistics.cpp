// SPDX-License-Identifier: MIT
#include "klantreis/statistics.hpp"

#include <utility>

#include "bindings.hpp"

namespace klantreis::bindings {

void bind_statistics(py::module_& m) {
  const auto bounds = [](const interval& found) { return std::pair(found.lower, found.upper); };
  m.def(
      "wilson",
      [bounds](double successes, double n, double level) {
        return bounds(wilson(successes, n, normal_critical(level)));
      },
      py::arg("successes"), py::arg("n"), py::kw_only(), py::arg("level"));
  m.def(
      "newcombe",
      [bounds](double x1, double n1, double x2, double n2, double level) {
        return bounds(newcombe(x1, n1, x2, n2, normal_critical(level)));
      },
      py::arg("x1"), py::arg("n1"), py::arg("x2"), py::arg("n2"), py::kw_only(), py::arg("level"));
  m.def(
      "two_proportion_test",
      [](double x1, double n1, double x2, double n2) {
        const two_shares found = two_proportion_test(x1, n1, x2, n2);
        return std::pair(found.z, found.p);
      },
      py::arg("x1"), py::arg("n1"), py::arg("x2"), py::arg("n2"));
  m.def(
      "newcombe_paired",
      [bounds](double both, double only_before, double only_after, double neither, double level) {
        return bounds(newcombe_paired(both, only_before, only_after, neither, normal_critical(level)));
      },
      py::arg("both"), py::arg("only_before"), py::arg("only_after"), py::arg("neither"), py::kw_only(),
      py::arg("level"));
}

}  // namespace klantreis::bindings
