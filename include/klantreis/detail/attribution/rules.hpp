// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/core.hpp"

// How each rule splits one conversion over the touches of its journey. `rule_of(model, names)` checks the parameters
// and returns a function of (touches, parts) that fills parts that sum to 1; there is at least one touch. Items that
// the parameters name must occur, unless the names are those of a part of the journeys: `require_known`.

namespace klantreis::detail {

struct touch_view {
  std::span<const std::uint32_t> items;  ///< oldest first
  std::span<const double> ages = {};     ///< seconds before the last touch; empty where no time is known
  double until_end = 0.0;                ///< seconds from the last touch to the conversion
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

/// The codes of those items that occur.
[[nodiscard]] inline std::vector<std::uint32_t> codes_of(const std::vector<std::string>& items,
                                                         const name_table& names) {
  std::vector<std::uint32_t> codes;
  for (const std::string& item : items) {
    if (const auto code = names.find(item)) {
      codes.push_back(*code);
    }
  }
  return codes;
}

[[nodiscard]] inline bool is_among(const std::vector<std::uint32_t>& codes, std::uint32_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

[[nodiscard]] inline auto rule_of(const last_non_direct& model, const name_table& names) {
  return [direct = codes_of(model.direct, names)](const touch_view& touches, std::span<double> parts) {
    std::fill(parts.begin(), parts.end(), 0.0);
    for (std::size_t i = touches.items.size(); i-- > 0;) {
      if (!is_among(direct, touches.items[i])) {
        parts[i] = 1.0;
        return;
      }
    }
    parts.back() = 1.0;
  };
}

[[nodiscard]] inline auto rule_of(const first_non_direct& model, const name_table& names) {
  return [direct = codes_of(model.direct, names)](const touch_view& touches, std::span<double> parts) {
    std::fill(parts.begin(), parts.end(), 0.0);
    for (std::size_t i = 0; i < touches.items.size(); ++i) {
      if (!is_among(direct, touches.items[i])) {
        parts[i] = 1.0;
        return;
      }
    }
    parts.front() = 1.0;
  };
}

[[nodiscard]] inline auto rule_of(const last_paid& model, const name_table& names, bool require_known = true) {
  std::vector<std::uint32_t> paid = codes_of(model.paid, names);
  if (model.paid.empty()) {
    throw input_error("last_paid needs the items that are paid for; give them in paid");
  }
  if (paid.empty() && names.size() > 0 && require_known) {
    std::string asked;
    for (const std::string& item : model.paid) {
      asked += (asked.empty() ? "" : ", ") + quoted(item);
    }
    throw input_error("none of the paid items (" + asked + ") occurs in the journeys; check their names, and by");
  }
  return [paid](const touch_view& touches, std::span<double> parts) {
    std::fill(parts.begin(), parts.end(), 0.0);
    for (std::size_t i = touches.items.size(); i-- > 0;) {
      if (is_among(paid, touches.items[i])) {
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

[[nodiscard]] inline auto rule_of(const linear_distinct& /*model*/, const name_table& /*names*/) {
  return [](const touch_view& touches, std::span<double> parts) {
    // The first touch of each item carries its credit.
    thread_local std::vector<std::pair<std::uint32_t, std::size_t>> order;
    order.clear();
    for (std::size_t i = 0; i < touches.items.size(); ++i) {
      order.emplace_back(touches.items[i], i);
    }
    std::sort(order.begin(), order.end());
    const auto last = std::unique(order.begin(), order.end(),
                                  [](const auto& one, const auto& other) { return one.first == other.first; });
    std::fill(parts.begin(), parts.end(), 0.0);
    const double part = 1.0 / static_cast<double>(last - order.begin());
    for (auto place = order.begin(); place != last; ++place) {
      parts[place->second] = part;
    }
  };
}

/// In the sum game, each conversion falls in equal parts to the items of its journey.
[[nodiscard]] inline auto rule_of(const shapley& /*model*/, const name_table& names) {
  return rule_of(linear_distinct{}, names);
}

[[nodiscard]] inline auto rule_of(const position_decay& /*model*/, const name_table& /*names*/) {
  return [](const touch_view& /*touches*/, std::span<double> parts) {
    const auto size = static_cast<double>(parts.size());
    const double sum = size * (size + 1.0) / 2.0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i] = static_cast<double>(i + 1) / sum;
    }
  };
}

[[nodiscard]] inline auto rule_of(const rank_decay& model, const name_table& /*names*/) {
  if (!(model.ratio > 0.0 && model.ratio <= 1.0)) {
    throw input_error("ratio is " + std::to_string(model.ratio) + "; it must be above 0 and at most 1, such as 0.5");
  }
  return [ratio = model.ratio](const touch_view& /*touches*/, std::span<double> parts) {
    double weight = 1.0;
    double sum = 0.0;
    for (std::size_t i = parts.size(); i-- > 0; weight *= ratio) {
      parts[i] = weight;
      sum += weight;
    }
    for (double& part : parts) {
      part /= sum;
    }
  };
}

/// The first touch, the first touch of each milestone and the last touch share 90 %, the others 10 %.
class milestone_rule {
 public:
  milestone_rule(const std::vector<std::string>& milestones, std::size_t wanted, std::string_view model,
                 const name_table& names, bool require_known) {
    const std::string place{model};
    if (milestones.size() != wanted) {
      throw input_error(
          place + " has " + std::to_string(milestones.size()) + " milestones; give " +
          (wanted == 1 ? "one item, such as the lead" : "two items, such as the lead and the opportunity"));
    }
    for (const std::string& milestone : milestones) {
      const auto code = names.find(milestone);
      if (!code && names.size() > 0 && require_known) {
        throw input_error("the milestone " + quoted(milestone) + " of " + place +
                          " does not occur in the journeys; check its name, and by");
      }
      if (code) {
        milestones_.push_back(*code);
      }
    }
  }

  void operator()(const touch_view& touches, std::span<double> parts) const {
    constexpr double others_part = 0.1;
    std::fill(parts.begin(), parts.end(), 0.0);
    parts.front() += 1.0;
    parts.back() += 1.0;
    double anchors = 2.0;
    for (const std::uint32_t milestone : milestones_) {
      const auto found = std::find(touches.items.begin(), touches.items.end(), milestone);
      if (found != touches.items.end()) {
        parts[static_cast<std::size_t>(found - touches.items.begin())] += 1.0;
        anchors += 1.0;
      }
    }
    const auto others = static_cast<double>(std::count(parts.begin(), parts.end(), 0.0));
    for (double& part : parts) {
      part = part == 0.0 ? others_part / others : part * (others > 0.0 ? 1.0 - others_part : 1.0) / anchors;
    }
  }

 private:
  std::vector<std::uint32_t> milestones_;
};

[[nodiscard]] inline auto rule_of(const w_shaped& model, const name_table& names, bool require_known = true) {
  return milestone_rule{model.milestones, 1, "w_shaped", names, require_known};
}

[[nodiscard]] inline auto rule_of(const full_path& model, const name_table& names, bool require_known = true) {
  return milestone_rule{model.milestones, 2, "full_path", names, require_known};
}

/// Weights of a caller by length, made to add up to 1. Workers share one; copies are the same cache.
class weights_by_length {
 public:
  explicit weights_by_length(const weight_function& weights) : state_(std::make_shared<state>(weights)) {}

  void operator()(const touch_view& /*touches*/, std::span<double> parts) const {
    const std::lock_guard lock(state_->mutex);
    auto [known, is_new] = state_->weights.try_emplace(parts.size());
    if (is_new) {
      try {
        known->second = checked(state_->ask(parts.size()), parts.size());
      } catch (...) {
        state_->weights.erase(known);
        throw;
      }
    }
    std::copy(known->second.begin(), known->second.end(), parts.begin());
  }

 private:
  struct state {
    explicit state(const weight_function& function) : ask(function) {}
    weight_function ask;
    std::mutex mutex;
    std::map<std::size_t, std::vector<double>> weights;
  };

  static std::vector<double> checked(std::vector<double> weights, std::size_t size) {
    const std::string place = "weights of custom for a journey of " + std::to_string(size) + " touches";
    if (weights.size() != size) {
      throw input_error(place + " are " + std::to_string(weights.size()) + "; the function must give one for each");
    }
    double sum = 0.0;
    for (const double weight : weights) {
      if (!(weight >= 0.0 && std::isfinite(weight))) {
        throw input_error(place + " hold " + std::to_string(weight) + "; each must be finite and not negative");
      }
      sum += weight;
    }
    if (!(sum > 0.0 && std::isfinite(sum))) {
      throw input_error(place + " add up to " + std::to_string(sum) + "; at least one must be above 0");
    }
    for (double& weight : weights) {
      weight /= sum;
    }
    return weights;
  }

  std::shared_ptr<state> state_;
};

[[nodiscard]] inline auto rule_of(const custom_weights& model, const name_table& /*names*/) {
  if (!model.weights) {
    throw input_error("custom needs a function that gives the weights for a number of touches; give it in weights");
  }
  return weights_by_length{model.weights};
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

[[nodiscard]] inline auto rule_of(const j_shaped& /*model*/, const name_table& names) {
  return rule_of(position_based{.first = 0.2, .last = 0.6}, names);
}

[[nodiscard]] inline auto rule_of(const inverse_j& /*model*/, const name_table& names) {
  return rule_of(position_based{.first = 0.6, .last = 0.2}, names);
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
