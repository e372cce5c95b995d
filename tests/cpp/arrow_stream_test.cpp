// SPDX-License-Identifier: MIT
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cerrno>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "klantreis/arrow.hpp"

namespace {

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

table example() {
  table result{"What the numbers mean."};
  result.set_option("by", "channel");
  result.add("touchpoint", std::vector<std::string>{"cart", "", "visit \xE2\x82\xAC"});
  result.add("exits", std::vector<std::int64_t>{3, -1, 2}, quantity::count);
  result.add("rate", std::vector<double>{0.5, std::numeric_limits<double>::quiet_NaN(), 1.0}, quantity::share);
  result.add("first", std::vector<bool>{true, false, true});
  result.add("at", std::vector<std::int64_t>{0, 1, 1'700'000'000'000'000}, quantity::moment);
  return result;
}

ArrowArrayStream stream_of(const table& source, std::size_t text_limit = 1000) {
  ArrowArrayStream stream{};
  export_table(source, &stream, text_limit);
  return stream;
}

}  // namespace

TEST_CASE("a table comes back from its stream", "[arrow]") {
  auto stream = stream_of(example());
  arrow_reader reader{&stream};
  CHECK(stream.release == nullptr);
  CHECK(reader.names() == std::vector<std::string>{"touchpoint", "exits", "rate", "first", "at"});
  CHECK(reader.position("rate") == 2);
  const auto batch = reader.next();
  REQUIRE(batch);
  REQUIRE(batch->rows() == 3);
  CHECK(batch->column("touchpoint").text(0) == "cart");
  CHECK(batch->column("touchpoint").text(1).empty());
  CHECK(batch->column("touchpoint").text(2) == "visit \xE2\x82\xAC");
  std::vector<std::int64_t> integers(3);
  batch->column("exits").integers(integers.data());
  CHECK(integers == std::vector<std::int64_t>{3, -1, 2});
  const auto rate = batch->column("rate");
  CHECK(rate.is_null(1));
  CHECK_FALSE(rate.is_null(2));
  batch->column("first").integers(integers.data());
  CHECK(integers == std::vector<std::int64_t>{1, 0, 1});
  const auto at = batch->column(4);
  CHECK(at.type_name() == "timestamp[us, UTC]");
  at.integers(integers.data());
  CHECK(integers[2] == 1'700'000'000'000'000);
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.next());
}

TEST_CASE("a batch outlives its reader and a child outlives its batch", "[arrow]") {
  auto stream = stream_of(example());
  std::optional<record_batch> batch;
  {
    arrow_reader reader{&stream};
    batch = reader.next();
  }
  CHECK(batch->column("touchpoint").text(0) == "cart");

  auto other = stream_of(example());
  ArrowSchema schema{};
  ArrowArray array{};
  REQUIRE(other.get_schema(&other, &schema) == 0);
  REQUIRE(other.get_next(&other, &array) == 0);
  other.release(&other);
  arrow_array child{array.children[0]};
  arrow_schema type{schema.children[0]};
  array.release(&array);
  schema.release(&schema);
  CHECK(array.release == nullptr);
  CHECK(column_view{*type, *child, 0, 3}.text(0) == "cart");
}

TEST_CASE("definition and options travel in the metadata", "[arrow]") {
  auto stream = stream_of(example());
  ArrowSchema schema{};
  REQUIRE(stream.get_schema(&stream, &schema) == 0);
  arrow_schema owner{&schema};
  arrow_stream closed{&stream};
  const std::string_view metadata{owner->metadata, 4 + 4 + 20 + 4 + 22 + 4 + 19 + 4 + 7};
  CHECK(metadata.substr(8, 20) == "klantreis.definition");
  CHECK(metadata.substr(32, 22) == "What the numbers mean.");
  CHECK(metadata.substr(58, 19) == "klantreis.option.by");
  CHECK(metadata.substr(81, 7) == "channel");
}

TEST_CASE("a table is cut into batches where its texts grow too long", "[arrow]") {
  table source;
  const std::vector<std::string> texts{"aaaa", "bbb", "c", "dddddddd", "", "e"};
  source.add("text", texts);
  source.add("row", std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  auto stream = stream_of(source, 8);
  arrow_reader reader{&stream};
  std::vector<std::size_t> sizes;
  std::vector<std::string> read;
  std::vector<std::int64_t> rows;
  while (const auto batch = reader.next()) {
    sizes.push_back(batch->rows());
    std::vector<std::int64_t> numbers(batch->rows());
    batch->column("row").integers(numbers.data());
    rows.insert(rows.end(), numbers.begin(), numbers.end());
    for (std::size_t i = 0; i < batch->rows(); ++i) {
      read.emplace_back(batch->column(0).text(i));
    }
  }
  CHECK(sizes == std::vector<std::size_t>{3, 2, 1});
  CHECK(read == texts);
  CHECK(rows == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  CHECK_THROWS_MATCHES(stream_of(source, 7), limit_error,
                       MessageMatches(ContainsSubstring("row 3 of column 'text'") && ContainsSubstring("8 bytes")));
}

TEST_CASE("a stream without rows still has one batch, with the types of its columns", "[arrow]") {
  table source;
  source.add("touchpoint", std::vector<std::string>{});
  source.add("rate", std::vector<double>{});
  auto stream = stream_of(source);
  arrow_reader reader{&stream};
  CHECK(reader.names() == std::vector<std::string>{"touchpoint", "rate"});
  const auto batch = reader.next();
  REQUIRE(batch);
  CHECK(batch->rows() == 0);
  CHECK(batch->column("touchpoint").kind() == column_kind::text);
  CHECK(batch->column("rate").kind() == column_kind::floating);
  CHECK_FALSE(reader.next());
}

TEST_CASE("a missing or doubled column is named", "[arrow]") {
  auto stream = stream_of(example());
  arrow_reader reader{&stream};
  CHECK_THROWS_MATCHES(reader.position("exit"), input_error,
                       MessageMatches(ContainsSubstring("'exit'") && ContainsSubstring("did you mean 'exits'") &&
                                      ContainsSubstring("there are: touchpoint exits rate first at")));
}

TEST_CASE("a stream is read once", "[arrow]") {
  auto stream = stream_of(example());
  arrow_reader reader{&stream};
  CHECK_THROWS_MATCHES(arrow_reader{&stream}, input_error, MessageMatches(ContainsSubstring("once")));
  CHECK_THROWS_AS(arrow_reader{nullptr}, input_error);
}

TEST_CASE("what goes wrong in a stream is told", "[arrow]") {
  static int released = 0;
  released = 0;
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream*, ArrowSchema*) { return EIO; };
  stream.get_next = [](ArrowArrayStream*, ArrowArray*) { return EIO; };
  stream.get_last_error = [](ArrowArrayStream*) -> const char* { return "the disk is on fire"; };
  stream.release = [](ArrowArrayStream* s) {
    ++released;
    s->release = nullptr;
  };
  CHECK_THROWS_MATCHES(arrow_reader{&stream}, input_error, MessageMatches(ContainsSubstring("the disk is on fire")));
  CHECK(released == 1);

  stream.release = [](ArrowArrayStream* s) {
    ++released;
    s->release = nullptr;
  };
  stream.get_schema = [](ArrowArrayStream*, ArrowSchema* schema) {
    *schema = ArrowSchema{};
    schema->format = "u";
    schema->release = [](ArrowSchema* s) { s->release = nullptr; };
    return 0;
  };
  CHECK_THROWS_MATCHES(arrow_reader{&stream}, input_error, MessageMatches(ContainsSubstring("not a table")));
  CHECK(released == 2);
}
