// SPDX-License-Identifier: MIT
#include "klantreis/core.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <limits>
#include <string>
#include <vector>

#include "klantreis/table.hpp"

using namespace klantreis;

TEST_CASE("names are numbered in the order of first appearance", "[core]") {
  name_table names;
  CHECK_FALSE(names.find("visit"));
  CHECK(names.intern("visit") == 0);
  CHECK(names.intern("") == 1);
  CHECK(names.intern("vis") == 2);
  CHECK(names.intern("visit") == 0);
  CHECK(names.size() == 3);
  CHECK(names[1].empty());
  CHECK(names.find("vis") == 2);
  for (int i = 0; i < 10'000; ++i) {
    names.intern("name " + std::to_string(i));
  }
  const name_table copy = names;
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(copy.find("name " + std::to_string(i)) == static_cast<std::uint32_t>(i + 3));
  }
  CHECK(copy == names);
}

TEST_CASE("two different paths never print alike", "[core]") {
  name_table names;
  const auto a = names.intern("a");
  const auto b = names.intern("b");
  const auto both = names.intern("a > b");
  const auto quote = names.intern("\"a\"");
  const std::vector<std::uint32_t> two{a, b};
  const std::vector<std::uint32_t> one{both};
  const std::vector<std::uint32_t> quoted_name{quote};
  CHECK(join_path(names, two) == "a > b");
  CHECK(join_path(names, one) == "\"a > b\"");
  CHECK(join_path(names, quoted_name) == "\"\"\"a\"\"\"");
  CHECK(join_path(names, {}).empty());
}

TEST_CASE("near names come first and far ones not at all", "[core]") {
  const std::vector<std::string> known{"purchase", "visit", "product_view", "Order"};
  CHECK(similar_names("purchse", known) == std::vector<std::string>{"purchase"});
  CHECK(similar_names("order", known) == std::vector<std::string>{"Order"});
  CHECK(similar_names("view", known) == std::vector<std::string>{"product_view"});
  CHECK(similar_names("zzzzzz", known).empty());
}

TEST_CASE("names in messages are quoted, escaped and shortened", "[core]") {
  CHECK(quoted("a\nb") == "'a\\x0ab'");
  CHECK(quoted(std::string(500, 'x')).size() < 100);
  // Cut between letters of two bytes, never inside one.
  std::string wide;
  for (int i = 0; i < 300; ++i) {
    wide += "é";
  }
  const auto text = quoted("x" + wide);
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) == 0xC3U) {
      CHECK(static_cast<unsigned char>(text[i + 1]) == 0xA9U);
    }
  }
}

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
