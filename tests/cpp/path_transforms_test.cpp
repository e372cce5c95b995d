// SPDX-License-Identifier: MIT
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cpp/support/small_log.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"

using namespace klantreis;

namespace {

using names = std::vector<std::string_view>;

path_table one_path(const names& path) {
  path_table paths;
  paths.add(path, 1.0, 0.0);
  return paths;
}

std::string transformed(const names& path, path_transform kind, const path_transform_options& options = {}) {
  return transform_paths(one_path(path), kind, options).to_table().texts("path").at(0);
}

}  // namespace

TEST_CASE("paths are transformed as other tools do", "[paths]") {
  const names path{"D", "A", "B", "B", "C", "D", "C", "C"};
  CHECK(transformed(path, path_transform::unique) == "D > A > B > B > C > D > C > C");
  CHECK(transformed(path, path_transform::exposure) == "D > A > B > C > D > C");
  CHECK(transformed(path, path_transform::first) == "D > A > B > C");
  CHECK(transformed(path, path_transform::frequency) == "D(2) > A(1) > B(2) > C(3)");
  CHECK(transformed(path, path_transform::trim, {.last = 3}) == "D > C > C");
  CHECK(transformed(path, path_transform::trim, {.last = 99}) == "D > A > B > B > C > D > C > C");
  CHECK(transformed(path, path_transform::remove_if_not_all, {.item = "C"}) == "D > A > B > B > D");
}

TEST_CASE("an item is removed only where others are left", "[paths]") {
  const path_transform_options direct{.item = "Direct"};
  const auto always = path_transform::remove_if_not_all;
  const auto last = path_transform::remove_if_last_and_not_all;
  CHECK(transformed({"Direct", "Direct"}, always, direct) == "Direct > Direct");
  CHECK(transformed({"Direct", "Direct"}, last, direct) == "Direct > Direct");
  CHECK(transformed({"a", "a", "a", "Direct", "a", "Direct", "Direct"}, last, direct) == "a > a > a > Direct > a");
  CHECK(transformed({"a", "Direct", "b", "Direct"}, always, direct) == "a > b");
  CHECK(transformed({"Direct", "a"}, last, direct) == "Direct > a");
  CHECK(transformed({"Direct mail", "Direct"}, always, direct) == "Direct mail");
}

TEST_CASE("paths that become equal add up and customers keep their journeys", "[paths]") {
  path_table paths;
  paths.add(names{"a", "a", "b"}, 2.0, 1.0, 8.0);
  paths.add(names{"a", "b"}, 3.0, 4.0, 1.0);
  paths.add(names{}, 1.0, 5.0);
  const auto merged = transform_paths(paths, path_transform::exposure);
  REQUIRE(merged.size() == 2);
  CHECK(merged.conversions()[0] == 5.0);
  CHECK(merged.nulls()[0] == 5.0);
  CHECK(merged.values()[0] == 9.0);
  CHECK(merged.path(1).empty());
  CHECK(merged.nulls()[1] == 5.0);

  const auto log =
      test::log_of({{"u", 0, "x"}, {"u", 1, "a"}, {"u", 2, "a"}, {"u", 3, "order"}, {"v", 0, "a"}, {"v", 1, "order"}});
  const auto journeys = make_paths(make_journeys(log, {.conversion = {"order"}}));
  const auto trimmed = transform_paths(journeys, path_transform::trim, {.last = 1});
  REQUIRE(trimmed.has_units());
  CHECK(trimmed.unit_offsets().size() == 3);
  CHECK(trimmed.size() == 1);
  CHECK(trimmed.names().size() == 1);
  for (const path_unit& unit : trimmed.units()) {
    CHECK(unit.path == 0);
    CHECK(unit.outcome == path_unit::kind::conversion);
  }
}

TEST_CASE("transformed paths do not merge with others", "[paths]") {
  auto paths = one_path({"a", "a"});
  const auto exposure = transform_paths(paths, path_transform::exposure);
  CHECK_THROWS_AS(paths += exposure, input_error);
  auto twice = exposure;
  twice += exposure;
  CHECK(twice.total_conversions() == 2.0);
}

TEST_CASE("options of another transformation are refused", "[paths]") {
  const auto paths = one_path({"a", "b"});
  CHECK_THROWS_AS(transform_paths(paths, path_transform::trim), input_error);
  CHECK_THROWS_AS(transform_paths(paths, path_transform::first, {.last = 2}), input_error);
  CHECK_THROWS_AS(transform_paths(paths, path_transform::first, {.item = "a"}), input_error);
  CHECK_THROWS_AS(transform_paths(paths, path_transform::remove_if_not_all), input_error);
  CHECK_THROWS_AS(transform_paths(paths, path_transform::remove_if_not_all, {.item = "absent"}), input_error);
  CHECK(transform_paths(path_table{}, path_transform::remove_if_not_all, {.item = "absent"}).empty());
  CHECK_THROWS_AS(to_path_transform("magic"), input_error);
  CHECK(to_path_transform("remove_if_last_and_not_all") == path_transform::remove_if_last_and_not_all);
}
