// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <utility>

#include "klantreis/attribution/models.hpp"

namespace klantreis {
namespace detail {

inline constexpr std::array<model_entry, std::variant_size_v<attribution_model>> model_registry{{
    {"first_touch", "All credit of a conversion to the first touch of its journey.", "",
     "usual practice; equal to heuristic_models of ChannelAttribution 2.2.5",
     [](const model_parameters&) -> attribution_model { return first_touch{}; }},
    {"last_touch", "All credit of a conversion to the last touch of its journey.", "",
     "usual practice; equal to heuristic_models of ChannelAttribution 2.2.5",
     [](const model_parameters&) -> attribution_model { return last_touch{}; }},
    {"last_non_direct",
     "All credit of a conversion to the last touch that is not direct; to the last touch when all are direct.",
     "direct='direct'", "usual practice; equal to last_click_non of marketing_attribution_models 1.0.10",
     [](const model_parameters& p) -> attribution_model { return last_non_direct{.direct = p.direct}; }},
    {"linear", "The same credit to every touch of the journey; an item touched twice gets it twice.", "",
     "usual practice; equal to heuristic_models of ChannelAttribution 2.2.5",
     [](const model_parameters&) -> attribution_model { return linear{}; }},
    {"position_based",
     "Fixed parts of the credit to the first and the last touch, the rest in equal parts to those between. Of two "
     "touches each gets half the rest besides; a single touch gets all.",
     "weights=(0.4, 0.2, 0.4)", "usual practice (U-shaped); equal to marketing_attribution_models 1.0.10",
     [](const model_parameters& p) -> attribution_model { return position_based{.first = p.first, .last = p.last}; }},
    {"time_decay",
     "Credit in proportion to 2^(-age / half-life), where the age of a touch is the time to the last touch of its "
     "journey.",
     "half_life='7d'", "usual practice; equal to marketing_attribution_models 2.1.1",
     [](const model_parameters& p) -> attribution_model { return time_decay{.half_life = p.half_life}; }},
    {"markov",
     "Credit in proportion to the removal effect: the part of the conversions that is lost when every state that "
     "contains the item leads to (null), in the absorbing chain whose states are windows of `order` items. Exact.",
     "order=1, self_transitions=False",
     "Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001",
     [](const model_parameters& p) -> attribution_model {
       return markov_model{.order = p.order, .self_transitions = p.self_transitions};
     }},
    {"first_non_direct",
     "All credit of a conversion to the first touch that is not direct; to the first touch when all are direct.",
     "direct='direct'", "usual practice; the mirror image of last_non_direct",
     [](const model_parameters& p) -> attribution_model { return first_non_direct{.direct = p.direct}; }},
    {"last_paid", "All credit of a conversion to the last touch that is paid; to the last touch when none is paid.",
     "paid (items; no default)", "usual practice",
     [](const model_parameters& p) -> attribution_model { return last_paid{.paid = p.paid}; }},
    {"linear_distinct", "The same credit to every item of the journey, however often it is touched.", "",
     "usual practice; equal to linear(share='same') of mta 0.0.9",
     [](const model_parameters&) -> attribution_model { return linear_distinct{}; }},
    {"j_shaped",
     "20 % of the credit to the first touch, 60 % to the last, 20 % in equal parts to those between. Of two touches "
     "each gets half the rest besides (30 % and 70 %); a single touch gets all.",
     "", "usual practice (J-shaped), as position_based with weights=(0.2, 0.2, 0.6)",
     [](const model_parameters&) -> attribution_model { return j_shaped{}; }},
    {"inverse_j",
     "60 % of the credit to the first touch, 20 % to the last, 20 % in equal parts to those between. Of two touches "
     "each gets half the rest besides (70 % and 30 %); a single touch gets all.",
     "", "usual practice (inverse J), as position_based with weights=(0.6, 0.2, 0.2)",
     [](const model_parameters&) -> attribution_model { return inverse_j{}; }},
    {"position_decay",
     "Credit in proportion to the place of the touch in its journey: 1 for the first, 2 for the second, and so on; "
     "time plays no part.",
     "", "as attribution_position_decay of marketing_attribution_models 1.0.10",
     [](const model_parameters&) -> attribution_model { return position_decay{}; }},
    {"custom",
     "Credit in proportion to weights of the caller: a function of the number of touches gives one weight for each, "
     "oldest first; they are made to add up to 1.",
     "weights (a function; no default)", "the caller",
     [](const model_parameters& p) -> attribution_model { return custom_weights{.weights = p.weights}; }},
    {"shapley",
     "Shapley values: what an item adds to the worth of a coalition of items, averaged over all orders of joining. "
     "Game sum: worth is the conversions of journeys that touch no other item, so each conversion falls in equal parts "
     "to the items of its journey. Game exact_set: the items of each converting set share its conversions; worth is "
     "the conversion rate of the journeys that touch just the items of the coalition, 0 when none converted; credit "
     "may be negative. Game subset_rate: worth is the sum of the conversion rates of the sets of items within the "
     "coalition. The two games of rates have no interval and no value.",
     "game='sum'",
     "Shapley 1953, doi:10.1515/9781400881970-018; Zhao, Mahboobi and Bagheri 2018, arXiv:1804.05327 (sum, in closed "
     "form); exact_set equal to marketing_attribution_models 2.1.1 without its limit of size",
     [](const model_parameters& p) -> attribution_model { return shapley{.game = p.game}; }},
}};

struct game_entry {
  std::string_view name;
  std::string_view definition;
};

/// In the order of `shapley_game`.
inline constexpr std::array<game_entry, 3> game_registry{{
    {"sum",
     "Shapley values of the game in which a coalition of items is worth the conversions of the journeys that touch no "
     "other item: each conversion falls in equal parts to the items of its journey."},
    {"exact_set",
     "Shapley values, one game for each set of items that converted, whose conversions they share out: a coalition is "
     "worth the conversion rate of the journeys that touch just its items, 0 when none of them converted. Such a worth "
     "may fall when an item joins, so credit may be negative. No intervals."},
    {"subset_rate",
     "Shapley values of the game in which a coalition of items is worth the sum of the conversion rates of the sets of "
     "items within it, in proportion of which the conversions are shared out. No intervals."},
}};

}  // namespace detail

KLANTREIS_INLINE std::span<const model_entry> attribution_models() noexcept { return detail::model_registry; }

KLANTREIS_INLINE const model_entry& entry_of(const attribution_model& model) noexcept {
  return detail::model_registry[model.index()];
}

KLANTREIS_INLINE std::string_view to_text(shapley_game game) noexcept {
  return detail::game_registry[static_cast<std::size_t>(game)].name;
}

KLANTREIS_INLINE shapley_game to_shapley_game(std::string_view name) {
  std::string known;
  for (std::size_t i = 0; i < detail::game_registry.size(); ++i) {
    if (detail::game_registry[i].name == name) {
      return static_cast<shapley_game>(i);
    }
    known += (known.empty() ? "" : ", ") + std::string{detail::game_registry[i].name};
  }
  throw input_error("there is no Shapley game " + quoted(name) + "; choose one of " + known);
}

KLANTREIS_INLINE std::string label_of(const attribution_model& model) {
  std::string label{entry_of(model).name};
  if (const auto* chosen = std::get_if<shapley>(&model)) {
    label += "_" + std::string{to_text(chosen->game)};
  }
  return label;
}

KLANTREIS_INLINE std::string definition_of(const attribution_model& model) {
  if (const auto* chosen = std::get_if<shapley>(&model)) {
    return std::string{detail::game_registry[static_cast<std::size_t>(chosen->game)].definition};
  }
  return std::string{entry_of(model).definition};
}

KLANTREIS_INLINE attribution_model make_attribution_model(std::string_view name, const model_parameters& parameters) {
  std::string known;
  for (const model_entry& entry : detail::model_registry) {
    if (entry.name == name) {
      return entry.make(parameters);
    }
    known += (known.empty() ? "" : ", ") + std::string{entry.name};
  }
  throw input_error("there is no attribution model " + quoted(name) + "; choose one of " + known);
}

KLANTREIS_INLINE table model_table() {
  std::vector<std::string> names;
  std::vector<std::string> definitions;
  std::vector<std::string> parameters;
  std::vector<std::string> sources;
  for (const model_entry& entry : detail::model_registry) {
    names.emplace_back(entry.name);
    definitions.emplace_back(entry.definition);
    parameters.emplace_back(entry.parameters);
    sources.emplace_back(entry.source);
  }
  table result{"The models of attribution: how each shares out the credit for a conversion."};
  result.add("model", std::move(names));
  result.add("definition", std::move(definitions));
  result.add("parameters", std::move(parameters));
  result.add("source", std::move(sources));
  return result;
}

}  // namespace klantreis
