// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "klantreis/detail/measure_visits.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/measure/phases.hpp"

namespace klantreis {
namespace detail {

inline void add_counts(measure_counts::item& to, const measure_counts::item& from) {
  to.reach += from.reach;
  to.entries += from.entries;
  to.visits += from.visits;
  to.passed += from.passed;
  to.back += from.back;
  to.skips += from.skips;
  to.skipped += from.skipped;
  to.left += from.left;
  to.at_rest += from.at_rest;
  to.open += from.open;
  to.gone += from.gone;
  to.waiting += from.waiting;
  to.settled_visits += from.settled_visits;
  to.leavings += from.leavings;
  to.ticks.insert(to.ticks.end(), from.ticks.begin(), from.ticks.end());
  to.feelings.insert(to.feelings.end(), from.feelings.begin(), from.feelings.end());
}

/// What a slice of the customers counts.
struct measure_part {
  std::vector<measure_counts::item> items;
  visit_rates rates;
  std::uint64_t customers = 0;
  std::uint64_t journeys = 0;
  std::uint64_t open = 0;
  std::uint64_t outside = 0;

  measure_part& operator+=(const measure_part& other) {
    for (std::size_t at = 0; at < items.size(); ++at) {
      add_counts(items[at], other.items[at]);
    }
    rates += other.rates;
    customers += other.customers;
    journeys += other.journeys;
    open += other.open;
    outside += other.outside;
    return *this;
  }
};

/// Counts customer by customer; what belongs to one customer is kept until the customer is through.
class measure_counter {
 public:
  struct source {
    const journey_set& journeys;
    const journey_design& design;
    const phase_codes& phases;
    const emotion_scores& scores;
    bool by_phase = true;
    bool times = true;
    std::uint32_t scope_from = 0;
    std::uint32_t scope_to = no_phase;
    std::size_t items = 0;
  };

  explicit measure_counter(const source& from)
      : from_(from), before_(measured_before(from.design)), last_reached_(from.items), last_passed_(from.items) {
    part_.items.resize(from.items);
    part_.rates.resize(from.items);
    feelings_.resize(from.items);
  }

  [[nodiscard]] measure_part count(index_range range) {
    for (const std::size_t customer : each(range)) {
      count_customer(customer);
    }
    return std::move(part_);
  }

 private:
  // By touchpoint, events of no phase belong to every scope that leaves nothing out.
  [[nodiscard]] bool in_scope(std::uint32_t phase) const noexcept {
    return phase == no_phase ? from_.scope_from == 0 && from_.scope_to + 1 >= from_.design.phases.size()
                             : phase >= from_.scope_from && phase <= from_.scope_to;
  }

  void count_customer(std::size_t customer) {
    const std::uint64_t stamp = customer + 1;
    const auto offsets = from_.journeys.customer_offsets();
    bool seen = false;
    std::uint32_t furthest = 0;
    const measured_visit* last = nullptr;
    journey last_piece;
    for (std::uint64_t index = offsets[customer]; index < offsets[customer + 1]; ++index) {
      const journey piece = from_.journeys[index];
      if (from_.by_phase) {
        phase_visits(piece, from_.phases, visits_);
      } else {
        touchpoint_visits(piece, from_.phases, from_.journeys.log().touchpoints(), visits_);
      }
      if (count_journey(piece, stamp)) {
        seen = true;
        ++part_.journeys;
        part_.open += piece.settled ? 0U : 1U;
      }
      for (const measured_visit& visit : visits_) {
        if (visit.phase != no_phase) {
          furthest = (std::max)(furthest, visit.phase);
        }
      }
      if (!visits_.empty()) {
        last_visit_ = visits_.back();
        last = &last_visit_;
        last_piece = piece;
      }
    }
    if (last != nullptr && in_scope(last->phase)) {
      measure_counts::item& item = part_.items[last->item];
      ++(last_piece.settled ? item.gone : item.waiting);
    }
    part_.customers += seen ? 1U : 0U;
    if (from_.by_phase && last != nullptr) {
      for (std::uint32_t phase = from_.scope_from; phase < (std::min)(furthest, from_.scope_to + 1); ++phase) {
        part_.items[phase].skipped += last_reached_[phase] != stamp ? 1U : 0U;
      }
    }
    part_.rates.end_customer();
    for (const std::uint32_t item : answered_) {
      part_.items[item].feelings.push_back(feelings_[item]);
      feelings_[item] = {};
    }
    answered_.clear();
  }

  /// True when the journey has a visit in scope.
  bool count_journey(const journey& piece, std::uint64_t stamp) {
    bool entered = false;
    const auto times = from_.journeys.log().times();
    for (std::size_t at = 0; at < visits_.size(); ++at) {
      const measured_visit& visit = visits_[at];
      if (!in_scope(visit.phase)) {
        continue;
      }
      measure_counts::item& item = part_.items[visit.item];
      if (!entered) {
        entered = true;
        ++item.entries;
      }
      ++item.visits;
      if (last_reached_[visit.item] != stamp) {
        last_reached_[visit.item] = stamp;
        ++item.reach;
      }
      if (piece.settled) {
        part_.rates.visit(visit.item);
      }
      if (at + 1 < visits_.size()) {
        const measured_visit& next = visits_[at + 1];
        if (visit.phase != no_phase && next.phase != no_phase) {
          item.back += next.phase < visit.phase ? 1U : 0U;
          item.skips += next.phase > visit.phase && before_[next.phase] > before_[visit.phase + 1] ? 1U : 0U;
        }
        if (from_.times) {
          item.ticks.push_back(times[next.event] - times[visit.event]);
        }
      } else if (!piece.settled) {
        ++item.open;
      } else if (piece.converted) {
        ++item.at_rest;
      } else {
        ++item.left;
        part_.rates.event(visit.item);
      }
    }
    std::uint32_t later = 0;
    for (std::size_t at = visits_.size(); at-- > 0;) {
      const measured_visit& visit = visits_[at];
      if (visit.phase == no_phase) {
        continue;
      }
      if (visit.phase < later && in_scope(visit.phase) && last_passed_[visit.item] != stamp) {
        last_passed_[visit.item] = stamp;
        ++part_.items[visit.item].passed;
      }
      later = (std::max)(later, visit.phase);
    }
    count_events(piece);
    return entered;
  }

  void count_events(const journey& piece) {
    const auto touchpoints = from_.journeys.log().touchpoints();
    for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
      const std::uint32_t phase = from_.phases[event];
      part_.outside += phase == no_phase ? 1U : 0U;
      if (from_.scores.empty() || !in_scope(phase) || (from_.by_phase && phase == no_phase)) {
        continue;
      }
      if (const auto answer = from_.scores(event)) {
        const std::uint32_t item = from_.by_phase ? phase : touchpoints[event];
        auto& [sum, number] = feelings_[item];
        if (number == 0.0) {
          answered_.push_back(item);
        }
        sum += answer->emotion;
        number += 1.0;
      }
    }
  }

  source from_;
  std::vector<std::uint32_t> before_;
  measure_part part_;
  std::vector<measured_visit> visits_;
  measured_visit last_visit_;
  std::vector<std::uint64_t> last_reached_;  // by item: the customer, counted from 1
  std::vector<std::uint64_t> last_passed_;
  std::vector<std::pair<double, double>> feelings_;  // of the customer at hand
  std::vector<std::uint32_t> answered_;
};

/// The place of a phase that a scope names.
inline std::uint32_t scope_place(const journey_design& design, const std::string& name, std::size_t otherwise) {
  if (name.empty()) {
    return static_cast<std::uint32_t>(otherwise);
  }
  if (const auto place = design.find_phase(name)) {
    return static_cast<std::uint32_t>(*place);
  }
  throw input_error("the scope names the phase " + quoted(name) + ", which the design does not have; it has " +
                    phases_option(design));
}

inline void sort_items(std::vector<measure_counts::item>& items) {
  const auto rest = std::stable_partition(items.begin(), items.end(), [](const auto& item) { return item.designed; });
  std::sort(rest, items.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace detail

KLANTREIS_INLINE measure_counts& measure_counts::operator+=(const measure_counts& other) {
  if (other.by_.empty()) {
    return *this;
  }
  if (by_.empty()) {
    return *this = other;
  }
  detail::require_equal_options(options_, other.options_, "measured journeys");
  if (ticks_per_second_ != other.ticks_per_second_) {
    throw input_error("measured journeys of logs with different units of time do not add up; read both alike");
  }
  std::map<std::string_view, std::size_t> place;
  for (std::size_t at = 0; at < items_.size(); ++at) {
    place.emplace(items_[at].name, at);
  }
  std::vector<item> added;
  for (const item& one : other.items_) {
    const auto found = place.find(one.name);
    if (found != place.end()) {
      detail::add_counts(items_[found->second], one);
    } else {
      added.push_back(one);
    }
  }
  items_.insert(items_.end(), added.begin(), added.end());
  detail::sort_items(items_);
  customers_ += other.customers_;
  journeys_ += other.journeys_;
  open_ += other.open_;
  outside_ += other.outside_;
  return *this;
}

KLANTREIS_INLINE measure_counts count_measure(const journey_set& journeys, const journey_design& design,
                                              const measure_options& options) {
  if (options.by != "phase" && options.by != "touchpoint") {
    throw input_error("by is " + quoted(options.by) + "; it must be 'phase' or 'touchpoint'");
  }
  const journey_set whole = detail::whole_journeys(journeys);
  const event_log& log = whole.log();
  const detail::phase_codes phases{log, design};
  const detail::emotion_scores scores{log, design.scores};
  const bool by_phase = options.by == "phase";
  const detail::touchpoint_items touchpoints{log, design};
  const detail::measure_counter::source source{
      .journeys = whole,
      .design = design,
      .phases = phases,
      .scores = scores,
      .by_phase = by_phase,
      .times = options.times && log.has_times(),
      .scope_from = detail::scope_place(design, options.scope_from, 0),
      .scope_to = detail::scope_place(design, options.scope_to, design.phases.size() - 1),
      .items = by_phase ? design.phases.size() : touchpoints.names.size()};
  if (source.scope_from > source.scope_to) {
    throw input_error("the scope goes from " + quoted(options.scope_from) + " back to " + quoted(options.scope_to) +
                      "; name the earlier phase first");
  }
  auto part = count_in_slices(whole.customers(), worker_count(options.threads), 4096,
                              [&](index_range range) { return detail::measure_counter{source}.count(range); });

  measure_counts counts;
  counts.by_ = options.by;
  counts.options_ = {{"by", options.by},
                     {"level", design.level},
                     {"phases", detail::phases_option(design)},
                     {"scope", design.phases[source.scope_from].name + " to " + design.phases[source.scope_to].name}};
  for (const auto& option : detail::cut_options(whole)) {
    counts.options_.push_back(option);
  }
  counts.customers_ = part.customers;
  counts.journeys_ = part.journeys;
  counts.open_ = part.open;
  counts.outside_ = part.outside;
  counts.ticks_per_second_ = log.ticks_per_second();
  const auto take = [&](std::size_t from) -> measure_counts::item& {
    counts.items_.push_back(std::move(part.items[from]));
    counts.items_.back().settled_visits = part.rates.visits()[from];
    counts.items_.back().leavings = part.rates.events()[from];
    return counts.items_.back();
  };
  if (by_phase) {
    for (std::size_t place = source.scope_from; place <= source.scope_to; ++place) {
      measure_counts::item& item = take(place);
      item.name = design.phases[place].name;
      item.measured = design.phases[place].measured;
      item.emotion = design.phases[place].emotion;
    }
    return counts;
  }
  for (const std::uint32_t from : touchpoints.order) {
    const std::uint32_t designed = touchpoints.design[from];
    const auto place = designed == detail::no_phase
                           ? std::nullopt
                           : detail::phase_of_label(design, design.touchpoints[designed].phase);
    const bool outside = place ? *place < source.scope_from || *place > source.scope_to : false;
    if (part.items[from].visits == 0 && (designed == detail::no_phase || outside)) {
      continue;
    }
    measure_counts::item& item = take(from);
    item.name = touchpoints.names[from];
    item.designed = designed != detail::no_phase;
    if (item.designed) {
      item.emotion = design.touchpoints[designed].emotion;
      item.phase = place ? design.phases[*place].name : design.touchpoints[designed].phase;
      item.measured = !place || design.phases[*place].measured;
    }
  }
  return counts;
}

}  // namespace klantreis
