// SPDX-License-Identifier: MIT
#pragma once

// Export of tables of klantreis/arrow.hpp; included by detail/arrow.ipp.

#include <cerrno>

namespace klantreis {

namespace detail {

/// What an exported schema points into. Children are structures of their own: a consumer may move and release each.
struct schema_content {
  std::string name;
  std::string metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

/// What an exported array points into.
struct array_content {
  std::shared_ptr<const table> source;
  std::vector<std::uint8_t> validity;
  std::vector<std::uint8_t> bits;
  std::vector<std::int32_t> offsets;
  std::string text;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

struct stream_content {
  std::shared_ptr<const table> source;
  std::vector<std::size_t> ends;  // of the batches, in rows
  std::size_t next = 0;
  std::string error;
};

// A consumer that moved a child out has marked it released.
template <typename Structure, typename Content>
void release_exported(Structure* structure) {
  auto* content = static_cast<Content*>(structure->private_data);
  for (auto& child : content->children) {
    if (child.release != nullptr) {
      child.release(&child);
    }
  }
  delete content;
  structure->release = nullptr;
}

inline void append_metadata(std::string& metadata, std::string_view key, std::string_view value) {
  for (const auto text : {key, value}) {
    const auto size = static_cast<std::int32_t>(text.size());
    char bytes[sizeof(size)];
    std::memcpy(bytes, &size, sizeof(size));
    metadata.append(bytes, sizeof(size)).append(text);
  }
}

inline void fill_schema(ArrowSchema& out, const char* format, std::unique_ptr<schema_content> content) {
  out = ArrowSchema{};
  out.format = format;
  for (auto& child : content->children) {
    content->pointers.push_back(&child);
  }
  out.name = content->name.c_str();
  out.metadata = content->metadata.empty() ? nullptr : content->metadata.data();
  out.n_children = static_cast<std::int64_t>(content->children.size());
  out.children = content->pointers.empty() ? nullptr : content->pointers.data();
  out.release = release_exported<ArrowSchema, schema_content>;
  out.private_data = content.release();
}

inline const char* format_of(const column& c) {
  struct visitor {
    quantity what;
    const char* operator()(const std::vector<std::int64_t>&) const {
      return what == quantity::moment ? "tsu:UTC" : "l";
    }
    const char* operator()(const std::vector<double>&) const { return "g"; }
    const char* operator()(const std::vector<std::string>&) const { return "u"; }
    const char* operator()(const std::vector<bool>&) const { return "b"; }
  };
  return std::visit(visitor{c.what}, c.data);
}

inline void export_schema(const table& source, ArrowSchema& out) {
  // From here on `root` owns what was built, also when an allocation fails half-way.
  arrow_schema root;
  auto content = std::make_unique<schema_content>();
  const auto count = static_cast<std::int32_t>(1 + source.options().size());
  char bytes[sizeof(count)];
  std::memcpy(bytes, &count, sizeof(count));
  content->metadata.assign(bytes, sizeof(count));
  append_metadata(content->metadata, "klantreis.definition", source.definition());
  for (const auto& [name, value] : source.options()) {
    append_metadata(content->metadata, "klantreis.option." + name, value);
  }
  content->children.resize(source.columns().size());
  content->pointers.reserve(source.columns().size());
  schema_content& inside = *content;
  fill_schema(*root.get(), "+s", std::move(content));
  for (std::size_t i = 0; i < source.columns().size(); ++i) {
    const column& c = source.columns()[i];
    auto child = std::make_unique<schema_content>();
    child->name = c.name;
    fill_schema(inside.children[i], format_of(c), std::move(child));
    inside.children[i].flags = std::holds_alternative<std::vector<double>>(c.data) ? ARROW_FLAG_NULLABLE : 0;
  }
  out = *root;
  root.get()->release = nullptr;
}

inline void fill_array(ArrowArray& out, std::size_t rows, std::int64_t nulls, std::unique_ptr<array_content> content) {
  out = ArrowArray{};
  for (auto& child : content->children) {
    content->pointers.push_back(&child);
  }
  out.length = static_cast<std::int64_t>(rows);
  out.null_count = nulls;
  out.n_buffers = static_cast<std::int64_t>(content->buffers.size());
  out.buffers = content->buffers.data();
  out.n_children = static_cast<std::int64_t>(content->children.size());
  out.children = content->pointers.empty() ? nullptr : content->pointers.data();
  out.release = release_exported<ArrowArray, array_content>;
  out.private_data = content.release();
}

/// Some consumers refuse a null buffer even where nothing is read from it.
[[nodiscard]] inline const void* buffer_of(const void* data) noexcept {
  static constexpr std::int64_t nothing = 0;
  return data == nullptr ? &nothing : data;
}

inline void export_column(const std::shared_ptr<const table>& source, const column& c, std::size_t begin,
                          std::size_t end, ArrowArray& out) {
  const std::size_t rows = end - begin;
  auto content = std::make_unique<array_content>();
  content->source = source;
  const auto set_bit = [](std::vector<std::uint8_t>& bits, std::size_t position) {
    bits[position / 8] = static_cast<std::uint8_t>(bits[position / 8] | (1U << (position % 8)));
  };
  std::int64_t nulls = 0;
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&c.data)) {
    content->buffers = {nullptr, buffer_of(integers->data() + begin)};
  } else if (const auto* numbers = std::get_if<std::vector<double>>(&c.data)) {
    for (std::size_t row = begin; row < end; ++row) {
      nulls += std::isnan((*numbers)[row]) ? 1 : 0;
    }
    if (nulls != 0) {
      content->validity.resize((rows + 7) / 8);
      for (std::size_t row = 0; row < rows; ++row) {
        if (!std::isnan((*numbers)[begin + row])) {
          set_bit(content->validity, row);
        }
      }
    }
    content->buffers = {content->validity.empty() ? nullptr : content->validity.data(),
                        buffer_of(numbers->data() + begin)};
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&c.data)) {
    content->offsets.reserve(rows + 1);
    content->offsets.push_back(0);
    std::size_t bytes = 0;
    for (std::size_t row = begin; row < end; ++row) {
      bytes += (*texts)[row].size();
      content->offsets.push_back(static_cast<std::int32_t>(bytes));
    }
    content->text.reserve(bytes);
    for (std::size_t row = begin; row < end; ++row) {
      content->text += (*texts)[row];
    }
    content->buffers = {nullptr, content->offsets.data(), content->text.data()};
  } else {
    const auto& truths = std::get<std::vector<bool>>(c.data);
    content->bits.resize((rows + 7) / 8);
    for (std::size_t row = 0; row < rows; ++row) {
      if (truths[begin + row]) {
        set_bit(content->bits, row);
      }
    }
    content->buffers = {nullptr, buffer_of(content->bits.data())};
  }
  fill_array(out, rows, nulls, std::move(content));
}

inline void export_rows(const std::shared_ptr<const table>& source, std::size_t begin, std::size_t end,
                        ArrowArray& out) {
  arrow_array root;
  auto content = std::make_unique<array_content>();
  content->buffers = {nullptr};
  content->children.resize(source->columns().size());
  content->pointers.reserve(source->columns().size());
  array_content& inside = *content;
  fill_array(*root.get(), end - begin, 0, std::move(content));
  for (std::size_t i = 0; i < source->columns().size(); ++i) {
    export_column(source, source->columns()[i], begin, end, inside.children[i]);
  }
  out = *root;
  root.get()->release = nullptr;
}

/// Ends of batches in which no text column holds more than `text_limit` bytes.
[[nodiscard]] inline std::vector<std::size_t> batch_ends(const table& source, std::size_t text_limit) {
  std::vector<const column*> columns;
  for (const auto& c : source.columns()) {
    if (std::holds_alternative<std::vector<std::string>>(c.data)) {
      columns.push_back(&c);
    }
  }
  std::vector<std::size_t> ends;
  std::vector<std::size_t> bytes(columns.size(), 0);
  for (std::size_t row = 0; !columns.empty() && row < source.rows(); ++row) {
    bool fits = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::size_t size = std::get<std::vector<std::string>>(columns[i]->data)[row].size();
      if (size > text_limit) {
        throw limit_error("row " + std::to_string(row) + " of column " + quoted(columns[i]->name) + " holds " +
                          std::to_string(size) + " bytes; Arrow texts hold at most " + std::to_string(text_limit));
      }
      bytes[i] += size;
      fits = fits && bytes[i] <= text_limit;
    }
    if (!fits) {
      ends.push_back(row);
      for (std::size_t i = 0; i < columns.size(); ++i) {
        bytes[i] = std::get<std::vector<std::string>>(columns[i]->data)[row].size();
      }
    }
  }
  if (source.rows() != 0) {
    ends.push_back(source.rows());
  }
  return ends;
}

/// Runs a callback of a stream; exceptions must not pass through C.
template <typename Work>
int guarded(ArrowArrayStream* stream, Work&& work) noexcept {
  auto& content = *static_cast<stream_content*>(stream->private_data);
  try {
    work(content);
    return 0;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (const std::exception& error) {
    try {
      content.error = error.what();
    } catch (...) {
      content.error.clear();
    }
    return EIO;
  }
}

}  // namespace detail

KLANTREIS_INLINE void export_table(table source, ArrowArrayStream* out, std::size_t text_limit) {
  auto content = std::make_unique<detail::stream_content>();
  content->ends = detail::batch_ends(source, std::min<std::size_t>(text_limit, 0x7FFF'FFFFU));
  content->source = std::make_shared<const table>(std::move(source));
  *out = ArrowArrayStream{};
  out->get_schema = [](ArrowArrayStream* stream, ArrowSchema* schema) {
    return detail::guarded(stream, [&](detail::stream_content& c) { detail::export_schema(*c.source, *schema); });
  };
  out->get_next = [](ArrowArrayStream* stream, ArrowArray* array) {
    return detail::guarded(stream, [&](detail::stream_content& c) {
      *array = ArrowArray{};
      if (c.next < c.ends.size()) {
        detail::export_rows(c.source, c.next == 0 ? 0 : c.ends[c.next - 1], c.ends[c.next], *array);
        ++c.next;
      }
    });
  };
  out->get_last_error = [](ArrowArrayStream* stream) -> const char* {
    const auto& error = static_cast<detail::stream_content*>(stream->private_data)->error;
    return error.empty() ? nullptr : error.c_str();
  };
  out->release = [](ArrowArrayStream* stream) {
    delete static_cast<detail::stream_content*>(stream->private_data);
    stream->release = nullptr;
  };
  out->private_data = content.release();
}

}  // namespace klantreis
