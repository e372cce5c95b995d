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
     "order=1, self_transitions=False, removal='to_null', smoothing=0, units=None",
     "Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001",
     [](const model_parameters& p) -> attribution_model {
       return markov_model{.order = p.order,
                           .self_transitions = p.self_transitions,
                           .removal = p.removal,
                           .smoothing = p.smoothing,
                           .units = p.units};
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
     "coalition. Game within_rate: worth is the conversion rate of the journeys that touch no other item; by all "
     "coalitions up to 25 items, by drawn orders beyond. The games of rates have no interval and no value.",
     "game='sum', permutations=2000, seed=0",
     "Shapley 1953, doi:10.1515/9781400881970-018; Zhao, Mahboobi and Bagheri 2018, arXiv:1804.05327 (sum, in closed "
     "form); exact_set equal to marketing_attribution_models 2.1.1 without its limit of size",
     [](const model_parameters& p) -> attribution_model {
       return shapley{.game = p.game, .permutations = p.permutations, .seed = p.seed};
     }},
    {"rank_decay",
     "Every touch earns `ratio` times what the touch after it earns: with 0.5 the last touch has twice the credit of "
     "the "
     "one before it. Time plays no part.",
     "ratio=0.5", "usual practice; equal to the positional decay of shapley-attribution 2.1",
     [](const model_parameters& p) -> attribution_model { return rank_decay{.ratio = p.ratio}; }},
    {"w_shaped",
     "30 % of the credit each to the first touch, the first touch of a milestone (a lead, say) and the last touch; 10 "
     "% "
     "in equal parts to the others. What a missing milestone leaves goes to the other two; without others the three "
     "share all; touches that coincide add up.",
     "milestones (one item; no default)", "usual practice (W-shaped)",
     [](const model_parameters& p) -> attribution_model { return w_shaped{.milestones = p.milestones}; }},
    {"full_path",
     "22.5 % of the credit each to the first touch, the first touches of two milestones (a lead and an opportunity, "
     "say) "
     "and the last touch; 10 % in equal parts to the others. Missing milestones, no others and coinciding touches as "
     "in "
     "w_shaped.",
     "milestones (two items; no default)", "usual practice (Z-shaped, full path)",
     [](const model_parameters& p) -> attribution_model { return full_path{.milestones = p.milestones}; }},
    {"leave_one_out",
     "For each touch of a converting path: the conversion rate of the path less that of the path without the touch (0 "
     "when nobody took it), not below 0; credit in proportion. All to the last touch when no touch adds anything. No "
     "intervals by influence; draw them.",
     "", "as fractribution, which calls it Shapley",
     [](const model_parameters&) -> attribution_model { return leave_one_out{}; }},
    {"shao_li",
     "C(i) = p(i) + 1/(2 N) Σ_j (p(i,j) − p(i) − p(j)), with p the conversion rate of the journeys that touch an item, "
     "or "
     "both of a pair, and N the items j that were seen with i. Each conversion falls to the items of its journey in "
     "proportion to C, not below 0; in equal parts when all are 0. No intervals by influence; draw them.",
     "", "Shao and Li 2011, doi:10.1145/2020408.2020453",
     [](const model_parameters&) -> attribution_model { return shao_li{}; }},
    {"logistic",
     "A logistic regression of the conversion on which items the journey touches, with a ridge penalty. Each "
     "conversion "
     "falls to the items of its journey in proportion to their positive coefficients; in equal parts when there is "
     "none. "
     "No intervals by influence; draw them.",
     "ridge=1.0", "Shao and Li 2011, doi:10.1145/2020408.2020453 (without bagging); Newton's method",
     [](const model_parameters& p) -> attribution_model { return logistic{.ridge = p.ridge}; }},
    {"additive_hazard",
     "The rate of conversion is Σ β ω exp(−ω age) over the touches so far, β and ω of the item, estimated by EM; a "
     "null "
     "journey is watched until the customer's next journey or the end of the observation. Credit in proportion to the "
     "rates at the moment of conversion. Needs time. No intervals.",
     "iterations=200", "Zhang, Wei and Ren 2014, doi:10.1109/ICDM.2014.103",
     [](const model_parameters& p) -> attribution_model { return additive_hazard{.iterations = p.iterations}; }},
}};

struct game_entry {
  std::string_view name;
  std::string_view definition;
};

/// In the order of `shapley_game`.
inline constexpr std::array<game_entry, 4> game_registry{{
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
    {"within_rate",
     "Shapley values of the game in which a coalition of items is worth the conversion rate of the journeys that touch "
     "no other item, in proportion of which the conversions are shared out. An item that lowers the rate has a "
     "negative "
     "value. All coalitions up to 25 items; beyond, an average over drawn orders, whose standard error is the column "
     "sampling_error. No intervals."},
}};

/// In the order of `removal`.
inline constexpr std::array<std::string_view, 3> removal_names{"to_null", "skip", "fail"};
inline constexpr std::array<std::string_view, 3> removal_words{
    "", " Removal is skip: journeys do what those did that went elsewhere from the same state.",
    " Removal is fail: every journey that touches it fails and the chain is estimated anew, so that the effect is the "
    "part of the conversions whose path contains it, at every order."};

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

KLANTREIS_INLINE std::string_view to_text(removal definition) noexcept {
  return detail::removal_names[static_cast<std::size_t>(definition)];
}

KLANTREIS_INLINE removal to_removal(std::string_view name) {
  for (std::size_t i = 0; i < detail::removal_names.size(); ++i) {
    if (detail::removal_names[i] == name) {
      return static_cast<removal>(i);
    }
  }
  throw input_error("there is no removal " + quoted(name) + "; choose one of to_null, skip, fail");
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
  std::string definition{entry_of(model).definition};
  if (const auto* chosen = std::get_if<markov_model>(&model)) {
    definition += detail::removal_words[static_cast<std::size_t>(chosen->removal)];
    if (chosen->smoothing > 0.0) {
      definition += " Smoothed: as if more journeys had ended in each state, converting at the overall rate.";
    }
  }
  return definition;
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
