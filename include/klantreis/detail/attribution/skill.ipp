// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "klantreis/attribution/skill.hpp"
#include "klantreis/detail/attribution/learned.hpp"
#include "klantreis/detail/attribution/rules.hpp"
#include "klantreis/detail/markov/contexts.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/markov/solver.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis {

namespace detail {

/// Learns from counts by path, and says with which probability each path converts; some say only which more than
/// another (`is_score`).
struct path_predictor {
  std::function<std::vector<double>(std::span<const double>, std::span<const double>)> learn;
  predictor kind = predictor::none;
  bool is_score = false;
};

inline double rate_of_all(std::span<const double> conversions, std::span<const double> nulls) {
  double won = 0.0;
  double lost = 0.0;
  for (std::size_t p = 0; p < conversions.size(); ++p) {
    won += conversions[p];
    lost += nulls[p];
  }
  return won + lost > 0.0 ? won / (won + lost) : 0.5;
}

/// The conversion rate of groups of paths, smoothed towards that of all by one journey.
inline std::vector<double> group_rates(const std::vector<std::size_t>& group, std::span<const double> conversions,
                                       std::span<const double> nulls) {
  const double rate = rate_of_all(conversions, nulls);
  std::vector<double> won;
  std::vector<double> all;
  for (std::size_t p = 0; p < group.size(); ++p) {
    if (group[p] >= won.size()) {
      won.resize(group[p] + 1, 0.0);
      all.resize(group[p] + 1, 0.0);
    }
    won[group[p]] += conversions[p];
    all[group[p]] += conversions[p] + nulls[p];
  }
  std::vector<double> result(group.size());
  for (std::size_t p = 0; p < group.size(); ++p) {
    result[p] = (won[group[p]] + rate) / (all[group[p]] + 1.0);
  }
  return result;
}

/// Each path has the mean over its touches of the rate of their items, weighted as the rule weights them. Paths without
/// a touch, and items nobody was seen with, have the rate of all.
template <typename Rule>
std::vector<double> induced_rates(const path_table& paths, const Rule& rule, std::span<const double> conversions,
                                  std::span<const double> nulls) {
  const double rate = rate_of_all(conversions, nulls);
  std::vector<double> won(paths.names().size(), 0.0);
  std::vector<double> all(paths.names().size(), 0.0);
  std::vector<double> untouched(2, 0.0);
  std::vector<double> parts;
  const auto for_each_part = [&](std::size_t p, auto&& use) {
    const auto path = paths.path(p);
    parts.assign(path.size(), 0.0);
    rule(touch_view{.items = path}, std::span{parts});
    for (std::size_t i = 0; i < path.size(); ++i) {
      use(path[i], parts[i]);
    }
  };
  for (const std::size_t p : each({0, paths.size()})) {
    if (conversions[p] + nulls[p] == 0.0) {
      continue;
    }
    if (paths.path(p).empty()) {
      untouched[0] += conversions[p];
      untouched[1] += conversions[p] + nulls[p];
      continue;
    }
    for_each_part(p, [&](std::uint32_t item, double part) {
      won[item] += part * conversions[p];
      all[item] += part * (conversions[p] + nulls[p]);
    });
  }
  std::vector<double> result(paths.size(), rate);
  for (const std::size_t p : each({0, paths.size()})) {
    if (paths.path(p).empty()) {
      result[p] = untouched[1] > 0.0 ? untouched[0] / untouched[1] : rate;
      continue;
    }
    result[p] = 0.0;
    for_each_part(p, [&](std::uint32_t item, double part) {
      result[p] += part * (all[item] > 0.0 ? won[item] / all[item] : rate);
    });
  }
  return result;
}

inline std::vector<std::size_t> groups_by_set(const path_table& paths) {
  sequence_index sets;
  std::vector<std::uint32_t> items;
  std::vector<std::size_t> group(paths.size());
  for (const std::size_t p : each({0, paths.size()})) {
    distinct_items(paths.path(p), items);
    group[p] = sets.intern(items);
  }
  return group;
}

inline path_predictor predictor_for(const path_table& paths, const attribution_model& model) {
  return std::visit(
      [&](const auto& chosen) -> path_predictor {
        using type = std::decay_t<decltype(chosen)>;
        if constexpr (std::is_same_v<type, markov_model>) {
          auto contexts = std::make_shared<context_counts>(paths, chosen.order);
          const double alpha = chosen.smoothing > 0.0 ? chosen.smoothing : 1.0;
          return {[&paths, contexts, alpha, order = chosen.order](std::span<const double> conversions,
                                                                  std::span<const double> nulls) {
                    contexts->count(conversions, nulls);
                    std::vector<double> result(paths.size(), rate_of_all(conversions, nulls));
                    context_counts::prediction found;
                    for (const std::size_t p : each({0, paths.size()})) {
                      contexts->predict(p, alpha, found);
                      result[p] = found.score(order);
                    }
                    return result;
                  },
                  predictor::own};
        } else if constexpr (std::is_same_v<type, logistic>) {
          return {[&paths, ridge = chosen.ridge](std::span<const double> conversions, std::span<const double> nulls) {
                    const logistic_fit fit = fit_logistic(paths, conversions, nulls, ridge);
                    std::vector<double> result(paths.size());
                    std::vector<std::uint32_t> items;
                    for (const std::size_t p : each({0, paths.size()})) {
                      distinct_items(paths.path(p), items);
                      result[p] = fit.predict(items);
                    }
                    return result;
                  },
                  predictor::own};
        } else if constexpr (std::is_same_v<type, leave_one_out>) {
          std::vector<std::size_t> group(paths.size());
          for (std::size_t p = 0; p < group.size(); ++p) {
            group[p] = p;
          }
          return {[group](auto conversions, auto nulls) { return group_rates(group, conversions, nulls); },
                  predictor::game};
        } else if constexpr (std::is_same_v<type, shao_li>) {
          return {[&paths](std::span<const double> conversions, std::span<const double> nulls) {
                    const path_table learned =
                        paths.with_counts({conversions.begin(), conversions.end()}, {nulls.begin(), nulls.end()},
                                          std::vector<double>(paths.size(), 0.0));
                    const std::vector<double> contribution = shao_li_contributions(learned);
                    std::vector<double> result(paths.size(), 0.0);
                    std::vector<std::uint32_t> items;
                    for (const std::size_t p : each({0, paths.size()})) {
                      distinct_items(paths.path(p), items);
                      for (const std::uint32_t item : items) {
                        result[p] += contribution[item];
                      }
                    }
                    return result;
                  },
                  predictor::game, true};
        } else if constexpr (std::is_same_v<type, shapley>) {
          if (chosen.game == shapley_game::sum) {
            return {};
          }
          return {[group = groups_by_set(paths)](auto conversions, auto nulls) {
                    return group_rates(group, conversions, nulls);
                  },
                  predictor::game};
        } else if constexpr (std::is_same_v<type, time_decay> || std::is_same_v<type, additive_hazard>) {
          return {};  // a path has no times
        } else {
          return {[&paths, rule = rule_of(chosen, paths.names())](auto conversions, auto nulls) {
                    return induced_rates(paths, rule, conversions, nulls);
                  },
                  predictor::induced};
        }
      },
      model);
}

/// Finds the paths of one table in another, by the names of the items.
class path_lookup {
 public:
  explicit path_lookup(const path_table& paths) {
    for (const std::size_t p : each({0, paths.size()})) {
      index_.emplace(join_path(paths.names(), paths.path(p)), p);
    }
  }
  [[nodiscard]] std::size_t index_of(const path_table& other, std::size_t p) const {
    return index_.at(join_path(other.names(), other.path(p)));
  }

 private:
  std::unordered_map<std::string, std::size_t> index_;
};

/// P(conversion) of a journey that has come to the end of a path, from the chain of one order.
class later_conversion {
 public:
  later_conversion(const path_table& known, unsigned order)
      : order_(order), chain_(make_order_chain(known, {.order = order})) {
    const absorbing_chain probabilities = chain_.to_absorbing();
    const transient_solver solver{probabilities};
    std::vector<double> converts(chain_.size());
    for (std::size_t state = 0; state < chain_.size(); ++state) {
      converts[state] = chain_.conversions()[state] / chain_.visits()[state];
    }
    converts_ = solver.solve({.rhs = converts}).values;
    for (std::size_t state = 1; state < chain_.size(); ++state) {
      windows_.intern(chain_.window(state));
    }
  }

  /// Nothing when the last window was never seen. A path shorter than the order is a window by itself.
  [[nodiscard]] std::optional<double> from(const path_table& paths, std::size_t p) const {
    const auto path = paths.path(p);
    if (path.empty()) {
      return converts_[order_chain::start];
    }
    std::vector<std::uint32_t> window;
    for (const std::uint32_t item : path.last((std::min)(std::size_t{order_}, path.size()))) {
      const auto code = chain_.names().find(paths.names()[item]);
      if (!code) {
        return std::nullopt;
      }
      window.push_back(*code);
    }
    const std::size_t found = windows_.find(window);
    return found < windows_.size() ? std::optional{converts_[found + 1]} : std::nullopt;
  }

 private:
  unsigned order_;
  order_chain chain_;
  std::vector<double> converts_;
  sequence_index windows_;
};

[[nodiscard]] inline double clipped(double p) noexcept { return std::clamp(p, 1e-6, 1.0 - 1e-6); }

}  // namespace detail

KLANTREIS_INLINE std::string_view to_text(predictor kind) noexcept {
  constexpr std::array<std::string_view, 4> names{"own", "game", "induced", "none"};
  return names[static_cast<std::size_t>(kind)];
}

KLANTREIS_INLINE predictor predictor_of(const attribution_model& model) noexcept {
  if (const auto* chosen = std::get_if<shapley>(&model)) {
    return chosen->game == shapley_game::sum ? predictor::none : predictor::game;
  }
  if (std::holds_alternative<markov_model>(model) || std::holds_alternative<logistic>(model)) {
    return predictor::own;
  }
  if (std::holds_alternative<leave_one_out>(model) || std::holds_alternative<shao_li>(model)) {
    return predictor::game;
  }
  return std::holds_alternative<time_decay>(model) || std::holds_alternative<additive_hazard>(model)
             ? predictor::none
             : predictor::induced;
}

KLANTREIS_INLINE std::vector<double> predicted_conversion(const path_table& paths, const attribution_model& model) {
  const detail::path_predictor chosen = detail::predictor_for(paths, model);
  if (!chosen.learn || chosen.is_score) {
    return std::vector<double>(paths.size(), null_value);
  }
  return chosen.learn(paths.conversions(), paths.nulls());
}

KLANTREIS_INLINE table score_paths(const path_table& known, const path_table& unknown, const attribution_model& model) {
  const auto numbers = [](std::span<const double> all) { return std::vector<double>(all.begin(), all.end()); };
  const std::vector<double> zeros(unknown.size(), 0.0);
  path_table all = known.with_counts(numbers(known.conversions()), numbers(known.nulls()), numbers(known.values()));
  all += unknown.with_counts(zeros, zeros, zeros);
  const detail::path_lookup lookup{all};
  const std::vector<double> predicted = predicted_conversion(all, model);
  std::vector<std::string> texts;
  std::vector<double> conversion;
  std::vector<double> later;
  const auto* chain_model = std::get_if<markov_model>(&model);
  std::vector<detail::later_conversion> chains;
  for (unsigned order = chain_model == nullptr ? 0 : chain_model->order; order > 0; --order) {
    chains.emplace_back(known, order);
  }
  const double rate = detail::rate_of_all(known.conversions(), known.nulls());
  for (std::size_t p = 0; p < unknown.size(); ++p) {
    texts.push_back(join_path(unknown.names(), unknown.path(p)));
    conversion.push_back(predicted[lookup.index_of(unknown, p)]);
    if (chain_model != nullptr) {
      double probability = rate;
      for (const detail::later_conversion& chain : chains) {
        if (const auto found = chain.from(unknown, p)) {
          probability = *found;
          break;
        }
      }
      later.push_back(probability);
    }
  }
  table result{
      definition_of(model) +
      " conversion: the probability that a journey with this path has converted at its "
      "end" +
      (chain_model != nullptr ? "; conversion_later: that a journey that has come this far will convert." : ".")};
  result.add("path", std::move(texts));
  result.add("conversion", std::move(conversion), quantity::share);
  if (chain_model != nullptr) {
    result.add("conversion_later", std::move(later), quantity::share);
  }
  result.add("conversions", numbers(unknown.conversions()), quantity::count);
  result.add("nulls", numbers(unknown.nulls()), quantity::count);
  result.add("open", numbers(unknown.open()), quantity::count);
  result.set_option("by", known.by());
  return result;
}

KLANTREIS_INLINE table model_skill(const path_table& paths, std::span<const named_model> models,
                                   const skill_options& options) {
  if (models.empty()) {
    throw input_error("no model is given; compare at least one, such as markov");
  }
  if (!(paths.total_conversions() + paths.total_nulls() > 0.0)) {
    throw input_error("there is no settled journey, so nothing can be predicted");
  }
  const detail::customer_folds folds{paths, options.folds, options.seed};
  std::vector<double> base(options.folds);
  std::vector<std::vector<double>> train_won;
  std::vector<std::vector<double>> train_lost;
  for (unsigned fold = 0; fold < options.folds; ++fold) {
    train_won.push_back(folds.other_conversions(fold));
    train_lost.push_back(folds.other_nulls(fold));
    base[fold] = detail::rate_of_all(train_won[fold], train_lost[fold]);
  }
  const auto log_loss = [](double p, bool converted) {
    return -std::log(converted ? detail::clipped(p) : 1.0 - detail::clipped(p));
  };
  const auto squared = [](double p, bool converted) {
    const double miss = (converted ? 1.0 : 0.0) - p;
    return miss * miss;
  };
  double customers = 0.0;
  double loss0 = 0.0;
  double brier0 = 0.0;
  folds.for_each_customer([&](unsigned fold, double times, auto own) {
    customers += times;
    for (const auto& one : own) {
      loss0 += times * log_loss(base[fold], one.converted);
      brier0 += times * squared(base[fold], one.converted);
    }
  });

  const std::size_t count = models.size();
  std::vector<std::vector<std::vector<double>>> predicted(count);
  std::vector<detail::path_predictor> predictors;
  std::vector<double> loss(count, null_value);
  std::vector<double> brier(count, null_value);
  std::vector<detail::fold_auc> areas;
  for (std::size_t i = 0; i < count; ++i) {
    predictors.push_back(detail::predictor_for(paths, models[i].model));
    for (unsigned fold = 0; fold < options.folds; ++fold) {
      predicted[i].emplace_back(folds.cells(fold).size(), 0.0);
    }
    if (predictors[i].learn) {
      for (unsigned fold = 0; fold < options.folds; ++fold) {
        const std::vector<double> by_path = predictors[i].learn(train_won[fold], train_lost[fold]);
        for (std::size_t c = 0; c < predicted[i][fold].size(); ++c) {
          predicted[i][fold][c] = by_path[folds.cells(fold)[c].path];
        }
      }
      if (!predictors[i].is_score) {
        loss[i] = 0.0;
        brier[i] = 0.0;
        folds.for_each_customer([&](unsigned fold, double times, auto own) {
          for (const auto& one : own) {
            loss[i] += times * log_loss(predicted[i][fold][one.cell], one.converted);
            brier[i] += times * squared(predicted[i][fold][one.cell], one.converted);
          }
        });
      }
    }
    areas.emplace_back(folds, predicted[i]);
  }
  std::vector<double> skill(count, null_value);
  std::size_t best = count;
  for (std::size_t i = 0; i < count; ++i) {
    skill[i] = loss0 > 0.0 ? 1.0 - loss[i] / loss0 : null_value;
    if (!std::isnan(skill[i]) && (best == count || skill[i] > skill[best])) {
      best = i;
    }
  }
  std::vector<influence_sum> of_skill(count);
  std::vector<influence_sum> of_brier(count);
  std::vector<influence_sum> of_auc(count);
  std::vector<influence_sum> of_difference(count);
  const auto add = [](influence_sum& sum, double psi, double times) {
    const double square = psi * psi;
    sum += influence_sum{times, times * psi, times * square, times * square * square};
  };
  std::vector<double> psi(count);
  folds.for_each_customer([&](unsigned fold, double times, auto own) {
    for (std::size_t i = 0; i < count; ++i) {
      psi[i] = 0.0;
      if (!predictors[i].learn) {
        continue;
      }
      double own_loss = 0.0;
      double own_loss0 = 0.0;
      double own_brier = 0.0;
      double own_brier0 = 0.0;
      double own_area = 0.0;
      for (const auto& one : own) {
        own_loss += log_loss(predicted[i][fold][one.cell], one.converted);
        own_loss0 += log_loss(base[fold], one.converted);
        own_brier += squared(predicted[i][fold][one.cell], one.converted);
        own_brier0 += squared(base[fold], one.converted);
        own_area += areas[i].influence(fold, one);
      }
      add(of_auc[i], own_area, times);
      if (!predictors[i].is_score) {
        psi[i] = -(own_loss - (1.0 - skill[i]) * own_loss0) / loss0;
        add(of_skill[i], psi[i], times);
        add(of_brier[i], -(own_brier - brier[i] / brier0 * own_brier0) / brier0, times);
      }
    }
    for (std::size_t i = 0; i < count && best < count; ++i) {
      if (!std::isnan(skill[i])) {
        add(of_difference[i], psi[i] - psi[best], times);
      }
    }
  });

  const interval_options intervals{.level = options.level, .min_n = options.min_n};
  table result{
      "How well each model tells conversions from nulls in journeys of customers it has not seen: skill is 1 - its "
      "log-loss / that of the conversion rate alone; auc is the chance that a conversion scores higher than a null; "
      "difference is the skill less that of the best model. Predicting well is not crediting rightly, and none of this "
      "speaks of effect."};
  std::vector<std::string> names;
  std::vector<std::string> kinds;
  std::vector<std::string> marks;
  std::array<std::vector<double>, 12> columns;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back(models[i].name);
    kinds.emplace_back(to_text(predictors[i].kind));
    const estimate of[4] = {
        of_skill[i].plain_interval(skill[i], intervals),
        of_auc[i].plain_interval(predictors[i].learn ? areas[i].area() : null_value, intervals),
        of_brier[i].plain_interval(brier0 > 0.0 ? 1.0 - brier[i] / brier0 : null_value, intervals),
        of_difference[i].plain_interval(best < count ? skill[i] - skill[best] : null_value, intervals)};
    for (std::size_t k = 0; k < 4; ++k) {
      columns[3 * k].push_back(of[k].value);
      columns[3 * k + 1].push_back(i == best && k == 3 ? 0.0 : of[k].lower);
      columns[3 * k + 2].push_back(i == best && k == 3 ? 0.0 : of[k].upper);
    }
    marks.push_back(to_text(of[0].marks | of[1].marks));
  }
  result.add("model", std::move(names));
  result.add("predictor", std::move(kinds));
  constexpr std::array<std::string_view, 4> titles{"skill", "auc", "brier_skill", "difference"};
  for (std::size_t k = 0; k < titles.size(); ++k) {
    const std::string title{titles[k]};
    result.add(title, std::move(columns[3 * k]));
    result.add(title + "_lower", std::move(columns[3 * k + 1]));
    result.add(title + "_upper", std::move(columns[3 * k + 2]));
  }
  result.add("n", std::vector<std::int64_t>(count, std::llround(customers)), quantity::count);
  result.add("marks", std::move(marks));
  result.set_option("by", paths.by());
  result.set_option("folds", std::to_string(options.folds));
  result.set_option("seed", std::to_string(options.seed));
  result.set_option("level", detail::number_text(options.level));
  return result;
}

}  // namespace klantreis
