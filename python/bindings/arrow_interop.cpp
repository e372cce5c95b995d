// SPDX-License-Identifier: MIT
#include "arrow_interop.hpp"

#include <cerrno>
#include <string>

namespace klantreis::bindings {

namespace {

template <typename Structure>
Structure* content_of(const py::object& capsule, const char* name) {
  auto* content = static_cast<Structure*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (content == nullptr) {
    throw py::error_already_set();
  }
  return content;
}

/// One array as a stream. Its schema is handed out once, which is all that `arrow_reader` asks for.
struct single_batch {
  arrow_schema schema;
  arrow_array array;
};

template <typename Structure>
int hand_out(arrow_owner<Structure>& owner, Structure* out) {
  *out = *owner.get();
  owner.get()->release = nullptr;
  return 0;
}

arrow_stream stream_of(arrow_schema schema, arrow_array array) {
  ArrowArrayStream stream{};
  stream.private_data = new single_batch{std::move(schema), std::move(array)};
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    auto& schema_owner = static_cast<single_batch*>(self->private_data)->schema;
    return schema_owner ? hand_out(schema_owner, out) : EINVAL;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    return hand_out(static_cast<single_batch*>(self->private_data)->array, out);
  };
  stream.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
  stream.release = [](ArrowArrayStream* self) {
    delete static_cast<single_batch*>(self->private_data);
    self->release = nullptr;
  };
  return arrow_stream{&stream};
}

}  // namespace

arrow_stream import_stream(py::handle source) {
  if (py::hasattr(source, "__arrow_c_stream__")) {
    const py::object capsule = source.attr("__arrow_c_stream__")();
    auto* stream = content_of<ArrowArrayStream>(capsule, "arrow_array_stream");
    if (stream->release == nullptr) {
      throw input_error("the Arrow stream was read before; a stream can be read once");
    }
    return arrow_stream{stream};
  }
  if (py::hasattr(source, "__arrow_c_array__")) {
    const py::tuple pair = source.attr("__arrow_c_array__")();
    return stream_of(arrow_schema{content_of<ArrowSchema>(pair[0], "arrow_schema")},
                     arrow_array{content_of<ArrowArray>(pair[1], "arrow_array")});
  }
  throw input_error("an object of type " + py::str(py::type::of(source).attr("__name__")).cast<std::string>() +
                    " has no __arrow_c_stream__; pass a data frame, an Arrow table or a DuckDB relation");
}

py::capsule stream_capsule(arrow_stream stream) {
  auto content = std::make_unique<ArrowArrayStream>();
  py::capsule capsule{content.get(), "arrow_array_stream", [](PyObject* object) {
                        auto* owned =
                            static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(object, "arrow_array_stream"));
                        if (owned->release != nullptr) {
                          owned->release(owned);
                        }
                        delete owned;
                      }};
  hand_out(stream, content.release());
  return capsule;
}

}  // namespace klantreis::bindings
