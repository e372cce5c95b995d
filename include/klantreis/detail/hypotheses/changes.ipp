// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/compare.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/rate_differences.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/hypotheses/changes.hpp"

namespace klantreis {
namespace detail {

/// Fewer visits say nothing, whatever they led to; periods with fewer are not looked at.
inline constexpr double least_period_visits = 5.0;

/// One visit of a state and where it led.
struct timed_visit {
  std::uint32_t customer = 0;
  std::uint32_t to = 0;
  std::uint32_t bin = 0;
};

/// A stretch of bins in which the visits of a state led elsewhere.
struct changed_period {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  double visits_during = 0.0;
  double visits_otherwise = 0.0;
  homogeneity test = {};
  double looked_at = 0.0;
  compared_rate rate = {};
};

/// Finds the periods of one state. Visits of a customer stand together.
class change_search {
 public:
  /// `rank` orders states by their names, so that rounding is the same however they are coded.
  change_search(std::uint32_t from, const std::vector<timed_visit>& visits, std::size_t bins,
                const std::vector<std::uint32_t>& rank, const interval_options& options)
      : from_(from), visits_(&visits), bins_(bins), options_(options), used_(bins, false), places_(rank.size(), 0) {
    std::vector<bool> seen(rank.size(), false);
    for (const timed_visit& visit : visits) {
      if (!seen[visit.to]) {
        seen[visit.to] = true;
        targets_.push_back(visit.to);
      }
    }
    std::sort(targets_.begin(), targets_.end(), [&](std::uint32_t a, std::uint32_t b) { return rank[a] < rank[b]; });
    for (std::size_t place = 0; place < targets_.size(); ++place) {
      places_[targets_[place]] = place;
    }
    const std::size_t width = targets_.size();
    until_.assign((bins + 1) * width, 0.0);
    for (const timed_visit& visit : visits) {
      until_[(visit.bin + 1) * width + places_[visit.to]] += 1.0;
    }
    for (std::size_t at = width; at < until_.size(); ++at) {
      until_[at] += until_[at - width];
    }
  }

  /// The period that differs most from the bins that no period took before; none without two ways to go or one bin.
  [[nodiscard]] bool next(changed_period& found) const {
    const std::size_t width = targets_.size();
    if (width < 2) {
      return false;
    }
    std::vector<double> total(width, 0.0);
    for (std::size_t bin = 0; bin < bins_; ++bin) {
      for (std::size_t target = 0; target < width && !used_[bin]; ++target) {
        total[target] += cell(bin, bin + 1, target);
      }
    }
    const double visits = std::accumulate(total.begin(), total.end(), 0.0);
    double best = -1.0;
    found = {};
    found.from = from_;
    for (std::size_t begin = 0; begin < bins_; ++begin) {
      check_stop();
      for (std::size_t end = begin + 1; end <= bins_ && !used_[end - 1]; ++end) {
        double inside = 0.0;
        for (std::size_t target = 0; target < width; ++target) {
          inside += cell(begin, end, target);
        }
        if (inside < least_period_visits || visits - inside < least_period_visits) {
          continue;
        }
        found.looked_at += 1.0;
        double g2 = 0.0;
        for (std::size_t target = 0; target < width; ++target) {
          g2 += part(cell(begin, end, target), total[target] * inside / visits);
          g2 += part(total[target] - cell(begin, end, target), total[target] * (visits - inside) / visits);
        }
        // The same visits in a longer stretch are no other finding.
        if (g2 > best * (1.0 + 1e-12)) {
          best = g2;
          found.begin = begin;
          found.end = end;
          found.visits_during = inside;
          found.visits_otherwise = visits - inside;
        }
      }
    }
    if (found.looked_at == 0.0) {
      return false;
    }
    measure(found, total, visits);
    return true;
  }

  void take(const changed_period& found) {
    std::fill(used_.begin() + static_cast<std::ptrdiff_t>(found.begin),
              used_.begin() + static_cast<std::ptrdiff_t>(found.end), true);
  }

 private:
  [[nodiscard]] double cell(std::size_t begin, std::size_t end, std::size_t target) const {
    return until_[end * targets_.size() + target] - until_[begin * targets_.size() + target];
  }
  [[nodiscard]] static double part(double observed, double expected) {
    return observed > 0.0 ? 2.0 * observed * std::log(observed / expected) : 0.0;
  }

  void measure(changed_period& found, const std::vector<double>& total, double visits) const {
    double most = -1.0;
    for (std::size_t target = 0; target < targets_.size(); ++target) {
      const double expected = total[target] * found.visits_during / visits;
      const double away = cell(found.begin, found.end, target) - expected;
      const double share = expected > 0.0 ? away * away / expected : 0.0;
      if (share > most * (1.0 + 1e-12)) {
        most = share;
        found.to = targets_[target];
      }
    }
    std::vector<destination_count> otherwise;
    std::vector<destination_count> during;
    for (const timed_visit& visit : *visits_) {
      const bool inside = visit.bin >= found.begin && visit.bin < found.end;
      if (inside || !used_[visit.bin]) {
        (inside ? during : otherwise).push_back({visit.customer, visit.to, 1.0});
      }
    }
    found.test = homogeneity_test(otherwise, during, true);
    set_rate(found);
  }

  void set_rate(changed_period& found) const {
    struct own_counts {
      double visits = 0.0;
      double events = 0.0;
    };
    std::array<rate_moments, 2> moments;
    std::vector<std::array<own_counts, 2>> customers;
    std::uint32_t last = 0;
    for (const timed_visit& visit : *visits_) {
      const bool inside = visit.bin >= found.begin && visit.bin < found.end;
      if (!inside && used_[visit.bin]) {
        continue;
      }
      if (customers.empty() || visit.customer != last) {
        customers.emplace_back();
        last = visit.customer;
      }
      own_counts& own = customers.back()[inside ? 1 : 0];
      own.visits += 1.0;
      own.events += visit.to == found.to ? 1.0 : 0.0;
    }
    for (const auto& customer : customers) {
      for (std::size_t group = 0; group < 2; ++group) {
        if (customer[group].visits > 0.0) {
          moments[group].visits.add(customer[group].visits);
          if (customer[group].events > 0.0) {
            moments[group].events.add(customer[group].events, customer[group].visits);
          }
        }
      }
    }
    compared_rate& row = found.rate;
    row.first = rate_interval(moments[0].visits, moments[0].events, options_);
    row.second = rate_interval(moments[1].visits, moments[1].events, options_);
    influence_sum psi;
    for (const auto& customer : customers) {
      psi.add((customer[1].events - row.second.value * customer[1].visits) / moments[1].visits.v -
              (customer[0].events - row.first.value * customer[0].visits) / moments[0].visits.v);
    }
    matched_change(row, psi, moments[0], moments[1], options_);
  }

  std::uint32_t from_;
  const std::vector<timed_visit>* visits_;
  std::size_t bins_;
  interval_options options_;
  std::vector<bool> used_;
  std::vector<std::size_t> places_;     // of a state among the targets
  std::vector<std::uint32_t> targets_;  // by name
  std::vector<double> until_;           // visits before each bin × destinations
};

/// The bins of a log: where they begin and how long they are, in ticks.
struct time_bins {
  std::int64_t begin = 0;
  std::int64_t width = 1;
  std::size_t count = 0;

  time_bins(const event_log& log, duration every) {
    if (!log.has_times()) {
      throw input_error("changes over time need a log with time");
    }
    width = to_ticks(every, log.ticks_per_second(), "every");
    if (log.events() == 0) {
      return;
    }
    const std::int64_t day = log.ticks_per_second() * 86'400;
    const std::int64_t first = *std::min_element(log.times().begin(), log.times().end());
    begin = first - ((first % day) + day) % day;
    count = static_cast<std::size_t>((log.last_time() - begin) / width) + 1;
    if (count > most_change_bins) {
      throw limit_error("the log has " + std::to_string(count) + " stretches of " + duration_option(every) +
                        "; at most " + std::to_string(most_change_bins) + " are possible: make every longer");
    }
  }

  [[nodiscard]] std::uint32_t of(std::int64_t time) const noexcept {
    return static_cast<std::uint32_t>((time - begin) / width);
  }
};

inline std::vector<std::vector<timed_visit>> visits_by_state(const journey_set& journeys, const item_source& items,
                                                             const state_codes& states, const time_bins& bins) {
  std::vector<std::vector<timed_visit>> rows(states.start + std::size_t{1});
  const auto times = journeys.log().times();
  for (std::uint32_t customer = 0; customer < journeys.customers(); ++customer) {
    for (std::size_t index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
         ++index) {
      const journey piece = journeys[index];
      if (!piece.settled) {
        continue;
      }
      std::uint32_t here = states.start;
      std::uint32_t bin = bins.of(times[piece.begin]);
      items.for_each(piece, [&](std::uint32_t code, std::uint64_t event) {
        rows[here].push_back({customer, code, bin});
        here = code;
        bin = bins.of(times[event]);
      });
      rows[here].push_back({customer, states.of(journeys.end_state_of(piece)), bin});
    }
  }
  return rows;
}

}  // namespace detail

KLANTREIS_INLINE table changes(const journey_set& journeys, const change_options& options) {
  const detail::time_bins bins{journeys.log(), options.every};
  const detail::item_source items = detail::items_of(journeys, options.by, options.collapse);
  const detail::state_codes states{items.names->size()};
  const name_table names = states.with_names(*items.names);
  const auto visits = detail::visits_by_state(journeys, items, states, bins);
  std::vector<std::uint32_t> order(names.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return names[a] < names[b]; });
  std::vector<std::uint32_t> rank(names.size());
  for (std::uint32_t place = 0; place < order.size(); ++place) {
    rank[order[place]] = place;
  }
  // Only items that led to more than one other can have changed.
  const double tested = static_cast<double>(std::count_if(visits.begin(), visits.end(), [](const auto& row) {
    return std::any_of(row.begin(), row.end(), [&](const auto& visit) { return visit.to != row.front().to; });
  }));
  const auto adjusted = [&](const detail::changed_period& period) {
    return (std::min)(1.0, period.test.p * period.looked_at * tested);
  };
  std::vector<std::vector<detail::changed_period>> by_state(visits.size());
  const auto workers = static_cast<unsigned>(
      (std::min)(std::size_t{worker_count(options.threads)}, (std::max)(std::size_t{1}, visits.size())));
  run_parallel(workers, [&](unsigned worker) {
    for (std::uint32_t state = worker; state < visits.size(); state += workers) {
      detail::change_search search{state, visits[state], bins.count, rank, options.intervals};
      detail::changed_period found;
      while (by_state[state].size() < options.periods && search.next(found)) {
        const bool firm = adjusted(found) <= 1.0 - options.intervals.level;
        if (firm || by_state[state].empty()) {
          by_state[state].push_back(found);
        }
        if (!firm) {
          break;
        }
        search.take(found);
      }
    }
  });
  std::vector<detail::changed_period> rows;
  for (const auto& own : by_state) {
    rows.insert(rows.end(), own.begin(), own.end());
  }
  std::sort(rows.begin(), rows.end(), [&](const detail::changed_period& a, const detail::changed_period& b) {
    if (detail::before_by_p(a.test.p, b.test.p) || detail::before_by_p(b.test.p, a.test.p)) {
      return detail::before_by_p(a.test.p, b.test.p);
    }
    return a.from != b.from ? names[a.from] < names[b.from] : a.begin < b.begin;
  });
  const auto moment = [&](std::size_t bin) {
    return detail::to_instant(bins.begin + static_cast<std::int64_t>(bin) * bins.width,
                              journeys.log().ticks_per_second())
        .time_since_epoch()
        .count();
  };
  const auto estimates = [&](auto&& of) {
    std::vector<estimate> result;
    for (const auto& row : rows) {
      result.push_back(of(row.rate));
    }
    return result;
  };
  table result{
      "Periods in which customers went on from an item in another way than at other times. Of each item the period "
      "with "
      "the largest G2 is shown; p: of a test by customers (Rao and Scott), p_adjusted: p x periods looked at x items. "
      "to: "
      "the destination that changed most for its size, with its share of the visits during the period and otherwise; "
      "the "
      "interval of the difference takes period and destination as given. n: customers who visited the item in either. "
      "Association in time, not cause."};
  result.add("from", detail::column_of_texts(rows, [&](const auto& row) { return names[row.from]; }));
  std::vector<std::int64_t> begins;
  std::vector<std::int64_t> ends;
  for (const auto& row : rows) {
    begins.push_back(moment(row.begin));
    ends.push_back(moment(row.end));
  }
  result.add("begin", std::move(begins), quantity::moment);
  result.add("end", std::move(ends), quantity::moment);
  result.add("to", detail::column_of_texts(rows, [&](const auto& row) { return names[row.to]; }));
  detail::add_estimates(result, "during", estimates([](const auto& rate) { return rate.second; }));
  detail::add_estimates(result, "otherwise", estimates([](const auto& rate) { return rate.first; }));
  detail::add_estimates(result, "difference", estimates([](const auto& rate) { return rate.change; }), quantity::share,
                        true);
  result.add("visits_during", detail::column_of_counts(rows, [](const auto& row) { return row.visits_during; }),
             quantity::count);
  result.add("visits_otherwise", detail::column_of_counts(rows, [](const auto& row) { return row.visits_otherwise; }),
             quantity::count);
  result.add("g2", detail::column_of_numbers(rows, [](const auto& row) { return row.test.g2; }));
  result.add("p", detail::column_of_numbers(rows, [](const auto& row) { return row.test.p; }));
  result.add("p_adjusted", detail::column_of_numbers(rows, adjusted));
  result.add("n", detail::column_of_counts(rows, [](const auto& row) { return row.rate.change.n; }), quantity::count);
  result.add("marks", detail::column_of_texts(rows, [](const auto& row) { return to_text(row.rate.change.marks); }));
  result.set_option("by", options.by);
  result.set_option("collapse", items.collapse ? "yes" : "no");
  result.set_option("every", detail::duration_option(options.every));
  result.set_option("periods", std::to_string(options.periods));
  for (const auto& [key, value] : detail::cut_options(journeys)) {
    result.set_option(key, value);
  }
  detail::set_interval_options(result, options.intervals);
  return result;
}

}  // namespace klantreis
