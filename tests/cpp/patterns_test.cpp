// SPDX-License-Identifier: MIT
#include "klantreis/patterns.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "cpp/support/small_log.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using test::event;

namespace {

using texts = std::vector<std::string>;
using integers = std::vector<std::int64_t>;

/// A journey written out: `(start)`, its items, and where it ends.
struct route {
  std::size_t customer = 0;
  texts states;
  bool settled = true;
  bool converted = false;
  double seconds = 0.0;
};

std::vector<route> routes_of(const journey_set& journeys, bool collapse = false) {
  const event_log& log = journeys.log();
  std::vector<route> routes;
  for (std::size_t customer = 0; customer < journeys.customers(); ++customer) {
    for (auto j = journeys.customer_offsets()[customer]; j < journeys.customer_offsets()[customer + 1]; ++j) {
      const journey piece = journeys[j];
      route found{customer, {"(start)"}, piece.settled, piece.converted, journeys.seconds(j)};
      for (auto at = piece.begin; at < piece.path_end; ++at) {
        std::string name{log.touchpoint_names()[log.touchpoints()[at]]};
        if (!collapse || found.states.back() != name) {
          found.states.push_back(std::move(name));
        }
      }
      found.states.emplace_back(piece.settled ? journeys.end_state_of(piece) : open_state);
      routes.push_back(std::move(found));
    }
  }
  return routes;
}

std::string joined(const texts& states, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t at = begin; at < end; ++at) {
    text += (at == begin ? "" : " > ") + states[at];
  }
  return text;
}

journey_set webshop() {
  return make_journeys(test::log_of(test::webshop_events()),
                       {.conversion = {"order"},
                        .after = after_conversion::stop,
                        .inactivity = std::chrono::days{30},
                        .observed_until = instant{std::chrono::sys_days{std::chrono::year{2024} / 4 / 30}}});
}

journey_set random_journeys(std::mt19937& random, std::size_t most = 25) {
  journey_options options{.conversion = {"buy"}, .after = static_cast<after_conversion>(random() % 3)};
  if (random() % 2 == 0) {
    options.inactivity = 2s;
  }
  return make_journeys(test::log_of(test::random_events(random, most, {"a", "b", "c", "buy"})), options);
}

std::map<std::string, std::int64_t> counts_of(const table& result) {
  std::map<std::string, std::int64_t> found;
  for (std::size_t row = 0; row < result.rows(); ++row) {
    found[result.texts("path")[row]] = result.integers("count")[row];
  }
  return found;
}

}  // namespace

TEST_CASE("variants equal a plain count", "[patterns]") {
  std::mt19937 random{3};
  for (int round = 0; round < 300; ++round) {
    const journey_set journeys = random_journeys(random);
    const bool collapse = random() % 2 == 0;
    struct plain {
      std::int64_t count = 0;
      std::int64_t open = 0;
      std::int64_t conversions = 0;
      std::set<std::size_t> customers;
      std::vector<double> seconds;
    };
    std::map<std::string, plain> expected;
    std::int64_t settled = 0;
    for (const route& one : routes_of(journeys, collapse)) {
      plain& row = expected[joined(one.states, 1, one.states.size() - 1)];
      if (!one.settled) {
        ++row.open;
        continue;
      }
      ++settled;
      ++row.count;
      row.conversions += one.converted ? 1 : 0;
      row.customers.insert(one.customer);
      row.seconds.push_back(one.seconds);
    }
    const table found = variants(journeys, {.collapse = collapse});
    REQUIRE(found.rows() == expected.size());
    std::int64_t covered = 0;
    for (std::size_t row = 0; row < found.rows(); ++row) {
      plain& figures = expected.at(found.texts("path")[row]);
      CHECK(found.integers("count")[row] == figures.count);
      CHECK(found.integers("open")[row] == figures.open);
      CHECK(found.integers("conversions")[row] == figures.conversions);
      CHECK(found.integers("n")[row] == static_cast<std::int64_t>(figures.customers.size()));
      covered += figures.count;
      if (settled == 0) {
        CHECK(std::isnan(found.numbers("coverage")[row]));
      } else {
        CHECK(found.numbers("coverage")[row] == static_cast<double>(covered) / static_cast<double>(settled));
      }
      if (figures.count == 0) {
        CHECK(std::isnan(found.numbers("conversion_rate")[row]));
        CHECK(std::isnan(found.numbers("median_time")[row]));
      } else {
        CHECK(found.numbers("conversion_rate")[row] ==
              static_cast<double>(figures.conversions) / static_cast<double>(figures.count));
        CHECK(found.numbers("median_time")[row] == quantile(figures.seconds, 0.5));
      }
      if (row > 0) {
        const auto before = found.integers("count")[row - 1];
        CHECK((before > figures.count ||
               (before == figures.count && found.texts("path")[row - 1] < found.texts("path")[row])));
      }
    }
    const table few = variants(journeys, {.collapse = collapse, .limit = 2});
    const table head = found.head(2);
    CHECK(few.texts("path") == head.texts("path"));
    CHECK(few.integers("n") == head.integers("n"));
    for (const char* name : {"coverage", "lower", "upper", "median_time"}) {
      for (std::size_t row = 0; row < few.rows(); ++row) {
        const double whole = head.numbers(name)[row];
        CHECK((std::isnan(whole) ? std::isnan(few.numbers(name)[row]) : few.numbers(name)[row] == whole));
      }
    }
  }
}

TEST_CASE("the twelve customers of the webshop took twelve paths", "[patterns]") {
  const table found = variants(webshop());
  CHECK(found.rows() == 12);
  CHECK(found.numbers("coverage").back() == 1.0);
  const auto& conversions = found.integers("conversions");
  CHECK(std::count(conversions.begin(), conversions.end(), 1) == 6);
  CHECK(std::isnan(found.numbers("value")[0]));
}

TEST_CASE("the conversion rate of a variant takes customers as units", "[patterns]") {
  // One customer converts on the path three times, another does not on one journey: v = 3, 1 and e = 3, 0.
  const event_log log = test::log_of(
      {{"u", 0, "a"}, {"u", 1, "buy"}, {"u", 2, "a"}, {"u", 3, "buy"}, {"u", 4, "a"}, {"u", 5, "buy"}, {"v", 0, "a"}});
  const table found = variants(make_journeys(log, {.conversion = {"buy"}}));
  visit_moments visits;
  visits.add(3);
  visits.add(1);
  event_moments events;
  events.add(3, 3);
  const estimate expected = rate_interval(visits, events);
  CHECK(found.numbers("conversion_rate")[0] == 0.75);
  CHECK(found.numbers("lower")[0] == expected.lower);
  CHECK(found.numbers("upper")[0] == expected.upper);
  CHECK(found.integers("n")[0] == 2);
  CHECK(found.texts("marks")[0] == "few_customers,few_effective");
}

TEST_CASE("variants of a path table that was read as text", "[patterns]") {
  path_table paths;
  const std::vector<std::string_view> ab{"a", "b"};
  const std::vector<std::string_view> a{"a"};
  paths.add(ab, 3, 7, 12.5);
  paths.add(a, 0, 30);
  const table found = variants(paths);
  CHECK(found.texts("path") == texts{"a", "a > b"});
  CHECK(found.integers("count") == integers{30, 10});
  CHECK(found.numbers("share") == std::vector<double>{0.75, 0.25});
  CHECK(found.numbers("conversion_rate") == std::vector<double>{0.0, 0.3});
  CHECK(found.numbers("value") == std::vector<double>{0.0, 12.5});
  CHECK(found.integers("n") == integers{30, 10});
  // Ten journeys as ten customers: V = p(1 − p)/9, Wilson with 9 effective customers and t at 9 degrees of freedom.
  influence_sum by_hand;
  for (int i = 0; i < 10; ++i) {
    by_hand.add(((i < 3 ? 1.0 : 0.0) - 0.3) / 10.0);
  }
  CHECK(found.numbers("lower")[1] == Approx(by_hand.prob_interval(0.3, 10).lower).epsilon(1e-9));
  CHECK(found.numbers("upper")[0] == Approx(wilson(0, 30).upper).epsilon(1e-12));
  CHECK(found.texts("marks") == texts{"boundary", "few_customers,few_effective"});
  CHECK(std::isnan(found.numbers("median_time")[0]));
  paths.add(a, 0.5, 0);
  CHECK(variants(paths).numbers("count") == std::vector<double>{30.5, 10});
}

TEST_CASE("the step matrix equals a plain count, and its shares add up to 1", "[patterns]") {
  std::mt19937 random{4};
  for (int round = 0; round < 300; ++round) {
    const journey_set journeys = random_journeys(random);
    const bool collapse = random() % 2 == 0;
    const std::size_t steps = 1 + random() % 6;
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> expected;
    for (const route& one : routes_of(journeys, collapse)) {
      for (std::size_t step = 1; step <= steps; ++step) {
        ++expected[{static_cast<std::int64_t>(step), one.states[std::min(step, one.states.size() - 1)]}];
      }
    }
    const table found = step_matrix(journeys, {.steps = steps, .collapse = collapse});
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> counted;
    std::vector<double> sums(steps, 0.0);
    for (std::size_t row = 0; row < found.rows(); ++row) {
      const auto step = found.integers("step")[row];
      counted[{step, found.texts("label")[row]}] = found.integers("count")[row];
      sums[static_cast<std::size_t>(step - 1)] += found.numbers("share")[row];
      if (row > 0 && found.integers("step")[row - 1] == step) {
        CHECK(found.integers("count")[row - 1] >= found.integers("count")[row]);
      }
    }
    CHECK(counted == expected);
    CHECK(counted.size() == found.rows());
    for (const double sum : sums) {
      CHECK(sum == Approx(1.0).epsilon(1e-12));
    }
  }
}

TEST_CASE("step counts of shards merge", "[patterns]") {
  const journey_set first = make_journeys(test::log_of({{"u", 0, "a"}, {"u", 1, "b"}}));
  const journey_set second = make_journeys(test::log_of({{"v", 0, "c"}, {"w", 0, "b"}, {"w", 0, "b"}}));
  step_matrix_counts merged;
  merged += count_steps(first, {.steps = 2});
  merged += count_steps(second, {.steps = 2});
  CHECK(merged.journeys() == 3);
  const table whole = step_matrix(
      make_journeys(test::log_of({{"u", 0, "a"}, {"u", 1, "b"}, {"v", 0, "c"}, {"w", 0, "b"}, {"w", 0, "b"}})),
      {.steps = 2});
  CHECK(step_matrix(merged).texts("label") == whole.texts("label"));
  CHECK(step_matrix(merged).integers("count") == whole.integers("count"));
  CHECK(step_matrix(merged).numbers("share") == whole.numbers("share"));
  CHECK_THROWS_WITH(merged += count_steps(second, {.steps = 3}), ContainsSubstring("steps is 2 in one and 3"));
  CHECK_THROWS_AS(step_matrix(first, {.steps = 0}), input_error);
  CHECK_THROWS_AS(step_matrix(first, {.steps = max_matrix_steps + 1}), limit_error);
  CHECK(step_matrix(step_matrix_counts{}).rows() == 0);
}

TEST_CASE("ways into and out of touchpoints of the webshop", "[patterns]") {
  const journey_set journeys = webshop();
  const table into = ways_in(journeys, "product_view");
  CHECK(into.texts("path") == texts{"search_click", "social_click", "add_to_cart", "email_click", "referral_visit"});
  CHECK(into.integers("count") == integers{5, 2, 1, 1, 1});
  const table start = entries(journeys);
  CHECK(start.texts("path") ==
        texts{"search_click", "ad_impression", "social_click", "email_click", "referral_visit", "store_visit"});
  CHECK(start.integers("count") == integers{4, 3, 2, 1, 1, 1});
  CHECK(start.numbers("share")[0] == Approx(1.0 / 3));
  CHECK(ways_in(journeys, "(conversion)").integers("conversions")[0] ==
        ways_in(journeys, "(conversion)").integers("count")[0]);
  CHECK(counts_of(ways_out(journeys, "checkout_start")) ==
        std::map<std::string, std::int64_t>{{"(conversion)", 5}, {"email_click", 1}, {"(null)", 1}});
}

TEST_CASE("ways of several steps equal a plain count", "[patterns]") {
  std::mt19937 random{6};
  for (int round = 0; round < 300; ++round) {
    const journey_set journeys = random_journeys(random, 40);
    const std::size_t steps = 1 + random() % 4;
    const auto all = routes_of(journeys);
    if (!journeys.log().touchpoint_names().find("a")) {
      continue;
    }
    std::map<std::string, std::int64_t> in;
    std::map<std::string, std::int64_t> out;
    std::map<std::string, std::int64_t> converted;
    std::map<std::string, std::set<std::size_t>> customers;
    for (const route& one : all) {
      if (!one.settled) {
        continue;
      }
      for (std::size_t at = 0; at < one.states.size(); ++at) {
        if (one.states[at] == "a") {
          const std::string way = joined(one.states, at > steps ? at - steps : 0, at);
          ++in[way];
          converted[way] += one.converted ? 1 : 0;
          customers[way].insert(one.customer);
          ++out[joined(one.states, at + 1, std::min(one.states.size(), at + 1 + steps))];
        }
      }
    }
    const table found = ways_in(journeys, "a", {.steps = steps});
    CHECK(counts_of(found) == in);
    CHECK(counts_of(ways_out(journeys, "a", {.steps = steps})) == out);
    for (std::size_t row = 0; row < found.rows(); ++row) {
      const std::string& way = found.texts("path")[row];
      CHECK(found.integers("conversions")[row] == converted[way]);
      CHECK(found.integers("n")[row] == static_cast<std::int64_t>(customers[way].size()));
    }
    std::map<std::string, std::int64_t> first;
    std::int64_t open = 0;
    for (const route& one : all) {
      ++first[joined(one.states, 1, std::min(one.states.size(), 1 + steps))];
      open += one.settled ? 0 : 1;
    }
    const table start = entries(journeys, {.steps = steps});
    CHECK(counts_of(start) == first);
    std::int64_t found_open = 0;
    for (const auto number : start.integers("open")) {
      found_open += number;
    }
    CHECK(found_open == open);
  }
}

TEST_CASE("any number of threads gives the same variants, steps and ways", "[patterns]") {
  std::mt19937 random{8};
  std::vector<event> events;
  for (int u = 0; u < 12'000; ++u) {
    for (int i = 0; i < 5; ++i) {
      events.push_back({std::to_string(u), i, std::string(1, static_cast<char>('a' + random() % 6))});
    }
  }
  const journey_set journeys = make_journeys(test::log_of(events), {.conversion = {"f"}});
  for (const char* name : {"path", "marks"}) {
    CHECK(variants(journeys, {.threads = 1}).texts(name) == variants(journeys, {.threads = 3}).texts(name));
    CHECK(ways_in(journeys, "a", {.steps = 3, .threads = 1}).texts(name) ==
          ways_in(journeys, "a", {.steps = 3, .threads = 3}).texts(name));
  }
  CHECK(ways_out(journeys, "a", {.steps = 2, .threads = 1}).numbers("upper") ==
        ways_out(journeys, "a", {.steps = 2, .threads = 3}).numbers("upper"));
  CHECK(step_matrix(journeys, {.threads = 1}).integers("count") ==
        step_matrix(journeys, {.threads = 3}).integers("count"));
}

TEST_CASE("ways to what is not there are refused with the remedy", "[patterns]") {
  const event_log log = test::log_of({{"u", 0, "product_view"}, {"u", 1, "order"}});
  const journey_set journeys = make_journeys(log, {.conversion = {"order"}});
  CHECK_THROWS_WITH(ways_in(journeys, "product_veiw"), ContainsSubstring("did you mean 'product_view'?"));
  CHECK_THROWS_AS(ways_in(journeys, "(start)"), input_error);
  CHECK_THROWS_AS(ways_out(journeys, "(conversion)"), input_error);
  CHECK_THROWS_WITH(ways_in(journeys, "(end)"), ContainsSubstring("(conversion) or (null)"));
  CHECK_THROWS_WITH(ways_in(journeys.recut(after_conversion::go_on), "(conversion)"), ContainsSubstring("(end)"));
  CHECK_THROWS_AS(ways_in(journeys, "product_view", {.steps = 0}), input_error);
  CHECK_THROWS_AS(ways_in(journeys, "product_view", {.steps = max_way_steps + 1}), limit_error);
  CHECK(entries(make_journeys(event_log{})).rows() == 0);
  CHECK(variants(make_journeys(event_log{})).rows() == 0);
}

TEST_CASE("names that print alike stay apart in paths", "[patterns]") {
  const event_log log = test::log_of({{"u", 0, "a > b"}, {"v", 0, "a"}, {"v", 1, "b"}});
  const table found = variants(make_journeys(log));
  CHECK(found.rows() == 2);
  CHECK(found.texts("path")[0] != found.texts("path")[1]);
}

TEST_CASE("the most probable paths equal a listing of all paths of the chain", "[patterns]") {
  std::mt19937 random{12};
  for (int round = 0; round < 40; ++round) {
    const journey_set journeys =
        make_journeys(test::log_of(test::random_events(random, 40, {"a", "b", "c", "buy"})), {.conversion = {"buy"}});
    const unsigned order = 1 + static_cast<unsigned>(random() % 2);
    // Transition counts between states written as text: the last `order` items.
    std::map<std::string, std::map<std::string, double>> moves;
    std::map<std::string, double> visits;
    double conversions = 0;
    double settled = 0;
    for (const route& one : routes_of(journeys)) {
      std::string here = "(start)";
      const std::size_t items = one.states.size() - 2;
      for (std::size_t at = std::min<std::size_t>(order, items); at <= items && items > 0; ++at) {
        const std::string next = joined(one.states, at >= order ? at - order + 1 : 1, at + 1);
        ++moves[here][next];
        ++visits[here];
        here = next;
      }
      ++moves[here][one.states.back()];
      ++visits[here];
      conversions += one.converted ? 1 : 0;
      settled += 1;
    }
    struct listed {
      double probability = 0;
      std::string path;
    };
    std::vector<listed> expected;
    const auto walk = [&](const auto& self, const std::string& state, const std::string& path,
                          double probability) -> void {
      for (const auto& [next, times] : moves[state]) {
        const double chance = probability * times / visits[state];
        if (next == "(conversion)") {
          expected.push_back({chance, path});
        } else if (next != "(null)" && chance > 2e-4) {
          const auto newest = next.rfind(" > ");
          self(self, next,
               path.empty() ? next : path + " > " + (newest == std::string::npos ? next : next.substr(newest + 3)),
               chance);
        }
      }
    };
    walk(walk, "(start)", "", 1.0);
    const table found = likely_paths(journeys, {.limit = 5, .order = order});
    if (conversions == 0) {
      CHECK(found.rows() == 0);
      continue;
    }
    std::sort(expected.begin(), expected.end(), [](const listed& a, const listed& b) {
      return std::abs(a.probability - b.probability) > 1e-12 ? a.probability > b.probability : a.path < b.path;
    });
    for (std::size_t row = 0; row < found.rows(); ++row) {
      if (row < expected.size() && expected[row].probability > 2e-4) {
        CHECK(found.texts("path")[row] == expected[row].path);
        CHECK(found.numbers("probability")[row] == Approx(expected[row].probability).epsilon(1e-12));
        CHECK(found.numbers("share")[row] == Approx(expected[row].probability * settled / conversions).epsilon(1e-12));
      }
    }
    if (expected.size() >= 5) {
      CHECK(found.rows() == 5);
    }
  }
}

TEST_CASE("likely paths of a chain without loops add up to the conversion rate", "[patterns]") {
  path_table paths;
  paths.add(std::vector<std::string_view>{"a", "b"}, 3, 1);
  paths.add(std::vector<std::string_view>{"b"}, 1, 4);
  paths.add(std::vector<std::string_view>{"a"}, 2, 2);
  paths.add(std::vector<std::string_view>{}, 1, 0);
  const table found = likely_paths(paths);
  CHECK(found.texts("path") == texts{"b", "a", "a > b", ""});
  double probability = 0;
  double share = 0;
  for (std::size_t row = 0; row < found.rows(); ++row) {
    probability += found.numbers("probability")[row];
    share += found.numbers("share")[row];
  }
  CHECK(probability == Approx(7.0 / 14));
  CHECK(share == Approx(1.0));
  // P(null) = 7/14: a ends 2 of 8, b ends 5 of 9.
  const table lost = likely_paths(paths, {.limit = 1, .to = "(null)"});
  CHECK(lost.texts("path") == texts{"b"});
  CHECK(lost.numbers("probability")[0] == Approx(5.0 / 14 * 5 / 9));
  CHECK(likely_paths(paths, {.limit = 0}).rows() == 0);
  CHECK(likely_paths(path_table{}).rows() == 0);
  CHECK_THROWS_AS(likely_paths(paths, {.to = "a"}), input_error);
  CHECK_THROWS_AS(likely_paths(paths, {.order = 0}), input_error);
  const event_log log = test::log_of({{"u", 0, "a"}});
  CHECK_THROWS_WITH(likely_paths(make_journeys(log, {.after = after_conversion::go_on})),
                    ContainsSubstring("likely_paths"));
}
