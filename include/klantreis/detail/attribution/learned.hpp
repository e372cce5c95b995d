// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "klantreis/attribution/models.hpp"
#include "klantreis/detail/attribution/rules.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/paths.hpp"

// Rules that learn from all paths, with and without a conversion, how to split one conversion over its touches.

namespace klantreis::detail {

/// The distinct items of a path, rising.
inline void distinct_items(std::span<const std::uint32_t> path, std::vector<std::uint32_t>& items) {
  items.assign(path.begin(), path.end());
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

/// The first touch of each item carries what its item weighs; in equal parts where nothing weighs.
class weighted_items {
 public:
  explicit weighted_items(std::vector<double> weights)
      : weights_(std::make_shared<const std::vector<double>>(std::move(weights))) {}

  void operator()(const touch_view& touches, std::span<double> parts) const {
    linear_(touches, parts);  // in equal parts to the items
    double sum = 0.0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      sum += parts[i] > 0.0 ? (*weights_)[touches.items[i]] : 0.0;
    }
    if (!(sum > 0.0)) {
      return;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i] = parts[i] > 0.0 ? (*weights_)[touches.items[i]] / sum : 0.0;
    }
  }

 private:
  using linear_rule = decltype(rule_of(linear_distinct{}, name_table{}));
  std::shared_ptr<const std::vector<double>> weights_;
  linear_rule linear_ = rule_of(linear_distinct{}, name_table{});
};

class leave_one_out_rule {
 public:
  explicit leave_one_out_rule(const path_table& paths) : rates_(std::make_shared<rates>()) {
    for (const std::size_t p : each({0, paths.size()})) {
      const double journeys = paths.conversions()[p] + paths.nulls()[p];
      if (journeys > 0.0) {
        rates_->paths.intern(paths.path(p));
        rates_->rate.push_back(paths.conversions()[p] / journeys);
      }
    }
  }

  void operator()(const touch_view& touches, std::span<double> parts) const {
    const double whole = rate_of(touches.items);
    thread_local std::vector<std::uint32_t> without;
    double sum = 0.0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      without.assign(touches.items.begin(), touches.items.end());
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      parts[i] = (std::max)(0.0, whole - rate_of(without));
      sum += parts[i];
    }
    if (!(sum > 0.0)) {
      parts.back() = 1.0;
      return;
    }
    for (double& part : parts) {
      part /= sum;
    }
  }

 private:
  struct rates {
    sequence_index paths;
    std::vector<double> rate;
  };

  [[nodiscard]] double rate_of(std::span<const std::uint32_t> path) const noexcept {
    const std::size_t found = rates_->paths.find(path);
    return found < rates_->rate.size() ? rates_->rate[found] : 0.0;
  }

  std::shared_ptr<rates> rates_;
};

/// \throws limit_error when pairs of so many items would not fit into memory.
inline void check_pairs(std::size_t items, const char* model) {
  constexpr std::size_t most = 4000;
  if (items > most) {
    throw limit_error(std::string{model} + " works with pairs of items, at most " + std::to_string(most) +
                      " items, and there are " + std::to_string(items) + "; use a coarser label in by");
  }
}

[[nodiscard]] inline auto learned_rule(const leave_one_out& /*model*/, const path_table& paths) {
  return leave_one_out_rule{paths};
}

/// C(i) of Shao and Li for each item; below 0 where an item does harm.
inline std::vector<double> shao_li_contributions(const path_table& paths) {
  const std::size_t size = paths.names().size();
  check_pairs(size, "shao_li");
  std::vector<double> won(size * size, 0.0);  // the diagonal is single items
  std::vector<double> all(size * size, 0.0);
  std::vector<std::uint32_t> items;
  for (const std::size_t p : each({0, paths.size()})) {
    const double conversions = paths.conversions()[p];
    const double journeys = conversions + paths.nulls()[p];
    if (!(journeys > 0.0)) {
      continue;
    }
    distinct_items(paths.path(p), items);
    for (const std::uint32_t i : items) {
      for (const std::uint32_t j : items) {
        won[i * size + j] += conversions;
        all[i * size + j] += journeys;
      }
    }
  }
  const auto rate = [&](std::size_t i, std::size_t j) { return won[i * size + j] / all[i * size + j]; };
  std::vector<double> contribution(size, 0.0);
  for (std::size_t i = 0; i < size; ++i) {
    if (all[i * size + i] == 0.0) {
      continue;
    }
    double added = 0.0;
    double others = 0.0;
    for (std::size_t j = 0; j < size; ++j) {
      if (j != i && all[i * size + j] > 0.0) {
        added += rate(i, j) - rate(i, i) - rate(j, j);
        others += 1.0;
      }
    }
    contribution[i] = rate(i, i) + (others > 0.0 ? added / (2.0 * others) : 0.0);
  }
  return contribution;
}

[[nodiscard]] inline auto learned_rule(const shao_li& /*model*/, const path_table& paths) {
  std::vector<double> weights = shao_li_contributions(paths);
  for (double& weight : weights) {
    weight = (std::max)(0.0, weight);
  }
  return weighted_items{std::move(weights)};
}

/// A logistic regression of the conversion on the items of a journey: P = 1/(1 + exp(−intercept − Σ coefficient)).
struct logistic_fit {
  double intercept = 0.0;
  std::vector<double> coefficients;

  [[nodiscard]] double predict(std::span<const std::uint32_t> distinct) const noexcept {
    double score = intercept;
    for (const std::uint32_t item : distinct) {
      score += item < coefficients.size() ? coefficients[item] : 0.0;
    }
    return 1.0 / (1.0 + std::exp(-score));
  }
};

/// Newton's method with halved steps; the penalty ridge/2 · Σ coefficient² makes the solution unique.
/// `conversions` and `nulls` are counts by path.
inline logistic_fit fit_logistic(const path_table& paths, std::span<const double> conversions,
                                 std::span<const double> nulls, double ridge) {
  if (!(ridge > 0.0 && std::isfinite(ridge))) {
    throw input_error("ridge is " + std::to_string(ridge) + "; it must be above 0, such as 1");
  }
  const std::size_t size = paths.names().size();
  check_pairs(size, "logistic");
  sequence_index sets;
  std::vector<double> won;
  std::vector<double> all;
  std::vector<std::uint32_t> items;
  for (const std::size_t p : each({0, paths.size()})) {
    const double journeys = conversions[p] + nulls[p];
    if (journeys > 0.0) {
      distinct_items(paths.path(p), items);
      const std::size_t set = sets.intern(items);
      won.resize(sets.size(), 0.0);
      all.resize(sets.size(), 0.0);
      won[set] += conversions[p];
      all[set] += journeys;
    }
  }
  const auto n = static_cast<Eigen::Index>(size + 1);
  Eigen::VectorXd beta = Eigen::VectorXd::Zero(n);
  double total = 0.0;
  double converted = 0.0;
  for (std::size_t set = 0; set < sets.size(); ++set) {
    total += all[set];
    converted += won[set];
  }
  beta[0] = std::log((converted + 0.5) / (total - converted + 0.5));
  const auto score_of = [&](const Eigen::VectorXd& at, std::size_t set) {
    double score = at[0];
    for (const std::uint32_t item : sets[set]) {
      score += at[static_cast<Eigen::Index>(item) + 1];
    }
    return score;
  };
  const auto loss_of = [&](const Eigen::VectorXd& at) {
    double loss = 0.5 * ridge * at.tail(n - 1).squaredNorm();
    for (const std::size_t set : each({0, sets.size()})) {
      const double score = score_of(at, set);
      const double log_one_plus = score > 0.0 ? score + std::log1p(std::exp(-score)) : std::log1p(std::exp(score));
      loss += all[set] * log_one_plus - won[set] * score;
    }
    return loss;
  };
  double loss = loss_of(beta);
  for (int step = 0; step < 100; ++step) {
    Eigen::VectorXd gradient = ridge * beta;
    gradient[0] = 0.0;
    Eigen::MatrixXd hessian = ridge * Eigen::MatrixXd::Identity(n, n);
    hessian(0, 0) = 1e-9;
    std::vector<Eigen::Index> active;
    for (const std::size_t set : each({0, sets.size()})) {
      const double p = 1.0 / (1.0 + std::exp(-score_of(beta, set)));
      const double slope = all[set] * p - won[set];
      const double curve = all[set] * p * (1.0 - p);
      active.assign(1, 0);
      for (const std::uint32_t item : sets[set]) {
        active.push_back(static_cast<Eigen::Index>(item) + 1);
      }
      for (const Eigen::Index i : active) {
        gradient[i] += slope;
        for (const Eigen::Index j : active) {
          hessian(i, j) += curve;
        }
      }
    }
    if (gradient.lpNorm<Eigen::Infinity>() <= 1e-10 * (1.0 + total)) {
      break;
    }
    const Eigen::VectorXd direction = hessian.ldlt().solve(gradient);
    double length = 1.0;
    Eigen::VectorXd next = beta - direction;
    double next_loss = loss_of(next);
    while (!(next_loss <= loss) && length > 1e-10) {
      length /= 2.0;
      next = beta - length * direction;
      next_loss = loss_of(next);
    }
    if (!(next_loss <= loss)) {
      break;
    }
    beta = next;
    loss = next_loss;
  }
  logistic_fit fit{.intercept = beta[0], .coefficients = std::vector<double>(size)};
  for (std::size_t item = 0; item < size; ++item) {
    fit.coefficients[item] = beta[static_cast<Eigen::Index>(item) + 1];
  }
  return fit;
}

[[nodiscard]] inline auto learned_rule(const logistic& model, const path_table& paths) {
  std::vector<double> weights = fit_logistic(paths, paths.conversions(), paths.nulls(), model.ridge).coefficients;
  for (double& weight : weights) {
    weight = (std::max)(0.0, weight);
  }
  return weighted_items{std::move(weights)};
}

}  // namespace klantreis::detail
