// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/timing/survival.ipp"
#include "klantreis/timing/log_rank.hpp"

namespace klantreis {
namespace detail {

/// What a log-rank test needs, gathered in one walk over the spells in order of time.
struct log_rank_sums {
  Eigen::VectorXd observed;
  Eigen::VectorXd expected;
  Eigen::MatrixXd hypergeometric;
  Eigen::MatrixXd residuals;  // a row for each customer
};

inline log_rank_sums sum_log_rank(std::span<const spell> spells, std::span<const std::uint32_t> groups,
                                  std::uint32_t cause, std::size_t group_count,
                                  const std::vector<std::uint32_t>& numbers, std::size_t customers) {
  const auto size = static_cast<Eigen::Index>(group_count);
  log_rank_sums sums{Eigen::VectorXd::Zero(size), Eigen::VectorXd::Zero(size), Eigen::MatrixXd::Zero(size, size),
                     Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(customers), size)};
  const std::vector<std::size_t> order = by_time(spells);
  Eigen::VectorXd at_risk = Eigen::VectorXd::Zero(size);
  for (const std::uint32_t group : groups) {
    at_risk[group] += 1.0;
  }
  double hazard = 0.0;                                   // Σ A_r
  Eigen::VectorXd shared = Eigen::VectorXd::Zero(size);  // Σ A_r Y_g/Y
  const auto counts = [cause](const spell& one) {
    return cause == spell::open ? one.cause != spell::open : one.cause == cause;
  };
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    double ended = 0.0;
    for (; end < order.size() && spells[order[end]].time == spells[order[first]].time; ++end) {
      ended += counts(spells[order[end]]) ? 1.0 : 0.0;
    }
    const auto risk = static_cast<double>(order.size() - first);
    const Eigen::VectorXd part = at_risk / risk;
    if (ended > 0.0) {
      sums.expected += ended * part;
      hazard += ended / risk;
      shared += ended / risk * part;
      if (risk > 1.0) {
        const double scale = ended * (risk - ended) / (risk - 1.0);
        sums.hypergeometric += scale * (Eigen::MatrixXd(part.asDiagonal()) - part * part.transpose());
      }
    }
    for (; first < end; ++first) {
      const spell& one = spells[order[first]];
      const std::uint32_t group = groups[order[first]];
      auto row = sums.residuals.row(numbers[order[first]]);
      row[group] -= hazard;
      row += shared.transpose();
      if (counts(one)) {
        sums.observed[group] += 1.0;
        row[group] += 1.0;
        row -= part.transpose();
      }
      at_risk[group] -= 1.0;
    }
  }
  return sums;
}

}  // namespace detail

KLANTREIS_INLINE log_rank_result log_rank(std::span<const spell> spells, std::span<const std::uint32_t> groups,
                                          std::uint32_t cause, log_rank_variance variance) {
  if (spells.size() != groups.size()) {
    throw input_error("there are " + std::to_string(spells.size()) + " spells but " + std::to_string(groups.size()) +
                      " groups; give each spell its group");
  }
  std::uint32_t most = cause;
  std::uint32_t group_count = 0;
  for (std::size_t i = 0; i < spells.size(); ++i) {
    most = (std::max)(most, spells[i].cause);
    group_count = (std::max)(group_count, groups[i] + 1);
  }
  detail::check_spells(spells, most);
  if (group_count > 1000) {
    throw limit_error("a log-rank test of " + std::to_string(group_count) +
                      " groups is asked for, at most 1000 are compared; merge groups first");
  }
  const auto [numbers, customers] = detail::numbered_customers(spells);
  const detail::log_rank_sums sums = detail::sum_log_rank(spells, groups, cause, group_count, numbers, customers);

  log_rank_result result;
  result.variance = variance != log_rank_variance::automatic ? variance
                    : customers == spells.size()             ? log_rank_variance::hypergeometric
                                                             : log_rank_variance::customers;
  result.groups.resize(group_count);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> members;
  for (std::size_t i = 0; i < spells.size(); ++i) {
    ++result.groups[groups[i]].spells;
    members.emplace_back(groups[i], numbers[i]);
  }
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  for (const auto& [group, customer] : members) {
    ++result.groups[group].customers;
  }
  for (std::uint32_t group = 0; group < group_count; ++group) {
    result.groups[group].events = sums.observed[group];
    result.groups[group].expected = sums.expected[group];
  }

  // The differences sum to 0 and their variance is singular, so the pseudo-inverse is taken; its rank says how many
  // groups can differ (a group that is at risk at no event cannot).
  Eigen::MatrixXd spread = sums.hypergeometric;
  if (result.variance == log_rank_variance::customers) {
    const auto k = static_cast<double>(customers);
    spread = sums.residuals.transpose() * sums.residuals * (k > 1.0 ? k / (k - 1.0) : 0.0);
  }
  if (group_count == 0) {
    return result;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> parts(spread);
  if (parts.eigenvalues().maxCoeff() <= 0.0) {
    return result;
  }
  const double least = 1e-10 * parts.eigenvalues().maxCoeff();
  const Eigen::VectorXd turned = parts.eigenvectors().transpose() * (sums.observed - sums.expected);
  double statistic = 0.0;
  for (Eigen::Index i = 0; i < parts.eigenvalues().size(); ++i) {
    if (parts.eigenvalues()[i] > least) {
      statistic += turned[i] * turned[i] / parts.eigenvalues()[i];
      ++result.degrees_of_freedom;
    }
  }
  result.statistic = statistic;
  using policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
  result.p_value =
      boost::math::gamma_q(0.5 * static_cast<double>(result.degrees_of_freedom), 0.5 * statistic, policy{});
  return result;
}

KLANTREIS_INLINE log_rank_tables log_rank(const spell_set& spells, std::uint32_t cause, log_rank_variance variance) {
  std::vector<spell> all;
  std::vector<std::uint32_t> groups;
  std::vector<std::string> segments;
  std::vector<std::string> items;
  for (const spell_set::group& group : spells.groups()) {
    all.insert(all.end(), group.spells.begin(), group.spells.end());
    groups.insert(groups.end(), group.spells.size(), static_cast<std::uint32_t>(segments.size()));
    segments.push_back(group.segment);
    items.push_back(group.item);
  }
  const log_rank_result found = log_rank(all, groups, cause, variance);
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> customers;
  std::vector<std::int64_t> events;
  std::vector<double> expected;
  std::vector<double> ratio;
  for (const auto& group : found.groups) {
    sizes.push_back(static_cast<std::int64_t>(group.spells));
    customers.push_back(static_cast<std::int64_t>(group.customers));
    events.push_back(static_cast<std::int64_t>(group.events));
    expected.push_back(group.expected);
    ratio.push_back(group.expected > 0.0 ? group.events / group.expected : null_value);
  }
  log_rank_tables result;
  result.test = table{
      "Log-rank test: whether the groups differ in how fast their journeys end, other ends taken for censoring. "
      "Without "
      "a difference the statistic has a chi-squared distribution with df degrees of freedom. variance: "
      "hypergeometric, where each customer is in it once, else from the residuals of customers."};
  result.test.add("statistic", std::vector<double>{found.statistic});
  result.test.add("df", std::vector<std::int64_t>{static_cast<std::int64_t>(found.degrees_of_freedom)});
  result.test.add("p_value", std::vector<double>{found.p_value});
  result.test.add("n", std::vector<std::int64_t>{static_cast<std::int64_t>(detail::numbered_customers(all).second)},
                  quantity::count);
  result.test.add("variance", std::vector<std::string>{
                                  found.variance == log_rank_variance::customers ? "customers" : "hypergeometric"});
  result.groups = table{
      "The groups of a log-rank test. expected: ends that a group would have under the hazard of all; ratio: events / "
      "expected, above 1 where journeys end faster."};
  detail::add_labels(result.groups, spells.segment(), std::move(segments), spells.by(), std::move(items));
  result.groups.add("journeys", std::move(sizes), quantity::count);
  result.groups.add("n", std::move(customers), quantity::count);
  result.groups.add("events", std::move(events), quantity::count);
  result.groups.add("expected", std::move(expected));
  result.groups.add("ratio", std::move(ratio));
  for (table* part : {&result.test, &result.groups}) {
    for (const auto& [name, value] : spells.options()) {
      part->set_option(name, value);
    }
    part->set_option("outcome", cause == spell::open         ? "any"
                                : cause == spell::conversion ? "conversion"
                                : cause == spell::exit       ? "exit"
                                                             : "move");
  }
  return result;
}

}  // namespace klantreis
