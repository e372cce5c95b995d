// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/measure_visits.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/measure/states.hpp"

namespace klantreis {
namespace detail {

struct phase_stay {
  std::size_t customer = 0;
  std::size_t journey = 0;  // of the customer, from 1
  std::uint32_t phase = 0;
  std::uint64_t first = 0;
  std::uint64_t events = 0;
};

struct phase_stays {
  std::vector<phase_stay> rows;
  phase_stays& operator+=(const phase_stays& other) {
    rows.insert(rows.end(), other.rows.begin(), other.rows.end());
    return *this;
  }
};

inline phase_stays stays_of(const journey_set& whole, const phase_codes& phases, std::size_t customer) {
  phase_stays stays;
  const auto offsets = whole.customer_offsets();
  for (std::uint64_t index = offsets[customer]; index < offsets[customer + 1]; ++index) {
    const journey piece = whole[index];
    bool inside = false;
    for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
      const std::uint32_t phase = phases[event];
      if (phase == no_phase) {
        continue;
      }
      if (!inside || stays.rows.back().phase != phase) {
        stays.rows.push_back({customer, index - offsets[customer] + 1, phase, event, 0});
        inside = true;
      }
      ++stays.rows.back().events;
    }
  }
  return stays;
}

[[nodiscard]] inline std::size_t require_customer(const event_log& log, std::string_view id) {
  if (const auto customer = log.find_customer(id)) {
    return *customer;
  }
  throw input_error("the log has no customer " + quoted(id));
}

/// Counts by instant and state of a slice of the customers.
struct state_counts {
  std::vector<std::int64_t> cells;
  std::vector<std::int64_t> seen;
  state_counts& operator+=(const state_counts& other) {
    for (std::size_t at = 0; at < cells.size(); ++at) {
      cells[at] += other.cells[at];
    }
    for (std::size_t at = 0; at < seen.size(); ++at) {
      seen[at] += other.seen[at];
    }
    return *this;
  }
};

inline void require_rising(const std::vector<instant>& at) {
  for (std::size_t i = 1; i < at.size(); ++i) {
    if (at[i] <= at[i - 1]) {
      throw input_error("the instants do not rise: " + instant_option(at[i]) + " comes after " +
                        instant_option(at[i - 1]) + "; sort them and name each once");
    }
  }
}

}  // namespace detail

KLANTREIS_INLINE instant period_start(instant at, calendar_period period) noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  if (period == calendar_period::day) {
    return day;
  }
  if (period == calendar_period::week) {
    const std::chrono::weekday weekday{day};
    return day - std::chrono::days{weekday.iso_encoding() - 1};
  }
  const std::chrono::year_month_day date{day};
  return std::chrono::sys_days{date.year() / date.month() / 1};
}

KLANTREIS_INLINE instant period_end(instant start, calendar_period period) noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(start);
  if (period == calendar_period::day) {
    return day + std::chrono::days{1};
  }
  if (period == calendar_period::week) {
    return day + std::chrono::days{7};
  }
  const std::chrono::year_month_day date{day};
  return std::chrono::sys_days{(date.year() / date.month() + std::chrono::months{1}) / 1};
}

KLANTREIS_INLINE std::optional<std::string> phase_at(const journey_set& journeys, const journey_design& design,
                                                     std::string_view customer, instant at) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  detail::require_times(log, "phase_at");
  const detail::phase_codes phases{log, design};
  const index_range events = detail::events_of(whole, detail::require_customer(log, customer));
  const std::int64_t until = detail::tick_at(at, log.ticks_per_second());
  std::optional<std::string> phase;
  for (std::size_t event = events.begin; event < events.end && log.times()[event] <= until; ++event) {
    if (phases[event] != detail::no_phase) {
      phase = design.phases[phases[event]].name;
    }
  }
  return phase;
}

KLANTREIS_INLINE table phase_history(const journey_set& journeys, const journey_design& design,
                                     const std::vector<std::string>& customers, unsigned threads) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  detail::require_times(log, "phase_history");
  const detail::phase_codes phases{log, design};
  detail::phase_stays stays;
  if (customers.empty()) {
    stays = count_in_slices(whole.customers(), worker_count(threads), 4096, [&](index_range range) {
      detail::phase_stays part;
      for (const std::size_t customer : each(range)) {
        part += detail::stays_of(whole, phases, customer);
      }
      return part;
    });
  } else {
    for (const std::string& id : customers) {
      stays += detail::stays_of(whole, phases, detail::require_customer(log, id));
    }
  }

  // Customers have no order in a log; here they get that of their ids.
  std::vector<std::pair<std::string, std::size_t>> groups;  // id, first row
  for (std::size_t row = 0; row < stays.rows.size(); ++row) {
    if (row == 0 || stays.rows[row].customer != stays.rows[row - 1].customer) {
      groups.emplace_back(log.customer_id(stays.rows[row].customer), row);
    }
  }
  if (customers.empty()) {
    std::sort(groups.begin(), groups.end());
  }
  const auto micros = [&](std::int64_t ticks) {
    return detail::to_instant(ticks, log.ticks_per_second()).time_since_epoch().count();
  };
  std::vector<std::string> ids, names;
  std::vector<std::int64_t> numbers, from, to, events;
  std::vector<double> seconds;
  std::vector<bool> current;
  for (const auto& [id, first] : groups) {
    for (std::size_t row = first; row < stays.rows.size() && stays.rows[row].customer == stays.rows[first].customer;
         ++row) {
      const detail::phase_stay& stay = stays.rows[row];
      const bool last = row + 1 == stays.rows.size() || stays.rows[row + 1].customer != stay.customer;
      const std::int64_t begin = log.times()[stay.first];
      const std::int64_t end = last ? whole.observed_until_ticks() : log.times()[stays.rows[row + 1].first];
      ids.push_back(id);
      numbers.push_back(static_cast<std::int64_t>(stay.journey));
      names.push_back(design.phases[stay.phase].name);
      from.push_back(micros(begin));
      to.push_back(micros(end));
      seconds.push_back(static_cast<double>(end - begin) / static_cast<double>(log.ticks_per_second()));
      events.push_back(static_cast<std::int64_t>(stay.events));
      current.push_back(last);
    }
  }
  table result{
      "The phases of each customer in time. A phase lasts from its first event until the next phase begins, and the "
      "last one until the end of the observation (current). journey: the customer's first, second … journey."};
  result.set_option("level", design.level);
  for (const auto& [name, value] : detail::cut_options(whole)) {
    result.set_option(name, value);
  }
  result.add("customer", std::move(ids));
  result.add("journey", std::move(numbers));
  result.add("phase", std::move(names));
  result.add("from", std::move(from), quantity::moment);
  result.add("to", std::move(to), quantity::moment);
  result.add("seconds", std::move(seconds), quantity::seconds);
  result.add("events", std::move(events), quantity::count);
  result.add("current", std::move(current));
  return result;
}

KLANTREIS_INLINE table timeline(const journey_set& journeys, const journey_design& design, std::string_view customer) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  detail::require_times(log, "timeline");
  const detail::phase_codes phases{log, design};
  const std::size_t who = detail::require_customer(log, customer);
  std::vector<std::int64_t> at, numbers;
  std::vector<double> since;
  std::vector<std::string> names, touchpoints;
  const auto offsets = whole.customer_offsets();
  const index_range events = detail::events_of(whole, who);
  for (std::uint64_t index = offsets[who]; index < offsets[who + 1]; ++index) {
    const journey piece = whole[index];
    for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
      at.push_back(detail::to_instant(log.times()[event], log.ticks_per_second()).time_since_epoch().count());
      since.push_back(static_cast<double>(log.times()[event] - log.times()[events.begin]) /
                      static_cast<double>(log.ticks_per_second()));
      names.push_back(phases[event] == detail::no_phase ? std::string{none_label} : design.phases[phases[event]].name);
      touchpoints.emplace_back(log.touchpoint_names()[log.touchpoints()[event]]);
      numbers.push_back(static_cast<std::int64_t>(index - offsets[who] + 1));
    }
  }
  table result{"The events of one customer in time; since_start: seconds since the first one."};
  result.set_option("customer", std::string{customer});
  result.set_option("level", design.level);
  result.add("time", std::move(at), quantity::moment);
  result.add("since_start", std::move(since), quantity::seconds);
  result.add("phase", std::move(names));
  result.add("touchpoint", std::move(touchpoints));
  result.add("journey", std::move(numbers));
  return result;
}

KLANTREIS_INLINE table occupancy(const journey_set& journeys, const journey_design& design,
                                 const std::vector<instant>& at, std::optional<duration> silence, unsigned threads) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  detail::require_times(log, "occupancy");
  detail::require_rising(at);
  const detail::phase_codes phases{log, design};
  const std::size_t width = design.phases.size() + 1;  // the last one: gone
  std::vector<std::int64_t> until;
  for (const instant moment : at) {
    until.push_back(log.has_times() ? detail::tick_at(moment, log.ticks_per_second()) : 0);
  }
  const std::int64_t longest = silence && log.has_times() ? to_ticks(*silence, log.ticks_per_second(), "silence") : 0;
  const auto counts = count_in_slices(whole.customers(), worker_count(threads), 4096, [&](index_range range) {
    detail::state_counts part{std::vector<std::int64_t>(at.size() * width), std::vector<std::int64_t>(at.size())};
    for (const std::size_t customer : each(range)) {
      const index_range events = detail::events_of(whole, customer);
      std::size_t event = events.begin;
      std::uint32_t phase = detail::no_phase;
      for (std::size_t k = 0; k < at.size(); ++k) {
        for (; event < events.end && log.times()[event] <= until[k]; ++event) {
          phase = phases[event] == detail::no_phase ? phase : phases[event];
        }
        if (phase != detail::no_phase) {
          const bool gone = silence && until[k] - log.times()[event - 1] > longest;
          ++part.cells[k * width + (gone ? width - 1 : phase)];
          ++part.seen[k];
        }
      }
    }
    return part;
  });
  std::vector<std::int64_t> time, customers;
  std::vector<std::string> names;
  std::vector<double> share;
  for (std::size_t k = 0; k < at.size(); ++k) {
    for (std::size_t state = 0; state < width - (silence ? 0U : 1U); ++state) {
      const std::int64_t here = counts.cells[k * width + state];
      time.push_back(at[k].time_since_epoch().count());
      names.push_back(state + 1 == width ? "(gone)" : design.phases[state].name);
      customers.push_back(here);
      share.push_back(counts.seen[k] == 0 ? null_value
                                          : static_cast<double>(here) / static_cast<double>(counts.seen[k]));
    }
  }
  table result{
      std::string{"How many customers are in each phase, that of their last event by then; share: of the customers "
                  "seen by then."} +
      (silence ? " Customers without an event for longer than the silence are gone." : "")};
  result.set_option("level", design.level);
  result.set_option("silence", silence ? detail::duration_option(*silence) : "none");
  result.add("time", std::move(time), quantity::moment);
  result.add("phase", std::move(names));
  result.add("customers", std::move(customers), quantity::count);
  result.add("share", std::move(share), quantity::share);
  return result;
}

KLANTREIS_INLINE relationship_tables relationship(const journey_set& journeys, const relationship_options& options) {
  constexpr std::array<const char*, 5> names{"unknown", "prospect", "buyer", "repeat_buyer", "ambassador"};
  constexpr std::size_t levels = 4;
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  detail::require_times(log, "relationship");
  std::vector<instant> at = options.at;
  if (at.empty() && log.has_times()) {
    at.push_back(detail::to_instant(whole.observed_until_ticks(), log.ticks_per_second()));
  }
  detail::require_rising(at);
  std::vector<std::int64_t> until;
  for (const instant moment : at) {
    until.push_back(log.has_times() ? detail::tick_at(moment, log.ticks_per_second()) : 0);
  }
  std::vector<bool> recommends(log.touchpoint_names().size(), false);
  for (const std::string& name : options.ambassador) {
    if (const auto code = log.touchpoint_names().find(name)) {
      recommends[*code] = true;
    }
  }

  struct part {
    std::vector<std::int64_t> customers;
    std::vector<std::int64_t> ambassadors;
    std::map<std::tuple<std::int64_t, std::size_t, std::size_t>, std::int64_t> moves;
    part& operator+=(const part& other) {
      for (std::size_t i = 0; i < customers.size(); ++i) {
        customers[i] += other.customers[i];
        ambassadors[i] += other.ambassadors[i];
      }
      for (const auto& [move, times] : other.moves) {
        moves[move] += times;
      }
      return *this;
    }
  };
  const auto touchpoints = log.touchpoints();
  auto total = count_in_slices(whole.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    part counts{std::vector<std::int64_t>(at.size() * levels), std::vector<std::int64_t>(at.size() * levels), {}};
    for (const std::size_t customer : each(range)) {
      const index_range events = detail::events_of(whole, customer);
      std::size_t level = 0;
      bool ambassador = false;
      std::size_t k = 0;
      const auto settle = [&](std::int64_t before) {
        for (; k < at.size() && until[k] < before; ++k) {
          ++counts.customers[k * levels + level];
          counts.ambassadors[k * levels + level] += ambassador ? 1 : 0;
        }
      };
      const auto move = [&](std::int64_t time, std::size_t from, std::size_t to) {
        const instant start = period_start(detail::to_instant(time, log.ticks_per_second()), options.period);
        ++counts.moves[{start.time_since_epoch().count(), from, to}];
      };
      for (std::size_t event = events.begin; event < events.end; ++event) {
        const std::int64_t time = log.times()[event];
        settle(time);
        const std::size_t before = level;
        level = (std::max)(level, std::size_t{1});
        if (whole.is_conversion_event(event)) {
          level = (std::min)(level + 1, levels - 1);
        }
        if (level != before) {
          move(time, before, level);
        }
        if (recommends[touchpoints[event]] && !ambassador) {
          ambassador = true;
          move(time, level, levels);
        }
      }
      settle((std::numeric_limits<std::int64_t>::max)());
    }
    return counts;
  });

  relationship_tables result;
  std::vector<std::int64_t> time, customers, ambassadors;
  std::vector<std::string> level;
  std::vector<double> share;
  for (std::size_t k = 0; k < at.size(); ++k) {
    for (std::size_t one = 0; one < levels; ++one) {
      time.push_back(at[k].time_since_epoch().count());
      level.emplace_back(names[one]);
      customers.push_back(total.customers[k * levels + one]);
      share.push_back(static_cast<double>(customers.back()) / static_cast<double>(log.customers()));
      ambassadors.push_back(total.ambassadors[k * levels + one]);
    }
  }
  result.levels = table{
      "The relationship of customers with the company: unknown before the first event, then prospect, buyer from the "
      "first conversion, repeat_buyer from the second. share: of all customers of the log; ambassadors: those of them "
      "who recommended."};
  result.levels.add("time", std::move(time), quantity::moment);
  result.levels.add("level", std::move(level));
  result.levels.add("customers", std::move(customers), quantity::count);
  result.levels.add("share", std::move(share), quantity::share);
  result.levels.add("ambassadors", std::move(ambassadors), quantity::count);
  std::vector<std::int64_t> period, moved;
  std::vector<std::string> from, to;
  for (const auto& [move, times] : total.moves) {
    period.push_back(std::get<0>(move));
    from.emplace_back(names[std::get<1>(move)]);
    to.emplace_back(names[std::get<2>(move)]);
    moved.push_back(times);
  }
  result.moves = table{"How many customers moved from one level to another in each period, named by its beginning."};
  result.moves.add("period", std::move(period), quantity::moment);
  result.moves.add("from", std::move(from));
  result.moves.add("to", std::move(to));
  result.moves.add("customers", std::move(moved), quantity::count);
  for (table* one : {&result.levels, &result.moves}) {
    for (const auto& [name, value] : detail::cut_options(whole)) {
      one->set_option(name, value);
    }
  }
  return result;
}

KLANTREIS_INLINE table phase_cohorts(const journey_set& journeys, const journey_design& design,
                                     const cohort_options& options) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  detail::require_times(log, "phase_cohorts");
  const detail::phase_codes phases{log, design};
  const std::size_t width = design.phases.size() + 1;  // the last one: none
  const std::int64_t within =
      options.within && log.has_times() ? to_ticks(*options.within, log.ticks_per_second(), "within") : 0;

  struct part {
    std::map<std::int64_t, std::vector<std::int64_t>> cohorts;
    part& operator+=(const part& other) {
      for (const auto& [start, cells] : other.cohorts) {
        auto& own = cohorts[start];
        own.resize(cells.size());
        for (std::size_t at = 0; at < cells.size(); ++at) {
          own[at] += cells[at];
        }
      }
      return *this;
    }
  };
  const auto total = count_in_slices(whole.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    part counts;
    for (const std::size_t customer : each(range)) {
      const index_range events = detail::events_of(whole, customer);
      if (events.begin == events.end) {
        continue;
      }
      const std::int64_t first = log.times()[events.begin];
      // Differences, because a sum with a very long time could overflow.
      if (options.within && whole.observed_until_ticks() - first < within) {
        continue;
      }
      std::uint32_t phase = detail::no_phase;
      for (std::size_t event = events.begin; event < events.end; ++event) {
        if (options.within && log.times()[event] - first > within) {
          break;
        }
        if (phases[event] != detail::no_phase) {
          phase = phase == detail::no_phase || options.current ? phases[event] : (std::max)(phase, phases[event]);
        }
      }
      const instant start = period_start(detail::to_instant(first, log.ticks_per_second()), options.period);
      auto& cells = counts.cohorts[start.time_since_epoch().count()];
      cells.resize(width);
      ++cells[phase == detail::no_phase ? width - 1 : phase];
    }
    return counts;
  });
  std::vector<std::int64_t> cohort, size, customers;
  std::vector<std::string> names, marks;
  std::vector<double> share, lower, upper;
  for (const auto& [start, cells] : total.cohorts) {
    const std::int64_t all = std::accumulate(cells.begin(), cells.end(), std::int64_t{0});
    for (std::size_t state = 0; state < width; ++state) {
      if (state + 1 == width && cells[state] == 0) {
        continue;
      }
      const estimate one = detail::share_of_customers(static_cast<std::uint64_t>(cells[state]),
                                                      static_cast<std::uint64_t>(all), options.intervals);
      cohort.push_back(start);
      names.push_back(state + 1 == width ? std::string{none_label} : design.phases[state].name);
      size.push_back(all);
      customers.push_back(cells[state]);
      share.push_back(one.value);
      lower.push_back(one.lower);
      upper.push_back(one.upper);
      marks.push_back(to_text(one.marks));
    }
  }
  table result{
      std::string{"How far customers got, by the period of their first event: each stands in "} +
      (options.current ? "the phase of the last event" : "the furthest phase") +
      (options.within ? " within the given time of the first one; only customers who were observed that long" : "") +
      ". share: of the cohort, with Wilson's interval."};
  result.set_option("level", design.level);
  constexpr std::array<const char*, 3> periods{"day", "week", "month"};
  result.set_option("period", periods[static_cast<std::size_t>(options.period)]);
  result.set_option("within", options.within ? detail::duration_option(*options.within) : "none");
  detail::set_interval_options(result, options.intervals);
  result.add("cohort", std::move(cohort), quantity::moment);
  result.add("phase", std::move(names));
  result.add("size", std::move(size), quantity::count);
  result.add("customers", std::move(customers), quantity::count);
  result.add("share", std::move(share), quantity::share);
  result.add("lower", std::move(lower), quantity::share);
  result.add("upper", std::move(upper), quantity::share);
  result.add("marks", std::move(marks));
  return result;
}

}  // namespace klantreis
