// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct skill_options {
  unsigned folds = 10;     ///< of customers
  std::uint64_t seed = 0;  ///< of the folds
  double level = 0.95;     ///< coverage of the intervals
  double min_n = 30.0;     ///< rows of fewer customers are marked `few_customers`
};

/// A model with the name it has in a result.
struct named_model {
  std::string name;
  attribution_model model;
};

/// How a model says from a whole path whether the journey converts.
enum class predictor {
  own,      ///< the model is one of conversion: Markov, logistic
  game,     ///< the worth of the path in the game behind the credits, not the credits themselves
  induced,  ///< Σ part · rate of the item, from the credits of a rule and the same weights on all journeys
  none
};
[[nodiscard]] std::string_view to_text(predictor kind) noexcept;
[[nodiscard]] predictor predictor_of(const attribution_model& model) noexcept;

/// How well models tell conversions from nulls in journeys of customers they have not seen.
///
/// skill = 1 − loss / loss of the rate of conversion (log-loss, held out by folds of customers, predictions clipped to
/// 1e-6 … 1 − 1e-6); `brier_skill` with squared errors; `auc` within folds; `difference` of the skill to the best
/// model, from paired influence values of customers. Columns: `model, predictor`, each of these with bounds, `n,
/// marks`. Models without a predictor have nulls; `shao_li` has an AUC alone. A model that predicts better does not
/// credit better. Source: Gneiting and Raftery 2007, doi:10.1198/016214506000001437. \throws input_error when no model
/// is given, or there are no settled journeys.
[[nodiscard]] table model_skill(const path_table& paths, std::span<const named_model> models,
                                const skill_options& options = {});

/// What a model says each path converts with, learned from all of them: P by path, null without a predictor.
[[nodiscard]] std::vector<double> predicted_conversion(const path_table& paths, const attribution_model& model);

/// What a model that learned from `known` says of other paths: `path, conversion, conversions, nulls, open`.
///
/// `conversion` is the probability that a journey that ends with this path has converted, as `predicted_conversion`.
/// For `markov_model` there is also `conversion_later`, the probability that a journey that has come this far will
/// convert: absorption from its last window, or from a shorter one where that was never seen. Rows as in `unknown`.
/// \throws input_error when the two tables were made by different labels or options.
[[nodiscard]] table score_paths(const path_table& known, const path_table& unknown,
                                const attribution_model& model = markov_model{});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/skill.ipp"
#endif
