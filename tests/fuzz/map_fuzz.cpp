// SPDX-License-Identifier: MIT
// Journey maps from any bytes: as JSON, as edits of a good map, and as rules drawn from the bytes. What cannot be used
// is refused with a message; what can gives every event the labels that judging it by itself gives.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/bytes.hpp"
#include "klantreis/map.hpp"

namespace {

using namespace klantreis;

constexpr std::string_view good_map =
    R"({"klantreis": 1, "journey": {"id": "shop", "scope": {"from": "look", "to": "use"}},
 "research": [{"id": "talks", "kind": "field", "n": 12}], "channels": [{"id": "web", "owned": "owned"}],
 "phases": [{"id": "look", "aliases": ["awareness"], "rollup": {"p2": "before"}, "needs": [{"id": "n", "text": "know"}]},
  {"id": "use", "rollup": {"p2": "after"}, "emotion": {"expected": -1.5, "evidence": ["talks"]}}],
 "events": {"columns": {"customer": "c", "time": "t", "event": "name"}, "dedupe": ["customer", "time", "event"], "exclude": [{"event": "d"}]},
 "outcomes": [{"id": "b", "primary": true}, {"id": "gone", "role": "exit", "rule": {"inactivity": "5s"}}],
 "touchpoints": [{"id": "a", "phase": "look", "channel": "web", "need": "n", "when": {"before": "b"}},
  {"id": "t", "phase": "use", "need": ["n"], "match": {"any": [{"event": {"regex": "^(a|c)+$"}}, {"not": {"event": ["c", "d"]}}]}},
  {"id": "back", "phase": "use", "stage": "offstage", "supports": ["t"], "when": {"after": "gone"}}],
 "transitions": [{"from": "look", "to": "use", "expected": 0.5, "max_time": "1.5h"}],
 "kpis": [{"id": "k", "measure": {"sum": "value"}, "target": 3e2}]})";

std::vector<test::event> some_events() {
  return {{"u", 0, "a"}, {"u", 0, "a"}, {"u", 1, "b"}, {"u", 1, "d"}, {"u", 2, "a"},
          {"u", 9, "c"}, {"v", 3, "c"}, {"v", 3, "a"}, {"w", 4, "d"}};
}

/// What holds whatever the map says.
void check_log(const event_log& log, std::size_t events) {
  const auto& health = log.health();
  fuzz::require(log.events() + health.excluded + health.repeated + health.dropped == events, "no event is lost");
  fuzz::require(log.offsets().size() == log.customers() + 1 && log.offsets().back() == log.events(),
                "customers hold all events");
  for (const auto& by : log.label_names()) {
    const auto& label = log.labels(by);
    fuzz::require(label.codes.size() == log.events(), "every event has a label");
    std::vector<bool> seen(label.names.size());
    for (const auto code : label.codes) {
      seen[code] = true;
    }
    fuzz::require(std::find(seen.begin(), seen.end(), false) == seen.end(), "every name of a label occurs");
  }
  (void)map_coverage(log);
  (void)map_inventory(log);
}

void try_map(std::string_view text) {
  try {
    const auto map = parse_map(text);
    check_log(apply_map(test::log_of(some_events()), map), some_events().size());
  } catch (const input_error& error) {
    fuzz::require(!std::string_view{error.what()}.empty(), "an error says what is wrong");
    fuzz::require(std::string_view{error.what()}.size() < 20'000, "an error can be read");
  }
}

json_value object(std::string name, json_value value) {
  return {json_value::object_type{{std::move(name), std::move(value)}}};
}

/// A rule about the name of the event, drawn from bytes.
json_value draw_rule(fuzz::source& bytes, int depth) {
  static const std::array<std::string, 8> texts{"a", "b", "c", "d", "", "ab", "(", "a|b*"};
  const auto text = [&] { return json_value{texts[bytes.below(texts.size())]}; };
  const auto list = [&](auto item) {
    json_value::array_type items;
    for (std::size_t i = bytes.below(4); i > 0; --i) {
      items.push_back(item());
    }
    return json_value{std::move(items)};
  };
  const auto inner = [&] { return draw_rule(bytes, depth + 1); };
  switch (bytes.below(depth > 4 ? 6 : 10)) {
    case 0:
      return object("event", object("prefix", text()));
    case 1:
      return object("event", object("ne", text()));
    case 2:
      return object("event", list(text));
    case 3:
      return object("event", object("regex", text()));
    case 4:
      return object("event", object("gt", json_value{static_cast<double>(bytes.byte())}));
    case 5:
      return object("event", text());
    case 6:
      return object("any", list(inner));
    case 7:
      return object("all", list(inner));
    default:
      return object("not", inner());
  }
}

bool obvious(const rule& source, const std::string& name) {
  const auto holds = [&](const rule& part) { return obvious(part, name); };
  switch (source.what) {
    case rule::kind::all:
      return std::all_of(source.parts.begin(), source.parts.end(), holds);
    case rule::kind::any:
      return std::any_of(source.parts.begin(), source.parts.end(), holds);
    case rule::kind::negation:
      return !holds(source.parts.front());
    case rule::kind::condition:
      break;
  }
  const auto is_operand = [&](const rule_operand& operand) { return operand.text == name; };
  const bool any = std::any_of(source.operands.begin(), source.operands.end(), is_operand);
  const auto& first = source.operands.front().text;
  switch (source.test) {
    case rule_test::prefix:
      return name.substr(0, first.size()) == first;
    case rule_test::not_equal:
      return !any;
    case rule_test::regex:
      // Names have one letter here, and so do the expressions that can be read, but for `a|b*`, which matches anything.
      return first == "a|b*" || name.find(first) != std::string::npos;
    case rule_test::greater:
      return false;
    default:
      return any;
  }
}

void try_rule(fuzz::source& bytes) {
  const auto drawn = draw_rule(bytes, 0);
  journey_map map;
  map.phases.resize(1);
  map.phases.front().id = "p";
  map.touchpoints.resize(1);
  map.touchpoints.front().id = "t";
  map.touchpoints.front().phase = "p";
  try {
    map.touchpoints.front().match = parse_rule(drawn);
  } catch (const input_error&) {
    return;
  }
  const auto& source = map.touchpoints.front().match;
  fuzz::require(to_json(to_json_value(parse_rule(to_json_value(source)))) == to_json(to_json_value(source)),
                "a rule that is written reads back");
  const auto events = fuzz::events_of(bytes, 40);
  if (events.empty()) {
    return;
  }
  const auto log = apply_map(test::log_of(events), map);
  check_log(log, events.size());
  const auto& names = log.labels("event");
  for (std::size_t event = 0; event < log.events(); ++event) {
    const bool taken = log.touchpoint_names()[log.touchpoints()[event]] == "t";
    fuzz::require(taken == obvious(source, std::string{names.names[names.codes[event]]}),
                  "a rule holds as judged by itself", events);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::source bytes{data, size};
  switch (bytes.below(3)) {
    case 0:
      try_map({reinterpret_cast<const char*>(data) + (size == 0 ? 0 : 1), size == 0 ? 0 : size - 1});
      break;
    case 1: {
      std::string text{good_map};
      for (int edits = 0; edits < 20 && !bytes.empty(); ++edits) {
        const std::size_t at = (bytes.byte() * std::size_t{256} + bytes.byte()) % text.size();
        switch (bytes.below(3)) {
          case 0:
            text[at] = static_cast<char>(bytes.byte());
            break;
          case 1:
            text.erase(at, 1 + bytes.below(8));
            break;
          default:
            text.insert(at, text.substr((bytes.byte() * std::size_t{256}) % text.size(), 1 + bytes.below(64)));
        }
      }
      try_map(text);
      break;
    }
    default:
      try_rule(bytes);
  }
  return 0;
}
