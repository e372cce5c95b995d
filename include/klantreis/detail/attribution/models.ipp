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
}};

}  // namespace detail

KLANTREIS_INLINE std::span<const model_entry> attribution_models() noexcept { return detail::model_registry; }

KLANTREIS_INLINE const model_entry& entry_of(const attribution_model& model) noexcept {
  return detail::model_registry[model.index()];
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
