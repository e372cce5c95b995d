// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace klantreis::detail {

/// Places in a file, for messages: `touchpoints[3].match.event`.
[[nodiscard]] inline std::string member_path(std::string_view path, std::string_view name) {
  return std::string{path} + (path.empty() ? "" : ".") + std::string{name};
}
[[nodiscard]] inline std::string item_path(std::string_view path, std::size_t index) {
  return std::string{path} + "[" + std::to_string(index) + "]";
}

}  // namespace klantreis::detail
