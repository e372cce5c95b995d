// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "klantreis/conformance/moves.hpp"
#include "klantreis/detail/measure_visits.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

/// Which designed move leads from one phase to another; `no_phase` where none does.
inline std::vector<std::uint32_t> designed_move_places(const journey_design& design) {
  const std::size_t size = design.phases.size();
  std::vector<std::uint32_t> place(size * size, no_phase);
  for (std::size_t at = 0; at < design.moves.size(); ++at) {
    const designed_move& move = design.moves[at];
    place[*design.find_phase(move.from) * size + *design.find_phase(move.to)] = static_cast<std::uint32_t>(at);
  }
  return place;
}

/// The design in one text, to tell whether two counts are of the same.
inline std::string moves_option(const journey_design& design) {
  std::string text;
  for (const designed_move& move : design.moves) {
    text += (text.empty() ? "" : ", ") + move.from + " to " + move.to;
    if (move.max_time) {
      text += " in " + duration_option(*move.max_time);
    }
  }
  return text.empty() ? "none" : text;
}

struct conformance_part {
  edge_counter edges;
  visit_rates conforming;
  visit_rates in_time;
  std::vector<std::vector<std::int64_t>> ticks;
  std::uint64_t journeys = 0;
  std::uint64_t journeys_conforming = 0;
  std::uint64_t journeys_moving = 0;

  conformance_part& operator+=(const conformance_part& other) {
    for (std::uint32_t at = 0; at < other.edges.states(); ++at) {
      edges.add_row(at, other.edges.row(at));
    }
    for (std::size_t index = 0; index < other.edges.size(); ++index) {
      edges.add_cell(other.edges.from(index), other.edges.to(index), other.edges.cell(index));
    }
    conforming += other.conforming;
    in_time += other.in_time;
    for (std::size_t at = 0; at < ticks.size(); ++at) {
      ticks[at].insert(ticks[at].end(), other.ticks[at].begin(), other.ticks[at].end());
    }
    journeys += other.journeys;
    journeys_conforming += other.journeys_conforming;
    journeys_moving += other.journeys_moving;
    return *this;
  }
};

inline double median_seconds(const std::vector<std::int64_t>& ticks, std::int64_t ticks_per_second) {
  std::vector<double> seconds;
  for (const std::int64_t one : ticks) {
    seconds.push_back(static_cast<double>(one) / static_cast<double>(ticks_per_second));
  }
  return quantile(seconds, 0.5);
}

/// Columns of moves that every table of them has.
struct move_columns {
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::int64_t> weight;
  estimate_columns probability;
  std::vector<double> median_time;

  void add_ends(table& result) {
    result.add("from", std::move(from));
    result.add("to", std::move(to));
  }
  void add_figures(table& result) {
    result.add("weight", std::move(weight), quantity::count);
    result.add("n", std::move(probability.n), quantity::count);
    result.add("probability", std::move(probability.value), quantity::share);
    result.add("lower", std::move(probability.lower), quantity::share);
    result.add("upper", std::move(probability.upper), quantity::share);
    result.add("marks", std::move(probability.marks));
    result.add("median_time", std::move(median_time), quantity::seconds);
  }
};

inline const char* arrow_status(const designed_move& move, double weight, const estimate& share,
                                const interval_options& intervals) {
  if (share.is_null()) {
    return "not measured";
  }
  if (weight == 0.0 && (std::isnan(move.expected) || move.expected == 0.0)) {
    return "never taken";
  }
  if (std::isnan(move.expected)) {
    return "taken";
  }
  if (share.n < intervals.min_n) {
    return "too little data";
  }
  const bool wanted = move.kind == "forward" || move.kind == "referral";
  if (wanted ? share.value >= move.expected : share.value <= move.expected) {
    return "ok";
  }
  return (wanted ? share.upper < move.expected : share.lower > move.expected) ? "off" : "off, could be chance";
}

}  // namespace detail

KLANTREIS_INLINE conformance_counts& conformance_counts::operator+=(const conformance_counts& other) {
  if (other.options_.empty()) {
    return *this;
  }
  if (options_.empty()) {
    return *this = other;
  }
  detail::require_equal_options(options_, other.options_, "moves");
  if (ticks_per_second_ != other.ticks_per_second_) {
    throw input_error("moves of logs with different units of time do not add up; read both alike");
  }
  if (edges_.states() != other.edges_.states() || in_time_.size() != other.in_time_.size()) {
    throw input_error("moves of different designs do not add up; count both with the same design");
  }
  detail::conformance_part whole{std::move(edges_), std::move(conforming_), std::move(in_time_), std::move(ticks_),
                                 journeys_,         journeys_conforming_,   journeys_moving_};
  whole += {other.edges_,    other.conforming_,          other.in_time_,        other.ticks_,
            other.journeys_, other.journeys_conforming_, other.journeys_moving_};
  edges_ = std::move(whole.edges);
  conforming_ = std::move(whole.conforming);
  in_time_ = std::move(whole.in_time);
  ticks_ = std::move(whole.ticks);
  journeys_ = whole.journeys;
  journeys_conforming_ = whole.journeys_conforming;
  journeys_moving_ = whole.journeys_moving;
  return *this;
}

KLANTREIS_INLINE conformance_counts count_conformance(const journey_set& journeys, const journey_design& design,
                                                      const conformance_options& options) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const std::size_t size = design.phases.size();
  constexpr std::size_t most_phases = 4096;
  if (size > most_phases) {
    throw limit_error("the design has " + std::to_string(size) + " phases; at most " + std::to_string(most_phases) +
                      " can be compared with journeys, so roll them up first");
  }
  const std::vector<std::uint32_t> place = detail::designed_move_places(design);
  const auto times = log.times();
  const bool timed = log.has_times();
  std::vector<std::int64_t> limit(design.moves.size(), 0);
  for (std::size_t at = 0; at < limit.size(); ++at) {
    if (timed && design.moves[at].max_time) {
      limit[at] = to_ticks(*design.moves[at].max_time, log.ticks_per_second(), "max_time");
    }
  }
  auto part = count_in_slices(whole.customers(), worker_count(options.threads), 4096, [&](index_range range) {
    detail::conformance_part counts;
    counts.edges = detail::edge_counter{size + detail::move_phase, detail::move_end};
    counts.conforming.resize(1);
    counts.in_time.resize(design.moves.size());
    counts.ticks.resize(size * size);
    std::vector<detail::measured_visit> visits;
    for (const std::size_t customer : each(range)) {
      for (auto index = whole.customer_offsets()[customer]; index < whole.customer_offsets()[customer + 1]; ++index) {
        const journey piece = whole[index];
        if (!piece.settled) {
          continue;
        }
        detail::phase_visits(piece, phases, visits);
        if (visits.empty()) {
          continue;
        }
        ++counts.journeys;
        counts.edges.step(detail::move_start, visits[0].phase + detail::move_phase);
        bool all_designed = true;
        for (std::size_t at = 1; at < visits.size(); ++at) {
          const std::size_t move = visits[at - 1].phase * size + visits[at].phase;
          counts.edges.step(visits[at - 1].phase + detail::move_phase, visits[at].phase + detail::move_phase);
          counts.conforming.visit(0);
          if (place[move] == detail::no_phase) {
            all_designed = false;
          } else {
            counts.conforming.event(0);
          }
          if (timed) {
            const std::int64_t took = times[visits[at].event] - times[visits[at - 1].event];
            counts.ticks[move].push_back(took);
            if (place[move] != detail::no_phase && limit[place[move]] != 0) {
              counts.in_time.visit(place[move]);
              if (took <= limit[place[move]]) {
                counts.in_time.event(place[move]);
              }
            }
          }
        }
        counts.edges.step(visits.back().phase + detail::move_phase, detail::move_end);
        counts.journeys_moving += visits.size() > 1 ? 1U : 0U;
        counts.journeys_conforming += visits.size() > 1 && all_designed ? 1U : 0U;
      }
      counts.edges.finish_customer();
      counts.conforming.end_customer();
      counts.in_time.end_customer();
    }
    return counts;
  });
  conformance_counts counts;
  counts.design_ = design;
  counts.options_ = {
      {"level", design.level}, {"phases", detail::phases_option(design)}, {"design", detail::moves_option(design)}};
  for (const auto& option : detail::cut_options(whole)) {
    counts.options_.push_back(option);
  }
  counts.edges_ = std::move(part.edges);
  counts.conforming_ = std::move(part.conforming);
  counts.in_time_ = std::move(part.in_time);
  counts.ticks_ = std::move(part.ticks);
  counts.journeys_ = part.journeys;
  counts.journeys_conforming_ = part.journeys_conforming;
  counts.journeys_moving_ = part.journeys_moving;
  counts.ticks_per_second_ = log.ticks_per_second();
  return counts;
}

KLANTREIS_INLINE conformance_tables conformance(const conformance_counts& counts, const interval_options& intervals) {
  const journey_design& design = counts.design_;
  const std::size_t size = design.phases.size();
  const std::vector<std::uint32_t> place = detail::designed_move_places(design);
  std::map<std::pair<std::uint32_t, std::uint32_t>, event_moments> cells;
  for (std::size_t index = 0; index < counts.edges_.size(); ++index) {
    if (counts.edges_.cell(index).e > 0.0) {
      cells[{counts.edges_.from(index), counts.edges_.to(index)}] = counts.edges_.cell(index);
    }
  }
  const auto name_of = [&](std::uint32_t state) {
    return state == detail::move_start ? std::string{start_state}
           : state == detail::move_end ? std::string{end_state}
                                       : design.phases[state - detail::move_phase].name;
  };
  const auto share = [&](std::uint32_t from, std::uint32_t to) {
    const auto cell = cells.find({from, to});
    return rate_interval(counts.edges_.row(from), cell == cells.end() ? event_moments{} : cell->second, intervals);
  };
  const auto add_move = [&](detail::move_columns& columns, std::uint32_t from, std::uint32_t to) {
    const auto cell = cells.find({from, to});
    columns.from.push_back(name_of(from));
    columns.to.push_back(name_of(to));
    columns.weight.push_back(cell == cells.end() ? 0 : static_cast<std::int64_t>(cell->second.e));
    columns.probability.add(share(from, to));
    const bool between = from >= detail::move_phase && to >= detail::move_phase;
    columns.median_time.push_back(
        between ? detail::median_seconds(counts.ticks_[(from - detail::move_phase) * size + (to - detail::move_phase)],
                                         counts.ticks_per_second_)
                : null_value);
  };

  conformance_tables result;
  std::int64_t taken = 0;
  {
    detail::move_columns columns;
    detail::estimate_columns kept;
    std::vector<std::string> kind, status;
    std::vector<double> expected, limit;
    for (std::size_t at = 0; at < design.moves.size(); ++at) {
      const designed_move& move = design.moves[at];
      const auto from = static_cast<std::uint32_t>(*design.find_phase(move.from)) + detail::move_phase;
      const auto to = static_cast<std::uint32_t>(*design.find_phase(move.to)) + detail::move_phase;
      add_move(columns, from, to);
      taken += columns.weight.back() != 0 ? 1 : 0;
      kind.push_back(move.kind);
      expected.push_back(move.expected);
      limit.push_back(move.max_time ? static_cast<double>(move.max_time->count()) / 1e6 : null_value);
      kept.add(rate_interval(counts.in_time_.visits()[at], counts.in_time_.events()[at], intervals));
      status.emplace_back(
          detail::arrow_status(move, static_cast<double>(columns.weight.back()), share(from, to), intervals));
    }
    result.arrows = table{
        "Every designed arrow against what happened in settled journeys. weight: how often it was taken; probability: "
        "of "
        "all visits of 'from', ends included, with an interval by customers, of whom n were there; median_time: "
        "seconds "
        "between the first events of the two visits; in_time: the share of these moves that took at most max_time."};
    columns.add_ends(result.arrows);
    result.arrows.add("kind", std::move(kind));
    result.arrows.add("expected", std::move(expected), quantity::share);
    columns.add_figures(result.arrows);
    result.arrows.add("max_time", std::move(limit), quantity::seconds);
    result.arrows.add("in_time", std::move(kept.value), quantity::share);
    result.arrows.add("in_time_lower", std::move(kept.lower), quantity::share);
    result.arrows.add("in_time_upper", std::move(kept.upper), quantity::share);
    result.arrows.add("status", std::move(status));
  }

  std::vector<std::pair<std::uint32_t, std::uint32_t>> astray;
  detail::move_columns all;
  std::vector<std::string> kinds;
  // In the order of the design, ends last.
  const auto order = [](std::uint32_t state) {
    return state == detail::move_end ? (std::numeric_limits<std::uint32_t>::max)() : state;
  };
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  for (const auto& [edge, moments] : cells) {
    edges.push_back(edge);
  }
  std::sort(edges.begin(), edges.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : order(a.second) < order(b.second);
  });
  for (const auto& [from, to] : edges) {
    const bool between = from >= detail::move_phase && to >= detail::move_phase;
    const std::uint32_t move =
        between ? place[(from - detail::move_phase) * size + (to - detail::move_phase)] : detail::no_phase;
    const bool known = move != detail::no_phase;
    add_move(all, from, to);
    kinds.push_back(from == detail::move_start ? "start"
                    : to == detail::move_end   ? "end"
                    : known                    ? design.moves[move].kind
                                               : "deviation");
    if (between && !known) {
      astray.emplace_back(from, to);
    }
  }
  result.moves = table{
      "All moves of settled journeys between phases, with where they begin and end. designed: whether the design has "
      "the "
      "arrow; probability: of all visits of 'from', with an interval by customers, of whom n were there."};
  all.add_ends(result.moves);
  all.add_figures(result.moves);
  result.moves.add("kind", std::move(kinds));

  std::sort(astray.begin(), astray.end(), [&](const auto& a, const auto& b) {
    const double weight_a = cells[a].e;
    const double weight_b = cells[b].e;
    return weight_a != weight_b ? weight_a > weight_b : a < b;
  });
  detail::move_columns deviating;
  std::vector<std::string> direction;
  const std::vector<std::uint32_t> before = detail::measured_before(design);
  for (const auto& [from, to] : astray) {
    add_move(deviating, from, to);
    const std::uint32_t here = from - detail::move_phase;
    const std::uint32_t there = to - detail::move_phase;
    direction.emplace_back(there < here ? "back" : before[there] > before[here + 1] ? "skip" : "forward");
  }
  result.deviations = table{
      "Moves of settled journeys that nobody designed, most frequent first. direction: back to an earlier phase, a "
      "skip "
      "over a measured one, or forward to the next."};
  deviating.add_ends(result.deviations);
  result.deviations.add("direction", std::move(direction));
  deviating.add_figures(result.deviations);

  const estimate conformity =
      rate_interval(counts.conforming_.size() == 0 ? visit_moments{} : counts.conforming_.visits()[0],
                    counts.conforming_.size() == 0 ? event_moments{} : counts.conforming_.events()[0], intervals);
  const auto moves = counts.conforming_.size() == 0 ? 0.0 : counts.conforming_.visits()[0].v;
  const auto conforming = counts.conforming_.size() == 0 ? 0.0 : counts.conforming_.events()[0].e;
  result.summary = table{
      "How far settled journeys follow the design. moves: between phases; conforming: those that the design has; "
      "conformity: the share of these, with an interval by customers, of whom n moved; journeys_conforming: journeys "
      "of "
      "which every move is designed, out of journeys_moving, those with a move; arrows_taken, arrows_never_taken: of "
      "the "
      "design; deviations: distinct moves that nobody designed."};
  const auto put = [&](const char* name, std::int64_t value) {
    result.summary.add(name, std::vector<std::int64_t>{value}, quantity::count);
  };
  put("journeys", static_cast<std::int64_t>(counts.journeys_));
  put("moves", static_cast<std::int64_t>(moves));
  put("conforming", static_cast<std::int64_t>(conforming));
  result.summary.add("conformity", std::vector<double>{conformity.value}, quantity::share);
  result.summary.add("lower", std::vector<double>{conformity.lower}, quantity::share);
  result.summary.add("upper", std::vector<double>{conformity.upper}, quantity::share);
  put("n", static_cast<std::int64_t>(conformity.n));
  result.summary.add("marks", std::vector<std::string>{to_text(conformity.marks)});
  put("journeys_moving", static_cast<std::int64_t>(counts.journeys_moving_));
  put("journeys_conforming", static_cast<std::int64_t>(counts.journeys_conforming_));
  put("arrows_taken", taken);
  put("arrows_never_taken", static_cast<std::int64_t>(design.moves.size()) - taken);
  put("deviations", static_cast<std::int64_t>(astray.size()));
  for (table* part : {&result.arrows, &result.deviations, &result.moves, &result.summary}) {
    for (const auto& [name, value] : counts.options_) {
      part->set_option(name, value);
    }
    detail::set_interval_options(*part, intervals);
  }
  return result;
}

KLANTREIS_INLINE conformance_tables conformance(const journey_set& journeys, const journey_design& design,
                                                const conformance_options& options) {
  return conformance(count_conformance(journeys, design, options), options.intervals);
}

}  // namespace klantreis
