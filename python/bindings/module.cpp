// SPDX-License-Identifier: MIT
#include "bindings.hpp"

#include "klantreis/core.hpp"
#include "klantreis/version.hpp"

namespace py = pybind11;

namespace {

// Python users meet these as klantreis.InputError and klantreis.LimitError, and messages should say so.
template <class Error>
py::exception<Error> public_error(py::module_& m, const char* name, py::handle base) {
  py::exception<Error> error = py::register_exception<Error>(m, name, base);
  error.attr("__module__") = "klantreis";
  return error;
}

}  // namespace

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  m.doc() = "The compiled part of klantreis. Use the functions of the package klantreis instead.";
  m.attr("__version__") = py::str(klantreis::version_string.data(), klantreis::version_string.size());

  // The later registered translator is asked first, so the narrower error comes last.
  const auto input_error = public_error<klantreis::input_error>(m, "InputError", PyExc_ValueError);
  public_error<klantreis::limit_error>(m, "LimitError", input_error);

  // In the order of the modules: a signature may name only types that are bound above it.
  klantreis::bindings::bind_table(m);
  klantreis::bindings::bind_read(m);
  klantreis::bindings::bind_statistics(m);
  klantreis::bindings::bind_log(m);
  klantreis::bindings::bind_map(m);
  klantreis::bindings::bind_journeys(m);
  klantreis::bindings::bind_store(m);
  klantreis::bindings::bind_interchange(m);
  klantreis::bindings::bind_paths(m);
  klantreis::bindings::bind_transitions(m);
  klantreis::bindings::bind_graph(m);
  klantreis::bindings::bind_graph_measures(m);
  klantreis::bindings::bind_markov(m);
  klantreis::bindings::bind_attribution(m);
  klantreis::bindings::bind_dropoff(m);
  klantreis::bindings::bind_funnel(m);
  klantreis::bindings::bind_improve(m);
  klantreis::bindings::bind_kpi(m);
  klantreis::bindings::bind_map_picture(m);
  klantreis::bindings::bind_patterns(m);
  klantreis::bindings::bind_match(m);
  klantreis::bindings::bind_prepare(m);
  klantreis::bindings::bind_compare(m);
  klantreis::bindings::bind_groups(m);
  klantreis::bindings::bind_hypotheses(m);
  klantreis::bindings::bind_path_analysis(m);
  klantreis::bindings::bind_datasets(m);
  klantreis::bindings::bind_timing(m);
  klantreis::bindings::bind_measure(m);
  klantreis::bindings::bind_conformance(m);
  klantreis::bindings::bind_parts(m);
}
