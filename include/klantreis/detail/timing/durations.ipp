// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/timing/clock.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/timing/durations.hpp"

namespace klantreis {
namespace detail {

using duration_key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;  // segment, item or from, to

struct duration_partial {
  struct group {
    std::vector<double> times;
    std::vector<std::uint32_t> customers;
  };
  std::map<duration_key, group> groups;

  duration_partial& operator+=(const duration_partial& other) {
    for (const auto& [key, more] : other.groups) {
      group& here = groups[key];
      here.times.insert(here.times.end(), more.times.begin(), more.times.end());
      here.customers.insert(here.customers.end(), more.customers.begin(), more.customers.end());
    }
    return *this;
  }
};

/// The mean of times with its interval by customers. The customers of `group` stand in order.
inline estimate mean_time(const duration_partial::group& group, const interval_options& intervals) {
  const auto size = static_cast<double>(group.times.size());
  double mean = 0.0;
  for (const double time : group.times) {
    mean += time;
  }
  mean /= size;
  influence_sum sum;
  for (std::size_t i = 0; i < group.times.size();) {
    const std::uint32_t customer = group.customers[i];
    double psi = 0.0;
    for (; i < group.times.size() && group.customers[i] == customer; ++i) {
      psi += group.times[i] - mean;
    }
    sum.add(psi / size);
  }
  return sum.log_interval(mean, {}, intervals);
}

/// `median`, `p25`, `p99.9`.
inline std::string quantile_name(double q) {
  if (q == 0.5) {
    return "median";
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "p%.10g", 100.0 * q);
  return text.data();
}

}  // namespace detail

KLANTREIS_INLINE table durations(const journey_set& journeys, const duration_options& options) {
  detail::require_times(journeys, "timing");
  if (options.of == timed::conversions) {
    require_cut(journeys, "the time to a conversion");
  }
  for (const double q : options.quantiles) {
    if (!(q >= 0.0 && q <= 1.0)) {
      throw input_error("a quantile is " + std::to_string(q) + "; it must lie between 0 and 1, for example 0.5");
    }
  }
  const bool itemised = options.of == timed::visits || options.of == timed::transitions;
  const event_log& log = journeys.log();
  const auto times = log.times();
  const double per_second = log.events() == 0 ? 1.0 : static_cast<double>(log.ticks_per_second());
  const detail::segments segments{journeys, options.segment};
  detail::item_source items;
  if (itemised) {
    items = detail::items_of(journeys, options.by, options.collapse);
  }
  const auto collect = [&](index_range range) {
    detail::duration_partial part;
    for (const std::size_t customer : each(range)) {
      for (auto index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
           ++index) {
        const journey piece = journeys[index];
        if (!piece.settled || (options.of == timed::conversions && !piece.converted)) {
          continue;
        }
        const std::uint32_t segment = segments.of(piece);
        const auto add = [&](std::uint32_t first, std::uint32_t second, std::uint64_t from, std::uint64_t to) {
          auto& group = part.groups[{segment, first, second}];
          group.times.push_back(static_cast<double>(times[to] - times[from]) / per_second);
          group.customers.push_back(static_cast<std::uint32_t>(customer));
        };
        if (!itemised) {
          add(options.of == timed::journeys && !piece.converted ? 1 : 0, 0, piece.begin, piece.end - 1);
          continue;
        }
        std::uint32_t here = 0;
        std::uint64_t entered = piece.end;
        items.for_each(piece, [&](std::uint32_t item, std::uint64_t event) {
          if (entered != piece.end) {
            add(here, options.of == timed::transitions ? item : 0, entered, event);
          }
          here = item;
          entered = event;
        });
        if (options.of == timed::visits && entered != piece.end && piece.path_end < piece.end) {
          add(here, 0, entered, piece.path_end);
        }
      }
    }
    return part;
  };
  const auto found = count_in_slices(journeys.customers(), worker_count(options.threads), 4096, collect);

  using row = std::pair<detail::duration_key, const detail::duration_partial::group*>;
  std::vector<row> rows;
  for (const auto& [key, group] : found.groups) {
    rows.emplace_back(key, &group);
  }
  const auto names_of = [&](const detail::duration_key& key) {
    const auto& [segment, first, second] = key;
    if (options.of == timed::journeys) {
      return std::array<std::string, 3>{segments.name(segment), first == 0 ? "converted" : "left", ""};
    }
    return std::array<std::string, 3>{
        segments.name(segment), itemised ? std::string{(*items.names)[first]} : std::string{},
        options.of == timed::transitions ? std::string{(*items.names)[second]} : std::string{}};
  };
  std::map<std::string, std::size_t> of_segment;
  for (const row& one : rows) {
    of_segment[segments.name(std::get<0>(one.first))] += one.second->times.size();
  }
  std::sort(rows.begin(), rows.end(), [&](const row& a, const row& b) {
    const auto names_a = names_of(a.first);
    const auto names_b = names_of(b.first);
    if (names_a[0] != names_b[0]) {
      const std::size_t size_a = of_segment[names_a[0]];
      const std::size_t size_b = of_segment[names_b[0]];
      return size_a != size_b ? size_a > size_b : names_a[0] < names_b[0];
    }
    return a.second->times.size() != b.second->times.size() ? a.second->times.size() > b.second->times.size()
                                                            : names_a < names_b;
  });

  std::array<std::vector<std::string>, 3> labels;
  std::vector<std::string> measures;
  std::vector<std::int64_t> counts;
  detail::estimate_columns columns;
  for (const row& one : rows) {
    const auto names = names_of(one.first);
    const auto& group = *one.second;
    const auto add = [&](std::string measure, const estimate& found_time) {
      for (std::size_t i = 0; i < labels.size(); ++i) {
        labels[i].push_back(names[i]);
      }
      measures.push_back(std::move(measure));
      counts.push_back(static_cast<std::int64_t>(group.times.size()));
      columns.add(found_time);
    };
    add("mean", detail::mean_time(group, options.intervals));
    for (const double q : options.quantiles) {
      add(detail::quantile_name(q), quantile_interval(group.times, group.customers, q, options.intervals));
    }
  }

  constexpr std::array<const char*, 4> what{
      "The time from the first to the last event of settled journeys, of those that converted and those that were "
      "left.",
      "The time from the first event of settled journeys to their conversion.",
      "The time of a visit in settled journeys: from coming to the item until the next one or the conversion; a visit "
      "that was the last of a journey without conversion has none.",
      "The time of a transition in settled journeys: from one event to the next, of merged runs between their first "
      "events."};
  table result{std::string{what[static_cast<std::size_t>(options.of)]} +
               " Quantiles are of type 7 with Woodruff's interval, the mean has a log-normal one; both by customers. "
               "count: times, n: customers."};
  detail::add_labels(result, options.segment, std::move(labels[0]), {}, {});
  if (options.of == timed::journeys) {
    result.add("outcome", std::move(labels[1]));
  } else if (options.of == timed::visits) {
    result.add(options.by == options.segment ? options.by + " visited" : options.by, std::move(labels[1]));
  } else if (options.of == timed::transitions) {
    result.add("from", std::move(labels[1]));
    result.add("to", std::move(labels[2]));
  }
  result.add("measure", std::move(measures));
  result.add("time", std::move(columns.value), quantity::seconds);
  result.add("lower", std::move(columns.lower), quantity::seconds);
  result.add("upper", std::move(columns.upper), quantity::seconds);
  result.add("count", std::move(counts), quantity::count);
  result.add("n", std::move(columns.n), quantity::count);
  result.add("marks", std::move(columns.marks));
  if (itemised) {
    result.set_option("by", options.by);
    result.set_option("collapse", items.collapse ? "yes" : "no");
  }
  for (const auto& [name, value] : detail::cut_options(journeys)) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, options.intervals);
  return result;
}

}  // namespace klantreis
