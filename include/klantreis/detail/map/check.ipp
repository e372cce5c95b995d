// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "klantreis/detail/map/object_reader.hpp"
#include "klantreis/map/model.hpp"

// What an item refers to must exist.

namespace klantreis::detail {

/// The ids of one kind of item.
class known_ids {
 public:
  explicit known_ids(std::string what) : what_(std::move(what)) {}

  void add(mistakes& wrong, const std::string& id, const std::string& path) {
    if (ids_.insert(id).second) {
      if (names_.size() < 1'000) {
        names_.push_back(id);
      }
    } else {
      wrong.add(path, "the id " + quoted(id) + " is taken by another " + what_ + "; ids occur once");
    }
  }
  /// Adds an id that may be known already.
  void add_again(const std::string& id) {
    if (ids_.insert(id).second && names_.size() < 1'000) {
      names_.push_back(id);
    }
  }
  [[nodiscard]] bool contains(std::string_view id) const { return ids_.contains(id); }
  [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }
  /// Lets any reference pass where the map lists none of these.
  [[nodiscard]] known_ids&& optional() && {
    any_ = ids_.empty();
    return std::move(*this);
  }

  void check(mistakes& wrong, const std::string& id, const std::string& path) const {
    if (id.empty() || any_ || ids_.contains(id)) {
      return;
    }
    if (wrong.full()) {
      wrong.add(path, {});
      return;
    }
    std::string message = "the map has no " + what_ + " " + quoted(id);
    const auto similar = similar_names(id, names_, 1);
    if (!similar.empty()) {
      message += "; did you mean " + quoted(similar.front()) + "?";
    } else if (names_.empty()) {
      message += "; it defines none";
    } else {
      message += "; it has";
      for (std::size_t i = 0; i < (std::min)(names_.size(), std::size_t{12}); ++i) {
        message += " " + names_[i];
      }
      message += names_.size() > 12 ? " …" : "";
    }
    wrong.add(path, message);
  }
  void check(mistakes& wrong, const std::vector<std::string>& ids, const std::string& path) const {
    for (const auto& id : ids) {
      check(wrong, id, path);
    }
  }

 private:
  std::string what_;
  bool any_ = false;
  std::unordered_set<std::string_view> ids_;
  std::vector<std::string> names_;
};

template <typename Items>
known_ids ids_of(mistakes& wrong, const Items& items, std::string_view key, std::string what) {
  known_ids known{std::move(what)};
  for (std::size_t i = 0; i < items.size(); ++i) {
    known.add(wrong, items[i].id, item_path(key, i) + ".id");
  }
  return known;
}

/// Every phase names each level; phases of one group stand together, so that levels keep the order.
KLANTREIS_INLINE void check_levels(const journey_map& map, mistakes& wrong) {
  std::unordered_set<std::string_view> taken{"touchpoint", "channel", "phase",   "event", "customer",
                                             "time",       "order",   "account", "value", "cost"};
  for (const auto& [name, column] : map.events.columns) {
    taken.insert(name);
  }
  struct level_state {
    std::unordered_set<std::string_view> groups;
    std::string_view last;
    std::size_t phases = 0;
  };
  std::map<std::string_view, level_state> levels;
  for (std::size_t i = 0; i < map.phases.size(); ++i) {
    const auto& phase = map.phases[i];
    for (const auto& [name, group] : phase.rollup) {
      const auto at = item_path("phases", i) + ".rollup." + name;
      if (taken.contains(name)) {
        wrong.add(at, "is called like a column; give the level another name, as in \"p5\"");
      }
      auto& level = levels[name];
      ++level.phases;
      if (!level.groups.insert(group).second && level.last != group) {
        wrong.add(at, "the phases of " + quoted(group) + " do not stand together; bring them into one run");
      }
      level.last = group;
    }
  }
  for (const auto& [level, state] : levels) {
    if (state.phases == map.phases.size() || wrong.full()) {
      continue;
    }
    const auto lacks = std::find_if(map.phases.begin(), map.phases.end(), [&name = level](const map_phase& phase) {
      return std::none_of(phase.rollup.begin(), phase.rollup.end(),
                          [&](const auto& item) { return item.name == name; });
    });
    wrong.add(item_path("phases", static_cast<std::size_t>(lacks - map.phases.begin())) + ".rollup",
              "has no level " + quoted(level) + ", which another phase has; every phase needs it");
  }
}

/// Backstage supports onstage, never in a circle.
KLANTREIS_INLINE void check_supports(const journey_map& map, mistakes& wrong) {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < map.touchpoints.size(); ++i) {
    index.emplace(map.touchpoints[i].id, i);
  }
  enum class mark : std::uint8_t { fresh, open, done };
  std::vector<mark> marks(map.touchpoints.size(), mark::fresh);
  std::vector<std::pair<std::size_t, std::size_t>> stack;
  for (std::size_t root = 0; root < map.touchpoints.size(); ++root) {
    if (marks[root] != mark::fresh) {
      continue;
    }
    marks[root] = mark::open;
    stack.assign(1, {root, 0});
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      const auto& supports = map.touchpoints[at].supports;
      if (next == supports.size()) {
        marks[at] = mark::done;
        stack.pop_back();
        continue;
      }
      const auto found = index.find(supports[next++]);
      if (found == index.end() || marks[found->second] == mark::done) {
        continue;
      }
      if (marks[found->second] == mark::open) {
        std::string circle = quoted(map.touchpoints[found->second].id);
        auto from =
            std::find_if(stack.begin(), stack.end(), [&](const auto& item) { return item.first == found->second; });
        std::size_t shown = 0;
        for (++from; from != stack.end() && shown < 10; ++from, ++shown) {
          circle += " > " + quoted(map.touchpoints[from->first].id);
        }
        circle += from == stack.end() ? "" : " > …";
        wrong.add(item_path("touchpoints", stack.back().first) + ".supports",
                  "touchpoints support each other in a circle: " + circle + " > " +
                      quoted(map.touchpoints[found->second].id) + "; take one of them out");
        continue;
      }
      marks[found->second] = mark::open;
      stack.emplace_back(found->second, 0);
    }
  }
}

KLANTREIS_INLINE void check_events(const journey_map& map, mistakes& wrong) {
  const auto& events = map.events;
  if (!events.dedupe.empty()) {
    for (const auto* needed : {"customer", "time"}) {
      if (std::find(events.dedupe.begin(), events.dedupe.end(), needed) == events.dedupe.end()) {
        wrong.add("events.dedupe",
                  "must contain " + quoted(needed) + ": repeats are events of one customer at one instant");
      }
    }
  }
}

KLANTREIS_INLINE void check_touchpoint(const map_touchpoint& touchpoint, bool needs_need, const std::string& at,
                                       mistakes& wrong) {
  if (touchpoint.stage == map_touchpoint::stage_type::onstage) {
    if (touchpoint.needs.empty() && needs_need) {
      wrong.add(at,
                "is onstage and has no 'need'; name the need of the customer that it serves, or write \"draft\": true "
                "in journey");
    }
    if (!touchpoint.supports.empty()) {
      wrong.add(at + ".supports", "belongs to an offstage touchpoint; add \"stage\": \"offstage\"");
    }
  } else if (touchpoint.supports.empty()) {
    wrong.add(at, "is offstage and has no 'supports'; name the touchpoints that it supports");
  }
}

KLANTREIS_INLINE void check_outcomes(const journey_map& map, mistakes& wrong) {
  bool has_primary = false;
  for (std::size_t i = 0; i < map.outcomes.size(); ++i) {
    const auto& outcome = map.outcomes[i];
    const auto at = item_path("outcomes", i);
    const bool converts = outcome.role == map_outcome::role_type::conversion;
    if (converts && outcome.inactivity) {
      wrong.add(at + ".rule", "belongs to an exit; a conversion is an event");
    }
    if (!converts && !outcome.match && !outcome.inactivity) {
      wrong.add(at, "has neither 'match' nor 'rule'; write when a customer has left, as in {\"inactivity\": \"30d\"}");
    }
    if (outcome.primary && !converts) {
      wrong.add(at + ".primary", "belongs to a conversion");
    }
    if (outcome.primary && std::exchange(has_primary, true)) {
      wrong.add(at + ".primary", "another outcome is primary; keep one");
    }
  }
}

/// Ids, names and aliases lead to one phase each, whatever the case of their letters.
KLANTREIS_INLINE void check_names(const journey_map& map, mistakes& wrong) {
  const auto lower = [](std::string text) {
    for (char& c : text) {
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
  };
  std::unordered_map<std::string, std::size_t> owner;
  for (std::size_t i = 0; i < map.phases.size(); ++i) {
    owner.emplace(map.phases[i].id, i);
  }
  for (std::size_t i = 0; i < map.phases.size(); ++i) {
    const auto& phase = map.phases[i];
    const auto look = [&](const std::string& name, const std::string& at) {
      const auto other = owner.emplace(lower(name), i).first->second;
      if (other != i) {
        wrong.add(
            at, quoted(name) + " names the phase " + quoted(map.phases[other].id) + " too; a name leads to one phase");
      }
    };
    look(phase.name, item_path("phases", i) + ".name");
    for (std::size_t k = 0; k < phase.aliases.size(); ++k) {
      look(phase.aliases[k], item_path(item_path("phases", i) + ".aliases", k));
    }
  }
}

KLANTREIS_INLINE void check_map(const journey_map& map, mistakes& wrong) {
  const auto research = ids_of(wrong, map.research, "research", "research").optional();
  const auto segments = ids_of(wrong, map.segments, "segments", "segment");
  (void)ids_of(wrong, map.personas, "personas", "persona");
  const auto roles = ids_of(wrong, map.roles, "roles", "role");
  (void)ids_of(wrong, map.buying_groups, "buying_groups", "buying group");
  const auto channels = ids_of(wrong, map.channels, "channels", "channel").optional();
  const auto phases = ids_of(wrong, map.phases, "phases", "phase");
  const auto outcomes = ids_of(wrong, map.outcomes, "outcomes", "outcome");
  const auto touchpoints = ids_of(wrong, map.touchpoints, "touchpoints", "touchpoint");
  (void)ids_of(wrong, map.scenarios, "scenarios", "scenario");
  (void)ids_of(wrong, map.kpis, "kpis", "KPI");
  (void)ids_of(wrong, map.benchmarks, "benchmarks", "benchmark");
  (void)ids_of(wrong, map.experiments, "experiments", "experiment");
  const auto snapshots = ids_of(wrong, map.snapshots, "snapshots", "snapshot").optional();
  known_ids needs{"need"};
  for (std::size_t i = 0; i < map.phases.size(); ++i) {
    for (std::size_t k = 0; k < map.phases[i].needs.size(); ++k) {
      needs.add(wrong, map.phases[i].needs[k].id, item_path(item_path("phases", i) + ".needs", k) + ".id");
    }
  }

  phases.check(wrong, map.journey.scope_from, "journey.scope.from");
  phases.check(wrong, map.journey.scope_to, "journey.scope.to");
  known_ids criteria{"criterion"};
  for (std::size_t i = 0; i < map.personas.size(); ++i) {
    const auto at = item_path("personas", i);
    segments.check(wrong, map.personas[i].segment, at + ".segment");
    research.check(wrong, map.personas[i].evidence, at + ".evidence");
    known_ids own{"criterion of this persona"};
    for (std::size_t k = 0; k < map.personas[i].criteria.size(); ++k) {
      const auto& id = map.personas[i].criteria[k].id;
      own.add(wrong, id, item_path(at + ".criteria", k) + ".id");
      criteria.add_again(id);
    }
  }
  for (std::size_t i = 0; i < map.roles.size(); ++i) {
    roles.check(wrong, map.roles[i].influences, item_path("roles", i) + ".influences");
  }
  known_ids gates{"gate"};
  for (std::size_t i = 0; i < map.buying_groups.size(); ++i) {
    const auto& group = map.buying_groups[i];
    const auto at = item_path("buying_groups", i);
    for (std::size_t k = 0; k < group.members.size(); ++k) {
      roles.check(wrong, group.members[k].role, item_path(at + ".members", k) + ".role");
    }
    for (std::size_t k = 0; k < group.gates.size(); ++k) {
      gates.add(wrong, group.gates[k].id, item_path(at + ".gates", k) + ".id");
      phases.check(wrong, group.gates[k].before, item_path(at + ".gates", k) + ".before");
    }
  }
  known_ids externals{"external figure"};
  for (std::size_t i = 0; i < map.phases.size(); ++i) {
    const auto& phase = map.phases[i];
    const auto at = item_path("phases", i);
    channels.check(wrong, phase.channels, at + ".channels");
    for (std::size_t k = 0; k < phase.external.size(); ++k) {
      externals.add(wrong, phase.external[k].id, item_path(at + ".external", k) + ".id");
      research.check(wrong, phase.external[k].source, item_path(at + ".external", k) + ".source");
    }
    research.check(wrong, phase.evidence, at + ".evidence");
    research.check(wrong, phase.emotion.evidence, at + ".emotion.evidence");
    for (std::size_t k = 0; k < phase.needs.size(); ++k) {
      research.check(wrong, phase.needs[k].evidence, item_path(at + ".needs", k) + ".evidence");
    }
  }
  for (std::size_t i = 0; i < map.touchpoints.size(); ++i) {
    const auto& touchpoint = map.touchpoints[i];
    const auto at = item_path("touchpoints", i);
    check_touchpoint(touchpoint, !needs.empty() && !map.journey.draft, at, wrong);
    phases.check(wrong, touchpoint.phase, at + ".phase");
    channels.check(wrong, touchpoint.channels, at + ".channel");
    roles.check(wrong, touchpoint.roles, at + ".roles");
    criteria.check(wrong, touchpoint.criteria, at + ".criteria");
    needs.check(wrong, touchpoint.needs, at + ".need");
    outcomes.check(wrong, touchpoint.after, at + ".when.after");
    outcomes.check(wrong, touchpoint.before, at + ".when.before");
    touchpoints.check(wrong, touchpoint.supports, at + ".supports");
    research.check(wrong, touchpoint.evidence, at + ".evidence");
    research.check(wrong, touchpoint.emotion.evidence, at + ".emotion.evidence");
  }
  std::unordered_set<std::string> moves;
  for (std::size_t i = 0; i < map.transitions.size(); ++i) {
    const auto& transition = map.transitions[i];
    const auto at = item_path("transitions", i);
    phases.check(wrong, transition.from, at + ".from");
    phases.check(wrong, transition.to, at + ".to");
    if (!moves.insert(transition.from + ">" + transition.to).second) {
      wrong.add(at, "the move from " + quoted(transition.from) + " to " + quoted(transition.to) + " stands twice");
    }
  }
  for (std::size_t i = 0; i < map.scenarios.size(); ++i) {
    for (std::size_t k = 0; k < map.scenarios[i].branches.size(); ++k) {
      const auto& branch = map.scenarios[i].branches[k];
      const auto at = item_path(item_path("scenarios", i) + ".branches", k);
      channels.check(wrong, branch.via, at + ".via");
      if (!phases.contains(branch.then) && !touchpoints.contains(branch.then)) {
        outcomes.check(wrong, branch.then, at + ".then");
      }
    }
  }
  for (std::size_t i = 0; i < map.kpis.size(); ++i) {
    const auto at = item_path("kpis", i);
    phases.check(wrong, map.kpis[i].phase, at + ".phase");
    touchpoints.check(wrong, map.kpis[i].touchpoint, at + ".touchpoint");
    research.check(wrong, map.kpis[i].evidence, at + ".evidence");
  }
  for (std::size_t i = 0; i < map.experiments.size(); ++i) {
    const auto at = item_path("experiments", i);
    touchpoints.check(wrong, map.experiments[i].touchpoint, at + ".touchpoint");
    phases.check(wrong, map.experiments[i].phase, at + ".phase");
    snapshots.check(wrong, map.experiments[i].backup, at + ".backup");
  }
  known_ids audiences{"audience"};
  for (std::size_t i = 0; i < map.sharing.size(); ++i) {
    audiences.add(wrong, map.sharing[i].audience, item_path("sharing", i) + ".audience");
    phases.check(wrong, map.sharing[i].phases, item_path("sharing", i) + ".phases");
  }
  check_levels(map, wrong);
  check_names(map, wrong);
  check_supports(map, wrong);
  check_outcomes(map, wrong);
  check_events(map, wrong);
}

}  // namespace klantreis::detail
