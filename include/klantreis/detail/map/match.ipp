// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "klantreis/detail/log/data.hpp"
#include "klantreis/detail/map/columns.ipp"
#include "klantreis/detail/map/log_match.hpp"
#include "klantreis/detail/map/matcher.hpp"
#include "klantreis/detail/map/relabel.hpp"
#include "klantreis/detail/map/suggest.ipp"
#include "klantreis/map/match.hpp"

namespace klantreis {

namespace detail {

/// What the rules say about one combination of values.
struct verdict {
  bool excluded = false;
  std::uint32_t outcomes = 0;  ///< index into the sets of outcomes
  /// Touchpoints whose rule holds, in the order of the file, up to the first without `when`.
  std::vector<std::uint32_t> candidates = {};
};

/// All rules of a map, compiled for the columns of one log.
class map_rules {
 public:
  explicit map_rules(const journey_map& map) : map_(map) {
    std::uint32_t next = 0;
    const auto compile = [&](const rule& source) { return compiled_rule{source, columns_, index_, next}; };
    for (const auto& exclusion : map.events.exclude) {
      exclusions_.push_back(compile(exclusion));
    }
    for (std::uint32_t i = 0; i < map.outcomes.size(); ++i) {
      if (map.outcomes[i].match) {
        outcomes_.emplace_back(i, compile(*map.outcomes[i].match));
      }
    }
    for (std::uint32_t i = 0; i < map.touchpoints.size(); ++i) {
      touchpoints_.push_back(compile(map.touchpoints[i].match));
    }
    met_.resize(next);
    needing_.resize(next);
    for (std::uint32_t i = 0; i < touchpoints_.size(); ++i) {
      const auto necessary = touchpoints_[i].necessary();
      (necessary ? needing_[*necessary] : always_).push_back(i);
    }
  }

  /// The combination of each event, and the verdict of each combination.
  [[nodiscard]] std::pair<combinations, std::vector<verdict>> judge(const log_data& data, log_match& found) {
    combinations result{data.touchpoint.codes.size()};
    for (auto& column : columns_) {
      refine(result, column, data, found);
    }
    std::vector<verdict> verdicts;
    verdicts.reserve(result.size());
    std::unordered_map<std::string, std::uint32_t> sets{{std::string{}, 0}};
    for (std::size_t i = 0; i < result.size(); ++i) {
      verdicts.push_back(judge(result.classes(i), sets, found));
    }
    return {std::move(result), std::move(verdicts)};
  }

 private:
  void refine(combinations& result, matched_column& column, const log_data& data, log_match& found) const {
    if (column.name() == "event") {
      column.classify(data.touchpoint.names, std::nullopt);
      result.refine(column, [&](std::size_t event) { return column.class_of_code(data.touchpoint.codes[event]); });
      return;
    }
    const auto* mapped = map_.column(column.name());
    if (const auto* label = find_label(data, column.name(), mapped)) {
      column.classify(label->names, label->names.find(none_label));
      result.refine(column, [&](std::size_t event) { return column.class_of_code(label->codes[event]); });
    } else if (const auto* numbers = find_numbers(data, column.name(), mapped)) {
      column.classify_numbers();
      result.refine(column, [&](std::size_t event) { return column.class_of_number((*numbers)[event]); });
    } else {
      found.absent_columns.push_back(column.name());
      column.classify_absent();
      result.refine(column, [&](std::size_t) { return column.class_of_code(0); });
    }
  }

  [[nodiscard]] verdict judge(std::span<const std::uint32_t> classes,
                              std::unordered_map<std::string, std::uint32_t>& sets, log_match& found) {
    std::fill(met_.begin(), met_.end(), false);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      for (const auto number : columns_[c].met(classes[c])) {
        met_[number] = true;
      }
    }
    verdict result;
    result.excluded = std::any_of(exclusions_.begin(), exclusions_.end(),
                                  [&](const compiled_rule& rule) { return rule.holds(met_); });
    std::vector<std::uint32_t> outcomes;
    std::string key;
    for (const auto& [index, rule] : outcomes_) {
      if (rule.holds(met_)) {
        outcomes.push_back(index);
        key += std::to_string(index) + " ";
      }
    }
    const auto [set, is_new] =
        sets.try_emplace(std::move(key), static_cast<std::uint32_t>(found.outcomes_of_set.size()));
    if (is_new) {
      found.outcomes_of_set.push_back(std::move(outcomes));
    }
    result.outcomes = set->second;
    auto possible = always_;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      for (const auto number : columns_[c].met(classes[c])) {
        possible.insert(possible.end(), needing_[number].begin(), needing_[number].end());
      }
    }
    std::sort(possible.begin(), possible.end());
    for (const auto index : possible) {
      if (touchpoints_[index].holds(met_)) {
        result.candidates.push_back(index);
        const auto& touchpoint = map_.touchpoints[index];
        if (touchpoint.after.empty() && touchpoint.before.empty()) {
          break;
        }
      }
    }
    return result;
  }

  const journey_map& map_;
  std::vector<matched_column> columns_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<compiled_rule> exclusions_;
  std::vector<std::pair<std::uint32_t, compiled_rule>> outcomes_;
  std::vector<compiled_rule> touchpoints_;
  std::vector<std::vector<std::uint32_t>> needing_;  // touchpoints that need a condition, by its number
  std::vector<std::uint32_t> always_;                // those that need none in particular
  std::vector<bool> met_;
};

/// Which events repeat an earlier one of the same customer and instant in the columns of `dedupe`.
class repeat_finder {
 public:
  repeat_finder(const journey_map& map, const log_data& data) : data_(data) {
    for (const auto& name : map.events.dedupe) {
      if (name == "customer" || name == "time") {
        continue;
      }
      if (name == "event") {
        labels_.push_back(&data.touchpoint);
      } else if (const auto* label = find_label(data, name, map.column(name))) {
        labels_.push_back(label);
      } else if (const auto* numbers = find_numbers(data, name, map.column(name))) {
        numbers_.push_back(numbers);
      }
    }
    active_ = !map.events.dedupe.empty() && data.ticks_per_second != 0;
  }

  [[nodiscard]] bool active() const noexcept { return active_; }

  /// Clears `kept` for the repeats among the events of one customer.
  void find(std::uint64_t begin, std::uint64_t end, std::vector<std::uint8_t>& kept) {
    while (begin < end) {
      auto last = begin + 1;
      while (last < end && data_.times[last] == data_.times[begin]) {
        ++last;
      }
      if (last - begin > 1) {
        run_.clear();
        for (auto event = begin; event < last; ++event) {
          if (kept[event] != 0) {
            run_.push_back(event);
          }
        }
        std::stable_sort(run_.begin(), run_.end(), [&](std::uint64_t a, std::uint64_t b) { return less(a, b); });
        for (std::size_t i = 1; i < run_.size(); ++i) {
          if (!less(run_[i - 1], run_[i])) {
            kept[run_[i]] = 0;
          }
        }
      }
      begin = last;
    }
  }

 private:
  [[nodiscard]] bool less(std::uint64_t a, std::uint64_t b) const {
    for (const auto* label : labels_) {
      if (label->codes[a] != label->codes[b]) {
        return label->codes[a] < label->codes[b];
      }
    }
    for (const auto* numbers : numbers_) {
      const double x = (*numbers)[a];
      const double y = (*numbers)[b];
      const bool same = x == y || (std::isnan(x) && std::isnan(y));
      if (!same) {
        return std::isnan(x) || x < y;
      }
    }
    return false;
  }

  const log_data& data_;
  std::vector<const label_column*> labels_;
  std::vector<const number_store*> numbers_;
  std::vector<std::uint64_t> run_;
  bool active_ = false;
};

/// Follows one customer: which outcomes have occurred, as `when` asks.
class outcome_state {
 public:
  outcome_state(const journey_map& map, std::int64_t ticks_per_second) : had_(map.outcomes.size()) {
    std::unordered_map<std::string_view, std::uint32_t> index;
    for (std::uint32_t i = 0; i < map.outcomes.size(); ++i) {
      index.emplace(map.outcomes[i].id, i);
    }
    for (const auto& touchpoint : map.touchpoints) {
      const auto at = [&](const std::string& outcome) { return outcome.empty() ? none : index.at(outcome); };
      needs_.emplace_back(at(touchpoint.after), at(touchpoint.before));
      conditional_ = conditional_ || !touchpoint.after.empty() || !touchpoint.before.empty();
    }
    for (std::uint32_t i = 0; i < map.outcomes.size(); ++i) {
      if (map.outcomes[i].inactivity && ticks_per_second != 0) {
        // Longer than any silence in a log when it does not fit.
        const auto seconds = std::chrono::duration<double>(*map.outcomes[i].inactivity).count();
        const auto ticks = seconds * static_cast<double>(ticks_per_second);
        silences_.emplace_back(
            i, ticks < 9e18 ? static_cast<std::int64_t>(ticks) : std::int64_t{9'000'000'000'000'000'000});
      }
    }
  }

  /// False when no touchpoint asks for what came before.
  [[nodiscard]] bool conditional() const noexcept { return conditional_; }

  void begin_customer() noexcept { std::fill(had_.begin(), had_.end(), std::uint8_t{0}); }
  void pass_silence(std::int64_t ticks) noexcept {
    for (const auto& [outcome, longest] : silences_) {
      if (ticks > longest) {
        had_[outcome] = 1;
      }
    }
  }
  void pass_event(std::span<const std::uint32_t> outcomes) noexcept {
    for (const auto outcome : outcomes) {
      had_[outcome] = 1;
    }
  }
  [[nodiscard]] bool allows(std::uint32_t touchpoint) const noexcept {
    const auto [after, before] = needs_[touchpoint];
    return (after == none || had_[after] != 0) && (before == none || had_[before] == 0);
  }

 private:
  static constexpr std::uint32_t none = 0xFFFF'FFFFU;
  std::vector<std::uint8_t> had_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> needs_;
  std::vector<std::pair<std::uint32_t, std::int64_t>> silences_;
  bool conditional_ = false;
};

/// The touchpoint of each event; `touchpoints.size()` where none takes it. Clears `kept` for what is left out.
KLANTREIS_INLINE std::vector<std::uint32_t> touchpoint_of_events(const journey_map& map, const log_data& data,
                                                                 const combinations& combination,
                                                                 const std::vector<verdict>& verdicts,
                                                                 const log_match& found,
                                                                 std::vector<std::uint8_t>& kept, log_health& health) {
  const auto unmatched = static_cast<std::uint32_t>(map.touchpoints.size());
  outcome_state state{map, data.ticks_per_second};
  repeat_finder repeats{map, data};
  std::vector<std::uint32_t> result(data.touchpoint.codes.size(), unmatched);
  const bool may_exclude = std::any_of(verdicts.begin(), verdicts.end(), [](const verdict& v) { return v.excluded; });
  if (may_exclude || repeats.active()) {
    kept.assign(result.size(), 1);
  }
  if (may_exclude) {
    for (std::size_t event = 0; event < result.size(); ++event) {
      if (verdicts[combination.of_event(event)].excluded) {
        kept[event] = 0;
        ++health.excluded;
      }
    }
  }
  if (repeats.active()) {
    for (std::size_t c = 0; c + 1 < data.offsets.size(); ++c) {
      repeats.find(data.offsets[c], data.offsets[c + 1], kept);
    }
    const auto left = static_cast<std::uint64_t>(std::count(kept.begin(), kept.end(), std::uint8_t{1}));
    health.repeated = result.size() - left - health.excluded;
  }
  if (!state.conditional()) {
    std::vector<std::uint32_t> first(verdicts.size(), unmatched);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      if (!verdicts[i].candidates.empty()) {
        first[i] = verdicts[i].candidates.front();
      }
    }
    for (std::size_t event = 0; event < result.size(); ++event) {
      result[event] = first[combination.of_event(event)];
    }
    return result;
  }
  constexpr std::uint64_t nothing = 0xFFFF'FFFF'FFFF'FFFFULL;
  for (std::size_t c = 0; c + 1 < data.offsets.size(); ++c) {
    state.begin_customer();
    std::uint64_t previous = nothing;
    for (std::uint64_t event = data.offsets[c]; event < data.offsets[c + 1]; ++event) {
      if (!kept.empty() && kept[event] == 0) {
        continue;
      }
      if (previous != nothing && !data.times.empty()) {
        state.pass_silence(data.times[event] - data.times[previous]);
      }
      previous = event;
      const auto& judged = verdicts[combination.of_event(event)];
      for (const auto candidate : judged.candidates) {
        if (state.allows(candidate)) {
          result[event] = candidate;
          break;
        }
      }
      if (judged.outcomes != 0) {
        state.pass_event(found.outcomes_of_set[judged.outcomes]);
      }
    }
  }
  return result;
}

KLANTREIS_INLINE void check_labels(const journey_map& map, const log_data& data) {
  if (data.map) {
    throw input_error("the log carries the labels of a map already; apply the map to the events as they were read");
  }
  for (const auto& label : data.labels) {
    if (label.name == "phase") {
      throw input_error("phases are given both by the events and by the map; read the events without phase");
    }
    const auto levels = map.levels();
    if (label.name == "event" || std::find(levels.begin(), levels.end(), label.name) != levels.end()) {
      throw input_error("the log has a column " + quoted(label.name) +
                        ", and the map gives labels of that name; rename the column or the level");
    }
  }
}

}  // namespace detail

KLANTREIS_INLINE event_log apply_map(event_log log, const journey_map& map, const match_options& options) {
  using unmatched_type = map_events::unmatched_type;
  detail::check_labels(map, detail::log_access::data(log));
  const auto policy = options.unmatched.value_or(map.events.unmatched);
  auto kept_map = std::make_shared<const journey_map>(map);
  auto found = std::make_shared<detail::log_match>();
  auto data = detail::log_access::take(std::move(log));
  auto [combination, verdicts] = detail::map_rules{*kept_map}.judge(*data, *found);

  std::vector<std::uint8_t> kept;
  auto touchpoints = detail::touchpoint_of_events(*kept_map, *data, combination, verdicts, *found, kept, data->health);
  const auto unmatched = static_cast<std::uint32_t>(map.touchpoints.size());
  detail::report_unmatched(*kept_map, *data, touchpoints, kept, *found);
  for (const auto& row : found->unmatched) {
    data->health.unmatched += row.events;
  }
  if (policy == unmatched_type::error && !found->unmatched.empty()) {
    throw input_error(detail::unmatched_message(data->health.unmatched, *found));
  }
  if (found->outcomes_of_set.size() > 1) {
    found->outcome_sets.resize(touchpoints.size());
    for (std::size_t event = 0; event < touchpoints.size(); ++event) {
      found->outcome_sets[event] = verdicts[combination.of_event(event)].outcomes;
    }
  }
  if (policy == unmatched_type::drop && !found->unmatched.empty()) {
    kept.resize(touchpoints.size(), 1);
    for (std::size_t event = 0; event < touchpoints.size(); ++event) {
      const bool is_outcome = !found->outcome_sets.empty() && found->outcome_sets[event] != 0;
      if (kept[event] != 0 && touchpoints[event] == unmatched && !is_outcome) {
        kept[event] = 0;
        ++data->health.dropped;
      }
    }
  }
  data->health.mapped = true;
  detail::keep_events(*data, kept, touchpoints, found->outcome_sets);
  detail::set_map_labels(*kept_map, *data, touchpoints);
  data->map = std::move(kept_map);
  data->match = std::move(found);
  return detail::log_access::make(std::move(data));
}

KLANTREIS_INLINE bool is_outcome_with_events(const event_log& log, std::string_view name) noexcept {
  const auto* outcome = log.map() == nullptr ? nullptr : find_item(log.map()->outcomes, name);
  return outcome != nullptr && outcome->match.has_value();
}

KLANTREIS_INLINE std::vector<bool> outcome_events(const event_log& log, std::string_view outcome) {
  if (log.map() == nullptr) {
    throw input_error("the log has no map, so it knows no outcome " + quoted(outcome) + "; apply a map");
  }
  const auto& outcomes = log.map()->outcomes;
  const auto* item = find_item(outcomes, outcome);
  if (item == nullptr) {
    std::string message = "the map has no outcome " + quoted(outcome) + "; it has";
    for (const auto& known : outcomes) {
      message += " " + quoted(known.id);
    }
    throw input_error(message);
  }
  const auto& match = *detail::log_access::data(log).match;
  const auto index = static_cast<std::uint32_t>(item - outcomes.data());
  std::vector<bool> in_set;
  for (const auto& set : match.outcomes_of_set) {
    in_set.push_back(std::find(set.begin(), set.end(), index) != set.end());
  }
  std::vector<bool> result(log.events());
  for (std::size_t event = 0; event < match.outcome_sets.size(); ++event) {
    result[event] = in_set[match.outcome_sets[event]];
  }
  return result;
}

}  // namespace klantreis
