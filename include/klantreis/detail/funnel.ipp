// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string>
#include <utility>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/funnel.hpp"

namespace klantreis {
namespace detail {

KLANTREIS_INLINE funnel_scan::funnel_scan(std::span<const std::uint64_t> masks, std::size_t steps,
                                          std::optional<std::int64_t> window)
    : masks_(masks),
      steps_(steps),
      window_(window ? static_cast<std::uint64_t>(*window) : (std::numeric_limits<std::uint64_t>::max)()),
      times_(steps * steps),
      chain_(steps) {}

KLANTREIS_INLINE std::size_t funnel_scan::level(std::span<const std::uint32_t> codes,
                                                std::span<const std::int64_t> times, std::size_t begin,
                                                std::size_t end) {
  return level_ = times.empty() ? scan<false>(codes, times, begin, end) : scan<true>(codes, times, begin, end);
}

template <bool Timed>
std::size_t funnel_scan::scan(std::span<const std::uint32_t> codes, std::span<const std::int64_t> times,
                              std::size_t begin, std::size_t end) {
  std::size_t reached = 0;
  std::uint64_t useful = 1;  // steps that can follow what is reached: 0 … reached
  for (std::size_t event = begin; event < end; ++event) {
    std::uint64_t matches = masks_[codes[event]] & useful;
    if (matches == 0) {
      continue;
    }
    const std::int64_t now = Timed ? times[event] : static_cast<std::int64_t>(event);
    while (matches != 0) {
      const auto step = static_cast<std::size_t>(std::bit_width(matches) - 1);
      matches ^= std::uint64_t{1} << step;
      std::int64_t* const here = times_.data() + step * steps_;
      if (step > 0) {
        const std::int64_t* const before = here - steps_;
        // Times never fall, so the difference is right even where a signed one would overflow.
        if (static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(before[0]) > window_ ||
            (step < reached && before[0] <= here[0])) {
          continue;
        }
        std::copy_n(before, step, here);
      }
      here[step] = now;
      if (step == reached) {
        ++reached;
        std::copy_n(here, reached, chain_.begin());
        if (reached == steps_) {
          return reached;
        }
        useful = (useful << 1U) | 1U;
      }
    }
  }
  return reached;
}

/// The bits of the steps that each label matches. Names that the log lacks match nothing, or are an error.
inline std::vector<std::uint64_t> funnel_masks(const name_table& names, const std::vector<funnel_step>& steps,
                                               const funnel_options& options) {
  std::vector<std::uint64_t> masks(names.size(), 0);
  for (std::size_t step = 0; step < steps.size(); ++step) {
    for (const std::string& name : steps[step].names) {
      if (const auto code = names.find(name)) {
        masks[*code] |= std::uint64_t{1} << step;
      } else if (options.require_known) {
        throw input_error("step " + std::to_string(step + 1) +
                          " of the funnel: " + unknown_label_message(name, options.by, names));
      }
    }
  }
  return masks;
}

inline void check_funnel(const event_log& log, const std::vector<funnel_step>& steps, const funnel_options& options) {
  if (steps.empty()) {
    throw input_error("the funnel has no steps; name at least one touchpoint");
  }
  if (steps.size() > max_funnel_steps) {
    throw limit_error("the funnel has " + std::to_string(steps.size()) + " steps; at most " +
                      std::to_string(max_funnel_steps) + " are possible");
  }
  for (std::size_t step = 0; step < steps.size(); ++step) {
    if (steps[step].names.empty()) {
      throw input_error("step " + std::to_string(step + 1) + " of the funnel names no " + options.by);
    }
  }
  if (options.window && !log.has_times()) {
    throw input_error(
        "a funnel window needs times and this log has none; leave the window out, then the order decides");
  }
}

inline std::string funnel_text(const std::vector<funnel_step>& steps) {
  std::string text;
  for (const funnel_step& step : steps) {
    text += (text.empty() ? "" : " > ") + step.label();
  }
  return text;
}

/// What a slice of the customers adds up to.
struct funnel_partial {
  std::uint64_t customers = 0;
  std::vector<std::uint64_t> stopped_at;
  std::vector<std::vector<double>> from_previous;
  std::vector<std::vector<double>> from_first;

  funnel_partial& operator+=(const funnel_partial& other) {
    customers += other.customers;
    for (std::size_t k = 0; k < stopped_at.size(); ++k) {
      stopped_at[k] += other.stopped_at[k];
    }
    for (std::size_t step = 0; step < from_previous.size(); ++step) {
      from_previous[step].insert(from_previous[step].end(), other.from_previous[step].begin(),
                                 other.from_previous[step].end());
      from_first[step].insert(from_first[step].end(), other.from_first[step].begin(), other.from_first[step].end());
    }
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE std::string funnel_step::label() const {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : " | ") + name;
  }
  return text;
}

KLANTREIS_INLINE std::vector<std::uint64_t> funnel_counts::reached() const {
  std::vector<std::uint64_t> counts(steps_.size(), 0);
  std::uint64_t deeper = 0;
  for (std::size_t k = steps_.size(); k > 0; --k) {
    deeper += stopped_at_[k];
    counts[k - 1] = deeper;
  }
  return counts;
}

KLANTREIS_INLINE funnel_counts& funnel_counts::operator+=(const funnel_counts& other) {
  if (other.steps_.empty()) {
    return *this;
  }
  if (steps_.empty()) {
    return *this = other;
  }
  if (steps_ != other.steps_) {
    throw input_error("funnel counts of different steps do not add up: " + detail::funnel_text(steps_) + " and " +
                      detail::funnel_text(other.steps_));
  }
  detail::require_equal_options(options_, other.options_, "funnel counts");
  customers_ += other.customers_;
  for (std::size_t k = 0; k < stopped_at_.size(); ++k) {
    stopped_at_[k] += other.stopped_at_[k];
  }
  const auto append = [](std::vector<std::vector<double>>& to, const std::vector<std::vector<double>>& from) {
    for (std::size_t step = 0; step < to.size(); ++step) {
      to[step].insert(to[step].end(), from[step].begin(), from[step].end());
    }
  };
  append(from_previous_, other.from_previous_);
  append(from_first_, other.from_first_);
  return *this;
}

KLANTREIS_INLINE funnel_counts funnel_counts::of(const event_log& log, const std::vector<funnel_step>& steps,
                                                 const funnel_options& options, const journey_set* observed) {
  detail::check_funnel(log, steps, options);
  const label_column& labels = log.labels(options.by);
  const std::vector<std::uint64_t> masks = detail::funnel_masks(labels.names, steps, options);
  const std::int64_t ticks = log.ticks_per_second();
  std::optional<std::int64_t> window;
  if (options.window) {
    window = to_ticks(*options.window, ticks, "the window of the funnel");
  }
  const bool cut = observed != nullptr && observed->options().observed_until && log.has_times();
  const std::int64_t until = cut ? observed->observed_until_ticks() : 0;

  const auto count = [&](index_range range) {
    detail::funnel_partial part;
    part.stopped_at.resize(steps.size() + 1);
    part.from_previous.resize(steps.size());
    part.from_first.resize(steps.size());
    detail::funnel_scan scan{masks, steps.size(), window};
    const auto offsets = log.offsets();
    const auto times = log.times();
    const double per_second = static_cast<double>(ticks);
    for (std::size_t customer = range.begin; customer < range.end; ++customer) {
      const auto begin = static_cast<std::size_t>(offsets[customer]);
      auto end = static_cast<std::size_t>(offsets[customer + 1]);
      while (cut && end > begin && times[end - 1] > until) {
        --end;
      }
      if (begin == end) {
        continue;
      }
      ++part.customers;
      const std::size_t level = scan.level(labels.codes, times, begin, end);
      ++part.stopped_at[level];
      if (times.empty()) {
        continue;
      }
      const auto chain = scan.chain();
      for (std::size_t step = 1; step < level; ++step) {
        part.from_previous[step].push_back(static_cast<double>(chain[step] - chain[step - 1]) / per_second);
        part.from_first[step].push_back(static_cast<double>(chain[step] - chain[0]) / per_second);
      }
    }
    return part;
  };
  auto total = count_in_slices(log.customers(), worker_count(options.threads), 4096, count);

  funnel_counts counts;
  counts.steps_ = steps;
  counts.options_ = {
      {"by", options.by},
      {"window", options.window ? detail::duration_option(*options.window) : "none"},
      {"times", log.has_times() ? "yes" : "no"},
      {"observed_until", cut ? detail::instant_option(*observed->options().observed_until) : "last event"}};
  counts.customers_ = total.customers;
  counts.stopped_at_ = std::move(total.stopped_at);
  counts.from_previous_ = std::move(total.from_previous);
  counts.from_first_ = std::move(total.from_first);
  return counts;
}

KLANTREIS_INLINE funnel_counts count_funnel(const event_log& log, const std::vector<funnel_step>& steps,
                                            const funnel_options& options) {
  return funnel_counts::of(log, steps, options, nullptr);
}

KLANTREIS_INLINE funnel_counts count_funnel(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                            const funnel_options& options) {
  return funnel_counts::of(journeys.log(), steps, options, &journeys);
}

KLANTREIS_INLINE table funnel(const funnel_counts& counts, const interval_options& intervals) {
  const std::size_t size = counts.steps_.size();
  const std::vector<std::uint64_t> reached = counts.reached();
  std::vector<std::int64_t> step_column;
  std::vector<std::string> label_column;
  std::vector<std::int64_t> count_column;
  std::vector<std::int64_t> n_column;
  std::array<std::vector<double>, 6> rates;
  std::array<std::vector<double>, 5> times;
  std::vector<std::string> marks_column;
  for (std::size_t step = 0; step < size; ++step) {
    const std::uint64_t here = reached[step];
    const std::uint64_t before = step == 0 ? counts.customers_ : reached[step - 1];
    step_column.push_back(static_cast<std::int64_t>(step + 1));
    label_column.push_back(counts.steps_[step].label());
    count_column.push_back(static_cast<std::int64_t>(here));
    n_column.push_back(static_cast<std::int64_t>(before));
    const auto rate = detail::share_of_customers(here, before, intervals);
    const auto from_first = detail::share_of_customers(here, reached[0], intervals);
    const std::array values{rate.value, rate.lower, rate.upper, from_first.value, from_first.lower, from_first.upper};
    for (std::size_t i = 0; i < values.size(); ++i) {
      rates[i].push_back(values[i]);
    }
    std::vector<double> seconds = counts.from_previous_[step];
    constexpr std::array quantiles{0.5, 0.25, 0.75, 0.9};
    for (std::size_t i = 0; i < quantiles.size(); ++i) {
      times[i].push_back(quantile(seconds, quantiles[i]));
    }
    seconds = counts.from_first_[step];
    times[4].push_back(quantile(seconds, 0.5));
    marks_column.push_back(to_text(rate.marks));
  }

  table result{
      "How far customers come. A customer reaches step k with k different events that match steps 1 to k in the order "
      "of "
      "the log" +
      std::string(counts.options_.empty() || counts.options_[1].second == "none"
                      ? ""
                      : ", the last at most the window after the first (inclusive)") +
      "; all events of the customer count, open journeys too. rate: share of the customers at the step before (step 1: "
      "of all customers); rate_from_first: share of those at step 1; Wilson intervals. Times in seconds from the step "
      "before, on the chain that first reached the customer's deepest step."};
  result.add("step", std::move(step_column));
  result.add("label", std::move(label_column));
  result.add("count", std::move(count_column), quantity::count);
  result.add("n", std::move(n_column), quantity::count);
  const std::array<const char*, 6> rate_names{
      "rate", "rate_lower", "rate_upper", "rate_from_first", "rate_from_first_lower", "rate_from_first_upper"};
  for (std::size_t i = 0; i < rates.size(); ++i) {
    result.add(rate_names[i], std::move(rates[i]), quantity::share);
  }
  const std::array<const char*, 5> time_names{"median_time", "p25_time", "p75_time", "p90_time",
                                              "median_time_from_first"};
  for (std::size_t i = 0; i < times.size(); ++i) {
    result.add(time_names[i], std::move(times[i]), quantity::seconds);
  }
  result.add("marks", std::move(marks_column));
  result.set_option("steps", detail::funnel_text(counts.steps_));
  for (const auto& [name, value] : counts.options_) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, intervals);
  return result;
}

KLANTREIS_INLINE table funnel(const event_log& log, const std::vector<funnel_step>& steps,
                              const funnel_options& options) {
  return funnel(count_funnel(log, steps, options), options.intervals);
}

KLANTREIS_INLINE table funnel(const journey_set& journeys, const std::vector<funnel_step>& steps,
                              const funnel_options& options) {
  return funnel(count_funnel(journeys, steps, options), options.intervals);
}

}  // namespace klantreis
