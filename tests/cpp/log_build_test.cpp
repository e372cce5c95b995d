// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "klantreis/detail/log/number_store.hpp"
#include "klantreis/detail/name_hash.hpp"
#include "klantreis/log.hpp"
#include "support/log_columns.hpp"

// The ways from columns to a log: copied or in place, sorted or not, with or without further columns, wide or narrow.

using namespace klantreis;

namespace {

void sort_by_customer(columns& given) {
  std::vector<std::size_t> order(given.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto at = [&](std::size_t i) {
    return std::tuple{given.customers[i], given.times[i], given.orders.empty() ? 0 : given.orders[i]};
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return at(a) < at(b); });
  const auto permute = [&](auto& column) {
    auto before = column;
    for (std::size_t i = 0; i < column.size(); ++i) {
      column[i] = before[order[i]];
    }
  };
  permute(given.customers);
  permute(given.times);
  permute(given.touchpoints);
  permute(given.orders);
  permute(given.values);
}

std::uint64_t obvious_ties(const columns& given) {
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::uint64_t> same;
  for (std::size_t i = 0; i < given.size(); ++i) {
    ++same[{given.customers[i], given.times[i], given.orders.empty() ? 0 : given.orders[i]}];
  }
  std::uint64_t ties = 0;
  for (const auto& [key, count] : same) {
    ties += count - 1;
  }
  return ties;
}

}  // namespace

TEST_CASE("columns give one log whether copied or read in place, in one piece or many, sorted or not", "[log]") {
  for (const std::size_t size : {1U, 100U, 200'000U}) {
    for (const bool with_order : {false, true}) {
      for (const bool with_values : {false, true}) {
        columns given = random_columns(size, size / 7 + 1, 40, 9, size + (with_order ? 1U : 0U));
        for (std::size_t i = 0; i < size; ++i) {
          if (with_order) {
            given.orders.push_back(static_cast<std::int64_t>(i * 7919 % 5));
          }
          if (with_values) {
            given.values.push_back(i % 9 == 0 ? static_cast<double>(i) : 0.0);
          }
        }
        for (const bool sorted : {false, true}) {
          if (sorted) {
            sort_by_customer(given);
          }
          const auto expected = given.obvious();
          const auto ties = obvious_ties(given);
          for (const unsigned threads : {1U, 2U, 7U}) {
            for (const bool in_place : {false, true}) {
              const auto log = given.log({.threads = threads}, in_place, threads == 2 ? 3 : 1);
              CHECK(columns::of(log) == expected);
              CHECK(log.health().ties == ties);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("customers of a small log stand in the order of their ids, however these are spread", "[log]") {
  columns given = random_columns(20'000, 5'000, 1'000, 3, 8);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto number = given.customers[i] % 1'999;
    given.customers[i] = i % 3 == 0 ? given.customers[i] : i % 3 == 1 ? number : (std::int64_t{1} << 62U) + number;
  }
  const auto log = given.log({.threads = 2}, false, 1);
  CHECK(columns::of(log) == given.obvious());
  bool rises = true;
  for (std::size_t c = 1; c < log.customers(); ++c) {
    rises = rises && std::stoll(log.customer_id(c - 1)) < std::stoll(log.customer_id(c));
  }
  CHECK(rises);
}

TEST_CASE("times that need all 63 bits are kept beside many touchpoints", "[log]") {
  columns given = random_columns(80'000, 9'000, 1'000, 3'000, 5);
  given.times[17] = -(std::int64_t{1} << 61U);
  given.times[4711] = std::int64_t{1} << 61U;
  for (const unsigned threads : {1U, 2U}) {
    CHECK(columns::of(given.log({.threads = threads}, true, 2)) == given.obvious());
  }
}

TEST_CASE("a bad row among columns that are read in place is left out alone", "[log]") {
  columns given = random_columns(1'000, 90, 50, 4, 11);
  columns good = given;
  for (const std::size_t bad : {900U, 850U}) {
    given.times[bad] = std::numeric_limits<std::int64_t>::max();
    const auto at = static_cast<std::ptrdiff_t>(bad);
    good.customers.erase(good.customers.begin() + at);
    good.times.erase(good.times.begin() + at);
    good.touchpoints.erase(good.touchpoints.begin() + at);
  }
  const auto log = given.log({.on_bad = bad_rows::drop}, false, 4);
  CHECK(columns::of(log) == good.obvious());
  log_builder builder{{.on_bad = bad_rows::drop}};
  const auto owner = std::make_shared<int>(0);
  for (std::size_t p = 0; p < 5; ++p) {
    builder.append(given.batch(p * 200, (p + 1) * 200), owner);
  }
  const auto in_place = builder.finish();
  CHECK(columns::of(in_place) == good.obvious());
  REQUIRE(in_place.health().rejected.size() == 1);
  CHECK(in_place.health().rejected[0].first_row == 850);
  CHECK(in_place.health().rejected[0].rows == 2);
}

TEST_CASE("numbers read back whatever most of them are, and change to plain when most are marked", "[log]") {
  std::mt19937_64 random{3};
  for (const double usual : {no_number, 0.0, 5.0}) {
    for (const unsigned rare : {0U, 1U, 30U, 90U, 100U}) {
      std::vector<double> all;
      detail::number_store store;
      for (const std::size_t count : {1U, 63U, 64U, 1'000U, 0U, 5'000U}) {
        std::vector<double> numbers;
        for (std::size_t i = 0; i < count; ++i) {
          const bool is_rare = random() % 100 < (all.size() > 1'000 ? 100 - rare : rare);
          numbers.push_back(is_rare ? (random() % 5 == 0 ? -0.0 : static_cast<double>(random() % 1000)) : usual);
        }
        all.insert(all.end(), numbers.begin(), numbers.end());
        store.append(numbers);
      }
      const auto same = [](const number_view& found, const std::vector<double>& expected) {
        return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                          [](double a, double b) { return columns::bits(a) == columns::bits(b); });
      };
      CHECK(same(store.view(), all));
      std::vector<std::uint32_t> rows(all.size());
      std::iota(rows.begin(), rows.end(), 0U);
      std::shuffle(rows.begin(), rows.end(), random);
      std::vector<double> expected;
      for (const auto row : rows) {
        expected.push_back(all[row]);
      }
      for (const unsigned workers : {1U, 3U}) {
        detail::number_store copy = store;
        CHECK(same(std::move(copy).sorted(rows, workers).view(), expected));
      }
      std::vector<std::uint8_t> kept(all.size());
      std::vector<double> left;
      for (std::size_t i = 0; i < all.size(); ++i) {
        kept[i] = random() % 3 == 0 ? 1 : 0;
        if (kept[i] != 0) {
          left.push_back(all[i]);
        }
      }
      store.keep(kept);
      CHECK(same(store.view(), left));
    }
  }
}

TEST_CASE("names whose hashes collide stay apart, one by one and many at once", "[core]") {
  // Searches begin where a hash of 32 bits says; among so many names some have the same.
  constexpr std::size_t count = 400'000;
  std::vector<std::string> texts;
  std::unordered_set<std::uint32_t> tags;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back("customer-" + std::to_string(i * 2654435761U));
    tags.insert(detail::name_tag(texts.back()));
  }
  REQUIRE(tags.size() < count);
  REQUIRE(tags.size() > count - 200);
  name_table names;
  for (std::size_t i = 0; i < count / 2; ++i) {
    REQUIRE(names.intern(texts[i]) == i);
  }
  const std::vector<std::string_view> wanted(texts.begin(), texts.end());
  std::vector<name_table::code> found(count);
  names.find(wanted, found.data());
  bool right = true;
  for (std::size_t i = 0; i < count; ++i) {
    right = right && found[i] == (i < count / 2 ? i : name_table::absent);
    right = right && names.find(texts[i]).has_value() == (i < count / 2);
  }
  CHECK(right);
}

TEST_CASE("text ids and names group like numbers, batch after batch", "[log]") {
  columns given = random_columns(60'000, 7'000, 1'000, 300, 21);
  std::vector<std::string> ids;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < given.size(); ++i) {
    ids.push_back(std::to_string(given.customers[i]));
    names.push_back(given.names[given.touchpoints[i]]);
  }
  log_builder builder{{.threads = 2}};
  for (std::size_t begin = 0; begin < given.size(); begin += 7'500) {
    event_batch batch = given.batch(begin, begin + 7'500);
    batch.customer = column_view{std::span<const std::string>{ids}.subspan(begin, 7'500)};
    batch.touchpoint = column_view{std::span<const std::string>{names}.subspan(begin, 7'500)};
    builder.append(batch, std::make_shared<int>(0));
  }
  CHECK(columns::of(builder.finish()) == given.obvious());
}

TEST_CASE("only some touchpoints are kept as if the others had never been in the input", "[log]") {
  columns all = random_columns(90'000, 8'000, 300, 40, 31);
  columns some;
  some.names = all.names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all.orders.push_back(static_cast<std::int64_t>(i % 3));
    all.values.push_back(i % 4 == 0 ? 1.5 * static_cast<double>(i) : no_number);
    if (all.touchpoints[i] == 3 || all.touchpoints[i] == 17) {
      some.customers.push_back(all.customers[i]);
      some.times.push_back(all.times[i]);
      some.orders.push_back(all.orders[i]);
      some.touchpoints.push_back(all.touchpoints[i]);
      some.values.push_back(all.values[i]);
    }
  }
  std::vector<std::string> names;
  for (const auto code : all.touchpoints) {
    names.push_back(all.names[code]);
  }
  // NaN is a null only where the column says so; here it would be a bad row.
  std::replace_if(all.values.begin(), all.values.end(), [](double value) { return std::isnan(value); }, 0.0);
  std::replace_if(some.values.begin(), some.values.end(), [](double value) { return std::isnan(value); }, 0.0);
  const auto expected = some.obvious();
  for (const bool as_text : {false, true}) {
    for (const unsigned threads : {1U, 2U, 7U}) {
      log_builder builder{{.only = {"t17", "t3", "never"}, .threads = threads}};
      for (std::size_t begin = 0; begin < all.size(); begin += 30'000) {
        event_batch batch = all.batch(begin, begin + 30'000);
        if (as_text) {
          batch.touchpoint = column_view{std::span<const std::string>{names}.subspan(begin, 30'000)};
        }
        builder.append(batch, std::make_shared<int>(0));
      }
      const auto log = builder.finish();
      CHECK(columns::of(log) == expected);
      CHECK(log.health().rows == all.size());
      CHECK(log.health().events == some.size());
      CHECK(log.touchpoint_names().size() == 2);
    }
  }
}

TEST_CASE("a bad row among those asked for is told by its place in the input, others are not looked at", "[log]") {
  columns given = random_columns(100, 9, 50, 2, 1);
  std::fill(given.touchpoints.begin(), given.touchpoints.end(), 0U);
  given.times[20] = std::numeric_limits<std::int64_t>::max();
  given.touchpoints[60] = 1;
  given.touchpoints[70] = 1;
  given.times[70] = std::numeric_limits<std::int64_t>::max();
  CHECK_THROWS_WITH(given.log({.only = {"t1"}}, false, 1), Catch::Matchers::StartsWith("row 70 "));
  const auto log = given.log({.on_bad = bad_rows::drop, .only = {"t1"}}, false, 1);
  CHECK(log.events() == 1);
  REQUIRE(log.health().rejected.size() == 1);
  CHECK(log.health().rejected[0].first_row == 70);
}
