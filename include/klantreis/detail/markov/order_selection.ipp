// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/markov/contexts.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/markov/order_selection.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis {

namespace detail {

/// The criterion of ChannelAttribution: journeys are scored by the conversion rate of the state in which they end.
struct in_sample_criterion {
  double auc = null_value;
  double penalised = null_value;
  std::vector<double> threshold;
  std::vector<double> true_positive;  ///< at 100 thresholds from the smallest score to the largest
  std::vector<double> false_positive;
};

inline in_sample_criterion in_sample_auc(const path_table& paths, unsigned order, std::size_t thresholds = 100) {
  in_sample_criterion result;
  const order_chain chain = make_order_chain(paths, {.order = order});
  const double positives = std::accumulate(chain.conversions().begin(), chain.conversions().end(), 0.0);
  const double negatives = std::accumulate(chain.nulls().begin(), chain.nulls().end(), 0.0);
  double players = 0.0;
  for (std::uint32_t item = 0; item < chain.names().size(); ++item) {
    players += chain.states_with(item).empty() ? 0.0 : 1.0;
  }
  // As many states as there are multisets of `order` items.
  double nodes = 1.0;
  for (unsigned k = 1; k <= order; ++k) {
    nodes *= (players + static_cast<double>(k) - 1.0) / static_cast<double>(k);
  }
  const double journeys = positives + negatives;
  if (!(positives > 0.0 && negatives > 0.0) || nodes >= journeys) {
    return result;
  }
  struct state_score {
    double score;
    double won;
    double lost;
  };
  std::vector<state_score> states;
  for (std::size_t state = 0; state < chain.size(); ++state) {
    const double won = chain.conversions()[state];
    const double lost = chain.nulls()[state];
    if (won + lost > 0.0) {
      states.push_back({won / (won + lost), won, lost});
    }
  }
  const auto [least, most] = std::minmax_element(
      states.begin(), states.end(), [](const state_score& a, const state_score& b) { return a.score < b.score; });
  const double low = least->score;
  const double high = most->score;
  for (std::size_t i = 0; i < thresholds; ++i) {
    const double threshold = low + (high - low) * static_cast<double>(i) / static_cast<double>(thresholds - 1);
    double won = 0.0;
    double lost = 0.0;
    for (const state_score& state : states) {
      if (state.score >= threshold) {
        won += state.won;
        lost += state.lost;
      }
    }
    result.threshold.push_back(threshold);
    result.true_positive.push_back(won / positives);
    result.false_positive.push_back(lost / negatives);
  }
  double area = 0.0;
  double before_true = 0.0;
  double before_false = 0.0;
  for (std::size_t i = thresholds; i-- > 0;) {
    area += (result.false_positive[i] - before_false) * (result.true_positive[i] + before_true) / 2.0;
    before_true = result.true_positive[i];
    before_false = result.false_positive[i];
  }
  area += (1.0 - before_false) * (1.0 + before_true) / 2.0;
  result.auc = area;
  const double penalised = 1.0 - (1.0 - area) * (journeys - 1.0) / (journeys - nodes - 1.0);
  result.penalised = penalised >= 0.0 && penalised <= 1.0 ? penalised : 0.0;
  return result;
}

/// AIC, BIC and the likelihood ratio to the order below.
inline void add_criteria(table& result, const std::vector<double>& log_likelihood,
                         const std::vector<double>& parameters, double observations) {
  std::vector<double> aic;
  std::vector<double> bic;
  std::vector<double> statistic;
  std::vector<double> df;
  std::vector<double> p;
  for (std::size_t k = 0; k < log_likelihood.size(); ++k) {
    aic.push_back(2.0 * parameters[k] - 2.0 * log_likelihood[k]);
    bic.push_back(parameters[k] * std::log(observations) - 2.0 * log_likelihood[k]);
    statistic.push_back(k == 0 ? null_value : (std::max)(0.0, 2.0 * (log_likelihood[k] - log_likelihood[k - 1])));
    df.push_back(k == 0 ? null_value : parameters[k] - parameters[k - 1]);
    p.push_back(k == 0 || !(df[k] > 0.0)
                    ? null_value
                    : boost::math::cdf(complement(boost::math::chi_squared_distribution<double>{df[k]}, statistic[k])));
  }
  result.add("log_likelihood", log_likelihood);
  result.add("parameters", parameters, quantity::count);
  result.add("aic", std::move(aic));
  result.add("bic", std::move(bic));
  result.add("lr_statistic", std::move(statistic));
  result.add("lr_df", std::move(df), quantity::count);
  result.add("lr_p", std::move(p));
}

inline void check_max_order(unsigned max_order) {
  constexpr unsigned most = 20;
  if (max_order > most) {
    throw limit_error("max_order is " + std::to_string(max_order) + ", more than " + std::to_string(most) +
                      "; contexts that long are seen once each");
  }
}

}  // namespace detail

KLANTREIS_INLINE table select_order(const path_table& paths, const order_selection_options& options) {
  detail::check_max_order(options.max_order);
  if (!(options.alpha > 0.0 && std::isfinite(options.alpha))) {
    throw input_error("alpha is " + std::to_string(options.alpha) + "; it must be above 0, such as 1");
  }
  if (!(paths.total_conversions() + paths.total_nulls() > 0.0)) {
    throw input_error(
        "there is no settled journey, so no order can be chosen; with inactivity, use one that is shorter than the "
        "log, or a later observed_until");
  }
  const std::size_t orders = options.max_order + 1;
  const detail::customer_folds folds{paths, options.folds, options.seed};
  detail::context_counts contexts{paths, options.max_order};

  // By order, fold and cell: the loss of a conversion and of a null, and the score.
  using by_fold = std::vector<std::vector<double>>;
  std::vector<by_fold> converted(orders, by_fold(options.folds));
  std::vector<by_fold> lost(orders, by_fold(options.folds));
  std::vector<by_fold> scores(orders, by_fold(options.folds));
  detail::context_counts::prediction found;
  for (unsigned fold = 0; fold < options.folds; ++fold) {
    check_stop();
    const auto cells = folds.cells(fold);
    contexts.count(folds.other_conversions(fold), folds.other_nulls(fold));
    for (std::size_t k = 0; k < orders; ++k) {
      converted[k][fold].resize(cells.size());
      lost[k][fold].resize(cells.size());
      scores[k][fold].resize(cells.size());
    }
    for (std::size_t c = 0; c < cells.size(); ++c) {
      contexts.predict(cells[c].path, options.alpha, found);
      for (std::size_t k = 0; k < orders; ++k) {
        converted[k][fold][c] = found.loss(k, true);
        lost[k][fold][c] = found.loss(k, false);
        scores[k][fold][c] = found.score(k);
      }
    }
  }

  double journeys = 0.0;
  double customers = 0.0;
  std::vector<double> loss(orders, 0.0);
  const auto loss_of = [&](std::size_t k, unsigned fold, std::span<const detail::customer_folds::held_journey> own) {
    double sum = 0.0;
    for (const auto& one : own) {
      sum += (one.converted ? converted : lost)[k][fold][one.cell];
    }
    return sum;
  };
  folds.for_each_customer([&](unsigned fold, double times, auto own) {
    customers += times;
    journeys += times * static_cast<double>(own.size());
    for (std::size_t k = 0; k < orders; ++k) {
      loss[k] += times * loss_of(k, fold, own);
    }
  });
  for (double& sum : loss) {
    sum /= journeys;
  }
  const auto best = static_cast<std::size_t>(std::min_element(loss.begin(), loss.end()) - loss.begin());

  std::vector<detail::fold_auc> areas;
  for (std::size_t k = 0; k < orders; ++k) {
    areas.emplace_back(folds, scores[k]);
  }
  std::vector<double> squares(orders, 0.0);
  std::vector<influence_sum> auc_influence(orders);
  folds.for_each_customer([&](unsigned fold, double times, auto own) {
    const double of_best = loss_of(best, fold, own);
    for (std::size_t k = 0; k < orders; ++k) {
      const double psi = loss_of(k, fold, own) - of_best - (loss[k] - loss[best]) * static_cast<double>(own.size());
      squares[k] += times * psi * psi;
      double area = 0.0;
      for (const auto& one : own) {
        area += areas[k].influence(fold, one);
      }
      const double area2 = area * area;
      auc_influence[k] += influence_sum{times, times * area, times * area2, times * area2 * area2};
    }
  });

  std::vector<std::int64_t> order;
  std::vector<double> difference;
  std::vector<double> error;
  std::vector<double> auc;
  std::vector<double> auc_lower;
  std::vector<double> auc_upper;
  std::vector<double> in_sample;
  std::vector<double> penalised;
  for (std::size_t k = 0; k < orders; ++k) {
    order.push_back(static_cast<std::int64_t>(k));
    difference.push_back(loss[k] - loss[best]);
    error.push_back(customers > 1.0 ? std::sqrt(customers / (customers - 1.0) * squares[k]) / journeys : null_value);
    const estimate area = auc_influence[k].plain_interval(areas[k].area(), {.level = options.level});
    auc.push_back(areas[k].area());
    auc_lower.push_back(area.lower);
    auc_upper.push_back(area.upper);
    const detail::in_sample_criterion criterion =
        k == 0 ? detail::in_sample_criterion{} : detail::in_sample_auc(paths, static_cast<unsigned>(k));
    in_sample.push_back(criterion.auc);
    penalised.push_back(criterion.penalised);
  }
  std::size_t simple = best;
  for (std::size_t k = best; k-- > 0;) {
    if (difference[k] <= error[k]) {
      simple = k;
    }
  }

  contexts.count(paths.conversions(), paths.nulls());
  std::vector<double> log_likelihood(orders, 0.0);
  double steps = 0.0;
  for (const std::size_t p : each({0, paths.size()})) {
    const double won = paths.conversions()[p];
    const double missed = paths.nulls()[p];
    if (won + missed > 0.0) {
      contexts.predict(p, 0.0, found);
      steps += (won + missed) * static_cast<double>(paths.path(p).size() + 1);
      for (std::size_t k = 0; k < orders; ++k) {
        log_likelihood[k] += (won + missed) * found.touches[k];
        log_likelihood[k] += won > 0.0 ? won * std::log(found.conversion[k]) : 0.0;
        log_likelihood[k] += missed > 0.0 ? missed * std::log(found.null[k]) : 0.0;
      }
    }
  }
  // Contexts of k items, and of fewer after (start); each may be followed by any item or either end.
  const double items = contexts.vocabulary() - 2.0;
  std::vector<double> parameters;
  double shorter = 0.0;
  for (std::size_t k = 0; k < orders; ++k) {
    const double whole = std::pow(items, static_cast<double>(k));
    parameters.push_back((whole + shorter) * (items + 1.0));
    shorter += whole;
  }

  table result{
      "Orders of the chain. loss: -sum of ln P over the touches and the end of a journey of a customer that was held "
      "out (nats per journey), P smoothed towards shorter contexts; difference to the best, with its standard error by "
      "customers; auc: a conversion scores higher than a null of the same fold. In sample: log-likelihood, AIC, BIC, "
      "likelihood ratio to the order below; in_sample_auc and penalised_auc as ChannelAttribution has them."};
  std::vector<bool> recommended(orders, false);
  std::vector<bool> within(orders, false);
  recommended[best] = true;
  within[simple] = true;
  result.add("order", std::move(order), quantity::count);
  result.add("loss", std::move(loss));
  result.add("difference", std::move(difference));
  result.add("difference_se", std::move(error));
  result.add("auc", std::move(auc));
  result.add("auc_lower", std::move(auc_lower));
  result.add("auc_upper", std::move(auc_upper));
  detail::add_criteria(result, log_likelihood, parameters, steps);
  result.add("in_sample_auc", std::move(in_sample));
  result.add("penalised_auc", std::move(penalised));
  result.add("n", std::vector<std::int64_t>(orders, std::llround(customers)), quantity::count);
  result.add("recommended", std::move(recommended));
  result.add("within_one_se", std::move(within));
  result.set_option("by", paths.by());
  result.set_option("folds", std::to_string(options.folds));
  result.set_option("seed", std::to_string(options.seed));
  result.set_option("recommended", std::to_string(best));
  result.set_option("within_one_se", std::to_string(simple));
  return result;
}

KLANTREIS_INLINE table in_sample_roc(const path_table& paths, unsigned order, std::size_t points) {
  if (points < 2) {
    throw input_error("points is " + std::to_string(points) + "; a curve needs at least 2");
  }
  detail::in_sample_criterion found = detail::in_sample_auc(paths, order, points);
  table result{"Journeys scored by the conversion rate of the state in which they end, in sample."};
  result.add("threshold", std::move(found.threshold));
  result.add("tpr", std::move(found.true_positive));
  result.add("fpr", std::move(found.false_positive));
  result.set_option("order", std::to_string(order));
  result.set_option("auc", detail::number_text(found.auc));
  result.set_option("pauc", detail::number_text(found.penalised));
  return result;
}

KLANTREIS_INLINE table order_criteria(const path_table& paths, unsigned max_order) {
  detail::check_max_order(max_order);
  const std::size_t orders = std::size_t{max_order} + 1;
  std::vector<std::map<std::vector<std::uint32_t>, std::map<std::uint32_t, double>>> counts(orders);
  std::vector<bool> occurs(paths.names().size(), false);
  double observations = 0.0;
  for (const std::size_t p : each({0, paths.size()})) {
    const double weight = paths.conversions()[p] + paths.nulls()[p];
    const auto path = paths.path(p);
    if (!(weight > 0.0)) {
      continue;
    }
    for (std::size_t i = 0; i < path.size(); ++i) {
      occurs[path[i]] = true;
      if (i >= max_order) {
        observations += weight;
        for (std::size_t k = 0; k < orders; ++k) {
          const auto context = path.subspan(i - k, k);
          counts[k][{context.begin(), context.end()}][path[i]] += weight;
        }
      }
    }
  }
  if (!(observations > 0.0)) {
    throw input_error("no path is longer than max_order, " + std::to_string(max_order) + "; use a lower one");
  }
  const auto items = static_cast<double>(std::count(occurs.begin(), occurs.end(), true));
  std::vector<std::int64_t> order;
  std::vector<double> log_likelihood(orders, 0.0);
  std::vector<double> parameters;
  for (std::size_t k = 0; k < orders; ++k) {
    order.push_back(static_cast<std::int64_t>(k));
    parameters.push_back(std::pow(items, static_cast<double>(k)) * (items - 1.0));
    for (const auto& [context, next] : counts[k]) {
      double total = 0.0;
      for (const auto& [item, count] : next) {
        total += count;
      }
      for (const auto& [item, count] : next) {
        log_likelihood[k] += count * std::log(count / total);
      }
    }
  }
  table result{
      "In-sample criteria of the order of the steps between items, at the places where every order has its context."};
  result.add("order", std::move(order), quantity::count);
  detail::add_criteria(result, log_likelihood, parameters, observations);
  result.set_option("steps", std::to_string(std::llround(observations)));
  return result;
}

}  // namespace klantreis
