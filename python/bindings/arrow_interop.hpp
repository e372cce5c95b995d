// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <utility>

#include "klantreis/arrow.hpp"
#include "klantreis/table.hpp"

namespace klantreis::bindings {

namespace py = pybind11;

/// Takes the stream out of an object with `__arrow_c_stream__` or `__arrow_c_array__`.
///
/// A Python error of the object itself passes through. \throws input_error when the object offers neither.
[[nodiscard]] arrow_stream import_stream(py::handle source);

/// A capsule that owns `stream` and releases it unless a consumer took it out.
[[nodiscard]] py::capsule stream_capsule(arrow_stream stream);

[[nodiscard]] inline py::capsule stream_capsule(const table& source) {
  ArrowArrayStream stream{};
  export_table(source, &stream);
  return stream_capsule(arrow_stream{&stream});
}

}  // namespace klantreis::bindings
