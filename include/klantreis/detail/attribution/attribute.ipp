// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <type_traits>
#include <utility>

#include "klantreis/attribution/attribute.hpp"
#include "klantreis/detail/attribution/credit.hpp"
#include "klantreis/detail/attribution/hazard.hpp"
#include "klantreis/detail/attribution/heuristics.hpp"
#include "klantreis/detail/attribution/learned.hpp"
#include "klantreis/detail/attribution/markov_credit.hpp"
#include "klantreis/detail/attribution/point_credit.hpp"
#include "klantreis/detail/attribution/shapley_credit.hpp"
#include "klantreis/detail/option_text.hpp"

namespace klantreis {
namespace detail {

inline std::string number_option(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", number);
  return text.data();
}

inline std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    text += (text.empty() ? "" : ", ") + item;
  }
  return text;
}

/// The parameters of a model as options of its result.
inline void set_model_options(table& result, const attribution_model& model) {
  result.set_option("model", std::string{entry_of(model).name});
  std::visit(
      [&result](const auto& chosen) {
        using type = std::decay_t<decltype(chosen)>;
        if constexpr (std::is_same_v<type, last_non_direct> || std::is_same_v<type, first_non_direct>) {
          result.set_option("direct", joined(chosen.direct));
        } else if constexpr (std::is_same_v<type, last_paid>) {
          result.set_option("paid", joined(chosen.paid));
        } else if constexpr (std::is_same_v<type, shapley>) {
          result.set_option("game", std::string{to_text(chosen.game)});
          if (chosen.game == shapley_game::within_rate) {
            result.set_option("permutations", std::to_string(chosen.permutations));
            result.set_option("seed", std::to_string(chosen.seed));
          }
        } else if constexpr (std::is_same_v<type, rank_decay>) {
          result.set_option("ratio", number_option(chosen.ratio));
        } else if constexpr (std::is_same_v<type, w_shaped> || std::is_same_v<type, full_path>) {
          result.set_option("milestones", joined(chosen.milestones));
        } else if constexpr (std::is_same_v<type, logistic>) {
          result.set_option("ridge", number_option(chosen.ridge));
        } else if constexpr (std::is_same_v<type, additive_hazard>) {
          result.set_option("iterations", std::to_string(chosen.iterations));
        } else if constexpr (std::is_same_v<type, position_based>) {
          result.set_option("first", number_option(chosen.first));
          result.set_option("last", number_option(chosen.last));
        } else if constexpr (std::is_same_v<type, time_decay>) {
          result.set_option("half_life", duration_option(chosen.half_life));
        } else if constexpr (std::is_same_v<type, markov_model>) {
          result.set_option("order", std::to_string(chosen.order));
          result.set_option("self_transitions", chosen.self_transitions ? "true" : "false");
          result.set_option("removal", std::string{to_text(chosen.removal)});
          result.set_option("smoothing", number_option(chosen.smoothing));
          for (const removal_unit& unit : chosen.units) {
            result.set_option("unit " + unit.name, joined(unit.items) + (unit.sequence ? " in this order" : ""));
          }
        }
      },
      model);
}

inline void add_estimates(table& result, const std::string& name, quantity what, const std::vector<item_credit>& rows,
                          estimate item_credit::*member) {
  const auto add = [&](const std::string& column, double estimate::*part) {
    std::vector<double> numbers;
    numbers.reserve(rows.size());
    for (const item_credit& row : rows) {
      numbers.push_back(row.*member.*part);
    }
    result.add(column, std::move(numbers), what);
  };
  add(name, &estimate::value);
  add(name + "_lower", &estimate::lower);
  add(name + "_upper", &estimate::upper);
}

inline table credit_table(credit_result&& credits, const std::string& by, const attribution_model& model,
                          const attribution_options& options) {
  std::vector<item_credit>& rows = credits.items;
  // Sums of the same parts in another order differ in the last digits; that must not decide between equal items.
  double total = 0.0;
  for (const item_credit& row : rows) {
    total += std::abs(row.credit.value);
  }
  const auto rank = [unit = 1e-9 * total](double credit) { return unit > 0.0 ? std::round(credit / unit) : 0.0; };
  std::sort(rows.begin(), rows.end(), [&rank](const item_credit& a, const item_credit& b) {
    const double first = rank(a.credit.value);
    const double second = rank(b.credit.value);
    return first != second ? first > second : a.name < b.name;
  });
  if (credits.unattributed) {
    rows.push_back(std::move(*credits.unattributed));
  }
  std::string definition = definition_of(model);
  definition += " Credit adds up to the conversions of settled journeys, share is credit as a part of them";
  definition += credits.has_values ? ", credit_value adds up to their value." : ".";
  table result{std::move(definition)};
  std::vector<std::string> names;
  std::vector<std::string> marks;
  names.reserve(rows.size());
  marks.reserve(rows.size());
  for (item_credit& row : rows) {
    names.push_back(std::move(row.name));
    mark set = row.share.marks | row.credit.marks;
    if (credits.has_removal_effects) {
      set |= row.removal_effect.marks;
    }
    if (credits.has_values) {
      set |= row.credit_value.marks | row.removal_effect_value.marks;
    }
    marks.push_back(to_text(set));
  }
  const std::size_t size = rows.size();
  constexpr std::array<std::string_view, 9> columns{
      "model",        "removal_effect", "share", "credit", "removal_effect_value",
      "credit_value", "sampling_error", "n",     "marks"};
  if (std::find(columns.begin(), columns.end(), by) != columns.end()) {
    throw input_error("the attribute " + quoted(by) + " has the name of a column of the result; rename it");
  }
  result.add(by, std::move(names));
  result.add("model", std::vector<std::string>(size, label_of(model)));
  if (credits.has_removal_effects) {
    add_estimates(result, "removal_effect", quantity::share, rows, &item_credit::removal_effect);
  }
  add_estimates(result, "share", quantity::share, rows, &item_credit::share);
  add_estimates(result, "credit", quantity::count, rows, &item_credit::credit);
  if (credits.has_values) {
    if (credits.has_removal_effects) {
      add_estimates(result, "removal_effect_value", quantity::share, rows, &item_credit::removal_effect_value);
    }
    add_estimates(result, "credit_value", quantity::amount, rows, &item_credit::credit_value);
  }
  if (credits.has_sampling_errors) {
    std::vector<double> errors;
    for (const item_credit& row : rows) {
      errors.push_back(row.sampling_error);
    }
    result.add("sampling_error", std::move(errors), quantity::count);
  }
  result.add("n", std::vector<std::int64_t>(size, std::llround(credits.customers)), quantity::count);
  result.add("marks", std::move(marks));
  set_model_options(result, model);
  result.set_option("by", by);
  result.set_option("lookback", options.lookback ? duration_option(*options.lookback) : "none");
  if (options.lookback_touches > 0) {
    result.set_option("lookback_touches", std::to_string(options.lookback_touches));
  }
  if (!options.exclude.empty()) {
    result.set_option("exclude", joined(options.exclude));
  }
  if (options.reuse_touches) {
    result.set_option("reuse_touches", "true");
  }
  result.set_option("intervals", options.intervals && credits.has_intervals ? "by customers" : "none");
  if (credits.has_removal_effects) {
    result.set_option("error_bound", number_option(credits.error_bound));
  }
  set_interval_options(result, {.level = options.level, .min_n = options.min_n});
  return result;
}

inline credit_result markov_credits(const path_table& paths, const markov_model& model,
                                    const attribution_options& options) {
  const interval_options intervals{.level = options.level, .min_n = options.min_n};
  const order_chain chain = make_order_chain(
      paths,
      {.order = order_of(paths, model), .self_transitions = model.self_transitions, .smoothing = model.smoothing});
  const chain_outcomes outcomes{.totals = totals_of(paths, options.threads), .has_values = paths.has_values()};
  if (!has_influence(model)) {
    return markov_points(chain, outcomes, model, intervals, options.threads);
  }
  markov_credit credit{chain, outcomes, model, options.intervals, intervals, options.threads};
  if (options.intervals) {
    credit.measure({.paths = &paths, .offsets = chain.path_offsets(), .edges = chain.path_edges()});
  }
  return credit.result();
}

/// Rules that are learned from the paths have no influence values: what was learned would move as well.
template <typename Rule, typename Source>
credit_result learned_credits(const Rule& rule, const Source& source, const attribution_options& options) {
  credit_result result =
      credit_by_rule(rule, source, false, {.level = options.level, .min_n = options.min_n}, options.threads);
  result.has_intervals = false;
  return result;
}

template <typename Model>
inline constexpr bool is_learned =
    std::is_same_v<Model, leave_one_out> || std::is_same_v<Model, shao_li> || std::is_same_v<Model, logistic>;

template <typename Model>
inline constexpr bool needs_times = std::is_same_v<Model, time_decay> || std::is_same_v<Model, additive_hazard>;

template <typename Model, typename Source>
credit_result heuristic_credits(const Model& model, const Source& source, const attribution_options& options) {
  return credit_by_rule(rule_of(model, source.names()), source, options.intervals,
                        {.level = options.level, .min_n = options.min_n}, options.threads);
}

/// The games whose worth is a rate are played on sets of items; all other rules split single conversions.
inline bool is_game_of_rates(const attribution_model& model) {
  const auto* chosen = std::get_if<shapley>(&model);
  return chosen != nullptr && chosen->game != shapley_game::sum;
}

inline credit_result rate_game_credits(const path_table& paths, const attribution_model& model,
                                       const attribution_options& options) {
  return shapley_of_rates(paths, std::get<shapley>(model), {.level = options.level, .min_n = options.min_n},
                          options.threads);
}

[[nodiscard]] inline path_options path_options_of(const attribution_options& options) {
  return {.by = options.by,
          .collapse = false,
          .lookback = options.lookback,
          .lookback_touches = options.lookback_touches,
          .exclude = options.exclude,
          .reuse_touches = options.reuse_touches,
          .threads = options.threads};
}

/// The credits of a path table, where the model can do without times.
inline credit_result credits_of_paths(const path_table& paths, const attribution_model& model,
                                      const attribution_options& options) {
  if (is_game_of_rates(model)) {
    return rate_game_credits(paths, model, options);
  }
  return std::visit(
      [&](const auto& chosen) -> credit_result {
        using type = std::decay_t<decltype(chosen)>;
        if constexpr (std::is_same_v<type, markov_model>) {
          return markov_credits(paths, chosen, options);
        } else if constexpr (needs_times<type>) {
          throw input_error(std::string{entry_of(model).name} +
                            " needs the time of each touch, and a path table has none; attribute the journeys "
                            "instead, or use linear or position_based");
        } else if constexpr (is_learned<type>) {
          return learned_credits(learned_rule(chosen, paths), path_source{paths}, options);
        } else {
          return heuristic_credits(chosen, path_source{paths}, options);
        }
      },
      model);
}

[[noreturn]] inline void refuse_open(std::size_t journeys) {
  throw input_error("none of the " + std::to_string(journeys) +
                    " journeys is settled, and attribution uses settled ones; choose an inactivity shorter than the "
                    "log, or a later observed_until");
}

inline void check_attributable(const journey_set& journeys) {
  require_cut(journeys, "attribution");
  if (!journeys.empty() && journeys.settled_customers() == 0) {
    refuse_open(journeys.size());
  }
}

inline void check_times(const journey_set& journeys, const attribution_model& model) {
  if (!journeys.empty() && !journeys.log().has_times()) {
    throw input_error(std::string{entry_of(model).name} +
                      " needs the time of each touch, and this log has none; read it with a time column, or use "
                      "linear or position_based");
  }
}

}  // namespace detail

KLANTREIS_INLINE path_table credited_paths(const journey_set& journeys, const attribution_options& options) {
  detail::check_attributable(journeys);
  return make_paths(journeys, detail::path_options_of(options));
}

KLANTREIS_INLINE table attribute(const journey_set& journeys, const attribution_model& model,
                                 const attribution_options& options) {
  detail::check_attributable(journeys);
  auto credits = std::visit(
      [&](const auto& chosen) {
        using type = std::decay_t<decltype(chosen)>;
        if constexpr (std::is_same_v<type, additive_hazard>) {
          detail::check_times(journeys, model);
          const detail::journey_source source{journeys, detail::path_options_of(options), true};
          return detail::learned_credits(
              detail::hazard_rule{detail::hazard_fit{journeys, source}.run(chosen.iterations)}, source, options);
        } else if constexpr (std::is_same_v<type, markov_model> || detail::is_learned<type>) {
          return detail::credits_of_paths(credited_paths(journeys, options), model, options);
        } else {
          if (detail::is_game_of_rates(model)) {
            return detail::credits_of_paths(credited_paths(journeys, options), model, options);
          }
          if constexpr (detail::needs_times<type>) {
            detail::check_times(journeys, model);
          }
          return detail::heuristic_credits(
              chosen, detail::journey_source{journeys, detail::path_options_of(options), detail::needs_times<type>},
              options);
        }
      },
      model);
  table result = detail::credit_table(std::move(credits), options.by, model, options);
  detail::set_preparation(result, journeys.log());
  return result;
}

KLANTREIS_INLINE table attribute(const path_table& paths, const attribution_model& model,
                                 const attribution_options& options) {
  if (options.lookback || options.lookback_touches > 0 || !options.exclude.empty() || options.reuse_touches) {
    throw input_error(
        "a path table has no times and no customers' histories, so lookback, lookback_touches, exclude and "
        "reuse_touches cannot be applied; make the paths from journeys with them, or transform the paths");
  }
  return detail::credit_table(detail::credits_of_paths(paths, model, options), paths.by(), model, options);
}

}  // namespace klantreis
