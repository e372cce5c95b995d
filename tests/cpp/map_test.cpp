// SPDX-License-Identifier: MIT
#include "klantreis/map.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cpp/support/small_log.hpp"
#include "klantreis/journeys.hpp"

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

const std::string example = std::string(KLANTREIS_TEST_DATA) + "/journey-example.json";

std::string map_with(const std::string& touchpoints, const std::string& more = {}) {
  return R"({"klantreis": 1, "journey": {"id": "shop"},
    "phases": [{"id": "look", "rollup": {"p2": "before"}}, {"id": "use", "rollup": {"p2": "after"}}],
    "outcomes": [{"id": "buy"}, {"id": "gone", "role": "exit", "rule": {"inactivity": "10s"}}],
    "touchpoints": [)" +
         touchpoints + "]" + more + "}";
}

std::vector<std::string> labels(const event_log& log, std::string_view by) {
  const auto& label = log.labels(by);
  std::vector<std::string> names;
  for (const auto code : label.codes) {
    names.emplace_back(label.names[code]);
  }
  return names;
}

std::map<std::string, std::int64_t> customers_by(const event_log& log, std::string_view by) {
  const auto counts = label_counts(log, by);
  std::map<std::string, std::int64_t> found;
  for (std::size_t row = 0; row < counts.rows(); ++row) {
    found[counts.texts(by)[row]] = counts.integers("customers")[row];
  }
  return found;
}

std::set<std::string> items(const table& coverage, std::string_view kind) {
  std::set<std::string> found;
  for (std::size_t row = 0; row < coverage.rows(); ++row) {
    if (coverage.texts("kind")[row] == kind) {
      found.insert(coverage.texts("item")[row]);
    }
  }
  return found;
}

std::string error_of(const std::string& text) {
  try {
    (void)parse_map(text);
  } catch (const input_error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a JSON text reads back as it was written", "[map]") {
  const std::string text = R"({"a":[1,-2.5,1e+22,true,null,"é\"\\\n\u0001"],"b":{"c":{}}})";
  const auto value = parse_json(text);
  CHECK(value.find("a")->array()[1].number() == -2.5);
  CHECK(value.find("b")->find("c")->is_object());
  CHECK(to_json(value) == text);
  CHECK(parse_json(to_json(value)) == value);
  CHECK(parse_json(R"("\u00e9\ud83d\ude00")").text() == "é😀");
}

TEST_CASE("broken JSON is refused with line and column", "[map]") {
  for (const auto* text : {"", "{", "[1,]", "{\"a\" 1}", "\"a", "01", "1.", "-", "tru", "[1] 2", "\"\\x\"", "\"\t\"",
                           "{\"a\":1,\"a\":2}", "1e999", "\"\\udc00\""}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(parse_json(text), ContainsSubstring("line 1, column"));
  }
  CHECK_THROWS_WITH(parse_json("{\n  \"a\": x\n}"), ContainsSubstring("line 2, column 8"));
  CHECK_THROWS_WITH(parse_json("\"\xff\""), ContainsSubstring("UTF-8"));
  CHECK_THROWS_AS(parse_json(std::string(65, '[')), limit_error);
  CHECK_THROWS_AS(parse_json("[1,2,3]", {.values = 3}), limit_error);
  CHECK_THROWS_AS(parse_json("[1,2,3]", {.bytes = 6}), limit_error);
}

TEST_CASE("the map of the web shop is read whole", "[map]") {
  const auto map = load_map(example);
  CHECK(map.phases.size() == 9);
  CHECK(map.touchpoints.size() == 21);
  CHECK(map.levels() == std::vector<std::string>{"p6", "p5", "p3"});
  CHECK(map.phases_at("p3") == std::vector<std::string>{"awareness", "consideration", "decision"});
  CHECK(map.group_of("levering", "p5") == "retention");
  CHECK(map.primary_outcome()->id == "order");
  CHECK(map.inactivity() == duration{std::chrono::days{30}});
  CHECK(map.transitions[1].max_time == duration{std::chrono::days{7}});
  CHECK(map.buying_groups[1].gates[0].before == "koop");
  CHECK(find_item(map.kpis, "wait_p90")->measure.find("quantile")->find("q")->number() == 0.9);
  CHECK(map.sharing.back().phases.empty());
  CHECK_THROWS_WITH(map.phases_at("p4"), ContainsSubstring("no level 'p4'; it has 'phase', 'p6', 'p5', 'p3'"));
}

TEST_CASE("every event of the web shop has a touchpoint of its map", "[map]") {
  const auto log = apply_map(test::log_of(test::webshop_events()), load_map(example));
  CHECK(log.events() == 70);
  CHECK(log.health().unmatched == 0);
  CHECK(
      customers_by(log, "p6") ==
      std::map<std::string, std::int64_t>{
          {"awareness", 10}, {"consideration", 11}, {"purchase", 8}, {"delivery", 4}, {"service", 5}, {"loyalty", 1}});
  CHECK(customers_by(log, "p3").at("decision") == 8);
  const auto coverage = map_coverage(log);
  CHECK(items(coverage, "touchpoint never seen") == std::set<std::string>{"faq_na", "orderpick", "fraudecheck"});
  CHECK(items(coverage, "need not served") == std::set<std::string>{"n_hulp", "n_waardering"});
  CHECK(items(coverage, "unmatched event").empty());
  CHECK(map_inventory(log).rows() == 21);
  auto options = map_journey_options(log);
  options.observed_until = instant{std::chrono::sys_days{std::chrono::year{2024} / 4 / 30}};
  CHECK(make_journeys(log, options).conversions() == 9);
}

TEST_CASE("what came before decides between touchpoints of one event", "[map]") {
  const auto map =
      parse_map(map_with(R"({"id": "after", "phase": "use", "match": {"event": "faq"}, "when": {"after": "buy"}},
    {"id": "lost", "phase": "use", "match": {"event": "faq"}, "when": {"after": "gone"}},
    {"id": "before", "phase": "look", "match": {"event": "faq"}, "when": {"before": "buy"}},
    {"id": "buy", "phase": "look"})"));
  const auto log = apply_map(
      test::log_of(
          {{"a", 0, "faq"}, {"a", 1, "buy"}, {"a", 2, "faq"}, {"b", 0, "faq"}, {"b", 10, "faq"}, {"b", 21, "faq"}}),
      map);
  CHECK(customers_by(log, "touchpoint") ==
        std::map<std::string, std::int64_t>{{"after", 1}, {"before", 2}, {"buy", 1}, {"lost", 1}});
  CHECK(log.labels("p2").is_phase);
}

TEST_CASE("a log that others hold keeps its labels when a map is applied", "[map]") {
  const auto raw = test::log_of({{"a", 0, "x"}, {"a", 1, "buy"}});
  const auto map = parse_map(map_with(R"({"id": "buy", "phase": "look"})"));
  const auto log = apply_map(raw, map, {.unmatched = map_events::unmatched_type::drop});
  CHECK(labels(raw, "touchpoint") == std::vector<std::string>{"x", "buy"});
  CHECK(raw.map() == nullptr);
  CHECK(labels(log, "touchpoint") == std::vector<std::string>{"buy"});
  CHECK(log.map()->touchpoints.size() == 1);
  CHECK(log.health().dropped == 1);
  CHECK_THROWS_WITH(apply_map(log, map), ContainsSubstring("already"));
  CHECK_THROWS_WITH(apply_map(raw, map, {.unmatched = map_events::unmatched_type::error}),
                    ContainsSubstring("1 events match no touchpoint of the map: 'x' (1)"));
}

TEST_CASE("a log without events can be matched", "[map]") {
  const auto log = apply_map(event_log{}, parse_map(map_with(R"({"id": "buy", "phase": "look"})")));
  CHECK(log.events() == 0);
  CHECK(items(map_coverage(log), "touchpoint never seen") == std::set<std::string>{"buy"});
}

TEST_CASE("outcomes convert by their own rules", "[map]") {
  const auto map = parse_map(map_with(R"({"id": "buy", "phase": "look", "match": {"event": {"prefix": "b"}}})"));
  const auto log = apply_map(test::log_of({{"a", 0, "basket"}, {"a", 1, "buy"}}), map);
  CHECK(outcome_events(log, "buy") == std::vector<bool>{false, true});
  const auto journeys = make_journeys(log, {.conversion = {"buy"}});
  CHECK(journeys.size() == 1);
  CHECK(journeys.is_conversion_event(1));
  CHECK_FALSE(journeys.is_conversion_event(0));
  CHECK_THROWS_WITH(outcome_events(log, "sale"), ContainsSubstring("no outcome 'sale'; it has 'buy' 'gone'"));
}

TEST_CASE("mistakes of a map are told with their paths, all at once", "[map]") {
  const auto message = error_of(map_with(
      R"({"id": "T", "phase": "look"}, {"id": "u", "phase": "look", "match": {"url": {"regex": "("}}, "emotion": {"expected": 3}})",
      R"(, "kpis": [{"id": "k", "tarjet": 1}])"));
  CHECK_THAT(message, ContainsSubstring("touchpoints[0].id: 'T' is no id"));
  CHECK_THAT(message,
             ContainsSubstring("touchpoints[1].match.url.regex: the regular expression '(' has a '(' without ')'"));
  CHECK_THAT(message, ContainsSubstring("touchpoints[1].emotion.expected: is 3; it must lie between -2 and 2"));
  CHECK_THAT(message, ContainsSubstring("kpis[0]: unknown key 'tarjet'; did you mean 'target'?"));
  CHECK_THAT(
      error_of(map_with(R"({"id": "t", "phase": "lok", "when": {"after": "bye"}})")),
      StartsWith("touchpoints[0].phase: the map has no phase 'lok'; did you mean 'look'?\ntouchpoints[0].when.after:"));
  CHECK_THAT(error_of(map_with(R"({"id": "a", "phase": "look", "stage": "offstage", "supports": ["b"]},
    {"id": "b", "phase": "look", "stage": "offstage", "supports": ["a"]})")),
             ContainsSubstring("touchpoints[1].supports: touchpoints support each other in a circle: 'a' > 'b' > 'a'"));
  std::string many;
  for (int i = 0; i < 50; ++i) {
    many += std::string{i == 0 ? "" : ","} + R"({"id": "t", "phase": "nowhere"})";
  }
  CHECK_THAT(error_of(map_with(many)), ContainsSubstring("and 79 more"));
}

TEST_CASE("a file that cannot be read is named in the error", "[map]") {
  CHECK_THROWS_WITH(load_map("no-such-map.json"), StartsWith("no-such-map.json: cannot be opened"));
  const auto file = std::filesystem::temp_directory_path() / "klantreis_broken_map.json";
  std::ofstream{file} << "{";
  CHECK_THROWS_WITH(load_map(file), StartsWith(file.string() + ": JSON, line 1, column 2"));
  std::filesystem::remove(file);
}

TEST_CASE("a map says which columns it needs and which are numbers", "[map]") {
  const auto columns = map_log_columns(load_map(example));
  CHECK(columns.customer == "customer_id");
  CHECK(columns.touchpoint == "event");
  CHECK(columns.channel == "channel");
  CHECK(columns.value == "value");
  CHECK(columns.numbers == std::vector<std::string>{"score", "wait_s"});
  CHECK(columns.attributes ==
        std::vector<std::string>{"tag", "page", "issue_id", "agent_id", "referrer_id", "account_id"});
}
