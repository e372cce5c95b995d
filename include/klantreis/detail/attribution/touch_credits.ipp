// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "klantreis/attribution/touch_credits.hpp"
#include "klantreis/detail/attribution/attribute.ipp"
#include "klantreis/detail/attribution/heuristics.hpp"
#include "klantreis/detail/attribution/rules.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

using touch_split = std::function<void(const touch_view&, std::span<double>)>;

/// The rule of a model that splits single conversions.
inline touch_split touch_split_of(const attribution_model& model, const name_table& names) {
  return std::visit(
      [&](const auto& chosen) -> touch_split {
        using type = std::decay_t<decltype(chosen)>;
        constexpr bool is_whole = std::is_same_v<type, markov_model> || std::is_same_v<type, additive_hazard>;
        if constexpr (!is_whole && !is_learned<type>) {
          if (!is_game_of_rates(model)) {
            return rule_of(chosen, names);
          }
        }
        throw input_error(std::string{entry_of(model).name} +
                          " does not split single conversions by a rule; use a rule such as linear, or credit_rows, "
                          "which spreads its credits over paths");
      },
      model);
}

}  // namespace detail

KLANTREIS_INLINE touch_credit_rows& touch_credit_rows::operator+=(const touch_credit_rows& other) {
  journeys.insert(journeys.end(), other.journeys.begin(), other.journeys.end());
  events.insert(events.end(), other.events.begin(), other.events.end());
  worth.insert(worth.end(), other.worth.begin(), other.worth.end());
  parts.resize((std::max)(parts.size(), other.parts.size()));
  for (std::size_t model = 0; model < other.parts.size(); ++model) {
    parts[model].insert(parts[model].end(), other.parts[model].begin(), other.parts[model].end());
  }
  return *this;
}

KLANTREIS_INLINE touch_credit_rows touch_credits(const journey_set& journeys, std::span<const attribution_model> models,
                                                 const attribution_options& options) {
  detail::check_attributable(journeys);
  std::vector<detail::touch_split> splits;
  bool with_ages = false;
  const detail::touch_reader reader{journeys, detail::path_options_of(options)};
  for (const attribution_model& model : models) {
    if (std::holds_alternative<time_decay>(model)) {
      detail::check_times(journeys, model);
      with_ages = true;
    }
    splits.push_back(detail::touch_split_of(model, *reader.items().names));
  }
  const auto offsets = journeys.customer_offsets();
  const auto times = journeys.log().times();
  const bool valued = !journeys.log().values().empty();
  const auto ticks_per_second = static_cast<double>(journeys.log().ticks_per_second());
  return count_in_slices(journeys.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    touch_credit_rows found;
    found.parts.resize(splits.size());
    detail::touch_list touches;
    std::vector<double> ages;
    for (const std::size_t customer : each(range)) {
      for (std::uint64_t j = offsets[customer]; j < offsets[customer + 1]; ++j) {
        if (!journeys[j].is_conversion()) {
          continue;
        }
        reader.read(offsets[customer], j, touches);
        if (touches.codes.empty()) {
          continue;
        }
        const std::size_t first = found.events.size();
        found.journeys.resize(first + touches.events.size(), j);
        found.events.insert(found.events.end(), touches.events.begin(), touches.events.end());
        if (valued) {
          found.worth.resize(found.events.size(), journeys.value(j));
        }
        ages.clear();
        if (with_ages) {
          for (const std::uint64_t event : touches.events) {
            ages.push_back(static_cast<double>(times[touches.events.back()] - times[event]) / ticks_per_second);
          }
        }
        for (std::size_t model = 0; model < splits.size(); ++model) {
          found.parts[model].resize(found.events.size());
          splits[model]({touches.codes, ages}, std::span{found.parts[model]}.subspan(first));
        }
      }
    }
    return found;
  });
}

}  // namespace klantreis
