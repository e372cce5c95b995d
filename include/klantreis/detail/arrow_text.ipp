// SPDX-License-Identifier: MIT
#pragma once

// Texts, dictionaries and type names of klantreis/arrow.hpp; included by detail/arrow.ipp.

namespace klantreis {

KLANTREIS_INLINE std::string_view column_view::viewed_text(std::size_t position) const {
  // length, then the text itself (at most 12 bytes) or: prefix, number of the block, position in the block
  const char* view = static_cast<const char*>(values_) + position * 16;
  const auto length = detail::load<std::int32_t>(view, 0);
  if (length <= 0) {
    return {};
  }
  const auto size = static_cast<std::size_t>(length);
  if (size <= 12) {
    return {view + 4, size};
  }
  const auto block = static_cast<std::size_t>(detail::load<std::uint32_t>(view, 2));
  const auto begin = static_cast<std::size_t>(detail::load<std::uint32_t>(view, 3));
  if (block >= block_count_ || blocks_[block] == nullptr ||
      (block_sizes_ != nullptr &&
       begin + size > static_cast<std::size_t>(detail::load<std::int64_t>(block_sizes_, block)))) {
    fail("of type " + type_name() + " points outside its texts");
  }
  return {static_cast<const char*>(blocks_[block]) + begin, size};
}

KLANTREIS_INLINE std::string_view column_view::text(std::size_t row) const {
  using storage = detail::arrow_storage;
  if (validity_ != nullptr && !detail::load_bit(validity_, offset_ + row)) {
    return {};  // what stands under a null is undefined
  }
  const std::size_t position = offset_ + row;
  const auto between = [&](auto offset) -> std::string_view {
    const auto begin = detail::load<decltype(offset)>(values_, position);
    const auto end = detail::load<decltype(offset)>(values_, position + 1);
    if (begin == end) {
      return {};  // the buffer of the texts may be absent when all are empty
    }
    if (begin < 0 || end < begin || bytes_ == nullptr) {
      fail("of type " + type_name() + " points outside its texts");
    }
    return {bytes_ + begin, static_cast<std::size_t>(end - begin)};
  };
  switch (storage_) {
    case storage::offsets32:
      return between(std::int32_t{});
    case storage::offsets64:
      return between(std::int64_t{});
    case storage::views:
      return viewed_text(position);
    case storage::string_views:
      return static_cast<const std::string_view*>(values_)[position];
    case storage::strings:
      return static_cast<const std::string*>(values_)[position];
    default:
      break;
  }
  if (kind_ != column_kind::dictionary) {
    refuse("text");
  }
  return is_null(row) ? std::string_view{} : dictionary_text(static_cast<std::size_t>(index_at(row)));
}

KLANTREIS_INLINE std::size_t column_view::dictionary_size() const {
  if (dictionary_ == nullptr) {
    refuse("a dictionary of texts");
  }
  return dictionary_->size;
}

KLANTREIS_INLINE std::string_view column_view::dictionary_text(std::size_t index) const {
  if (index >= dictionary_size()) {
    fail("points at text " + std::to_string(index) + " of " + std::to_string(dictionary_->size));
  }
  return dictionary_->text(index);
}

KLANTREIS_INLINE bool column_view::dictionary_is_null(std::size_t index) const {
  return index < dictionary_size() && dictionary_->has_nulls && dictionary_->values.is_null(index);
}

KLANTREIS_INLINE void column_view::require_index(std::uint64_t index, std::uint64_t count) const {
  if (index >= count) {
    fail("points at text " + std::to_string(static_cast<std::int64_t>(index)) + " of " + std::to_string(count));
  }
}

KLANTREIS_INLINE void column_view::dictionary_indices(std::uint32_t* out) const {
  const std::uint64_t count = dictionary_size();
  if (size_ == 0) {
    return;
  }
  detail::visit_integer_storage(storage_, [&](auto type) {
    using index_type = decltype(type);
    const char* values = static_cast<const char*>(values_) + offset_ * sizeof(index_type);
    bool outside = false;
    for (std::size_t row = 0; row < size_; ++row) {
      const auto index = static_cast<std::uint64_t>(detail::load<index_type>(values, row));
      outside |= index >= count;
      out[row] = static_cast<std::uint32_t>(index);
    }
    if (!outside && validity_ == nullptr && !dictionary_->has_nulls) {
      return;
    }
    for (std::size_t row = 0; row < size_; ++row) {
      if (is_null(row)) {
        out[row] = null_index;
      } else {
        require_index(index_at(row), count);
      }
    }
  });
}

KLANTREIS_INLINE void column_view::dictionary_indices(std::span<const std::uint32_t> rows, std::uint32_t* out) const {
  const std::uint64_t count = dictionary_size();
  detail::visit_integer_storage(storage_, [&](auto type) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto index = static_cast<std::uint64_t>(detail::load<decltype(type)>(values_, offset_ + rows[i]));
      const bool doubtful = index >= count || validity_ != nullptr || dictionary_->has_nulls;
      if (doubtful && is_null(rows[i])) {
        out[i] = null_index;
        continue;
      }
      require_index(index, count);
      out[i] = static_cast<std::uint32_t>(index);
    }
  });
}

KLANTREIS_INLINE std::vector<std::uint32_t> column_view::rows_with(std::span<const std::uint8_t> wanted) const {
  const std::uint64_t count = dictionary_size();
  if (wanted.size() != count) {
    throw std::invalid_argument("rows_with needs a mark for each text of the dictionary");
  }
  std::vector<std::uint32_t> rows;
  std::array<std::uint32_t, 4096> block;
  detail::visit_integer_storage(storage_, [&](auto type) {
    using index_type = decltype(type);
    for (std::size_t begin = 0; begin < size_; begin += block.size()) {
      std::size_t found = 0;
      for (std::size_t row = begin; row < (std::min)(size_, begin + block.size()); ++row) {
        if (validity_ != nullptr && !detail::load_bit(validity_, offset_ + row)) {
          continue;
        }
        const auto index = static_cast<std::uint64_t>(detail::load<index_type>(values_, offset_ + row));
        if (index == null_index) {
          continue;
        }
        require_index(index, count);
        // Without a branch: which rows are wanted is as good as random.
        block[found] = static_cast<std::uint32_t>(row);
        found += wanted[index] != 0 ? 1U : 0U;
      }
      detail::make_room(rows, found);
      rows.insert(rows.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(found));
    }
  });
  return rows;
}

KLANTREIS_INLINE std::string column_view::type_name() const {
  using storage = detail::arrow_storage;
  if (dictionary_ != nullptr) {
    return "dictionary<" + dictionary_->values.type_name() + ">";
  }
  if (kind_ == column_kind::date) {
    return "date";
  }
  if (kind_ == column_kind::timestamp) {
    const char* unit = ticks_per_second_ == 1           ? "s"
                       : ticks_per_second_ == 1'000     ? "ms"
                       : ticks_per_second_ == 1'000'000 ? "us"
                                                        : "ns";
    return std::string{"timestamp["} + unit + (has_zone() ? std::string{", "} + zone_ : std::string{}) + "]";
  }
  switch (storage_) {
    case storage::none:
      return "absent";
    case storage::all_null:
      return "null";
    case storage::float16:
      return "float16";
    case storage::float32:
      return "float32";
    case storage::float64:
      return "float64";
    case storage::bits:
      return "bool";
    case storage::decimal:
      return "decimal";
    case storage::offsets32:
    case storage::offsets64:
    case storage::views:
    case storage::string_views:
    case storage::strings:
      return "text";
    default:
      return detail::integer_name(storage_);
  }
}

}  // namespace klantreis
