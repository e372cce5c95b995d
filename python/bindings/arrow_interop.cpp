// SPDX-License-Identifier: MIT
#include "arrow_interop.hpp"

#include <cstring>
#include <string>
#include <vector>

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

/// What a copied schema points into.
struct copied_schema {
  std::string format;
  std::string name;
  std::string metadata;
  std::vector<arrow_schema> children;
  std::vector<ArrowSchema*> pointers;
  arrow_schema dictionary;
};

/// The metadata of a schema are counted, not ended by a zero.
std::string copied_metadata(const char* metadata) {
  if (metadata == nullptr) {
    return {};
  }
  const auto number_at = [metadata](std::size_t position) {
    std::int32_t number = 0;
    std::memcpy(&number, metadata + position, sizeof(number));
    return number;
  };
  std::size_t end = 4;
  for (std::int32_t text = 0; text < 2 * number_at(0); ++text) {
    end += 4 + static_cast<std::size_t>(number_at(end));
  }
  return {metadata, end};
}

arrow_schema copied(const ArrowSchema& source) {
  auto content = std::make_unique<copied_schema>();
  content->format = source.format;
  content->name = source.name == nullptr ? "" : source.name;
  content->metadata = copied_metadata(source.metadata);
  for (std::int64_t i = 0; i < source.n_children; ++i) {
    content->children.push_back(copied(*source.children[i]));
  }
  for (auto& child : content->children) {
    content->pointers.push_back(child.get());
  }
  if (source.dictionary != nullptr) {
    content->dictionary = copied(*source.dictionary);
  }
  ArrowSchema result{};
  result.format = content->format.c_str();
  result.name = content->name.c_str();
  result.metadata = content->metadata.empty() ? nullptr : content->metadata.data();
  result.flags = source.flags;
  result.n_children = source.n_children;
  result.children = content->pointers.data();
  result.dictionary = source.dictionary == nullptr ? nullptr : content->dictionary.get();
  result.release = [](ArrowSchema* self) {
    delete static_cast<copied_schema*>(self->private_data);
    self->release = nullptr;
  };
  result.private_data = content.release();
  return arrow_schema{&result};
}

/// One array as a stream.
struct single_batch {
  arrow_schema schema;
  arrow_array array;
};

template <typename Structure>
void hand_out(arrow_owner<Structure>& owner, Structure* out) {
  *out = *owner.get();
  owner.get()->release = nullptr;
}

arrow_stream stream_of(arrow_schema schema, arrow_array array) {
  ArrowArrayStream stream{};
  stream.private_data = new single_batch{std::move(schema), std::move(array)};
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    auto copy = copied(*static_cast<single_batch*>(self->private_data)->schema);
    hand_out(copy, out);
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    hand_out(static_cast<single_batch*>(self->private_data)->array, out);
    return 0;
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
