// SPDX-License-Identifier: MIT
#include "klantreis/markov/order_chain.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/detail/markov/window_tree.hpp"
#include "klantreis/markov/solver.hpp"

using namespace klantreis;
using Catch::Matchers::WithinAbs;

namespace {

using names = std::vector<std::string_view>;
using window = std::vector<std::string>;

void add(path_table& paths, const names& path, double conversions, double nulls, double value = 0.0) {
  paths.add(path, conversions, nulls, value);
}

path_table random_paths(unsigned seed, std::size_t rows, unsigned items, unsigned longest) {
  static constexpr std::string_view letters[] = {"a", "b", "c", "d", "e", "f"};
  std::mt19937 random{seed};
  const auto below = [&random](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  path_table paths;
  for (std::size_t row = 0; row < rows; ++row) {
    names path(below(longest + 1));
    for (auto& item : path) {
      item = letters[below(items)];
    }
    add(paths, path, below(4), below(4), below(3));
  }
  return paths;
}

// The definition, step by step: all windows of a path, equal neighbours merged unless they are kept.
std::vector<window> windows_of(const path_table& paths, std::size_t p, std::size_t order, bool keep_repeats) {
  window items;
  for (const auto code : paths.path(p)) {
    items.emplace_back(paths.names()[code]);
  }
  std::vector<window> result;
  if (items.empty()) {
    return result;
  }
  const std::size_t length = std::min(order, items.size());
  for (std::size_t i = 0; i + length <= items.size(); ++i) {
    window next(items.begin() + static_cast<std::ptrdiff_t>(i),
                items.begin() + static_cast<std::ptrdiff_t>(i + length));
    if (result.empty() || keep_repeats || next != result.back()) {
      result.push_back(std::move(next));
    }
  }
  return result;
}

window items_of(const order_chain& chain, std::size_t state) {
  window items;
  for (const auto code : chain.window(state)) {
    items.emplace_back(chain.names()[code]);
  }
  return items;
}

}  // namespace

TEST_CASE("the example of the documentation", "[order_chain]") {
  path_table paths;
  add(paths, {"a", "b", "c"}, 2, 1);
  add(paths, {"b"}, 1, 0);
  const auto chain = make_order_chain(paths, {.order = 2});
  REQUIRE(chain.size() == 4);
  CHECK(chain.state_name(0) == "(start)");
  CHECK(chain.state_name(1) == "a > b");
  CHECK(chain.state_name(2) == "b");
  CHECK(chain.state_name(3) == "b > c");
  CHECK(std::ranges::equal(chain.edge_offsets(), std::vector<std::uint64_t>{0, 2, 3, 3, 3}));
  CHECK(std::ranges::equal(chain.targets(), std::vector<std::uint32_t>{1, 2, 3}));
  CHECK(std::ranges::equal(chain.weights(), std::vector<double>{3, 1, 3}));
  CHECK(std::ranges::equal(chain.conversions(), std::vector<double>{0, 0, 1, 2}));
  CHECK(std::ranges::equal(chain.nulls(), std::vector<double>{0, 0, 0, 1}));
  CHECK(std::ranges::equal(chain.visits(), std::vector<double>{4, 3, 1, 3}));
  CHECK(std::ranges::equal(chain.path_offsets(), std::vector<std::uint64_t>{0, 2, 3}));
  CHECK(std::ranges::equal(chain.path_edges(), std::vector<std::uint32_t>{0, 2, 1}));
  CHECK(std::ranges::equal(chain.path_ends(), std::vector<std::uint32_t>{3, 2}));
  CHECK(std::ranges::equal(chain.states_with(1), std::vector<std::uint32_t>{1, 2, 3}));
  CHECK(chain.journeys() == 4.0);
}

TEST_CASE("equal windows that follow each other merge unless self transitions are kept", "[order_chain]") {
  path_table paths;
  add(paths, {"a", "a", "a", "b"}, 1, 0);
  const auto merged = make_order_chain(paths, {.order = 2});
  CHECK(merged.size() == 3);  // (start), a > a, a > b
  CHECK(merged.edges() == 2);
  const auto kept = make_order_chain(paths, {.order = 2, .self_transitions = true});
  CHECK(kept.size() == 3);
  CHECK(kept.edges() == 3);
  CHECK(kept.visits()[1] == 2.0);
}

TEST_CASE("counts equal those of the definition on random paths", "[order_chain]") {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const auto paths = random_paths(seed, 60, 2 + seed % 4, 7);
    for (unsigned order = 1; order <= 8; order += seed % 2 + 1) {
      for (const bool kept : {false, true}) {
        CAPTURE(seed, order, kept);
        const auto chain = make_order_chain(paths, {.order = order, .self_transitions = kept});
        std::map<std::pair<window, window>, double> edges;
        std::map<window, double> conversions;
        std::map<window, double> values;
        std::map<window, double> nulls;
        for (std::size_t p = 0; p < paths.size(); ++p) {
          const double weight = paths.conversions()[p] + paths.nulls()[p];
          if (weight == 0.0) {
            continue;
          }
          window here;
          for (const auto& next : windows_of(paths, p, order, kept)) {
            edges[{here, next}] += weight;
            here = next;
          }
          conversions[here] += paths.conversions()[p];
          nulls[here] += paths.nulls()[p];
          values[here] += paths.values()[p];
        }
        std::map<std::pair<window, window>, double> found;
        for (std::size_t state = 0; state < chain.size(); ++state) {
          const auto here = items_of(chain, state);
          if (state > 1) {
            CHECK(std::ranges::lexicographical_compare(chain.window(state - 1), chain.window(state)));
          }
          CHECK(chain.conversions()[state] == conversions[here]);
          CHECK(chain.nulls()[state] == nulls[here]);
          CHECK(chain.values()[state] == values[here]);
          double leaves = chain.conversions()[state] + chain.nulls()[state];
          for (auto e = chain.edge_offsets()[state]; e < chain.edge_offsets()[state + 1]; ++e) {
            CHECK((e == chain.edge_offsets()[state] || chain.targets()[e - 1] < chain.targets()[e]));
            found[{here, items_of(chain, chain.targets()[e])}] = chain.weights()[e];
            leaves += chain.weights()[e];
          }
          CHECK(leaves == chain.visits()[state]);
        }
        CHECK(found == edges);

        // Each path is found again by its edges.
        for (std::size_t p = 0; p < paths.size(); ++p) {
          if (paths.conversions()[p] + paths.nulls()[p] == 0.0) {
            CHECK(chain.path_offsets()[p] == chain.path_offsets()[p + 1]);
            continue;
          }
          std::vector<window> walked;
          for (auto at = chain.path_offsets()[p]; at < chain.path_offsets()[p + 1]; ++at) {
            walked.push_back(items_of(chain, chain.targets()[chain.path_edges()[at]]));
          }
          CHECK(walked == windows_of(paths, p, order, kept));
          CHECK(items_of(chain, chain.path_ends()[p]) == (walked.empty() ? window{} : walked.back()));
        }
      }
    }
  }
}

TEST_CASE("the tree of windows gives the same with and without hashing", "[order_chain]") {
  for (const std::size_t order : {1U, 2U, 3U, 5U}) {
    constexpr std::uint32_t items = 7;
    detail::window_tree direct{order, items};
    detail::window_tree changes{order, items, 40};  // goes over to hashing on the way
    detail::window_tree hashed{order, items, 0};
    std::mt19937 random{5};
    for (int path = 0; path < 200; ++path) {
      std::uint32_t node = detail::window_tree::root;
      for (auto length = random() % 12; length > 0; --length) {
        const auto item = static_cast<std::uint32_t>(random() % items);
        const auto step = direct.step(node, item);
        REQUIRE(changes.step(node, item) == step);
        REQUIRE(hashed.step(node, item) == step);
        REQUIRE(direct.source(step) == node);
        REQUIRE(changes.target(step) == direct.target(step));
        REQUIRE(hashed.target(step) == direct.target(step));
        node = direct.target(step);
      }
    }
    CHECK(direct.size() * items > 40);
    CHECK(changes.in_order() == direct.in_order());
    CHECK(hashed.in_order() == direct.in_order());
  }
}

TEST_CASE("P(conversion) is the observed rate and expected visits are the observed ones at every order",
          "[order_chain]") {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    const auto paths = random_paths(seed, 200, 4, 9);
    const double rate = paths.total_conversions() / (paths.total_conversions() + paths.total_nulls());
    for (unsigned order = 1; order <= 10; ++order) {
      for (const bool kept : {false, true}) {
        CAPTURE(seed, order, kept);
        const auto chain = make_order_chain(paths, {.order = order, .self_transitions = kept});
        const auto probabilities = chain.to_absorbing();
        const transient_solver solver{probabilities};
        std::vector<double> converts(chain.size());
        std::vector<double> entry(chain.size());
        entry[order_chain::start] = 1.0;
        for (std::size_t state = 0; state < chain.size(); ++state) {
          converts[state] = chain.conversions()[state] / chain.visits()[state];
        }
        CHECK_THAT(solver.solve({.rhs = converts}).values[0], WithinAbs(rate, 1e-12));
        const auto visits = solver.solve({.rhs = entry}, transient_solver::direction::transposed);
        for (std::size_t state = 0; state < chain.size(); ++state) {
          CHECK_THAT(visits.values[state] * chain.journeys(), WithinAbs(chain.visits()[state], 1e-9));
        }
      }
    }
  }
}

TEST_CASE("the absorbing chain carries the names and the probabilities", "[order_chain]") {
  path_table paths;
  add(paths, {"a", "b"}, 2, 1);
  add(paths, {"a > b"}, 0, 1);
  add(paths, {}, 1, 0);
  const auto chain = make_order_chain(paths).to_absorbing();
  REQUIRE(chain.transient_size() == 4);
  CHECK(chain.name(0) == "(start)");
  CHECK(chain.name(3) == "\"a > b\"");
  CHECK(chain.name(4) == "(conversion)");
  CHECK(chain.name(5) == "(null)");
  CHECK(chain.probability(0, 1) == 0.6);
  CHECK(chain.probability(0, 4) == 0.2);
  CHECK_THAT(chain.probability(2, 4), WithinAbs(2.0 / 3.0, 1e-15));
}

TEST_CASE("a chain of order 0 is refused", "[order_chain]") {
  CHECK_THROWS_AS(make_order_chain(path_table{}, {.order = 0}), input_error);
}

TEST_CASE("no journeys make a chain of the start alone, which has no probabilities", "[order_chain]") {
  const auto chain = make_order_chain(path_table{});
  CHECK(chain.size() == 1);
  CHECK(chain.journeys() == 0.0);
  CHECK_THROWS_AS(chain.to_absorbing(), input_error);
}

TEST_CASE("a path longer than any window tree could recurse", "[order_chain]") {
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) {
    texts.push_back("step " + std::to_string(i % 37) + std::to_string(i % 2));
  }
  const names path(texts.begin(), texts.end());
  path_table paths;
  paths.add(path, 1, 1);
  const auto chain = make_order_chain(paths, {.order = 1000});
  CHECK(chain.size() == 2);
  CHECK(chain.window(1).size() == 1000);
  CHECK(make_order_chain(paths, {.order = 4}).size() == 1 + 74);
}
