// SPDX-License-Identifier: MIT
#pragma once

namespace klantreis::detail {

/// Asks the processor for memory that will be read soon.
inline void prefetch([[maybe_unused]] const void* address) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(address);
#endif
}

}  // namespace klantreis::detail
