// SPDX-License-Identifier: MIT
#pragma once

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

/// Tells that memory is written here and there: with large pages the processor finds its places faster.
inline void ask_for_large_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef __linux__
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20U;
  const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / page * page;
  if (begin < end) {
    (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // a wish: it works without as well
  }
#endif
}

/// Memory that is not set to zero before it is written, which saves a pass over it.
template <typename T>
class bulk_allocator {
 public:
  using value_type = T;
  static_assert(std::is_trivially_copyable_v<T>);

  bulk_allocator() = default;
  template <typename U>
  explicit bulk_allocator(const bulk_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) { return std::allocator<T>{}.allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept { std::allocator<T>{}.deallocate(memory, count); }

  template <typename U, typename... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    if constexpr (sizeof...(Arguments) == 0) {
      ::new (static_cast<void*>(at)) U;
    } else {
      ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
    }
  }

  friend bool operator==(const bulk_allocator&, const bulk_allocator&) noexcept { return true; }
};

/// A vector whose `resize` leaves new elements unset.
template <typename T>
using bulk_vector = std::vector<T, bulk_allocator<T>>;

}  // namespace klantreis::detail
