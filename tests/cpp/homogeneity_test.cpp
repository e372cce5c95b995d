// SPDX-License-Identifier: MIT
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
#include "klantreis/statistics.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using namespace klantreis;
using test::json;

namespace {

using counts = std::vector<destination_count>;

counts rows_of(const json& customers, std::uint32_t first_customer = 0) {
  counts result;
  for (std::size_t u = 0; u < customers.size(); ++u) {
    for (std::size_t j = 0; j < customers[u].size(); ++j) {
      result.push_back(
          {first_customer + static_cast<std::uint32_t>(u), static_cast<std::uint32_t>(j), customers[u][j].number()});
    }
  }
  return result;
}

counts one_visit_each(const std::vector<int>& totals, std::uint32_t first_customer) {
  counts result;
  for (std::uint32_t j = 0; j < totals.size(); ++j) {
    for (int i = 0; i < totals[j]; ++i) {
      result.push_back({first_customer++, j, 1.0});
    }
  }
  return result;
}

}  // namespace

TEST_CASE("Holm and Benjamini-Hochberg equal the worked example", "[statistics]") {
  const json example = json::file("statistics/tests.json")["multiple"];
  const auto p = example["p"].numbers();
  const auto by_holm = holm(p);
  const auto by_bh = benjamini_hochberg(p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    CHECK_THAT(by_holm[i], WithinRel(example["holm"][i].number(), 1e-12));
    CHECK_THAT(by_bh[i], WithinRel(example["bh"][i].number(), 1e-12));
  }
}

TEST_CASE("a null p value stays null and is not counted", "[statistics]") {
  const double null = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> p{.02, null, .01};
  CHECK(std::isnan(holm(p)[1]));
  CHECK_THAT(holm(p)[2], WithinRel(.02, 1e-12));
  CHECK_THAT(benjamini_hochberg(p)[0], WithinRel(.02, 1e-12));
  CHECK(holm({}).empty());
}

TEST_CASE("tails of the distributions equal published quantiles", "[statistics]") {
  // Upper 5 % points of any statistical table.
  CHECK_THAT(chi_squared_tail(3.841459, 1.0), WithinAbs(.05, 1e-7));
  CHECK_THAT(chi_squared_tail(9.487729, 4.0), WithinAbs(.05, 1e-7));
  CHECK_THAT(f_tail(4.964603, 1.0, 10.0), WithinAbs(.05, 1e-7));
  CHECK_THAT(t_two_sided(-2.228139, 10.0), WithinAbs(.05, 1e-7));
  CHECK(chi_squared_tail(0.0, 2.0) == 1.0);
  CHECK_THROWS_WITH(f_tail(1.0, 0.0, 3.0), ContainsSubstring("degrees of freedom"));
}

TEST_CASE("the corrected test of a row equals the worked example of clustered customers", "[statistics]") {
  const json example = json::file("statistics/tests.json")["row_test_example"];
  const auto found =
      homogeneity_test(rows_of(example["counts_A (customers x destinations)"]), rows_of(example["counts_B"], 100));
  const json& expected = example["result"];
  CHECK_THAT(found.g2, WithinRel(expected["G2"].number(), 1e-12));
  CHECK(found.df == 2.0);
  CHECK_THAT(found.delta, WithinRel(expected["delta"].number(), 1e-12));
  CHECK_THAT(found.a2, WithinRel(expected["a2"].number(), 1e-10));
  CHECK_THAT(found.df1, WithinRel(expected["df_RS2"].number(), 1e-12));
  CHECK_THAT(found.p, WithinRel(expected["p_RS2_F"].number(), 1e-9));
}

TEST_CASE("with one visit per customer the design effect is near 1 and G2 adds up over the rows", "[statistics]") {
  const json expected = json::file("statistics/tests.json")["O22_unclustered"];
  const std::vector<std::vector<int>> first{{30, 40, 30}, {20, 50, 30}};
  const std::vector<std::vector<int>> second{{45, 35, 20}, {25, 45, 30}};
  double g2 = 0.0;
  for (std::size_t row = 0; row < 2; ++row) {
    const auto found = homogeneity_test(one_visit_each(first[row], 0), one_visit_each(second[row], 1000));
    CHECK_THAT(found.g2, WithinRel(expected[row]["G2"].number(), 1e-12));
    CHECK_THAT(found.delta, WithinRel(expected[row]["delta"].number(), 1e-12));
    CHECK_THAT(found.p, WithinRel(expected[row]["p_RS2_F"].number(), 1e-9));
    g2 += found.g2;
  }
  CHECK_THAT(g2, WithinAbs(6.187443, 5e-7));
  CHECK_THAT(chi_squared_tail(g2, 4.0), WithinAbs(.185581, 1e-6));
}

TEST_CASE("matched customers are compared with themselves", "[statistics]") {
  // ψ = ψ_second − ψ_first of each customer, W = k/(k−1) Σψψᵀ, all written out for 40 random customers.
  std::mt19937 random{5};
  counts first;
  counts second;
  std::vector<std::vector<double>> a(40, std::vector<double>(3));
  std::vector<std::vector<double>> b = a;
  for (std::uint32_t u = 0; u < 40; ++u) {
    const auto habit = random() % 3;
    for (int visit = 0; visit < 4; ++visit) {
      a[u][random() % 4 == 0 ? random() % 3 : habit] += u % 5 == 0 ? 0.0 : 1.0;
      b[u][random() % 4 == 0 ? random() % 3 : habit] += u % 7 == 0 ? 0.0 : 1.0;
    }
    for (std::uint32_t j = 0; j < 3; ++j) {
      first.push_back({u, j, a[u][j]});
      second.push_back({u, j, b[u][j]});
    }
  }
  double na = 0.0;
  double nb = 0.0;
  std::vector<double> pa(3);
  std::vector<double> pb(3);
  for (std::size_t u = 0; u < 40; ++u) {
    for (std::size_t j = 0; j < 3; ++j) {
      na += a[u][j];
      nb += b[u][j];
      pa[j] += a[u][j];
      pb[j] += b[u][j];
    }
  }
  std::vector<double> m(9);
  double customers = 0.0;
  for (std::size_t u = 0; u < 40; ++u) {
    const double va = a[u][0] + a[u][1] + a[u][2];
    const double vb = b[u][0] + b[u][1] + b[u][2];
    customers += va + vb > 0.0 ? 1.0 : 0.0;
    std::vector<double> psi(3);
    for (std::size_t j = 0; j < 3; ++j) {
      psi[j] = (b[u][j] - vb * pb[j] / nb) / nb - (a[u][j] - va * pa[j] / na) / na;
    }
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t l = 0; l < 3; ++l) {
        m[3 * j + l] += psi[j] * psi[l];
      }
    }
  }
  double trace = 0.0;
  double trace2 = 0.0;
  for (std::size_t j = 0; j < 3; ++j) {
    for (std::size_t l = 0; l < 3; ++l) {
      m[3 * j + l] *= customers / (customers - 1.0) * na * nb / (pa[j] + pb[j]);
    }
    trace += m[4 * j];
  }
  for (std::size_t j = 0; j < 3; ++j) {
    for (std::size_t l = 0; l < 3; ++l) {
      trace2 += m[3 * j + l] * m[3 * l + j];
    }
  }
  const auto found = homogeneity_test(first, second, true);
  CHECK_THAT(found.delta, WithinRel(trace / 2.0, 1e-10));
  CHECK_THAT(found.a2, WithinAbs((std::max)(0.0, 2.0 * trace2 / (trace * trace) - 1.0), 1e-10));
  CHECK_THAT(found.df2, WithinRel(found.df1 * (customers - 1.0), 1e-12));
  CHECK_THAT(found.p, WithinRel(f_tail(found.g2 / (found.delta * 2.0), found.df1, found.df2), 1e-12));
}

TEST_CASE("rows without variation, visits or a second customer have defined answers", "[statistics]") {
  const counts all_leave{{1, 0, 2.0}, {2, 0, 5.0}, {3, 0, 1.0}};
  const counts none_leaves{{11, 1, 3.0}, {12, 1, 1.0}, {13, 1, 1.0}};
  CHECK(homogeneity_test(all_leave, all_leave).p == 1.0);
  CHECK(std::isnan(homogeneity_test(all_leave, {}).p));
  const counts mixed{{1, 0, 2.0}, {1, 1, 1.0}, {2, 0, 1.0}};
  const counts one{{9, 1, 4.0}};
  CHECK(std::isnan(homogeneity_test(mixed, one, true).p));
  CHECK(std::isnan(homogeneity_test(mixed, one).p));
  CHECK_THROWS_WITH(homogeneity_test(counts{{1, 0, -1.0}}, mixed), ContainsSubstring("0 or more"));
}

TEST_CASE("the difference over two strata is that of Mantel and Haenszel, worked by hand", "[statistics]") {
  // Stratum 0: 2 of 4 against 3 of 4, weight 2; stratum 1: 1 of 2 against 4 of 6, weight 3/2.
  std::vector<stratum_count> customers;
  std::uint32_t next = 0;
  const auto add = [&](std::uint32_t stratum, bool second, int events, int visits) {
    for (int i = 0; i < visits; ++i) {
      customers.push_back({next++, stratum, second, i < events ? 1.0 : 0.0, 1.0});
    }
  };
  add(0, false, 2, 4);
  add(0, true, 3, 4);
  add(1, false, 1, 2);
  add(1, true, 4, 6);
  add(2, true, 5, 5);  // no first group: no weight
  const double difference = (2.0 * .25 + 1.5 / 6.0) / 3.5;
  const estimate found = mantel_haenszel(customers);
  CHECK_THAT(found.value, WithinRel(difference, 1e-12));
  CHECK(found.n == 16.0);
  // Greenland and Robins: Σ w² (p₁q₁/n₁ + p₂q₂/n₂) / (Σ w)², by customers times 16/15.
  const double variance = (4.0 * (.25 / 4.0 + .1875 / 4.0) + 2.25 * (.25 / 2.0 + 2.0 / 9.0 / 6.0)) / (3.5 * 3.5);
  const double df = [&] {
    influence_sum sum;
    for (const auto& one : customers) {
      if (one.stratum < 2) {
        const double p = one.stratum == 0 ? (one.second ? .75 : .5) : one.second ? 4.0 / 6.0 : .5;
        const double n = one.stratum == 0 ? 4.0 : one.second ? 6.0 : 2.0;
        sum.add((one.stratum == 0 ? 2.0 : 1.5) / 3.5 * (one.events - p) / n);
      }
    }
    return sum.degrees_of_freedom();
  }();
  CHECK_THAT(found.upper - found.value, WithinRel(t_critical(.95, df) * std::sqrt(variance * 16.0 / 15.0), 1e-10));
  CHECK(mantel_haenszel({}).is_null());
}

TEST_CASE("a few customers who are alike do not make a small p", "[statistics]") {
  // 200 customers of whom one in ten goes to 1, against two customers who both do.
  counts many;
  for (std::uint32_t u = 0; u < 200; ++u) {
    many.push_back({u, u % 10 == 0 ? 1U : 0U, 1.0});
  }
  const counts two{{900, 1, 1.0}, {901, 1, 1.0}};
  const auto found = homogeneity_test(many, two);
  CHECK(found.p > .05);
  CHECK(homogeneity_test(many, two, true).p > .05);
  // Twenty such customers do.
  counts twenty;
  for (std::uint32_t u = 0; u < 20; ++u) {
    twenty.push_back({900 + u, 1, 1.0});
  }
  CHECK(homogeneity_test(many, twenty).p < 1e-3);
}

TEST_CASE("a rate is tested as a row of two destinations", "[statistics]") {
  std::mt19937 random{3};
  for (const std::uint32_t customers : {3U, 4U, 5U, 30U}) {
    counts rows[2];
    rate_moments moments[2];
    for (std::uint32_t group = 0; group < 2; ++group) {
      for (std::uint32_t u = 0; u < (group == 0 ? 30U : customers); ++u) {
        const double visits = 1.0 + static_cast<double>(random() % 4);
        double events = 0.0;
        for (int visit = 0; visit < static_cast<int>(visits); ++visit) {
          events += random() % 3 == 0 ? 1.0 : 0.0;
        }
        rows[group].push_back({1000 * group + u, 0, events});
        rows[group].push_back({1000 * group + u, 1, visits - events});
        moments[group].visits.add(visits);
        moments[group].events.add(events, visits);
      }
    }
    CHECK_THAT(rate_difference_p(moments[0], moments[1]), WithinRel(homogeneity_test(rows[0], rows[1]).p, 1e-9));
  }
}
