// SPDX-License-Identifier: MIT
#include "klantreis/patterns/ngrams.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <map>
#include <random>
#include <set>

#include "cpp/support/small_log.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::event;

namespace {

using texts = std::vector<std::string>;

/// Occurrences, journeys, settled journeys, conversions.
using counted = std::map<texts, std::array<std::uint64_t, 4>>;

counted plain_count(const journey_set& journeys, std::size_t length, bool collapse) {
  const event_log& log = journeys.log();
  counted result;
  for (std::size_t j = 0; j < journeys.size(); ++j) {
    const journey piece = journeys[j];
    texts path;
    for (std::uint64_t at = piece.begin; at < piece.path_end; ++at) {
      std::string name{log.touchpoint_names()[log.touchpoints()[at]]};
      if (!collapse || path.empty() || path.back() != name) {
        path.push_back(std::move(name));
      }
    }
    std::set<texts> own;
    for (std::size_t first = 0; first + length <= path.size(); ++first) {
      const auto begin = path.begin() + static_cast<std::ptrdiff_t>(first);
      const texts gram{begin, begin + static_cast<std::ptrdiff_t>(length)};
      ++result[gram][0];
      own.insert(gram);
    }
    for (const texts& gram : own) {
      ++result[gram][1];
      result[gram][2] += piece.settled ? 1U : 0U;
      result[gram][3] += piece.is_conversion() ? 1U : 0U;
    }
  }
  return result;
}

counted as_map(const ngram_counts& counts) {
  counted result;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    texts gram;
    for (const std::uint32_t code : counts.items(i)) {
      gram.emplace_back(counts.names()[code]);
    }
    const bool whole = !counts.journeys().empty();
    result[gram] = {counts.occurrences()[i], whole ? counts.journeys()[i] : 0, whole ? counts.settled()[i] : 0,
                    whole ? counts.conversions()[i] : 0};
  }
  CHECK(result.size() == counts.size());
  return result;
}

std::vector<event> random_events(std::mt19937& random, const std::string& prefix = "u") {
  std::vector<event> events;
  const std::size_t names = 1 + random() % 6;
  const int customers = static_cast<int>(random() % 9);
  for (int u = 0; u < customers; ++u) {
    const int count = 1 + static_cast<int>(random() % (random() % 4 == 0 ? 90 : 9));
    for (int i = 0; i < count; ++i) {
      events.push_back({prefix + std::to_string(u), i * static_cast<int>(1 + random() % 3),
                        std::string(1, static_cast<char>('a' + random() % names))});
    }
  }
  if (events.empty()) {
    events.push_back({prefix, 0, "a"});
  }
  return events;
}

}  // namespace

TEST_CASE("n-grams equal a plain count, in an array, a hash table and an index of sequences", "[patterns][ngrams]") {
  std::mt19937 random{5};
  constexpr std::array<std::size_t, 8> lengths{1, 2, 3, 5, 7, 12, 30, 64};
  for (int round = 0; round < 400; ++round) {
    const std::size_t length = lengths[random() % lengths.size()];
    const bool collapse = random() % 3 == 0;
    const journey_options cut{.after = static_cast<after_conversion>(random() % 3),
                              .inactivity = random() % 2 == 0 ? std::optional<duration>{20s} : std::nullopt};
    journey_options options = cut;
    options.conversion = {"a"};
    const journey_set journeys = make_journeys(test::log_of(random_events(random)), options);
    counted expected = plain_count(journeys, length, collapse);
    CHECK(as_map(count_ngrams(journeys, {.length = length, .collapse = collapse, .journeys = true})) == expected);
    const ngram_counts plain = count_ngrams(journeys, {.length = length, .collapse = collapse});
    std::uint64_t total = 0;
    for (auto& [gram, numbers] : expected) {
      total += numbers[0];
      numbers = {numbers[0], 0, 0, 0};
    }
    CHECK(as_map(plain) == expected);
    CHECK(plain.total() == total);
  }
}

TEST_CASE("many touchpoints take the hash table, and any number of threads counts the same", "[patterns][ngrams]") {
  std::mt19937 random{6};
  std::vector<event> events;
  for (int u = 0; u < 13'000; ++u) {
    for (int i = 0; i < 4; ++i) {
      events.push_back({std::to_string(u), i, "page " + std::to_string(random() % 3000)});
    }
  }
  const journey_set journeys = make_journeys(test::log_of(events));
  for (const bool whole : {false, true}) {
    const ngram_counts one = count_ngrams(journeys, {.length = 2, .journeys = whole, .threads = 1});
    const ngram_counts three = count_ngrams(journeys, {.length = 2, .journeys = whole, .threads = 3});
    CHECK(one.total() == 13'000 * 3);
    CHECK(std::ranges::equal(one.occurrences(), three.occurrences()));
    CHECK(std::ranges::equal(one.journeys(), three.journeys()));
    CHECK(std::ranges::equal(one.items(one.size() - 1), three.items(one.size() - 1)));
  }
  CHECK(as_map(count_ngrams(journeys, {.length = 2, .journeys = true})) == plain_count(journeys, 2, false));
}

TEST_CASE("n-grams of shards merge by name, in any order", "[patterns][ngrams]") {
  std::mt19937 random{7};
  for (int round = 0; round < 100; ++round) {
    const auto first = random_events(random, "u");
    const auto second = random_events(random, "v");
    auto all = first;
    all.insert(all.end(), second.begin(), second.end());
    const ngram_options options{.length = 1 + random() % 3, .journeys = round % 2 == 0};
    const auto count = [&](const std::vector<event>& events) {
      return count_ngrams(make_journeys(test::log_of(events)), options);
    };
    ngram_counts merged;
    merged += count(first);
    merged += count(second);
    ngram_counts turned = count(second);
    turned += count(first);
    CHECK(as_map(merged) == as_map(count(all)));
    CHECK(as_map(turned) == as_map(merged));
  }
}

TEST_CASE("n-grams of other options or lengths are refused", "[patterns][ngrams]") {
  const journey_set journeys = make_journeys(test::log_of({{"u", 0, "a"}, {"u", 1, "b"}}));
  ngram_counts counts = count_ngrams(journeys, {.length = 2});
  CHECK_THROWS_WITH(counts += count_ngrams(journeys, {.length = 1}), ContainsSubstring("length is 2 in one and 1"));
  CHECK_THROWS_AS(count_ngrams(journeys, {.length = 0}), input_error);
  CHECK_THROWS_AS(count_ngrams(journeys, {.length = max_ngram_length + 1}), limit_error);
  CHECK(count_ngrams(journeys, {.length = 3}).size() == 0);
  CHECK(count_ngrams(make_journeys(event_log{}), {.length = 3}).total() == 0);
}
