// SPDX-License-Identifier: MIT
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/attribution.hpp"

using namespace klantreis;
using Catch::Matchers::WithinAbs;

namespace {

using names = std::vector<std::string_view>;
using credits = std::map<std::string, double>;

path_table one_journey(const names& path, double conversions = 1.0) {
  path_table paths;
  paths.add(path, conversions, 0.0);
  return paths;
}

credits credit_of(const path_table& paths, const attribution_model& model) {
  const table result = attribute(paths, model);
  credits found;
  for (std::size_t row = 0; row < result.rows(); ++row) {
    found[result.texts("touchpoint")[row]] = result.numbers("credit")[row];
  }
  return found;
}

}  // namespace

TEST_CASE("all credit to one touch", "[attribution]") {
  const auto paths = one_journey({"direct", "ad", "mail", "news", "direct"}, 2.0);
  CHECK(credit_of(paths, first_non_direct{}).at("ad") == 2.0);
  CHECK(credit_of(paths, first_non_direct{.direct = {"direct", "ad"}}).at("mail") == 2.0);
  CHECK(credit_of(paths, last_paid{.paid = {"ad", "mail"}}).at("mail") == 2.0);
  CHECK(credit_of(paths, last_paid{.paid = {"ad", "absent"}}).at("ad") == 2.0);
}

TEST_CASE("journeys of direct touches only keep their credit", "[attribution]") {
  const auto paths = one_journey({"direct", "direct"}, 3.0);
  for (const attribution_model& model : {attribution_model{first_non_direct{}}, attribution_model{last_non_direct{}}}) {
    CHECK(credit_of(paths, model) == credits{{"direct", 3.0}});
  }
  path_table unpaid = one_journey({"a", "b"});
  unpaid.add(names{"ad"}, 0.0, 1.0);
  CHECK(credit_of(unpaid, last_paid{.paid = {"ad"}}) == credits{{"a", 0.0}, {"ad", 0.0}, {"b", 1.0}});
}

TEST_CASE("an item is not taken for one whose name it is part of", "[attribution]") {
  const auto paths = one_journey({"paid search", "search", "direct mail"});
  CHECK(credit_of(paths, last_paid{.paid = {"search"}}).at("search") == 1.0);
  CHECK(credit_of(paths, last_non_direct{.direct = {"direct"}}).at("direct mail") == 1.0);
  CHECK(credit_of(paths, first_non_direct{.direct = {"search"}}).at("paid search") == 1.0);
}

TEST_CASE("the same credit to every item, however often it is touched", "[attribution]") {
  const auto found = credit_of(one_journey({"a", "b", "a", "a", "c", "b"}, 6.0), linear_distinct{});
  CHECK(found == credits{{"a", 2.0}, {"b", 2.0}, {"c", 2.0}});
}

TEST_CASE("credit by place", "[attribution]") {
  const auto four = one_journey({"a", "b", "c", "d"}, 10.0);
  CHECK(credit_of(four, position_decay{}) == credits{{"a", 1.0}, {"b", 2.0}, {"c", 3.0}, {"d", 4.0}});
  CHECK(credit_of(one_journey({"a"}), position_decay{}).at("a") == 1.0);
  for (const auto& [model, first, last] :
       {std::tuple{attribution_model{j_shaped{}}, 0.2, 0.6}, std::tuple{attribution_model{inverse_j{}}, 0.6, 0.2}}) {
    CAPTURE(label_of(model));
    const auto found = credit_of(four, model);
    CHECK_THAT(found.at("a"), WithinAbs(10.0 * first, 1e-14));
    CHECK_THAT(found.at("b"), WithinAbs(1.0, 1e-14));
    CHECK_THAT(found.at("c"), WithinAbs(1.0, 1e-14));
    CHECK_THAT(found.at("d"), WithinAbs(10.0 * last, 1e-14));
    CHECK(found == credit_of(four, position_based{.first = first, .last = last}));
    CHECK_THAT(credit_of(one_journey({"a", "b"}), model).at("a"), WithinAbs(first + 0.1, 1e-15));
    CHECK(credit_of(one_journey({"a"}), model).at("a") == 1.0);
  }
}

TEST_CASE("weights of the caller", "[attribution]") {
  const auto paths = one_journey({"a", "b", "a"}, 8.0);
  int asked = 0;
  const custom_weights last_counts_double{[&asked](std::size_t size) {
    ++asked;
    std::vector<double> weights(size, 1.0);
    weights.back() = 2.0;
    return weights;
  }};
  CHECK(credit_of(paths, last_counts_double) == credits{{"a", 6.0}, {"b", 2.0}});
  CHECK(asked == 1);
  const auto refuse = [&paths](std::vector<double> weights) {
    const custom_weights model{[weights](std::size_t) { return weights; }};
    CHECK_THROWS_AS(attribute(paths, model), input_error);
  };
  refuse({1.0, 2.0});
  refuse({1.0, -1.0, 1.0});
  refuse({0.0, 0.0, 0.0});
  refuse({1.0, std::nan(""), 1.0});
  CHECK_THROWS_AS(attribute(paths, custom_weights{}), input_error);
  // What the function throws arrives as it is.
  const custom_weights broken{[](std::size_t) -> std::vector<double> { throw std::out_of_range("of the caller"); }};
  CHECK_THROWS_AS(attribute(paths, broken), std::out_of_range);
}

TEST_CASE("paid items that are missing are named", "[attribution]") {
  const auto paths = one_journey({"a", "b"});
  CHECK_THROWS_AS(attribute(paths, last_paid{}), input_error);
  CHECK_THROWS_AS(attribute(paths, last_paid{.paid = {"absent"}}), input_error);
  CHECK(attribute(path_table{}, last_paid{.paid = {"absent"}}).rows() == 0);
}

TEST_CASE("time decay counts days, not only the hours beyond them", "[attribution]") {
  const std::vector<std::string> customers(3, "u");
  const std::vector<std::string> touchpoints{"ad", "mail", "order"};
  const std::vector<std::int64_t> hours{0, 75, 80};
  std::vector<std::int64_t> times;
  for (const std::int64_t hour : hours) {
    times.push_back(hour * 3'600'000'000);
  }
  const auto log =
      event_log::from_columns(std::span<const std::string>{customers}, std::span<const std::int64_t>{times},
                              std::span<const std::string>{touchpoints});
  const auto result =
      attribute(make_journeys(log, {.conversion = {"order"}}), time_decay{.half_life = std::chrono::hours{25}});
  CHECK(result.texts("touchpoint") == std::vector<std::string>{"mail", "ad"});
  CHECK_THAT(result.numbers("credit")[0], WithinAbs(8.0 / 9.0, 1e-14));
}
