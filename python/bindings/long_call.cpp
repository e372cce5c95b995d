// SPDX-License-Identifier: MIT
#include "long_call.hpp"

namespace klantreis::bindings {

namespace py = pybind11;

namespace {

constexpr auto patience = std::chrono::seconds{1};

py::object display(const char* name) { return py::module_::import("klantreis._progress").attr(name); }

}  // namespace

long_call::long_call() : scope_({}, [this](const progress& now) { listen(now); }) {}

long_call::~long_call() {
  if (!is_shown_) {
    return;
  }
  const py::gil_scoped_acquire gil;
  try {
    display("close")();
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable("the progress bar of klantreis");
  }
}

void long_call::listen(const progress& now) {
  const py::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) {
    throw py::error_already_set();
  }
  if (std::chrono::steady_clock::now() - began_ >= patience) {
    is_shown_ = true;
    display("show")(py::str(now.stage.data(), now.stage.size()), now.done, now.total);
  }
}

}  // namespace klantreis::bindings
