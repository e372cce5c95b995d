// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/map/json_value.hpp"
#include "klantreis/map/rule.hpp"

namespace klantreis {

// The journey map as plain values, one struct for each kind of item. Member names are the keys of the file unless a
// comment says otherwise; empty texts and lists stand for keys that are absent. Ids match [a-z0-9][a-z0-9_./-]*. The
// name of phases, channels, touchpoints and outcomes is their id where the file gives none.

/// What somebody wants to reach, and the KPI that tells; in the file also a text alone.
struct map_goal {
  std::string text;
  std::string kpi;
};

/// What the company and the customer want of a journey or a phase.
struct map_goals {
  map_goal company;
  map_goal customer;
};

/// An emotion that the design expects, from -2 to 2.
struct map_emotion {
  std::optional<double> expected = std::nullopt;
  std::string driver = {};
  std::vector<std::string> evidence = {};
};

struct map_journey {
  enum class state_type : std::uint8_t { current, future };
  enum class business_type : std::uint8_t { b2c, b2b, mixed };

  std::string id;
  std::string name;
  std::string description;
  std::string language;
  std::string template_name;  ///< `template`
  std::string version;
  bool draft = false;  ///< onstage touchpoints may still lack a need
  state_type state = state_type::current;
  std::string perspective = "customer";  ///< the only one there is
  business_type business = business_type::b2c;
  std::string currency;
  std::string timezone;
  std::string scope_from;  ///< `scope.from`: a phase; empty: the first
  std::string scope_to;    ///< `scope.to`: a phase; empty: the last
  std::string owner;
  map_goals goals;
};

/// Where a claim on the map comes from; items refer to it by `evidence`.
struct map_research {
  enum class kind_type : std::uint8_t { desk, field, data, assumption };

  std::string id;
  std::string name;
  kind_type kind = kind_type::assumption;
  std::string method;
  std::optional<double> n = std::nullopt;
  std::string date;
  std::string source;
  std::string note;
};

struct map_segment {
  std::string id;
  std::string name;
  std::string description;
  json_value where;  ///< about customer and event; not a rule of one event
};

struct map_criterion {
  std::string id;
  std::string name;
  std::optional<double> weight = std::nullopt;  ///< not negative
};

struct map_persona {
  std::string id;
  std::string name;
  std::string description;
  std::string kind;  ///< b2c, b2b or not given
  std::optional<double> share = std::nullopt;
  json_value demographics;
  json_value company;
  std::string problem;
  std::string solution;
  std::vector<std::string> goals;
  std::vector<map_criterion> criteria;
  std::string segment;
  std::string quote;
  std::string note;
  std::vector<std::string> evidence;
};

struct map_role {
  enum class kind_type : std::uint8_t { decision_maker, influencer, approver, user, customer };

  std::string id;
  std::string name;
  std::string description;
  kind_type kind = kind_type::customer;
  std::string budget_control;
  std::vector<std::string> group;
  std::vector<std::string> influences;  ///< roles that this one advises
  bool may_delegate = false;
  std::string note;
};

struct map_group_member {
  std::string role;
  std::optional<std::int64_t> min = std::nullopt;
  std::optional<std::int64_t> max = std::nullopt;
};

/// What a buying group must have agreed on before a phase; kept, not yet measured.
struct map_gate {
  std::string id;
  std::string name;
  std::string before;   ///< a phase
  json_value required;  ///< `requires`
  std::optional<rule> event = std::nullopt;
  std::optional<duration> timeout = std::nullopt;
};

struct map_buying_group {
  std::string id;
  std::string name;
  json_value when;
  std::string behaves_as;
  std::optional<double> expected_size = std::nullopt;
  std::vector<map_group_member> members;
  std::vector<map_gate> gates;
};

struct map_channel {
  enum class ownership : std::uint8_t { unknown, owned, paid, earned };

  std::string id;
  std::string name;
  std::vector<std::string> aliases;
  std::string description;
  ownership owned = ownership::unknown;
  std::string medium;
  bool measured = true;  ///< false: leaves no events of customers (radio, print)
  std::string opening_hours;
};

struct map_need {
  std::string id;
  std::string text;
  std::vector<std::string> evidence;
};

/// What acts on a phase from outside, such as growth of the population.
struct map_external {
  std::string id;
  std::string name;
  std::string source;
  bool controllable = false;
  std::string note;
};

struct map_phase {
  struct level {
    std::string name;   ///< such as `p6`
    std::string group;  ///< such as `awareness`
  };

  std::string id;
  std::string name;
  std::vector<std::string> aliases;
  std::string description;
  std::string part;           ///< of the buying process
  std::vector<level> rollup;  ///< the coarser phases that this one belongs to, by level
  bool measured = true;
  map_goals goals;
  std::vector<std::string> channels;  ///< beside those of its touchpoints
  std::vector<map_need> needs;
  std::vector<std::string> questions;
  map_emotion emotion;
  std::vector<std::string> customer_actions;
  std::vector<std::string> company_actions;
  std::vector<std::string> problems;
  std::vector<std::string> opportunities;
  std::vector<map_external> external;
  std::optional<duration> exit_inactivity = std::nullopt;  ///< `exits.inactivity`
  std::vector<std::string> exit_reasons;                   ///< `exits.reasons`
  std::string exit_note;                                   ///< `exits.note`
  std::vector<std::string> kpis;
  std::string owner;
  std::string note;
  std::vector<std::string> evidence;
};

struct map_touchpoint {
  enum class stage_type : std::uint8_t { onstage, offstage };

  std::string id;
  std::string name;
  std::string description;
  std::string phase;
  std::vector<std::string> channels;  ///< `channel`: one or several
  stage_type stage = stage_type::onstage;
  std::string owner;
  std::vector<std::string> roles;
  std::vector<std::string> needs;     ///< `need`: one or several
  std::vector<std::string> criteria;  ///< of personas
  bool cta = false;
  bool hurdle = false;  ///< costs the customer effort
  bool controllable = true;
  bool make_or_break = false;  ///< `make_or_break: expected`
  rule match;                  ///< where the file gives none: `{"event": {"eq": id}}`
  std::string after;           ///< `when.after`: an outcome that the customer has had
  std::string before;          ///< `when.before`: an outcome that the customer has not had yet
  map_emotion emotion;
  std::vector<std::string> kpis;
  std::vector<std::string> supports;                    ///< touchpoints
  std::optional<duration> sla = std::nullopt;           ///< `sla.max`
  std::string issue_column;                             ///< `issue_tracking.issue`
  std::optional<duration> issue_window = std::nullopt;  ///< `issue_tracking.window`
  std::string score_column;                             ///< `measures_emotion.score`
  std::string score_scale;                              ///< `measures_emotion.scale`: nps, csat, ces, stars, emotion
  std::optional<double> score_low = std::nullopt;       ///< `measures_emotion.low`, where the scale has other ends
  std::optional<double> score_high = std::nullopt;      ///< `measures_emotion.high`
  std::vector<std::string> problems;
  std::vector<std::string> opportunities;
  std::string note;
  std::vector<std::string> evidence;
};

struct map_outcome {
  enum class role_type : std::uint8_t { conversion, exit };

  std::string id;
  std::string name;
  role_type role = role_type::conversion;
  /// Of a conversion always: where the file gives none, `{"event": {"eq": id}}`.
  std::optional<rule> match = std::nullopt;
  std::optional<duration> inactivity = std::nullopt;  ///< `rule.inactivity`
  std::string value;                                  ///< the column with its worth
  bool primary = false;
  bool resumable = false;
};

/// A move of the designed journey.
struct map_transition {
  enum class kind_type : std::uint8_t { forward, back, loop, referral, skip };

  std::string from;  ///< a phase, as `to`
  std::string to;
  std::optional<double> expected = std::nullopt;
  std::optional<duration> max_time = std::nullopt;
  kind_type kind = kind_type::forward;
  std::string note;
};

struct map_scenario {
  struct handoff {
    std::string from;
    std::vector<std::string> to;
  };
  struct branch {
    std::string id;
    std::string name;
    std::string then;
    std::vector<std::string> via;  ///< channels
    std::vector<handoff> handoffs;
    std::vector<std::string> resolutions;
  };

  std::string id;
  std::string name;
  std::string description;
  rule trigger;
  std::vector<branch> branches;
};

struct map_kpi {
  enum class source_type : std::uint8_t { unknown, events, aggregate, target };
  enum class direction_type : std::uint8_t { unknown, up, down };

  std::string id;
  std::string name;
  std::string description;
  source_type source = source_type::unknown;
  json_value measure;  ///< null: that of the library
  std::string unit;
  direction_type direction = direction_type::unknown;
  std::optional<double> target = std::nullopt;
  std::string ci;
  std::string phase;
  std::string touchpoint;
  std::string note;
  std::vector<std::string> evidence;
};

/// A fact from elsewhere, shown beside what was measured.
struct map_benchmark {
  std::string id;
  std::string name;
  double value = 0.0;
  json_value measured_as;
  std::string kpi;
  std::string unit;
  std::string source;
  std::string note;
};

struct map_experiment {
  std::string id;
  std::string name;
  std::string hypothesis;
  std::string touchpoint;
  std::string phase;
  json_value assignment;
  std::string metric;  ///< a KPI
  json_value guardrails;
  std::string backup;  ///< a snapshot
  json_value stop;
  std::string note;
};

struct map_snapshot {
  std::string id;
  std::string taken;
  std::string file;
  std::string sha256;
  std::string note;
};

struct map_share {
  std::string audience;
  std::string name;
  std::vector<std::string> phases;  ///< empty: `all`
  std::vector<std::string> owners;  ///< `owner`: one or several; empty: all
  std::string note;
};

/// How a raw table becomes journeys.
struct map_events {
  enum class unmatched_type : std::uint8_t { report, drop, error };

  /// What rules and analyses call a column, and its name in the data: `{"url", "page"}`.
  std::vector<std::pair<std::string, std::string>> columns;
  std::vector<std::string> dedupe;  ///< columns in which equal events count once
  std::string ties = "file_order";  ///< or the column that orders events of one instant
  std::optional<duration> session_gap = std::nullopt;
  unmatched_type unmatched = unmatched_type::report;
  std::vector<rule> exclude;  ///< events that meet one of these count for nothing
};

/// A designed journey: the whole content of a journey file, format version 1.
struct journey_map {
  map_journey journey;
  std::vector<map_research> research;
  std::vector<map_segment> segments;
  std::vector<map_persona> personas;
  std::vector<map_role> roles;
  std::vector<map_buying_group> buying_groups;
  std::vector<map_channel> channels;
  std::vector<map_phase> phases;  ///< in order
  map_events events;
  std::vector<map_outcome> outcomes;
  std::vector<map_touchpoint> touchpoints;  ///< the first whose rule an event meets takes it
  std::vector<map_transition> transitions;
  std::vector<map_scenario> scenarios;
  std::vector<map_kpi> kpis;
  std::vector<map_benchmark> benchmarks;
  std::vector<map_experiment> experiments;
  std::vector<map_snapshot> snapshots;
  std::vector<map_share> sharing;

  /// The levels to which phases roll up, in the order of the first phase's `rollup`.
  [[nodiscard]] std::vector<std::string> levels() const;
  /// The distinct phases at a level, in order; `phase` is the level of the file itself.
  /// \throws input_error when no such level exists; the message lists those there are.
  [[nodiscard]] std::vector<std::string> phases_at(std::string_view level) const;
  /// The phase at a level that a phase of the file belongs to.
  [[nodiscard]] const std::string& group_of(std::string_view phase, std::string_view level) const;
  /// The outcome that converts by default: the one marked `primary`, or else the first; null pointer when none
  /// converts.
  [[nodiscard]] const map_outcome* primary_outcome() const noexcept;
  /// The silence after which a customer has left: that of the first exit by inactivity.
  [[nodiscard]] std::optional<duration> inactivity() const noexcept;
  /// The column of the data for a name that rules use.
  [[nodiscard]] const std::string* column(std::string_view name) const noexcept;
};

/// The item of `items` with this id, or a null pointer.
template <typename Item>
[[nodiscard]] const Item* find_item(const std::vector<Item>& items, std::string_view id) noexcept {
  for (const Item& item : items) {
    if (item.id == id) {
      return &item;
    }
  }
  return nullptr;
}

/// Reads a map from its JSON form and checks it.
///
/// Unknown keys, wrong types, ids that occur twice, references to what the map does not define, levels that some phase
/// lacks or whose phases do not stand together, and circles of `supports` are errors; each names its path, as in
/// `touchpoints[3].match.event`.
/// \throws input_error with all mistakes found, at most 20, one on each line; limit_error when the text is too large.
[[nodiscard]] journey_map parse_map(std::string_view json);

/// Reads a map from a JSON file; messages begin with the path of the file.
[[nodiscard]] journey_map load_map(const std::filesystem::path& path);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/map/load.ipp"
#include "klantreis/detail/map/model.ipp"
#endif
