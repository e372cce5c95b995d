// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "klantreis/detail/number_text.hpp"
#include "klantreis/measure/design.hpp"

namespace klantreis {

namespace detail {

KLANTREIS_INLINE void check_emotion(double emotion, const std::string& place) {
  if (!std::isnan(emotion) && !(emotion >= -2.0 && emotion <= 2.0)) {
    throw input_error("the expected emotion of " + place + " is " + std::to_string(emotion) +
                      "; give a number from -2 to 2");
  }
}

}  // namespace detail

KLANTREIS_INLINE std::pair<double, double> scale_ends(std::string_view scale) {
  constexpr std::array<std::pair<std::string_view, std::pair<double, double>>, 5> known{{{"nps", {0.0, 10.0}},
                                                                                         {"csat", {1.0, 5.0}},
                                                                                         {"ces", {1.0, 7.0}},
                                                                                         {"stars", {1.0, 5.0}},
                                                                                         {"emotion", {-2.0, 2.0}}}};
  std::string names;
  for (const auto& [name, ends] : known) {
    if (name == scale) {
      return ends;
    }
    names += (names.empty() ? "" : ", ") + std::string{name};
  }
  throw input_error("the scale " + quoted(scale) + " is not known; use one of " + names +
                    ", or give its lowest and highest answer");
}

KLANTREIS_INLINE std::optional<std::size_t> journey_design::find_phase(std::string_view name) const noexcept {
  for (std::size_t place = 0; place < phases.size(); ++place) {
    if (phases[place].name == name) {
      return place;
    }
  }
  return std::nullopt;
}

KLANTREIS_INLINE void journey_design::check() const {
  if (phases.empty()) {
    throw input_error("the design has no phases; give them in the order of the journey");
  }
  std::set<std::string> names;
  std::map<std::string, std::string> owner;
  for (const designed_phase& phase : phases) {
    if (phase.name.empty()) {
      throw input_error("a phase of the design has no name");
    }
    if (is_reserved_name(phase.name) || phase.name == none_label) {
      throw input_error("a phase is called " + quoted(phase.name) + ", a name that klantreis uses itself; rename it");
    }
    if (!names.insert(phase.name).second) {
      throw input_error("the design has the phase " + quoted(phase.name) + " twice; name it once");
    }
    detail::check_emotion(phase.emotion, "phase " + quoted(phase.name));
    for (const std::string& label : phase.labels) {
      const auto [place, added] = owner.emplace(label, phase.name);
      if (!added) {
        throw input_error("the phase " + quoted(label) + " of the log belongs to " + quoted(place->second) +
                          " and to " + quoted(phase.name) + "; let it belong to one");
      }
    }
  }
  for (const designed_move& move : moves) {
    for (const std::string& end : {move.from, move.to}) {
      if (!find_phase(end)) {
        throw input_error("the designed move from " + quoted(move.from) + " to " + quoted(move.to) + " names " +
                          quoted(end) + ", which is no phase of the design");
      }
    }
    if (!std::isnan(move.expected) && !(move.expected >= 0.0 && move.expected <= 1.0)) {
      throw input_error("the designed move from " + quoted(move.from) + " to " + quoted(move.to) + " expects " +
                        std::to_string(move.expected) + "; give a share from 0 to 1");
    }
    if (move.max_time && *move.max_time <= duration::zero()) {
      throw input_error("the designed move from " + quoted(move.from) + " to " + quoted(move.to) +
                        " has a time limit that is not positive");
    }
  }
  std::set<std::string> touched;
  for (const designed_touchpoint& touchpoint : touchpoints) {
    if (!touched.insert(touchpoint.name).second) {
      throw input_error("the design has the touchpoint " + quoted(touchpoint.name) + " twice; name it once");
    }
    detail::check_emotion(touchpoint.emotion, "touchpoint " + quoted(touchpoint.name));
  }
  for (const score_rule& rule : scores) {
    if (!(rule.low < rule.high) || !std::isfinite(rule.low) || !std::isfinite(rule.high)) {
      throw input_error("the scale of " + quoted(rule.column) + " goes from " + std::to_string(rule.low) + " to " +
                        std::to_string(rule.high) + "; give its lowest answer first, then its highest");
    }
  }
}

KLANTREIS_INLINE journey_design design_of(const journey_map& map, std::string_view level) {
  journey_design design{.level = std::string{level}};
  std::map<std::string, std::string, std::less<>> group;  // of each phase of the map
  for (const map_phase& phase : map.phases) {
    group.emplace(phase.id, map.group_of(phase.id, level));
  }
  std::map<std::string, std::size_t, std::less<>> measured_parts;
  for (const std::string& name : map.phases_at(level)) {
    designed_phase made{.name = name, .measured = false};
    double sum = 0.0;
    std::size_t expectations = 0;
    for (const map_phase& phase : map.phases) {
      if (group[phase.id] == name) {
        made.labels.push_back(phase.id);
        made.measured = made.measured || phase.measured;
        measured_parts[name] += phase.measured ? 1 : 0;
        if (phase.measured && phase.emotion.expected) {
          sum += *phase.emotion.expected;
          ++expectations;
        }
      }
    }
    if (expectations != 0) {
      made.emotion = sum / static_cast<double>(expectations);
    } else if (made.labels.size() == 1) {
      made.emotion = find_item(map.phases, made.labels[0])->emotion.expected.value_or(null_value);
    }
    design.phases.push_back(std::move(made));
  }
  constexpr std::array<const char*, 5> kinds{"forward", "back", "loop", "referral", "skip"};
  std::map<std::pair<std::string, std::string>, std::size_t> place;
  for (const map_transition& move : map.transitions) {
    const std::string& from = group[move.from];
    const std::string& to = group[move.to];
    // A move from a phase to itself can be designed at the map's own level only.
    if (from == to && move.from != move.to) {
      continue;
    }
    const auto [found, added] = place.emplace(std::pair{from, to}, design.moves.size());
    if (added) {
      const bool comparable = measured_parts[from] == 1;
      design.moves.push_back({.from = from,
                              .to = to,
                              .kind = kinds[static_cast<std::size_t>(move.kind)],
                              .expected = comparable ? move.expected.value_or(null_value) : null_value,
                              .max_time = comparable ? move.max_time : std::nullopt});
    } else {
      designed_move& merged = design.moves[found->second];
      merged.expected = null_value;
      merged.max_time = std::nullopt;
      if (move.kind == map_transition::kind_type::forward) {
        merged.kind = "forward";
      }
    }
  }
  for (const map_touchpoint& touchpoint : map.touchpoints) {
    design.touchpoints.push_back({.name = touchpoint.id,
                                  .phase = touchpoint.phase,
                                  .emotion = touchpoint.emotion.expected.value_or(null_value),
                                  .call_to_action = touchpoint.cta,
                                  .onstage = touchpoint.stage == map_touchpoint::stage_type::onstage,
                                  .owner = touchpoint.owner});
    if (touchpoint.score_column.empty()) {
      continue;
    }
    score_rule rule{.column = touchpoint.score_column, .touchpoint = touchpoint.id};
    if (touchpoint.score_low && touchpoint.score_high) {
      rule.low = *touchpoint.score_low;
      rule.high = *touchpoint.score_high;
    } else {
      const auto [low, high] = scale_ends(touchpoint.score_scale);
      rule.low = touchpoint.score_low.value_or(low);
      rule.high = touchpoint.score_high.value_or(high);
    }
    design.scores.push_back(rule);
    // A log may call the column as the map does, or as the data do.
    const std::string* column = map.column(rule.column);
    if (column != nullptr && *column != rule.column) {
      rule.column = *column;
      design.scores.push_back(rule);
    }
  }
  return design;
}

namespace detail {

KLANTREIS_INLINE std::optional<std::size_t> phase_of_label(const journey_design& design, std::string_view label) {
  for (std::size_t place = 0; place < design.phases.size(); ++place) {
    const designed_phase& phase = design.phases[place];
    if (phase.labels.empty() ? phase.name == label
                             : std::find(phase.labels.begin(), phase.labels.end(), label) != phase.labels.end()) {
      return place;
    }
  }
  return std::nullopt;
}

KLANTREIS_INLINE phase_codes::phase_codes(const event_log& log, const journey_design& design) {
  design.check();
  if (!log.has_labels("phase")) {
    if (log.events() == 0) {
      return;
    }
    throw input_error(
        "the events have no phase; read them with a map, or with phase=: a column, or the phase of each touchpoint");
  }
  const label_column& labels = log.labels("phase");
  codes_ = labels.codes;
  phase_of_code_.assign(labels.names.size(), no_phase);
  for (name_table::code code = 0; code < labels.names.size(); ++code) {
    if (const auto place = phase_of_label(design, labels.names[code])) {
      phase_of_code_[code] = static_cast<std::uint32_t>(*place);
    } else if (labels.names[code] != none_label) {
      throw input_error("events are in the phase " + quoted(labels.names[code]) +
                        ", which the design does not have; add it in its place of the order");
    }
  }
  touchpoints_ = log.touchpoints();
  for (const designed_touchpoint& touchpoint : design.touchpoints) {
    const auto code = log.touchpoint_names().find(touchpoint.name);
    if (!touchpoint.onstage && code) {
      offstage_.resize(log.touchpoint_names().size());
      offstage_[*code] = 1;
    }
  }
}

KLANTREIS_INLINE emotion_scores::emotion_scores(const event_log& log, std::span<const score_rule> rules)
    : touchpoints_(log.touchpoints()), columns_of_touchpoint_(rules.empty() ? 0 : log.touchpoint_names().size()) {
  for (const score_rule& rule : rules) {
    const auto code = log.touchpoint_names().find(rule.touchpoint);
    const bool everywhere = rule.touchpoint.empty();
    if (log.events() == 0 || (!everywhere && !code)) {
      continue;
    }
    column source{.low = rule.low, .high = rule.high, .name = rule.column};
    if (log.has_numbers(rule.column)) {
      source.values = log.numbers(rule.column);
    } else if (log.has_labels(rule.column)) {
      const label_column& labels = log.labels(rule.column);
      source.codes = labels.codes;
      source.value_of_code.assign(labels.names.size(), null_value);
      for (name_table::code label = 0; label < labels.names.size(); ++label) {
        const std::string_view text = labels.names[label];
        double value = 0.0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc{} && end == text.data() + text.size()) {
          source.value_of_code[label] = value;
        } else if (text != none_label && !text.empty()) {
          throw input_error("the score " + quoted(text) + " in column " + quoted(rule.column) + " is no number");
        }
      }
    } else if (everywhere) {
      throw input_error("the log has no column " + quoted(rule.column) + "; read it with numbers=[" +
                        quoted(rule.column) + "]");
    } else {
      continue;
    }
    const auto place = static_cast<std::uint32_t>(columns_.size());
    columns_.push_back(std::move(source));
    if (everywhere) {
      for (auto& columns : columns_of_touchpoint_) {
        columns.push_back(place);
      }
    } else {
      columns_of_touchpoint_[*code].push_back(place);
    }
  }
}

KLANTREIS_INLINE std::optional<emotion_scores::answer> emotion_scores::operator()(std::size_t event) const {
  for (const std::uint32_t place : columns_of_touchpoint_[touchpoints_[event]]) {
    const column& source = columns_[place];
    const double score = source.codes.empty() ? source.values[event] : source.value_of_code[source.codes[event]];
    if (std::isnan(score)) {
      continue;
    }
    if (score < source.low || score > source.high) {
      throw input_error("an answer in column " + quoted(source.name) + " is " + number_text(score) +
                        ", outside its scale from " + number_text(source.low) + " to " + number_text(source.high) +
                        "; correct it, or give the ends of the scale");
    }
    return answer{score, 4.0 * (score - source.low) / (source.high - source.low) - 2.0};
  }
  return std::nullopt;
}

KLANTREIS_INLINE touchpoint_items::touchpoint_items(const event_log& log, const journey_design& designed)
    : names(log.touchpoint_names().to_vector()) {
  design.assign(names.size(), no_phase);
  for (std::size_t place = 0; place < designed.touchpoints.size(); ++place) {
    const std::string& name = designed.touchpoints[place].name;
    auto code = log.touchpoint_names().find(name);
    if (!code) {
      code = static_cast<name_table::code>(names.size());
      names.push_back(name);
      design.push_back(no_phase);
    }
    design[*code] = static_cast<std::uint32_t>(place);
  }
  order.resize(names.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return design[a] != design[b] ? design[a] < design[b] : names[a] < names[b];
  });
}

}  // namespace detail

}  // namespace klantreis
