// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/core.hpp"

// How each rule splits one conversion over the touches of its journey. `rule_of(model, names)` checks the parameters
// and returns a function of (touches, parts) that fills parts that sum to 1; there is at least one touch.

namespace klantreis::detail {

struct touch_view {
  std::span<const std::uint32_t> items;  ///< oldest first
  std::span<const double> ages;          ///< seconds before the last touch; empty where no time is known
};

[[nodiscard]] inline auto rule_of(const first_touch& /*model*/, const name_table& /*names*/) {
  return [](const touch_view& /*touches*/, std::span<double> parts) {
    std::fill(parts.begin(), parts.end(), 0.0);
    parts.front() = 1.0;
  };
}

[[nodiscard]] inline auto rule_of(const last_touch& /*model*/, const name_table& /*names*/) {
  return [](const touch_view& /*touches*/, std::span<double> parts) {
    std::fill(parts.begin(), parts.end(), 0.0);
    parts.back() = 1.0;
  };
}

[[nodiscard]] inline auto rule_of(const last_non_direct& model, const name_table& names) {
  std::vector<std::uint32_t> direct;
  for (const std::string& name : model.direct) {
    if (const auto code = names.find(name)) {
      direct.push_back(*code);
    }
  }
  return [direct](const touch_view& touches, std::span<double> parts) {
    std::fill(parts.begin(), parts.end(), 0.0);
    for (std::size_t i = touches.items.size(); i-- > 0;) {
      if (std::find(direct.begin(), direct.end(), touches.items[i]) == direct.end()) {
        parts[i] = 1.0;
        return;
      }
    }
    parts.back() = 1.0;
  };
}

[[nodiscard]] inline auto rule_of(const linear& /*model*/, const name_table& /*names*/) {
  return [](const touch_view& /*touches*/, std::span<double> parts) {
    std::fill(parts.begin(), parts.end(), 1.0 / static_cast<double>(parts.size()));
  };
}

[[nodiscard]] inline auto rule_of(const position_based& model, const name_table& /*names*/) {
  constexpr double rounding = 1e-12;
  if (!(model.first >= 0.0 && model.last >= 0.0 && model.first + model.last <= 1.0 + rounding)) {
    throw input_error("position_based gives " + std::to_string(model.first) + " to the first and " +
                      std::to_string(model.last) +
                      " to the last touch; both must be 0 or more and together at most 1, for example 0.4 and 0.4");
  }
  return [first = model.first, last = model.last](const touch_view& /*touches*/, std::span<double> parts) {
    const double middle = (std::max)(0.0, 1.0 - first - last);
    if (parts.size() == 1) {
      parts[0] = 1.0;
    } else if (parts.size() == 2) {
      parts[0] = first + middle / 2.0;
      parts[1] = last + middle / 2.0;
    } else {
      std::fill(parts.begin(), parts.end(), middle / static_cast<double>(parts.size() - 2));
      parts.front() = first;
      parts.back() = last;
    }
  };
}

[[nodiscard]] inline auto rule_of(const time_decay& model, const name_table& /*names*/) {
  if (model.half_life.count() <= 0) {
    throw input_error("half_life is " + std::to_string(model.half_life.count()) +
                      " microseconds; it must be positive, for example 7 days");
  }
  const double half_life = std::chrono::duration<double>(model.half_life).count();
  return [half_life](const touch_view& touches, std::span<double> parts) {
    double sum = 0.0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i] = std::exp2(-touches.ages[i] / half_life);  // the last touch has 1, so the sum is never 0
      sum += parts[i];
    }
    for (double& part : parts) {
      part /= sum;
    }
  };
}

}  // namespace klantreis::detail
