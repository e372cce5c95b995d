// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>

#include "klantreis/engine.hpp"

namespace klantreis::detail {

/// `std::sort` of so many that somebody may want to end it.
template <typename Iterator, typename Less = std::less<>>
void stoppable_sort(Iterator first, Iterator last, Less less = {}) {
  std::size_t comparisons = 0;
  std::sort(first, last, [&](const auto& a, const auto& b) {
    if ((++comparisons & 0xFFFFU) == 0) {
      check_stop();
    }
    return less(a, b);
  });
}

}  // namespace klantreis::detail
