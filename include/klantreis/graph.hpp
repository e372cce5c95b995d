// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/graph/graph_traits.hpp>
#include <boost/graph/properties.hpp>
#include <boost/iterator/counting_iterator.hpp>
#include <boost/iterator/transform_iterator.hpp>
#include <boost/property_map/property_map.hpp>

#include "klantreis/core.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/table.hpp"
#include "klantreis/transitions.hpp"

namespace klantreis {

/// A transition as Boost.Graph knows it: where it comes from, where it goes, and its number.
struct journey_edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::size_t index = 0;
  friend bool operator==(const journey_edge&, const journey_edge&) = default;
};

/// Journeys as a weighted state graph.
///
/// Vertices are the states that occur: `(start)`, the items by visits, `(conversion)`, `(null)`, `(end)`. Edges are the
/// transitions, in compressed sparse rows, the heaviest of each vertex first:
///
///     vertices   0 (start)   1 product   2 cart   3 (conversion)   4 (null)
///     offsets    0           1           3        5                5          5
///     targets    1           2  4        3  4
///     weights    9           6  3        4  2
///
/// A model of the Boost.Graph concepts VertexListGraph, EdgeListGraph, BidirectionalGraph and AdjacencyGraph (and so of
/// IncidenceGraph), so that Boost's algorithms run on it. Property maps: `vertex_index`, `vertex_name`, `edge_index`,
/// `edge_weight` (the count), `edge_probability`, and `edge_cost`, which is −ln of the probability: the shortest path
/// by cost is the likeliest.
///
/// Rules: the numbers of the edges are the rows of `transitions(counts)`; no edge twice; every weight is positive; the
/// probabilities of the edges that leave a vertex add up to 1.
class journey_graph {
 public:
  using vertex = std::uint32_t;

  journey_graph() = default;
  explicit journey_graph(const transition_counts& counts, const interval_options& options = {}, unsigned threads = 0);

  [[nodiscard]] std::size_t states() const noexcept { return names_.size(); }
  [[nodiscard]] std::size_t transitions() const noexcept { return edges_.size(); }

  [[nodiscard]] std::string_view name(vertex at) const noexcept { return names_[at]; }
  /// \throws input_error when the graph has no such state; the message names those that come near.
  [[nodiscard]] vertex vertex_of(std::string_view name) const;
  [[nodiscard]] std::optional<vertex> find(std::string_view name) const noexcept { return names_.find(name); }

  [[nodiscard]] const journey_edge& edge(std::size_t index) const noexcept { return edges_[index]; }
  /// Numbers of the edges that leave `at`.
  [[nodiscard]] index_range out(vertex at) const noexcept { return {offsets_[at], offsets_[at + 1]}; }
  /// Numbers of the edges that enter `at`.
  [[nodiscard]] std::span<const std::size_t> in(vertex at) const noexcept {
    return std::span{in_edges_}.subspan(in_offsets_[at], in_offsets_[at + 1] - in_offsets_[at]);
  }

  [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }
  [[nodiscard]] std::span<const double> probabilities() const noexcept { return probabilities_; }
  /// −ln of the probabilities.
  [[nodiscard]] std::span<const double> costs() const noexcept { return costs_; }

  /// `state, visits, n, share`, a row for each vertex.
  [[nodiscard]] const table& nodes() const noexcept { return node_table_; }
  /// What `transitions(counts)` returns, a row for each edge.
  [[nodiscard]] const table& edge_table() const noexcept { return edge_table_; }

 private:
  name_table names_;
  std::vector<std::size_t> offsets_{0};
  std::vector<journey_edge> edges_;
  std::vector<std::size_t> in_offsets_{0};
  std::vector<std::size_t> in_edges_;
  std::vector<double> weights_;
  std::vector<double> probabilities_;
  std::vector<double> costs_;
  table node_table_;
  table edge_table_;

 public:
  // What Boost.Graph asks for.
  struct edge_at {
    const journey_graph* graph = nullptr;
    journey_edge operator()(std::size_t index) const { return graph->edges_[index]; }
  };
  struct target_at {
    const journey_graph* graph = nullptr;
    vertex operator()(std::size_t index) const { return graph->edges_[index].to; }
  };
  struct traversal_category : boost::bidirectional_graph_tag,
                              boost::adjacency_graph_tag,
                              boost::vertex_list_graph_tag,
                              boost::edge_list_graph_tag {};
  using vertex_descriptor = vertex;
  using edge_descriptor = journey_edge;
  using directed_category = boost::bidirectional_tag;
  using edge_parallel_category = boost::disallow_parallel_edge_tag;
  using vertices_size_type = std::size_t;
  using edges_size_type = std::size_t;
  using degree_size_type = std::size_t;
  using vertex_iterator = boost::counting_iterator<vertex>;
  using edge_iterator = boost::transform_iterator<edge_at, boost::counting_iterator<std::size_t>>;
  using out_edge_iterator = edge_iterator;
  using in_edge_iterator = boost::transform_iterator<edge_at, const std::size_t*>;
  using adjacency_iterator = boost::transform_iterator<target_at, boost::counting_iterator<std::size_t>>;

  [[nodiscard]] static vertex null_vertex() noexcept { return (std::numeric_limits<vertex>::max)(); }
};

[[nodiscard]] inline std::size_t num_vertices(const journey_graph& graph) noexcept { return graph.states(); }
[[nodiscard]] inline std::size_t num_edges(const journey_graph& graph) noexcept { return graph.transitions(); }

[[nodiscard]] inline std::pair<journey_graph::vertex_iterator, journey_graph::vertex_iterator> vertices(
    const journey_graph& graph) {
  return {journey_graph::vertex_iterator{0},
          journey_graph::vertex_iterator{static_cast<journey_graph::vertex>(graph.states())}};
}

namespace detail {

template <typename Iterator, typename Function>
[[nodiscard]] std::pair<Iterator, Iterator> edge_iterators(const journey_graph& graph, std::size_t begin,
                                                           std::size_t end) {
  using index = boost::counting_iterator<std::size_t>;
  return {Iterator{index{begin}, Function{&graph}}, Iterator{index{end}, Function{&graph}}};
}

}  // namespace detail

[[nodiscard]] inline std::pair<journey_graph::edge_iterator, journey_graph::edge_iterator> edges(
    const journey_graph& graph) {
  return detail::edge_iterators<journey_graph::edge_iterator, journey_graph::edge_at>(graph, 0, graph.transitions());
}
[[nodiscard]] inline std::pair<journey_graph::out_edge_iterator, journey_graph::out_edge_iterator> out_edges(
    journey_graph::vertex at, const journey_graph& graph) {
  return detail::edge_iterators<journey_graph::out_edge_iterator, journey_graph::edge_at>(graph, graph.out(at).begin,
                                                                                          graph.out(at).end);
}
[[nodiscard]] inline std::pair<journey_graph::adjacency_iterator, journey_graph::adjacency_iterator> adjacent_vertices(
    journey_graph::vertex at, const journey_graph& graph) {
  return detail::edge_iterators<journey_graph::adjacency_iterator, journey_graph::target_at>(graph, graph.out(at).begin,
                                                                                             graph.out(at).end);
}
[[nodiscard]] inline std::pair<journey_graph::in_edge_iterator, journey_graph::in_edge_iterator> in_edges(
    journey_graph::vertex at, const journey_graph& graph) {
  const auto in = graph.in(at);
  const journey_graph::edge_at function{&graph};
  return {journey_graph::in_edge_iterator{in.data(), function},
          journey_graph::in_edge_iterator{in.data() + in.size(), function}};
}
[[nodiscard]] inline journey_graph::vertex source(const journey_edge& edge, const journey_graph&) noexcept {
  return edge.from;
}
[[nodiscard]] inline journey_graph::vertex target(const journey_edge& edge, const journey_graph&) noexcept {
  return edge.to;
}
[[nodiscard]] inline std::size_t out_degree(journey_graph::vertex at, const journey_graph& graph) noexcept {
  return graph.out(at).end - graph.out(at).begin;
}
[[nodiscard]] inline std::size_t in_degree(journey_graph::vertex at, const journey_graph& graph) noexcept {
  return graph.in(at).size();
}
[[nodiscard]] inline std::size_t degree(journey_graph::vertex at, const journey_graph& graph) noexcept {
  return out_degree(at, graph) + in_degree(at, graph);
}

/// The tag of the property map of transition probabilities: `get(klantreis::edge_probability, graph)`.
struct edge_probability_t {
  using kind = boost::edge_property_tag;
};
inline constexpr edge_probability_t edge_probability{};

/// The tag of the property map of −ln probabilities.
struct edge_cost_t {
  using kind = boost::edge_property_tag;
};
inline constexpr edge_cost_t edge_cost{};

/// A number for each edge, as Boost.Graph reads it.
class edge_number_map : public boost::put_get_helper<double, edge_number_map> {
 public:
  using key_type = journey_edge;
  using value_type = double;
  using reference = double;
  using category = boost::readable_property_map_tag;

  edge_number_map() = default;
  explicit edge_number_map(std::span<const double> values) noexcept : values_(values) {}
  [[nodiscard]] double operator[](const journey_edge& edge) const noexcept { return values_[edge.index]; }

 private:
  std::span<const double> values_;
};

/// The number of each edge.
class edge_index_map : public boost::put_get_helper<std::size_t, edge_index_map> {
 public:
  using key_type = journey_edge;
  using value_type = std::size_t;
  using reference = std::size_t;
  using category = boost::readable_property_map_tag;

  [[nodiscard]] std::size_t operator[](const journey_edge& edge) const noexcept { return edge.index; }
};

/// The name of each vertex.
class vertex_name_map : public boost::put_get_helper<std::string_view, vertex_name_map> {
 public:
  using key_type = journey_graph::vertex;
  using value_type = std::string_view;
  using reference = std::string_view;
  using category = boost::readable_property_map_tag;

  vertex_name_map() = default;
  explicit vertex_name_map(const journey_graph& graph) noexcept : graph_(&graph) {}
  [[nodiscard]] std::string_view operator[](journey_graph::vertex at) const noexcept { return graph_->name(at); }

 private:
  const journey_graph* graph_ = nullptr;
};

using vertex_index_map = boost::typed_identity_property_map<journey_graph::vertex>;

[[nodiscard]] inline vertex_index_map get(boost::vertex_index_t, const journey_graph&) noexcept { return {}; }
[[nodiscard]] inline vertex_name_map get(boost::vertex_name_t, const journey_graph& graph) noexcept {
  return vertex_name_map{graph};
}
[[nodiscard]] inline edge_index_map get(boost::edge_index_t, const journey_graph&) noexcept { return {}; }
[[nodiscard]] inline edge_number_map get(boost::edge_weight_t, const journey_graph& graph) noexcept {
  return edge_number_map{graph.weights()};
}
[[nodiscard]] inline edge_number_map get(edge_probability_t, const journey_graph& graph) noexcept {
  return edge_number_map{graph.probabilities()};
}
[[nodiscard]] inline edge_number_map get(edge_cost_t, const journey_graph& graph) noexcept {
  return edge_number_map{graph.costs()};
}
template <typename Tag, typename Key>
[[nodiscard]] auto get(Tag tag, const journey_graph& graph, const Key& key) noexcept {
  return get(tag, graph)[key];
}

/// The states that every path from `from` to `to` passes, in the order in which it does; without these two themselves.
///
/// They are the dominators of `to`. Their removal effect is 1: taking one away leaves no way. Empty when there is no
/// path at all. Linear in the size of the graph.
[[nodiscard]] std::vector<journey_graph::vertex> dominators(const journey_graph& graph, journey_graph::vertex from,
                                                            journey_graph::vertex to);
/// \throws input_error when the graph lacks one of the states. An end state that does not occur has no dominators.
[[nodiscard]] std::vector<std::string> dominators(const journey_graph& graph, std::string_view from = start_state,
                                                  std::string_view to = conversion_state);

/// True when there is a path from `from` to `to`; from a state to itself there always is.
[[nodiscard]] bool reaches(const journey_graph& graph, journey_graph::vertex from, journey_graph::vertex to);
[[nodiscard]] bool reaches(const journey_graph& graph, std::string_view from, std::string_view to);

/// The strongly connected component of each vertex, numbered in the order of the vertices: states of the same number
/// can be reached from each other, so journeys can go round among them.
[[nodiscard]] std::vector<std::size_t> strong_components(const journey_graph& graph);

/// An edge of a flow network. `capacity` is a whole number of 0 or more.
struct flow_edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::int64_t capacity = 0;
};

/// A maximum flow, and the cut that proves it: no more can pass than the edges from the source's side carry.
struct flow_cut {
  std::int64_t flow = 0;
  std::vector<bool> source_side = {};  ///< by vertex; the smallest such set
};

/// The maximum flow from `source` to `sink` (push-relabel: Goldberg and Tarjan 1988, doi:10.1145/48014.61051).
/// \throws input_error when a vertex is out of range, a capacity negative, or source and sink are one.
[[nodiscard]] flow_cut maximum_flow(std::size_t vertices, std::span<const flow_edge> edges, std::uint32_t source,
                                    std::uint32_t sink);

/// The fewest states that every path from `from` to `to` passes one of; of several such sets the one nearest to `from`.
///
/// Nothing when a transition leads straight from `from` to `to`, or they are one: then no states separate them. Empty
/// when there is no path at all. A dominator is such a set by itself. Source: Menger's theorem, with each state as an
/// edge of capacity 1.
[[nodiscard]] std::optional<std::vector<journey_graph::vertex>> minimum_cut(const journey_graph& graph,
                                                                            journey_graph::vertex from,
                                                                            journey_graph::vertex to);
/// \throws input_error when the graph lacks one of the states. To an end state that does not occur there is no path.
[[nodiscard]] std::optional<std::vector<std::string>> minimum_cut(const journey_graph& graph,
                                                                  std::string_view from = start_state,
                                                                  std::string_view to = conversion_state);

/// The graph in the DOT language of Graphviz.
[[nodiscard]] std::string to_dot(const journey_graph& graph);
/// The graph as GraphML (XML 1.0), with all numbers of nodes and edges.
[[nodiscard]] std::string to_graphml(const journey_graph& graph);
/// The graph as a Mermaid flowchart.
[[nodiscard]] std::string to_mermaid(const journey_graph& graph);
/// `{"nodes": [{"state", "visits", …}], "edges": [{"from", "to", "weight", …}]}`: the rows of both tables. Safe inside
/// a script element of HTML.
[[nodiscard]] std::string to_json(const journey_graph& graph);

}  // namespace klantreis

namespace boost {

template <>
struct property_map<klantreis::journey_graph, vertex_index_t> {
  using type = klantreis::vertex_index_map;
  using const_type = type;
};
template <>
struct property_map<klantreis::journey_graph, vertex_name_t> {
  using type = klantreis::vertex_name_map;
  using const_type = type;
};
template <>
struct property_map<klantreis::journey_graph, edge_index_t> {
  using type = klantreis::edge_index_map;
  using const_type = type;
};
template <>
struct property_map<klantreis::journey_graph, edge_weight_t> {
  using type = klantreis::edge_number_map;
  using const_type = type;
};
template <>
struct property_map<klantreis::journey_graph, klantreis::edge_probability_t> {
  using type = klantreis::edge_number_map;
  using const_type = type;
};
template <>
struct property_map<klantreis::journey_graph, klantreis::edge_cost_t> {
  using type = klantreis::edge_number_map;
  using const_type = type;
};

}  // namespace boost

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/graph.ipp"
#endif
