// SPDX-License-Identifier: MIT
#include "klantreis/parts.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cpp/support/small_log.hpp"
#include "klantreis/detail/binary.hpp"
#include "klantreis/store.hpp"

using namespace klantreis;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::vector<std::string> names{"a", "b", "c", "buy"};

journey_set cut(const std::vector<test::event>& events) {
  return make_journeys(test::log_of(events),
                       {.conversion = {"buy"}, .inactivity = 2min, .observed_until = instant{std::chrono::minutes{5}}});
}

std::vector<part_counts> counts_of(const journey_set& journeys, unsigned threads) {
  std::vector<part_counts> all;
  all.emplace_back(count_transitions(journeys, {.threads = threads}));
  all.emplace_back(make_paths(journeys, {.threads = threads}));
  all.emplace_back(count_funnel(journeys, {"a", "b"}, {.window = 1min, .threads = threads}));
  all.emplace_back(count_drop_off(journeys, {.threads = threads}));
  all.emplace_back(count_steps(journeys, {.threads = threads}));
  all.emplace_back(count_variants(journeys, {.threads = threads}));
  all.emplace_back(collect_spells(journeys, {.threads = threads}));
  all.emplace_back(count_cohort_rate(journeys, {.within = {1min}, .threads = threads}));
  all.emplace_back(count_ngrams(journeys, {.length = 2, .journeys = true, .threads = threads}));
  all.emplace_back(count_return_cohorts(journeys, {.period = 1min, .threads = threads}));
  all.emplace_back(count_matches(journeys, path_pattern{"a ->> b"}, {.threads = threads}));
  return all;
}

/// What the counts say, as printed tables.
std::string shown(const part_counts& counts) {
  constexpr std::size_t all = 10'000;
  if (const auto* found = std::get_if<transition_counts>(&counts)) {
    return to_text(transitions(*found), all) + to_text(state_visits(*found), all);
  }
  if (const auto* found = std::get_if<path_table>(&counts)) {
    return to_text(found->to_table(), all) + std::to_string(found->units().size());
  }
  if (const auto* found = std::get_if<funnel_counts>(&counts)) {
    return to_text(funnel(*found), all);
  }
  if (const auto* found = std::get_if<drop_off_counts>(&counts)) {
    const drop_off_tables tables = drop_off(*found);
    return to_text(tables.items, all) + to_text(tables.next, all) + to_text(tables.open, all);
  }
  if (const auto* found = std::get_if<step_matrix_counts>(&counts)) {
    return to_text(step_matrix(*found), all);
  }
  if (const auto* found = std::get_if<variant_counts>(&counts)) {
    return to_text(variants(*found), all);
  }
  if (const auto* found = std::get_if<spell_set>(&counts)) {
    return to_text(survival(*found, {}), all);
  }
  if (const auto* found = std::get_if<cohort_rate_counts>(&counts)) {
    return to_text(cohort_rate(*found), all);
  }
  if (const auto* found = std::get_if<return_cohort_counts>(&counts)) {
    return to_text(return_cohorts(*found), all);
  }
  if (const auto* found = std::get_if<match_counts>(&counts)) {
    return to_text(match_summary(*found), all) + to_text(match_times(*found), all);
  }
  const auto& grams = std::get<ngram_counts>(counts);
  std::map<std::string, std::uint64_t> by_name;
  for (std::size_t i = 0; i < grams.size(); ++i) {
    by_name[join_path(grams.names(), grams.items(i))] = grams.occurrences()[i] * 1000 + grams.conversions()[i];
  }
  std::string text;
  for (const auto& [name, number] : by_name) {
    text += name + ' ' + std::to_string(number) + '\n';
  }
  return text;
}

std::string shown(const event_log& log) {
  std::vector<std::string> rows;
  for (std::size_t c = 0; c < log.customers(); ++c) {
    std::string row = log.customer_id(c);
    for (std::uint64_t event = log.offsets()[c]; event < log.offsets()[c + 1]; ++event) {
      row += ' ' + std::string{log.touchpoint_names()[log.touchpoints()[event]]} + '@' +
             std::to_string(log.times()[event]);
    }
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end());
  std::string text = std::to_string(log.health().ties) + ' ' + std::to_string(log.health().duplicates) + '\n';
  for (const std::string& row : rows) {
    text += row + '\n';
  }
  return text;
}

}  // namespace

TEST_CASE("any split by customer, merged in any order and read from bytes, gives the counts of one pass") {
  std::mt19937 random{7};
  for (int round = 0; round < 150; ++round) {
    const auto events = test::random_events(random, 40, names);
    std::map<std::string, std::size_t> shard_of;
    std::vector<std::vector<test::event>> shards(1 + random() % 4);
    for (const auto& event : events) {
      shards[shard_of.emplace(event.customer, random() % shards.size()).first->second].push_back(event);
    }
    std::erase_if(shards, [](const auto& shard) { return shard.empty(); });
    std::shuffle(shards.begin(), shards.end(), random);
    const auto whole = counts_of(cut(events), 1);
    std::vector<part_counts> total;
    for (const auto& shard : shards) {
      auto parts = counts_of(cut(shard), 1 + static_cast<unsigned>(random() % 3));
      if (total.empty()) {
        total = std::move(parts);
        continue;
      }
      for (std::size_t kind = 0; kind < parts.size(); ++kind) {
        merge(total[kind], counts_from_bytes(to_bytes(parts[kind])));
      }
    }
    for (std::size_t kind = 0; kind < whole.size(); ++kind) {
      INFO(kind_of(whole[kind]));
      CHECK(shown(total[kind]) == shown(whole[kind]));
    }
  }
}

TEST_CASE("pieces by path and by transition, merged one by one, say what all counts say") {
  std::mt19937 random{17};
  for (int round = 0; round < 100; ++round) {
    const auto events = test::random_events(random, 60, names);
    std::map<std::string, std::size_t> shard_of;
    std::vector<std::vector<test::event>> shards(3);
    for (const auto& event : events) {
      shards[shard_of.try_emplace(event.customer, random() % shards.size()).first->second].push_back(event);
    }
    std::erase_if(shards, [](const auto& shard) { return shard.empty(); });
    const std::size_t pieces = 1 + random() % 6;
    const auto merged = [&](auto&& count) {
      std::vector<part_counts> total;
      for (const auto& shard : shards) {
        const std::vector<part_counts> parts = split(count(cut(shard)), pieces);
        REQUIRE(parts.size() == pieces);
        for (std::size_t i = 0; i < pieces; ++i) {
          const part_counts sent = counts_from_bytes(to_bytes(parts[i]));
          i < total.size() ? merge(total[i], sent) : total.push_back(sent);
        }
      }
      return total;
    };
    const std::size_t limit = random() % 4;
    top_variants top{{.limit = limit}};
    for (const part_counts& piece : merged([](const journey_set& journeys) { return count_variants(journeys); })) {
      top.add(std::get<variant_counts>(piece));
    }
    const variant_counts ways = count_variants(cut(events));
    CHECK(to_text(top.result(), 100) == to_text(variants(ways, {.limit = limit}), 100));

    std::map<std::string, std::string> found;
    for (const part_counts& piece : merged([](const journey_set& journeys) { return make_paths(journeys); })) {
      const path_table& paths = std::get<path_table>(piece);
      for (std::size_t path = 0; path < paths.size(); ++path) {
        std::string& counts = found[join_path(paths.names(), paths.path(path))];
        CHECK(counts.empty());  // all that is known of a path is in one piece
        counts = std::to_string(paths.conversions()[path]) + " " + std::to_string(paths.nulls()[path]);
      }
    }
    CHECK(found.size() == ways.paths().size());
    for (std::size_t path = 0; path < ways.paths().size(); ++path) {
      CHECK(found[join_path(ways.paths().names(), ways.paths().path(path))] ==
            std::to_string(ways.paths().conversions()[path]) + " " + std::to_string(ways.paths().nulls()[path]));
    }

    std::multiset<std::string> rows;
    const auto rows_of = [](const table& edges, auto&& add) {
      for (std::size_t row = 0; row < edges.rows(); ++row) {
        const std::string text = edges.texts("from")[row] + edges.texts("to")[row];
        add(text + " " + std::to_string(edges.integers("weight")[row]) + " " +
            std::to_string(edges.numbers("median_time")[row]));
      }
    };
    for (const part_counts& piece : merged([](const journey_set& journeys) { return count_transitions(journeys); })) {
      rows_of(transitions(std::get<transition_counts>(piece)), [&](const std::string& text) { rows.insert(text); });
    }
    rows_of(transitions(count_transitions(cut(events))), [&](const std::string& text) {
      REQUIRE(rows.contains(text));
      rows.erase(rows.find(text));
    });
    CHECK(rows.empty());
  }
}

TEST_CASE("what cannot be split says so") {
  const auto journeys = cut({{"u", 0, "a"}, {"u", 1, "buy"}});
  CHECK_THROWS_WITH(split(count_steps(journeys), 4), ContainsSubstring("step_matrix cannot be split"));
  CHECK_THROWS_WITH(split(count_variants(journeys), 0), ContainsSubstring("at least one"));
  CHECK_THROWS_WITH(top_variants{{}}, ContainsSubstring("limit"));
}

TEST_CASE("counts of two kinds, or of different options, do not merge") {
  const auto journeys = cut({{"u", 0, "a"}, {"u", 1, "buy"}});
  part_counts edges = count_transitions(journeys);
  CHECK_THROWS_WITH(merge(edges, count_steps(journeys)), ContainsSubstring("transitions and of step_matrix"));
  CHECK_THROWS_WITH(merge(edges, count_transitions(journeys, {.collapse = true})), ContainsSubstring("collapse is"));
}

TEST_CASE("bytes that lie about their lengths or break a rule are refused") {
  const std::string bytes = to_bytes(count_transitions(cut({{"u", 0, "a"}, {"u", 1, "buy"}})));
  const auto found = detail::check_bytes(bytes);
  CHECK(found.kind == "transitions");
  detail::byte_writer endless;
  endless(std::uint64_t{1} << 62U);
  CHECK_THROWS_WITH(counts_from_bytes(detail::with_checksum("transitions", endless.bytes())),
                    ContainsSubstring("longer than what follows"));
  CHECK_THROWS_WITH(counts_from_bytes(detail::with_checksum("other", "")), ContainsSubstring("'other'"));
  CHECK_THROWS_WITH(counts_from_bytes(detail::with_checksum("transitions", std::string{found.content} + "x")),
                    ContainsSubstring("something follows"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_THROWS_AS(counts_from_bytes(bytes.substr(0, size)), input_error);
  }
}

TEST_CASE("an updated log is the log of all rows, also after a way through bytes") {
  std::mt19937 random{11};
  for (int round = 0; round < 300; ++round) {
    const auto events = test::random_events(random, 30, names);
    std::vector<test::event> first;
    std::vector<test::event> more;
    for (const auto& event : events) {
      (random() % 3 == 0 ? more : first).push_back(event);
    }
    std::vector<test::event> both = first;
    both.insert(both.end(), more.begin(), more.end());
    const event_log old = log_from_bytes(to_bytes(test::log_of(first)));
    CHECK(shown(updated(old, test::log_of(more))) == shown(test::log_of(both)));
    CHECK(shown(updated(test::log_of(first), log_from_bytes(to_bytes(test::log_of(more))))) ==
          shown(test::log_of(both)));
  }
}

TEST_CASE("a log on disk has all rows of a customer in one partition, in the order of the input") {
  const auto folder = std::filesystem::temp_directory_path() / "klantreis-parts-test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::mt19937 random{13};
  std::vector<test::event> events;
  for (int i = 0; i < 2000; ++i) {
    events.push_back({"u" + std::to_string(random() % 300), static_cast<std::int64_t>(random() % 50),
                      names[random() % names.size()]});
  }
  const event_log wanted = test::log_of(events);
  {
    event_spill rows{folder.string(), {.partitions = 7, .buffer_bytes = 5000}};
    for (std::size_t begin = 0; begin < events.size(); begin += 100) {
      std::vector<std::string> customers;
      std::vector<std::int64_t> times;
      std::vector<std::string> touchpoints;
      for (std::size_t i = begin; i < begin + 100; ++i) {
        customers.push_back(events[i].customer);
        times.push_back(events[i].seconds * 1'000'000);
        touchpoints.push_back(events[i].touchpoint);
      }
      event_batch batch;
      batch.customer = column_view{std::span<const std::string>{customers}};
      batch.time = column_view::timestamps(times, 1'000'000);
      batch.touchpoint = column_view{std::span<const std::string>{touchpoints}};
      rows.append(batch);
    }
    CHECK_THROWS_WITH(rows.log(0), ContainsSubstring("call finish"));
    rows.finish();
    CHECK(rows.rows() == events.size());
    CHECK(rows.names("touchpoint").size() == names.size());
    event_log all;
    std::size_t customers = 0;
    for (std::size_t index = 0; index < rows.partitions(); ++index) {
      const event_log part = rows.log(index);
      customers += part.customers();
      all = updated(all, part);
    }
    CHECK(customers == wanted.customers());
    CHECK(shown(all) == shown(wanted));
    CHECK_THROWS_AS(rows.log(7), input_error);
  }
  CHECK_THROWS_WITH((event_spill{folder.string(), {.partitions = 0}}), ContainsSubstring("partitions"));
  std::filesystem::remove_all(folder);
}
