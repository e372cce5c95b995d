// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/pybind11.h>

namespace klantreis::bindings {

namespace py = pybind11;

// One function for each module, defined in <module>.cpp beside this file and called by module.cpp.
void bind_table(py::module_& m);
void bind_read(py::module_& m);
void bind_statistics(py::module_& m);
void bind_log(py::module_& m);
void bind_map(py::module_& m);
void bind_journeys(py::module_& m);
void bind_store(py::module_& m);
void bind_interchange(py::module_& m);
void bind_paths(py::module_& m);
void bind_transitions(py::module_& m);
void bind_graph(py::module_& m);
void bind_graph_measures(py::module_& m);
void bind_markov(py::module_& m);
void bind_attribution(py::module_& m);
void bind_dropoff(py::module_& m);
void bind_funnel(py::module_& m);
void bind_improve(py::module_& m);
void bind_kpi(py::module_& m);
void bind_map_picture(py::module_& m);
void bind_patterns(py::module_& m);
void bind_match(py::module_& m);
void bind_prepare(py::module_& m);
void bind_compare(py::module_& m);
void bind_groups(py::module_& m);
void bind_hypotheses(py::module_& m);
void bind_path_analysis(py::module_& m);
void bind_datasets(py::module_& m);
void bind_timing(py::module_& m);
void bind_measure(py::module_& m);
void bind_conformance(py::module_& m);
void bind_parts(py::module_& m);

}  // namespace klantreis::bindings
