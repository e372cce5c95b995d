// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

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

/// Makes room in a vector or string that may become long for `count` more elements.
template <typename Column>
void make_room(Column& column, std::size_t count) {
  const std::size_t size = column.size() + count;
  if (size > column.capacity()) {
    column.reserve(column.empty() ? size : (std::max)(size, 2 * column.capacity()));
    ask_for_large_pages(column.data(), column.capacity() * sizeof(column[0]));
  }
}

/// Appends `count` elements, which are set to zero.
template <typename Column>
void extend(Column& column, std::size_t count) {
  make_room(column, count);
  column.resize(column.size() + count);
}

}  // namespace klantreis::detail
