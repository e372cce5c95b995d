// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/measure_visits.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/pair_counts.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/measure/reach.hpp"

namespace klantreis {
namespace detail {

/// The place of a phase that options name; all of them when they name none.
inline std::optional<std::uint32_t> only_phase(const journey_design& design, const std::string& name) {
  if (name.empty()) {
    return std::nullopt;
  }
  if (const auto place = design.find_phase(name)) {
    return static_cast<std::uint32_t>(*place);
  }
  throw input_error("the design has no phase " + quoted(name) + "; it has " + phases_option(design));
}

struct reach_cell {
  std::int64_t events = 0;
  std::int64_t customers = 0;
  std::uint64_t last = 0;  // customer, counted from 1
};

/// Events and customers of cells that customers touch one after the other.
struct reach_cells {
  std::vector<reach_cell> cells;

  void touch(std::size_t cell, std::size_t customer) {
    reach_cell& one = cells[cell];
    ++one.events;
    if (one.last != customer + 1) {
      one.last = customer + 1;
      ++one.customers;
    }
  }
  reach_cells& operator+=(const reach_cells& other) {
    for (std::size_t at = 0; at < cells.size(); ++at) {
      cells[at].events += other.cells[at].events;
      cells[at].customers += other.cells[at].customers;
    }
    return *this;
  }
};

inline void require_cells(std::size_t rows, std::size_t columns, const std::string& by) {
  constexpr std::size_t most = std::size_t{1} << 26U;
  if (columns != 0 && rows > most / columns) {
    throw limit_error(std::to_string(columns) + " names of " + quoted(by) + " in " + std::to_string(rows) +
                      " phases are more than can be told apart here; group them first");
  }
}

inline double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? null_value : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace detail

KLANTREIS_INLINE table phase_reach(const journey_set& journeys, const journey_design& design,
                                   const reach_options& options) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const label_column& labels = log.labels(options.by);
  const auto only = detail::only_phase(design, options.phase);
  const std::size_t width = labels.names.size() + 1;  // the last one: any label
  const std::size_t size = design.phases.size();
  detail::require_cells(size, width, options.by);
  const auto total = count_in_slices(whole.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    detail::reach_cells part{std::vector<detail::reach_cell>(size * width)};
    for (const std::size_t customer : each(range)) {
      const index_range events = detail::events_of(whole, customer);
      for (std::size_t event = events.begin; event < events.end; ++event) {
        const std::uint32_t phase = phases[event];
        if (phase != detail::no_phase && (!only || *only == phase)) {
          part.touch(phase * width + labels.codes[event], customer);
          part.touch(phase * width + width - 1, customer);
        }
      }
    }
    return part;
  });
  std::vector<std::string> phase_names, names, marks;
  std::vector<std::int64_t> events, customers, n;
  std::vector<double> frequency, share, lower, upper;
  for (std::size_t phase = 0; phase < size; ++phase) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t code = 0; code + 1 < width; ++code) {
      if (total.cells[phase * width + code].events != 0) {
        order.push_back(code);
      }
    }
    const auto cell = [&](std::uint32_t code) -> const detail::reach_cell& {
      return total.cells[phase * width + code];
    };
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return cell(a).customers != cell(b).customers ? cell(a).customers > cell(b).customers
                                                    : labels.names[a] < labels.names[b];
    });
    const std::int64_t all = total.cells[phase * width + width - 1].customers;
    for (const std::uint32_t code : order) {
      const estimate one = detail::share_of_customers(static_cast<std::uint64_t>(cell(code).customers),
                                                      static_cast<std::uint64_t>(all), options.intervals);
      phase_names.push_back(design.phases[phase].name);
      names.emplace_back(labels.names[code]);
      events.push_back(cell(code).events);
      customers.push_back(cell(code).customers);
      frequency.push_back(detail::ratio(cell(code).events, cell(code).customers));
      n.push_back(all);
      share.push_back(one.value);
      lower.push_back(one.lower);
      upper.push_back(one.upper);
      marks.push_back(to_text(one.marks));
    }
  }
  table result{"How customers are reached in each phase. customers: those with an event of the " + options.by +
               " in the phase; frequency: events per customer; share: of the n customers who were in the phase, with "
               "Wilson's interval."};
  result.set_option("level", design.level);
  detail::set_interval_options(result, options.intervals);
  result.add("phase", std::move(phase_names));
  result.add(options.by, std::move(names));
  result.add("events", std::move(events), quantity::count);
  result.add("customers", std::move(customers), quantity::count);
  result.add("frequency", std::move(frequency));
  result.add("n", std::move(n), quantity::count);
  result.add("share", std::move(share), quantity::share);
  result.add("lower", std::move(lower), quantity::share);
  result.add("upper", std::move(upper), quantity::share);
  result.add("marks", std::move(marks));
  return result;
}

KLANTREIS_INLINE table period_reach(const journey_set& journeys, const journey_design& design, calendar_period period,
                                    const reach_options& options) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  detail::require_times(log, "period_reach");
  const detail::phase_codes phases{log, design};
  const label_column& labels = log.labels(options.by);
  const auto only = detail::only_phase(design, options.phase);
  constexpr std::uint32_t any = 0xFFFF'FFFFU;
  struct part {
    std::map<std::pair<std::int64_t, std::uint32_t>, detail::reach_cell> cells;
    part& operator+=(const part& other) {
      for (const auto& [key, cell] : other.cells) {
        cells[key].events += cell.events;
        cells[key].customers += cell.customers;
      }
      return *this;
    }
  };
  const auto total = count_in_slices(whole.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    part counts;
    for (const std::size_t customer : each(range)) {
      const index_range events = detail::events_of(whole, customer);
      for (std::size_t event = events.begin; event < events.end; ++event) {
        if (only ? phases[event] != *only : phases[event] == detail::no_phase) {
          continue;
        }
        const std::int64_t start = period_start(detail::to_instant(log.times()[event], log.ticks_per_second()), period)
                                       .time_since_epoch()
                                       .count();
        for (const std::uint32_t label : {labels.codes[event], any}) {
          detail::reach_cell& cell = counts.cells[{start, label}];
          ++cell.events;
          if (cell.last != customer + 1) {
            cell.last = customer + 1;
            ++cell.customers;
          }
        }
      }
    }
    return counts;
  });
  struct row {
    std::int64_t start = 0;
    std::string label;
    detail::reach_cell cell;
  };
  std::vector<row> rows;
  for (const auto& [key, cell] : total.cells) {
    rows.push_back({key.first, key.second == any ? std::string{} : std::string{labels.names[key.second]}, cell});
  }
  std::sort(rows.begin(), rows.end(),
            [](const row& a, const row& b) { return a.start != b.start ? a.start < b.start : a.label < b.label; });
  std::vector<std::int64_t> starts, events, customers;
  std::vector<std::string> names;
  std::vector<double> frequency;
  for (const row& one : rows) {
    starts.push_back(one.start);
    names.push_back(one.label);
    events.push_back(one.cell.events);
    customers.push_back(one.cell.customers);
    frequency.push_back(detail::ratio(one.cell.events, one.cell.customers));
  }
  table result{"Customers reached in each period, named by its beginning in UTC; rows with an empty " + options.by +
               " are of all together, each customer once. frequency: events per customer."};
  result.set_option("level", design.level);
  result.set_option("phase", options.phase.empty() ? "all" : options.phase);
  result.add("period", std::move(starts), quantity::moment);
  result.add(options.by, std::move(names));
  result.add("events", std::move(events), quantity::count);
  result.add("customers", std::move(customers), quantity::count);
  result.add("frequency", std::move(frequency));
  return result;
}

KLANTREIS_INLINE table reach_overlap(const journey_set& journeys, const journey_design& design,
                                     const reach_options& options) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const label_column& labels = log.labels(options.by);
  const auto only = detail::only_phase(design, options.phase);
  // A pair of a label with itself counts its customers.
  const auto pairs = count_in_slices(whole.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    detail::pair_counts part;
    std::vector<std::uint32_t> own;
    for (const std::size_t customer : each(range)) {
      const index_range events = detail::events_of(whole, customer);
      own.clear();
      for (std::size_t event = events.begin; event < events.end; ++event) {
        if (only ? phases[event] == *only : phases[event] != detail::no_phase) {
          own.push_back(labels.codes[event]);
        }
      }
      std::sort(own.begin(), own.end());
      own.erase(std::unique(own.begin(), own.end()), own.end());
      for (std::size_t a = 0; a < own.size(); ++a) {
        for (std::size_t b = a; b < own.size(); ++b) {
          part.add(own[a], own[b]);
        }
      }
    }
    return part;
  });
  std::vector<std::int64_t> alone(labels.names.size());
  struct row {
    std::string first;
    std::string second;
    std::int64_t both = 0;
    std::int64_t of_first = 0;
    std::int64_t of_second = 0;
  };
  pairs.for_each([&](std::uint32_t a, std::uint32_t b, std::uint64_t times) {
    if (a == b) {
      alone[a] = static_cast<std::int64_t>(times);
    }
  });
  std::vector<row> rows;
  pairs.for_each([&](std::uint32_t a, std::uint32_t b, std::uint64_t times) {
    if (a != b) {
      if (labels.names[b] < labels.names[a]) {
        std::swap(a, b);
      }
      rows.push_back({std::string{labels.names[a]}, std::string{labels.names[b]}, static_cast<std::int64_t>(times),
                      alone[a], alone[b]});
    }
  });
  std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) {
    return a.both != b.both ? a.both > b.both : std::tie(a.first, a.second) < std::tie(b.first, b.second);
  });
  std::vector<std::string> first, second;
  std::vector<std::int64_t> customers;
  std::vector<double> of_first, of_second;
  for (const row& one : rows) {
    first.push_back(one.first);
    second.push_back(one.second);
    customers.push_back(one.both);
    of_first.push_back(detail::ratio(one.both, one.of_first));
    of_second.push_back(detail::ratio(one.both, one.of_second));
  }
  table result{"How many customers two of the " + options.by + "s share" +
               (options.phase.empty() ? std::string{} : " in the phase " + options.phase) +
               ", and which part that is of the customers of each."};
  result.set_option("by", options.by);
  result.set_option("phase", options.phase.empty() ? "all" : options.phase);
  result.add("first", std::move(first));
  result.add("second", std::move(second));
  result.add("customers", std::move(customers), quantity::count);
  result.add("share_of_first", std::move(of_first), quantity::share);
  result.add("share_of_second", std::move(of_second), quantity::share);
  return result;
}

KLANTREIS_INLINE table label_positions(const journey_set& journeys, const reach_options& options) {
  constexpr std::size_t parts = 3;
  constexpr std::array<const char*, parts> part_names{"begin", "middle", "end"};
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const label_column& labels = log.labels(options.by);
  const std::size_t size = labels.names.size() * parts;
  detail::require_cells(parts, labels.names.size(), options.by);
  struct part {
    detail::visit_rates rates;
    std::vector<std::int64_t> events;
    part& operator+=(const part& other) {
      rates += other.rates;
      for (std::size_t at = 0; at < events.size(); ++at) {
        events[at] += other.events[at];
      }
      return *this;
    }
  };
  const auto total = count_in_slices(whole.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    part counts;
    counts.rates.resize(size);
    counts.events.resize(size);
    std::vector<std::uint64_t> last(size);
    for (const std::size_t customer : each(range)) {
      for (auto index = whole.customer_offsets()[customer]; index < whole.customer_offsets()[customer + 1]; ++index) {
        const journey piece = whole[index];
        std::uint64_t end = piece.begin;
        while (end < piece.end && !whole.is_conversion_event(end)) {
          ++end;
        }
        for (std::uint64_t event = piece.begin; piece.settled && event < end; ++event) {
          const std::uint64_t third = parts * (event - piece.begin) / (end - piece.begin);
          const std::size_t cell = labels.codes[event] * parts + third;
          ++counts.events[cell];
          if (last[cell] != index + 1) {
            last[cell] = index + 1;
            counts.rates.visit(cell);
            if (piece.converted) {
              counts.rates.event(cell);
            }
          }
        }
      }
      counts.rates.end_customer();
    }
    return counts;
  });
  std::vector<std::uint32_t> order;
  std::vector<std::int64_t> all(labels.names.size());
  for (std::uint32_t code = 0; code < labels.names.size(); ++code) {
    for (std::size_t third = 0; third < parts; ++third) {
      all[code] += total.events[code * parts + third];
    }
    if (all[code] != 0) {
      order.push_back(code);
    }
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return all[a] != all[b] ? all[a] > all[b] : labels.names[a] < labels.names[b];
  });
  std::vector<std::string> names, where;
  std::vector<std::int64_t> events, journeys_with, conversions;
  std::vector<double> share;
  detail::estimate_columns rates;
  for (const std::uint32_t code : order) {
    for (std::size_t third = 0; third < parts; ++third) {
      const std::size_t cell = code * parts + third;
      names.emplace_back(labels.names[code]);
      where.emplace_back(part_names[third]);
      events.push_back(total.events[cell]);
      share.push_back(detail::ratio(total.events[cell], all[code]));
      journeys_with.push_back(static_cast<std::int64_t>(total.rates.visits()[cell].v));
      conversions.push_back(static_cast<std::int64_t>(total.rates.events()[cell].e));
      rates.add(rate_interval(total.rates.visits()[cell], total.rates.events()[cell], options.intervals));
    }
  }
  table result{"Where in a journey each " + options.by +
               " occurs: the events of a settled journey up to its first conversion are cut into three parts of equal "
               "numbers. share: of the events of the " +
               options.by +
               "; journeys: those with it in the part; conversion_rate: the share of them that converts, with an "
               "interval by customers. Association, not effect."};
  for (const auto& [name, value] : detail::cut_options(whole)) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, options.intervals);
  result.add(options.by, std::move(names));
  result.add("part", std::move(where));
  result.add("events", std::move(events), quantity::count);
  result.add("share", std::move(share), quantity::share);
  result.add("journeys", std::move(journeys_with), quantity::count);
  result.add("conversions", std::move(conversions), quantity::count);
  result.add("conversion_rate", std::move(rates.value), quantity::share);
  result.add("lower", std::move(rates.lower), quantity::share);
  result.add("upper", std::move(rates.upper), quantity::share);
  result.add("n", std::move(rates.n), quantity::count);
  result.add("marks", std::move(rates.marks));
  return result;
}

KLANTREIS_INLINE table inventory(const journey_set& journeys, const journey_design& design, unsigned threads) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const detail::touchpoint_items items{log, design};
  struct use {
    detail::reach_cell cell;
    std::int64_t first = (std::numeric_limits<std::int64_t>::max)();
    std::int64_t last = (std::numeric_limits<std::int64_t>::min)();
    std::set<std::uint32_t> phases;
  };
  struct part {
    std::vector<use> uses;
    part& operator+=(const part& other) {
      for (std::size_t at = 0; at < uses.size(); ++at) {
        uses[at].cell.events += other.uses[at].cell.events;
        uses[at].cell.customers += other.uses[at].cell.customers;
        uses[at].first = (std::min)(uses[at].first, other.uses[at].first);
        uses[at].last = (std::max)(uses[at].last, other.uses[at].last);
        uses[at].phases.insert(other.uses[at].phases.begin(), other.uses[at].phases.end());
      }
      return *this;
    }
  };
  const auto total = count_in_slices(whole.customers(), worker_count(threads), 4096, [&](index_range range) {
    part counts;
    counts.uses.resize(items.names.size());
    for (const std::size_t customer : each(range)) {
      const index_range events = detail::events_of(whole, customer);
      for (std::size_t event = events.begin; event < events.end; ++event) {
        use& one = counts.uses[log.touchpoints()[event]];
        ++one.cell.events;
        if (one.cell.last != customer + 1) {
          one.cell.last = customer + 1;
          ++one.cell.customers;
        }
        if (log.has_times()) {
          one.first = (std::min)(one.first, log.times()[event]);
          one.last = (std::max)(one.last, log.times()[event]);
        }
        if (!one.phases.contains(phases[event])) {
          one.phases.insert(phases[event]);
        }
      }
    }
    return counts;
  });
  std::vector<std::string> names, phase_names, stage, owner, first_seen, last_seen, status;
  std::vector<bool> designed;
  std::vector<std::int64_t> events, customers;
  for (const std::uint32_t item : items.order) {
    const use& one = total.uses[item];
    const std::uint32_t place = items.design[item];
    const bool known = place != detail::no_phase;
    if (!known && one.cell.events == 0) {
      continue;
    }
    std::string phase;
    bool measured = true;
    if (known) {
      phase = design.touchpoints[place].phase;
      if (const auto found = detail::phase_of_label(design, phase)) {
        phase = design.phases[*found].name;
        measured = design.phases[*found].measured;
      }
    } else if (one.phases.size() == 1 && *one.phases.begin() != detail::no_phase) {
      phase = design.phases[*one.phases.begin()].name;
    }
    const auto moment = [&](std::int64_t ticks) {
      return one.cell.events != 0 && log.has_times()
                 ? detail::instant_option(detail::to_instant(ticks, log.ticks_per_second()))
                 : std::string{};
    };
    names.push_back(items.names[item]);
    phase_names.push_back(phase);
    stage.emplace_back(!known ? "" : design.touchpoints[place].onstage ? "onstage" : "offstage");
    owner.push_back(known ? design.touchpoints[place].owner : "");
    designed.push_back(known);
    events.push_back(one.cell.events);
    customers.push_back(one.cell.customers);
    first_seen.push_back(moment(one.first));
    last_seen.push_back(moment(one.last));
    status.emplace_back(!known && !design.touchpoints.empty() ? "not designed"
                        : one.cell.events != 0                ? "measured"
                        : measured                            ? "never seen"
                                                              : "not measured");
  }
  table result{
      "Every touchpoint of the design and of the log, with its events and customers. status: measured; never seen "
      "(designed, without an event); not designed; not measured (its phase leaves no events)."};
  result.set_option("level", design.level);
  result.add("touchpoint", std::move(names));
  result.add("phase", std::move(phase_names));
  result.add("stage", std::move(stage));
  result.add("owner", std::move(owner));
  result.add("designed", std::move(designed));
  result.add("events", std::move(events), quantity::count);
  result.add("customers", std::move(customers), quantity::count);
  result.add("first_seen", std::move(first_seen));
  result.add("last_seen", std::move(last_seen));
  result.add("status", std::move(status));
  return result;
}

KLANTREIS_INLINE std::vector<std::string> phases_without_touchpoints(const journey_design& design) {
  std::set<std::string> used;
  for (const designed_touchpoint& touchpoint : design.touchpoints) {
    used.insert(touchpoint.phase);
  }
  std::vector<std::string> empty;
  for (const designed_phase& phase : design.phases) {
    const bool own =
        used.contains(phase.name) || std::any_of(phase.labels.begin(), phase.labels.end(),
                                                 [&](const std::string& label) { return used.contains(label); });
    if (!own) {
      empty.push_back(phase.name);
    }
  }
  return empty;
}

}  // namespace klantreis
