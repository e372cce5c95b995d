// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/stoppable_sort.hpp"
#include "klantreis/detail/timing/clock.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/timing/survival.hpp"

namespace klantreis {
namespace detail {

/// Numbers 0, 1, … for the customers of some spells, and how many there are.
inline std::pair<std::vector<std::uint32_t>, std::size_t> numbered_customers(std::span<const spell> spells) {
  std::vector<std::uint32_t> ids;
  ids.reserve(spells.size());
  for (const spell& one : spells) {
    ids.push_back(one.customer);
  }
  stoppable_sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<std::uint32_t> numbers;
  numbers.reserve(spells.size());
  for (const std::size_t i : each({0, spells.size()})) {
    const auto place = std::lower_bound(ids.begin(), ids.end(), spells[i].customer);
    numbers.push_back(static_cast<std::uint32_t>(place - ids.begin()));
  }
  return {std::move(numbers), ids.size()};
}

inline void check_spells(std::span<const spell> spells, std::size_t causes) {
  for (std::size_t i = 0; i < spells.size(); ++i) {
    if (!(spells[i].time >= 0.0) || std::isinf(spells[i].time)) {
      throw input_error("spell " + std::to_string(i) + " (counted from 0) lasts " + std::to_string(spells[i].time) +
                        "; give a number of 0 or more");
    }
    if (spells[i].cause > causes) {
      throw input_error("spell " + std::to_string(i) + " (counted from 0) ends by cause " +
                        std::to_string(spells[i].cause) + ", but there are " + std::to_string(causes) +
                        "; 0 stands for one that has not ended");
    }
  }
}

/// Indices of the spells by time, then customer, so that the order of the input decides nothing.
inline std::vector<std::size_t> by_time(std::span<const spell> spells) {
  std::vector<std::size_t> order(spells.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  stoppable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const spell& first = spells[a];
    const spell& second = spells[b];
    if (first.time != second.time) {
      return first.time < second.time;
    }
    return first.customer != second.customer ? first.customer < second.customer : first.cause < second.cause;
  });
  return order;
}

/// Sums of squares and products of the influence values of customers, kept while spells end one by one.
///
/// With dM_r = (spell ends in step r) − (at risk)·A_r the influence values are
///
///     ψ_S(t) = −S(t) Σ_{r≤t} h_r dM_r                                     h_r = 1/(Y_r (1 − A_r))
///     ψ_F(t) = Σ_{r≤t} (S(r−)/Y_r dM_F,r + F(r) h_r dM_r) − F(t) Σ_{r≤t} h_r dM_r
///
/// Spells at risk share what has been subtracted so far (L and G below), so a customer is three numbers: spells at risk
/// a, and the finished sums d and g. A step costs only the spells that end in it.
class cluster_sums {
 public:
  cluster_sums(std::size_t customers, std::size_t causes)
      : causes_(causes),
        at_risk_(customers),
        done_(customers),
        gain_(customers * causes),
        gg_(causes),
        ag_(causes),
        dg_(causes) {}

  void enter(std::size_t customer) {
    const double a = at_risk_[customer];
    aa_ += 2.0 * a + 1.0;
    at_risk_[customer] = a + 1.0;
    present_ += a == 0.0 ? 1.0 : 0.0;
  }

  /// A spell of `customer` is at risk no longer: `d` and `g` are what it adds to the finished sums.
  void leave(std::size_t customer, double d, std::span<const double> g) {
    const double a = at_risk_[customer];
    const double old = done_[customer];
    const double now = old + d;
    aa_ -= 2.0 * a - 1.0;
    ad_ += (a - 1.0) * now - a * old;
    dd_ += d * (old + now);
    for (std::size_t k = 0; k < causes_; ++k) {
      double& sum = gain_[customer * causes_ + k];
      const double more = sum + g[k];
      gg_[k] += g[k] * (sum + more);
      ag_[k] += (a - 1.0) * more - a * sum;
      dg_[k] += now * more - old * sum;
      sum = more;
    }
    at_risk_[customer] = a - 1.0;
    done_[customer] = now;
    present_ -= a == 1.0 ? 1.0 : 0.0;
  }

  [[nodiscard]] double customers_at_risk() const noexcept { return present_; }

  /// Σψ_S² / S².
  [[nodiscard]] double survival_square(double shared) const noexcept {
    return without_rounding(dd_ - 2.0 * shared * ad_ + shared * shared * aa_, dd_ + shared * shared * aa_);
  }
  /// Σψ_F².
  [[nodiscard]] double incidence_square(std::size_t k, double incidence, double shared, double shared_gain) const {
    const double own = shared_gain - incidence * shared;
    const double f = incidence;
    const double sum = gg_[k] - 2.0 * f * dg_[k] + f * f * dd_ - 2.0 * own * (ag_[k] - f * ad_) + own * own * aa_;
    return without_rounding(sum, gg_[k] + f * f * dd_ + shared_gain * shared_gain * aa_);
  }

 private:
  // A sum of squares that is nothing beside its terms is nothing: one customer alone has no variance.
  static double without_rounding(double sum, double terms) noexcept { return sum > 1e-13 * terms ? sum : 0.0; }

  std::size_t causes_;
  std::vector<double> at_risk_;
  std::vector<double> done_;
  std::vector<double> gain_;  // by customer and cause
  double present_ = 0.0;
  double aa_ = 0.0;
  double ad_ = 0.0;
  double dd_ = 0.0;
  std::vector<double> gg_;
  std::vector<double> ag_;
  std::vector<double> dg_;
};

/// How many of `ends`, ascending, lie at `time` or later.
inline double still_there(const std::vector<double>& ends, double time) noexcept {
  return static_cast<double>(ends.end() - std::lower_bound(ends.begin(), ends.end(), time));
}

}  // namespace detail

KLANTREIS_INLINE interval log_log_interval(double share, double standard_error, double z) noexcept {
  if (!(share > 0.0 && share < 1.0 && standard_error > 0.0)) {
    return {};
  }
  const double logarithm = std::log(share);
  const double e = z * standard_error / (share * logarithm);
  const double first = std::exp(logarithm * std::exp(e));
  const double second = std::exp(logarithm * std::exp(-e));
  return {(std::min)(first, second), (std::max)(first, second)};
}

KLANTREIS_INLINE survival_curve::survival_curve(std::span<const spell> spells, std::size_t causes) : causes_(causes) {
  detail::check_spells(spells, causes);
  const auto [numbers, customers] = detail::numbered_customers(spells);
  customers_ = static_cast<double>(customers);
  const std::vector<std::size_t> order = detail::by_time(spells);
  detail::cluster_sums sums{customers, causes};
  std::vector<double> last(customers, 0.0);
  ends_.reserve(order.size());
  for (const std::size_t i : order) {
    ends_.push_back(spells[i].time);
    last[numbers[i]] = spells[i].time;  // in order of time
    sums.enter(numbers[i]);
  }
  detail::stoppable_sort(last.begin(), last.end());
  customer_ends_ = std::move(last);

  double survival = 1.0;
  double shared = 0.0;  // Σ h A
  std::vector<double> incidence(causes, 0.0);
  std::vector<double> shared_gain(causes, 0.0);  // Σ S(r−) A_k / Y + F_k h A
  std::vector<double> ended(causes);
  std::vector<double> gain(causes);
  const auto negative = [](const std::vector<double>& values, std::vector<double>& result) {
    std::transform(values.begin(), values.end(), result.begin(), [](double value) { return -value; });
  };
  std::size_t steps = 0;
  for (std::size_t first = 0; first < order.size();) {
    if ((++steps & 255U) == 0) {
      check_stop();
    }
    const double time = spells[order[first]].time;
    std::size_t end = first;
    std::fill(ended.begin(), ended.end(), 0.0);
    double all_ended = 0.0;
    for (; end < order.size() && spells[order[end]].time == time; ++end) {
      if (const std::uint32_t cause = spells[order[end]].cause; cause != spell::open) {
        ended[cause - 1] += 1.0;
        all_ended += 1.0;
      }
    }
    const auto risk = static_cast<double>(order.size() - first);
    const double present = sums.customers_at_risk();
    double weight = 0.0;  // h
    const double before = survival;
    if (all_ended > 0.0) {
      weight = all_ended < risk ? 1.0 / (risk - all_ended) : 0.0;
      survival = all_ended < risk ? survival * (1.0 - all_ended / risk) : 0.0;
      shared += weight * all_ended / risk;
      for (std::size_t k = 0; k < causes; ++k) {
        incidence[k] += before * ended[k] / risk;
        shared_gain[k] += before * ended[k] / (risk * risk) + incidence[k] * weight * all_ended / risk;
      }
    }
    for (; first < end; ++first) {
      const spell& one = spells[order[first]];
      negative(shared_gain, gain);
      double done = -shared;
      if (one.cause != spell::open) {
        done += weight;
        for (std::size_t k = 0; k < causes; ++k) {
          gain[k] += incidence[k] * weight + (k + 1 == one.cause ? before / risk : 0.0);
        }
      }
      sums.leave(numbers[order[first]], done, gain);
    }
    if (all_ended > 0.0) {
      times_.push_back(time);
      at_risk_.push_back(risk);
      customers_at_risk_.push_back(present);
      survival_.push_back(survival);
      survival_error_.push_back(survival * std::sqrt(sums.survival_square(shared)));
      for (std::size_t k = 0; k < causes; ++k) {
        events_.push_back(ended[k]);
        incidence_.push_back(incidence[k]);
        incidence_error_.push_back(std::sqrt(sums.incidence_square(k, incidence[k], shared, shared_gain[k])));
      }
    }
  }
}

KLANTREIS_INLINE double survival_curve::at_risk_at(double time) const noexcept {
  return detail::still_there(ends_, time);
}

KLANTREIS_INLINE double survival_curve::customers_at_risk_at(double time) const noexcept {
  return detail::still_there(customer_ends_, time);
}

KLANTREIS_INLINE std::size_t survival_curve::step_at(double time) const noexcept {
  const auto after = std::upper_bound(times_.begin(), times_.end(), time) - times_.begin();
  return after == 0 ? size() : static_cast<std::size_t>(after - 1);
}

KLANTREIS_INLINE bool survival_curve::is_known_at(double time) const noexcept {
  return !ends_.empty() && (time <= ends_.back() || (!survival_.empty() && survival_.back() == 0.0));
}

KLANTREIS_INLINE estimate survival_curve::point(double value, double error, double n,
                                                const interval_options& options) const {
  estimate result{.value = value, .n = n};
  const interval bounds = log_log_interval(value, error, normal_critical(options.level));
  result.lower = bounds.lower;
  result.upper = bounds.upper;
  result.marks |= n < options.min_n ? mark::few_customers : mark::none;
  result.marks |= bounds.is_null() && !std::isnan(value) ? mark::boundary : mark::none;
  return result;
}

KLANTREIS_INLINE estimate survival_curve::survival_at(double time, const interval_options& options) const {
  const std::size_t step = step_at(time);
  const double n = customers_at_risk_at(time);
  if (!is_known_at(time)) {
    return point(null_value, 0.0, n, options);
  }
  return step == size() ? point(1.0, 0.0, n, options) : point(survival_[step], survival_error_[step], n, options);
}

KLANTREIS_INLINE estimate survival_curve::incidence_at(double time, std::size_t cause,
                                                       const interval_options& options) const {
  const std::size_t step = step_at(time);
  const double n = customers_at_risk_at(time);
  if (!is_known_at(time)) {
    return point(null_value, 0.0, n, options);
  }
  return step == size() ? point(0.0, 0.0, n, options)
                        : point(incidence(step, cause), incidence_error(step, cause), n, options);
}

namespace detail {

// Estimates that reach a share but for rounding reach it.
inline constexpr double share_tolerance = 1e-12;

/// The first time at which `reached(step)` holds; null when it never does.
template <typename Reached>
double first_time(const survival_curve& curve, Reached&& reached) {
  for (std::size_t step = 0; step < curve.size(); ++step) {
    if (reached(step)) {
      return curve.times()[step];
    }
  }
  return null_value;
}

inline estimate quantile_of_curve(double value, double lower, double upper, double customers,
                                  const interval_options& options) {
  estimate result{.value = value, .lower = lower, .upper = upper, .n = customers};
  result.marks |= customers < options.min_n ? mark::few_customers : mark::none;
  return result;
}

inline void check_share(double q) {
  if (!(q > 0.0 && q < 1.0)) {
    throw input_error("a share is " + std::to_string(q) + "; it must lie between 0 and 1, for example 0.5");
  }
}

}  // namespace detail

KLANTREIS_INLINE estimate survival_curve::survival_quantile(double q, const interval_options& options) const {
  detail::check_share(q);
  const double z = normal_critical(options.level);
  const double limit = 1.0 - q + detail::share_tolerance;
  const auto bounds = [&](std::size_t step) { return log_log_interval(survival_[step], survival_error_[step], z); };
  // Where S is 0 there is no interval, but there everything has ended.
  const double value = detail::first_time(*this, [&](std::size_t step) { return survival_[step] <= limit; });
  const double lower = detail::first_time(
      *this, [&](std::size_t step) { return survival_[step] == 0.0 || bounds(step).lower <= limit; });
  const double upper = detail::first_time(*this, [&](std::size_t step) { return bounds(step).upper <= limit; });
  return detail::quantile_of_curve(value, lower, upper, customers_, options);
}

KLANTREIS_INLINE estimate survival_curve::incidence_quantile(double q, std::size_t cause,
                                                             const interval_options& options) const {
  detail::check_share(q);
  const double z = normal_critical(options.level);
  const double limit = q - detail::share_tolerance;
  const auto bounds = [&](std::size_t step) {
    return log_log_interval(incidence(step, cause), incidence_error(step, cause), z);
  };
  const double value = detail::first_time(*this, [&](std::size_t step) { return incidence(step, cause) >= limit; });
  const double lower = detail::first_time(
      *this, [&](std::size_t step) { return incidence(step, cause) >= 1.0 || bounds(step).upper >= limit; });
  const double upper = detail::first_time(*this, [&](std::size_t step) { return bounds(step).lower >= limit; });
  return detail::quantile_of_curve(value, lower, upper, customers_, options);
}

namespace detail {

inline constexpr std::array<const char*, 3> outcome_columns{"converted", "left", "moved"};
inline constexpr std::array<const char*, 3> event_columns{"conversions", "exits", "moves"};

inline std::size_t causes_of(const spell_set& spells) { return spells.until() == wait_until::leaving ? 3 : 2; }

inline void set_spell_options(table& result, const spell_set& spells, const interval_options& intervals) {
  for (const auto& [name, value] : spells.options()) {
    result.set_option(name, value);
  }
  set_interval_options(result, intervals);
}

}  // namespace detail

KLANTREIS_INLINE table survival(const spell_set& spells, std::span<const double> at,
                                const interval_options& intervals) {
  const std::size_t causes = detail::causes_of(spells);
  std::vector<std::string> segments;
  std::vector<std::string> items;
  std::vector<double> times;
  std::vector<std::int64_t> at_risk;
  std::vector<std::vector<std::int64_t>> events(causes);
  detail::estimate_columns still;
  std::vector<detail::estimate_columns> ended(causes);
  for (const spell_set::group& group : spells.groups()) {
    const survival_curve curve{group.spells, causes};
    std::vector<double> rows = at.empty() ? curve.times() : std::vector<double>(at.begin(), at.end());
    std::sort(rows.begin(), rows.end());
    std::size_t next = 0;
    for (const std::size_t number : each({0, rows.size()})) {
      const double time = rows[number];
      segments.push_back(group.segment);
      items.push_back(group.item);
      times.push_back(time);
      at_risk.push_back(static_cast<std::int64_t>(curve.at_risk_at(time)));
      std::vector<double> since(causes, 0.0);
      for (; next < curve.size() && curve.times()[next] <= time; ++next) {
        for (std::size_t k = 0; k < causes; ++k) {
          since[k] += curve.events(next, k + 1);
        }
      }
      estimate row = curve.survival_at(time, intervals);
      for (std::size_t k = 0; k < causes; ++k) {
        events[k].push_back(static_cast<std::int64_t>(since[k]));
        const estimate outcome = curve.incidence_at(time, k + 1, intervals);
        row.marks |= outcome.marks;
        ended[k].add(outcome);
      }
      still.add(row);
    }
  }
  table result{
      "What became of journeys against the time since " +
      std::string(spells.by().empty() ? "their first event" : "they came to the item") +
      ". survival: share that still goes on; converted, left" + (causes == 3 ? ", moved" : "") +
      ": share that ended so by then, the others competing; at_risk: still observed just before, n: customers among "
      "them. What is known until the end of the observation less the inactivity counts, the rest is censored there; "
      "intervals by customers, log-log."};
  detail::add_labels(result, spells.segment(), std::move(segments), spells.by(), std::move(items));
  result.add("time", std::move(times), quantity::seconds);
  result.add("at_risk", std::move(at_risk), quantity::count);
  result.add("n", std::move(still.n), quantity::count);
  for (std::size_t k = 0; k < causes; ++k) {
    result.add(detail::event_columns[k], std::move(events[k]), quantity::count);
  }
  result.add("survival", std::move(still.value), quantity::share);
  result.add("survival_lower", std::move(still.lower), quantity::share);
  result.add("survival_upper", std::move(still.upper), quantity::share);
  for (std::size_t k = 0; k < causes; ++k) {
    const std::string name = detail::outcome_columns[k];
    result.add(name, std::move(ended[k].value), quantity::share);
    result.add(name + "_lower", std::move(ended[k].lower), quantity::share);
    result.add(name + "_upper", std::move(ended[k].upper), quantity::share);
  }
  result.add("marks", std::move(still.marks));
  detail::set_spell_options(result, spells, intervals);
  return result;
}

KLANTREIS_INLINE table survival_quantiles(const spell_set& spells, std::span<const double> shares,
                                          const interval_options& intervals) {
  const std::size_t causes = detail::causes_of(spells);
  std::vector<std::string> segments;
  std::vector<std::string> items;
  std::vector<std::string> outcomes;
  std::vector<double> wanted;
  detail::estimate_columns times;
  for (const spell_set::group& group : spells.groups()) {
    const survival_curve curve{group.spells, causes};
    for (std::size_t cause = 0; cause <= causes; ++cause) {
      for (const double share : shares) {
        segments.push_back(group.segment);
        items.push_back(group.item);
        outcomes.emplace_back(cause == 0 ? "ended" : detail::outcome_columns[cause - 1]);
        wanted.push_back(share);
        times.add(cause == 0 ? curve.survival_quantile(share, intervals)
                             : curve.incidence_quantile(share, cause, intervals));
      }
    }
  }
  table result{
      "The time by which a share of the journeys has ended, and by which it has ended in one way, the others "
      "competing; from the survival curves, null where so many never do while observed. Bounds: where those of the "
      "curve cross the share."};
  detail::add_labels(result, spells.segment(), std::move(segments), spells.by(), std::move(items));
  result.add("outcome", std::move(outcomes));
  result.add("share", std::move(wanted), quantity::share);
  result.add("time", std::move(times.value), quantity::seconds);
  result.add("lower", std::move(times.lower), quantity::seconds);
  result.add("upper", std::move(times.upper), quantity::seconds);
  result.add("n", std::move(times.n), quantity::count);
  result.add("marks", std::move(times.marks));
  detail::set_spell_options(result, spells, intervals);
  return result;
}

}  // namespace klantreis
