// SPDX-License-Identifier: MIT
#include "klantreis/match.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "cpp/support/small_log.hpp"

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;
using test::event;

namespace {

/// One customer for each text, one event for each of its letters, a second apart.
event_log letters(const std::vector<std::string>& texts) {
  std::vector<event> events;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t at = 0; at < texts[i].size(); ++at) {
      events.push_back({"u" + std::to_string(i), static_cast<std::int64_t>(at), std::string(1, texts[i][at])});
    }
  }
  return test::log_of(events);
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> stretches(const std::string& letters_of_one,
                                                               const std::string& pattern,
                                                               match_entry entry = match_entry::earliest) {
  const event_log log = letters({letters_of_one});
  path_search search{log, path_pattern{pattern}, {.entry = entry}};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> result;
  for (const path_match& match : search.find({.begin = 0, .path_end = log.events(), .end = log.events()})) {
    result.emplace_back(match.begin, match.end);
  }
  return result;
}

std::uint64_t work_of(const std::string& pattern, std::size_t length, const std::string& period) {
  std::string text;
  while (text.size() < length) {
    text += period;
  }
  const event_log log = letters({text});
  path_search search{log, path_pattern{pattern}};
  (void)search.find({.begin = 0, .path_end = log.events(), .end = log.events()});
  return search.work();
}

}  // namespace

TEST_CASE("one arrow is directly after, two heads some time after", "[match]") {
  using spans = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  CHECK(stretches("vxc", "v -> c").empty());
  CHECK(stretches("vxc", "v ->> c") == spans{{0, 3}});
  CHECK(stretches("vcvc", "v -> c") == spans{{0, 2}, {2, 4}});
  CHECK(stretches("vvc", "v ->> c") == spans{{0, 3}});
  CHECK(stretches("vvc", "v ->> c", match_entry::latest) == spans{{1, 3}});
  CHECK(stretches("vxxxc", "v ->>{<=2} c").empty());
  CHECK(stretches("vxxc", "v ->>{<=2, <=3s} c") == spans{{0, 4}});
  CHECK(stretches("vxxc", "v ->>{<3s} c").empty());
  CHECK(stretches("vsvc", "v ->>{no s} c") == spans{{2, 4}});
  CHECK(stretches("abab", "^ -> a{2}").empty());
  CHECK(stretches("aab", "^ -> a{2} -> b -> $") == spans{{0, 3}});
}

TEST_CASE("of three views the one within the limit is found, not only the first or the last", "[match]") {
  // The last view is directly before the cart and too near, the first one too far.
  CHECK(stretches("vxvxvc", "v ->>{>=2s, <=4s} c") == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{2, 6}});
}

TEST_CASE("the work grows with the length of the journey and no faster", "[match]") {
  for (const std::string pattern :
       {"a ->> a ->> a ->> a ->> z", "(a|(a -> a))+ -> z", "(a ->> a){3,} ->> z",
        "a ->>{<=5000, no z} a ->>{<=9000s} z", "(a ->> b ->> c) within 100s", "((a -> .* -> b){2}|a ->>{>=3} c)+ -> c",
        "a ->>{>=100, <=5000} b ->>{>=10s} z", "^ ->>{>=5} a ->> (b|(c ->> a within 50s)) ->> $"}) {
    const std::uint64_t small = work_of(pattern, 2'000, "aabac");
    const std::uint64_t large = work_of(pattern, 16'000, "aabac");
    INFO(pattern << ": " << small << " and " << large);
    CHECK(large < 9 * small);
    // 14 visits for each state and event are enough for these.
    CHECK(large < 16'000U * 14U * 40U);
  }
}

TEST_CASE("parts of matches name their first and last events", "[match]") {
  const event_log log = letters({"xvvcco"});
  path_search search{log, path_pattern{"v+ -> c{2} ->> o"}};
  const auto found = search.find({.begin = 0, .path_end = 6, .end = 6});
  REQUIRE(found.size() == 1);
  CHECK(found[0].parts == std::vector<path_match::part>{{1, 2}, {3, 4}, {5, 5}});
}

TEST_CASE("matches of two logs add up to those of both", "[match]") {
  std::mt19937 random{5};
  const path_pattern pattern{"a ->> b -> (a|c)"};
  for (int round = 0; round < 20; ++round) {
    auto first = test::random_events(random, 30, {"a", "b", "c"});
    auto second = test::random_events(random, 30, {"a", "b", "c"});
    for (event& row : second) {
      row.customer += "'";
    }
    auto both = first;
    both.insert(both.end(), second.begin(), second.end());
    const auto count = [&](const std::vector<event>& events) {
      return count_matches(make_journeys(test::log_of(events)), pattern, {.unit = match_unit::customer});
    };
    match_counts sum = count(first);
    sum += count(second);
    const match_counts whole = count(both);
    CHECK(sum.matches() == whole.matches());
    CHECK(match_summary(sum).numbers("share")[0] == Catch::Approx(match_summary(whole).numbers("share")[0]).margin(0));
    CHECK(match_times(sum).integers("count") == match_times(whole).integers("count"));
    CHECK(match_times(sum).integers("n") == match_times(whole).integers("n"));
  }
}

TEST_CASE("counts of different patterns do not add up", "[match]") {
  const journey_set journeys = make_journeys(letters({"ab"}));
  match_counts counts = count_matches(journeys, path_pattern{"a -> b"});
  CHECK_THROWS_WITH(counts += count_matches(journeys, path_pattern{"a ->> b"}), ContainsSubstring("pattern is a -> b"));
}

TEST_CASE("a pattern and its prefixes keep the limit of the whole", "[match]") {
  const path_pattern pattern{"(^ -> v ->> c ->> o) within 1h"};
  CHECK(pattern.parts() == std::vector<std::string>{"v", "c", "o"});
  CHECK(pattern.prefix(2).text() == "(^ -> v ->> c) within 3600000000us");
  CHECK(pattern.prefix(2).needs_times());
  CHECK_THROWS_AS(pattern.prefix(4), input_error);
  CHECK_THROWS_AS(pattern.prefix(0), input_error);
}

TEST_CASE("a log without times refuses limits of time only", "[match]") {
  const journey_set journeys = make_journeys(test::ordered_log_of({{"u", 0, "a"}, {"u", 0, "b"}}));
  CHECK(count_matches(journeys, path_pattern{"a -> b"}).matches() == 1);
  CHECK_THROWS_WITH(count_matches(journeys, path_pattern{"a ->>{<1d} b"}), ContainsSubstring("read it with a time"));
}

TEST_CASE("a plain sequence of events asks what a funnel can ask", "[match]") {
  const pattern_funnel asked =
      funnel_of(path_pattern{"a ->>{<1d, no (x|y)} (b|c) ->> d[value >= 2, channel != web|app] within 7d"});
  const funnel_step last{
      step_condition{{{.names = {"d"}},
                      {.column = "value", .how = column_comparison::at_least, .number = 2},
                      {.column = "channel", .how = column_comparison::none_of, .names = {"web", "app"}}}}};
  CHECK(asked.steps == std::vector<funnel_step>{"a", {"b", "c"}, last});
  CHECK(asked.options.order == funnel_order::ordered);
  CHECK(asked.options.window == std::chrono::days{7});
  CHECK(asked.options.step_windows ==
        std::vector<std::optional<duration>>{std::chrono::days{1} - duration{1}, std::nullopt});
  CHECK(asked.options.exclude == std::vector<funnel_exclusion>{{.what = {"x", "y"}, .after = 1, .before = 2}});
  CHECK(funnel_of(path_pattern{"a -> b"}).options.order == funnel_order::strict);

  const event_log log = letters({"abd", "axbd", "aabc", "b"});
  const pattern_funnel plain = funnel_of(path_pattern{"a ->>{no x} b ->> (c|d)"});
  CHECK(count_funnel(log, plain.steps, plain.options).reached() == std::vector<std::uint64_t>{3, 2, 2});
  CHECK_THROWS_WITH(funnel_of(path_pattern{"a -> b ->> c"}), ContainsSubstring("character 8"));
}
