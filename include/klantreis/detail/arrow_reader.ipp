// SPDX-License-Identifier: MIT
#pragma once

// Batches and streams of klantreis/arrow.hpp; included by detail/arrow.ipp.

namespace klantreis {

namespace detail {

inline std::size_t position_of(const ArrowSchema& schema, std::string_view name) {
  std::vector<std::string> names;
  std::optional<std::size_t> found;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const char* text = schema.children[i]->name;
    const std::string_view child = text == nullptr ? std::string_view{} : std::string_view{text};
    if (child == name) {
      if (found) {
        throw input_error("two columns are named " + quoted(name) + "; rename one of them");
      }
      found = static_cast<std::size_t>(i);
    }
    names.emplace_back(child);
  }
  if (found) {
    return *found;
  }
  std::string message = "no column " + quoted(name);
  if (const auto similar = similar_names(name, names, 1); !similar.empty()) {
    message += "; did you mean " + quoted(similar.front()) + "?";
  }
  message += names.empty() ? "; there are none" : "; there are:";
  for (const auto& known : names) {
    message += " " + known;
  }
  throw input_error(message);
}

struct empty_content {
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  ArrowArray dictionary{};
  const void* buffers[3] = {nullptr, nullptr, nullptr};
};

/// No rows of the type of `schema`.
inline ArrowArray empty_array(const ArrowSchema& schema) {
  auto content = std::make_unique<empty_content>();
  ArrowArray result{};
  content->children.reserve(static_cast<std::size_t>(schema.n_children));
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    content->children.push_back(empty_array(*schema.children[i]));
    content->pointers.push_back(&content->children.back());
  }
  if (schema.dictionary != nullptr) {
    content->dictionary = empty_array(*schema.dictionary);
    result.dictionary = &content->dictionary;
  }
  result.n_buffers = 3;
  result.buffers = content->buffers;
  result.n_children = schema.n_children;
  result.children = content->pointers.data();
  result.release = [](ArrowArray* array) {
    auto* inside = static_cast<empty_content*>(array->private_data);
    for (auto& child : inside->children) {
      child.release(&child);
    }
    if (inside->dictionary.release != nullptr) {
      inside->dictionary.release(&inside->dictionary);
    }
    delete inside;
    array->release = nullptr;
  };
  result.private_data = content.release();
  return result;
}

}  // namespace detail

KLANTREIS_INLINE record_batch::record_batch(std::shared_ptr<const arrow_schema> schema, arrow_array array)
    : schema_(std::move(schema)), array_(std::move(array)) {
  if (!array_ || array_->length < 0 || array_->offset < 0) {
    throw input_error("an Arrow batch was released or has a negative length");
  }
  const ArrowSchema& type = **schema_;
  if (array_->n_children != type.n_children) {
    throw input_error("an Arrow batch has " + std::to_string(array_->n_children) + " columns where " +
                      std::to_string(type.n_children) + " were promised");
  }
  const void* validity =
      array_->n_buffers > 0 && array_->buffers != nullptr && array_->null_count != 0 ? array_->buffers[0] : nullptr;
  if (validity == nullptr) {
    return;
  }
  for (std::int64_t row = 0; row < array_->length; ++row) {
    if (!detail::load_bit(validity, static_cast<std::size_t>(array_->offset + row))) {
      throw input_error("row " + std::to_string(row) + " of an Arrow batch is null as a whole; leave such rows out");
    }
  }
}

KLANTREIS_INLINE column_view record_batch::column(std::size_t index) const {
  if (index >= columns()) {
    throw std::out_of_range("no column number " + std::to_string(index));
  }
  return column_view{*(*schema_)->children[index], *array_->children[index], static_cast<std::size_t>(array_->offset),
                     rows()};
}

KLANTREIS_INLINE column_view record_batch::column(std::string_view name) const {
  return column(detail::position_of(**schema_, name));
}

KLANTREIS_INLINE arrow_reader::arrow_reader(ArrowArrayStream* stream) {
  if (stream == nullptr || stream->release == nullptr) {
    throw input_error("the Arrow stream was read before; a stream can be read once");
  }
  stream_ = arrow_stream{stream};
  arrow_schema schema;
  if (const int code = stream_->get_schema(stream_.get(), schema.get()); code != 0) {
    schema.get()->release = nullptr;
    fail("its columns", code);
  }
  const std::string_view format = !schema || schema->format == nullptr ? "" : schema->format;
  if (format != "+s") {
    throw input_error("the Arrow stream holds one column " + detail::format_in_words(format) +
                      ", not a table with named columns");
  }
  for (std::int64_t i = 0; i < schema->n_children; ++i) {
    const char* name = schema->children[i]->name;
    names_.emplace_back(name == nullptr ? "" : name);
  }
  schema_ = std::make_shared<const arrow_schema>(std::move(schema));
}

KLANTREIS_INLINE std::size_t arrow_reader::position(std::string_view name) const {
  return detail::position_of(**schema_, name);
}

KLANTREIS_INLINE std::optional<record_batch> arrow_reader::next() {
  arrow_array array;
  if (const int code = stream_->get_next(stream_.get(), array.get()); code != 0) {
    array.get()->release = nullptr;
    fail("the next rows", code);
  }
  if (!array) {
    if (began_) {
      return std::nullopt;
    }
    ArrowArray nothing = detail::empty_array(**schema_);
    array = arrow_array{&nothing};
  }
  began_ = true;
  return record_batch{schema_, std::move(array)};
}

KLANTREIS_INLINE void arrow_reader::fail(const char* what, int code) {
  const char* reason = stream_->get_last_error == nullptr ? nullptr : stream_->get_last_error(stream_.get());
  throw input_error(std::string{"the source could not deliver "} + what + ": " +
                    (reason != nullptr ? std::string{reason} : std::string{std::strerror(code)}));
}

}  // namespace klantreis
