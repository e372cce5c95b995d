// SPDX-License-Identifier: MIT
// What stands between Python objects and the Arrow stream that a log is built from.

#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow_interop.hpp"
#include "bindings.hpp"

namespace klantreis::bindings {

namespace {

// Of str and None.
using text_list = py::typing::List<py::object>;

/// A stream whose columns can be looked at before it is read.
///
/// DuckDB opens a source several times and reads it once: every capsule tells the columns, the first to ask for rows
/// gets them. While rows are read, Ctrl-C and the progress callback have their turn after every batch.
class stream_source {
 public:
  stream_source(py::handle source, py::object progress) : state_(std::make_shared<state>()) {
    state_->stream = import_stream(source);
    state_->progress = std::move(progress);
    arrow_schema schema;
    if (state_->stream->get_schema(state_->stream.get(), schema.get()) != 0) {
      schema.get()->release = nullptr;
      const char* reason = last_error(*state_);
      throw input_error(std::string{"the source could not tell its columns: "} +
                        (reason == nullptr ? "no reason given" : reason));
    }
    if (schema->format == nullptr || std::strcmp(schema->format, "+s") != 0) {
      throw input_error("the Arrow stream holds one column without a name, not a table with named columns");
    }
    for (std::int64_t i = 0; i < schema->n_children; ++i) {
      const ArrowSchema& child = *schema->children[i];
      names_.emplace_back(child.name == nullptr ? "" : child.name);
      formats_.emplace_back(child.dictionary == nullptr ? child.format : child.dictionary->format);
    }
  }

  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] const std::vector<std::string>& formats() const noexcept { return formats_; }

  [[nodiscard]] py::object capsule() {
    if (state_->claimed) {
      throw input_error("the Arrow stream was read before; a stream can be read once");
    }
    ArrowArrayStream out{};
    out.get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
      auto& stream = static_cast<reading*>(self->private_data)->shared->stream;
      return stream->get_schema(stream.get(), schema);
    };
    out.get_next = &next;
    out.get_last_error = [](ArrowArrayStream* self) -> const char* {
      const auto& inside = *static_cast<reading*>(self->private_data);
      return inside.error != nullptr ? inside.error : last_error(*inside.shared);
    };
    out.release = [](ArrowArrayStream* self) {
      const py::gil_scoped_acquire gil;
      delete static_cast<reading*>(self->private_data);
      self->release = nullptr;
    };
    out.private_data = new reading{state_};
    return stream_capsule(arrow_stream{&out});
  }

  /// Raises what the progress callback or a signal handler raised while the stream was read.
  void raise_pending() {
    if (state_->pending) {
      std::rethrow_exception(std::exchange(state_->pending, nullptr));
    }
  }

  /// Frees what the source holds, an open query for example.
  void close() { state_->stream.reset(); }

 private:
  struct state {
    arrow_stream stream;
    py::object progress;
    std::exception_ptr pending;
    std::atomic<bool> claimed = false;
    std::uint64_t rows = 0;
  };

  struct reading {
    std::shared_ptr<state> shared;
    bool reads = false;
    const char* error = nullptr;
  };

  static const char* last_error(state& shared) {
    auto& stream = shared.stream;
    return !stream || stream->get_last_error == nullptr ? nullptr : stream->get_last_error(stream.get());
  }

  static int next(ArrowArrayStream* self, ArrowArray* out) {
    auto& inside = *static_cast<reading*>(self->private_data);
    auto& shared = *inside.shared;
    if (!shared.stream || (!inside.reads && shared.claimed.exchange(true))) {
      inside.error = "the stream was read before";
      return EINVAL;
    }
    inside.reads = true;
    const int code = shared.stream->get_next(shared.stream.get(), out);
    if (code != 0 || out->release == nullptr) {
      return code;
    }
    shared.rows += static_cast<std::uint64_t>(out->length);
    const py::gil_scoped_acquire gil;
    try {
      if (PyErr_CheckSignals() != 0) {
        throw py::error_already_set();
      }
      if (!shared.progress.is_none()) {
        shared.progress(shared.rows);
      }
      return 0;
    } catch (...) {
      shared.pending = std::current_exception();
    }
    out->release(out);
    out->release = nullptr;
    inside.error = "reading was interrupted";
    return EINTR;
  }

  std::shared_ptr<state> state_;
  std::vector<std::string> names_;
  std::vector<std::string> formats_;
};

/// One column that was copied from Python.
struct held_column {
  std::string name;
  std::string format;
  std::int64_t length = 0;
  std::int64_t nulls = 0;
  std::vector<std::uint8_t> validity;
  std::vector<char> values;
  std::string text;
  std::shared_ptr<const held_column> dictionary;

  void mark_null(std::size_t row) {
    if (validity.empty()) {
      validity.assign((static_cast<std::size_t>(length) + 7) / 8, 0xFF);
    }
    validity[row / 8] = static_cast<std::uint8_t>(validity[row / 8] & ~(1U << (row % 8)));
    ++nulls;
  }

  template <typename T>
  [[nodiscard]] T at(std::size_t row) const {
    T value;
    std::memcpy(&value, values.data() + row * sizeof(T), sizeof(T));
    return value;
  }
};

using column_pointer = std::shared_ptr<const held_column>;

struct exported_schema {
  column_pointer held;
  ArrowSchema dictionary{};
  std::vector<column_pointer> columns;
  std::vector<ArrowSchema> children{};
  std::vector<ArrowSchema*> pointers{};
};

struct exported_array {
  column_pointer held;
  ArrowArray dictionary{};
  std::vector<const void*> buffers{};
  std::vector<column_pointer> columns;
  std::vector<ArrowArray> children{};
  std::vector<ArrowArray*> pointers{};
};

template <typename Structure, typename Content>
void release_content(Structure* structure) {
  auto* content = static_cast<Content*>(structure->private_data);
  for (auto& child : content->children) {
    if (child.release != nullptr) {
      child.release(&child);
    }
  }
  if (content->dictionary.release != nullptr) {
    content->dictionary.release(&content->dictionary);
  }
  delete content;
  structure->release = nullptr;
}

void fill(ArrowSchema& out, const column_pointer& held) {
  auto* content = new exported_schema{.held = held, .columns = {}};
  out = ArrowSchema{};
  out.format = held->format.c_str();
  out.name = held->name.c_str();
  out.flags = ARROW_FLAG_NULLABLE;
  if (held->dictionary != nullptr) {
    fill(content->dictionary, held->dictionary);
    out.dictionary = &content->dictionary;
  }
  out.release = release_content<ArrowSchema, exported_schema>;
  out.private_data = content;
}

void fill(ArrowArray& out, const column_pointer& held) {
  static constexpr std::int64_t nothing = 0;
  auto* content = new exported_array{.held = held, .columns = {}};
  out = ArrowArray{};
  out.length = held->length;
  out.null_count = held->nulls;
  content->buffers = {held->validity.empty() ? nullptr : held->validity.data(),
                      held->values.empty() ? reinterpret_cast<const char*>(&nothing) : held->values.data()};
  if (held->format == "U") {
    content->buffers.push_back(held->text.data());
  }
  if (held->format == "n") {
    content->buffers.clear();
  }
  out.buffers = content->buffers.data();
  out.n_buffers = static_cast<std::int64_t>(content->buffers.size());
  if (held->dictionary != nullptr) {
    fill(content->dictionary, held->dictionary);
    out.dictionary = &content->dictionary;
  }
  out.release = release_content<ArrowArray, exported_array>;
  out.private_data = content;
}

template <typename Content, typename Structure>
Content* fill_record(Structure& out, const std::vector<column_pointer>& columns) {
  auto* content = new Content{.held = nullptr, .columns = columns};
  out = Structure{};
  content->children.resize(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    fill(content->children[i], columns[i]);
    content->pointers.push_back(&content->children[i]);
  }
  out.n_children = static_cast<std::int64_t>(columns.size());
  out.children = content->pointers.data();
  out.release = release_content<Structure, Content>;
  out.private_data = content;
  return content;
}

/// Columns copied from lists and from memory of other libraries, as an Arrow stream of one batch.
class column_set {
 public:
  /// Whole or other numbers or truth values in one dimension; rows whose mask is true are null.
  void add_numbers(const std::string& name, const py::buffer& values, const std::optional<py::buffer>& mask) {
    auto column = copied(name, values);
    if (mask) {
      const auto flags = copied(name, *mask);
      for (std::size_t row = 0; row < static_cast<std::size_t>(flags->length); ++row) {
        if (flags->values.at(row) != 0) {
          column->mark_null(row);
        }
      }
    }
    keep(std::move(column));
  }

  /// Ticks since 1970 as 64-bit numbers; the least number is null, as NumPy has it.
  void add_timestamps(const std::string& name, const py::buffer& ticks, const std::string& unit, bool instants) {
    auto column = copied(name, ticks);
    if (column->format != "l") {
      throw input_error("column " + quoted(name) + ": ticks must be 64-bit numbers");
    }
    column->format = "ts" + unit + (instants ? ":UTC" : ":");
    for (std::size_t row = 0; row < static_cast<std::size_t>(column->length); ++row) {
      if (column->at<std::int64_t>(row) == std::numeric_limits<std::int64_t>::min()) {
        column->mark_null(row);
      }
    }
    keep(std::move(column));
  }

  void add_nulls(const std::string& name, std::int64_t rows) {
    auto column = std::make_shared<held_column>();
    column->name = name;
    column->format = "n";
    column->length = rows;
    column->nulls = rows;
    keep(std::move(column));
  }

  void add_texts(const std::string& name, const text_list& values) { keep(texts(name, values)); }

  /// Row i holds `texts[codes[i]]`; a negative code is null.
  void add_dictionary(const std::string& name, const py::buffer& codes, const text_list& values) {
    auto column = copied(name, codes);
    const auto read = [&](auto type) {
      for (std::size_t row = 0; row < static_cast<std::size_t>(column->length); ++row) {
        if (column->at<decltype(type)>(row) < 0) {
          column->mark_null(row);
        }
      }
    };
    switch (column->format.front()) {
      case 'c':
        read(std::int8_t{});
        break;
      case 's':
        read(std::int16_t{});
        break;
      case 'i':
        read(std::int32_t{});
        break;
      case 'l':
        read(std::int64_t{});
        break;
      default:
        throw input_error("column " + quoted(name) + ": codes must be signed whole numbers");
    }
    column->dictionary = texts("", values);
    keep(std::move(column));
  }

  [[nodiscard]] py::object capsule() const {
    struct content {
      std::vector<column_pointer> columns;
      bool done = false;
    };
    ArrowArrayStream out{};
    out.private_data = new content{columns_};
    out.get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
      fill_record<exported_schema>(*schema, static_cast<content*>(self->private_data)->columns);
      schema->format = "+s";
      return 0;
    };
    out.get_next = [](ArrowArrayStream* self, ArrowArray* array) {
      auto& inside = *static_cast<content*>(self->private_data);
      *array = ArrowArray{};
      if (!std::exchange(inside.done, true)) {
        auto* record = fill_record<exported_array>(*array, inside.columns);
        record->buffers = {nullptr};
        array->n_buffers = 1;
        array->buffers = record->buffers.data();
        array->length = inside.columns.empty() ? 0 : inside.columns.front()->length;
      }
      return 0;
    };
    out.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    out.release = [](ArrowArrayStream* self) {
      delete static_cast<content*>(self->private_data);
      self->release = nullptr;
    };
    return stream_capsule(arrow_stream{&out});
  }

 private:
  static std::shared_ptr<held_column> copied(const std::string& name, const py::buffer& source) {
    const py::buffer_info info = source.request();
    if (info.ndim != 1) {
      throw input_error("column " + quoted(name) + " has " + std::to_string(info.ndim) + " dimensions, not one");
    }
    auto column = std::make_shared<held_column>();
    column->name = name;
    column->format = arrow_format(name, info);
    column->length = info.size;
    column->values.resize(static_cast<std::size_t>(info.size * info.itemsize));
    const auto* from = static_cast<const char*>(info.ptr);
    const auto width = static_cast<std::size_t>(info.itemsize);
    if (info.size != 0 && info.strides[0] == info.itemsize) {
      std::memcpy(column->values.data(), from, column->values.size());
    } else {
      for (py::ssize_t row = 0; row < info.size; ++row) {
        std::memcpy(column->values.data() + static_cast<std::size_t>(row) * width, from + row * info.strides[0], width);
      }
    }
    return column;
  }

  static const char* arrow_format(const std::string& name, const py::buffer_info& info) {
    // Python's codes depend on the platform's C types ('l' is 4 or 8 bytes), Arrow's do not.
    const std::string code =
        info.format.empty() || info.format.find_first_of("@=<") != 0 ? info.format : info.format.substr(1);
    const auto by_width = [&](const char* one, const char* two, const char* four, const char* eight) {
      return info.itemsize == 1 ? one : info.itemsize == 2 ? two : info.itemsize == 4 ? four : eight;
    };
    if (code.size() == 1) {
      if (code == "?") {
        return "C";
      }
      if (code.find_first_of("bhilqn") == 0) {
        return by_width("c", "s", "i", "l");
      }
      if (code.find_first_of("BHILQN") == 0) {
        return by_width("C", "S", "I", "L");
      }
      if (code.find_first_of("efd") == 0) {
        return by_width("", "e", "f", "g");
      }
    }
    throw input_error("column " + quoted(name) + " holds values of type " + quoted(info.format) +
                      " that cannot be read; make them whole numbers, 64-bit numbers or text");
  }

  static std::shared_ptr<held_column> texts(const std::string& name, const text_list& values) {
    auto column = std::make_shared<held_column>();
    column->name = name;
    column->format = "U";
    column->length = static_cast<std::int64_t>(values.size());
    const std::size_t rows = values.size();
    column->values.resize((rows + 1) * sizeof(std::int64_t));
    const auto end_row = [&](std::size_t row) {
      const auto end = static_cast<std::int64_t>(column->text.size());
      std::memcpy(column->values.data() + row * sizeof(end), &end, sizeof(end));
    };
    end_row(0);
    for (std::size_t row = 0; row < rows; ++row) {
      const py::object value = values[row];
      if (value.is_none()) {
        column->mark_null(row);
      } else {
        Py_ssize_t size = 0;
        const char* bytes = PyUnicode_AsUTF8AndSize(value.ptr(), &size);
        if (bytes == nullptr) {
          PyErr_Clear();
          throw input_error("row " + std::to_string(row) + " of column " + quoted(name) + " is " +
                            py::repr(value).cast<std::string>() + ", not text that UTF-8 can express");
        }
        column->text.append(bytes, static_cast<std::size_t>(size));
      }
      end_row(row + 1);
    }
    return column;
  }

  void keep(std::shared_ptr<held_column> column) {
    if (!columns_.empty() && column->length != columns_.front()->length) {
      throw input_error("column " + quoted(column->name) + " has " + std::to_string(column->length) +
                        " rows, those before it have " + std::to_string(columns_.front()->length));
    }
    columns_.push_back(std::move(column));
  }

  std::vector<column_pointer> columns_;
};

}  // namespace

void bind_read(py::module_& m) {
  py::class_<stream_source>(m, "Stream")
      .def(py::init(
               [](const py::object& source, const py::object& progress) { return stream_source{source, progress}; }),
           py::arg("source"), py::arg("progress") = py::none())
      .def_property_readonly("names", &stream_source::names)
      .def_property_readonly("formats", &stream_source::formats)
      .def("raise_pending", &stream_source::raise_pending)
      .def("close", &stream_source::close)
      .def(
          "__arrow_c_stream__", [](stream_source& self, const py::object&) { return self.capsule(); },
          py::arg("requested_schema") = py::none());

  py::class_<column_set>(m, "Columns")
      .def(py::init<>())
      .def("add_numbers", &column_set::add_numbers, py::arg("name"), py::arg("values"), py::arg("mask") = py::none())
      .def("add_timestamps", &column_set::add_timestamps)
      .def("add_nulls", &column_set::add_nulls)
      .def("add_texts", &column_set::add_texts)
      .def("add_dictionary", &column_set::add_dictionary)
      .def(
          "__arrow_c_stream__", [](const column_set& self, const py::object&) { return self.capsule(); },
          py::arg("requested_schema") = py::none());
}

}  // namespace klantreis::bindings
