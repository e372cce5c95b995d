// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "klantreis/graph.hpp"

using namespace klantreis;
using Catch::Matchers::ContainsSubstring;

namespace {

using texts = std::vector<std::string>;

bool separates(const journey_graph& graph, const texts& gone, std::string_view from, std::string_view to) {
  std::vector<bool> seen(graph.states(), false);
  std::vector<journey_graph::vertex> waiting{graph.vertex_of(from)};
  seen[waiting.front()] = true;
  while (!waiting.empty()) {
    const auto at = waiting.back();
    waiting.pop_back();
    for (std::size_t index = graph.out(at).begin; index < graph.out(at).end; ++index) {
      const auto next = graph.edge(index).to;
      if (!seen[next] && std::find(gone.begin(), gone.end(), graph.name(next)) == gone.end()) {
        seen[next] = true;
        waiting.push_back(next);
      }
    }
  }
  return !seen[graph.vertex_of(to)];
}

}  // namespace

TEST_CASE("the maximum flow and the cut are those of the textbook", "[graph]") {
  // Cormen, Leiserson, Rivest and Stein, figure 26.1: s, v1 … v4, t. Flow 23, cut {s, v1, v2, v4} | {v3, t}.
  const std::vector<flow_edge> edges{{0, 1, 16}, {0, 2, 13}, {1, 3, 12}, {2, 1, 4}, {2, 4, 14},
                                     {3, 2, 9},  {3, 5, 20}, {4, 3, 7},  {4, 5, 4}};
  const flow_cut found = maximum_flow(6, edges, 0, 5);
  CHECK(found.flow == 23);
  CHECK(found.source_side == std::vector<bool>{true, true, true, false, true, false});
  CHECK_THROWS_WITH(maximum_flow(6, edges, 0, 0), ContainsSubstring("two different ends"));
  const std::vector<flow_edge> wrong{{0, 9, 1}};
  CHECK_THROWS_WITH(maximum_flow(6, wrong, 0, 5), ContainsSubstring("leads out of the network"));
}

TEST_CASE("the smallest cut has no smaller rival, on random graphs", "[graph]") {
  std::mt19937 random{11};
  for (int trial = 0; trial < 60; ++trial) {
    const std::size_t items = 3 + random() % 4;
    texts names{"(start)"};
    for (std::size_t i = 0; i < items; ++i) {
      names.push_back("item " + std::to_string(i));
    }
    names.emplace_back("(conversion)");
    std::vector<named_transition> transitions{{names[0], names[1], 1.0}, {names[items], "(conversion)", 1.0}};
    for (std::size_t i = 0; i <= items; ++i) {
      for (std::size_t j = 1; j < names.size(); ++j) {
        if (i != j && random() % 3 == 0 && !(i == 0 && j + 1 == names.size())) {
          transitions.push_back({names[i], names[j], 1.0});
        }
      }
    }
    const journey_graph graph(transition_counts::from_edges(transitions));
    const auto cut = minimum_cut(graph);
    REQUIRE(cut.has_value());
    CHECK(separates(graph, *cut, "(start)", "(conversion)"));
    for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << items); ++bits) {
      texts gone;
      for (std::size_t i = 0; i < items; ++i) {
        if ((bits >> i & 1U) != 0) {
          gone.push_back(names[i + 1]);
        }
      }
      if (gone.size() < cut->size()) {
        CHECK_FALSE(separates(graph, gone, "(start)", "(conversion)"));
      }
    }
    // A single state that every path passes is a cut by itself.
    CHECK((cut->size() == 1) == !dominators(graph).empty());
  }
}

TEST_CASE("without a state between start and conversion there is no cut", "[graph]") {
  const std::vector<named_transition> direct{
      {"(start)", "a", 1.0}, {"a", "(conversion)", 1.0}, {"(start)", "(conversion)", 1.0}};
  CHECK_FALSE(minimum_cut(journey_graph(transition_counts::from_edges(direct))).has_value());
  const std::vector<named_transition> never{{"(start)", "a", 1.0}, {"a", "(null)", 1.0}};
  const auto none = minimum_cut(journey_graph(transition_counts::from_edges(never)));
  REQUIRE(none.has_value());
  CHECK(none->empty());
}
