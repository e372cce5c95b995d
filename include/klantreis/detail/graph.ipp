// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/graph/strong_components.hpp>

#include "klantreis/detail/graph/cut.ipp"
#include "klantreis/detail/graph/export.ipp"
#include "klantreis/graph.hpp"

namespace klantreis {

namespace detail {

/// Marks what can be reached from `from`, stopping at `to`.
inline std::vector<bool> reachable(const journey_graph& graph, journey_graph::vertex from, journey_graph::vertex to) {
  std::vector<bool> seen(graph.states(), false);
  std::vector<journey_graph::vertex> waiting{from};
  seen[from] = true;
  while (!waiting.empty() && !seen[to]) {
    const auto at = waiting.back();
    waiting.pop_back();
    for (std::size_t index = graph.out(at).begin; index < graph.out(at).end; ++index) {
      const auto next = graph.edge(index).to;
      if (!seen[next]) {
        seen[next] = true;
        waiting.push_back(next);
      }
    }
  }
  return seen;
}

/// A path with the fewest transitions; empty when there is none.
inline std::vector<journey_graph::vertex> any_path(const journey_graph& graph, journey_graph::vertex from,
                                                   journey_graph::vertex to) {
  std::vector<journey_graph::vertex> parent(graph.states(), journey_graph::null_vertex());
  std::vector<journey_graph::vertex> queue{from};
  parent[from] = from;
  for (std::size_t head = 0; head < queue.size() && parent[to] == journey_graph::null_vertex(); ++head) {
    for (std::size_t index = graph.out(queue[head]).begin; index < graph.out(queue[head]).end; ++index) {
      const auto next = graph.edge(index).to;
      if (parent[next] == journey_graph::null_vertex()) {
        parent[next] = queue[head];
        queue.push_back(next);
      }
    }
  }
  std::vector<journey_graph::vertex> path;
  if (parent[to] != journey_graph::null_vertex()) {
    for (auto at = to; at != from; at = parent[at]) {
      path.push_back(at);
    }
    path.push_back(from);
    std::reverse(path.begin(), path.end());
  }
  return path;
}

}  // namespace detail

KLANTREIS_INLINE journey_graph::journey_graph(const transition_counts& counts, const interval_options& options,
                                              unsigned threads)
    : node_table_(state_visits(counts)) {
  std::vector<vertex> vertex_of(counts.states().size(), 0);
  for (const auto state : detail::ordered_states(counts)) {
    vertex_of[state] = names_.intern(counts.states()[state]);
  }
  const auto rows = detail::ordered_transitions(counts, options, threads);
  edge_table_ = detail::transition_table(counts, rows, options);
  edges_.reserve(rows.size());
  weights_.reserve(rows.size());
  probabilities_.reserve(rows.size());
  costs_.reserve(rows.size());
  offsets_.assign(states() + 1, 0);
  in_offsets_.assign(states() + 1, 0);
  for (const auto& row : rows) {
    edges_.push_back({vertex_of[row.from], vertex_of[row.to], edges_.size()});
    ++offsets_[edges_.back().from + 1];
    ++in_offsets_[edges_.back().to + 1];
    weights_.push_back(row.weight);
    probabilities_.push_back(row.probability.value);
    // The logarithm of 1 has a sign to lose.
    costs_.push_back(row.probability.value < 1.0 ? -std::log(row.probability.value) : 0.0);
  }
  std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
  std::partial_sum(in_offsets_.begin(), in_offsets_.end(), in_offsets_.begin());
  in_edges_.resize(edges_.size());
  std::vector<std::size_t> next(in_offsets_.begin(), in_offsets_.end() - 1);
  for (const auto& edge : edges_) {
    in_edges_[next[edge.to]++] = edge.index;
  }
}

KLANTREIS_INLINE journey_graph::vertex journey_graph::vertex_of(std::string_view name) const {
  if (const auto found = find(name)) {
    return *found;
  }
  std::string message = "the graph has no state " + quoted(name);
  const auto known = names_.to_vector();
  const auto near = similar_names(name, known);
  for (std::size_t i = 0; i < near.size(); ++i) {
    message += (i == 0 ? "; did you mean " : i + 1 == near.size() ? " or " : ", ") + quoted(near[i]);
  }
  throw input_error(message + (near.empty() ? "; see nodes() for the states it has" : "?"));
}

KLANTREIS_INLINE std::vector<journey_graph::vertex> dominators(const journey_graph& graph, journey_graph::vertex from,
                                                               journey_graph::vertex to) {
  // Walk along one path. A state of it that nothing found so far jumps over is on every path. Everything off the path
  // is explored once, and iteratively: a journey of a million different touchpoints must not exhaust the stack.
  const auto path = detail::any_path(graph, from, to);
  std::vector<std::size_t> place(graph.states(), path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    place[path[i]] = i;
  }
  std::vector<journey_graph::vertex> result;
  std::vector<journey_graph::vertex> waiting;
  std::vector<bool> seen(graph.states(), false);
  std::size_t furthest = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0 && i + 1 < path.size() && furthest == i) {
      result.push_back(path[i]);
    }
    waiting.push_back(path[i]);
    while (!waiting.empty()) {
      const auto at = waiting.back();
      waiting.pop_back();
      for (std::size_t index = graph.out(at).begin; index < graph.out(at).end; ++index) {
        const auto next = graph.edge(index).to;
        if (place[next] < path.size()) {
          furthest = (std::max)(furthest, place[next]);
        } else if (!seen[next]) {
          seen[next] = true;
          waiting.push_back(next);
        }
      }
    }
  }
  return result;
}

KLANTREIS_INLINE std::vector<std::string> dominators(const journey_graph& graph, std::string_view from,
                                                     std::string_view to) {
  std::vector<std::string> result;
  const auto known = [&graph](std::string_view name) { return graph.find(name) || !is_reserved_name(name); };
  if (known(from) && known(to)) {
    for (const auto at : dominators(graph, graph.vertex_of(from), graph.vertex_of(to))) {
      result.emplace_back(graph.name(at));
    }
  }
  return result;
}

KLANTREIS_INLINE bool reaches(const journey_graph& graph, journey_graph::vertex from, journey_graph::vertex to) {
  return detail::reachable(graph, from, to)[to];
}

KLANTREIS_INLINE bool reaches(const journey_graph& graph, std::string_view from, std::string_view to) {
  const auto known = [&graph](std::string_view name) { return graph.find(name) || !is_reserved_name(name); };
  return known(from) && known(to) && reaches(graph, graph.vertex_of(from), graph.vertex_of(to));
}

KLANTREIS_INLINE std::vector<std::size_t> strong_components(const journey_graph& graph) {
  std::vector<std::size_t> found(graph.states());
  boost::strong_components(graph, boost::make_iterator_property_map(found.begin(), get(boost::vertex_index, graph)));
  std::vector<std::size_t> number(graph.states(), graph.states());
  std::size_t next = 0;
  for (auto& component : found) {
    if (number[component] == graph.states()) {
      number[component] = next++;
    }
    component = number[component];
  }
  return found;
}

}  // namespace klantreis
