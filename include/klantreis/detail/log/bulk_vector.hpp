// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "klantreis/detail/large_pages.hpp"

namespace klantreis::detail {

/// Memory that is not set to zero before it is written, which saves a pass over it; much of it in large pages.
template <typename T>
class bulk_allocator {
 public:
  using value_type = T;
  static_assert(std::is_trivially_copyable_v<T>);

  bulk_allocator() = default;
  template <typename U>
  explicit bulk_allocator(const bulk_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    void* const memory = ::operator new(count * sizeof(T), alignment(count));
    if (is_large(count)) {
      ask_for_large_pages(memory, count * sizeof(T));
    }
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) noexcept { ::operator delete(memory, alignment(count)); }

  template <typename U, typename... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    if constexpr (sizeof...(Arguments) == 0) {
      ::new (static_cast<void*>(at)) U;
    } else {
      ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
    }
  }

  friend bool operator==(const bulk_allocator&, const bulk_allocator&) noexcept { return true; }

 private:
  [[nodiscard]] static bool is_large(std::size_t count) noexcept { return count * sizeof(T) >= 2 * large_page; }
  [[nodiscard]] static std::align_val_t alignment(std::size_t count) noexcept {
    constexpr std::size_t cache_line = 64;
    return std::align_val_t{is_large(count) ? large_page : cache_line};
  }
};

/// A vector whose `resize` leaves new elements unset.
template <typename T>
using bulk_vector = std::vector<T, bulk_allocator<T>>;

}  // namespace klantreis::detail
