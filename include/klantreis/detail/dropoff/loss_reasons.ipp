// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "klantreis/detail/dropoff/rates.hpp"
#include "klantreis/dropoff/loss_reasons.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

struct loss_partial {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> cells;  // by reason and item
  std::vector<std::uint64_t> of_item;
  visit_moments exits;
  visit_moments known;
  std::vector<event_moments> of_all;  // by reason
  std::vector<event_moments> of_known;

  loss_partial& operator+=(const loss_partial& other) {
    for (const auto& [key, count] : other.cells) {
      cells[key] += count;
    }
    for (std::size_t item = 0; item < of_item.size(); ++item) {
      of_item[item] += other.of_item[item];
    }
    exits += other.exits;
    known += other.known;
    for (std::size_t reason = 0; reason < of_all.size(); ++reason) {
      of_all[reason] += other.of_all[reason];
      of_known[reason] += other.of_known[reason];
    }
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE loss_reason_tables loss_reasons(const journey_set& journeys, const loss_reason_options& options) {
  const event_log& log = journeys.log();
  const label_column& reasons = log.labels(options.reason);
  const detail::item_source items = detail::items_of(journeys, options.by, false);
  const auto none = reasons.names.find(none_label);
  const std::uint32_t unknown = none ? *none : static_cast<std::uint32_t>(reasons.names.size());
  const std::size_t rows = reasons.names.size() + 1;  // the last one for unknown where no event lacks a reason

  const auto count_losses = [&](index_range range) {
    detail::loss_partial part;
    part.of_item.resize(items.names->size());
    part.of_all.resize(rows);
    part.of_known.resize(rows);
    std::vector<double> own(rows, 0.0);
    std::vector<std::uint32_t> met;
    for (const std::size_t customer : each(range)) {
      double own_exits = 0.0;
      double own_known = 0.0;
      met.clear();
      for (auto index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
           ++index) {
        const journey piece = journeys[index];
        if (!piece.is_null() || piece.begin == piece.path_end) {
          continue;
        }
        std::uint32_t reason = unknown;
        for (std::uint64_t event = piece.end; event > piece.begin && reason == unknown; --event) {
          reason = reasons.codes[event - 1];
        }
        const std::uint32_t item = items.codes[piece.path_end - 1];
        ++part.cells[{reason, item}];
        ++part.of_item[item];
        own_exits += 1.0;
        own_known += reason == unknown ? 0.0 : 1.0;
        if (own[reason] == 0.0) {
          met.push_back(reason);
        }
        own[reason] += 1.0;
      }
      if (own_exits > 0.0) {
        part.exits.add(own_exits);
      }
      if (own_known > 0.0) {
        part.known.add(own_known);
      }
      for (const std::uint32_t reason : met) {
        part.of_all[reason].add(own[reason], own_exits);
        if (reason != unknown) {
          part.of_known[reason].add(own[reason], own_known);
        }
        own[reason] = 0.0;
      }
    }
    return part;
  };
  const detail::loss_partial found =
      count_in_slices(journeys.customers(), worker_count(options.threads), 4096, count_losses);
  const auto name_of = [&](std::uint32_t reason) {
    return reason == unknown ? std::string{none_label} : std::string{reasons.names[reason]};
  };

  loss_reason_tables result;
  struct place {
    std::string reason;
    std::string item;
    std::uint64_t count;
    double share_of_item;
  };
  std::vector<place> places;
  for (const auto& [key, count] : found.cells) {
    places.push_back({name_of(key.first), std::string{(*items.names)[key.second]}, count,
                      static_cast<double>(count) / static_cast<double>(found.of_item[key.second])});
  }
  std::sort(places.begin(), places.end(), [](const place& a, const place& b) {
    return a.count != b.count ? a.count > b.count : std::tie(a.reason, a.item) < std::tie(b.reason, b.item);
  });
  std::vector<std::string> reason_names;
  std::vector<std::string> item_names;
  std::vector<std::int64_t> counts;
  std::vector<double> shares;
  std::vector<double> shares_of_item;
  for (const place& one : places) {
    reason_names.push_back(one.reason);
    item_names.push_back(one.item);
    counts.push_back(static_cast<std::int64_t>(one.count));
    shares.push_back(static_cast<double>(one.count) / found.exits.v);
    shares_of_item.push_back(one.share_of_item);
  }
  result.places = table{
      "Why and where settled journeys were left without a conversion. The reason is the last one given in the journey, "
      "(none) where none is; the place is its last item. share: of all exits, share_of_item: of those there."};
  result.places.add(options.reason, std::move(reason_names));
  result.places.add(options.by == options.reason ? options.by + " left" : options.by, std::move(item_names));
  result.places.add("count", std::move(counts), quantity::count);
  result.places.add("share", std::move(shares), quantity::share);
  result.places.add("share_of_item", std::move(shares_of_item), quantity::share);

  std::vector<std::uint32_t> order;
  for (std::uint32_t reason = 0; reason < rows; ++reason) {
    if (found.of_all[reason].e > 0.0) {
      order.push_back(reason);
    }
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return found.of_all[a].e != found.of_all[b].e ? found.of_all[a].e > found.of_all[b].e : name_of(a) < name_of(b);
  });
  std::vector<std::string> labels;
  std::vector<std::int64_t> totals;
  detail::estimate_columns of_exits;
  detail::estimate_columns among_known;
  for (const std::uint32_t reason : order) {
    labels.push_back(name_of(reason));
    totals.push_back(static_cast<std::int64_t>(found.of_all[reason].e));
    of_exits.add(detail::share_by_customers(found.exits, found.of_all[reason], options.intervals));
    among_known.add(reason == unknown
                        ? estimate{}
                        : detail::share_by_customers(found.known, found.of_known[reason], options.intervals));
  }
  result.reasons = table{
      "Why settled journeys were left without a conversion. share: of all exits, those without a reason, (none), "
      "included; share_of_known: of the exits with a reason; n: customers who left. Intervals by customers."};
  result.reasons.add(options.reason, std::move(labels));
  result.reasons.add("count", std::move(totals), quantity::count);
  result.reasons.add("n", std::move(of_exits.n), quantity::count);
  result.reasons.add("share", std::move(of_exits.value), quantity::share);
  result.reasons.add("lower", std::move(of_exits.lower), quantity::share);
  result.reasons.add("upper", std::move(of_exits.upper), quantity::share);
  result.reasons.add("share_of_known", std::move(among_known.value), quantity::share);
  result.reasons.add("share_of_known_lower", std::move(among_known.lower), quantity::share);
  result.reasons.add("share_of_known_upper", std::move(among_known.upper), quantity::share);
  result.reasons.add("marks", std::move(of_exits.marks));
  for (table* part : {&result.places, &result.reasons}) {
    part->set_option("reason", options.reason);
    part->set_option("by", options.by);
    detail::set_cut_options(*part, journeys);
  }
  detail::set_interval_options(result.reasons, options.intervals);
  return result;
}

}  // namespace klantreis
