// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
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

/// All credit to the first touch that is not direct; to the first touch when all are.
struct first_non_direct {
  std::vector<std::string> direct{"direct"};  ///< items that count as direct
};

/// All credit to the last touch that is paid; to the last touch when none is.
struct last_paid {
  std::vector<std::string> paid = {};  ///< items that are paid for; at least one of them must occur
};

/// The same credit to every touch; an item that is touched twice gets it twice.
struct linear {};

/// The same credit to every item of the journey, however often it is touched.
struct linear_distinct {};

/// `first` to the first touch, `last` to the last, the rest in equal parts to those between. Of two touches each gets
/// half the rest; a single touch gets all.
struct position_based {
  double first = 0.4;
  double last = 0.4;
};

/// 20 % to the first touch, 60 % to the last, 20 % in equal parts to those between; short journeys as `position_based`.
struct j_shaped {};

/// 60 % to the first touch, 20 % to the last, 20 % in equal parts to those between; short journeys as `position_based`.
struct inverse_j {};

/// Credit in proportion to the place of the touch in its journey: 1 for the first, 2 for the second, and so on.
struct position_decay {};

/// Every touch earns `ratio` times what the touch after it earns.
struct rank_decay {
  double ratio = 0.5;
};

/// W-shaped: 30 % each to the first touch, the first touch of a milestone such as a lead, and the last touch; 10 % in
/// equal parts to the others. Where the milestone is not met, the other two share its part; without others the three
/// share all.
struct w_shaped {
  std::vector<std::string> milestones = {};  ///< one item
};

/// Z-shaped, or full path: as `w_shaped`, with two milestones and 22.5 % to each of the four.
struct full_path {
  std::vector<std::string> milestones = {};  ///< two items
};

/// Given the number of touches of a journey, as many weights, oldest touch first.
using weight_function = std::function<std::vector<double>(std::size_t)>;

/// Credit in proportion to weights of one's own. They are asked once for each length, and by one thread at a time.
struct custom_weights {
  weight_function weights = {};
};

/// Credit halves with every `half_life` between a touch and the last touch of the journey. Needs time.
struct time_decay {
  duration half_life = std::chrono::days{7};
};

/// What becomes of journeys when something is removed.
enum class removal {
  to_null,  ///< they end there, in `(null)`
  skip,     ///< they do what the journeys did that went elsewhere from the same state
  fail      ///< every journey that touches it fails, and the chain is estimated anew
};

/// Items that are removed together, or one after the other.
struct removal_unit {
  std::string name = {};
  std::vector<std::string> items = {};
  bool sequence = false;  ///< only where the items stand in this order without others between; needs as high an order
};

/// Removal effects in the chain of order k, normalised.
struct markov_model {
  unsigned order = 1;
  bool self_transitions = false;  ///< changes no number: only what the chain shows
  klantreis::removal removal = klantreis::removal::to_null;
  /// As if so many journeys more had ended in each state, converting at the overall rate. Then there are no intervals.
  double smoothing = 0.0;
  std::vector<removal_unit> units = {};  ///< what is removed and credited; empty: each item
};

/// What a coalition of items is worth.
enum class shapley_game {
  sum,          ///< conversions of the journeys that touch no item outside it
  exact_set,    ///< conversion rate of the journeys that touch just these items; 0 when none of them converted
  subset_rate,  ///< sum of the conversion rates of the sets of items within it
  within_rate   ///< conversion rate of the journeys that touch no item outside it
};

/// Shapley values: what an item adds to a coalition, averaged over all orders in which the items may join.
struct shapley {
  shapley_game game = shapley_game::sum;
  std::size_t permutations = 2000;  ///< orders to draw where `within_rate` has more than 25 items
  std::uint64_t seed = 0;           ///< of the draw
};

/// What a path loses in conversion rate when one touch is left out of it; shared out in proportion, losses only. Where
/// no touch loses anything, all to the last.
struct leave_one_out {};

/// In proportion to P(conversion | item) plus half the mean of what each other item adds in pairs with it.
struct shao_li {};

/// In proportion to the positive coefficients of a logistic regression of the conversion on the items of the journey.
struct logistic {
  double ridge = 1.0;  ///< penalty on the squared coefficients
};

/// Each touch raises the rate of conversion, which fades exponentially; credit in proportion to the rates at the
/// moment of conversion. Needs time.
struct additive_hazard {
  unsigned iterations = 200;  ///< at most so many steps of EM
};

using attribution_model =
    std::variant<first_touch, last_touch, last_non_direct, linear, position_based, time_decay, markov_model,
                 first_non_direct, last_paid, linear_distinct, j_shaped, inverse_j, position_decay, custom_weights,
                 shapley, rank_decay, w_shaped, full_path, leave_one_out, shao_li, logistic, additive_hazard>;

/// The parameters of all models in one place, for callers that have the model's name as text.
struct model_parameters {
  unsigned order = 1;
  bool self_transitions = false;
  std::vector<std::string> direct{"direct"};
  double first = 0.4;
  double last = 0.4;
  duration half_life = std::chrono::days{7};
  std::vector<std::string> paid = {};
  weight_function weights = {};
  shapley_game game = shapley_game::sum;
  std::size_t permutations = 2000;
  std::uint64_t seed = 0;
  double ratio = 0.5;
  std::vector<std::string> milestones = {};
  klantreis::removal removal = klantreis::removal::to_null;
  double smoothing = 0.0;
  std::vector<removal_unit> units = {};
  double ridge = 1.0;
  unsigned iterations = 200;
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

/// What tables call a model: the name of its entry, for `shapley` with its game, such as `shapley_sum`.
[[nodiscard]] std::string label_of(const attribution_model& model);

/// What a model does, in words, for the definition of its result.
[[nodiscard]] std::string definition_of(const attribution_model& model);

[[nodiscard]] std::string_view to_text(shapley_game game) noexcept;

[[nodiscard]] std::string_view to_text(removal definition) noexcept;

/// The removal called `name`: `to_null`, `skip` or `fail`.
/// \throws input_error when there is none; the message lists those that exist.
[[nodiscard]] removal to_removal(std::string_view name);

/// The game called `name`: `sum`, `exact_set`, `subset_rate` or `within_rate`.
/// \throws input_error when there is none; the message lists those that exist.
[[nodiscard]] shapley_game to_shapley_game(std::string_view name);

/// The model called `name`.
/// \throws input_error when there is none; the message lists those that exist.
[[nodiscard]] attribution_model make_attribution_model(std::string_view name, const model_parameters& parameters = {});

/// The registry as a table: `model, definition, parameters, source`.
[[nodiscard]] table model_table();

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/models.ipp"
#endif
