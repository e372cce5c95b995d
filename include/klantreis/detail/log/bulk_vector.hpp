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

inline constexpr std::size_t large_page = std::size_t{2} << 20U;

/// Asks for large pages: there are fewer of them to hand out, and the processor finds its places faster.
inline void ask_for_large_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef __linux__
  const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(memory) + large_page - 1) / large_page * large_page;
  const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / large_page * large_page;
  if (begin < end) {
    (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // a wish: it works without as well
  }
#endif
}

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

/// Appends `count` elements, which are set to zero, to a column that may become long.
template <typename T>
void extend(std::vector<T>& column, std::size_t count) {
  const std::size_t size = column.size() + count;
  if (size > column.capacity()) {
    column.reserve(column.empty() ? size : (std::max)(size, 2 * column.capacity()));
    ask_for_large_pages(column.data(), column.capacity() * sizeof(T));
  }
  column.resize(size);
}

}  // namespace klantreis::detail
