// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <map>
#include <set>
#include <span>

#include "klantreis/detail/parts/fields.hpp"

namespace klantreis::detail {

inline void must(bool holds, const char* rule) {
  if (!holds) {
    refuse_bytes(rule);
  }
}

inline void check_amount(double number) {
  must(number >= 0.0 && number <= static_cast<double>(most_events), "a count is out of range");
}
inline void check_finite(std::span<const double> numbers) {
  for (const double number : numbers) {
    must(std::isfinite(number), "a number is not finite");
  }
}
/// Powers of counts have no bound of their own, but are neither negative nor infinite.
inline void check_powers(std::span<const double> powers) {
  for (const double power : powers) {
    must(power >= 0.0 && std::isfinite(power), "a sum of powers is out of range");
  }
}
inline void check_moments(const visit_moments& m) {
  check_amount(m.customers);
  check_amount(m.v);
  check_powers(std::array{m.v2, m.v4});
}
inline void check_moments(const event_moments& m) {
  check_amount(m.e);
  check_powers(std::array{m.e2, m.ev, m.e4, m.e3v, m.e2v2, m.ev3});
}
template <typename Moments>
void check_moments(const std::vector<Moments>& all) {
  for (const Moments& one : all) {
    check_moments(one);
  }
}
inline void check_counts(std::span<const std::uint64_t> counts) {
  for (const std::uint64_t count : counts) {
    must(count <= most_events, "a count is out of range");
  }
}
/// Offsets of `rows` rows into a list of `size` elements.
template <typename Offset>
void check_offsets(const std::vector<Offset>& offsets, std::size_t rows, std::size_t size) {
  must(offsets.size() == rows + 1 && offsets.front() == 0 && offsets.back() == size, "rows do not fit their elements");
  for (std::size_t row = 0; row < rows; ++row) {
    must(offsets[row] <= offsets[row + 1], "rows overlap");
  }
}
inline void check_pairs(const pair_counts& pairs, std::size_t first_end, std::size_t second_end) {
  pairs.for_each([&](std::uint32_t first, std::uint32_t second, std::uint64_t) {
    must(first < first_end && second < second_end, "a pair has no name");
  });
}
inline void check_ticks(std::int64_t ticks_per_second) {
  must(ticks_per_second == 0 || ticks_per_second == 1 || ticks_per_second == 1'000 || ticks_per_second == 1'000'000 ||
           ticks_per_second == 1'000'000'000,
       "the unit of time is none");
}

KLANTREIS_INLINE void part_fields::check(const transition_counts& c) {
  using counts = transition_counts;
  constexpr std::array own{start_state, conversion_state, null_state, end_state};
  must(c.states_.size() >= own.size() && c.rows_.size() == c.states_.size(), "states are missing");
  for (counts::state at = 0; at < c.states_.size(); ++at) {
    must(at < own.size() ? c.states_[at] == own[at] : !is_reserved_name(c.states_[at]), "a state has a wrong name");
    must(at < own.size() || c.rows_[at].v > 0.0, "a state was never visited");
  }
  check_moments(c.rows_);
  check_moments(c.cells_);
  must(c.cells_.size() == c.targets_.size(), "transitions are missing");
  check_offsets(c.offsets_, c.states_.size(), c.targets_.size());
  for (counts::state from = 0; from < c.states_.size(); ++from) {
    const index_range row = c.row(from);
    must(row.begin == row.end || from == counts::start || from >= counts::first_item, "a transition leaves an end");
    for (std::size_t index = row.begin; index < row.end; ++index) {
      must(c.targets_[index] != counts::start && c.targets_[index] < c.states_.size() &&
               (index == row.begin || c.targets_[index - 1] < c.targets_[index]) && c.cells_[index].e > 0.0,
           "a transition is none");
    }
  }
  check_ticks(c.ticks_per_second_);
  must(c.ticks_per_second_ != 0 || c.times_.empty(), "times have no unit");
  check_offsets(c.time_offsets_, c.ticks_per_second_ == 0 ? c.time_offsets_.size() - 1 : c.targets_.size(),
                c.times_.size());
  for (const std::int64_t time : c.times_) {
    must(time >= 0, "a time runs backwards");
  }
}

KLANTREIS_INLINE void part_fields::check(path_table& c) {
  const std::size_t paths = c.conversions_.size();
  must(c.nulls_.size() == paths && c.open_.size() == paths && c.values_.size() == paths, "counts of paths are missing");
  check_offsets(c.offsets_, paths, c.codes_.size());
  for (const std::uint32_t code : c.codes_) {
    must(code < c.names_.size(), "an item has no name");
  }
  for (const auto* counts : {&c.conversions_, &c.nulls_, &c.open_}) {
    std::for_each(counts->begin(), counts->end(), check_amount);
  }
  check_finite(c.values_);
  // The index of the paths is not sent; it is made anew by adding them.
  path_table indexed;
  for (const std::size_t path : each({0, paths})) {
    must(indexed.index_of(c.path(path)) == path, "a path occurs twice");
  }
  c.hashes_ = std::move(indexed.hashes_);
  c.slots_ = std::move(indexed.slots_);
  must(c.unit_offsets_.empty() ? c.units_.empty() && c.customer_keys_.empty()
                               : c.customer_keys_.size() + 1 == c.unit_offsets_.size(),
       "customers are missing");
  if (c.unit_offsets_.empty()) {
    return;
  }
  check_offsets(c.unit_offsets_, c.customer_keys_.size(), c.units_.size());
  std::vector<std::array<double, 3>> sums(paths);
  for (const path_unit& unit : c.units_) {
    must(unit.path < paths && unit.outcome <= path_unit::kind::open && std::isfinite(unit.value), "a journey is none");
    sums[unit.path][static_cast<std::size_t>(unit.outcome)] += 1.0;
  }
  for (std::size_t path = 0; path < paths; ++path) {
    must(sums[path] == std::array{c.nulls_[path], c.conversions_[path], c.open_[path]},
         "journeys do not add up to their paths");
  }
}

KLANTREIS_INLINE void part_fields::check(const funnel_counts& c) {
  const std::size_t steps = c.steps_.size();
  must(steps >= 1 && steps <= max_funnel_steps, "a funnel has 1 to 64 steps");
  for (const funnel_step& step : c.steps_) {
    for (const step_condition& condition : step.conditions) {
      for (const column_test& test : condition.all) {
        must(test.how <= column_comparison::at_least, "a comparison is none");
      }
    }
  }
  const std::size_t moments = c.by_journeys_ ? steps : 0;
  must(c.labels_.size() == steps && c.base_.size() == steps && c.reached_.size() == steps && c.lost_.size() == steps &&
           c.with_base_.size() == steps && c.with_entry_.size() == steps && c.from_previous_.size() == steps &&
           c.from_first_.size() == steps && c.at_.size() == (moments == 0 ? 0 : moments + 1) &&
           c.from_base_.size() == moments && c.from_entry_.size() == moments,
       "steps are missing");
  for (std::size_t step = 0; step < steps; ++step) {
    must(c.base_[step] <= step, "a step has a later one before it");
    check_finite(c.from_previous_[step]);
    check_finite(c.from_first_[step]);
  }
  for (const auto* counts : {&c.reached_, &c.lost_, &c.with_base_, &c.with_entry_}) {
    check_counts(*counts);
  }
  must(c.customers_ <= most_events && c.units_ <= most_events && c.excluded_ <= c.units_, "a count is out of range");
  for (std::size_t step = 0; step < steps; ++step) {
    const std::uint64_t whole = c.base_[step] == 0 ? c.units() : c.reached_[c.base_[step] - 1];
    must(c.by_journeys_ || (c.with_base_[step] <= whole && c.with_entry_[step] <= c.reached_[0]),
         "more reach a step than there are");
  }
  check_moments(c.at_);
  check_moments(c.from_base_);
  check_moments(c.from_entry_);
}

KLANTREIS_INLINE void part_fields::check(const drop_off_counts& c) {
  const std::size_t names = c.names_.size();
  must(!c.by_.empty() && c.visits_.size() == names && c.exits_.size() == names && c.open_.size() == names,
       "items are missing");
  must(c.journeys_ <= most_events, "a count is out of range");
  check_moments(c.visits_);
  check_moments(c.exits_);
  check_counts(c.open_);
  for (const auto* pairs : {&c.before_, &c.next_, &c.back_}) {
    check_pairs(*pairs, names, names);
  }
}

KLANTREIS_INLINE void part_fields::check(const step_matrix_counts& c) {
  must(c.steps_ >= 1 && c.steps_ <= max_matrix_steps && c.journeys_ <= most_events, "steps are missing");
  check_pairs(c.at_, c.steps_, c.names_.size());
  check_pairs(c.ended_, c.steps_, c.names_.size());
}

KLANTREIS_INLINE void part_fields::check(variant_counts& c) {
  check(c.paths_);
  must(c.seconds_.empty() || c.seconds_.size() == c.paths_.units().size(), "times of journeys are missing");
  check_finite(c.seconds_);
}

KLANTREIS_INLINE void part_fields::check(const spell_set& c) {
  must(c.until_ <= wait_until::leaving, "the end of a spell is none");
  for (const spell_set::group& group : c.groups_) {
    for (const spell& one : group.spells) {
      must(one.time >= 0.0 && std::isfinite(one.time) && one.customer < c.customers_, "a spell is none");
    }
  }
}

KLANTREIS_INLINE void part_fields::check(const cohort_rate_counts& c) {
  for (const auto& [name, cells] : c.cells_) {
    must(cells.size() == c.within_.size(), "horizons are missing");
    for (const auto& cell : cells) {
      check_moments(cell.journeys);
      check_moments(cell.conversions);
      must(cell.too_recent <= most_events, "a count is out of range");
    }
  }
}

KLANTREIS_INLINE void part_fields::check(const ngram_counts& c) {
  must(c.length_ >= 1 && c.length_ <= max_ngram_length && c.codes_.size() == c.size() * c.length_, "items are missing");
  for (const std::uint32_t code : c.codes_) {
    must(code < c.names_.size(), "an item has no name");
  }
  for (std::size_t i = 1; i < c.size(); ++i) {
    must(std::ranges::lexicographical_compare(c.items(i - 1), c.items(i)), "n-grams are in no order");
  }
  check_counts(c.occurrences_);
  for (const auto* counts : {&c.journeys_, &c.settled_, &c.conversions_}) {
    must(counts->size() == (c.journeys_.empty() ? 0 : c.size()), "journeys are missing");
    check_counts(*counts);
  }
}

KLANTREIS_INLINE void part_fields::check(const return_cohort_counts& c) {
  constexpr double latest = 253'402'300'800e6;  // the year 9999
  const auto length = static_cast<double>(c.period_.count());
  const double until = static_cast<double>(c.until_.time_since_epoch().count());
  const double first = static_cast<double>(c.first_) * length;
  must(length > 0.0 && std::abs(until) <= latest && std::abs(first) <= latest, "a period is out of range");
  must((until - first) / length < 4294967295.0, "there are too many periods");
  const double last = (until - first) / length + 1.0;
  std::map<std::uint32_t, std::uint64_t> sizes;
  c.active_.for_each([&](std::uint32_t cohort, std::uint32_t since, std::uint64_t customers) {
    must(static_cast<double>(cohort) + static_cast<double>(since) <= last, "a period has not begun");
    if (since == 0) {
      sizes[cohort] = customers;
    }
  });
  c.active_.for_each([&](std::uint32_t cohort, std::uint32_t, std::uint64_t customers) {
    const auto size = sizes.find(cohort);
    must(size != sizes.end() && customers <= size->second, "more customers return than there are");
  });
}

KLANTREIS_INLINE void part_fields::check(const match_counts& c) {
  must(!c.options_.empty() && c.gaps_.size() == (std::max)(c.parts_.size(), std::size_t{1}), "parts are missing");
  must(c.units_ <= most_events && c.matches_ <= most_events && c.matched_ <= c.units_ && c.matched_ <= c.matches_ &&
           c.customers_ <= c.units_ && c.matched_customers_ <= c.customers_,
       "a count is out of range");
  check_moments(c.at_);
  check_moments(c.with_match_);
  for (const auto& gap : c.gaps_) {
    must(gap.seconds.size() == gap.customers.size(), "times have no customers");
    check_finite(gap.seconds);
    must(std::ranges::is_sorted(gap.customers) && (gap.customers.empty() || gap.customers.back() < c.customers_),
         "a time has no customer");
  }
}

KLANTREIS_INLINE void part_fields::check(const measure_counts& c) {
  must((c.by_ == "phase" || c.by_ == "touchpoint") && !c.options_.empty(), "it is not said what was measured");
  must(c.customers_ <= most_events && c.journeys_ <= most_events && c.open_ <= c.journeys_ && c.outside_ <= most_events,
       "a count is out of range");
  check_ticks(c.ticks_per_second_);
  std::set<std::string_view> names;
  bool designed = true;
  for (const measure_counts::item& item : c.items_) {
    must(names.insert(item.name).second, "an item occurs twice");
    must(designed || !item.designed, "items are in no order");
    designed = item.designed;
    must(std::isnan(item.emotion) || std::abs(item.emotion) <= 2.0, "an emotion is out of range");
    for (const std::uint64_t customers : {item.reach, item.passed, item.skipped, item.gone, item.waiting}) {
      must(customers <= c.customers_, "an item has more customers than there are");
    }
    check_counts(std::array{item.entries, item.visits, item.back, item.skips, item.left, item.at_rest, item.open});
    check_moments(item.settled_visits);
    check_moments(item.leavings);
    must(item.ticks.empty() || c.ticks_per_second_ != 0, "times have no unit");
    for (const std::int64_t ticks : item.ticks) {
      must(ticks >= 0, "a time runs backwards");
    }
    for (const auto& [sum, answers] : item.feelings) {
      must(std::isfinite(sum) && answers >= 1.0 && answers <= static_cast<double>(most_events), "an answer is none");
    }
  }
}

KLANTREIS_INLINE void part_fields::check(const conformance_counts& c) {
  c.design_.check();
  const std::size_t phases = c.design_.phases.size();
  must(!c.options_.empty(), "it is not said what was counted");
  must(c.edges_.states() == phases + move_phase && c.conforming_.size() == 1 &&
           c.in_time_.size() == c.design_.moves.size() && c.ticks_.size() == phases * phases,
       "the counts are of another design");
  must(c.journeys_ <= most_events && c.journeys_moving_ <= c.journeys_ && c.journeys_conforming_ <= c.journeys_moving_,
       "a count is out of range");
  check_ticks(c.ticks_per_second_);
  for (const visit_rates* const rates : {&c.conforming_, &c.in_time_}) {
    check_moments(rates->visits());
    check_moments(rates->events());
  }
  for (std::size_t at = 0; at < c.edges_.states(); ++at) {
    check_moments(c.edges_.row(at));
  }
  for (std::size_t index = 0; index < c.edges_.size(); ++index) {
    check_moments(c.edges_.cell(index));
    must(c.edges_.from(index) != move_end && c.edges_.to(index) != move_start, "a move leaves an end");
  }
  for (const std::vector<std::int64_t>& ticks : c.ticks_) {
    must(ticks.empty() || c.ticks_per_second_ != 0, "times have no unit");
    for (const std::int64_t time : ticks) {
      must(time >= 0, "a time runs backwards");
    }
  }
}

}  // namespace klantreis::detail
