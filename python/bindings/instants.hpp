// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "klantreis/core.hpp"

namespace klantreis::bindings {

/// An instant of so many microseconds, where one was given.
inline std::optional<instant> instant_of(std::optional<std::int64_t> microseconds) {
  return microseconds ? std::optional{instant{duration{*microseconds}}} : std::nullopt;
}

}  // namespace klantreis::bindings
