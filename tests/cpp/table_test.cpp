// SPDX-License-Identifier: MIT
#include "klantreis/table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace klantreis;

TEST_CASE("a table keeps its columns of one length and says which exist", "[table]") {
  table result{"definition"};
  result.add("touchpoint", std::vector<std::string>{"a", "b"});
  result.add("n", std::vector<std::int64_t>{1, 2}, quantity::count);
  CHECK_THROWS_AS(result.add("short", std::vector<double>{1.0}), std::logic_error);
  CHECK_THROWS_AS(result.add("n", std::vector<double>{1.0, 2.0}), std::logic_error);
  CHECK_THROWS_WITH(result.at("missing"), Catch::Matchers::ContainsSubstring("touchpoint"));
  CHECK_THROWS_AS(result.numbers("n"), input_error);
  const auto turned = result.take({1, 0});
  CHECK(turned.texts("touchpoint") == std::vector<std::string>{"b", "a"});
  CHECK(turned.definition() == "definition");
  CHECK(result.head(1).rows() == 1);
}

TEST_CASE("a table prints aligned, with what is left out counted", "[table]") {
  table result;
  result.add("touchpoint", std::vector<std::string>{"cart", "v\x1bsit", "één"});
  result.add("exits", std::vector<std::int64_t>{3, 1, 12}, quantity::count);
  result.add("rate", std::vector<double>{0.25, std::numeric_limits<double>::quiet_NaN(), 1.0}, quantity::share);
  CHECK(to_text(result) ==
        "touchpoint  exits    rate\n"
        "cart            3   25.0%\n"
        "v sit           1       -\n"
        "één            12  100.0%\n");
  CHECK(to_text(result, 1) == "touchpoint  exits   rate\ncart            3  25.0%\n… 2 more rows\n");
  CHECK(to_text(table{}) == "\n");
}
