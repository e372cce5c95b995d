// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "klantreis/attribution/passes.hpp"
#include "klantreis/detail/attribution/attribute.ipp"
#include "klantreis/detail/markov/order_chain_builder.hpp"

namespace klantreis {
namespace detail {

template <typename Model>
inline constexpr bool names_items =
    std::is_same_v<Model, last_paid> || std::is_same_v<Model, w_shaped> || std::is_same_v<Model, full_path>;

/// The rule of a model, where an item that it names need not occur.
template <typename Model>
[[nodiscard]] auto rule_of_part(const Model& model, const name_table& names) {
  if constexpr (names_items<Model>) {
    return rule_of(model, names, false);
  } else {
    return rule_of(model, names);
  }
}

/// A chain that is counted from parts.
struct chain_parts {
  order_chain_builder builder;
  chain_outcomes outcomes;
  name_table names;
  std::optional<order_chain> chain;
  std::optional<markov_credit> credit;

  explicit chain_parts(const markov_model& model)
      : builder({.order = model.order, .self_transitions = model.self_transitions, .smoothing = model.smoothing}) {}

  void count(const path_table& paths, unsigned threads) {
    for (name_table::code code = 0; code < paths.names().size(); ++code) {
      names.intern(paths.names()[code]);
    }
    builder.add(paths);
    outcomes.totals += totals_of(paths, threads);
    outcomes.has_values = outcomes.has_values || paths.has_values();
  }

  [[nodiscard]] const order_chain& finished() {
    if (!chain) {
      chain = builder.finish();
    }
    return *chain;
  }

  [[nodiscard]] markov_credit& solved(const markov_model& model, const attribution_options& options) {
    if (!credit) {
      credit.emplace(finished(), outcomes, model, options.intervals,
                     interval_options{.level = options.level, .min_n = options.min_n}, options.threads);
    }
    return *credit;
  }
};

}  // namespace detail

struct credit_passes::state {
  attribution_model model;
  attribution_options options;
  std::uint64_t journeys = 0;
  std::uint64_t settled_customers = 0;
  std::uint64_t measured = 0;
  std::unique_ptr<detail::rule_credit> rules;
  std::unique_ptr<detail::chain_parts> chain;

  [[nodiscard]] const markov_model& markov() const { return std::get<markov_model>(model); }
  [[nodiscard]] const name_table& names() const { return chain ? chain->names : rules->names(); }

  [[nodiscard]] path_options part_options() const {
    path_options part = detail::path_options_of(options);
    part.require_known = false;
    return part;
  }

  /// Calls `use(rule, source)` with the rule of the model for a part.
  template <typename Use>
  void with_rule(const journey_set& part, Use&& use) const {
    std::visit(
        [&](const auto& chosen) {
          using type = std::decay_t<decltype(chosen)>;
          if constexpr (!std::is_same_v<type, markov_model> && !std::is_same_v<type, additive_hazard> &&
                        !detail::is_learned<type>) {
            if constexpr (detail::needs_times<type>) {
              detail::check_times(part, model);
            }
            const detail::journey_source source{part, part_options(), detail::needs_times<type>};
            use(detail::rule_of_part(chosen, source.names()), source);
          }
        },
        model);
  }

  /// Items that are named occur somewhere.
  void check_names() const {
    if (journeys == 0) {
      return;
    }
    for (const std::string& item : options.exclude) {
      if (!names().find(item)) {
        detail::refuse_excluded(item, names());
      }
    }
    std::visit(
        [&](const auto& chosen) {
          if constexpr (detail::names_items<std::decay_t<decltype(chosen)>>) {
            (void)detail::rule_of(chosen, names());
          }
        },
        model);
  }
};

KLANTREIS_INLINE credit_passes::credit_passes(attribution_model model, attribution_options options)
    : state_(std::make_unique<state>()) {
  if (!can_count(model)) {
    throw input_error(std::string{entry_of(model).name} +
                      " with these parameters looks at all paths at once and cannot be counted in parts; attribute the "
                      "paths of all journeys, or choose another model");
  }
  if (std::holds_alternative<markov_model>(model)) {
    state_->chain = std::make_unique<detail::chain_parts>(std::get<markov_model>(model));
  } else {
    state_->rules = std::make_unique<detail::rule_credit>(
        options.intervals, interval_options{.level = options.level, .min_n = options.min_n}, options.threads);
  }
  state_->model = std::move(model);
  state_->options = std::move(options);
}
KLANTREIS_INLINE credit_passes::~credit_passes() = default;
KLANTREIS_INLINE credit_passes::credit_passes(credit_passes&&) noexcept = default;
KLANTREIS_INLINE credit_passes& credit_passes::operator=(credit_passes&&) noexcept = default;

KLANTREIS_INLINE bool credit_passes::can_count(const attribution_model& model) noexcept {
  if (const auto* chosen = std::get_if<markov_model>(&model)) {
    return chosen->removal != removal::fail;
  }
  return !detail::is_game_of_rates(model) && !std::holds_alternative<additive_hazard>(model) &&
         !std::holds_alternative<leave_one_out>(model) && !std::holds_alternative<shao_li>(model) &&
         !std::holds_alternative<logistic>(model);
}

KLANTREIS_INLINE bool credit_passes::has_second_pass() const noexcept {
  return state_->options.intervals && (!state_->chain || detail::has_influence(state_->markov()));
}

KLANTREIS_INLINE void credit_passes::count(const journey_set& part) {
  state& s = *state_;
  if (s.measured != 0 || (s.chain && s.chain->chain)) {
    throw input_error("a part comes after the second pass has begun; count all parts first");
  }
  require_cut(part, "attribution");
  s.journeys += part.size();
  s.settled_customers += part.settled_customers();
  if (s.chain) {
    s.chain->count(make_paths(part, s.part_options()), s.options.threads);
  } else {
    s.with_rule(part, [&s](const auto& rule, const auto& source) { s.rules->count(rule, source); });
  }
}

KLANTREIS_INLINE void credit_passes::measure(const journey_set& part) {
  state& s = *state_;
  if (s.measured == 0) {
    s.check_names();
  }
  s.measured += part.size();
  if (!s.chain) {
    s.with_rule(part, [&s](const auto& rule, const auto& source) { s.rules->measure(rule, source); });
    return;
  }
  detail::markov_credit& credit = s.chain->solved(s.markov(), s.options);
  if (!credit.is_kept() && s.chain->finished().journeys() > 0.0) {
    throw limit_error("the chain of order " + std::to_string(s.markov().order) + " has " +
                      std::to_string(s.chain->finished().size()) +
                      " states, too many to keep what is solved for each item; use a lower order, a coarser `by`, or "
                      "leave the intervals out");
  }
  const path_table paths = make_paths(part, s.part_options());
  const detail::chain_walks walks = s.chain->builder.walks_of(paths);
  credit.measure({.paths = &paths, .offsets = walks.offsets, .edges = walks.edges});
}

KLANTREIS_INLINE table credit_passes::result() {
  state& s = *state_;
  if (s.journeys > 0 && s.settled_customers == 0) {
    detail::refuse_open(s.journeys);
  }
  s.check_names();
  if (has_second_pass() && s.measured != s.journeys) {
    throw input_error("the second pass saw " + std::to_string(s.measured) + " journeys and the first " +
                      std::to_string(s.journeys) + "; pass the same parts twice");
  }
  detail::credit_result credits;
  if (!s.chain) {
    credits = s.rules->result();
  } else if (detail::has_influence(s.markov())) {
    credits = s.chain->solved(s.markov(), s.options).result();
  } else {
    credits = detail::markov_points(s.chain->finished(), s.chain->outcomes, s.markov(),
                                    {.level = s.options.level, .min_n = s.options.min_n}, s.options.threads);
  }
  return detail::credit_table(std::move(credits), s.options.by, s.model, s.options);
}

}  // namespace klantreis
