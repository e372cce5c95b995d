// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// All credit to the first touch.
struct first_touch {};

/// All credit to the last touch.
struct last_touch {};

/// All credit to the last touch that is not direct; to the last touch when all are.
struct last_non_direct {
  std::vector<std::string> direct{"direct"};  ///< items that count as direct
};

/// The same credit to every touch; an item that is touched twice gets it twice.
struct linear {};

/// `first` to the first touch, `last` to the last, the rest in equal parts to those between. Of two touches each gets
/// half the rest; a single touch gets all.
struct position_based {
  double first = 0.4;
  double last = 0.4;
};

/// Credit halves with every `half_life` between a touch and the last touch of the journey. Needs time.
struct time_decay {
  duration half_life = std::chrono::days{7};
};

/// Removal effects in the chain of order k, normalised.
struct markov_model {
  unsigned order = 1;
  bool self_transitions = false;  ///< changes no number: only what the chain shows
};

using attribution_model =
    std::variant<first_touch, last_touch, last_non_direct, linear, position_based, time_decay, markov_model>;

/// The parameters of all models in one place, for callers that have the model's name as text.
struct model_parameters {
  unsigned order = 1;
  bool self_transitions = false;
  std::vector<std::string> direct{"direct"};
  double first = 0.4;
  double last = 0.4;
  duration half_life = std::chrono::days{7};
};

/// What a model is, for tables and messages, and how it is made.
struct model_entry {
  std::string_view name;
  std::string_view definition;
  std::string_view parameters;  ///< with their defaults; empty when there are none
  std::string_view source;
  attribution_model (*make)(const model_parameters&);
};

/// Every model, in the order of the alternatives of `attribution_model`.
[[nodiscard]] std::span<const model_entry> attribution_models() noexcept;

/// The entry of a model.
[[nodiscard]] const model_entry& entry_of(const attribution_model& model) noexcept;

/// The model called `name`.
/// \throws input_error when there is none; the message lists those that exist.
[[nodiscard]] attribution_model make_attribution_model(std::string_view name, const model_parameters& parameters = {});

/// The registry as a table: `model, definition, parameters, source`.
[[nodiscard]] table model_table();

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/models.ipp"
#endif
