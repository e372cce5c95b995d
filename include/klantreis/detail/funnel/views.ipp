// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/funnel/breakdown.ipp"
#include "klantreis/detail/funnel/definitions.ipp"
#include "klantreis/detail/funnel/explain.ipp"
#include "klantreis/detail/funnel/keyed.hpp"
#include "klantreis/detail/funnel/trend.ipp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/funnel/views.hpp"

namespace klantreis {
namespace detail {

struct seconds_partial {
  std::vector<double> seconds;
  seconds_partial& operator+=(const seconds_partial& other) {
    seconds.insert(seconds.end(), other.seconds.begin(), other.seconds.end());
    return *this;
  }
};

inline table times_table(const funnel_plan& plan, const conversion_time_options& asked) {
  if (!plan.is_timed) {
    throw input_error("conversion takes no time that can be measured: this log has none");
  }
  if (plan.is_open()) {
    throw input_error("an open funnel counts each step by itself, so no time lies between them");
  }
  const std::size_t to = asked.to_step == 0 ? plan.steps.size() : asked.to_step;
  if (asked.from_step < 1 || asked.from_step >= to || to > plan.steps.size()) {
    throw input_error("times are asked from step " + std::to_string(asked.from_step) + " to step " +
                      std::to_string(to) + "; give two of the " + std::to_string(plan.steps.size()) +
                      " steps, the earlier one first");
  }
  if (asked.bins && (*asked.bins < 1 || *asked.bins > 90)) {
    throw input_error("bins are " + std::to_string(*asked.bins) + "; 1 to 90 are possible");
  }
  const auto times = plan.log.times();
  const double per_second = static_cast<double>(plan.rules.ticks_per_second);
  seconds_partial total =
      count_in_slices(plan.log.customers(), worker_count(plan.options.threads), 4096, [&](index_range customers) {
        seconds_partial part;
        unit_follower follower{plan};
        for (const std::size_t customer : each(customers)) {
          plan.for_each_unit(customer, [&](std::size_t begin, std::size_t end) {
            const funnel_match& found = follower.follow(begin, end);
            const std::uint64_t from = found.rows[asked.from_step - 1];
            const std::uint64_t until = found.rows[to - 1];
            if (!found.excluded && from != no_row && until != no_row) {
              part.seconds.push_back(static_cast<double>(times[until] - times[from]) / per_second);
            }
          });
        }
        return part;
      });
  std::vector<double>& seconds = total.seconds;
  std::sort(seconds.begin(), seconds.end());
  const std::size_t n = seconds.size();
  const auto proposed = static_cast<std::size_t>(std::ceil(std::cbrt(static_cast<double>(n)) - 1e-9));
  const std::size_t bins = asked.bins ? *asked.bins : std::clamp<std::size_t>(proposed, 1, 60);
  std::vector<double> from_column;
  std::vector<double> to_column;
  std::vector<std::int64_t> counts;
  std::vector<double> shares;
  std::vector<double> cumulative;
  if (n != 0) {
    const double least = std::floor(seconds.front());
    double width = std::ceil((std::ceil(seconds.back()) - least) / static_cast<double>(bins));
    if (width <= 0) {
      width = 60;
    }
    std::vector<std::int64_t> filled(bins + 1);
    for (const double one : seconds) {
      ++filled[(std::min)(static_cast<std::size_t>((one - least) / width), bins)];
    }
    if (filled.back() == 0) {
      filled.pop_back();
    }
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < filled.size(); ++i) {
      sum += filled[i];
      from_column.push_back(least + static_cast<double>(i) * width);
      to_column.push_back(least + static_cast<double>(i + 1) * width);
      counts.push_back(filled[i]);
      shares.push_back(static_cast<double>(filled[i]) / static_cast<double>(n));
      cumulative.push_back(static_cast<double>(sum) / static_cast<double>(n));
    }
  }
  table result{
      plan.definition() + " Times from step " + std::to_string(asked.from_step) + " to step " + std::to_string(to) +
      " of those who reached it, on the chain that first reached the deepest step. Bins hold their lower end "
      "and not their upper one; share: of all times; cumulative: share of times below the upper end. Quantiles "
      "of type 7."};
  result.add("from_seconds", std::move(from_column), quantity::seconds);
  result.add("to_seconds", std::move(to_column), quantity::seconds);
  result.add("count", std::move(counts), quantity::count);
  result.add("share", std::move(shares), quantity::share);
  result.add("cumulative", std::move(cumulative), quantity::share);
  set_funnel_options(result, plan);
  result.set_option("converted", std::to_string(n));
  if (n != 0) {
    result.set_option("mean",
                      number_text(std::accumulate(seconds.begin(), seconds.end(), 0.0) / static_cast<double>(n)));
    for (const auto& [name, q] : {std::pair{"p10", 0.1}, std::pair{"p25", 0.25}, std::pair{"median", 0.5},
                                  std::pair{"p75", 0.75}, std::pair{"p90", 0.9}}) {
      result.set_option(name, number_text(quantile(seconds, q)));
    }
  }
  return result;
}

/// What is known of each unit.
struct unit_level {
  std::size_t customer = 0;
  std::size_t level = 0;
  std::uint64_t hit = 0;
  bool excluded = false;
  std::uint64_t entry = no_row;
};

struct levels_partial {
  std::vector<unit_level> units;
  levels_partial& operator+=(const levels_partial& other) {
    units.insert(units.end(), other.units.begin(), other.units.end());
    return *this;
  }
};

inline std::vector<unit_level> levels_of(const funnel_plan& plan) {
  return count_in_slices(plan.log.customers(), worker_count(plan.options.threads), 4096,
                         [&](index_range customers) {
                           levels_partial part;
                           unit_follower follower{plan};
                           for (const std::size_t customer : each(customers)) {
                             plan.for_each_unit(customer, [&](std::size_t begin, std::size_t end) {
                               const funnel_match& found = follower.follow(begin, end);
                               part.units.push_back({customer, found.level, found.hit, found.excluded, found.rows[0]});
                             });
                           }
                           return part;
                         })
      .units;
}

inline table levels_table(const funnel_plan& plan) {
  const std::vector<unit_level> units = levels_of(plan);
  std::vector<std::string> ids;
  for (const unit_level& unit : units) {
    ids.push_back(plan.log.customer_id(unit.customer));
  }
  std::vector<std::size_t> order(units.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  std::vector<std::string> id_column;
  std::vector<std::int64_t> level_column;
  std::vector<bool> left_out;
  std::vector<double> entered;
  for (const std::size_t i : order) {
    id_column.push_back(std::move(ids[i]));
    level_column.push_back(static_cast<std::int64_t>(units[i].level));
    left_out.push_back(units[i].excluded);
    entered.push_back(units[i].entry == no_row || !plan.is_timed
                          ? null_value
                          : static_cast<double>(plan.log.times()[units[i].entry]) /
                                static_cast<double>(plan.log.ticks_per_second()));
  }
  table result{
      plan.definition() +
      " level: steps reached, as this definition counts them; left_out: an excluded event removes the customer "
      "from every step; entered: seconds since 1970 of the event that filled step 1."};
  result.add("customer", std::move(id_column));
  result.add("level", std::move(level_column), quantity::count);
  result.add("left_out", std::move(left_out));
  result.add("entered", std::move(entered));
  set_funnel_options(result, plan);
  return result;
}

inline std::vector<std::string> customers_at(const funnel_plan& plan, std::size_t step, bool lost) {
  if (step < 1 || step > plan.steps.size()) {
    throw input_error("step is " + std::to_string(step) + "; the funnel has the steps 1 to " +
                      std::to_string(plan.steps.size()));
  }
  const std::size_t next = plan.next_required(step - 1);
  std::set<std::size_t> found;
  for (const unit_level& unit : levels_of(plan)) {
    const bool reached = (unit.hit >> (step - 1) & 1U) != 0;
    const bool went_on = next < plan.steps.size() ? (unit.hit >> next & 1U) != 0 : true;
    if (reached && (!lost || !went_on)) {
      found.insert(unit.customer);
    }
  }
  std::vector<std::string> ids;
  for (const std::size_t customer : found) {
    ids.push_back(plan.log.customer_id(customer));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace detail

KLANTREIS_INLINE table funnel_times(const event_log& log, const std::vector<funnel_step>& steps,
                                    const conversion_time_options& times, const funnel_options& options) {
  return detail::times_table(detail::funnel_plan{log, nullptr, steps, options}, times);
}
KLANTREIS_INLINE table funnel_times(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                    const conversion_time_options& times, const funnel_options& options) {
  return detail::times_table(detail::funnel_plan{journeys.log(), &journeys, steps, options}, times);
}

KLANTREIS_INLINE table funnel_levels(const event_log& log, const std::vector<funnel_step>& steps,
                                     const funnel_options& options) {
  return detail::levels_table(detail::funnel_plan{log, nullptr, steps, options});
}
KLANTREIS_INLINE table funnel_levels(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                     const funnel_options& options) {
  return detail::levels_table(detail::funnel_plan{journeys.log(), &journeys, steps, options});
}

KLANTREIS_INLINE std::vector<std::string> funnel_customers(const event_log& log, const std::vector<funnel_step>& steps,
                                                           std::size_t step, bool lost, const funnel_options& options) {
  return detail::customers_at(detail::funnel_plan{log, nullptr, steps, options}, step, lost);
}
KLANTREIS_INLINE std::vector<std::string> funnel_customers(const journey_set& journeys,
                                                           const std::vector<funnel_step>& steps, std::size_t step,
                                                           bool lost, const funnel_options& options) {
  return detail::customers_at(detail::funnel_plan{journeys.log(), &journeys, steps, options}, step, lost);
}

}  // namespace klantreis
