// SPDX-License-Identifier: MIT
#include "klantreis/log.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct row {
  std::int64_t customer = 0;
  std::int64_t time = 0;
  std::int64_t order = 0;
  std::string touchpoint;
};

/// Events of each customer as (time, order, touchpoint), the obvious way.
std::map<std::string, std::vector<std::string>> obvious(std::vector<row> rows, bool with_order) {
  std::map<std::string, std::vector<row>> groups;
  for (const auto& r : rows) {
    groups[std::to_string(r.customer)].push_back(r);
  }
  std::map<std::string, std::vector<std::string>> result;
  for (auto& [id, events] : groups) {
    std::stable_sort(events.begin(), events.end(), [&](const row& a, const row& b) {
      return std::tuple{a.time, with_order ? a.order : 0} < std::tuple{b.time, with_order ? b.order : 0};
    });
    for (const auto& e : events) {
      result[id].push_back(e.touchpoint);
    }
  }
  return result;
}

std::map<std::string, std::vector<std::string>> grouped(const event_log& log) {
  std::map<std::string, std::vector<std::string>> result;
  for (std::size_t c = 0; c < log.customers(); ++c) {
    auto& names = result[log.customer_id(c)];
    for (auto i = log.offsets()[c]; i < log.offsets()[c + 1]; ++i) {
      names.emplace_back(log.touchpoint_names()[log.touchpoints()[i]]);
    }
  }
  return result;
}

event_log build(const std::vector<row>& rows, bool with_order, unsigned threads, std::size_t batch_size = 1'000'000) {
  log_builder builder{{.threads = threads}};
  for (std::size_t begin = 0; begin < rows.size(); begin += batch_size) {
    const auto end = std::min(rows.size(), begin + batch_size);
    std::vector<std::int64_t> customers, times, orders;
    std::vector<std::string> names;
    for (auto i = begin; i < end; ++i) {
      customers.push_back(rows[i].customer);
      times.push_back(rows[i].time);
      orders.push_back(rows[i].order);
      names.push_back(rows[i].touchpoint);
    }
    event_batch batch;
    batch.customer = column_view{std::span<const std::int64_t>{customers}};
    batch.time = column_view::timestamps(times, 1'000'000);
    batch.touchpoint = column_view{std::span<const std::string>{names}};
    if (with_order) {
      batch.order = column_view{std::span<const std::int64_t>{orders}};
    }
    builder.append(batch);
  }
  return builder.finish();
}

template <typename T>
std::span<const T> view(const std::vector<T>& values) {
  return values;
}

}  // namespace

TEST_CASE("events are grouped by customer and sorted by time, order and row", "[log]") {
  std::mt19937_64 random{7};
  for (const std::size_t size : {1U, 2U, 17U, 1000U, 200'000U}) {
    for (const bool with_order : {false, true}) {
      std::vector<row> rows(size);
      for (auto& r : rows) {
        r.customer = static_cast<std::int64_t>(random() % (size / 5 + 1)) * 1'000'003 - 500;
        r.time = static_cast<std::int64_t>(random() % 50);
        r.order = static_cast<std::int64_t>(random() % 7) - 3;
        r.touchpoint = "t" + std::to_string(random() % 9);
      }
      const auto expected = obvious(rows, with_order);
      for (const unsigned threads : {1U, 2U, 7U}) {
        CHECK(grouped(build(rows, with_order, threads)) == expected);
      }
      CHECK(grouped(build(rows, with_order, 2, 97)) == expected);
    }
  }
}

TEST_CASE("input that is grouped already gives the same log as its shuffle", "[log]") {
  std::vector<row> rows;
  for (std::int64_t c = 0; c < 5000; ++c) {
    for (std::int64_t i = 0; i <= c % 13; ++i) {
      rows.push_back({c, i / 2, i, "t" + std::to_string((c * i) % 5)});
    }
  }
  const auto sorted = build(rows, true, 2);
  std::shuffle(rows.begin(), rows.end(), std::mt19937_64{1});
  const auto shuffled = build(rows, true, 2);
  CHECK(grouped(sorted) == grouped(shuffled));
  CHECK(sorted.health().ties == 0);
  CHECK(shuffled.health().ties == 0);
}

TEST_CASE("one customer may hold every event", "[log]") {
  std::vector<row> rows;
  for (std::int64_t i = 0; i < 100'000; ++i) {
    rows.push_back({42, (i * 7919) % 100'000, 0, i % 2 == 0 ? "a" : "b"});
  }
  const auto log = build(rows, false, 2);
  REQUIRE(log.customers() == 1);
  CHECK(std::is_sorted(log.times().begin(), log.times().end()));
  CHECK(log.events() == rows.size());
}

TEST_CASE("ties and duplicates are counted", "[log]") {
  // k1: two at 10 (a, b), two at 20 (a, a: equal in every column); k2: alone
  const std::vector<std::string> customers{"k1", "k1", "k1", "k1", "k2"};
  const std::vector<std::int64_t> times{10, 10, 20, 20, 10};
  const std::vector<std::string> names{"a", "b", "a", "a", "a"};
  const auto log = event_log::from_columns(view(customers), view(times), view(names));
  CHECK(log.health().ties == 2);
  CHECK(log.health().duplicates == 1);
  const std::vector<double> values{0, 0, 5, 6, 0};
  CHECK(event_log::from_columns(view(customers), view(times), view(names), view(values)).health().duplicates == 0);
  CHECK(health_table(log).texts("figure").front() == "rows");
}

TEST_CASE("an empty log has no customers and no events", "[log]") {
  const event_log log;
  CHECK(log.events() == 0);
  CHECK(log.customers() == 0);
  CHECK(log.offsets().size() == 1);
  CHECK(health_table(log).rows() > 0);
  CHECK(label_counts(log).rows() == 0);
  const auto built = event_log::from_columns(std::span<const std::int64_t>{}, {}, std::span<const std::string>{});
  CHECK(built.events() == 0);
}

TEST_CASE("bad rows stop with row, fault and remedy, or are counted and dropped", "[log]") {
  const std::vector<std::string> customers{"k1", "", "k2", "k3", "k4", "k5"};
  const std::vector<std::int64_t> times{1, 2, std::numeric_limits<std::int64_t>::max(), 4, 5, 6};
  const std::vector<std::string> names{"a", "b", "c", "", "(null)", "only here"};
  const std::vector<double> values{1, 2, 3, 4, 5, not_a_number};
  const auto build_log = [&](bad_rows on_bad) {
    return event_log::from_columns(view(customers), view(times), view(names), view(values), {.on_bad = on_bad});
  };
  CHECK_THROWS_WITH(build_log(bad_rows::stop), ContainsSubstring("row 1") && ContainsSubstring("customer is empty") &&
                                                   ContainsSubstring("on_bad"));
  const auto log = build_log(bad_rows::drop);
  CHECK(log.events() == 1);
  CHECK(log.health().rows == 6);
  // A row that is left out leaves no name behind.
  CHECK(log.touchpoint_names().to_vector() == std::vector<std::string>{"a"});
  std::map<std::string, std::uint64_t> reasons;
  for (const auto& r : log.health().rejected) {
    reasons[r.reason] = r.first_row;
  }
  CHECK(reasons == std::map<std::string, std::uint64_t>{{"customer is empty", 1},
                                                        {"time is out of range", 2},
                                                        {"touchpoint is empty", 3},
                                                        {"name is reserved", 4},
                                                        {"value is not a number", 5}});
}

TEST_CASE("infinite values and broken text are refused", "[log]") {
  const std::vector<std::int64_t> customers{1};
  const std::vector<std::int64_t> times{1};
  const std::vector<double> infinite{std::numeric_limits<double>::infinity()};
  const std::vector<std::string> good{"a"};
  CHECK_THROWS_WITH(event_log::from_columns(view(customers), view(times), view(good), view(infinite)),
                    ContainsSubstring("value is infinite"));
  for (const std::string broken : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    const std::vector<std::string> names{broken};
    CHECK_THROWS_WITH(event_log::from_columns(view(customers), view(times), view(names)), ContainsSubstring("UTF-8"));
  }
  const std::vector<std::string> emoji{"\xf0\x9f\x9b\x92 kassa"};
  CHECK(event_log::from_columns(view(customers), view(times), view(emoji)).touchpoint_names()[0] == emoji.front());
}

TEST_CASE("columns must agree in length, presence and type", "[log]") {
  const std::vector<std::int64_t> two{1, 2};
  const std::vector<std::int64_t> one{1};
  const std::vector<std::string> names{"a", "b"};
  event_batch batch;
  batch.customer = column_view{view(two)};
  batch.touchpoint = column_view{view(names)};
  log_builder builder;
  CHECK_THROWS_WITH(builder.append(batch), ContainsSubstring("time or an order"));
  batch.time = column_view::timestamps(one, 1);
  log_builder second;
  CHECK_THROWS_WITH(second.append(batch), ContainsSubstring("1 rows") && ContainsSubstring("time"));
  batch.time = column_view{view(two)};
  log_builder third;
  CHECK_THROWS_WITH(third.append(batch), ContainsSubstring("without a unit"));
  batch.time = column_view::timestamps(two, 1);
  log_builder fourth;
  fourth.append(batch);
  batch.value = column_view{std::span<const double>{}};
  CHECK_THROWS_AS(fourth.append(batch), input_error);
}

TEST_CASE("a log without time is sorted by its order column", "[log]") {
  const std::vector<std::int64_t> customers{1, 1, 1};
  const std::vector<double> order{2.5, -1.0, 0.0};
  const std::vector<std::string> names{"c", "a", "b"};
  event_batch batch;
  batch.customer = column_view{view(customers)};
  batch.touchpoint = column_view{view(names)};
  batch.order = column_view{view(order)};
  log_builder builder;
  builder.append(batch);
  const auto log = builder.finish();
  CHECK_FALSE(log.has_times());
  CHECK(log.times().empty());
  CHECK(grouped(log).at("1") == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("missing channels are (none) and phases may come from a list", "[log]") {
  const std::vector<std::int64_t> customers{1, 1};
  const std::vector<std::int64_t> times{1, 2};
  const std::vector<std::string> names{"visit", "order"};
  const std::vector<std::string> channels{"", "shop"};
  event_batch batch;
  batch.customer = column_view{view(customers)};
  batch.time = column_view::timestamps(times, 1);
  batch.touchpoint = column_view{view(names)};
  batch.channel = column_view{view(channels)};
  log_builder builder{{.phase_of_touchpoint = {{"visit", "awareness"}, {"never seen", "loyalty"}}}};
  builder.append(batch);
  const auto log = builder.finish();
  CHECK(log.label_names() == std::vector<std::string>{"touchpoint", "channel", "phase"});
  CHECK(label_counts(log, "channel").texts("channel") == std::vector<std::string>{"(none)", "shop"});
  CHECK(label_counts(log, "phase").texts("phase") == std::vector<std::string>{"(none)", "awareness"});
  CHECK_THROWS_WITH(log.labels("segment"), ContainsSubstring("'segment'") && ContainsSubstring("'channel'"));
}

TEST_CASE("numeric columns follow their events, in every batch and beside value and cost", "[log]") {
  std::mt19937_64 random{3};
  constexpr std::size_t size = 70'000;
  std::vector<std::int64_t> customers(size), times(size);
  std::vector<std::string> names(size, "rated");
  std::vector<double> scores(size), values(size, 2.0);
  for (std::size_t i = 0; i < size; ++i) {
    customers[i] = static_cast<std::int64_t>(random() % 9'000);
    times[i] = static_cast<std::int64_t>(i * 7919 % size);
    scores[i] = static_cast<double>(customers[i]) * 1e6 + static_cast<double>(times[i]);
  }
  log_builder builder{{.threads = 2}};
  for (std::size_t begin = 0; begin < size; begin += size / 2) {
    event_batch batch;
    batch.customer = column_view{std::span<const std::int64_t>{customers}.subspan(begin, size / 2)};
    batch.time = column_view::timestamps(std::span<const std::int64_t>{times}.subspan(begin, size / 2), 1);
    batch.touchpoint = column_view{std::span<const std::string>{names}.subspan(begin, size / 2)};
    batch.value = column_view{std::span<const double>{values}.subspan(begin, size / 2)};
    batch.numbers.emplace_back("score", column_view{std::span<const double>{scores}.subspan(begin, size / 2)});
    builder.append(batch);
  }
  const auto log = builder.finish();
  CHECK(log.number_names() == std::vector<std::string>{"value", "score"});
  CHECK(log.numbers("value").size() == size);
  const auto found = log.numbers("score");
  REQUIRE(found.size() == size);
  bool follows = true;
  for (std::size_t c = 0; c < log.customers(); ++c) {
    for (auto i = log.offsets()[c]; i < log.offsets()[c + 1]; ++i) {
      follows = follows && found[i] == std::stod(log.customer_id(c)) * 1e6 + static_cast<double>(log.times()[i]);
    }
  }
  CHECK(follows);
  CHECK_THROWS_WITH(log.numbers("wait"), ContainsSubstring("'value' 'score'"));
}

TEST_CASE("an infinite number is a bad row, and a number may not be named value", "[log]") {
  const std::vector<std::string> customers{"a", "b"};
  const std::vector<std::string> names{"x", "y"};
  const std::vector<std::int64_t> times{1, 2};
  const std::vector<double> scores{not_a_number, std::numeric_limits<double>::infinity()};
  event_batch batch;
  batch.customer = column_view{view(customers)};
  batch.time = column_view::timestamps(times, 1);
  batch.touchpoint = column_view{view(names)};
  batch.numbers.emplace_back("score", column_view{view(scores)});
  log_builder dropping{{.on_bad = bad_rows::drop}};
  dropping.append(batch);
  CHECK(dropping.finish().health().rejected.size() == 2);
  batch.numbers[0].first = "value";
  log_builder stopping;
  CHECK_THROWS_WITH(stopping.append(batch), ContainsSubstring("give it as the value"));
}

TEST_CASE("a log of some touchpoints is that of their events alone", "[log]") {
  std::mt19937_64 random{11};
  std::vector<row> rows(20'000);
  for (auto& r : rows) {
    r.customer = static_cast<std::int64_t>(random() % 4'000);
    r.time = static_cast<std::int64_t>(random() % 100);
    r.touchpoint = "t" + std::to_string(random() % 9);
  }
  std::vector<row> kept;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(kept),
               [](const row& r) { return r.touchpoint == "t3" || r.touchpoint == "t5"; });
  std::vector<std::int64_t> customers, times;
  std::vector<std::string> names, ids;
  for (const auto& r : rows) {
    customers.push_back(r.customer);
    ids.push_back(std::to_string(r.customer));
    times.push_back(r.time);
    names.push_back(r.touchpoint);
  }
  std::vector<std::uint32_t> codes;
  std::vector<std::string> dictionary;
  for (int i = 0; i < 9; ++i) {
    dictionary.push_back("t" + std::to_string(i));
  }
  for (const auto& name : names) {
    codes.push_back(static_cast<std::uint32_t>(name[1] - '0'));
  }
  const auto expected = grouped(build(kept, false, 2));
  for (const bool coded : {false, true}) {
    for (const bool text_ids : {false, true}) {
      log_builder builder{{.only = {"t3", "t5", "absent"}}};
      event_batch batch;
      batch.customer = text_ids ? column_view{view(ids)} : column_view{view(customers)};
      batch.time = column_view::timestamps(times, 1'000'000);
      batch.touchpoint = coded ? column_view::dictionary(codes, dictionary) : column_view{view(names)};
      builder.append(batch);
      const auto log = builder.finish();
      CHECK(grouped(log) == expected);
      CHECK(log.health().rows == rows.size());
      CHECK(log.health().rejected.empty());
    }
  }
}

TEST_CASE("a bad row of another touchpoint is no concern of a log of some", "[log]") {
  const std::vector<std::string> customers{"a", "", "b"};
  const std::vector<std::string> names{"x", "y", "x"};
  const std::vector<std::int64_t> times{1, 2, 3};
  const std::vector<double> values{1.0, std::numeric_limits<double>::infinity(), 2.0};
  event_batch batch;
  batch.customer = column_view{view(customers)};
  batch.time = column_view::timestamps(times, 1);
  batch.touchpoint = column_view{view(names)};
  batch.value = column_view{view(values)};
  log_builder builder{{.only = {"x"}}};
  builder.append(batch);
  CHECK(builder.finish().events() == 2);
  log_builder strict{{.only = {"x", "y"}}};
  CHECK_THROWS_WITH(strict.append(batch), ContainsSubstring("customer is empty"));
  const std::vector<std::int64_t> numbers{1, 2, 3};
  batch.touchpoint = column_view{view(numbers)};
  log_builder numeric{{.only = {"1"}}};
  CHECK_THROWS_WITH(numeric.append(batch), ContainsSubstring("must be text"));
}

TEST_CASE("a million distinct touchpoints are kept apart", "[log]") {
  std::vector<std::int64_t> customers;
  std::vector<std::int64_t> times;
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < 1'000'000; ++i) {
    customers.push_back(i / 10);
    times.push_back(i);
    names.push_back("/page/" + std::to_string(i));
  }
  const auto log = event_log::from_columns(view(customers), view(times), view(names));
  CHECK(log.touchpoint_names().size() == 1'000'000);
  CHECK(log.customers() == 100'000);
}
