// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "klantreis/conformance/alignment.hpp"
#include "klantreis/detail/measure_visits.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

inline constexpr std::size_t unreachable = (std::numeric_limits<std::size_t>::max)() / 4;

/// Which moves a design has, by place of `from` and `to`.
inline std::vector<std::vector<bool>> designed_arrows(const journey_design& design) {
  std::vector<std::vector<bool>> arrows(design.phases.size(), std::vector<bool>(design.phases.size(), false));
  for (const designed_move& move : design.moves) {
    arrows[*design.find_phase(move.from)][*design.find_phase(move.to)] = true;
  }
  return arrows;
}

inline std::string phase_path(const journey_design& design, std::span<const std::uint32_t> trace) {
  name_table names;
  std::vector<name_table::code> codes;
  for (const std::uint32_t place : trace) {
    codes.push_back(names.intern(design.phases[place].name));
  }
  return join_path(names, codes);
}

inline std::pair<std::int64_t, std::int64_t> moves_of(const std::vector<std::vector<bool>>& arrows,
                                                      std::span<const std::uint32_t> trace) {
  std::int64_t conforming = 0;
  for (std::size_t at = 1; at < trace.size(); ++at) {
    conforming += arrows[trace[at - 1]][trace[at]] ? 1 : 0;
  }
  return {trace.empty() ? 0 : static_cast<std::int64_t>(trace.size()) - 1, conforming};
}

inline double share_of(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? null_value : static_cast<double>(part) / static_cast<double>(whole);
}

/// Distinct traces of phases with how often they occur.
struct phase_traces {
  sequence_index traces;
  std::vector<std::int64_t> count;

  std::size_t add(std::span<const std::uint32_t> trace, std::int64_t times) {
    const std::size_t found = traces.intern(trace);
    if (found == count.size()) {
      count.push_back(0);
    }
    count[found] += times;
    return found;
  }
  phase_traces& operator+=(const phase_traces& other) {
    for (std::size_t at = 0; at < other.count.size(); ++at) {
      add(other.traces[at], other.count[at]);
    }
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE aligner::aligner(const journey_design& design, const alignment_options& options) {
  design.check();
  const std::size_t size = design.phases.size();
  const std::size_t begin = size;
  const std::size_t end = size + 1;
  for (const designed_phase& phase : design.phases) {
    names_.push_back(phase.name);
    cost_.push_back(phase.measured ? 1U : 0U);
  }
  distance_.assign(size + 2, std::vector<std::size_t>(size + 2, detail::unreachable));
  via_.assign(size + 2, std::vector<std::uint32_t>(size + 2, no_way));
  const auto arrows = detail::designed_arrows(design);
  for (std::size_t from = 0; from < size; ++from) {
    for (std::size_t to = 0; to < size; ++to) {
      if (arrows[from][to]) {
        distance_[from][to] = 0;
      }
    }
  }
  const auto places = [&](const std::vector<std::string>& given, bool first, const char* what) {
    std::vector<std::size_t> found;
    for (const std::string& name : given) {
      const auto place = design.find_phase(name);
      if (!place) {
        throw input_error(std::string{what} + " of the design names " + quoted(name) +
                          ", which is no phase of it; it " + "has " + detail::phases_option(design));
      }
      found.push_back(*place);
    }
    if (given.empty()) {
      std::size_t at = first ? 0 : size - 1;
      while (!design.phases[at].measured && (first ? at + 1 < size : at > 0)) {
        at = first ? at + 1 : at - 1;
      }
      found.push_back(at);
    }
    return found;
  };
  for (const std::size_t place : places(options.starts, true, "the start")) {
    distance_[begin][place] = 0;
  }
  for (const std::size_t place : places(options.ends, false, "the end")) {
    distance_[place][end] = 0;
  }
  // Floyd and Warshall, with costs on the nodes between.
  for (std::size_t over = 0; over < size; ++over) {
    for (std::size_t from = 0; from < size + 2; ++from) {
      for (std::size_t to = 0; to < size + 2; ++to) {
        const std::size_t length = distance_[from][over] + cost_[over] + distance_[over][to];
        if (length < distance_[from][to]) {
          distance_[from][to] = length;
          via_[from][to] = static_cast<std::uint32_t>(over);
        }
      }
    }
  }
  if (distance_[begin][end] >= detail::unreachable) {
    throw input_error(
        "no designed way leads from the start to the end of the design; add the moves that are missing, "
        "or name other starts and ends");
  }
}

KLANTREIS_INLINE std::vector<std::uint32_t> aligner::between(std::size_t from, std::size_t to) const {
  const std::uint32_t over = via_[from][to];
  if (over == no_way) {
    return {};
  }
  std::vector<std::uint32_t> way = between(from, over);
  way.push_back(over);
  const std::vector<std::uint32_t> rest = between(over, to);
  way.insert(way.end(), rest.begin(), rest.end());
  return way;
}

KLANTREIS_INLINE alignment aligner::align_places(std::span<const std::uint32_t> trace, bool with_steps) const {
  const std::size_t size = names_.size();
  const std::size_t begin = size;
  const std::size_t end = size + 1;
  // least[v]: the cost so far of alignments in which v is the last step that trace and design have in common. A step of
  // the trace is either such a step, reached over the cheapest way, or deleted, which costs all of them 1.
  std::vector<std::size_t> least(size + 1, detail::unreachable);
  least[begin] = 0;
  std::vector<std::size_t> came_from;
  for (const std::uint32_t here : trace) {
    std::size_t best = detail::unreachable;
    std::size_t from = begin;
    if (here < size) {
      for (std::size_t last = 0; last <= size; ++last) {
        const std::size_t cost = least[last] + distance_[last][here];
        if (cost < best) {
          best = cost;
          from = last;
        }
      }
    }
    const bool common = best < detail::unreachable && best <= least[here] + 1;
    for (std::size_t last = 0; last <= size; ++last) {
      least[last] += least[last] < detail::unreachable ? 1U : 0U;
    }
    if (common) {
      least[here] = best;
    }
    if (with_steps) {
      came_from.push_back(common ? from : detail::unreachable);
    }
  }
  alignment result;
  std::size_t last = begin;
  std::size_t best = detail::unreachable;
  for (std::size_t node = 0; node <= size; ++node) {
    const std::size_t cost = least[node] + distance_[node][end];
    if (cost < best) {
      best = cost;
      last = node;
    }
  }
  result.cost = best;
  const std::size_t longest = trace.size() + distance_[begin][end];
  result.fitness = longest == 0 ? 1.0 : 1.0 - static_cast<double>(best) / static_cast<double>(longest);
  if (!with_steps) {
    return result;
  }
  using kind = alignment::step_kind;
  const auto add_between = [&](std::size_t from, std::size_t to) {
    const std::vector<std::uint32_t> way = between(from, to);
    for (auto place = way.rbegin(); place != way.rend(); ++place) {
      if (cost_[*place] != 0) {
        result.steps.push_back({kind::only_design, names_[*place]});
      }
    }
  };
  add_between(last, end);
  for (std::size_t at = trace.size(); at-- > 0;) {
    if (trace[at] == last && came_from[at] != detail::unreachable) {
      result.steps.push_back({kind::both, names_[last]});
      add_between(came_from[at], last);
      last = came_from[at];
    } else {
      result.steps.push_back({kind::only_trace, trace[at] < size ? names_[trace[at]] : std::string{}});
    }
  }
  std::reverse(result.steps.begin(), result.steps.end());
  return result;
}

KLANTREIS_INLINE alignment aligner::align(std::span<const std::string> trace) const {
  std::vector<std::uint32_t> places;
  for (const std::string& name : trace) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    places.push_back(static_cast<std::uint32_t>(found - names_.begin()));
  }
  alignment result = align_places(places);
  // Steps that are no phase of the design keep their own names.
  std::size_t at = 0;
  for (alignment::step& step : result.steps) {
    if (step.kind != alignment::step_kind::only_design) {
      step.phase = trace[at++];
    }
  }
  return result;
}

KLANTREIS_INLINE table alignments(const journey_set& journeys, const journey_design& design,
                                  const alignment_options& options, unsigned threads) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const aligner made{design, options};
  const auto arrows = detail::designed_arrows(design);
  const auto found = count_in_slices(whole.customers(), worker_count(threads), 4096, [&](index_range range) {
    detail::phase_traces part;
    std::vector<detail::measured_visit> visits;
    std::vector<std::uint32_t> trace;
    for (std::uint64_t index = whole.customer_offsets()[range.begin]; index < whole.customer_offsets()[range.end];
         ++index) {
      const journey piece = whole[index];
      detail::phase_visits(piece, phases, visits);
      if (!piece.settled || visits.empty()) {
        continue;
      }
      trace.clear();
      for (const auto& visit : visits) {
        trace.push_back(visit.phase);
      }
      part.add(trace, 1);
    }
    return part;
  });
  struct row {
    std::string path;
    std::int64_t count = 0;
    std::int64_t moves = 0;
    std::int64_t conforming = 0;
    std::size_t cost = 0;
    double fitness = 1.0;
  };
  std::vector<row> rows(found.count.size());
  for (std::size_t at = 0; at < rows.size(); ++at) {
    const auto trace = found.traces[at];
    const alignment fit = made.align_places(trace, false);
    const auto [moves, conforming] = detail::moves_of(arrows, trace);
    rows[at] = {detail::phase_path(design, trace), found.count[at], moves, conforming, fit.cost, fit.fitness};
  }
  std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) {
    if (a.fitness != b.fitness) {
      return a.fitness < b.fitness;
    }
    return a.count != b.count ? a.count > b.count : a.path < b.path;
  });
  std::vector<std::string> paths;
  std::vector<std::int64_t> count, moves, conforming, cost;
  std::vector<double> conformity, fitness;
  for (const row& one : rows) {
    paths.push_back(one.path);
    count.push_back(one.count);
    moves.push_back(one.moves);
    conforming.push_back(one.conforming);
    conformity.push_back(detail::share_of(one.conforming, one.moves));
    cost.push_back(static_cast<std::int64_t>(one.cost));
    fitness.push_back(one.fitness);
  }
  table result{
      "How well settled journeys follow the design, by distinct trace of phases. conforming: moves that the design "
      "has; "
      "cost: phases to add to the trace or to leave out of it so that it becomes a designed walk; fitness: 1 - cost / "
      "(steps of the trace + measured phases of the shortest designed walk)."};
  result.set_option("level", design.level);
  for (const auto& [name, value] : detail::cut_options(whole)) {
    result.set_option(name, value);
  }
  result.add("path", std::move(paths));
  result.add("count", std::move(count), quantity::count);
  result.add("moves", std::move(moves), quantity::count);
  result.add("conforming", std::move(conforming), quantity::count);
  result.add("conformity", std::move(conformity), quantity::share);
  result.add("cost", std::move(cost), quantity::count);
  result.add("fitness", std::move(fitness));
  return result;
}

KLANTREIS_INLINE table journey_conformity(const journey_set& journeys, const journey_design& design,
                                          const alignment_options& options, unsigned threads) {
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const aligner made{design, options};
  const auto arrows = detail::designed_arrows(design);
  struct row {
    std::string customer;
    std::int64_t journey = 0;
    std::size_t trace = 0;
    bool settled = true;
  };
  struct part {
    detail::phase_traces traces;
    std::vector<row> rows;
    part& operator+=(const part& other) {
      for (row one : other.rows) {
        one.trace = traces.add(other.traces.traces[one.trace], 1);
        rows.push_back(std::move(one));
      }
      return *this;
    }
  };
  auto found = count_in_slices(whole.customers(), worker_count(threads), 4096, [&](index_range range) {
    part counts;
    std::vector<detail::measured_visit> visits;
    std::vector<std::uint32_t> trace;
    const auto offsets = whole.customer_offsets();
    for (const std::size_t customer : each(range)) {
      for (std::uint64_t index = offsets[customer]; index < offsets[customer + 1]; ++index) {
        const journey piece = whole[index];
        detail::phase_visits(piece, phases, visits);
        trace.clear();
        for (const auto& visit : visits) {
          trace.push_back(visit.phase);
        }
        counts.rows.push_back({log.customer_id(customer), static_cast<std::int64_t>(index - offsets[customer] + 1),
                               counts.traces.add(trace, 1), piece.settled});
      }
    }
    return counts;
  });
  std::sort(found.rows.begin(), found.rows.end(), [](const row& a, const row& b) {
    return a.customer != b.customer ? a.customer < b.customer : a.journey < b.journey;
  });
  struct figures {
    std::string path;
    std::int64_t moves = 0;
    std::int64_t conforming = 0;
    alignment fit;
  };
  std::vector<figures> of_trace;
  for (std::size_t at = 0; at < found.traces.count.size(); ++at) {
    const auto trace = found.traces.traces[at];
    const auto [moves, conforming] = detail::moves_of(arrows, trace);
    of_trace.push_back({detail::phase_path(design, trace), moves, conforming, made.align_places(trace, false)});
  }
  std::vector<std::string> customers, paths;
  std::vector<std::int64_t> numbers, moves, conforming, cost;
  std::vector<double> conformity, fitness;
  std::vector<bool> settled;
  for (const row& one : found.rows) {
    const figures& its = of_trace[one.trace];
    customers.push_back(one.customer);
    numbers.push_back(one.journey);
    paths.push_back(its.path);
    moves.push_back(its.moves);
    conforming.push_back(its.conforming);
    conformity.push_back(detail::share_of(its.conforming, its.moves));
    cost.push_back(static_cast<std::int64_t>(its.fit.cost));
    fitness.push_back(its.fit.fitness);
    settled.push_back(one.settled);
  }
  table result{
      "How well each journey follows the design. conforming: moves that the design has; cost: phases to add or to "
      "leave "
      "out so that the journey becomes a designed walk; fitness: 1 - cost / (phases of the journey + measured phases "
      "of "
      "the shortest designed walk); settled: its end is known."};
  result.set_option("level", design.level);
  for (const auto& [name, value] : detail::cut_options(whole)) {
    result.set_option(name, value);
  }
  result.add("customer", std::move(customers));
  result.add("journey", std::move(numbers));
  result.add("path", std::move(paths));
  result.add("moves", std::move(moves), quantity::count);
  result.add("conforming", std::move(conforming), quantity::count);
  result.add("conformity", std::move(conformity), quantity::share);
  result.add("cost", std::move(cost), quantity::count);
  result.add("fitness", std::move(fitness));
  result.add("settled", std::move(settled));
  return result;
}

KLANTREIS_INLINE walkthrough_tables check_walkthrough(const journey_design& design,
                                                      std::span<const walkthrough_step> steps,
                                                      const alignment_options& options) {
  const aligner made{design, options};
  const auto arrows = detail::designed_arrows(design);
  std::vector<std::string> touchpoints, names, moved, in_time, notes;
  std::vector<std::int64_t> numbers;
  std::vector<double> seconds, limits, emotion, expected;
  std::vector<std::uint32_t> trace;
  std::optional<instant> entered;
  std::optional<instant> last;
  for (std::size_t at = 0; at < steps.size(); ++at) {
    const walkthrough_step& step = steps[at];
    const std::string place = "step " + std::to_string(at + 1) + " of the walkthrough";
    detail::check_emotion(step.emotion, place);
    if (step.at && last && *step.at < *last) {
      throw input_error(place + " is earlier than the one before; put the steps in the order of time");
    }
    last = step.at ? step.at : last;
    const designed_touchpoint* touchpoint = nullptr;
    for (const designed_touchpoint& candidate : design.touchpoints) {
      touchpoint = candidate.name == step.touchpoint ? &candidate : touchpoint;
    }
    auto phase =
        touchpoint != nullptr ? detail::phase_of_label(design, touchpoint->phase) : design.find_phase(step.touchpoint);
    if (!phase) {
      phase = detail::phase_of_label(design, step.touchpoint);
    }
    std::string move = "unknown touchpoint";
    std::string kept;
    double took = null_value;
    double limit = null_value;
    if (phase) {
      if (trace.empty()) {
        move = "start";
      } else if (trace.back() == *phase) {
        move = "same phase";
      } else {
        move = arrows[trace.back()][*phase] ? "designed" : "deviation";
        if (step.at && entered) {
          took = static_cast<double>((*step.at - *entered).count()) / 1e6;
        }
        for (const designed_move& one : design.moves) {
          if (one.max_time && one.from == design.phases[trace.back()].name && one.to == design.phases[*phase].name) {
            limit = static_cast<double>(one.max_time->count()) / 1e6;
          }
        }
        kept = std::isnan(took) || std::isnan(limit) ? "" : took <= limit ? "yes" : "no";
      }
      if (trace.empty() || trace.back() != *phase) {
        trace.push_back(static_cast<std::uint32_t>(*phase));
        entered = step.at;
      }
    }
    double hoped = touchpoint != nullptr ? touchpoint->emotion : null_value;
    if (std::isnan(hoped) && phase) {
      hoped = design.phases[*phase].emotion;
    }
    numbers.push_back(static_cast<std::int64_t>(at) + 1);
    touchpoints.push_back(step.touchpoint);
    names.push_back(phase ? design.phases[*phase].name : std::string{none_label});
    moved.push_back(std::move(move));
    seconds.push_back(took);
    limits.push_back(limit);
    in_time.push_back(std::move(kept));
    emotion.push_back(step.emotion);
    expected.push_back(hoped);
    notes.push_back(step.note);
  }
  const auto [moves, conforming] = detail::moves_of(arrows, trace);
  const alignment fit = made.align_places(trace, false);
  walkthrough_tables result;
  result.steps = table{
      "An own walk through the journey against its design. move: whether the design has the move from the phase "
      "before; "
      "seconds: from the first step in that phase; in_time: whether that keeps the designed time limit. No customer "
      "figure contains this walk."};
  result.steps.set_option("level", design.level);
  result.steps.add("step", std::move(numbers));
  result.steps.add("touchpoint", std::move(touchpoints));
  result.steps.add("phase", std::move(names));
  result.steps.add("move", std::move(moved));
  result.steps.add("seconds", std::move(seconds), quantity::seconds);
  result.steps.add("max_time", std::move(limits), quantity::seconds);
  result.steps.add("in_time", std::move(in_time));
  result.steps.add("emotion", std::move(emotion));
  result.steps.add("expected", std::move(expected));
  result.steps.add("note", std::move(notes));
  result.summary = table{
      "How well an own walk follows the design. conforming: moves between phases that the design has; cost: phases to "
      "add or to leave out so that it becomes a designed walk; fitness: 1 - cost / (phases of the walk + measured "
      "phases "
      "of the shortest designed walk)."};
  result.summary.set_option("level", design.level);
  result.summary.add("steps", std::vector<std::int64_t>{static_cast<std::int64_t>(steps.size())}, quantity::count);
  result.summary.add("moves", std::vector<std::int64_t>{moves}, quantity::count);
  result.summary.add("conforming", std::vector<std::int64_t>{conforming}, quantity::count);
  result.summary.add("conformity", std::vector<double>{detail::share_of(conforming, moves)}, quantity::share);
  result.summary.add("cost", std::vector<std::int64_t>{static_cast<std::int64_t>(fit.cost)}, quantity::count);
  result.summary.add("fitness", std::vector<double>{fit.fitness});
  return result;
}

}  // namespace klantreis
