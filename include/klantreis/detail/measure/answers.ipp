// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/measure_visits.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/measure/phases.hpp"

namespace klantreis {
namespace detail {

struct low_answer {
  std::size_t customer = 0;
  std::uint64_t event = 0;
  std::uint64_t visit = 0;  // first event of the visit to the phase
  std::uint32_t phase = no_phase;
  emotion_scores::answer given;
  double expected = 0.0;
};

/// What the design expects of an event: of its touchpoint, or else of its phase.
inline double expected_emotion(const journey_design& design, const touchpoint_items& items, const phase_codes& phases,
                               const event_log& log, std::size_t event) {
  const std::uint32_t designed = items.design[log.touchpoints()[event]];
  const double own = designed == no_phase ? null_value : design.touchpoints[designed].emotion;
  return !std::isnan(own) ? own : phases[event] == no_phase ? null_value : design.phases[phases[event]].emotion;
}

inline std::vector<std::int64_t> moments_of(const std::vector<std::int64_t>& ticks, std::int64_t ticks_per_second) {
  std::vector<std::int64_t> moments;
  for (const std::int64_t at : ticks) {
    moments.push_back(to_instant(at, ticks_per_second).time_since_epoch().count());
  }
  return moments;
}

/// Ticks of a log as a column of instants; without time, as nothing.
inline void add_moments(table& result, const char* name, const std::vector<std::int64_t>& ticks,
                        std::int64_t ticks_per_second) {
  if (ticks_per_second != 0) {
    result.add(name, moments_of(ticks, ticks_per_second), quantity::moment);
  }
}

}  // namespace detail

KLANTREIS_INLINE table low_answers(const journey_set& journeys, const journey_design& design, std::size_t limit) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const detail::emotion_scores scores{log, design.scores};
  const detail::touchpoint_items items{log, design};
  std::vector<detail::low_answer> found;
  for (std::size_t customer = 0; !scores.empty() && customer < whole.customers(); ++customer) {
    for (auto index = whole.customer_offsets()[customer]; index < whole.customer_offsets()[customer + 1]; ++index) {
      const journey piece = whole[index];
      std::uint32_t phase = detail::no_phase;
      std::uint64_t visit = piece.begin;
      for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
        if (phases[event] != detail::no_phase && phases[event] != phase) {
          phase = phases[event];
          visit = event;
        }
        const auto answer = scores(event);
        if (!answer || phases[event] == detail::no_phase) {
          continue;
        }
        const double expected = detail::expected_emotion(design, items, phases, log, event);
        if (answer->emotion < expected) {
          found.push_back({customer, event, visit, phase, *answer, expected});
        }
      }
    }
  }
  std::map<std::size_t, std::string> id;
  for (const auto& one : found) {
    if (!id.contains(one.customer)) {
      id.emplace(one.customer, log.customer_id(one.customer));
    }
  }
  std::sort(found.begin(), found.end(), [&](const detail::low_answer& a, const detail::low_answer& b) {
    if (a.given.emotion != b.given.emotion) {
      return a.given.emotion < b.given.emotion;
    }
    return a.customer != b.customer ? id[a.customer] < id[b.customer] : a.event < b.event;
  });
  const std::size_t all = found.size();
  found.resize((std::min)(found.size(), limit));

  std::vector<std::string> customers, touchpoints, names, paths;
  std::vector<std::int64_t> ticks;
  std::vector<double> score, emotion, expected, gap;
  for (const auto& one : found) {
    customers.push_back(id[one.customer]);
    ticks.push_back(log.has_times() ? log.times()[one.event] : 0);
    touchpoints.emplace_back(log.touchpoint_names()[log.touchpoints()[one.event]]);
    names.push_back(design.phases[one.phase].name);
    score.push_back(one.given.score);
    emotion.push_back(one.given.emotion);
    expected.push_back(one.expected);
    gap.push_back(one.given.emotion - one.expected);
    paths.push_back(join_path(log.touchpoint_names(), log.touchpoints().subspan(one.visit, one.event + 1 - one.visit)));
  }
  table result{
      "Answers that tell of a worse emotion than the design expects of their touchpoint or else of their phase, lowest "
      "first. emotion: the answer on a scale from -2 to 2; path: the touchpoints of the visit to the phase up to the "
      "answer."};
  result.set_option("level", design.level);
  result.set_option("limit", std::to_string(limit));
  result.set_option("answers", std::to_string(all));
  result.add("customer", std::move(customers));
  detail::add_moments(result, "time", ticks, log.ticks_per_second());
  result.add("touchpoint", std::move(touchpoints));
  result.add("phase", std::move(names));
  result.add("score", std::move(score));
  result.add("emotion", std::move(emotion));
  result.add("expected", std::move(expected));
  result.add("gap", std::move(gap));
  result.add("path", std::move(paths));
  return result;
}

KLANTREIS_INLINE table returns_by_experience(const journey_set& journeys, const journey_design& design,
                                             double tolerance, const interval_options& intervals, unsigned threads) {
  if (!(tolerance >= 0.0)) {
    throw input_error("the tolerance is " + std::to_string(tolerance) + "; give 0 or more");
  }
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const detail::emotion_scores scores{log, design.scores};
  const detail::touchpoint_items items{log, design};
  struct part {
    std::array<std::uint64_t, 3> customers{};
    std::array<std::uint64_t, 3> returned{};
    part& operator+=(const part& other) {
      for (std::size_t row = 0; row < customers.size(); ++row) {
        customers[row] += other.customers[row];
        returned[row] += other.returned[row];
      }
      return *this;
    }
  };
  const auto total = count_in_slices(whole.customers(), worker_count(threads), 4096, [&](index_range range) {
    part counts;
    for (std::size_t customer = range.begin; !scores.empty() && customer < range.end; ++customer) {
      const index_range events = detail::events_of(whole, customer);
      double gaps = 0.0;
      double answers = 0.0;
      bool returned = false;
      for (std::size_t event = events.begin; event < events.end; ++event) {
        returned = returned || (answers > 0.0 && whole.is_conversion_event(event));
        const auto answer = scores(event);
        const double expected = answer ? detail::expected_emotion(design, items, phases, log, event) : null_value;
        if (!std::isnan(expected)) {
          gaps += answer->emotion - expected;
          answers += 1.0;
        }
      }
      if (answers > 0.0) {
        const double gap = gaps / answers;
        const std::size_t row = gap < -tolerance ? 0 : gap > tolerance ? 2 : 1;
        ++counts.customers[row];
        counts.returned[row] += returned ? 1U : 0U;
      }
    }
    return counts;
  });
  std::vector<std::int64_t> customers, returned;
  detail::estimate_columns rates;
  for (std::size_t row = 0; row < total.customers.size(); ++row) {
    customers.push_back(static_cast<std::int64_t>(total.customers[row]));
    returned.push_back(static_cast<std::int64_t>(total.returned[row]));
    rates.add(detail::share_of_customers(total.returned[row], total.customers[row], intervals));
  }
  table result{
      "Whether customers come back after they said how they feel. experience: the mean of their answers lies below, at "
      "or "
      "above what the design expects; returned: those who convert after the first answer; rate: with Wilson's "
      "interval. "
      "Association, not effect."};
  result.set_option("tolerance", detail::number_text(tolerance));
  for (const auto& [name, value] : detail::cut_options(whole)) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, intervals);
  result.add("experience", std::vector<std::string>{"below", "met", "above"});
  result.add("customers", std::move(customers), quantity::count);
  result.add("returned", std::move(returned), quantity::count);
  result.add("rate", std::move(rates.value), quantity::share);
  result.add("lower", std::move(rates.lower), quantity::share);
  result.add("upper", std::move(rates.upper), quantity::share);
  result.add("marks", std::move(rates.marks));
  return result;
}

KLANTREIS_INLINE table calls_to_action(const journey_set& journeys, const journey_design& design,
                                       const interval_options& intervals, unsigned threads) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const detail::touchpoint_items items{log, design};

  // Where the design leads from each phase.
  const std::size_t size = design.phases.size();
  std::vector<std::vector<bool>> leads(size, std::vector<bool>(size, false));
  std::vector<std::string> next(size);
  for (std::size_t from = 0; from < size; ++from) {
    bool designed = false;
    for (const designed_move& move : design.moves) {
      if (move.from == design.phases[from].name && (move.kind == "forward" || move.kind == "skip")) {
        leads[from][*design.find_phase(move.to)] = true;
        next[from] += (next[from].empty() ? "" : ", ") + move.to;
        designed = true;
      }
    }
    if (!designed && design.moves.empty()) {
      std::fill(leads[from].begin() + static_cast<std::ptrdiff_t>(from) + 1, leads[from].end(), true);
      next[from] = from + 1 < size ? "(later)" : "";
    }
  }
  std::vector<std::uint32_t> called;  // items in the order of the design
  std::vector<std::uint32_t> place(items.names.size(), detail::no_phase);
  for (const std::uint32_t item : items.order) {
    const std::uint32_t designed = items.design[item];
    if (designed != detail::no_phase && design.touchpoints[designed].call_to_action) {
      place[item] = static_cast<std::uint32_t>(called.size());
      called.push_back(item);
    }
  }

  struct part {
    detail::visit_rates clicks;
    detail::visit_rates exits;
    part& operator+=(const part& other) {
      clicks += other.clicks;
      exits += other.exits;
      return *this;
    }
  };
  const auto touchpoints = log.touchpoints();
  auto total = count_in_slices(whole.customers(), worker_count(threads), 4096, [&](index_range range) {
    part counts;
    counts.clicks.resize(called.size());
    counts.exits.resize(called.size());
    for (const std::size_t customer : each(range)) {
      for (auto index = whole.customer_offsets()[customer]; index < whole.customer_offsets()[customer + 1]; ++index) {
        const journey piece = whole[index];
        if (!piece.settled) {
          continue;
        }
        for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
          const std::uint32_t row = place[touchpoints[event]];
          if (row == detail::no_phase) {
            continue;
          }
          counts.clicks.visit(row);
          counts.exits.visit(row);
          std::uint64_t following = event + 1;
          while (following < piece.end && phases.is_offstage(following)) {
            ++following;
          }
          if (following == piece.end) {
            if (!piece.converted) {
              counts.exits.event(row);
            }
            continue;
          }
          const std::uint32_t here = phases[event];
          const std::uint32_t there = phases[following];
          if (whole.is_conversion_event(following) ||
              (here != detail::no_phase && there != detail::no_phase && leads[here][there])) {
            counts.clicks.event(row);
          }
        }
      }
      counts.clicks.end_customer();
      counts.exits.end_customer();
    }
    return counts;
  });

  std::vector<std::string> names, of_phase, leads_to;
  std::vector<std::int64_t> visits, clicks, exits;
  detail::estimate_columns click_rates, exit_rates;
  for (std::size_t row = 0; row < called.size(); ++row) {
    names.push_back(items.names[called[row]]);
    const std::string& label = design.touchpoints[items.design[called[row]]].phase;
    const auto at = detail::phase_of_label(design, label);
    of_phase.push_back(at ? design.phases[*at].name : label);
    leads_to.push_back(at ? next[*at] : std::string{});
    visits.push_back(static_cast<std::int64_t>(total.clicks.visits()[row].v));
    clicks.push_back(static_cast<std::int64_t>(total.clicks.events()[row].e));
    exits.push_back(static_cast<std::int64_t>(total.exits.events()[row].e));
    click_rates.add(rate_interval(total.clicks.visits()[row], total.clicks.events()[row], intervals));
    exit_rates.add(rate_interval(total.exits.visits()[row], total.exits.events()[row], intervals));
  }
  table result{
      "What calls to action lead to in settled journeys. clicks: visits that are followed at once by a conversion or "
      "by "
      "a touchpoint of a phase to which the design leads (next); rate: clicks / visits; exits: visits that are the "
      "last "
      "of a journey without a conversion; exit_rate: exits / visits; both with intervals by customers."};
  for (const auto& [name, value] : detail::cut_options(whole)) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, intervals);
  result.add("touchpoint", std::move(names));
  result.add("phase", std::move(of_phase));
  result.add("visits", std::move(visits), quantity::count);
  result.add("n", std::move(click_rates.n), quantity::count);
  result.add("next", std::move(leads_to));
  result.add("clicks", std::move(clicks), quantity::count);
  result.add("rate", std::move(click_rates.value), quantity::share);
  result.add("lower", std::move(click_rates.lower), quantity::share);
  result.add("upper", std::move(click_rates.upper), quantity::share);
  result.add("exits", std::move(exits), quantity::count);
  result.add("exit_rate", std::move(exit_rates.value), quantity::share);
  result.add("exit_lower", std::move(exit_rates.lower), quantity::share);
  result.add("exit_upper", std::move(exit_rates.upper), quantity::share);
  result.add("marks", std::move(click_rates.marks));
  return result;
}

}  // namespace klantreis
