// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "klantreis/detail/log/customer_slots.hpp"
#include "klantreis/detail/log/partition_writer.hpp"
#include "klantreis/detail/name_hash.hpp"
#include "klantreis/log.hpp"
#include "support/log_columns.hpp"

// Logs of many partitions: which customer stands where, ids that are hard to keep apart, partitions of uneven size.

using namespace klantreis;

namespace {

void shuffle_rows(columns& given, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  for (std::size_t i = given.size(); i > 1; --i) {
    const std::size_t other = random() % i;
    std::swap(given.customers[i - 1], given.customers[other]);
    std::swap(given.times[i - 1], given.times[other]);
    std::swap(given.touchpoints[i - 1], given.touchpoints[other]);
    if (!given.values.empty()) {
      std::swap(given.values[i - 1], given.values[other]);
    }
  }
}

std::vector<std::string> customers_of(const event_log& log) {
  std::vector<std::string> result;
  for (std::size_t c = 0; c < log.customers(); ++c) {
    result.push_back(log.customer_id(c));
  }
  return result;
}

/// The same customers with ids whose hashes are `hashes` one after another.
void rename_customers(columns& given, std::uint64_t first_hash, std::uint64_t apart) {
  for (auto& customer : given.customers) {
    const auto number = static_cast<std::uint64_t>(customer) % 3'000;
    customer = static_cast<std::int64_t>(detail::unmix_key(first_hash + number * apart));
  }
}

}  // namespace

TEST_CASE("a hash gives back its key", "[log]") {
  std::mt19937_64 random{3};
  bool right = detail::unmix_key(detail::mix_key(0)) == 0;
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t key = random() >> (i % 64);
    right = right && detail::unmix_key(detail::mix_key(key)) == key && detail::mix_key(detail::unmix_key(key)) == key;
  }
  CHECK(right);
}

TEST_CASE("the order of customers depends on nothing but their ids", "[log]") {
  columns given = random_columns(150'000, 20'000, 1'000'000'000, 5, 41);
  const auto ids = customers_of(given.log({.threads = 1}, false, 1));
  for (const unsigned threads : {2U, 7U}) {
    shuffle_rows(given, threads);
    CHECK(customers_of(given.log({.threads = threads}, threads == 2, threads)) == ids);
  }
  // As many customers among other numbers of events, and so of partitions.
  columns twice = given;
  twice.customers.insert(twice.customers.end(), given.customers.begin(), given.customers.end());
  twice.times.insert(twice.times.end(), given.times.begin(), given.times.end());
  twice.touchpoints.insert(twice.touchpoints.end(), given.touchpoints.begin(), given.touchpoints.end());
  CHECK(customers_of(twice.log({.threads = 2}, true, 1)) == ids);
}

TEST_CASE("customers stay apart whose hashes are neighbours, the first ones or the last ones", "[log]") {
  constexpr std::uint64_t last = (std::numeric_limits<std::uint64_t>::max)();
  for (const std::uint64_t first : {std::uint64_t{0}, last - 2'999, std::uint64_t{1} << 63U}) {
    for (const bool with_values : {false, true}) {
      columns given = random_columns(100'000, 1'000'000, 500, 4, 43);
      rename_customers(given, first, 1);
      if (with_values) {
        for (std::size_t i = 0; i < given.size(); ++i) {
          given.values.push_back(static_cast<double>(i));
        }
      }
      for (const unsigned threads : {1U, 2U}) {
        CHECK(columns::of(given.log({.threads = threads}, true, 1)) == given.obvious());
      }
    }
  }
}

TEST_CASE("one customer with most events stands beside many with one", "[log]") {
  for (const bool with_values : {false, true}) {
    columns given = random_columns(300'000, std::uint64_t{1} << 62U, 3'000, 4, 47);
    for (std::size_t i = 0; i < given.size(); ++i) {
      given.customers[i] = i % 3 == 0 ? given.customers[i] : 77;
      if (with_values) {
        given.values.push_back(i % 50 == 0 ? static_cast<double>(i) : 0.0);
      }
    }
    const auto log = given.log({.threads = 2}, true, 1);
    CHECK(log.customers() > 99'000);
    CHECK(columns::of(log) == given.obvious());
  }
}

TEST_CASE("events that come in the order of time keep it, with ties and without", "[log]") {
  for (const std::int64_t moments : {100'000'000, 5'000}) {
    columns given = random_columns(100'000, 9'000, static_cast<std::uint64_t>(moments), 6, 53);
    std::sort(given.times.begin(), given.times.end());
    for (const bool with_values : {false, true}) {
      given.values.assign(with_values ? given.size() : 0, 1.25);
      const auto log = given.log({.threads = 2}, false, 1);
      CHECK(columns::of(log) == given.obvious());
      CHECK((log.health().ties != 0) == (moments == 5'000));
    }
  }
}

TEST_CASE("batches make one log, some read in place and some copied, with a bad row in the midst", "[log]") {
  for (const bool with_orders : {false, true}) {
    columns given = random_columns(90'000, 8'000, 60, 7, 59);
    if (with_orders) {
      for (std::size_t i = 0; i < given.size(); ++i) {
        given.orders.push_back(static_cast<std::int64_t>(i * 31 % 4));
      }
    }
    columns good = given;
    given.touchpoints[40'000] = column_view::null_index;
    given.times[40'001] = std::numeric_limits<std::int64_t>::min();
    for (const std::ptrdiff_t bad : {40'001, 40'000}) {
      good.customers.erase(good.customers.begin() + bad);
      good.times.erase(good.times.begin() + bad);
      good.touchpoints.erase(good.touchpoints.begin() + bad);
      if (with_orders) {
        good.orders.erase(good.orders.begin() + bad);
      }
    }
    const auto expected = good.obvious();
    for (const unsigned copied : {0U, 0b111111111U, 0b000000001U, 0b100000000U, 0b010101010U}) {
      log_builder builder{{.on_bad = bad_rows::drop, .threads = 2}};
      for (std::size_t p = 0; p < 9; ++p) {
        const auto batch = given.batch(p * 10'000, (p + 1) * 10'000);
        ((copied >> p) & 1U) != 0 ? builder.append(batch) : builder.append(batch, std::make_shared<int>(0));
      }
      const auto log = builder.finish();
      CHECK(columns::of(log) == expected);
      CHECK(log.health().rejected.size() == 2);
      CHECK(log.last_time() == *std::max_element(good.times.begin(), good.times.end()));
    }
  }
}

TEST_CASE("a missing channel is (none) wherever it is missing, and an unused name is no channel", "[log]") {
  columns given = random_columns(50'000, 900, 60, 3, 61);
  const std::vector<std::string> channels{"never", "mail", "search", "ads"};
  std::vector<std::uint32_t> codes(given.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = i % 1'000 == 700 ? column_view::null_index : static_cast<std::uint32_t>(i % 3 + 1);
  }
  event_batch batch = given.batch(0, given.size());
  batch.channel = column_view::dictionary(codes, channels);
  log_builder builder{{.threads = 2}};
  builder.append(batch);
  const auto log = builder.finish();
  const auto& labels = log.labels("channel");
  CHECK(labels.names.to_vector() == std::vector<std::string>{"mail", "search", "ads", "(none)"});
  CHECK(std::count(labels.codes.begin(), labels.codes.end(), labels.names.find("(none)").value()) == 50);
}

TEST_CASE("what a partition writer was given stands where it belongs, however the parts begin", "[log]") {
  constexpr std::size_t size = 5'000;
  detail::bulk_vector<std::uint64_t> first(size);
  detail::bulk_vector<std::uint64_t> second(size);
  std::mt19937_64 random{67};
  for (const std::size_t parts : {1U, 3U, 64U}) {
    std::vector<std::size_t> part_of(size);
    std::vector<std::uint32_t> begins(parts + 1);
    for (auto& part : part_of) {
      part = random() % parts;
      ++begins[part + 1];
    }
    for (std::size_t p = 0; p < parts; ++p) {
      begins[p + 1] += begins[p];
    }
    std::vector<std::uint32_t> next = begins;
    next.pop_back();
    // Two writers share each part, as two workers do.
    std::vector<std::uint32_t> later = next;
    for (std::size_t i = 0; i < size / 2; ++i) {
      ++later[part_of[i]];
    }
    std::vector<std::uint64_t> expected(size);
    std::vector<std::uint32_t> at = next;
    detail::partition_writer<2> one{{first.data(), second.data()}, std::move(next)};
    detail::partition_writer<2> other{{first.data(), second.data()}, std::move(later)};
    for (std::size_t i = 0; i < size; ++i) {
      (i < size / 2 ? one : other).put(part_of[i], {i, size - i});
      expected[at[part_of[i]]++] = i;
    }
    other.finish();
    one.finish();
    bool right = true;
    for (std::size_t i = 0; i < size; ++i) {
      right = right && first[i] == expected[i] && second[i] == size - expected[i];
    }
    CHECK(right);
  }
}

TEST_CASE("texts are the same when every byte is", "[core]") {
  bool right = true;
  for (std::size_t size = 0; size < 80; ++size) {
    const std::string text(size, 'x');
    right = right && detail::same_text(text, std::string(size, 'x')) && !detail::same_text(text, text + "x");
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'y';
      right = right && !detail::same_text(text, other) && !detail::same_text(other, text);
    }
  }
  CHECK(right);
}
