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

}  // namespace klantreis
