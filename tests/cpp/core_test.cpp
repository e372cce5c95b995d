// SPDX-License-Identifier: MIT
#include "klantreis/core.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>
#include <vector>

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
