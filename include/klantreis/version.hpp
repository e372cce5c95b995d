// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace klantreis {

/// The version of the library. The build and the Python package read it from this line.
inline constexpr std::string_view version_string = "0.1.0";

}  // namespace klantreis
