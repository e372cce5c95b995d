// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>

#include "klantreis/graph.hpp"

namespace klantreis {
namespace detail {

using flow_traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
using flow_network = boost::adjacency_list<
    boost::vecS, boost::vecS, boost::directedS, boost::no_property,
    boost::property<boost::edge_capacity_t, std::int64_t,
                    boost::property<boost::edge_residual_capacity_t, std::int64_t,
                                    boost::property<boost::edge_reverse_t, flow_traits::edge_descriptor>>>>;

}  // namespace detail

KLANTREIS_INLINE flow_cut maximum_flow(std::size_t vertices, std::span<const flow_edge> edges, std::uint32_t source,
                                       std::uint32_t sink) {
  if (source >= vertices || sink >= vertices || source == sink) {
    throw input_error("a flow needs two different ends among " + std::to_string(vertices) + " vertices; it goes from " +
                      std::to_string(source) + " to " + std::to_string(sink));
  }
  detail::flow_network network(vertices);
  const auto capacity = boost::get(boost::edge_capacity, network);
  const auto reverse = boost::get(boost::edge_reverse, network);
  for (const flow_edge& edge : edges) {
    if (edge.from >= vertices || edge.to >= vertices || edge.capacity < 0) {
      throw input_error("the edge from " + std::to_string(edge.from) + " to " + std::to_string(edge.to) +
                        " with capacity " + std::to_string(edge.capacity) +
                        " leads out of the network, or has a negative capacity");
    }
    const auto there = boost::add_edge(edge.from, edge.to, network).first;
    const auto back = boost::add_edge(edge.to, edge.from, network).first;
    boost::put(capacity, there, edge.capacity);
    boost::put(capacity, back, std::int64_t{0});
    boost::put(reverse, there, back);
    boost::put(reverse, back, there);
  }
  flow_cut result;
  result.flow = boost::push_relabel_max_flow(network, source, sink);
  result.source_side.assign(vertices, false);
  result.source_side[source] = true;
  const auto residual = boost::get(boost::edge_residual_capacity, network);
  std::vector<std::size_t> waiting{source};
  while (!waiting.empty()) {
    const std::size_t at = waiting.back();
    waiting.pop_back();
    const auto [first, last] = boost::out_edges(at, network);
    for (auto edge = first; edge != last; ++edge) {
      const std::size_t next = boost::target(*edge, network);
      if (boost::get(residual, *edge) > 0 && !result.source_side[next]) {
        result.source_side[next] = true;
        waiting.push_back(next);
      }
    }
  }
  return result;
}

KLANTREIS_INLINE std::optional<std::vector<journey_graph::vertex>> minimum_cut(const journey_graph& graph,
                                                                               journey_graph::vertex from,
                                                                               journey_graph::vertex to) {
  if (from == to) {
    return std::nullopt;
  }
  // State v becomes the edge 2v → 2v + 1.
  const auto states = static_cast<std::uint32_t>(graph.states());
  const std::int64_t unlimited = std::int64_t{states} + 1;
  std::vector<flow_edge> edges;
  for (std::uint32_t state = 0; state < states; ++state) {
    edges.push_back({2 * state, 2 * state + 1, state == from || state == to ? unlimited : 1});
  }
  for (std::size_t index = 0; index < graph.transitions(); ++index) {
    const journey_edge& edge = graph.edge(index);
    if (edge.from == from && edge.to == to) {
      return std::nullopt;
    }
    edges.push_back({2 * edge.from + 1, 2 * edge.to, unlimited});
  }
  const flow_cut found = maximum_flow(2 * graph.states(), edges, 2 * from, 2 * to + 1);
  std::vector<journey_graph::vertex> cut;
  for (std::uint32_t state = 0; state < states; ++state) {
    if (found.source_side[2 * state] && !found.source_side[2 * state + 1]) {
      cut.push_back(state);
    }
  }
  return cut;
}

KLANTREIS_INLINE std::optional<std::vector<std::string>> minimum_cut(const journey_graph& graph, std::string_view from,
                                                                     std::string_view to) {
  std::vector<std::string> names;
  const auto target = graph.find(to);
  if (!target && is_reserved_name(to)) {
    return names;
  }
  const auto cut = minimum_cut(graph, graph.vertex_of(from), graph.vertex_of(to));
  if (!cut) {
    return std::nullopt;
  }
  for (const journey_graph::vertex state : *cut) {
    names.emplace_back(graph.name(state));
  }
  return names;
}

}  // namespace klantreis
