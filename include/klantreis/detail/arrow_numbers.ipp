// SPDX-License-Identifier: MIT
#pragma once

// Whole and other numbers of klantreis/arrow.hpp; included by detail/arrow.ipp.

namespace klantreis {

KLANTREIS_INLINE void column_view::integers(std::int64_t* out) const {
  using storage = detail::arrow_storage;
  if (kind_ == column_kind::absent || kind_ == column_kind::floating || kind_ == column_kind::text ||
      kind_ == column_kind::dictionary) {
    refuse("a whole number");
  }
  if (size_ == 0) {
    return;
  }
  if (storage_ == storage::all_null) {
    std::fill_n(out, size_, std::int64_t{0});
  } else if (storage_ == storage::int64) {
    std::memcpy(out, static_cast<const char*>(values_) + offset_ * sizeof(std::int64_t), size_ * sizeof(std::int64_t));
  } else if (storage_ == storage::bits) {
    for (std::size_t row = 0; row < size_; ++row) {
      out[row] = bit(row) ? 1 : 0;
    }
  } else {
    const std::int64_t factor = kind_ == column_kind::date ? 86'400 : 1;  // 32-bit dates count days
    detail::visit_integer_storage(storage_, [&](auto type) {
      const char* values = static_cast<const char*>(values_) + offset_ * sizeof(type);
      for (std::size_t row = 0; row < size_; ++row) {
        out[row] = static_cast<std::int64_t>(detail::load<decltype(type)>(values, row)) * factor;
      }
    });
  }
  if (validity_ != nullptr) {
    for (std::size_t row = 0; row < size_; ++row) {
      out[row] = detail::load_bit(validity_, offset_ + row) ? out[row] : 0;
    }
  }
}

KLANTREIS_INLINE void column_view::numbers(double* out) const {
  using storage = detail::arrow_storage;
  constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
  if (kind_ != column_kind::integer && kind_ != column_kind::unsigned_integer && kind_ != column_kind::floating &&
      kind_ != column_kind::boolean) {
    refuse("a number");
  }
  if (size_ == 0) {
    return;
  }
  switch (storage_) {
    case storage::all_null:
      std::fill_n(out, size_, nothing);
      return;
    case storage::float64:
      std::memcpy(out, static_cast<const char*>(values_) + offset_ * sizeof(double), size_ * sizeof(double));
      break;
    case storage::float32:
      for (std::size_t row = 0; row < size_; ++row) {
        out[row] = static_cast<double>(detail::load<float>(values_, offset_ + row));
      }
      break;
    case storage::float16:
      for (std::size_t row = 0; row < size_; ++row) {
        out[row] = detail::half_to_double(detail::load<std::uint16_t>(values_, offset_ + row));
      }
      break;
    case storage::decimal: {
      // Division by a power of ten rounds once where both are exact, multiplication by 0.01 would round twice.
      const double unit = std::pow(10.0, std::abs(scale_));
      for (std::size_t row = 0; row < size_; ++row) {
        const double digits = detail::decimal_to_double(values_, offset_ + row, value_bytes_);
        out[row] = scale_ < 0 ? digits * unit : digits / unit;
      }
      break;
    }
    case storage::bits:
      for (std::size_t row = 0; row < size_; ++row) {
        out[row] = bit(row) ? 1.0 : 0.0;
      }
      break;
    default:
      detail::visit_integer_storage(storage_, [&](auto type) {
        const char* values = static_cast<const char*>(values_) + offset_ * sizeof(type);
        for (std::size_t row = 0; row < size_; ++row) {
          out[row] = static_cast<double>(detail::load<decltype(type)>(values, row));
        }
      });
  }
  if (validity_ != nullptr) {
    for (std::size_t row = 0; row < size_; ++row) {
      out[row] = detail::load_bit(validity_, offset_ + row) ? out[row] : nothing;
    }
  }
}

namespace detail {

template <typename T>
[[nodiscard]] inline const T* aligned_values(const void* values, std::size_t offset) noexcept {
  const bool aligned = reinterpret_cast<std::uintptr_t>(values) % alignof(T) == 0;
  return aligned && values != nullptr ? static_cast<const T*>(values) + offset : nullptr;
}

template <typename T>
void gather_rows(const T* values, std::span<const std::uint32_t> rows, T* out) noexcept {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out[i] = values[rows[i]];
  }
}

}  // namespace detail

KLANTREIS_INLINE const std::int64_t* column_view::plain_integers() const noexcept {
  const bool whole = kind_ == column_kind::integer || kind_ == column_kind::unsigned_integer ||
                     kind_ == column_kind::timestamp || kind_ == column_kind::date;
  const bool wide = storage_ == detail::arrow_storage::int64 || storage_ == detail::arrow_storage::uint64;
  return whole && wide && validity_ == nullptr ? detail::aligned_values<std::int64_t>(values_, offset_) : nullptr;
}

KLANTREIS_INLINE const double* column_view::plain_numbers() const noexcept {
  return storage_ == detail::arrow_storage::float64 && validity_ == nullptr
             ? detail::aligned_values<double>(values_, offset_)
             : nullptr;
}

KLANTREIS_INLINE void column_view::integers(std::span<const std::uint32_t> rows, std::int64_t* out) const {
  if (const auto* values = plain_integers()) {
    detail::gather_rows(values, rows, out);
    return;
  }
  std::vector<std::int64_t> all(size_);
  integers(all.data());
  detail::gather_rows(all.data(), rows, out);
}

KLANTREIS_INLINE void column_view::numbers(std::span<const std::uint32_t> rows, double* out) const {
  if (const auto* values = plain_numbers()) {
    detail::gather_rows(values, rows, out);
    return;
  }
  std::vector<double> all(size_);
  numbers(all.data());
  detail::gather_rows(all.data(), rows, out);
}

}  // namespace klantreis
