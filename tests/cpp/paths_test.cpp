// SPDX-License-Identifier: MIT
#include "klantreis/paths.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

using counts = std::map<std::string, std::vector<double>>;

counts counts_of(const path_table& paths) {
  counts result;
  for (std::size_t p = 0; p < paths.size(); ++p) {
    const auto [at, is_new] = result.emplace(
        join_path(paths.names(), paths.path(p)),
        std::vector<double>{paths.conversions()[p], paths.nulls()[p], paths.open()[p], paths.values()[p]});
    REQUIRE(is_new);
  }
  return result;
}

event_log log_of(const std::vector<std::int64_t>& customers, const std::vector<std::int64_t>& seconds,
                 const std::vector<std::string>& names, const std::vector<double>& values = {}) {
  std::vector<std::int64_t> times;
  for (const auto s : seconds) {
    times.push_back(s * 1'000'000);
  }
  return event_log::from_columns(std::span<const std::int64_t>{customers}, std::span<const std::int64_t>{times},
                                 std::span<const std::string>{names}, std::span<const double>{values});
}

path_table read(const std::vector<std::string>& texts, const std::vector<double>& conversions,
                const std::vector<double>& nulls, const std::vector<double>& values = {}, char separator = '>',
                bad_rows on_bad = bad_rows::stop) {
  path_table table;
  append_paths(table, column_view{std::span<const std::string>{texts}},
               column_view{std::span<const double>{conversions}}, column_view{std::span<const double>{nulls}},
               values.empty() ? column_view{} : column_view{std::span<const double>{values}}, separator, on_bad);
  return table;
}

}  // namespace

TEST_CASE("equal journeys share a path and an immediate conversion has an empty one", "[paths]") {
  const auto log = log_of({1, 1, 1, 2, 2, 2, 3, 4, 4}, {0, 1, 2, 0, 1, 2, 0, 0, 1},
                          {"a", "b", "order", "a", "b", "order", "order", "a", "b"}, {0, 0, 5, 0, 0, 7, 9, 0, 0});
  const auto paths = make_paths(make_journeys(log, {.conversion = {"order"}}));
  CHECK(counts_of(paths) == counts{{"a > b", {2, 1, 0, 12}}, {"", {1, 0, 0, 9}}});
  CHECK(paths.total_conversions() == 3);
  CHECK(paths.units().size() == 4);
  CHECK(paths.unit_offsets().size() == 5);
}

TEST_CASE("collapsing merges immediate repeats only", "[paths]") {
  const auto log = log_of({1, 1, 1, 1}, {0, 1, 2, 3}, {"a", "a", "b", "a"});
  const auto journeys = make_journeys(log);
  CHECK(counts_of(make_paths(journeys, {.collapse = true})) == counts{{"a > b > a", {0, 1, 0, 0}}});
  CHECK(counts_of(make_paths(journeys)) == counts{{"a > a > b > a", {0, 1, 0, 0}}});
}

TEST_CASE("a lookback leaves out older touches, also of journeys without a conversion", "[paths]") {
  const auto log = log_of({1, 1, 1, 2, 2}, {0, 90, 100, 0, 20}, {"a", "b", "order", "a", "b"});
  const auto journeys = make_journeys(log, {.conversion = {"order"}});
  CHECK(counts_of(make_paths(journeys, {.lookback = 10s})) == counts{{"b", {1, 1, 0, 0}}});
  CHECK(counts_of(make_paths(journeys, {.lookback = 9s})) == counts{{"", {1, 0, 0, 0}}, {"b", {0, 1, 0, 0}}});
  CHECK_THROWS_AS(make_paths(journeys.recut(after_conversion::go_on), {.lookback = 10s}), input_error);
}

TEST_CASE("counting shards apart and merging equals counting at once", "[paths]") {
  std::mt19937_64 random{11};
  std::vector<std::int64_t> customers, seconds;
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) {
    customers.push_back(static_cast<std::int64_t>(random() % 4000));
    seconds.push_back(i);
    names.push_back(random() % 6 == 0 ? "order" : "t" + std::to_string(random() % 4));
  }
  const auto whole = make_paths(make_journeys(log_of(customers, seconds, names), {.conversion = {"order"}}));
  path_table merged;
  for (std::int64_t shard = 2; shard >= 0; --shard) {
    std::vector<std::int64_t> c, s;
    std::vector<std::string> n;
    for (std::size_t i = 0; i < customers.size(); ++i) {
      if (customers[i] % 3 == shard) {
        c.push_back(customers[i]);
        s.push_back(seconds[i]);
        n.push_back(names[i]);
      }
    }
    merged += make_paths(make_journeys(log_of(c, s, n), {.conversion = {"order"}}));
  }
  CHECK(counts_of(merged) == counts_of(whole));
  CHECK(merged.units().size() == whole.units().size());
  CHECK(merged.unit_offsets().size() == whole.unit_offsets().size());
  path_table collapsed = make_paths(make_journeys(log_of(customers, seconds, names)), {.collapse = true});
  CHECK_THROWS_WITH(collapsed += whole, ContainsSubstring("cannot be merged"));
}

TEST_CASE("path texts are split, trimmed and summed", "[paths]") {
  const auto paths =
      read({" a > b", "a>b", "a>> b >", "", "  "}, {1, 2, 0.5, 4, 0}, {0, 1, 0, 0, 2}, {10, 0, -1, 0, 0});
  CHECK(counts_of(paths) == counts{{"a > b", {3.5, 1, 0, 9}}, {"", {4, 2, 0, 0}}});
  CHECK(counts_of(read({"paid search|e > mail"}, {1}, {0}, {}, '|')) ==
        counts{{"paid search > \"e > mail\"", {1, 0, 0, 0}}});
}

TEST_CASE("names of every length are told apart as in quotes, where they are read letter by letter", "[paths]") {
  std::mt19937 random{7};
  std::vector<std::string> names;
  for (std::size_t size = 1; size <= 20; ++size) {
    // Names that differ in one letter only, the first, the last or the eighth, and one that goes on with a null.
    const std::string name(size, 'a');
    for (const std::size_t at : {std::size_t{0}, size - 1, (std::min)(size - 1, std::size_t{7})}) {
      names.push_back(name);
      names.back()[at] = 'b';
    }
    names.push_back(name);
    names.push_back(name + std::string(1, '\0') + 'a');
  }
  for (const char separator : {'>', '|', 'z'}) {
    std::vector<std::string> plain;
    std::vector<std::string> quoted_names;
    for (int row = 0; row < 3000; ++row) {
      std::string one;
      std::string other;
      const std::size_t length = random() % 6;
      for (std::size_t i = 0; i < length; ++i) {
        const std::string& name = names[random() % names.size()];
        const std::string between(i == 0 ? 0 : 1 + random() % 2, ' ');
        one += (i == 0 ? "" : between + separator + between) + name;
        other += (i == 0 ? "" : std::string{separator}) + '"' + name + '"';
      }
      plain.push_back(one);
      quoted_names.push_back(other);
    }
    const std::vector<double> ones(plain.size(), 1.0);
    const std::vector<double> none(plain.size(), 0.0);
    CHECK(counts_of(read(plain, ones, none, {}, separator)) ==
          counts_of(read(quoted_names, ones, none, {}, separator)));
  }
}

TEST_CASE("the text of a path can be read back", "[paths]") {
  path_table table;
  const std::vector<std::string_view> names{"a > b", "say \"hi\"", "plain", "\"", "q\" > \"r", "  blanks ", "\ttab"};
  table.add(names, 2, 1);
  const auto text = table.to_table().texts("path").front();
  const auto again = read({text}, {2}, {1});
  CHECK(counts_of(again) == counts_of(table));
  CHECK(again.path(0).size() == names.size());
}

TEST_CASE("a path of more than 256 characters is kept whole", "[paths]") {
  std::string text = "channel number 0";
  for (int i = 1; i < 200; ++i) {
    text += " > channel number " + std::to_string(i);
  }
  CHECK(read({text}, {1}, {0}).path(0).size() == 200);
}

TEST_CASE("bad rows of a path table stop with row and remedy, or are counted", "[paths]") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(read({"a", "b"}, {1, -1}, {0, 0}), ContainsSubstring("row 1") && ContainsSubstring("negative"));
  CHECK_THROWS_WITH(read({"a"}, {infinity}, {0}), ContainsSubstring("infinite"));
  CHECK_THROWS_WITH(read({"a"}, {1}, {std::numeric_limits<double>::quiet_NaN()}),
                    ContainsSubstring("nulls is not a number"));
  CHECK_THROWS_WITH(read({"a > (start)"}, {1}, {0}), ContainsSubstring("'(start)'"));
  const auto kept = read({"a", "b", "(null)"}, {1, -1, 1}, {0, 0, 0}, {}, '>', bad_rows::drop);
  CHECK(counts_of(kept) == counts{{"a", {1, 0, 0, 0}}});
  CHECK(kept.rejected().size() == 2);
  path_table table;
  const std::vector<std::string_view> reserved{"(conversion)"};
  CHECK_THROWS_AS(table.add(reserved, 1, 0), input_error);
  const std::vector<std::string_view> good{"a"};
  CHECK_THROWS_AS(table.add(good, -1, 0), input_error);
}
