// SPDX-License-Identifier: MIT
#include "klantreis/arrow.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

/// One Arrow column over buffers that the test owns.
struct made_column {
  std::string format;
  std::string name = "x";
  std::vector<const void*> buffers{};
  std::int64_t length = 0;
  std::int64_t nulls = 0;
  std::int64_t offset = 0;
  made_column* dictionary = nullptr;
  ArrowSchema schema{};
  ArrowArray array{};

  [[nodiscard]] column_view view(std::size_t begin, std::size_t size) {
    prepare();
    return column_view{schema, array, begin, size};
  }
  [[nodiscard]] column_view view() { return view(0, static_cast<std::size_t>(length)); }

  void prepare() {
    schema = ArrowSchema{};
    schema.format = format.c_str();
    schema.name = name.c_str();
    schema.release = [](ArrowSchema* s) { s->release = nullptr; };
    array = ArrowArray{};
    array.length = length;
    array.null_count = nulls;
    array.offset = offset;
    array.n_buffers = static_cast<std::int64_t>(buffers.size());
    array.buffers = buffers.data();
    array.release = [](ArrowArray* a) { a->release = nullptr; };
    if (dictionary != nullptr) {
      dictionary->prepare();
      schema.dictionary = &dictionary->schema;
      array.dictionary = &dictionary->array;
    }
  }
};

template <typename T>
made_column fixed(const char* format, const std::vector<T>& values) {
  return {.format = format, .buffers = {nullptr, values.data()}, .length = static_cast<std::int64_t>(values.size())};
}

std::vector<std::int64_t> integers_of(const column_view& view) {
  std::vector<std::int64_t> out(view.size(), -77);
  view.integers(out.data());
  return out;
}

std::vector<double> numbers_of(const column_view& view) {
  std::vector<double> out(view.size(), -77);
  view.numbers(out.data());
  return out;
}

std::vector<std::uint32_t> indices_of(const column_view& view) {
  std::vector<std::uint32_t> out(view.size(), 77);
  view.dictionary_indices(out.data());
  return out;
}

template <typename T>
void check_integers(const char* format, const char* type, column_kind kind) {
  CAPTURE(format);
  const std::vector<T> values{T{1}, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), T{7}};
  auto column = fixed(format, values);
  const auto view = column.view();
  CHECK(view.kind() == kind);
  CHECK(view.type_name() == type);
  const auto read = integers_of(view);
  const auto numbers = numbers_of(view);
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(read[i] == static_cast<std::int64_t>(values[i]));
    CHECK(numbers[i] == static_cast<double>(values[i]));
  }
}

/// 16 bytes of a view of at most 12 bytes of text, or of a longer one that stands in a block.
std::array<char, 16> text_view(std::string_view text, std::int32_t block = 0, std::int32_t begin = 0) {
  std::array<char, 16> view{};
  const auto size = static_cast<std::int32_t>(text.size());
  std::memcpy(view.data(), &size, 4);
  if (text.size() <= 12) {
    std::memcpy(view.data() + 4, text.data(), text.size());
  } else {
    std::memcpy(view.data() + 4, text.data(), 4);
    std::memcpy(view.data() + 8, &block, 4);
    std::memcpy(view.data() + 12, &begin, 4);
  }
  return view;
}

}  // namespace

TEST_CASE("whole numbers of every width are read", "[arrow]") {
  check_integers<std::int8_t>("c", "int8", column_kind::integer);
  check_integers<std::int16_t>("s", "int16", column_kind::integer);
  check_integers<std::int32_t>("i", "int32", column_kind::integer);
  check_integers<std::int64_t>("l", "int64", column_kind::integer);
  check_integers<std::uint8_t>("C", "uint8", column_kind::unsigned_integer);
  check_integers<std::uint16_t>("S", "uint16", column_kind::unsigned_integer);
  check_integers<std::uint32_t>("I", "uint32", column_kind::unsigned_integer);
  check_integers<std::uint64_t>("L", "uint64", column_kind::unsigned_integer);
}

TEST_CASE("numbers of every width are read", "[arrow]") {
  // 1.5, -2, the smallest subnormal, infinity as IEEE half floats
  const std::vector<std::uint16_t> halves{0x3E00, 0xC000, 0x0001, 0x7C00};
  CHECK(numbers_of(fixed("e", halves).view()) ==
        std::vector<double>{1.5, -2.0, std::ldexp(1.0, -24), std::numeric_limits<double>::infinity()});
  CHECK(std::isnan(numbers_of(fixed("e", std::vector<std::uint16_t>{0x7E00}).view())[0]));
  CHECK(numbers_of(fixed("f", std::vector<float>{0.5F, -3.0F}).view()) == std::vector<double>{0.5, -3.0});
  CHECK(numbers_of(fixed("g", std::vector<double>{0.1, -3.0}).view()) == std::vector<double>{0.1, -3.0});

  // 123.45, -0.01 and 2^64 / 100 with two digits after the point
  const std::vector<std::int64_t> decimals{12345, 0, -1, -1, 0, 1};
  made_column column{.format = "d:20,2", .buffers = {nullptr, decimals.data()}, .length = 3};
  CHECK(numbers_of(column.view()) == std::vector<double>{123.45, -0.01, 18446744073709551616.0 / 100});
  const std::vector<std::int32_t> small{-12345};
  made_column narrow{.format = "d:7,2,32", .buffers = {nullptr, small.data()}, .length = 1};
  CHECK(numbers_of(narrow.view()) == std::vector<double>{-123.45});
}

TEST_CASE("offset, slice and nulls are honoured", "[arrow]") {
  const std::vector<std::int64_t> values{10, 11, 12, 13, 14};
  const std::uint8_t validity = 0b11011;  // row 2 is null
  made_column column{.format = "l", .buffers = {&validity, values.data()}, .length = 4, .nulls = -1, .offset = 1};
  const auto view = column.view(1, 3);
  REQUIRE(view.size() == 3);
  CHECK(view.may_have_nulls());
  CHECK(view.is_null(0));
  CHECK_FALSE(view.is_null(1));
  CHECK(integers_of(view) == std::vector<std::int64_t>{0, 13, 14});
  const auto numbers = numbers_of(view);
  CHECK(std::isnan(numbers[0]));
  CHECK(numbers[2] == 14.0);

  column.nulls = 0;  // the bitmap is then to be ignored
  CHECK_FALSE(column.view().may_have_nulls());
  CHECK(integers_of(column.view()) == std::vector<std::int64_t>{11, 12, 13, 14});
}

TEST_CASE("truth values are bits", "[arrow]") {
  const std::uint8_t bits = 0b0101'0000;
  made_column column{.format = "b", .buffers = {nullptr, &bits}, .length = 3, .offset = 4};
  CHECK(integers_of(column.view()) == std::vector<std::int64_t>{1, 0, 1});
  CHECK(numbers_of(column.view()) == std::vector<double>{1, 0, 1});
}

TEST_CASE("texts with narrow and wide offsets and as views are the same texts", "[arrow]") {
  const std::string longer = "a touchpoint of more than twelve bytes";
  const std::string text = "cart" + longer;
  const std::uint8_t validity = 0b0111;
  const auto check = [&](const column_view& view) {
    CHECK(view.kind() == column_kind::text);
    CHECK(view.text(0) == "cart");
    CHECK(view.text(1).empty());
    CHECK(view.text(2) == longer);
    CHECK(view.is_null(3));
    CHECK(view.text(3).empty());
    CHECK_THROWS_AS(integers_of(view), input_error);
    CHECK_THROWS_AS(numbers_of(view), input_error);
  };
  const auto end = static_cast<std::int32_t>(text.size());
  const std::vector<std::int32_t> offsets{0, 4, 4, end, end};
  check(
      made_column{.format = "u", .buffers = {&validity, offsets.data(), text.data()}, .length = 4, .nulls = 1}.view());
  const std::vector<std::int64_t> wide(offsets.begin(), offsets.end());
  check(made_column{.format = "U", .buffers = {&validity, wide.data(), text.data()}, .length = 4, .nulls = 1}.view());

  auto under_null = text_view(longer, 99, 99);  // what stands under a null is never followed
  const std::vector<std::array<char, 16>> views{text_view("cart"), text_view(""), text_view(longer, 1, 4), under_null};
  const std::vector<std::int64_t> sizes{0, static_cast<std::int64_t>(text.size())};
  made_column column{.format = "vu",
                     .buffers = {&validity, views.data(), nullptr, text.data(), sizes.data()},
                     .length = 4,
                     .nulls = 1};
  check(column.view());
  column.nulls = 0;
  CHECK_THROWS_MATCHES(column.view().text(3), input_error, MessageMatches(ContainsSubstring("outside its texts")));
}

TEST_CASE("damaged text offsets are refused", "[arrow]") {
  const std::vector<std::int32_t> offsets{4, 2, -1, 3};
  made_column column{.format = "u", .buffers = {nullptr, offsets.data(), "abcdef"}, .length = 3};
  CHECK_THROWS_AS(column.view().text(0), input_error);
  CHECK_THROWS_AS(column.view().text(1), input_error);
  CHECK_THROWS_AS(column.view().text(2), input_error);
}

TEST_CASE("dictionaries of every index width are read", "[arrow]") {
  const std::string text = "visitcart";
  const std::vector<std::int32_t> offsets{0, 5, 9, 9};
  const std::uint8_t known = 0b011;
  made_column names{.format = "u", .buffers = {&known, offsets.data(), text.data()}, .length = 3, .nulls = 1};
  const std::uint8_t validity = 0b10111;
  const auto check = [&](const char* format, auto type) {
    CAPTURE(format);
    using index = decltype(type);
    const std::vector<index> codes{index{1}, index{0}, index{2}, static_cast<index>(-1), index{1}};
    made_column column{.format = format, .buffers = {&validity, codes.data()}, .length = 5, .nulls = 1};
    column.dictionary = &names;
    const auto view = column.view();
    CHECK(view.kind() == column_kind::dictionary);
    CHECK(view.type_name() == "dictionary<text>");
    REQUIRE(view.dictionary_size() == 3);
    CHECK(view.dictionary_text(0) == "visit");
    CHECK(view.dictionary_is_null(2));
    constexpr auto none = column_view::null_index;
    CHECK(indices_of(view) == std::vector<std::uint32_t>{1, 0, none, none, 1});
    CHECK(view.is_null(2));
    CHECK(view.is_null(3));
    CHECK_FALSE(view.is_null(4));
    CHECK(view.text(4) == "cart");
    CHECK(indices_of(column.view(1, 1)) == std::vector<std::uint32_t>{0});
    column.nulls = 0;  // position -1 now counts
    CHECK_THROWS_MATCHES(indices_of(column.view()), input_error, MessageMatches(ContainsSubstring("of 3")));
  };
  check("c", std::int8_t{});
  check("s", std::int16_t{});
  check("i", std::int32_t{});
  check("l", std::int64_t{});
  check("C", std::uint8_t{});
  check("S", std::uint16_t{});
  check("L", std::uint64_t{});
}

TEST_CASE("a dictionary of whole numbers is written out", "[arrow]") {
  const std::vector<std::int32_t> values{-5, 12};
  auto numbers = fixed("i", values);
  const std::vector<std::uint8_t> codes{1, 0};
  auto column = fixed("C", codes);
  column.dictionary = &numbers;
  CHECK(column.view().dictionary_text(0) == "-5");
  CHECK(column.view().text(0) == "12");

  auto dates = fixed("tdD", values);
  column.dictionary = &dates;
  CHECK_THROWS_MATCHES(column.view(), input_error, MessageMatches(ContainsSubstring("dictionary of date")));
}

TEST_CASE("timestamps and dates carry their unit", "[arrow]") {
  const std::vector<std::int64_t> ticks{0, -1, 5};
  const auto check = [&](const char* format, std::int64_t per_second, bool zone, const char* type) {
    CAPTURE(format);
    auto column = fixed(format, ticks);
    const auto view = column.view();
    CHECK(view.kind() == column_kind::timestamp);
    CHECK(view.ticks_per_second() == per_second);
    CHECK(view.has_zone() == zone);
    CHECK(view.type_name() == type);
    CHECK(integers_of(view) == ticks);
    CHECK_THROWS_AS(numbers_of(view), input_error);
  };
  check("tss:", 1, false, "timestamp[s]");
  check("tsm:UTC", 1'000, true, "timestamp[ms, UTC]");
  check("tsu:Europe/Amsterdam", 1'000'000, true, "timestamp[us, Europe/Amsterdam]");
  check("tsn:", 1'000'000'000, false, "timestamp[ns]");

  const std::vector<std::int32_t> days{1, -1};
  auto date = fixed("tdD", days);
  CHECK(date.view().kind() == column_kind::date);
  CHECK(date.view().ticks_per_second() == 1);
  CHECK(integers_of(date.view()) == std::vector<std::int64_t>{86'400, -86'400});
  auto milliseconds = fixed("tdm", ticks);
  CHECK(milliseconds.view().ticks_per_second() == 1'000);
  CHECK(integers_of(milliseconds.view()) == ticks);
}

TEST_CASE("the null type is null in every row", "[arrow]") {
  made_column column{.format = "n", .length = 2, .nulls = 2};
  const auto view = column.view();
  CHECK(view.is_null(0));
  CHECK(view.type_name() == "null");
  CHECK(integers_of(view) == std::vector<std::int64_t>{0, 0});
  CHECK(std::isnan(numbers_of(view)[1]));
}

TEST_CASE("an empty column reads no buffer", "[arrow]") {
  for (const char* format : {"l", "g", "b", "u", "U", "vu", "tsu:UTC", "tdD", "d:10,2", "n", "e"}) {
    CAPTURE(format);
    made_column column{.format = format, .buffers = {nullptr, nullptr, nullptr}};
    CHECK(column.view().size() == 0);
    CHECK(static_cast<bool>(column.view()));
  }
}

TEST_CASE("other types are refused with name, type and remedy", "[arrow]") {
  const auto message = [](const char* format, const char* words) {
    CAPTURE(format);
    made_column column{.format = format, .name = "tags", .length = 0};
    CHECK_THROWS_MATCHES(
        column.view(), input_error,
        MessageMatches(ContainsSubstring("'tags'") && ContainsSubstring(words) && ContainsSubstring("cast it")));
  };
  message("+l", "list");
  message("+s", "struct");
  message("+r", "run-end encoded");
  message("z", "binary");
  message("tDs", "duration");
  message("ttu", "time of day");
  message("d:50,2,256", "decimal256");
  message("?", "'?'");
  message("", "''");
}

TEST_CASE("arrays that cannot hold what they promise are refused", "[arrow]") {
  const std::vector<std::int64_t> values{1, 2, 3};
  auto column = fixed("l", values);
  CHECK_THROWS_AS(column.view(1, 3), input_error);
  CHECK_THROWS_AS(column.view(4, 0), input_error);
  column.offset = -1;
  CHECK_THROWS_AS(column.view(), input_error);
  column.offset = 0;
  column.buffers = {nullptr};
  CHECK_THROWS_MATCHES(column.view(), input_error, MessageMatches(ContainsSubstring("1 buffers")));
  column.buffers = {nullptr, nullptr};
  CHECK_THROWS_AS(column.view(), input_error);
  column.prepare();
  column.array.release = nullptr;
  CHECK_THROWS_AS(column_view(column.schema, column.array, 0, 0), input_error);
}

TEST_CASE("columns of C++ values need no Arrow", "[arrow]") {
  CHECK_FALSE(static_cast<bool>(column_view{}));
  CHECK(column_view{}.size() == 0);
  const std::vector<std::int64_t> ticks{3, 1};
  CHECK(integers_of(column_view{ticks}) == ticks);
  CHECK(column_view::timestamps(ticks, 1'000).ticks_per_second() == 1'000);
  CHECK_THROWS_AS(column_view::timestamps(ticks, 60), input_error);
  const std::vector<double> numbers{0.5};
  CHECK(numbers_of(column_view{numbers}) == numbers);
  CHECK_THROWS_AS(integers_of(column_view{numbers}), input_error);
  const std::vector<std::string> texts{"visit", "cart"};
  const std::vector<std::string_view> views{"visit", "cart"};
  CHECK(column_view{texts}.text(1) == "cart");
  CHECK(column_view{views}.text(1) == "cart");
  const std::vector<std::uint32_t> codes{1, column_view::null_index, 0};
  const auto coded = column_view::dictionary(codes, texts);
  CHECK(indices_of(coded) == codes);
  CHECK(coded.is_null(1));
  CHECK(coded.text(2) == "visit");
}
