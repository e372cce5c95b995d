// SPDX-License-Identifier: MIT
#include "klantreis/conformance.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace klantreis;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<std::string> letters(std::string_view text) {
  std::vector<std::string> steps;
  for (const char letter : text) {
    steps.emplace_back(1, letter);
  }
  return steps;
}

journey_design linear(std::string_view names) {
  journey_design design;
  for (const std::string& name : letters(names)) {
    design.phases.push_back({.name = name});
  }
  for (std::size_t at = 1; at < design.phases.size(); ++at) {
    design.moves.push_back({.from = design.phases[at - 1].name, .to = design.phases[at].name});
  }
  return design;
}

const petri_net parallel{
    {{"a", {"start"}, {"p1", "p2"}}, {"b", {"p1"}, {"p3"}}, {"c", {"p2"}, {"p4"}}, {"d", {"p3", "p4"}, {"end"}}}};

}  // namespace

TEST_CASE("steps that are missing, added or in another order cost one each", "[conformance]") {
  const aligner design{linear("abcde")};
  CHECK(design.align(letters("abcde")).cost == 0);
  CHECK(design.align(letters("abde")).fitness == Approx(1 - 1.0 / 9));
  CHECK(design.align(letters("abxcde")).fitness == Approx(1 - 1.0 / 11));
  CHECK(design.align(letters("acbde")).fitness == Approx(0.8));
  CHECK(design.align(letters("ab")).cost == 3);
  CHECK(design.align({}).cost == 5);
  CHECK(design.align({}).fitness == 0.0);
}

TEST_CASE("an alignment names what was done, left out and added", "[conformance]") {
  using kind = alignment::step_kind;
  const auto found = aligner{linear("abc")}.align(letters("axc"));
  std::vector<std::pair<kind, std::string>> steps;
  for (const auto& step : found.steps) {
    steps.emplace_back(step.kind, step.phase);
  }
  CHECK(found.cost == 2);
  CHECK(steps.size() == 4);
  CHECK(steps.front() == std::pair{kind::both, std::string{"a"}});
  CHECK(steps.back() == std::pair{kind::both, std::string{"c"}});
}

TEST_CASE("loops of the design may be walked as often as the customer does", "[conformance]") {
  auto design = linear("abc");
  design.moves.push_back({.from = "b", .to = "a", .kind = "loop"});
  CHECK(aligner{design}.align(letters("ababababc")).cost == 0);
  CHECK(aligner{linear("abc")}.align(letters("ababababc")).cost == 6);
}

TEST_CASE("a net of two parallel steps replays both orders and misses the one left out", "[conformance]") {
  CHECK(replay(parallel, letters("abcd")) ==
        replay_counts{.traces = 1, .fitting = 1, .produced = 6, .consumed = 6, .missing = 0, .remaining = 0});
  CHECK(replay(parallel, letters("acbd")).fitness() == 1.0);
  const auto short_one = replay(parallel, letters("abd"), 3);
  CHECK(short_one == replay_counts{.traces = 3, .produced = 15, .consumed = 15, .missing = 3, .remaining = 3});
  CHECK(short_one.fitness() == Approx(0.8));
  CHECK(replay(parallel, letters("abxcd")).skipped == 1);
  CHECK(std::isnan(replay_counts{}.fitness()));
}

TEST_CASE("nets that are not sound are refused", "[conformance]") {
  CHECK_THROWS_WITH(replay({{{"a", {"start"}, {}}}}, letters("a")), ContainsSubstring("'a' has no output"));
  CHECK_THROWS_WITH(replay({{{"a", {"start"}, {"end"}}, {"a", {"start"}, {"end"}}}}, letters("a")),
                    ContainsSubstring("two transitions called 'a'"));
}

TEST_CASE("a walkthrough is checked step by step", "[conformance]") {
  using std::chrono::hours;
  auto design = linear("abc");
  design.moves[0].max_time = hours{1};
  design.touchpoints = {{.name = "view", .phase = "a"}, {.name = "call", .phase = "c"}};
  const std::vector<walkthrough_step> steps{{.touchpoint = "view", .at = instant{hours{0}}},
                                            {.touchpoint = "b", .at = instant{hours{2}}},
                                            {.touchpoint = "call"},
                                            {.touchpoint = "fax"}};
  const auto found = check_walkthrough(design, steps);
  CHECK(found.steps.texts("move") == std::vector<std::string>{"start", "designed", "designed", "unknown touchpoint"});
  CHECK(found.steps.texts("in_time") == std::vector<std::string>{"", "no", "", ""});
  CHECK(found.summary.integers("conforming") == std::vector<std::int64_t>{2});
  CHECK(found.summary.numbers("fitness")[0] == 1.0);
}
