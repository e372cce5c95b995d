// SPDX-License-Identifier: MIT
#include "klantreis/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "cpp/support/json.hpp"
#include "klantreis/detail/order_statistics.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using namespace klantreis;
using test::json;

namespace {

influence_sum sum_of(const std::vector<double>& psi, std::size_t customers) {
  influence_sum sum;
  double left = static_cast<double>(customers);
  for (const double value : psi) {
    if (value != 0.0 && left > 0.0) {
      sum.add(value);
      left -= 1.0;
    }
  }
  for (; left > 0.0; left -= 1.0) {
    sum.add(0.0);
  }
  return sum;
}

}  // namespace

TEST_CASE("Wilson's interval equals the published figures", "[statistics]") {
  // Newcombe 1998, table I, method 3.
  const struct {
    double x, n, lower, upper;
  } published[] = {{81, 263, .2553, .3662}, {15, 148, .0624, .1605}, {0, 20, 0, .1611}, {1, 29, .0061, .1718}};
  for (const auto& row : published) {
    const interval found = wilson(row.x, row.n);
    CHECK_THAT(found.lower, WithinAbs(row.lower, 5e-5));
    CHECK_THAT(found.upper, WithinAbs(row.upper, 5e-5));
  }
  const json bounds = json::file("statistics/shares.json")["wilson_bounds_all_x"];
  for (const auto& [n, rows] : bounds.members()) {
    for (std::size_t x = 0; x < rows.size(); ++x) {
      const interval found = wilson(static_cast<double>(x), std::stod(n));
      CHECK_THAT(found.lower, WithinAbs(rows[x][0].number(), 1e-14));
      CHECK_THAT(found.upper, WithinAbs(rows[x][1].number(), 1e-14));
    }
  }
}

TEST_CASE("Wilson's interval touches 0 and 1 exactly, and only there", "[statistics]") {
  for (const double n : {1.0, 3.0, 7.0, 1e3, 1e9, 0.37}) {
    CHECK(wilson(0, n).lower == 0.0);
    CHECK(wilson(0, n).upper < 1.0);
    CHECK(wilson(n, n).upper == 1.0);
    CHECK(wilson(n, n).lower > 0.0);
  }
  CHECK(wilson(1, 1e9).lower > 0.0);
  CHECK(wilson(0, 0).is_null());
  CHECK_THROWS_AS(wilson(3, 2), input_error);
  CHECK_THROWS_AS(wilson(-1, 2), input_error);
  CHECK_THROWS_AS(wilson(1, std::nan("")), input_error);
  CHECK(wilson_share(std::nan(""), 5).is_null());
}

TEST_CASE("Wilson's interval covers as enumeration says", "[statistics]") {
  const json coverage = json::file("statistics/shares.json")["wilson_exact_coverage"];
  for (const auto& [size, by_share] : coverage.members()) {
    const int n = std::stoi(size);
    for (const auto& [share, expected] : by_share.members()) {
      if (std::isdigit(static_cast<unsigned char>(share.front())) == 0) {
        continue;
      }
      const double p = std::stod(share);
      double covered = 0.0;
      for (int x = 0; x <= n; ++x) {
        const interval found = wilson(x, n);
        if (found.lower <= p && p <= found.upper) {
          covered += boost::math::pdf(boost::math::binomial(n, p), x);
        }
      }
      CHECK_THAT(covered, WithinAbs(expected.number(), 1e-10));
    }
  }
}

TEST_CASE("Newcombe's interval equals the published figures", "[statistics]") {
  const struct {
    double x1, n1, x2, n2, lower, upper, tolerance;
  } rows[] = {{56, 70, 48, 80, .0524, .3339, 5e-5},
              {9, 10, 3, 10, .1705, .8090, 5e-5},
              {10, 10, 0, 20, .6791, 1.0, 5e-5},
              {250, 5000, 200, 5000, .001870, .018171, 5e-7}};
  for (const auto& row : rows) {
    const interval found = newcombe(row.x1, row.n1, row.x2, row.n2);
    CHECK_THAT(found.lower, WithinAbs(row.lower, row.tolerance));
    CHECK_THAT(found.upper, WithinAbs(row.upper, row.tolerance));
    const interval reversed = newcombe(row.x2, row.n2, row.x1, row.n1);
    CHECK_THAT(reversed.lower, WithinAbs(-found.upper, 1e-15));
    CHECK_THAT(reversed.upper, WithinAbs(-found.lower, 1e-15));
  }
  CHECK(newcombe(1, 2, 0, 0).is_null());
}

TEST_CASE("two shares are tested with the share of both in the variance", "[statistics]") {
  const two_shares found = two_proportion_test(250, 5000, 200, 5000);
  CHECK_THAT(found.z, WithinAbs(2.411915, 5e-7));
  CHECK_THAT(found.p, WithinAbs(.015869, 5e-7));
  // z² is Pearson's χ² of the table, which needs no pooled share.
  const double x1 = 7, n1 = 11, x2 = 4, n2 = 13;
  const double cross = x1 * (n2 - x2) - x2 * (n1 - x1);
  const double pearson = (n1 + n2) * cross * cross / (n1 * n2 * (x1 + x2) * (n1 + n2 - x1 - x2));
  const two_shares small = two_proportion_test(x1, n1, x2, n2);
  CHECK_THAT(small.z * small.z, WithinRel(pearson, 1e-13));
  CHECK_THAT(small.p, WithinRel(chi_squared_tail(pearson, 1.0), 1e-12));
  CHECK_THAT(two_proportion_test(x2, n2, x1, n1).z, WithinAbs(-small.z, 1e-15));
  CHECK(two_proportion_test(3, 7, 6, 14).z == 0.0);
  CHECK(two_proportion_test(3, 7, 6, 14).p == 1.0);
  CHECK(std::isnan(two_proportion_test(0, 5, 0, 9).p));
  CHECK(std::isnan(two_proportion_test(5, 5, 9, 9).p));
  CHECK(std::isnan(two_proportion_test(1, 5, 0, 0).z));
  CHECK_THROWS_WITH(two_proportion_test(6, 5, 1, 2), ContainsSubstring("pass the part first"));
}

TEST_CASE("the paired difference follows method 10", "[statistics]") {
  const struct {
    const char* name;
    double both, before, after, neither;
  } rows[] = {{"a14 b5 c0 d22", 14, 5, 0, 22},
              {"a1 b1 c7 d12", 1, 1, 7, 12},
              {"a30 b10 c20 d40", 30, 10, 20, 40},
              {"a0 b0 c0 d9", 0, 0, 0, 9},
              {"a9 b0 c0 d0", 9, 0, 0, 0}};
  const json examples = json::file("statistics/shares.json")["paired_examples"];
  for (const auto& row : rows) {
    const interval found = newcombe_paired(row.both, row.before, row.after, row.neither);
    CHECK_THAT(found.lower, WithinAbs(examples[row.name][1].number(), 1e-14));
    CHECK_THAT(found.upper, WithinAbs(examples[row.name][2].number(), 1e-14));
  }
  CHECK(newcombe_paired(0, 0, 0, 0).is_null());
  CHECK_THROWS_AS(newcombe_paired(1, -1, 0, 0), input_error);
}

TEST_CASE("the fast t quantile equals the slow one", "[statistics]") {
  double worst = 0.0;
  for (double df = 1.0; df < 1e7; df *= 1.003) {
    const double slow = boost::math::quantile(boost::math::students_t(df), 0.975);
    worst = std::max(worst, std::abs(t_critical(0.95, df) / slow - 1.0));
  }
  CHECK(worst < 1e-13);
  CHECK_THAT(t_critical(0.95, 7), WithinRel(2.364624251592784, 1e-13));
  CHECK_THAT(t_critical(0.95, std::numeric_limits<double>::infinity()), WithinRel(z_95, 1e-13));
  CHECK_THAT(t_critical(0.9, 5), WithinRel(2.0150483733330233, 1e-12));
  CHECK_THAT(normal_critical(0.99), WithinRel(2.5758293035489004, 1e-13));
  CHECK_THROWS_AS(t_critical(0.95, 0.5), input_error);
  CHECK_THROWS_AS(normal_critical(1.0), input_error);
}

TEST_CASE("influence values give the intervals of the worked example", "[statistics]") {
  const json results = json::file("influence_tiny.json")["results"];
  std::size_t checked = 0;
  for (const auto& [name, row] : results.members()) {
    INFO(name);
    const double theta = row["estimate"].number();
    const double k = row["k"].number();
    const influence_sum sum = sum_of(row["psi"].numbers(), static_cast<std::size_t>(k));
    CHECK(sum.customers() == k);
    CHECK_THAT(sum.sum(), WithinAbs(0.0, 1e-12 * theta + 1e-14));
    CHECK_THAT(sum.standard_error(), WithinRel(row["se"].number(), 1e-12));
    CHECK_THAT(sum.degrees_of_freedom(), WithinRel(row["df"].number(), 1e-12));
    const estimate found = row["form"].text() == "prob" ? sum.prob_interval(theta, k) : sum.log_interval(theta);
    CHECK_THAT(found.lower, WithinRel(row["lower"].number(), 1e-12));
    CHECK_THAT(found.upper, WithinRel(row["upper"].number(), 1e-12));
    CHECK(found.n == k);
    CHECK(to_text(found.marks) == "few_customers,few_effective");
    ++checked;
  }
  CHECK(checked == 22);
}

TEST_CASE("rates need one pass: the moments give what the customers give", "[statistics]") {
  const json example = json::file("statistics/rate_differences.json")["example"];
  estimate groups[2];
  for (const std::size_t g : {0U, 1U}) {
    const json& group = example[g == 0 ? "A" : "B"];
    visit_moments row;
    event_moments cell;
    for (std::size_t u = 0; u < group["visits"].size(); ++u) {
      row.add(group["visits"][u].number());
      cell.add(group["exits"][u].number(), group["visits"][u].number());
    }
    const influence_sum sum = rate_influence(row, cell);
    CHECK_THAT(sum.variance(), WithinRel(group["var"].number(), 1e-13));
    CHECK_THAT(sum.degrees_of_freedom(), WithinRel(group["df"].number(), 1e-13));
    groups[g] = rate_interval(row, cell);
    CHECK_THAT(groups[g].lower, WithinRel(group["lower"].number(), 1e-12));
    CHECK_THAT(groups[g].upper, WithinRel(group["upper"].number(), 1e-12));
  }
  const estimate change = difference(groups[0], groups[1]);
  CHECK(change.n == 7.0);
  CHECK_THAT(change.lower, WithinRel(example["lower"].number(), 1e-12));
  CHECK_THAT(change.upper, WithinRel(example["upper"].number(), 1e-12));
}

TEST_CASE("moments of random customers equal their influence values, in any sharding", "[statistics]") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const auto customers = 2 + random() % 200;
    const double rate = static_cast<double>(random() % 1000) / 1000.0;
    std::vector<double> visits(customers);
    std::vector<double> events(customers);
    visit_moments row;
    visit_moments shard_rows[3];
    event_moments cell;
    event_moments shard_cells[3];
    for (std::size_t u = 0; u < customers; ++u) {
      visits[u] = 1.0 + static_cast<double>(random() % (u % 10 == 0 ? 500 : 5));
      events[u] = std::binomial_distribution<int>(static_cast<int>(visits[u]), rate)(random);
      row.add(visits[u]);
      shard_rows[u % 3].add(visits[u]);
      if (events[u] > 0) {
        cell.add(events[u], visits[u]);
        shard_cells[u % 3].add(events[u], visits[u]);
      }
    }
    shard_rows[0] += shard_rows[1] += shard_rows[2];
    shard_cells[0] += shard_cells[1] += shard_cells[2];
    REQUIRE(shard_rows[0] == row);
    REQUIRE(shard_cells[0] == cell);

    influence_sum slow;
    for (std::size_t u = 0; u < customers; ++u) {
      slow.add((events[u] - cell.e / row.v * visits[u]) / row.v);
    }
    const influence_sum fast = rate_influence(row, cell);
    // What rounding leaves is small beside the largest term of the sums.
    REQUIRE_THAT(fast.sum2(), WithinAbs(slow.sum2(), 1e-15 * row.v2 / std::pow(row.v, 2)));
    REQUIRE_THAT(fast.sum4(), WithinAbs(slow.sum4(), 1e-15 * row.v4 / std::pow(row.v, 4)));
  }
}

TEST_CASE("a rate without variation takes Wilson's interval by customers", "[statistics]") {
  visit_moments row;
  event_moments none;
  event_moments all;
  event_moments third;
  for (const double visits : {3.0, 6.0, 9.0, 3.0}) {
    row.add(visits);
    all.add(visits, visits);
    third.add(visits / 3.0, visits);
  }
  const estimate never = rate_interval(row, none);
  CHECK(never.value == 0.0);
  CHECK(never.lower == 0.0);
  CHECK_THAT(never.upper, WithinAbs(wilson(0, 4).upper, 1e-15));
  CHECK(to_text(never.marks) == "few_customers,boundary");
  const estimate always = rate_interval(row, all);
  CHECK(always.value == 1.0);
  CHECK(always.upper == 1.0);
  CHECK_THAT(always.lower, WithinAbs(wilson(4, 4).lower, 1e-15));
  const estimate same = rate_interval(row, third);
  CHECK(has(same.marks, mark::boundary));
  CHECK_THAT(same.lower, WithinAbs(wilson_share(1.0 / 3.0, 4).lower, 1e-15));
  CHECK_THAT(same.upper, WithinAbs(wilson_share(1.0 / 3.0, 4).upper, 1e-15));

  // One customer whose events differ from the others' proportion is variation, however small.
  row.add(3.0);
  third.add(2.0, 3.0);
  CHECK_FALSE(has(rate_interval(row, third).marks, mark::boundary));

  visit_moments single;
  event_moments half;
  single.add(10);
  half.add(5, 10);
  CHECK(has(rate_interval(single, half).marks, mark::boundary));
  CHECK_THAT(rate_interval(single, half).upper, WithinAbs(wilson_share(0.5, 1).upper, 1e-15));

  const estimate unvisited = rate_interval({}, {});
  CHECK(unvisited.is_null());
  CHECK(unvisited.bounds().is_null());
}

TEST_CASE("amounts and signed numbers without variation have the stated fallback", "[statistics]") {
  influence_sum still;
  for (int u = 0; u < 40; ++u) {
    still.add(0.0);
  }
  const estimate zero = still.log_interval(0.0, {.n = 20, .scale = 50});
  CHECK(zero.lower == 0.0);
  CHECK_THAT(zero.upper, WithinRel(50.0 * z_95 * z_95 / (20.0 + z_95 * z_95), 1e-14));
  CHECK(to_text(zero.marks) == "boundary");
  CHECK(still.log_interval(3.0).bounds().is_null());
  CHECK(still.plain_interval(0.0).bounds().is_null());
  CHECK(has(still.plain_interval(0.0).marks, mark::boundary));
  CHECK(influence_sum().prob_interval(null_value, 10).is_null());

  // Two customers have one degree of freedom, whatever the kurtosis.
  influence_sum two;
  two.add(0.1);
  two.add(-0.1);
  CHECK(two.degrees_of_freedom() == 1.0);
  const estimate plain = two.plain_interval(-1.0);
  CHECK_THAT(plain.upper - plain.value, WithinRel(12.706204736174694 * 0.2, 1e-12));
  // A negative amount has no logarithm.
  CHECK(two.log_interval(-1.0).bounds() == plain.bounds());
}

TEST_CASE("influence sums merge", "[statistics]") {
  influence_sum whole;
  influence_sum left;
  influence_sum right;
  for (int u = 0; u < 10; ++u) {
    const double psi = u - 4.5;
    whole.add(psi);
    (u % 3 == 0 ? left : right).add(psi);
  }
  left += right;
  CHECK(left.customers() == whole.customers());
  CHECK(left.sum2() == whole.sum2());
  CHECK(left.sum4() == whole.sum4());
}

TEST_CASE("places of the sorted order are found without sorting", "[statistics]") {
  std::mt19937_64 random{5};
  const auto compare = [](auto numbers) {
    using number = typename decltype(numbers)::value_type;
    detail::order_statistics<number> found{numbers};
    auto sorted = numbers;
    std::sort(sorted.begin(), sorted.end());
    for (const std::size_t place : {sorted.size() / 2, sorted.size() / 2 - 1, std::size_t{0}, sorted.size() - 1,
                                    sorted.size() / 10, sorted.size() / 10 + 1, sorted.size() / 10 + 2}) {
      REQUIRE(found.at(place) == sorted[place]);
    }
  };
  for (const std::size_t size : {20U, 4095U, 4096U, 30'000U}) {
    std::vector<double> skewed(size);
    std::vector<std::int64_t> whole(size);
    std::vector<std::int64_t> huge(size);
    for (std::size_t i = 0; i < size; ++i) {
      skewed[i] = std::exp(static_cast<double>(random() % 1000) / 20.0) * (random() % 3 == 0 ? -1.0 : 1.0);
      whole[i] = static_cast<std::int64_t>(random() % 50) - 20;
      // Doubles do not tell neighbours of this size apart.
      huge[i] = (std::int64_t{1} << 60U) + static_cast<std::int64_t>(random() % 5000);
    }
    compare(skewed);
    compare(whole);
    compare(huge);
    compare(std::vector<double>(size, 7.0));
    skewed[size / 3] = std::numeric_limits<double>::infinity();
    skewed[size / 4] = -std::numeric_limits<double>::infinity();
    compare(skewed);
    const std::vector<double> at{0.5, 0.25, 0.75, 0.9, 0.0, 1.0, 0.123};
    const auto found = detail::quantiles_of(skewed, at);
    for (std::size_t i = 0; i < at.size(); ++i) {
      CHECK(found[i] == quantile(skewed, at[i]));
    }
  }
  CHECK(std::isnan(detail::quantiles_of({}, std::vector<double>{0.5})[0]));
}

TEST_CASE("quantiles are of type 7", "[statistics]") {
  const json oracle = json::file("statistics/quantiles.json");
  for (const auto& [q, expected] : oracle["type7"].members()) {
    std::vector<double> values = oracle["data"].numbers();
    CHECK_THAT(quantile(values, std::stod(q)), WithinAbs(expected.number(), 1e-13));
  }
  std::vector<double> two{3, 1};
  CHECK(quantile(two, 0.25) == 1.5);
  std::vector<double> one{7};
  CHECK(quantile(one, 0.9) == 7.0);
  std::vector<double> none;
  CHECK(std::isnan(quantile(none, 0.5)));
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> mixed{std::nan(""), infinity, 1, infinity, 2, std::nan("")};
  CHECK(quantile(mixed, 0) == 1.0);
  CHECK(quantile(mixed, 0.9) == infinity);
  CHECK_THROWS_AS(quantile(one, 1.5), input_error);
  CHECK_THROWS_AS(quantile(one, std::nan("")), input_error);
}

TEST_CASE("the median has Woodruff's interval by customers", "[statistics]") {
  const json oracle = json::file("statistics/quantiles.json");
  const std::vector<double> values = oracle["data"].numbers();
  const std::vector<std::uint32_t> customers{0, 0, 1, 1, 2, 3, 3, 4, 5, 5};
  const estimate found = quantile_interval(values, customers, 0.5);
  CHECK(found.value == oracle["median_interval"]["estimate"].number());
  CHECK(found.lower == oracle["median_interval"]["lower"].number());
  CHECK(found.upper == oracle["median_interval"]["upper"].number());
  CHECK(found.n == 6.0);

  const std::vector<double> shuffled{34, 0, 5, 21, 1, 13, 0, 8, 2, 3};
  const std::vector<std::uint32_t> owners{5, 0, 3, 5, 1, 4, 0, 3, 1, 2};
  const estimate again = quantile_interval(shuffled, owners, 0.5);
  CHECK(again.bounds() == found.bounds());

  const std::vector<std::uint32_t> same(10, 3);
  CHECK(to_text(quantile_interval(values, same, 0.5).marks) == "few_customers,boundary");
  CHECK(quantile_interval({}, {}, 0.5).is_null());
  CHECK(quantile_interval(values, customers, 1.0).bounds().is_null());
  CHECK_THROWS_AS(quantile_interval(values, {}, 0.5), input_error);
}

TEST_CASE("marks print in a fixed order", "[statistics]") {
  CHECK(to_text(mark::none).empty());
  CHECK(to_text(mark::capped | mark::few_customers) == "few_customers,capped");
  CHECK(to_text(mark::boundary | mark::few_effective) == "few_effective,boundary");
}
