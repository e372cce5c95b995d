// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "klantreis/detail/funnel/plan.hpp"
#include "klantreis/detail/funnel/scan.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/funnel/count.hpp"

namespace klantreis {
namespace detail {

template <typename Number>
void add_each(std::vector<Number>& to, const std::vector<Number>& from) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] += from[i];
  }
}

inline void append_each(std::vector<std::vector<double>>& to, const std::vector<std::vector<double>>& from) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i].insert(to[i].end(), from[i].begin(), from[i].end());
  }
}

/// What a slice of the customers adds up to.
struct funnel_partial {
  const funnel_plan* plan = nullptr;
  funnel_counts counts;
  // Journeys of the customer at hand: [0] all, [k] at step k; and of those at the base or at step 1, how many came on.
  std::vector<std::uint64_t> here;
  std::vector<std::uint64_t> with_base;
  std::vector<std::uint64_t> with_entry;

  funnel_partial() = default;
  explicit funnel_partial(const funnel_plan& plan_) : plan(&plan_) {
    const std::size_t size = plan->steps.size();
    counts.steps_ = plan->steps;
    counts.by_journeys_ = plan->options.unit == funnel_unit::journey;
    counts.reached_.resize(size);
    counts.lost_.resize(size);
    counts.with_base_.resize(size);
    counts.with_entry_.resize(size);
    counts.from_previous_.resize(size);
    counts.from_first_.resize(size);
    counts.base_.resize(size);
    std::size_t base = 0;
    for (std::size_t step = 0; step < size; ++step) {
      counts.base_[step] = base;
      if ((plan->rules.optional >> step & 1U) == 0) {
        base = step + 1;
      }
    }
    if (counts.by_journeys_) {
      counts.at_.resize(size + 1);
      counts.from_base_.resize(size);
      counts.from_entry_.resize(size);
    }
    here.resize(size + 1);
    with_base.resize(size);
    with_entry.resize(size);
  }

  funnel_partial& operator+=(const funnel_partial& other) {
    counts.add(other.counts);
    return *this;
  }

  void add(const funnel_match& found) {
    ++counts.units_;
    if (found.excluded) {
      ++counts.excluded_;
      return;
    }
    ++here[0];
    const std::size_t size = plan->steps.size();
    for (std::size_t step = 0; step < size; ++step) {
      if ((found.hit >> step & 1U) == 0) {
        continue;
      }
      const std::size_t base = counts.base_[step];
      const std::size_t next = plan->next_required(step);
      ++here[step + 1];
      counts.lost_[step] += next < size && (found.hit >> next & 1U) == 0 ? 1U : 0U;
      with_base[step] += base == 0 || (found.hit >> (base - 1) & 1U) != 0 ? 1U : 0U;
      with_entry[step] += found.hit & 1U;
    }
    if (plan->is_timed) {
      add_times(found);
    }
  }

  /// `customers` of whom `level` steps are known and nothing else (the fast way).
  void add_level(std::size_t level, std::uint64_t customers) {
    counts.customers_ += customers;
    counts.units_ += customers;
    here[0] += customers;
    for (std::size_t step = 0; step < level; ++step) {
      here[step + 1] += customers;
    }
    if (level != 0 && level < plan->steps.size()) {
      counts.lost_[level - 1] += customers;
    }
  }

  void end_customer() {
    if (here[0] == 0) {
      return;
    }
    const std::size_t size = plan->steps.size();
    if (counts.by_journeys_) {
      for (std::size_t k = 0; k <= size; ++k) {
        if (here[k] != 0) {
          counts.at_[k].add(static_cast<double>(here[k]));
        }
      }
      for (std::size_t step = 0; step < size; ++step) {
        const std::size_t base = counts.base_[step];
        if (with_base[step] != 0) {
          counts.from_base_[step].add(static_cast<double>(with_base[step]), static_cast<double>(here[base]));
        }
        if (with_entry[step] != 0) {
          counts.from_entry_[step].add(static_cast<double>(with_entry[step]), static_cast<double>(here[1]));
        }
      }
    }
    flush();
  }

  /// Moves the counts of the customers at hand to the total.
  void flush() {
    for (std::size_t step = 0; step < plan->steps.size(); ++step) {
      counts.reached_[step] += here[step + 1];
      counts.with_base_[step] += with_base[step];
      counts.with_entry_[step] += with_entry[step];
      here[step + 1] = with_base[step] = with_entry[step] = 0;
    }
    here[0] = 0;
  }

  void add_times(const funnel_match& found) {
    const auto times = plan->log.times();
    const double per_second = static_cast<double>(plan->rules.ticks_per_second);
    const auto seconds = [&](std::uint64_t later, std::uint64_t earlier) {
      return static_cast<double>(times[later] - times[earlier]) / per_second;
    };
    std::uint64_t before = found.rows[0];
    for (std::size_t step = 1; step < found.rows.size(); ++step) {
      if (found.rows[step] == no_row) {
        continue;
      }
      const std::size_t base = counts.base_[step];
      const std::uint64_t previous = (plan->rules.optional >> step & 1U) != 0 ? before : found.rows[base - 1];
      if (!plan->is_open() && previous != no_row) {
        add_times(step, seconds(found.rows[step], previous), seconds(found.rows[step], found.rows[0]));
      }
      before = found.rows[step];
    }
  }

  void add_times(std::size_t step, double from_previous, double from_first) {
    counts.from_previous_[step].push_back(from_previous);
    counts.from_first_[step].push_back(from_first);
  }

  void customer() { ++counts.customers_; }

  /// The counts with their labels and options.
  [[nodiscard]] funnel_counts finished() const {
    funnel_counts result = counts;
    result.finish(*plan);
    return result;
  }
};

[[nodiscard]] inline funnel_partial count_units(const funnel_plan& plan, index_range customers) {
  funnel_partial part{plan};
  unit_follower follower{plan};
  for (const std::size_t customer : each(customers)) {
    bool any = false;
    plan.for_each_unit(customer, [&](std::size_t begin, std::size_t end) {
      any = true;
      part.add(follower.follow(begin, end));
    });
    if (any) {
      part.customer();
      part.end_customer();
    }
  }
  return part;
}

template <typename Scan>
void count_plain(const funnel_plan& plan, index_range customers, std::span<const std::uint64_t> bits,
                 funnel_partial& part) {
  Scan scan{bits, plan.steps.size(), plan.rules.window};
  const auto codes = plan.matcher.codes();
  const auto times = plan.log.times();
  const auto offsets = plan.log.offsets();
  const double per_second = static_cast<double>(plan.rules.ticks_per_second);
  std::vector<std::uint64_t> customers_at(plan.steps.size() + 1);
  for (const std::size_t customer : each(customers)) {
    const index_range range = plan.is_cut ? plan.events_of(customer)
                                          : index_range{static_cast<std::size_t>(offsets[customer]),
                                                        static_cast<std::size_t>(offsets[customer + 1])};
    if (range.begin == range.end) {
      continue;
    }
    const std::size_t level = scan.level(codes, times, range.begin, range.end);
    ++customers_at[level];
    if (level < 2 || times.empty()) {
      continue;
    }
    const auto chain = scan.chain();
    for (std::size_t step = 1; step < level; ++step) {
      part.add_times(step, static_cast<double>(chain[step] - chain[step - 1]) / per_second,
                     static_cast<double>(chain[step] - chain[0]) / per_second);
    }
  }
  for (std::size_t level = 0; level < customers_at.size(); ++level) {
    part.add_level(level, customers_at[level]);
  }
}

[[nodiscard]] inline funnel_partial count_plain(const funnel_plan& plan, index_range customers) {
  funnel_partial part{plan};
  std::vector<std::uint64_t> bits;
  for (const event_bits& one : plan.matcher.table_bits()) {
    bits.push_back(one.steps);
  }
  if (distinct_scan::is_possible(bits)) {
    count_plain<distinct_scan>(plan, customers, bits, part);
  } else {
    count_plain<funnel_scan>(plan, customers, bits, part);
  }
  for (std::size_t step = 0; step < plan.steps.size(); ++step) {
    part.with_base[step] = part.with_entry[step] = part.here[step + 1];
  }
  part.flush();
  return part;
}

[[nodiscard]] inline std::string funnel_columns_text(bool by_journeys) {
  return std::string{
             "rate: share of those at the step before (step 1: of all) who reached this step too; rate_from_first: "
             "share "
             "of those at step 1; "} +
         (by_journeys ? "intervals by customers" : "Wilson intervals") +
         ". lost: reached the step, but not the next one. Times in seconds from the step before, on the chain that "
         "first reached the deepest step.";
}

}  // namespace detail

}  // namespace klantreis
