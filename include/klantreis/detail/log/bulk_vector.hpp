// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace klantreis::detail {

inline void ask_for_large_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef __linux__
  (void)madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: it works without as well
#endif
}

/// Memory that is not set to zero before it is written, in large pages where it is large: each saves one pass over it.
template <typename T>
class bulk_allocator {
 public:
  using value_type = T;
  static_assert(std::is_trivially_copyable_v<T>);

  bulk_allocator() = default;
  template <typename U>
  explicit bulk_allocator(const bulk_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < 2 * page) {
      return std::allocator<T>{}.allocate(count);
    }
    void* memory = ::operator new(bytes, std::align_val_t{page});
    ask_for_large_pages(memory, bytes);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    if (count * sizeof(T) < 2 * page) {
      std::allocator<T>{}.deallocate(memory, count);
    } else {
      ::operator delete(static_cast<void*>(memory), std::align_val_t{page});
    }
  }

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
  static constexpr std::size_t page = std::size_t{2} << 20U;
};

/// A vector whose `resize` leaves new elements unset.
template <typename T>
using bulk_vector = std::vector<T, bulk_allocator<T>>;

template <typename T>
void grow(bulk_vector<T>& column, std::size_t size) {
  column.resize(size);
}

/// Makes a vector longer, in large pages where it is large.
template <typename T>
void grow(std::vector<T>& column, std::size_t size) {
  constexpr std::size_t page = std::size_t{2} << 20U;
  if (size > column.capacity()) {
    column.reserve(column.empty() ? size : (std::max)(size, 2 * column.capacity()));
    const auto begin = (reinterpret_cast<std::uintptr_t>(column.data()) + page - 1) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(column.data() + column.capacity()) / page * page;
    if (begin < end) {
      ask_for_large_pages(reinterpret_cast<void*>(begin), end - begin);
    }
  }
  column.resize(size);
}

}  // namespace klantreis::detail
