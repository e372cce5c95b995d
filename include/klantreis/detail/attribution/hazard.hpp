// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/detail/attribution/heuristics.hpp"
#include "klantreis/detail/attribution/rules.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/journeys.hpp"

namespace klantreis::detail {

/// The additive hazard of Zhang, Wei and Ren 2014: λ(t) = Σ_l β ω exp(−ω (t − t_l)) over the touches l before t.
///
/// Time counts in days. EM: p_l is the part of touch l in λ at the conversion; then
/// β = Σ p_l / Σ (1 − exp(−ω a_l)) and ω = Σ p_l / Σ (p_l a_l + β a_l exp(−ω a_l)), a_l being the time from the touch
/// to the conversion or to the end of the watch.
struct hazard_parameters {
  std::vector<double> strength;  ///< β by item
  std::vector<double> fading;    ///< ω by item, per day

  [[nodiscard]] double rate(std::uint32_t item, double days) const noexcept {
    return strength[item] * fading[item] * std::exp(-fading[item] * days);
  }
};

class hazard_fit {
 public:
  hazard_fit(const journey_set& journeys, const journey_source& source) : items_(source.names().size()) {
    const auto& log = journeys.log();
    const auto times = log.times();
    const auto offsets = journeys.customer_offsets();
    const double day = 86'400.0 * static_cast<double>(log.ticks_per_second());
    journey_source::buffers space;
    for (const std::size_t customer : each({0, source.size()})) {
      for (std::uint64_t j = offsets[customer]; j < offsets[customer + 1]; ++j) {
        const journey piece = journeys[j];
        if (!piece.settled) {
          continue;
        }
        std::int64_t end = journeys.observed_until_ticks();
        if (piece.converted && piece.path_end < piece.end) {
          end = times[piece.path_end];
        } else if (j + 1 < offsets[customer + 1]) {
          end = times[journeys[j + 1].begin];
        }
        const touch_view touches = source.touches_of(offsets[customer], j, space);
        for (std::size_t i = 0; i < touches.items.size(); ++i) {
          touches_.push_back(touches.items[i]);
          const std::int64_t ticks = end - times[space.touches.events[i]];
          days_.push_back((std::max)(0.0, static_cast<double>(ticks) / day));
        }
        journey_ends_.push_back(touches_.size());
        converted_.push_back(piece.converted);
      }
    }
  }

  [[nodiscard]] hazard_parameters run(unsigned iterations) const {
    double total_days = 0.0;
    for (const double days : days_) {
      total_days += days;
    }
    const double mean = touches_.empty() ? 1.0 : (std::max)(1e-6, total_days / static_cast<double>(touches_.size()));
    hazard_parameters now{std::vector<double>(items_, 0.1), std::vector<double>(items_, 1.0 / mean)};
    std::vector<double> part(items_);
    std::vector<double> part_days(items_);
    std::vector<double> exposure(items_);
    std::vector<double> faded(items_);
    for (unsigned step = 0; step < iterations; ++step) {
      for (auto* sums : {&part, &part_days, &exposure, &faded}) {
        std::fill(sums->begin(), sums->end(), 0.0);
      }
      std::size_t begin = 0;
      for (std::size_t j = 0; j < journey_ends_.size(); ++j) {
        const std::size_t end = journey_ends_[j];
        double rate = 0.0;
        for (std::size_t l = begin; l < end; ++l) {
          const std::uint32_t item = touches_[l];
          const double left = std::exp(-now.fading[item] * days_[l]);
          exposure[item] += 1.0 - left;
          faded[item] += days_[l] * left;
          rate += now.strength[item] * now.fading[item] * left;
        }
        if (converted_[j] && rate > 0.0) {
          for (std::size_t l = begin; l < end; ++l) {
            const std::uint32_t item = touches_[l];
            const double p = now.rate(item, days_[l]) / rate;
            part[item] += p;
            part_days[item] += p * days_[l];
          }
        }
        begin = end;
      }
      double change = 0.0;
      for (std::size_t item = 0; item < items_; ++item) {
        if (exposure[item] <= 0.0) {
          continue;
        }
        const double strength = part[item] / (std::max)(exposure[item], 1e-12);
        const double slowness = part_days[item] + strength * faded[item];
        const double fading =
            part[item] > 0.0 && slowness > 0.0 ? std::clamp(part[item] / slowness, 1e-6, 1e6) : now.fading[item];
        change = (std::max)({change, std::abs(strength - now.strength[item]) / (1e-12 + strength),
                             std::abs(fading - now.fading[item]) / fading});
        now.strength[item] = strength;
        now.fading[item] = fading;
      }
      if (change < 1e-9) {
        break;
      }
    }
    return now;
  }

 private:
  std::size_t items_;
  std::vector<std::uint32_t> touches_;
  std::vector<double> days_;
  std::vector<std::size_t> journey_ends_;
  std::vector<bool> converted_;
};

/// Splits a conversion by the rates at its moment; all to the last touch when all have faded.
class hazard_rule {
 public:
  explicit hazard_rule(hazard_parameters parameters)
      : parameters_(std::make_shared<const hazard_parameters>(std::move(parameters))) {}

  void operator()(const touch_view& touches, std::span<double> parts) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i] = parameters_->rate(touches.items[i], (touches.ages[i] + touches.until_end) / 86'400.0);
      sum += parts[i];
    }
    if (!(sum > 0.0)) {
      std::fill(parts.begin(), parts.end(), 0.0);
      parts.back() = 1.0;
      return;
    }
    for (double& part : parts) {
      part /= sum;
    }
  }

 private:
  std::shared_ptr<const hazard_parameters> parameters_;
};

}  // namespace klantreis::detail
