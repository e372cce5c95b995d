// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <utility>

#include "klantreis/detail/map/check.ipp"
#include "klantreis/detail/map/object_reader.hpp"
#include "klantreis/map/model.hpp"

// One function for each kind of item of the file.

namespace klantreis {

namespace detail {

KLANTREIS_INLINE void read_goal(object_reader& in, std::string_view key, map_goal& goal) {
  const auto* found = in.find(key);
  if (found != nullptr && found->is_text()) {
    goal.text = found->text();
    return;
  }
  in.object(key, [&](object_reader& item) {
    goal.text = item.required_text("text");
    goal.kpi = item.id("kpi", false);
  });
}

/// The rule that an item without one has: the event is called like it.
[[nodiscard]] inline rule own_name_rule(const std::string& id) {
  rule result;
  result.what = rule::kind::condition;
  result.column = "event";
  result.operands = {{id}};
  return result;
}

[[nodiscard]] inline std::string name_or(object_reader& in, const std::string& id) {
  auto name = in.text("name");
  return name.empty() ? id : name;
}

KLANTREIS_INLINE void read_goals(object_reader& in, map_goals& goals) {
  in.object("goals", [&](object_reader& item) {
    read_goal(item, "company", goals.company);
    read_goal(item, "customer", goals.customer);
  });
}

KLANTREIS_INLINE void read_emotion(object_reader& in, map_emotion& emotion) {
  in.object("emotion", [&](object_reader& item) {
    emotion.expected = item.number("expected", -2.0, 2.0);
    emotion.driver = item.text("driver");
    emotion.evidence = item.ids("evidence");
  });
}

KLANTREIS_INLINE map_journey read_journey(object_reader& in) {
  using state = map_journey::state_type;
  using business = map_journey::business_type;
  map_journey journey;
  journey.id = in.id("id");
  journey.name = name_or(in, journey.id);
  journey.description = in.text("description");
  journey.language = in.text("language");
  journey.template_name = in.text("template");
  journey.version = in.text("version");
  journey.draft = in.boolean("draft", false);
  journey.state = in.choice("state", {{"current", state::current}, {"future", state::future}}, state::current);
  journey.perspective = in.choice<std::string>("perspective", {{"customer", "customer"}}, "customer");
  journey.business = in.choice("business", {{"b2c", business::b2c}, {"b2b", business::b2b}, {"mixed", business::mixed}},
                               business::b2c);
  journey.currency = in.text("currency");
  journey.timezone = in.text("timezone");
  in.object("scope", [&](object_reader& item) {
    journey.scope_from = item.id("from");
    journey.scope_to = item.id("to");
  });
  journey.owner = in.text("owner");
  read_goals(in, journey.goals);
  return journey;
}

KLANTREIS_INLINE map_research read_research(object_reader& in) {
  using kind = map_research::kind_type;
  map_research item;
  item.id = in.id("id");
  item.name = in.text("name");
  item.kind = in.choice(
      "kind", {{"desk", kind::desk}, {"field", kind::field}, {"data", kind::data}, {"assumption", kind::assumption}},
      kind::assumption, true);
  item.method = in.text("method");
  item.n = in.number("n", 0.0);
  item.date = in.text("date");
  item.source = in.text("source");
  item.note = in.text("note");
  return item;
}

KLANTREIS_INLINE map_persona read_persona(object_reader& in) {
  map_persona persona;
  persona.id = in.id("id");
  persona.name = name_or(in, persona.id);
  persona.description = in.text("description");
  persona.kind = in.choice<std::string>("kind", {{"b2c", "b2c"}, {"b2b", "b2b"}}, "");
  persona.share = in.number("share", 0.0, 1.0);
  persona.demographics = in.any("demographics");
  persona.company = in.any("company");
  persona.problem = in.text("problem");
  persona.solution = in.text("solution");
  persona.goals = in.texts("goals");
  in.each("criteria", [&](object_reader& item) {
    map_criterion criterion;
    criterion.id = item.id("id");
    criterion.name = item.text("name");
    criterion.weight = item.number("weight", 0.0);
    persona.criteria.push_back(std::move(criterion));
  });
  persona.segment = in.id("segment", false);
  persona.quote = in.text("quote");
  persona.note = in.text("note");
  persona.evidence = in.ids("evidence");
  return persona;
}

KLANTREIS_INLINE map_role read_role(object_reader& in) {
  using kind = map_role::kind_type;
  map_role role;
  role.id = in.id("id");
  role.name = name_or(in, role.id);
  role.description = in.text("description");
  role.kind = in.choice("kind",
                        {{"decision_maker", kind::decision_maker},
                         {"influencer", kind::influencer},
                         {"approver", kind::approver},
                         {"user", kind::user},
                         {"customer", kind::customer}},
                        kind::customer, true);
  role.budget_control = in.text("budget_control");
  role.group = in.texts("group");
  role.influences = in.ids("influences");
  role.may_delegate = in.boolean("may_delegate", false);
  role.note = in.text("note");
  return role;
}

KLANTREIS_INLINE map_buying_group read_buying_group(object_reader& in) {
  map_buying_group group;
  group.id = in.id("id");
  group.name = in.text("name");
  group.when = in.any("when");
  group.behaves_as = in.text("behaves_as");
  group.expected_size = in.number("expected_size", 0.0);
  in.each(
      "members",
      [&](object_reader& item) {
        map_group_member member;
        member.role = item.id("role");
        member.min = item.whole("min");
        member.max = item.whole("max");
        if (member.min && member.max && *member.min > *member.max) {
          item.wrong().add(item.path(), "asks for more members than it allows; swap min and max");
        }
        group.members.push_back(std::move(member));
      },
      true);
  in.each("gates", [&](object_reader& item) {
    map_gate gate;
    gate.id = item.id("id");
    gate.name = item.text("name");
    gate.before = item.id("before");
    gate.required = item.any("requires", true);
    gate.event = item.rule_at("event");
    gate.timeout = item.length("timeout");
    group.gates.push_back(std::move(gate));
  });
  return group;
}

KLANTREIS_INLINE map_channel read_channel(object_reader& in) {
  using ownership = map_channel::ownership;
  map_channel channel;
  channel.id = in.id("id");
  channel.name = name_or(in, channel.id);
  channel.aliases = in.texts("aliases");
  channel.description = in.text("description");
  channel.opening_hours = in.text("opening_hours");
  channel.owned =
      in.choice("owned", {{"owned", ownership::owned}, {"paid", ownership::paid}, {"earned", ownership::earned}},
                ownership::unknown);
  channel.medium = in.text("medium");
  channel.measured = in.boolean("measured", true);
  return channel;
}

KLANTREIS_INLINE map_phase read_phase(object_reader& in) {
  map_phase phase;
  phase.id = in.id("id");
  phase.name = name_or(in, phase.id);
  phase.description = in.text("description");
  phase.part = in.text("part");
  phase.channels = in.ids("channels");
  phase.aliases = in.texts("aliases");
  if (const auto* rollup = in.find("rollup")) {
    if (!rollup->is_object()) {
      in.wrong().add(in.path_of("rollup"), "is " + std::string{rollup->type_name()} +
                                               "; it must be an object of levels, as in {\"p3\": \"awareness\"}");
    } else if (rollup->object().size() > 20) {
      in.wrong().add(in.path_of("rollup"), "has more than 20 levels; leave some out");
    } else {
      for (const auto& [level, group] : rollup->object()) {
        const auto at = member_path(in.path_of("rollup"), level);
        in.check_id(level, at);
        if (!group.is_text()) {
          in.wrong().add(at, "is " + std::string{group.type_name()} + "; it must be the id of a coarser phase");
          continue;
        }
        in.check_id(group.text(), at);
        phase.rollup.push_back({level, group.text()});
      }
    }
  }
  phase.measured = in.boolean("measured", true);
  read_goals(in, phase.goals);
  in.each("needs", [&](object_reader& item) {
    map_need need;
    need.id = item.id("id");
    need.text = item.required_text("text");
    need.evidence = item.ids("evidence");
    phase.needs.push_back(std::move(need));
  });
  phase.questions = in.texts("questions");
  read_emotion(in, phase.emotion);
  phase.customer_actions = in.texts("customer_actions");
  phase.company_actions = in.texts("company_actions");
  phase.problems = in.texts("problems");
  phase.opportunities = in.texts("opportunities");
  in.each("external", [&](object_reader& item) {
    map_external external;
    external.id = item.id("id");
    external.name = item.text("name");
    external.source = item.text("source");
    external.controllable = item.boolean("controllable", false);
    external.note = item.text("note");
    phase.external.push_back(std::move(external));
  });
  in.object("exits", [&](object_reader& item) {
    phase.exit_inactivity = item.length("inactivity");
    phase.exit_reasons = item.texts("reasons");
    phase.exit_note = item.text("note");
  });
  phase.kpis = in.ids("kpis");
  phase.owner = in.text("owner");
  phase.note = in.text("note");
  phase.evidence = in.ids("evidence");
  return phase;
}

KLANTREIS_INLINE map_events read_events(object_reader& in) {
  using unmatched = map_events::unmatched_type;
  map_events events;
  if (const auto* columns = in.find_required("columns")) {
    if (!columns->is_object()) {
      in.wrong().add(in.path_of("columns"), "is " + std::string{columns->type_name()} + "; it must be an object");
    } else {
      for (const auto& [name, column] : columns->object()) {
        const auto at = member_path(in.path_of("columns"), name);
        if (name.empty() || !column.is_text() || column.text().empty()) {
          in.wrong().add(at, "must be the name of a column of the data");
          continue;
        }
        events.columns.emplace_back(name, column.text());
      }
      for (const auto* name : {"customer", "time", "event"}) {
        if (columns->find(name) == nullptr) {
          in.wrong().add(in.path_of("columns"), "has no " + quoted(name) + "; name the column of the data");
        }
      }
    }
  }
  events.dedupe = in.texts("dedupe");
  events.ties = in.text("ties");
  if (events.ties.empty()) {
    events.ties = "file_order";
  }
  events.session_gap = in.length("session_gap");
  events.unmatched =
      in.choice("unmatched", {{"report", unmatched::report}, {"drop", unmatched::drop}, {"error", unmatched::error}},
                unmatched::report);
  if (const auto* rules = in.find("exclude")) {
    if (!rules->is_array()) {
      in.wrong().add(in.path_of("exclude"), "is " + std::string{rules->type_name()} + "; it must be an array of rules");
    } else {
      for (std::size_t i = 0; i < rules->array().size(); ++i) {
        if (auto found = in.rule_of(rules->array()[i], item_path(in.path_of("exclude"), i))) {
          events.exclude.push_back(std::move(*found));
        }
      }
    }
  }
  return events;
}

KLANTREIS_INLINE map_outcome read_outcome(object_reader& in) {
  using role = map_outcome::role_type;
  map_outcome outcome;
  outcome.id = in.id("id");
  outcome.name = name_or(in, outcome.id);
  outcome.role = in.choice("role", {{"conversion", role::conversion}, {"exit", role::exit}}, role::conversion);
  outcome.match = in.rule_at("match");
  if (outcome.role == role::conversion && !outcome.match) {
    outcome.match = own_name_rule(outcome.id);
  }
  in.object("rule", [&](object_reader& item) { outcome.inactivity = item.length("inactivity"); });
  outcome.value = in.text("value");
  outcome.primary = in.boolean("primary", false);
  outcome.resumable = in.boolean("resumable", false);
  return outcome;
}

KLANTREIS_INLINE map_touchpoint read_touchpoint(object_reader& in) {
  using stage = map_touchpoint::stage_type;
  map_touchpoint touchpoint;
  touchpoint.id = in.id("id");
  touchpoint.name = name_or(in, touchpoint.id);
  touchpoint.description = in.text("description");
  touchpoint.phase = in.id("phase");
  touchpoint.channels = in.one_or_more_ids("channel");
  touchpoint.stage = in.choice("stage", {{"onstage", stage::onstage}, {"offstage", stage::offstage}}, stage::onstage);
  touchpoint.owner = in.text("owner");
  touchpoint.roles = in.ids("roles");
  touchpoint.needs = in.one_or_more_ids("need");
  touchpoint.criteria = in.ids("criteria");
  touchpoint.hurdle = in.boolean("hurdle", false);
  touchpoint.cta = in.boolean("cta", false);
  touchpoint.controllable = in.boolean("controllable", true);
  touchpoint.make_or_break = in.choice("make_or_break", {{"expected", true}, {"no", false}}, false);
  touchpoint.match = in.rule_at("match").value_or(own_name_rule(touchpoint.id));
  in.object("when", [&](object_reader& item) {
    touchpoint.after = item.id("after", false);
    touchpoint.before = item.id("before", false);
  });
  read_emotion(in, touchpoint.emotion);
  touchpoint.kpis = in.ids("kpis");
  touchpoint.supports = in.ids("supports");
  in.object("sla", [&](object_reader& item) { touchpoint.sla = item.length("max"); });
  in.object("issue_tracking", [&](object_reader& item) {
    touchpoint.issue_column = item.required_text("issue");
    touchpoint.issue_window = item.length("window");
  });
  in.object("measures_emotion", [&](object_reader& item) {
    touchpoint.score_column = item.required_text("score");
    touchpoint.score_scale = item.choice<std::string>(
        "scale", {{"nps", "nps"}, {"csat", "csat"}, {"ces", "ces"}, {"stars", "stars"}, {"emotion", "emotion"}}, "");
    touchpoint.score_low = item.number("low");
    touchpoint.score_high = item.number("high");
    if (touchpoint.score_low.has_value() != touchpoint.score_high.has_value() ||
        (touchpoint.score_low && *touchpoint.score_low >= *touchpoint.score_high)) {
      item.wrong().add(item.path(), "must give both low and high, low below high, or neither");
    }
  });
  touchpoint.problems = in.texts("problems");
  touchpoint.opportunities = in.texts("opportunities");
  touchpoint.note = in.text("note");
  touchpoint.evidence = in.ids("evidence");
  return touchpoint;
}

KLANTREIS_INLINE map_transition read_transition(object_reader& in) {
  using kind = map_transition::kind_type;
  map_transition transition;
  transition.from = in.id("from");
  transition.to = in.id("to");
  transition.expected = in.number("expected", 0.0, 1.0);
  transition.max_time = in.length("max_time");
  transition.kind = in.choice("kind",
                              {{"forward", kind::forward},
                               {"back", kind::back},
                               {"loop", kind::loop},
                               {"referral", kind::referral},
                               {"skip", kind::skip}},
                              kind::forward);
  transition.note = in.text("note");
  return transition;
}

KLANTREIS_INLINE map_scenario read_scenario(object_reader& in) {
  map_scenario scenario;
  scenario.id = in.id("id");
  scenario.name = in.text("name");
  scenario.description = in.text("description");
  scenario.trigger = in.rule_at("trigger", true).value_or(rule{});
  in.each(
      "branches",
      [&](object_reader& item) {
        map_scenario::branch branch;
        branch.id = item.id("id");
        branch.name = item.text("name");
        branch.then = item.id("then", false);
        branch.via = item.one_or_more_ids("via");
        item.each("handoffs", [&](object_reader& inner) {
          map_scenario::handoff handoff;
          handoff.from = inner.required_text("from");
          handoff.to = inner.one_or_more_ids("to");
          branch.handoffs.push_back(std::move(handoff));
        });
        branch.resolutions = item.texts("resolutions");
        scenario.branches.push_back(std::move(branch));
      },
      true);
  return scenario;
}

KLANTREIS_INLINE map_kpi read_kpi(object_reader& in) {
  using source = map_kpi::source_type;
  using direction = map_kpi::direction_type;
  map_kpi kpi;
  kpi.id = in.id("id");
  kpi.name = in.text("name");
  kpi.description = in.text("description");
  kpi.source =
      in.choice("source", {{"events", source::events}, {"aggregate", source::aggregate}, {"target", source::target}},
                source::unknown);
  kpi.measure = in.any("measure");
  kpi.unit = in.text("unit");
  kpi.direction = in.choice("direction", {{"up", direction::up}, {"down", direction::down}}, direction::unknown);
  kpi.target = in.number("target");
  kpi.ci = in.text("ci");
  kpi.phase = in.id("phase", false);
  kpi.touchpoint = in.id("touchpoint", false);
  kpi.note = in.text("note");
  kpi.evidence = in.ids("evidence");
  return kpi;
}

KLANTREIS_INLINE map_benchmark read_benchmark(object_reader& in) {
  map_benchmark benchmark;
  benchmark.id = in.id("id");
  benchmark.name = in.text("name");
  benchmark.value = in.required_number("value");
  benchmark.measured_as = in.any("measured_as");
  benchmark.kpi = in.id("kpi", false);
  benchmark.unit = in.text("unit");
  benchmark.source = in.required_text("source");
  benchmark.note = in.text("note");
  return benchmark;
}

KLANTREIS_INLINE map_experiment read_experiment(object_reader& in) {
  map_experiment experiment;
  experiment.id = in.id("id");
  experiment.name = in.text("name");
  experiment.hypothesis = in.text("hypothesis");
  experiment.touchpoint = in.id("touchpoint", false);
  experiment.phase = in.id("phase", false);
  experiment.assignment = in.any("assignment");
  experiment.metric = in.id("metric");
  experiment.guardrails = in.any("guardrails");
  experiment.backup = in.id("backup", false);
  experiment.stop = in.any("stop");
  experiment.note = in.text("note");
  return experiment;
}

KLANTREIS_INLINE map_snapshot read_snapshot(object_reader& in) {
  map_snapshot snapshot;
  snapshot.id = in.id("id");
  snapshot.taken = in.text("taken");
  snapshot.file = in.required_text("file");
  snapshot.sha256 = in.required_text("sha256");
  snapshot.note = in.text("note");
  return snapshot;
}

KLANTREIS_INLINE map_share read_share(object_reader& in) {
  map_share share;
  share.audience = in.id("audience");
  share.name = in.text("name");
  share.phases = in.one_or_more_ids("phases");
  if (std::find(share.phases.begin(), share.phases.end(), "all") != share.phases.end()) {
    share.phases.clear();
  }
  const auto* owner = in.find("owner");
  if (owner != nullptr && owner->is_text()) {
    share.owners = {owner->text()};
  } else {
    share.owners = in.texts("owner");
  }
  share.note = in.text("note");
  return share;
}

KLANTREIS_INLINE journey_map read_map(object_reader& in) {
  journey_map map;
  const auto each = [&in](std::string_view key, auto& items, auto read, bool required = false,
                          std::size_t limit = 20'000) {
    in.each(key, [&](object_reader& item) { items.push_back(read(item)); }, required, limit);
  };
  if (const auto* version = in.find_required("klantreis")) {
    if (!version->is_number() || version->number() != 1.0) {
      in.wrong().add("klantreis", "is the version of the format; this library reads version 1");
    }
  }
  in.object("journey", [&](object_reader& item) { map.journey = read_journey(item); }, true);
  each("research", map.research, read_research);
  each("segments", map.segments, [](object_reader& item) {
    map_segment segment;
    segment.id = item.id("id");
    segment.name = item.text("name");
    segment.description = item.text("description");
    segment.where = item.any("where", true);
    if (!segment.where.is_null() && (!segment.where.is_object() || segment.where.object().empty())) {
      item.wrong().add(item.path_of("where"), "must be an object with at least one condition");
    }
    return segment;
  });
  each("personas", map.personas, read_persona);
  each("roles", map.roles, read_role);
  each("buying_groups", map.buying_groups, read_buying_group);
  each("channels", map.channels, read_channel);
  each("phases", map.phases, read_phase, true, 1'000);
  in.object("events", [&](object_reader& item) { map.events = read_events(item); });
  each("outcomes", map.outcomes, read_outcome, false, 200);
  each("touchpoints", map.touchpoints, read_touchpoint);
  each("transitions", map.transitions, read_transition);
  each("scenarios", map.scenarios, read_scenario);
  each("kpis", map.kpis, read_kpi);
  each("benchmarks", map.benchmarks, read_benchmark);
  each("experiments", map.experiments, read_experiment);
  each("snapshots", map.snapshots, read_snapshot);
  each("sharing", map.sharing, read_share);
  in.finish();
  return map;
}

}  // namespace detail

KLANTREIS_INLINE journey_map parse_map(std::string_view json) {
  const auto value = parse_json(json);
  detail::mistakes wrong;
  detail::object_reader in{wrong, value, ""};
  auto map = detail::read_map(in);
  // What an item refers to can only be checked where the items themselves could be read.
  wrong.throw_if_any();
  detail::check_map(map, wrong);
  wrong.throw_if_any();
  return map;
}

KLANTREIS_INLINE journey_map load_map(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    throw input_error(path.string() + ": cannot be opened");
  }
  // Not the size that the file system tells: what stands behind a path may be endless.
  const auto limit = json_limits{}.bytes;
  std::string text;
  char block[65'536];
  while (text.size() <= limit && (file.read(block, sizeof block) || file.gcount() > 0)) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
  }
  try {
    return parse_map(text);
  } catch (const limit_error& error) {
    throw limit_error(path.string() + ": " + error.what());
  } catch (const input_error& error) {
    throw input_error(path.string() + ": " + error.what());
  }
}

}  // namespace klantreis
