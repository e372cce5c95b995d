// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "klantreis/detail/kpi/frame.hpp"
#include "klantreis/detail/kpi/select.hpp"
#include "klantreis/kpi/concentration.hpp"

namespace klantreis {
namespace detail {

/// How many of `n` are the top `share`, rounded up; a product that is whole but for rounding counts as whole.
[[nodiscard]] inline std::size_t top_count(std::size_t n, double share) {
  const double exact = share * static_cast<double>(n);
  return static_cast<std::size_t>(std::clamp(std::ceil(exact - 1e-9), 1.0, static_cast<double>(n)));
}

[[nodiscard]] inline estimate without_estimate(std::size_t n, const interval_options& options) {
  estimate result;
  result.n = static_cast<double>(n);
  if (result.n < options.min_n) {
    result.marks |= mark::few_customers;
  }
  return result;
}

}  // namespace detail

KLANTREIS_INLINE estimate gini(std::span<const double> amounts, const interval_options& options) {
  std::vector<double> sorted(amounts.begin(), amounts.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t size = sorted.size();
  const auto n = static_cast<double>(size);
  const double total = std::accumulate(sorted.begin(), sorted.end(), 0.0);
  if (!(total > 0.0)) {
    return detail::without_estimate(size, options);
  }
  // distance[i] = Σ_j |x_i − x_j| from the sum of what stands before i.
  std::vector<double> distance(size);
  double before = 0.0;
  double all = 0.0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto rank = static_cast<double>(i);
    distance[i] = sorted[i] * rank - before + (total - before - sorted[i]) - sorted[i] * (n - rank - 1.0);
    before += sorted[i];
    all += distance[i];
  }
  const double mean = total / n;
  const double difference = all / (n * n);
  const double value = difference / (2.0 * mean);
  influence_sum influence;
  for (std::size_t i = 0; i < size; ++i) {
    influence.add(((distance[i] / n - difference) / mean - value * (sorted[i] - mean) / mean) / n);
  }
  const bool equal = sorted.front() == sorted.back();
  return influence.prob_interval(equal ? 0.0 : value, n, options);
}

KLANTREIS_INLINE estimate top_share(std::span<const double> amounts, double share, const interval_options& options) {
  if (!(share > 0.0 && share <= 1.0)) {
    throw input_error("the top share is " + detail::number_text(share) + "; give a part of one such as 0.2");
  }
  std::vector<double> sorted(amounts.begin(), amounts.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>{});
  const double total = std::accumulate(sorted.begin(), sorted.end(), 0.0);
  if (!(total > 0.0)) {
    return detail::without_estimate(sorted.size(), options);
  }
  const std::size_t top = detail::top_count(sorted.size(), share);
  const double upper = std::accumulate(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(top), 0.0);
  const double value = upper / total;
  const auto n = static_cast<double>(sorted.size());
  const double limit = sorted[top - 1];
  const double part = static_cast<double>(top) / n;
  // Σ of the largest is min over q of Σ max(x − q, 0) + q·top: the limit q itself does not move it.
  influence_sum influence;
  for (const double amount : sorted) {
    influence.add(((std::max)(amount - limit, 0.0) + limit * part - value * amount) / total);
  }
  return influence.prob_interval(top == sorted.size() ? 1.0 : value, n, options);
}

KLANTREIS_INLINE std::size_t fewest_for(std::span<const double> amounts, double share) {
  if (!(share > 0.0 && share <= 1.0)) {
    throw input_error("the share of the total is " + detail::number_text(share) + "; give a part of one such as 0.8");
  }
  std::vector<double> sorted(amounts.begin(), amounts.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>{});
  const double total = std::accumulate(sorted.begin(), sorted.end(), 0.0);
  if (!(total > 0.0)) {
    return 0;
  }
  double sum = 0.0;
  std::size_t count = 0;
  while (count < sorted.size() && sum < share * total * (1.0 - 1e-12)) {
    sum += sorted[count++];
  }
  return count;
}

KLANTREIS_INLINE table value_concentration(const journey_set& journeys, const concentration_options& options) {
  kpi_options frame_options;
  frame_options.threads = options.threads;
  const detail::kpi_frame frame{journeys, frame_options};
  const detail::kpi_names names{frame, frame.log().map()};
  detail::kpi_events events;
  if (options.outcome.empty()) {
    names.add_name(events, "conversion", true);
  } else {
    names.add_name(events, options.outcome, true);
  }
  if (!events.missing.empty()) {
    throw input_error("the concentration of value: " + events.missing);
  }
  const auto values = frame.log().numbers("value");
  std::vector<detail::kpi_unit> totals;
  for (const detail::kpi_unit& unit :
       frame.gather([&](std::size_t customer, std::uint64_t first, std::uint64_t last, auto& out) {
         detail::kpi_unit total{static_cast<std::uint32_t>(customer), 0, 0.0, 0.0};
         for (std::uint64_t event = first; event < last; ++event) {
           if (events(event)) {
             total.x += std::isnan(values[event]) ? 0.0 : values[event];
             total.y += 1.0;
           }
         }
         if (total.y > 0.0) {
           out.push_back(total);
         }
       })) {
    totals.push_back(unit);
  }
  std::vector<std::string> ids;
  ids.reserve(totals.size());
  for (const auto& total : totals) {
    ids.push_back(frame.log().customer_id(total.customer));
  }
  std::vector<std::size_t> order(totals.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return totals[a].x != totals[b].x ? totals[a].x > totals[b].x : ids[a] < ids[b];
  });
  double all = 0.0;
  for (const std::size_t place : order) {
    all += totals[place].x;
  }
  std::vector<std::int64_t> ranks;
  std::vector<std::string> customers;
  std::vector<double> amounts;
  std::vector<std::int64_t> counts;
  std::vector<double> shares;
  std::vector<double> cumulative;
  std::vector<double> cumulative_shares;
  double sum = 0.0;
  for (const std::size_t place : order) {
    sum += totals[place].x;
    ranks.push_back(static_cast<std::int64_t>(ranks.size() + 1));
    customers.push_back(ids[place]);
    amounts.push_back(totals[place].x);
    counts.push_back(static_cast<std::int64_t>(totals[place].y));
    shares.push_back(static_cast<double>(ranks.size()) / static_cast<double>(order.size()));
    cumulative.push_back(sum);
    cumulative_shares.push_back(all > 0.0 ? sum / all : null_value);
  }
  table result{
      "Customers with a conversion, the most valuable first, equal ones by id. share_of_customers: rank / customers; "
      "cumulative_share: what this customer and those before it have of the whole value (the Lorenz curve, read from "
      "the top)."};
  result.add("rank", std::move(ranks), quantity::count);
  result.add("customer", std::move(customers));
  result.add("value", std::move(amounts), quantity::amount);
  result.add("count", std::move(counts), quantity::count);
  result.add("share_of_customers", std::move(shares), quantity::share);
  result.add("cumulative_value", std::move(cumulative), quantity::amount);
  result.add("cumulative_share", std::move(cumulative_shares), quantity::share);
  result.set_option("outcome", options.outcome.empty() ? "conversion" : options.outcome);
  return result;
}

}  // namespace klantreis
