// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/dropoff/rates.hpp"
#include "klantreis/dropoff/effort.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

struct effort_partial {
  std::array<std::vector<double>, 3> values;  // by kind, of each conversion
  std::vector<std::uint32_t> customers;       // of the same conversions
  std::map<std::size_t, std::pair<visit_moments, event_moments>> rates;

  effort_partial& operator+=(const effort_partial& other) {
    for (std::size_t kind = 0; kind < values.size(); ++kind) {
      values[kind].insert(values[kind].end(), other.values[kind].begin(), other.values[kind].end());
    }
    customers.insert(customers.end(), other.customers.begin(), other.customers.end());
    for (const auto& [met, row] : other.rates) {
      rates[met].first += row.first;
      rates[met].second += row.second;
    }
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE effort_tables effort(const journey_set& journeys, const effort_options& options) {
  require_cut(journeys, "effort");
  for (const double q : options.quantiles) {
    if (!(q >= 0.0 && q <= 1.0)) {
      throw input_error("a quantile is " + std::to_string(q) + "; it must lie between 0 and 1, for example 0.5");
    }
  }
  const detail::item_source items = detail::items_of(journeys, options.by, false);
  const std::vector<bool> is_hurdle = detail::codes_named(*items.names, options.hurdles, options.by);
  const bool with_hurdles = !options.hurdles.empty();
  const std::size_t kinds = with_hurdles ? 3 : 2;
  constexpr std::array<const char*, 3> kind_names{"steps", "distinct", "hurdles"};

  const auto count = [&](index_range range) {
    detail::effort_partial part;
    std::vector<std::uint64_t> last_seen(items.names->size(), 0);
    std::uint64_t number = 0;
    for (const std::size_t customer : each(range)) {
      std::map<std::size_t, std::pair<double, double>> own;  // journeys and conversions by hurdles
      for (auto index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
           ++index) {
        const journey piece = journeys[index];
        if (!piece.settled) {
          continue;
        }
        ++number;
        std::array<std::size_t, 3> counts{};
        items.for_each(piece, [&](std::uint32_t item, std::uint64_t) {
          ++counts[0];
          if (last_seen[item] != number) {
            last_seen[item] = number;
            ++counts[1];
            counts[2] += is_hurdle[item] ? 1U : 0U;
          }
        });
        auto& row = own[counts[kinds - 1]];
        row.first += 1.0;
        if (piece.converted) {
          row.second += 1.0;
          part.customers.push_back(static_cast<std::uint32_t>(customer));
          for (std::size_t kind = 0; kind < kinds; ++kind) {
            part.values[kind].push_back(static_cast<double>(counts[kind]));
          }
        }
      }
      for (const auto& [met, row] : own) {
        part.rates[met].first.add(row.first);
        if (row.second > 0.0) {
          part.rates[met].second.add(row.second, row.first);
        }
      }
    }
    return part;
  };
  detail::effort_partial found = count_in_slices(journeys.customers(), worker_count(options.threads), 4096, count);

  effort_tables result;
  std::vector<std::string> efforts;
  std::vector<std::string> measures;
  std::vector<std::int64_t> counts;
  detail::estimate_columns columns;
  for (std::size_t kind = 0; kind < kinds && !found.customers.empty(); ++kind) {
    const auto add = [&](std::string measure, const estimate& value) {
      efforts.emplace_back(kind_names[kind]);
      measures.push_back(std::move(measure));
      counts.push_back(static_cast<std::int64_t>(found.customers.size()));
      columns.add(value);
    };
    add("mean", detail::mean_by_customers(found.values[kind], found.customers, options.intervals));
    for (const double q : options.quantiles) {
      std::array<char, 32> text{};
      std::snprintf(text.data(), text.size(), "p%.10g", 100.0 * q);
      add(q == 0.5 ? "median" : text.data(),
          quantile_interval(found.values[kind], found.customers, q, options.intervals));
    }
  }
  result.measures = table{
      "What customers did until they converted, in settled journeys. steps: items before the conversion; distinct: "
      "different ones among them; hurdles: different hurdles among them. Mean with a log-normal interval, quantiles of "
      "type 7 with Woodruff's, by customers. count: conversions, n: customers."};
  result.measures.add("effort", std::move(efforts));
  result.measures.add("measure", std::move(measures));
  result.measures.add("value", std::move(columns.value));
  result.measures.add("lower", std::move(columns.lower));
  result.measures.add("upper", std::move(columns.upper));
  result.measures.add("count", std::move(counts), quantity::count);
  result.measures.add("n", std::move(columns.n), quantity::count);
  result.measures.add("marks", std::move(columns.marks));

  std::vector<std::int64_t> met;
  std::vector<std::int64_t> journey_counts;
  std::vector<std::int64_t> conversions;
  detail::estimate_columns shares;
  for (const auto& [number_met, row] : found.rates) {
    met.push_back(static_cast<std::int64_t>(number_met));
    journey_counts.push_back(static_cast<std::int64_t>(row.first.v));
    conversions.push_back(static_cast<std::int64_t>(row.second.e));
    shares.add(rate_interval(row.first, row.second, options.intervals));
  }
  const std::string kind = kind_names[kinds - 1];
  result.rates = table{"Settled journeys that converted, by how many different " +
                       std::string(with_hurdles ? "hurdles" : "items") +
                       " they met. Journeys that come further meet more: this says nothing about what fewer would do."};
  result.rates.add(kind, std::move(met), quantity::count);
  result.rates.add("journeys", std::move(journey_counts), quantity::count);
  result.rates.add("n", std::move(shares.n), quantity::count);
  result.rates.add("conversions", std::move(conversions), quantity::count);
  result.rates.add("rate", std::move(shares.value), quantity::share);
  result.rates.add("lower", std::move(shares.lower), quantity::share);
  result.rates.add("upper", std::move(shares.upper), quantity::share);
  result.rates.add("marks", std::move(shares.marks));
  for (table* part : {&result.measures, &result.rates}) {
    part->set_option("by", options.by);
    part->set_option("hurdles", with_hurdles ? detail::names_text(options.hurdles) : "none");
    detail::set_cut_options(*part, journeys);
    detail::set_interval_options(*part, options.intervals);
  }
  return result;
}

}  // namespace klantreis
