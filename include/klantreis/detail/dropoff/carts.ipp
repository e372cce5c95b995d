// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/dropoff/rates.hpp"
#include "klantreis/dropoff/carts.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

enum cart_status : std::size_t { cart_ordered, cart_recovered, cart_abandoned, cart_open };
inline constexpr std::array<const char*, 4> cart_status_names{"ordered", "recovered", "abandoned", "open"};

struct cart_partial {
  std::array<std::uint64_t, 4> counts{};  // by status, as all that follow
  std::array<std::uint64_t, 4> customers{};
  std::array<std::vector<double>, 4> worth;  // of each cart that has a value, in the order of the customers
  std::array<std::vector<double>, 4> seconds;
  std::map<std::uint32_t, std::uint64_t> came_back_by;
  visit_moments carts;
  std::array<event_moments, 3> events;

  cart_partial& operator+=(const cart_partial& other) {
    for (std::size_t one = 0; one < counts.size(); ++one) {
      counts[one] += other.counts[one];
      customers[one] += other.customers[one];
      worth[one].insert(worth[one].end(), other.worth[one].begin(), other.worth[one].end());
      seconds[one].insert(seconds[one].end(), other.seconds[one].begin(), other.seconds[one].end());
    }
    for (const auto& [code, count] : other.came_back_by) {
      came_back_by[code] += count;
    }
    carts += other.carts;
    for (std::size_t one = 0; one < events.size(); ++one) {
      events[one] += other.events[one];
    }
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE cart_tables abandoned_carts(const journey_set& journeys, const cart_options& options) {
  require_cut(journeys, "abandoned_carts");
  const event_log& log = journeys.log();
  const label_column& labels = log.labels(options.by);
  const std::vector<bool> is_cart = detail::codes_named(labels.names, options.cart, options.by);
  const label_column& ways = log.labels(options.recovered_by);
  const std::int64_t timeout = to_ticks(options.timeout, log.ticks_per_second(), "timeout");
  const auto times = log.times();
  const auto values = log.values();

  const auto count = [&](index_range range) {
    detail::cart_partial part;
    for (const std::size_t customer : each(range)) {
      std::array<double, 4> own{};
      const auto first = journeys.customer_offsets()[customer];
      const auto last = journeys.customer_offsets()[customer + 1];
      for (auto index = first; index < last; ++index) {
        const journey piece = journeys[index];
        std::uint64_t filled = piece.path_end;
        double worth = 0.0;
        bool has_value = false;
        for (std::uint64_t event = piece.begin; event < piece.path_end; ++event) {
          if (is_cart[labels.codes[event]]) {
            filled = (std::min)(filled, event);
            if (!values.empty() && !std::isnan(values[event])) {
              worth += values[event];
              has_value = true;
            }
          }
        }
        if (filled == piece.path_end) {
          continue;
        }
        detail::cart_status found = piece.settled ? detail::cart_abandoned : detail::cart_open;
        if (piece.settled) {
          for (auto later = index; later < last && found == detail::cart_abandoned; ++later) {
            if (const journey other = journeys[later]; other.converted) {
              const std::int64_t took = times[other.end - 1] - times[filled];
              found = took <= timeout ? detail::cart_ordered : detail::cart_recovered;
              part.seconds[found].push_back(static_cast<double>(took) / static_cast<double>(log.ticks_per_second()));
            }
          }
        }
        if (found == detail::cart_recovered) {
          std::uint64_t back = filled;
          while (times[back] - times[filled] <= timeout) {
            ++back;  // the conversion itself came after the timeout
          }
          ++part.came_back_by[ways.codes[back]];
        }
        ++part.counts[found];
        own[found] += 1.0;
        if (has_value) {
          part.worth[found].push_back(worth);
        }
      }
      const double known = own[detail::cart_ordered] + own[detail::cart_recovered] + own[detail::cart_abandoned];
      if (known > 0.0) {
        part.carts.add(known);
      }
      for (std::size_t i = 0; i < own.size(); ++i) {
        part.customers[i] += own[i] > 0.0 ? 1U : 0U;
        if (i != detail::cart_open && own[i] > 0.0) {
          part.events[i].add(own[i], known);
        }
      }
    }
    return part;
  };
  detail::cart_partial found = count_in_slices(journeys.customers(), worker_count(options.threads), 4096, count);
  const auto has_worth = [](const std::vector<double>& worth) { return !worth.empty(); };
  const bool any_value = std::any_of(found.worth.begin(), found.worth.end(), has_worth);

  cart_tables result;
  std::vector<std::string> statuses;
  std::vector<std::int64_t> count_column;
  std::vector<double> value_column;
  std::vector<double> time_column;
  detail::estimate_columns shares;
  for (std::size_t one = 0; one < found.counts.size(); ++one) {
    statuses.emplace_back(detail::cart_status_names[one]);
    count_column.push_back(static_cast<std::int64_t>(found.counts[one]));
    value_column.push_back(any_value ? std::accumulate(found.worth[one].begin(), found.worth[one].end(), 0.0)
                                     : null_value);
    time_column.push_back(quantile(found.seconds[one], 0.5));
    shares.add(one == detail::cart_open
                   ? estimate{.n = static_cast<double>(found.customers[one])}
                   : detail::share_by_customers(found.carts, found.events[one], options.intervals));
  }
  result.carts = table{
      "What became of carts. ordered: converted within the timeout after the first event that filled the cart; "
      "recovered: later, in this or a later journey; abandoned: never; open: not settled, without a share. share: of "
      "the settled carts, by customers (n); value: of the events that filled them; median_time: to the conversion."};
  result.carts.add("status", std::move(statuses));
  result.carts.add("count", std::move(count_column), quantity::count);
  result.carts.add("n", std::move(shares.n), quantity::count);
  result.carts.add("share", std::move(shares.value), quantity::share);
  result.carts.add("lower", std::move(shares.lower), quantity::share);
  result.carts.add("upper", std::move(shares.upper), quantity::share);
  result.carts.add("value", std::move(value_column), quantity::amount);
  result.carts.add("median_time", std::move(time_column), quantity::seconds);
  result.carts.add("marks", std::move(shares.marks));

  std::vector<std::pair<std::uint64_t, std::string>> ranked;
  for (const auto& [code, times_found] : found.came_back_by) {
    ranked.emplace_back(times_found, std::string{ways.names[code]});
  }
  std::sort(ranked.begin(), ranked.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::vector<std::string> way_names;
  std::vector<std::int64_t> way_counts;
  std::vector<double> way_shares;
  for (const auto& [times_found, name] : ranked) {
    way_names.push_back(name);
    way_counts.push_back(static_cast<std::int64_t>(times_found));
    way_shares.push_back(static_cast<double>(times_found) / static_cast<double>(found.counts[detail::cart_recovered]));
  }
  result.recoveries = table{
      "By which event the customers of recovered carts came back: their first one after the timeout. share: of the "
      "recovered carts."};
  result.recoveries.add(options.recovered_by, std::move(way_names));
  result.recoveries.add("count", std::move(way_counts), quantity::count);
  result.recoveries.add("share", std::move(way_shares), quantity::share);
  for (table* part : {&result.carts, &result.recoveries}) {
    part->set_option("cart", detail::names_text(options.cart));
    part->set_option("timeout", detail::duration_option(options.timeout));
    detail::set_cut_options(*part, journeys);
  }
  detail::set_interval_options(result.carts, options.intervals);
  return result;
}

}  // namespace klantreis
