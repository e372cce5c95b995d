// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "klantreis/detail/funnel/partial.hpp"
#include "klantreis/engine.hpp"

namespace klantreis::detail {

/// Counts of several funnels, by a key.
struct keyed_partials {
  const funnel_plan* plan = nullptr;
  std::map<std::int64_t, funnel_partial> parts;
  std::vector<std::int64_t> touched;  // by the customer at hand

  void add(std::int64_t key, const funnel_match& found) {
    auto at = parts.find(key);
    if (at == parts.end()) {
      at = parts.emplace(key, funnel_partial{*plan}).first;
    }
    at->second.add(found);
    if (std::find(touched.begin(), touched.end(), key) == touched.end()) {
      touched.push_back(key);
    }
  }

  void end_customer() {
    for (const std::int64_t key : touched) {
      funnel_partial& part = parts.at(key);
      part.customer();
      part.end_customer();
    }
    touched.clear();
  }

  keyed_partials& operator+=(const keyed_partials& other) {
    for (const auto& [key, part] : other.parts) {
      const auto at = parts.find(key);
      if (at == parts.end()) {
        parts.emplace(key, part);
      } else {
        at->second += part;
      }
    }
    return *this;
  }
};

/// `use(part, follower, begin, end)` for every unit; the parts are merged.
template <typename Use>
keyed_partials count_by_key(const funnel_plan& plan, Use&& use) {
  return count_in_slices(plan.log.customers(), worker_count(plan.options.threads), 1024, [&](index_range customers) {
    keyed_partials part;
    part.plan = &plan;
    unit_follower follower{plan};
    for (const std::size_t customer : each(customers)) {
      plan.for_each_unit(customer, [&](std::size_t begin, std::size_t end) { use(part, follower, begin, end); });
      part.end_customer();
    }
    return part;
  });
}

inline void set_funnel_options(table& result, const funnel_plan& plan) {
  result.set_option("steps", funnel_text(plan.steps));
  for (const auto& [name, value] : plan.option_texts()) {
    result.set_option(name, value);
  }
  set_interval_options(result, plan.options.intervals);
}

}  // namespace klantreis::detail
