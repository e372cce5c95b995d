// SPDX-License-Identifier: MIT
#include "klantreis/graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <boost/concept/assert.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/graph/dominator_tree.hpp>
#include <boost/graph/graph_concepts.hpp>
#include <boost/graph/strong_components.hpp>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "klantreis/detail/escape.hpp"

using klantreis::journey_graph;
using klantreis::named_transition;
using klantreis::transition_counts;

namespace {

using vertex = journey_graph::vertex;

BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<journey_graph>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<journey_graph>));
BOOST_CONCEPT_ASSERT((boost::IncidenceGraphConcept<journey_graph>));
BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<journey_graph>));
BOOST_CONCEPT_ASSERT((boost::AdjacencyGraphConcept<journey_graph>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<journey_graph, vertex, boost::vertex_index_t>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<journey_graph, vertex, boost::vertex_name_t>));
BOOST_CONCEPT_ASSERT(
    (boost::ReadablePropertyGraphConcept<journey_graph, klantreis::journey_edge, boost::edge_index_t>));
BOOST_CONCEPT_ASSERT(
    (boost::ReadablePropertyGraphConcept<journey_graph, klantreis::journey_edge, boost::edge_weight_t>));
BOOST_CONCEPT_ASSERT(
    (boost::ReadablePropertyGraphConcept<journey_graph, klantreis::journey_edge, klantreis::edge_probability_t>));
BOOST_CONCEPT_ASSERT(
    (boost::ReadablePropertyGraphConcept<journey_graph, klantreis::journey_edge, klantreis::edge_cost_t>));

journey_graph graph_of(const std::vector<named_transition>& edges) {
  return journey_graph{transition_counts::from_edges(edges)};
}

// Awareness, consideration, cart and checkout of a web shop, a thousand visits each.
journey_graph webshop() {
  return graph_of({{"(start)", "awareness", 1000},
                   {"awareness", "awareness", 100},
                   {"awareness", "consideration", 400},
                   {"awareness", "(null)", 500},
                   {"consideration", "awareness", 100},
                   {"consideration", "consideration", 300},
                   {"consideration", "cart", 200},
                   {"consideration", "(null)", 400},
                   {"cart", "consideration", 200},
                   {"cart", "cart", 100},
                   {"cart", "checkout", 400},
                   {"cart", "(null)", 300},
                   {"checkout", "cart", 100},
                   {"checkout", "(conversion)", 700},
                   {"checkout", "(null)", 200}});
}

// The flow graph of Lengauer and Tarjan 1979, figure 1.
journey_graph lengauer_tarjan() {
  std::vector<named_transition> edges;
  for (const std::string_view edge : {"RA", "RB", "RC", "AD", "BA", "BD", "BE", "CF", "CG", "DL", "EH",
                                      "FI", "GI", "GJ", "HE", "HK", "IK", "JI", "KR", "KI", "LH"}) {
    edges.push_back({edge.substr(0, 1), edge.substr(1, 1)});
  }
  return graph_of(edges);
}

std::vector<vertex> boost_dominator_tree(const journey_graph& graph, vertex root) {
  // The short form of the call takes states that cannot be reached for the root (boostorg/graph, pull request 97); the
  // long form lets the caller mark them.
  const std::size_t size = num_vertices(graph);
  const auto index = get(boost::vertex_index, graph);
  std::vector<std::size_t> number(size, std::numeric_limits<std::size_t>::max());
  std::vector<vertex> tree_parent(size, journey_graph::null_vertex());
  std::vector<vertex> by_number(size, journey_graph::null_vertex());
  std::vector<vertex> parent(size, journey_graph::null_vertex());
  boost::lengauer_tarjan_dominator_tree(graph, root, index, boost::make_iterator_property_map(number.begin(), index),
                                        boost::make_iterator_property_map(tree_parent.begin(), index), by_number,
                                        boost::make_iterator_property_map(parent.begin(), index));
  return parent;
}

}  // namespace

TEST_CASE("edges are the rows of the transitions, and both ends of each are found", "[graph]") {
  const auto graph = webshop();
  REQUIRE(graph.states() == 7);
  CHECK(graph.name(0) == "(start)");
  CHECK(graph.name(5) == "(conversion)");
  CHECK(graph.name(6) == "(null)");
  const auto& from = graph.edge_table().texts("from");
  const auto& to = graph.edge_table().texts("to");
  REQUIRE(graph.transitions() == from.size());
  REQUIRE(graph.transitions() == 15);
  for (std::size_t i = 0; i < graph.transitions(); ++i) {
    CHECK(graph.name(graph.edge(i).from) == from[i]);
    CHECK(graph.name(graph.edge(i).to) == to[i]);
  }
  std::size_t in = 0;
  std::size_t out = 0;
  for (auto [at, last] = vertices(graph); at != last; ++at) {
    double sum = 0.0;
    double before = std::numeric_limits<double>::infinity();
    for (auto [edge, end] = out_edges(*at, graph); edge != end; ++edge) {
      CHECK(source(*edge, graph) == *at);
      sum += get(klantreis::edge_probability, graph, *edge);
      CHECK(get(boost::edge_weight, graph, *edge) <= before);
      before = get(boost::edge_weight, graph, *edge);
      CHECK(get(klantreis::edge_cost, graph, *edge) ==
            Catch::Approx(-std::log(get(klantreis::edge_probability, graph, *edge))));
    }
    CHECK((out_degree(*at, graph) == 0 || sum == Catch::Approx(1.0)));
    for (auto [edge, end] = in_edges(*at, graph); edge != end; ++edge) {
      CHECK(target(*edge, graph) == *at);
      ++in;
    }
    for (auto [next, end] = adjacent_vertices(*at, graph); next != end; ++next) {
      ++out;
    }
    CHECK(degree(*at, graph) == in_degree(*at, graph) + out_degree(*at, graph));
  }
  CHECK(in == graph.transitions());
  CHECK(out == graph.transitions());
  CHECK_FALSE(std::signbit(graph.costs()[0]));
}

TEST_CASE("the shortest path by cost is the likeliest journey to a conversion", "[graph]") {
  const auto graph = webshop();
  const vertex start = graph.vertex_of("(start)");
  const vertex goal = graph.vertex_of("(conversion)");
  std::vector<double> distance(graph.states());
  std::vector<vertex> parent(graph.states());
  boost::dijkstra_shortest_paths(
      graph, start,
      boost::weight_map(get(klantreis::edge_cost, graph))
          .distance_map(boost::make_iterator_property_map(distance.begin(), get(boost::vertex_index, graph)))
          .predecessor_map(boost::make_iterator_property_map(parent.begin(), get(boost::vertex_index, graph))));
  // .4 of awareness go to consideration, .2 on to the cart, .4 on to checkout, .7 of those buy.
  CHECK(std::exp(-distance[goal]) == Catch::Approx(0.0224).epsilon(1e-12));
  std::vector<std::string> path;
  for (vertex at = goal; at != start; at = parent[at]) {
    path.insert(path.begin(), std::string{graph.name(at)});
  }
  CHECK(path == std::vector<std::string>{"awareness", "consideration", "cart", "checkout", "(conversion)"});
}

TEST_CASE("strongly connected components are the loops journeys can go round in", "[graph]") {
  const auto graph = webshop();
  const auto component = klantreis::strong_components(graph);
  const auto of = [&](std::string_view name) { return component[graph.vertex_of(name)]; };
  CHECK(of("awareness") == of("checkout"));
  CHECK(of("awareness") == of("cart"));
  CHECK(std::set<std::size_t>(component.begin(), component.end()) == std::set<std::size_t>{0, 1, 2, 3});
  CHECK(of("(start)") == 0);

  // Straight from Boost the partition is the same.
  std::vector<std::size_t> direct(graph.states());
  const std::size_t count = boost::strong_components(
      graph, boost::make_iterator_property_map(direct.begin(), get(boost::vertex_index, graph)));
  CHECK(count == 4);
  for (vertex a = 0; a < graph.states(); ++a) {
    for (vertex b = 0; b < graph.states(); ++b) {
      CHECK((direct[a] == direct[b]) == (component[a] == component[b]));
    }
  }
}

TEST_CASE("Boost's dominator tree runs on the graph and gives the published answer", "[graph]") {
  const auto graph = lengauer_tarjan();
  const vertex root = graph.vertex_of("R");
  const auto parent = boost_dominator_tree(graph, root);
  const std::map<std::string, std::string> published{{"A", "R"}, {"B", "R"}, {"C", "R"}, {"D", "R"},
                                                     {"E", "R"}, {"F", "C"}, {"G", "C"}, {"H", "R"},
                                                     {"I", "R"}, {"J", "G"}, {"K", "R"}, {"L", "D"}};
  for (const auto& [state, dominator] : published) {
    INFO(state);
    CHECK(graph.name(parent[graph.vertex_of(state)]) == dominator);
    const auto passed = klantreis::dominators(graph, root, graph.vertex_of(state));
    CHECK((passed.empty() ? "R" : graph.name(passed.back())) == dominator);
  }
}

TEST_CASE("what every path to the conversion passes are its dominators", "[graph]") {
  const auto graph = webshop();
  CHECK(klantreis::dominators(graph, "awareness") == std::vector<std::string>{"consideration", "cart", "checkout"});
  CHECK(klantreis::dominators(graph) == std::vector<std::string>{"awareness", "consideration", "cart", "checkout"});
  CHECK(klantreis::dominators(graph, "(start)", "(null)") == std::vector<std::string>{"awareness"});
  CHECK(klantreis::dominators(graph, "cart", "cart").empty());
  // No path: nothing is passed. An end state that no journey reached is no error, a misspelt touchpoint is.
  CHECK(klantreis::dominators(graph, "(null)", "cart").empty());
  CHECK(klantreis::dominators(graph, "(start)", "(end)").empty());
  CHECK_THROWS_AS(klantreis::dominators(graph, "chekout"), klantreis::input_error);
  CHECK_FALSE(klantreis::reaches(graph, "(null)", "cart"));
  CHECK(klantreis::reaches(graph, "checkout", "awareness"));
  CHECK(klantreis::reaches(graph, "(null)", "(null)"));
  CHECK_FALSE(klantreis::reaches(graph, "(start)", "(end)"));
}

TEST_CASE("dominators agree with Lengauer and Tarjan on random graphs", "[graph]") {
  std::mt19937_64 random{7};
  std::size_t found = 0;
  for (int round = 0; round < 300; ++round) {
    const std::size_t size = 2 + random() % 12;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < size; ++i) {
      names.push_back("s" + std::to_string(i));
    }
    std::vector<named_transition> edges;
    for (std::size_t i = 0, count = size + random() % (2 * size); i < count; ++i) {
      edges.push_back({names[random() % size], names[random() % size]});
    }
    const auto graph = graph_of(edges);
    const auto root = static_cast<vertex>(random() % graph.states());
    const auto parent = boost_dominator_tree(graph, root);
    for (vertex to = 0; to < graph.states(); ++to) {
      std::vector<vertex> expected;
      if (to != root && parent[to] != journey_graph::null_vertex()) {
        for (vertex at = parent[to]; at != root; at = parent[at]) {
          expected.insert(expected.begin(), at);
        }
      }
      REQUIRE(klantreis::dominators(graph, root, to) == expected);
      REQUIRE(klantreis::reaches(graph, root, to) == (to == root || parent[to] != journey_graph::null_vertex()));
      found += expected.size();
    }
  }
  CHECK(found > 500);
}

TEST_CASE("a chain of half a million states that returns to its beginning needs no deep stack", "[graph]") {
  constexpr std::size_t size = 500'000;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < size; ++i) {
    names.push_back("s" + std::to_string(i));
  }
  std::vector<named_transition> edges;
  edges.push_back({"(start)", names[0]});
  for (std::size_t i = 0; i + 1 < size; ++i) {
    edges.push_back({names[i], names[i + 1]});
  }
  edges.push_back({names[size - 1], names[0]});
  edges.push_back({names[size - 1], "(conversion)"});
  const auto graph = graph_of(edges);
  CHECK(klantreis::dominators(graph, graph.vertex_of("(start)"), graph.vertex_of("(conversion)")).size() == size);
  const auto component = klantreis::strong_components(graph);
  CHECK(*std::max_element(component.begin(), component.end()) == 2);
}

TEST_CASE("exports of an ordinary graph read as expected", "[graph]") {
  const auto graph =
      graph_of({{"(start)", "product view", 3}, {"product view", "(conversion)", 1}, {"product view", "(null)", 2}});
  CHECK(to_dot(graph) ==
        "digraph journeys {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n"
        "  n0 [label=\"(start)\", shape=ellipse];\n  n1 [label=\"product view\"];\n"
        "  n2 [label=\"(conversion)\", shape=ellipse];\n  n3 [label=\"(null)\", shape=ellipse];\n"
        "  n0 -> n1 [label=\"3 (100 %)\", penwidth=5.00];\n"
        "  n1 -> n3 [label=\"2 (67 %)\", penwidth=3.67];\n"
        "  n1 -> n2 [label=\"1 (33 %)\", penwidth=2.33];\n}\n");
  CHECK(to_mermaid(graph) ==
        "flowchart LR\n  n0([\"(start)\"])\n  n1[\"product view\"]\n  n2([\"(conversion)\"])\n  n3([\"(null)\"])\n"
        "  n0 -->|\"3 (100 #37;)\"| n1\n  n1 -->|\"2 (67 #37;)\"| n3\n  n1 -->|\"1 (33 #37;)\"| n2\n");
  CHECK(to_graphml(graph).find("<node id=\"n1\"><data key=\"node_state\">product view</data>"
                               "<data key=\"node_visits\">3</data><data key=\"node_n\">3</data>"
                               "<data key=\"node_share\">1</data></node>") != std::string::npos);
  CHECK(to_json(graph).find("{\"state\": \"product view\", \"visits\": 3, \"n\": 3, \"share\": 1}") !=
        std::string::npos);
  CHECK(to_json(graph).find("\"median_time\": null}") != std::string::npos);
}

TEST_CASE("names mean only themselves in every format", "[graph]") {
  const std::string long_name(500, 'x');
  const std::vector<std::pair<std::string, std::string>> dot{
      {"a\"b", "a\\\"b"},
      {"a\\", "a\\\\"},
      {"a\\\"b", "a\\\\\\\"b"},
      {"a\nb", "a\\nb"},
      {"&lt;b", "&amp;lt;b"},
      {"\\N", "\\\\N"},
      {long_name, long_name},
      {"caf\xC3\xA9 \xF0\x9F\x98\x80", "caf\xC3\xA9 \xF0\x9F\x98\x80"},
      {"a\xFF", "a\xEF\xBF\xBD"},
      {std::string("a\0b", 3),
       "a\xEF\xBF\xBD"
       "b"}};
  for (const auto& [name, text] : dot) {
    CHECK(klantreis::detail::dot_text(name) == text);
  }
  CHECK(klantreis::detail::xml_text("<script>&'\"]]>\n\r\x01\xEF\xBF\xBF") ==
        "&lt;script&gt;&amp;'&quot;]]&gt;\n&#13;\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(klantreis::detail::mermaid_text("product_view") == "product_view");
  CHECK(klantreis::detail::mermaid_text("1. \"<b>\"#`x`\n%%{init}") ==
        "1#46; #34;#60;b#62;#34;#35;#96;x#96;<br/>#37;#37;#123;init#125;");
  CHECK(klantreis::detail::json_text("a\"\\</script>&\n\xE2\x80\xA8") ==
        "\"a\\\"\\\\\\u003c/script\\u003e\\u0026\\u000a\\u2028\"");
}

TEST_CASE("no bytes of a name break out of its quotes", "[graph]") {
  std::mt19937_64 random{11};
  const std::string alphabet = "\"\\\n\r<>&;#%`'{}[]|()/-_. aN\x01\x7F\x80\xC3\xA9\xE2\xF0\xED\xA0\xFF";
  for (int round = 0; round < 2000; ++round) {
    std::string name;
    for (std::size_t i = 0, length = random() % 12; i < length; ++i) {
      name += alphabet[random() % alphabet.size()];
    }
    const auto dot = klantreis::detail::dot_text(name);
    for (std::size_t i = 0; i < dot.size(); ++i) {
      REQUIRE(dot[i] != '"');
      REQUIRE(dot[i] != '\n');
      if (dot[i] == '\\') {
        ++i;
        REQUIRE(i < dot.size());
        REQUIRE((dot[i] == '"' || dot[i] == '\\' || dot[i] == 'n'));
      }
    }
    for (const auto& text : {klantreis::detail::xml_text(name), klantreis::detail::mermaid_text(name),
                             klantreis::detail::json_text(name), dot}) {
      std::string_view rest = text;
      while (!rest.empty()) {
        const auto before = rest;
        const char32_t c = klantreis::detail::next_character(rest);
        const bool literal = before.substr(0, 3) == "\xEF\xBF\xBD";
        REQUIRE((c != klantreis::detail::replacement_character || literal));
      }
    }
    REQUIRE(klantreis::detail::xml_text(name).find_first_of("<>\"") == std::string::npos);
    auto mermaid = klantreis::detail::mermaid_text(name);
    for (std::size_t at; (at = mermaid.find("<br/>")) != std::string::npos;) {
      mermaid.erase(at, 5);
    }
    REQUIRE(mermaid.find_first_of("\"<>`%{}[]|&\n\r\\") == std::string::npos);
    const auto json = klantreis::detail::json_text(name);
    REQUIRE(json.find_first_of("<>&\n\r") == std::string::npos);
  }
}

TEST_CASE("a graph without journeys is empty and still exports", "[graph]") {
  const journey_graph graph{transition_counts{}};
  CHECK(graph.states() == 0);
  CHECK(num_edges(graph) == 0);
  CHECK(klantreis::dominators(graph).empty());
  CHECK(klantreis::strong_components(graph).empty());
  CHECK(to_json(graph) ==
        "{\n  \"options\": {\"level\": \"0.95\", \"min_n\": \"30\"},\n  \"nodes\": [],\n  \"edges\": []\n}\n");
  CHECK(to_mermaid(graph) == "flowchart LR\n");
  CHECK_FALSE(to_graphml(graph).empty());
  CHECK_FALSE(to_dot(journey_graph{}).empty());
}
