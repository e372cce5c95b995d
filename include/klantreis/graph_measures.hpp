// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "klantreis/graph.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// How long a transition is, where paths are measured.
enum class edge_length : std::uint8_t {
  steps,     ///< 1 each
  surprise,  ///< −ln of the probability: the shortest path is the likeliest; 1e-9 where the probability is 1
  rarity     ///< 1 / weight: what many customers do is near
};

/// The length called `name`: `steps`, `surprise` or `rarity`.
/// \throws input_error when there is none; the message lists those that exist.
[[nodiscard]] edge_length to_edge_length(std::string_view name);
[[nodiscard]] std::string_view to_text(edge_length length) noexcept;

/// The length of each transition, by the numbers of the edges.
[[nodiscard]] std::vector<double> edge_lengths(const journey_graph& graph, edge_length length);

/// By vertex, the share of the pairs of other states whose shortest path passes it; of several shortest paths each
/// counts in part. Source: Brandes 2001, doi:10.1080/0022250X.2001.9990249, divided by (states − 1)(states − 2).
[[nodiscard]] std::vector<double> betweenness(const journey_graph& graph, edge_length length = edge_length::surprise);

/// By vertex, how much of the time a walker spends there who follows transitions by their weights, and with probability
/// 1 − `damping`, as well as at the end of a journey, begins anew at any state. Adds up to 1.
/// Source: Brin and Page 1998, doi:10.1016/S0169-7552(98)00110-X. \throws input_error unless 0 ≤ damping < 1.
[[nodiscard]] std::vector<double> page_rank(const journey_graph& graph, double damping = 0.85);

/// The part of the graph of each vertex, numbered in the order of the vertices: states of different parts are joined by
/// no transitions, whichever way.
[[nodiscard]] std::vector<std::size_t> weak_components(const journey_graph& graph);

/// A path that passes no state twice.
struct simple_path {
  std::vector<journey_graph::vertex> states = {};
  double length = 0.0;
};

/// The `count` shortest simple paths, shortest first; paths of equal length (to 1e-12) by the names along them.
/// Source: Yen 1971, doi:10.1287/mnsc.17.11.712.
[[nodiscard]] std::vector<simple_path> shortest_simple_paths(const journey_graph& graph, journey_graph::vertex from,
                                                             journey_graph::vertex to, std::size_t count,
                                                             edge_length length = edge_length::surprise);

/// The number of a state that is in no community.
inline constexpr std::size_t no_community = static_cast<std::size_t>(-1);

/// Touchpoints between which customers go to and fro, by vertex: communities of the greatest modularity that joining
/// finds, numbered in the order of the vertices; start and end states belong to none. Repeats do not count.
/// Source: Clauset, Newman and Moore 2004, doi:10.1103/PhysRevE.70.066111, on the sum of the weights of both ways.
/// \throws limit_error when there are more than `most_community_states` states.
[[nodiscard]] std::vector<std::size_t> communities(const journey_graph& graph);
inline constexpr std::size_t most_community_states = 5'000;

/// The share of the transitions within communities, less what chance would give: Newman and Girvan 2004,
/// doi:10.1103/PhysRevE.69.026113. Null without transitions between touchpoints.
[[nodiscard]] double modularity(const journey_graph& graph, const std::vector<std::size_t>& communities);

/// One row for each state, in the order of the vertices: `state, visits, n, betweenness, page_rank, part, loop,
/// community`. `part` and `loop` number weak and strong components from 1; `loop` and `community` are 0 where a state
/// cannot be returned to by way of others, and where it is no touchpoint.
[[nodiscard]] table graph_measures(const journey_graph& graph, edge_length length = edge_length::surprise,
                                   double damping = 0.85);

/// `rank, path, length, probability`: the shortest simple paths with the probability of going exactly that way.
/// \throws input_error when the graph lacks one of the states.
[[nodiscard]] table shortest_paths(const journey_graph& graph, std::string_view from, std::string_view to,
                                   std::size_t count, edge_length length = edge_length::surprise);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/graph_measures.ipp"
#endif
